//! The configuration of a client's TLS sessions: whom it trusts, and what it shows of itself. Everything is read here, when the
//! client is made.

mod algorithms;
#[cfg(feature = "client-certificates")]
mod client_certificate;
#[cfg(feature = "client-certificates")]
mod der;
mod file;
mod pem;
mod pins;
mod revocation;
mod roots;

use crate::config::{ClientCertificate, TlsOptions};
use crate::error::Error;
pub(super) use pins::NotPinned;
use pins::Pinned;
use rustls::ClientConfig;
use rustls::client::Resumption;
use std::sync::Arc;

/// The TLS configuration, read when the client was made. A forked child uses the same.
pub(crate) struct TlsSettings {
    service: ClientConfig,
    /// A proxy may have any public key, and does not get the client certificate.
    proxy: ClientConfig,
}

impl TlsSettings {
    /// Reads what the settings name. `warn` is called if the built-in authorities are used because the system has none.
    pub fn read(options: &TlsOptions, warn: impl FnOnce(&str)) -> Result<TlsSettings, Error> {
        let provider = Arc::new(algorithms::provider());
        let roots = roots::read(options, warn)?;
        let verifier = revocation::verifier(roots, Arc::clone(&provider), options.crl_file.as_deref())?;
        let proxy = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::invalid(format!("TLS: {e}")))?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        let mut service = proxy.clone();
        if !options.pins.is_empty() {
            // This verifier checks all that the other one does, and the key.
            service.dangerous().set_certificate_verifier(Arc::new(Pinned::new(verifier, options.pins.clone())));
        }
        if let Some(certificate) = &options.client_certificate {
            identify(&mut service, certificate)?;
        }
        Ok(TlsSettings { service, proxy })
    }

    /// The configuration for the sessions of this process with the service.
    pub(super) fn for_service(&self) -> Arc<ClientConfig> {
        of_process(&self.service)
    }

    /// The configuration for the sessions of this process with a proxy.
    pub(super) fn for_proxy(&self) -> Arc<ClientConfig> {
        of_process(&self.proxy)
    }
}

#[cfg(feature = "client-certificates")]
fn identify(config: &mut ClientConfig, certificate: &ClientCertificate) -> Result<(), Error> {
    config.client_auth_cert_resolver = client_certificate::read(certificate)?;
    Ok(())
}

#[cfg(not(feature = "client-certificates"))]
fn identify(_: &mut ClientConfig, certificate: &ClientCertificate) -> Result<(), Error> {
    let setting = match certificate {
        ClientCertificate::Files { .. } => "certificate_file",
        ClientCertificate::Memory { .. } => "certificate_pem",
    };
    Err(Error::invalid(format!("{setting}: this libanchor was built without the feature client-certificates")))
}

/// With a store of its own for session resumption: the store has a lock, which a thread of the parent may hold at the fork.
fn of_process(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.resumption = Resumption::default();
    Arc::new(config)
}
