//! Certificates for a scripted server, made anew for each test process by rcgen, and the authority that signs them.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// How a server's certificate is right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For 127.0.0.1, ::1 and localhost, signed by the authority that the test's client trusts.
    Good,
    SelfSigned,
    UnknownAuthority,
    Expired,
    NotYetValid,
    WrongHost,
}

/// A server's settings with such a certificate.
pub fn tls(kind: Certificate) -> Arc<ServerConfig> {
    tls_versions(kind, rustls::ALL_VERSIONS)
}

pub fn tls_versions(kind: Certificate, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let (certificate, key) = issue(kind);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}

/// The authority as a PEM file, for `Config::set_ca_file`.
pub fn authority_file() -> &'static Path {
    &AUTHORITY.file
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let issuer = authority("scripted authority");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("anchor-test-ca-{}.pem", std::process::id()));
    std::fs::write(&file, issuer.pem()).unwrap();
    Authority { issuer, file }
});

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(kind: Certificate) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let names = match kind {
        Certificate::WrongHost => vec!["elsewhere.example".to_owned()],
        _ => ["127.0.0.1", "::1", "localhost"].map(str::to_owned).to_vec(),
    };
    let mut params = CertificateParams::new(names).unwrap();
    match kind {
        Certificate::Expired => params.not_after = date_time_ymd(2001, 1, 1),
        Certificate::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
        _ => {}
    }
    let key = KeyPair::generate().unwrap();
    let certificate = match kind {
        Certificate::SelfSigned => params.self_signed(&key),
        Certificate::UnknownAuthority => params.signed_by(&key, &authority("somebody else")),
        _ => params.signed_by(&key, &AUTHORITY.issuer),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    (certificate.unwrap().der().clone(), key)
}
