//! The certificate authorities that Windows trusts, from the store of the current user, which contains the machine's. Windows
//! fetches an authority when one of its own programs first meets it, so the store may lack one that it would trust.

use schannel::cert_context::{CertContext, ValidUses};
use schannel::cert_store::CertStore;
use std::io;

/// The certificates of the system's store, as DER. `None` on a system that has files instead. (rustls-native-certs reads the same
/// store, but only if no variable names a file, be it an empty one.)
pub(crate) fn certificate_store() -> Option<io::Result<Vec<Vec<u8>>>> {
    let store = CertStore::open_current_user("ROOT");
    Some(store.map(|store| store.certs().filter(is_usable).map(|certificate| certificate.to_der().to_vec()).collect()))
}

/// Whether Windows itself would trust it for a server, today.
fn is_usable(certificate: &CertContext) -> bool {
    const SERVER: &str = "1.3.6.1.5.5.7.3.1";
    let is_for_servers = match certificate.valid_uses() {
        Ok(ValidUses::All) => true,
        Ok(ValidUses::Oids(uses)) => uses.iter().any(|usage| usage == SERVER),
        Err(_) => false,
    };
    is_for_servers && certificate.is_time_valid().unwrap_or(false)
}
