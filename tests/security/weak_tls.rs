//! Servers of OpenSSL that offer only broken or weak TLS. The server of rustls, which the other tests use, cannot be set up
//! like that.

use super::openssl::{OpensslServer, made};
use anchor::{Client, Config, Phase, Status, Timeout, Trust};
use std::path::Path;
use testkit::{PATIENCE, tools};

/// An authority in ca.pem and server certificates by it: `good`, `small` with a key of 1024 bits, `sha1` signed
/// with SHA-1, `ed25519` with such a key.
const CERTIFICATES: &str = "
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
openssl req -x509 $ec -nodes -keyout ca.key -out ca.pem -subj '/CN=test authority' -days 2
echo 'subjectAltName=IP:127.0.0.1' > names
issue() {
    openssl req -newkey rsa:$2 -nodes -keyout $1.key -out $1.csr -subj /CN=$1
    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -$3 -extfile names -out $1.pem
}
issue good 2048 sha256
issue small 1024 sha256
issue sha1 2048 sha1
openssl req -newkey ed25519 -nodes -keyout ed25519.key -out ed25519.csr -subj /CN=ed25519
openssl x509 -req -in ed25519.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out ed25519.pem
";

fn client(folder: &Path, url: &str) -> Client {
    let mut config = Config::bare();
    config.set_api_key("weak-tls-key").unwrap().set_base_url(url).unwrap().set_trust(Trust::Bundled);
    config.set_ca_file(folder.join("ca.pem")).unwrap().set_request_timeout(PATIENCE).unwrap();
    Client::new(&config).unwrap()
}

#[test]
fn weak_servers_are_refused_and_get_nothing() {
    if !tools::has("openssl") {
        return;
    }
    let folder = made("weak", CERTIFICATES);
    for (certificate, options, reason) in [
        ("good", "-tls1 -cipher ALL:@SECLEVEL=0", "alert"),
        ("good", "-tls1_1 -cipher ALL:@SECLEVEL=0", "alert"),
        ("good", "-tls1_2 -cipher AES256-GCM-SHA384", "alert"),
        ("good", "-tls1_2 -cipher ECDHE-RSA-AES128-SHA", "alert"),
        ("good", "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384", "alert"),
        ("good", "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256", "alert"),
        ("good", "-tls1_2 -cipher AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0", "alert"),
        ("good", "-tls1_3 -ciphersuites TLS_AES_128_CCM_8_SHA256", "alert"),
        ("small", "-tls1_2 -cipher ALL:@SECLEVEL=0", "shorter than 2048 bits"),
        ("small", "-tls1_3 -cipher ALL:@SECLEVEL=0", "shorter than 2048 bits"),
        ("sha1", "-tls1_2 -cipher ALL:@SECLEVEL=0", "too weak"),
        ("sha1", "-tls1_3 -cipher ALL:@SECLEVEL=0", "too weak"),
    ] {
        let server = OpensslServer::start(&folder, certificate, options);
        let error = client(&folder, &server.url).signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{options}: {error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{options}: {error:?}");
        assert!(error.message().contains(reason), "{certificate} {options}: {error:?}");
        assert!(!server.received().contains("POST"), "{certificate} {options}");
    }
}

/// A server that lacks nothing gets the request, so the weakness alone kept it from the others.
#[test]
fn a_strong_server_gets_the_request() {
    if !tools::has("openssl") {
        return;
    }
    let folder = made("strong", CERTIFICATES);
    for (certificate, options) in
        [("good", "-tls1_3"), ("good", "-tls1_2"), ("ed25519", "-tls1_3"), ("ed25519", "-tls1_2")]
    {
        let server = OpensslServer::start(&folder, certificate, options);
        let client = client(&folder, &server.url);
        server.gets_the_request_of(client);
    }
}

/// By servers that accept nothing else. The processors of x86-64 have AES instructions, so it is left out there by default.
#[test]
fn chacha20_is_offered_where_a_processor_may_lack_aes() {
    if !tools::has("openssl") {
        return;
    }
    let folder = made("chacha20", CERTIFICATES);
    let is_offered = cfg!(feature = "chacha20") || !cfg!(target_arch = "x86_64");
    for options in ["-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256", "-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305"]
    {
        let server = OpensslServer::start(&folder, "good", options);
        let client = client(&folder, &server.url);
        if is_offered {
            server.gets_the_request_of(client);
        } else {
            let error = client.signal("e", None, Timeout::Request, None).unwrap_err();
            assert_eq!(error.status(), Status::Tls, "{options}: {error:?}");
            assert!(!server.received().contains("POST"), "{options}");
        }
    }
}
