//! The settings of TLS: whom a client trusts, and what it shows of itself. Files, and PEM texts, are read when a client is made.

use super::Config;
use crate::error::Error;
use crate::secret::Wiped;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which certificate authorities a client trusts, in addition to those of a CA file or text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum Trust {
    /// The system's; or Mozilla's, which are built in, if the system has none that may be read. The log reports this.
    #[default]
    Auto = 0,
    /// Only the system's.
    System = 1,
    /// Only Mozilla's, which are built in.
    Bundled = 2,
}

/// What TLS sessions are set up from.
#[derive(Clone, Default)]
pub(crate) struct TlsOptions {
    pub trust: Trust,
    pub ca_file: Option<PathBuf>,
    pub ca_pem: Option<Arc<[u8]>>,
    pub crl_file: Option<PathBuf>,
    /// Empty: the public key of the service may be any.
    pub pins: Vec<Pin>,
    pub client_certificate: Option<ClientCertificate>,
}

/// The certificate by which the client identifies itself, with those above it, and its private key, as PEM.
#[derive(Clone)]
#[cfg_attr(not(feature = "client-certificates"), allow(dead_code, reason = "it is refused then"))]
pub(crate) enum ClientCertificate {
    Files { certificate: PathBuf, key: PathBuf },
    Memory { certificate: Arc<[u8]>, key: Arc<Wiped<Vec<u8>>> },
}

/// The SHA-256 of a public key, as a certificate has it (SubjectPublicKeyInfo).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin([u8; 32]);

const MOST_PINS: usize = 32;
const PIN_PREFIX: &str = "sha256//";

impl TlsOptions {
    /// Something is set that may be wrong. It is read even if neither the service nor a proxy is reached over TLS.
    pub fn has_texts(&self) -> bool {
        self.ca_file.is_some() || self.ca_pem.is_some() || self.crl_file.is_some() || self.client_certificate.is_some()
    }
}

impl Pin {
    pub fn of(digest: [u8; 32]) -> Pin {
        Pin(digest)
    }

    /// As `sha256//` and base64.
    pub fn text(&self) -> String {
        format!("{PIN_PREFIX}{}", STANDARD.encode(self.0))
    }

    fn parse(text: &str) -> Option<Pin> {
        let digest = STANDARD.decode(text.strip_prefix(PIN_PREFIX)?).ok()?;
        digest.try_into().ok().map(Pin)
    }
}

impl Config {
    /// Adds the certificate authorities of a PEM file to those that are trusted. [`Client::new`](crate::Client::new) reads
    /// the file. None by default.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) for an empty path.
    pub fn set_ca_file(&mut self, path: impl AsRef<Path>) -> Result<&mut Self, Error> {
        self.tls.ca_file = Some(path_of("ca_file", path.as_ref())?);
        Ok(self)
    }

    /// Adds the certificate authorities of a PEM text to those that are trusted, beside those of
    /// [`set_ca_file`](Self::set_ca_file). None by default. [`Client::new`](crate::Client::new) reports what is wrong in it.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) for an empty text.
    pub fn set_ca_pem(&mut self, pem: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        self.tls.ca_pem = Some(Arc::from(text_of("ca_pem", pem.as_ref())?));
        Ok(self)
    }

    /// Sets which certificate authorities are trusted in addition to those of [`set_ca_file`](Self::set_ca_file) and
    /// [`set_ca_pem`](Self::set_ca_pem). [`Trust::Auto`] by default.
    pub fn set_trust(&mut self, trust: Trust) -> &mut Self {
        self.tls.trust = trust;
        self
    }

    /// Sets the certificate by which the client identifies itself to a service that asks for one, and its private key, as PEM
    /// files. [`Client::new`](crate::Client::new) reads them. None by default. A proxy does not get it.
    ///
    /// - `certificate_file`: the client's certificate, and those above it that the service needs to check it, in this order.
    /// - `key_file`: the key, not encrypted: RSA of 2,048 to 4,096 bits, ECDSA on P-256 or P-384, or Ed25519, as PKCS#8, PKCS#1
    ///   or SEC1. It may be the same file.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) for an empty path.
    pub fn set_client_certificate(
        &mut self,
        certificate_file: impl AsRef<Path>,
        key_file: impl AsRef<Path>,
    ) -> Result<&mut Self, Error> {
        let certificate = path_of("certificate_file", certificate_file.as_ref())?;
        let key = path_of("key_file", key_file.as_ref())?;
        self.tls.client_certificate = Some(ClientCertificate::Files { certificate, key });
        Ok(self)
    }

    /// As [`set_client_certificate`](Self::set_client_certificate), with PEM texts in place of files. The library's copy of
    /// the key is wiped from memory when the settings and their clients are dropped.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) for an empty text.
    pub fn set_client_certificate_pem(
        &mut self,
        certificate_pem: impl AsRef<[u8]>,
        key_pem: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        let certificate = Arc::from(text_of("certificate_pem", certificate_pem.as_ref())?);
        let key = Arc::new(Wiped::new(text_of("key_pem", key_pem.as_ref())?.to_vec()));
        self.tls.client_certificate = Some(ClientCertificate::Memory { certificate, key });
        Ok(self)
    }

    /// Sets the PEM file of certificate revocation lists (CRLs), which [`Client::new`](crate::Client::new) reads, once. A
    /// certificate of the service, or of a proxy that is reached over TLS, is then accepted only if the file has a list of the
    /// authority that signed it, and so on up to a trusted authority. The list must be valid now and not name the
    /// certificate. None by default, and then revocation is not checked.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) for an empty path.
    pub fn set_crl_file(&mut self, path: impl AsRef<Path>) -> Result<&mut Self, Error> {
        self.tls.crl_file = Some(path_of("crl_file", path.as_ref())?);
        Ok(self)
    }

    /// Sets which public keys the service may have. Its certificate has to be valid as well. Any by default. A proxy may have
    /// any.
    ///
    /// - `pins`: up to 32, as curl's `--pinnedpubkey` takes them: `sha256//` and the SHA-256 of the key in base64, with `;`
    ///   between them.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_pinned_public_keys(&mut self, pins: &str) -> Result<&mut Self, Error> {
        let refuse = |why: &str| Error::invalid(format!("pinned_public_keys {why}"));
        if pins.split(';').count() > MOST_PINS {
            return Err(refuse(&format!("has more than {MOST_PINS} pins")));
        }
        let parsed: Option<Vec<Pin>> = pins.split(';').map(Pin::parse).collect();
        self.tls.pins =
            parsed.ok_or_else(|| refuse("is not \"sha256//\" and 32 bytes in base64, with \";\" between pins"))?;
        Ok(self)
    }
}

fn path_of(name: &str, path: &Path) -> Result<PathBuf, Error> {
    if path.as_os_str().is_empty() { Err(Error::invalid(format!("{name} is empty"))) } else { Ok(path.to_owned()) }
}

fn text_of<'a>(name: &str, text: &'a [u8]) -> Result<&'a [u8], Error> {
    if text.is_empty() { Err(Error::invalid(format!("{name} is empty"))) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZEROS: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn pins_are_as_curl_takes_them() {
        let mut config = Config::bare();
        let last = Pin([255; 32]).text();
        config.set_pinned_public_keys(&format!("{ZEROS};{last}")).unwrap();
        assert_eq!(config.tls.pins, [Pin([0; 32]), Pin([255; 32])]);
        assert_eq!(config.tls.pins[0].text(), ZEROS);
    }

    /// A refused value does not take the pins away that were set.
    #[test]
    fn what_is_no_pin_is_refused() {
        let mut config = Config::bare();
        config.set_pinned_public_keys(ZEROS).unwrap();
        let many = vec![ZEROS; 33].join(";");
        for bad in
            ["", ";", &ZEROS[8..], &ZEROS[..ZEROS.len() - 1], "sha256//AAAA", "sha1//AAAA", &many, &format!("{ZEROS};")]
        {
            let error = config.set_pinned_public_keys(bad).unwrap_err();
            assert!(error.message().starts_with("pinned_public_keys "), "{error:?}");
            assert_eq!(config.tls.pins.len(), 1, "{bad}");
        }
    }

    #[test]
    fn what_is_empty_is_named() {
        let mut config = Config::bare();
        let messages = [
            config.set_ca_file("").unwrap_err(),
            config.set_ca_pem("").unwrap_err(),
            config.set_crl_file("").unwrap_err(),
            config.set_client_certificate("", "key").unwrap_err(),
            config.set_client_certificate("chain", "").unwrap_err(),
            config.set_client_certificate_pem("", "key").unwrap_err(),
            config.set_client_certificate_pem("chain", "").unwrap_err(),
        ];
        let messages: Vec<&str> = messages.iter().map(Error::message).collect();
        let names = ["ca_file", "ca_pem", "crl_file", "certificate_file", "key_file", "certificate_pem", "key_pem"];
        assert_eq!(messages, names.map(|name| format!("{name} is empty")));
        assert!(config.tls.client_certificate.is_none() && !config.tls.has_texts());
    }
}
