//! Pins: the certificate of the service has to be valid as always, and its public key one of those that the program has named.

use crate::config::Pin;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use std::fmt;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Pinned {
    verifier: Arc<WebPkiServerVerifier>,
    pins: Vec<Pin>,
}

/// The refusal of a public key. It is public, so its pin is shown.
#[derive(Debug)]
pub(in crate::http) struct NotPinned(Pin);

impl Pinned {
    pub fn new(verifier: Arc<WebPkiServerVerifier>, pins: Vec<Pin>) -> Pinned {
        Pinned { verifier, pins }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.verifier.verify_server_cert(certificate, above, name, ocsp_response, now)?;
        let pin = pin_of(&ParsedCertificate::try_from(certificate)?);
        if self.pins.contains(&pin) {
            Ok(verified)
        } else {
            Err(CertificateError::Other(OtherError(Arc::new(NotPinned(pin)))).into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn pin_of(certificate: &ParsedCertificate<'_>) -> Pin {
    let digest = ring::digest::digest(&ring::digest::SHA256, &certificate.subject_public_key_info());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Pin::of(bytes)
}

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's public key is not one of pinned_public_keys; it is {}", self.0.text())
    }
}

impl std::error::Error for NotPinned {}

#[cfg(test)]
impl NotPinned {
    pub(in crate::http) fn zeros() -> NotPinned {
        NotPinned(Pin::of([0; 32]))
    }
}
