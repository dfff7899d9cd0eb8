//! Certificates for a scripted server, made anew for each test process by rcgen, and the authority that signs them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyPair, NameConstraints, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// How a server's certificate is right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For 127.0.0.1, ::1, localhost and service.test, which only a proxy can reach, signed by the authority that the test's client trusts.
    Good,
    SelfSigned,
    UnknownAuthority,
    Expired,
    NotYetValid,
    WrongHost,
    /// As `WrongHost`, but for the address 127.0.0.2.
    WrongAddress,
    /// The common name is right, but there are no alternative names, which alone count.
    NoNames,
    /// Good for clients only, by its extended key usage.
    ForClients,
    /// Signed by a certificate that is good for a server, and no authority's.
    SignedByLeaf,
    /// Signed by an authority that may sign for another domain only, by its name constraints.
    OutsideConstraints,
    /// Signed by an authority that may have none below it, through one below it.
    TooDeep,
    /// Signed by an authority whose own certificate has expired.
    ExpiredAuthority,
}

/// A server's settings with such a certificate.
pub fn tls(kind: Certificate) -> Arc<ServerConfig> {
    tls_versions(kind, rustls::ALL_VERSIONS)
}

pub fn tls_versions(kind: Certificate, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let (chain, key) = issue(kind);
    let config = server_builder(versions).with_no_client_auth().with_single_cert(chain, key);
    Arc::new(config.unwrap())
}

/// A server that wants a certificate of the client too.
pub fn mutual_tls(version: &'static rustls::SupportedProtocolVersion) -> Arc<ServerConfig> {
    let (chain, key) = issue(Certificate::Good);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(AUTHORITY.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let config = server_builder(&[version]).with_client_cert_verifier(verifier).with_single_cert(chain, key);
    Arc::new(config.unwrap())
}

/// The same with a certificate and a key that something else has made, as PEM files, whatever is wrong with them.
pub fn tls_of_files(chain: &Path, key: &Path) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(chain).unwrap().collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    Arc::new(server_builder(rustls::ALL_VERSIONS).with_no_client_auth().with_cert_resolver(Arc::new(resolver)))
}

fn server_builder(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap()
}

/// A certificate with those above it, and its key, as PEM: for servers that are programs of their own.
pub fn pem(kind: Certificate) -> (String, String) {
    let (certificate, above, key) = signed(kind);
    let chain = above.iter().map(CertifiedIssuer::pem);
    ([certificate.pem()].into_iter().chain(chain).collect(), key.serialize_pem())
}

/// The authority as a PEM file, for `Config::set_ca_file`.
pub fn authority_file() -> &'static Path {
    &AUTHORITY.file
}

struct Authority {
    issuer: Issuer,
    file: PathBuf,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let issuer = authority("scripted authority");
    let file = crate::scratch("authorities").join(format!("{}.pem", std::process::id()));
    std::fs::write(&file, issuer.pem()).unwrap();
    Authority { issuer, file }
});

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate().unwrap()).unwrap()
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// An issuer between the trusted authority and a server.
fn intermediate(name: &str, above: &Issuer, change: impl FnOnce(&mut CertificateParams)) -> Issuer {
    let mut params = authority_params(name);
    change(&mut params);
    CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), above).unwrap()
}

/// The server's certificate with those above it, and its private key.
fn issue(kind: Certificate) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let (certificate, above, key) = signed(kind);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let above = above.iter().map(|issuer| issuer.der().clone());
    ([certificate.der().clone()].into_iter().chain(above).collect(), key)
}

fn signed(kind: Certificate) -> (rcgen::Certificate, Vec<Issuer>, KeyPair) {
    let names = match kind {
        Certificate::WrongHost => vec!["elsewhere.example".to_owned()],
        Certificate::WrongAddress => vec!["127.0.0.2".to_owned()],
        Certificate::NoNames => Vec::new(),
        _ => ["127.0.0.1", "::1", "localhost", "service.test"].map(str::to_owned).to_vec(),
    };
    let mut params = CertificateParams::new(names).unwrap();
    match kind {
        Certificate::Expired => params.not_after = date_time_ymd(2001, 1, 1),
        Certificate::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
        Certificate::NoNames => params.distinguished_name.push(DnType::CommonName, "localhost"),
        Certificate::ForClients => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        _ => {}
    }
    let key = KeyPair::generate().unwrap();
    let (certificate, above) = match kind {
        Certificate::SelfSigned => (params.self_signed(&key), Vec::new()),
        Certificate::UnknownAuthority => (params.signed_by(&key, &authority("somebody else")), Vec::new()),
        _ => {
            let above = issuers(kind);
            let nearest = above.first().unwrap_or(&AUTHORITY.issuer);
            (params.signed_by(&key, nearest), above)
        }
    };
    (certificate.unwrap(), above, key)
}

/// What stands between the server and the trusted authority, the nearest first.
fn issuers(kind: Certificate) -> Vec<Issuer> {
    let below = |change: fn(&mut CertificateParams)| intermediate("an authority between", &AUTHORITY.issuer, change);
    match kind {
        Certificate::SignedByLeaf => vec![below(|params| params.is_ca = IsCa::ExplicitNoCa)],
        Certificate::OutsideConstraints => vec![below(|params| {
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.example".to_owned())],
                excluded_subtrees: Vec::new(),
            });
        })],
        Certificate::TooDeep => {
            let last = below(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
            vec![intermediate("one below it", &last, |_| {}), last]
        }
        Certificate::ExpiredAuthority => vec![below(|params| params.not_after = date_time_ymd(2001, 1, 1))],
        _ => Vec::new(),
    }
}
