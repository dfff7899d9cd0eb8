//! TLS with a certificate authority that is made for this run of the server.
//!
//! The authority's certificate is written to a file for clients to trust. Its key stays in memory.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The TLS acceptor, and the path of the CA certificate.
pub struct Tls {
    pub acceptor: TlsAcceptor,
    pub ca_path: PathBuf,
    /// Removes the CA's file when the server ends, unless the user chose its path.
    _folder: Option<TempDir>,
}

impl Tls {
    /// The certificate is for these names and the loopback names.
    pub fn new(hosts: &[&str], ca_file: Option<&Path>) -> anyhow::Result<Self> {
        let authority = authority().context("cannot make a certificate authority")?;
        let (ca_path, folder) = place(ca_file)?;
        std::fs::write(&ca_path, authority.pem()).with_context(|| format!("cannot write {}", ca_path.display()))?;
        let config = server_config(&authority, hosts).context("cannot make a certificate")?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_path, _folder: folder })
    }
}

fn place(ca_file: Option<&Path>) -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    if let Some(path) = ca_file {
        return Ok((std::path::absolute(path)?, None));
    }
    let folder =
        tempfile::Builder::new().prefix("anchor-serve-").tempdir().context("cannot make a folder for the CA")?;
    Ok((folder.path().join("ca.pem"), Some(folder)))
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "anchor-events serve, local only");
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server_config(authority: &CertifiedIssuer<'_, KeyPair>, hosts: &[&str]) -> anyhow::Result<ServerConfig> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names(hosts))?;
    params.distinguished_name.push(DnType::CommonName, "anchor-events serve");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn names(hosts: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
    for host in hosts {
        let is_any = host.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
        if !is_any && !names.iter().any(|name| name == host) {
            names.push((*host).into());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_for_each_name_once_and_never_for_every_address() {
        let names = names(&["0.0.0.0", "devbox", "::1", "devbox", "192.168.0.9"]);
        assert_eq!(names, ["localhost", "127.0.0.1", "::1", "devbox", "192.168.0.9"]);
    }
}
