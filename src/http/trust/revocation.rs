//! Certificate revocation lists (CRLs) of a file. With them, each certificate of a peer needs a list of its authority that is
//! valid now and does not name it.

use super::{file, pem};
use crate::error::Error;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use std::path::Path;
use std::sync::Arc;
use webpki::BorrowedCertRevocationList;

/// What checks the certificates of peers.
pub(super) fn verifier(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
    crl_file: Option<&Path>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    if let Some(path) = crl_file {
        let lists = read(path)?.into_iter().map(Into::into);
        builder = builder.with_crls(lists).enforce_revocation_expiration();
    }
    builder.build().map_err(|e| Error::invalid(format!("TLS: {e}")))
}

fn read(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let refuse = |why: String| Error::invalid(format!("{}: {why}", file::named("crl_file", path)));
    let lists = pem::revocation_lists(&file::read("crl_file", path)?).map_err(refuse)?;
    for (index, list) in lists.iter().enumerate() {
        let parsed = BorrowedCertRevocationList::from_der(list);
        parsed.map_err(|why| refuse(format!("number {} {}", index + 1, words(&why))))?;
    }
    Ok(lists)
}

fn words(why: &webpki::Error) -> &'static str {
    use webpki::Error as W;
    match why {
        W::UnsupportedDeltaCrl => "is a delta of a revocation list; only complete lists are supported",
        W::UnsupportedIndirectCrl => "is an indirect revocation list, which is not supported",
        W::UnsupportedCriticalExtension => "is a revocation list with a critical extension that is not supported",
        // To webpki, one of version 1 is nothing at all.
        _ => "is not a revocation list of version 2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_list_that_is_refused_has_words() {
        for (why, part) in [
            (webpki::Error::UnsupportedDeltaCrl, "delta"),
            (webpki::Error::UnsupportedIndirectCrl, "indirect"),
            (webpki::Error::UnsupportedCriticalExtension, "critical extension"),
            (webpki::Error::BadDer, "is not a revocation list of version 2"),
        ] {
            assert!(words(&why).contains(part), "{why:?}");
        }
    }
}
