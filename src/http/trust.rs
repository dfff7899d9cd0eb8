//! Whom a client trusts, and with which algorithms: the configuration of its TLS sessions.

use crate::config::Trust;
use crate::error::Error;
use rustls::crypto::ring::cipher_suite as suite;
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms, ring as ring_provider,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedCipherSuite};
use std::path::Path;
use std::sync::Arc;
use webpki::ring as by;

/// The configuration of a client's sessions. Sessions are resumed within a client.
pub(super) fn client_config(trust: Trust, extra: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::invalid(format!("TLS: {e}")))?
        .with_root_certificates(root_store(trust, extra)?)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn root_store(trust: Trust, extra: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    if trust != Trust::Bundled {
        add_system(&mut store, trust == Trust::System && extra.is_none())?;
    }
    if trust == Trust::Bundled || (trust == Trust::Auto && store.is_empty()) {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = extra {
        add_file(&mut store, path)?;
    }
    Ok(store)
}

/// The system's, which variables of the environment may name. Who sets one wants that and no other, so what is wrong with
/// it is an error, as it is if the system's are `required`.
fn add_system(store: &mut RootCertStore, required: bool) -> Result<(), Error> {
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    let variable = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(|name| std::env::var_os(name).is_some());
    if !store.is_empty() || (variable.is_none() && !required) {
        return Ok(());
    }
    let why = found.errors.first().map_or_else(|| "holds no certificate".to_owned(), ToString::to_string);
    Err(Error::invalid(match variable {
        Some(name) => format!("{name}: {why}"),
        None => format!("trust: the system has no certificate authorities ({why})"),
    }))
}

fn add_file(store: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let refuse = |why: String| Error::invalid(format!("ca_file {}: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|e| refuse(e.to_string()))?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| refuse(format!("not PEM: {e}")))?;
        store.add(certificate).map_err(|e| refuse(format!("not a certificate authority: {e}")))?;
        count += 1;
    }
    if count == 0 { Err(refuse("holds no certificate".to_owned())) } else { Ok(()) }
}

/// rustls' provider of ring, without what a client of this service does not need and which would make up a tenth of the
/// library: private keys, since client certificates are not offered, ChaCha20 and Ed25519.
fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: AES_GCM.to_vec(),
        kx_groups: ring_provider::ALL_KX_GROUPS.to_vec(),
        signature_verification_algorithms: SIGNATURES,
        secure_random: &Ring,
        key_provider: &Ring,
    }
}

/// AES-GCM is mandatory for TLS 1.3, and every server of 1.2 with forward secrecy has it. ChaCha20 is faster only for much
/// data on processors without AES instructions, and 50 KB of code.
static AES_GCM: [SupportedCipherSuite; 6] = [
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("private keys are not supported".to_owned()))
    }
}

/// RSA and ECDSA, as the rules for public certificate authorities have it (they know no Ed25519): what a certificate may
/// be signed with, and what a handshake's scheme means.
static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        by::ECDSA_P256_SHA256,
        by::ECDSA_P256_SHA384,
        by::ECDSA_P384_SHA256,
        by::ECDSA_P384_SHA384,
        by::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        by::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        by::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        by::RSA_PKCS1_2048_8192_SHA256,
        by::RSA_PKCS1_2048_8192_SHA384,
        by::RSA_PKCS1_2048_8192_SHA512,
        by::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        by::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        by::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[by::ECDSA_P384_SHA384, by::ECDSA_P256_SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[by::ECDSA_P256_SHA256, by::ECDSA_P384_SHA256]),
        (SignatureScheme::RSA_PSS_SHA512, &[by::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[by::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[by::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[by::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[by::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[by::RSA_PKCS1_2048_8192_SHA256]),
    ],
};
