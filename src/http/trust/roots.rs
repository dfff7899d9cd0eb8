//! The certificate authorities that a client trusts: the system's, the built-in ones, and those of the settings.

use super::{file, pem};
use crate::config::{TlsOptions, Trust};
use crate::error::Error;
use crate::status::Status;
use crate::sys::{certificate_store, is_exhausted};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::Error as PemError;
use rustls_native_certs::{CertificateResult, ErrorKind, load_certs_from_paths};
use std::io;
use std::path::PathBuf;

/// `warn` is called if the built-in ones are used because the system has none.
pub(super) fn read(options: &TlsOptions, warn: impl FnOnce(&str)) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    let trust = options.trust;
    let mut bundled = trust == Trust::Bundled;
    let has_own = options.ca_file.is_some() || options.ca_pem.is_some();
    if !bundled {
        let (variable, found) = system_certificates();
        match add_system(&mut store, found) {
            Err(NoSystemRoots::NotThere(why)) if variable.is_none() && trust == Trust::Auto => {
                warn(&format!("the system has no certificate authorities ({why}), so the built-in ones are trusted"));
                bundled = true;
            }
            // The authorities of the settings are enough.
            Err(NoSystemRoots::NotThere(_) | NoSystemRoots::Unusable(_))
                if variable.is_none() && trust == Trust::System && has_own => {}
            other => other.map_err(|missing| missing.error(variable))?,
        }
    }
    if bundled {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = &options.ca_file {
        add_pem(&mut store, &file::named("ca_file", path), &file::read("ca_file", path)?)?;
    }
    if let Some(text) = &options.ca_pem {
        add_pem(&mut store, "ca_pem", text)?;
    }
    Ok(store)
}

/// The system's certificates, and the variable that names their path, if one is set. If one is set, no other path is read. An
/// empty variable counts as not set, which rustls_native_certs does not do by itself.
fn system_certificates() -> (Option<&'static str>, CertificateResult) {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let file = set("SSL_CERT_FILE").map(PathBuf::from);
    let folders = set("SSL_CERT_DIR").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty()).collect();
    match (file, folders.is_empty()) {
        (Some(file), _) => (Some("SSL_CERT_FILE"), load(Some(file), &folders)),
        (None, false) => (Some("SSL_CERT_DIR"), load(None, &folders)),
        (None, true) => (None, certificate_store().map_or_else(probed, stored)),
    }
}

/// The certificates of a system that has a store for them.
fn stored(store: io::Result<Vec<Vec<u8>>>) -> CertificateResult {
    let mut found = CertificateResult::default();
    match store {
        Ok(certificates) => found.certs.extend(certificates.into_iter().map(CertificateDer::from)),
        Err(e) => found.errors.push(rustls_native_certs::Error {
            context: "cannot open the system's certificate store",
            kind: ErrorKind::Os(e.into()),
        }),
    }
    found
}

/// The certificates of a system that has files for them.
fn probed() -> CertificateResult {
    let paths = openssl_probe::probe();
    load(paths.cert_file, &paths.cert_dir)
}

fn load(file: Option<PathBuf>, folders: &[PathBuf]) -> CertificateResult {
    let mut found = load_certs_from_paths(file.as_deref(), None);
    for folder in folders {
        let CertificateResult { certs, errors, .. } = load_certs_from_paths(None, Some(folder));
        found.certs.extend(certs);
        found.errors.extend(errors);
    }
    // Folders contain links to the file and to each other.
    found.certs.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
    found.certs.dedup();
    found
}

/// Why no certificate of the system was read.
#[derive(Debug, PartialEq)]
enum NoSystemRoots {
    /// The system has none, or this process may not read them.
    NotThere(String),
    /// This process had no descriptor or memory left to read them.
    Exhausted(String),
    Unusable(String),
}

impl NoSystemRoots {
    fn error(self, variable: Option<&str>) -> Error {
        let named = variable.unwrap_or("trust");
        match self {
            NoSystemRoots::Exhausted(why) => Error::new(Status::OutOfMemory, format!("{named}: {why}")),
            NoSystemRoots::NotThere(why) | NoSystemRoots::Unusable(why) if variable.is_some() => {
                Error::invalid(format!("{named}: {why}"))
            }
            NoSystemRoots::NotThere(why) | NoSystemRoots::Unusable(why) => {
                Error::invalid(format!("{named}: the system has no certificate authorities ({why})"))
            }
        }
    }
}

fn add_system(store: &mut RootCertStore, found: CertificateResult) -> Result<(), NoSystemRoots> {
    let io = |error: &rustls_native_certs::Error| match &error.kind {
        ErrorKind::Io { inner, .. } => Some((is_exhausted(inner), inner.kind())),
        _ => None,
    };
    if let Some(error) = found.errors.iter().find(|error| io(error).is_some_and(|(exhausted, _)| exhausted)) {
        return Err(NoSystemRoots::Exhausted(said(error)));
    }
    let (_, ignored) = store.add_parsable_certificates(found.certs);
    if !store.is_empty() {
        return Ok(());
    }
    let is_absence = |error| matches!(io(error), Some((_, io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)));
    let not_there = ignored == 0 && found.errors.iter().all(is_absence);
    let why = found.errors.first().map_or_else(|| "holds no certificate".to_owned(), said);
    Err(if not_there { NoSystemRoots::NotThere(why) } else { NoSystemRoots::Unusable(why) })
}

fn said(error: &rustls_native_certs::Error) -> String {
    match &error.kind {
        ErrorKind::Pem(why) => pem_words(why),
        _ => error.to_string(),
    }
}

/// What is wrong with a PEM file of the system. The text of pki-types would quote its lines as lists of numbers.
fn pem_words(why: &PemError) -> String {
    match why {
        PemError::MissingSectionEnd { .. } => pem::no_end("certificate"),
        PemError::IllegalSectionStart { .. } => pem::no_beginning("certificate"),
        PemError::Base64Decode(_) => pem::not_base64("certificate"),
        PemError::Io(e) => e.to_string(),
        PemError::SectionTooLarge => "a certificate is too large".to_owned(),
        _ => pem::none("certificate"),
    }
}

fn add_pem(store: &mut RootCertStore, named: &str, text: &[u8]) -> Result<(), Error> {
    let refuse = |why: String| Error::invalid(format!("{named}: {why}"));
    for (index, certificate) in pem::certificates(text).map_err(refuse)?.into_iter().enumerate() {
        let added = store.add(CertificateDer::from(certificate));
        added.map_err(|_| refuse(format!("number {} is not a certificate", index + 1)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(kinds: &[io::ErrorKind]) -> CertificateResult {
        let mut found = CertificateResult::default();
        found.errors.extend(kinds.iter().map(|kind| rustls_native_certs::Error {
            context: "opening",
            kind: ErrorKind::Io { inner: (*kind).into(), path: PathBuf::from("/certs") },
        }));
        found
    }

    fn missing(found: CertificateResult) -> NoSystemRoots {
        add_system(&mut RootCertStore::empty(), found).unwrap_err()
    }

    #[test]
    fn only_what_is_not_found_or_not_permitted_is_not_there() {
        use io::ErrorKind::{IsADirectory, NotFound, OutOfMemory, PermissionDenied};
        assert!(matches!(missing(failing(&[])), NoSystemRoots::NotThere(_)));
        assert!(matches!(missing(failing(&[NotFound, PermissionDenied])), NoSystemRoots::NotThere(_)));
        assert!(matches!(missing(failing(&[NotFound, IsADirectory])), NoSystemRoots::Unusable(_)));
        assert!(matches!(missing(failing(&[NotFound, OutOfMemory])), NoSystemRoots::Exhausted(_)));
        let mut nonsense = CertificateResult::default();
        nonsense.certs.push(CertificateDer::from(vec![1, 2, 3]));
        assert!(matches!(missing(nonsense), NoSystemRoots::Unusable(_)));
    }

    #[test]
    fn a_store_that_cannot_be_opened_is_unusable_and_an_empty_one_is_not_there() {
        assert!(matches!(missing(stored(Err(io::ErrorKind::PermissionDenied.into()))), NoSystemRoots::Unusable(_)));
        assert!(matches!(missing(stored(Ok(Vec::new()))), NoSystemRoots::NotThere(_)));
    }

    #[test]
    fn missing_roots_are_named_after_what_asked_for_it() {
        let error = |missing: NoSystemRoots, variable| missing.error(variable);
        let why = || "why".to_owned();
        let named = error(NoSystemRoots::NotThere(why()), Some("SSL_CERT_DIR"));
        assert_eq!((named.status(), named.message()), (Status::InvalidArgument, "SSL_CERT_DIR: why"));
        let unnamed = error(NoSystemRoots::Unusable(why()), None);
        assert!(unnamed.message().starts_with("trust: the system has no certificate authorities (why"));
        assert_eq!(error(NoSystemRoots::Exhausted(why()), None).status(), Status::OutOfMemory);
    }
}
