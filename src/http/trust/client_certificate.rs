//! The certificate by which a client identifies itself to a service that asks for one, and its private key.

use super::{der, file, pem};
use crate::config::ClientCertificate;
use crate::error::Error;
use pem::{KeyFormat, PrivateKey};
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use std::sync::Arc;

/// Reads both, and checks that they belong together.
pub(super) fn read(source: &ClientCertificate) -> Result<Arc<dyn ResolvesClientCert>, Error> {
    match source {
        ClientCertificate::Files { certificate, key } => {
            let (of_certificate, of_key) = ("certificate_file", "key_file");
            let chain = file::read_secret(of_certificate, certificate)?;
            let private = file::read_secret(of_key, key)?;
            join(&file::named(of_certificate, certificate), &chain, &file::named(of_key, key), &private)
        }
        ClientCertificate::Memory { certificate, key } => join("certificate_pem", certificate, "key_pem", key),
    }
}

fn join(chain_name: &str, chain: &[u8], key_name: &str, key: &[u8]) -> Result<Arc<dyn ResolvesClientCert>, Error> {
    let refuse = |name: &str, why: String| Error::invalid(format!("{name}: {why}"));
    let chain = pem::certificates(chain).map_err(|why| refuse(chain_name, why))?;
    if let Some(index) = chain.iter().position(|certificate| der::public_key_of(certificate).is_none()) {
        return Err(refuse(chain_name, format!("number {} is not a certificate", index + 1)));
    }
    let key = pem::private_key(key).map_err(|why| refuse(key_name, why))?;
    let key = signing_key(&key).ok_or_else(|| refuse(key_name, UNSUPPORTED.to_owned()))?;
    // rustls compares too, but takes no certificate of version 1, which the tools of OpenSSL make and its servers accept.
    let is_its_own =
        key.public_key().is_some_and(|key| chain.first().and_then(|it| der::public_key_of(it)) == Some(&key));
    if !is_its_own {
        return Err(refuse(key_name, format!("is not the key of the first certificate of {chain_name}")));
    }
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
}

const UNSUPPORTED: &str = "the private key is broken or of a kind that is not supported; RSA of 2048 to 4096 bits, ECDSA on \
                           P-256 or P-384, and Ed25519 are";

fn signing_key(key: &PrivateKey) -> Option<Arc<dyn SigningKey>> {
    let sec1;
    let der = match key.format {
        KeyFormat::Pkcs1 => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(&key.der[..])),
        KeyFormat::Pkcs8 => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(&key.der[..])),
        KeyFormat::Sec1 => {
            sec1 = der::pkcs8_of_sec1(&key.der)?;
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(&sec1[..]))
        }
    };
    any_supported_type(&der).ok()
}
