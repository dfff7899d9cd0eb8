//! A client's settings for a server of a test.

use crate::PATIENCE;
use crate::certificates::authority_file;
use anchor::{Client, Config, Trust};

/// The key of every test client. No failure output holds it.
pub const KEY: &str = "scripted-key-3f9a";

/// Trusts the authority of the test's certificates, and nothing of this machine's environment. A busy machine may need long for
/// a TLS handshake, and to answer a wait of zero.
pub fn config(url: &str) -> Config {
    let mut config = Config::bare();
    config.set_api_key(KEY).unwrap().set_base_url(url).unwrap().set_trust(Trust::Bundled);
    config.set_ca_file(authority_file()).unwrap().set_connect_timeout(PATIENCE).unwrap().set_grace(PATIENCE).unwrap();
    config
}

/// For a signal of many megabytes, which a debug build on a busy machine takes long to check and to send.
pub fn unhurried(url: &str) -> Config {
    let mut config = config(url);
    config.set_request_timeout(PATIENCE).unwrap();
    config
}

pub fn client(url: &str) -> Client {
    Client::new(&config(url)).expect("valid settings")
}
