//! Client certificates: which keys are taken, who gets to see the certificate, and what is refused in which words.

use super::openssl::{OpensslServer, made};
use anchor::{Client, Config, Phase, Status, Timeout, Trust};
use std::fs::read;
use std::path::Path;
use std::time::Duration;
use testkit::certificates::{Certificate, mutual_tls, pem, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::config;
use testkit::way::{Way, each_way};
use testkit::{PATIENCE, tools};

const LONG: Option<Duration> = Some(PATIENCE);

/// An authority in ca.pem, its server in server.pem, and a key and its certificate for each kind of key. Certificates without
/// extensions are of version 1, as many are that OpenSSL's commands have made.
const CERTIFICATES: &str = "
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -out $1.pem -subj /CN=$1 -days 2
}
certify() {
    openssl req -new -key $1.key -out $1.csr -subj /CN=$1
    openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 -extfile $3 -out $1.pem
}
authority ca
authority another
echo 'subjectAltName=IP:127.0.0.1' > names
echo 'extendedKeyUsage=clientAuth' > client
: > nothing
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out server.key
certify server ca names

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl genrsa -traditional -out rsa_pkcs1.key 2048
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
openssl ecparam -name prime256v1 -genkey -out p256_sec1.key
openssl ecparam -name secp384r1 -genkey -out p384_sec1.key
openssl genpkey -algorithm ED25519 -out ed25519.key
for kind in rsa p384 p256_sec1 ed25519; do certify $kind ca client; done
for kind in rsa_pkcs1 p256 p384_sec1; do certify $kind ca nothing; done
openssl genpkey -algorithm ED25519 -out stranger.key
certify stranger another client

openssl pkey -in p256.key -aes128 -passout pass:secret -out encrypted.key
openssl rsa -in rsa.key -traditional -aes128 -passout pass:secret -out legacy.key
openssl genrsa -out small.key 1024
openssl ecparam -name secp521r1 -genkey -noout -out p521.key
for kind in small p521; do certify $kind ca client; done
";

const KINDS: [&str; 7] = ["rsa", "rsa_pkcs1", "p256", "p384", "p256_sec1", "p384_sec1", "ed25519"];

fn certificates(name: &str) -> std::path::PathBuf {
    made(&format!("client-{name}"), CERTIFICATES)
}

fn settings(folder: &Path, url: &str) -> Config {
    let mut config = Config::bare();
    config.set_api_key("client-certificate-key").unwrap().set_base_url(url).unwrap().set_trust(Trust::Bundled);
    config.set_ca_file(folder.join("ca.pem")).unwrap().set_request_timeout(PATIENCE).unwrap();
    config
}

fn with_files(folder: &Path, url: &str, certificate: &str, key: &str) -> Config {
    let file = |name: &str, ending: &str| folder.join(format!("{name}.{ending}"));
    let mut config = settings(folder, url);
    config.set_client_certificate(file(certificate, "pem"), file(key, "key")).unwrap();
    config
}

#[test]
fn a_server_of_openssl_accepts_each_kind_of_key() {
    if !tools::has("openssl") {
        return;
    }
    let folder = certificates("kinds");
    for version in ["-tls1_2", "-tls1_3"] {
        for kind in KINDS {
            let options = format!("{version} -Verify 1 -verify_return_error -CAfile ca.pem");
            let server = OpensslServer::start(&folder, "server", &options);
            let config = with_files(&folder, &server.url, kind, kind);
            server.gets_the_request_of(Client::new(&config).unwrap());
        }
    }
}

#[test]
fn a_certificate_that_the_server_does_not_accept_is_final() {
    if !tools::has("openssl") {
        return;
    }
    let folder = certificates("stranger");
    for (version, is_13) in [("-tls1_2", false), ("-tls1_3", true)] {
        let options = format!("{version} -Verify 1 -verify_return_error -CAfile ca.pem");
        let server = OpensslServer::start(&folder, "server", &options);
        let client = Client::new(&with_files(&folder, &server.url, "stranger", "stranger")).unwrap();
        let error = client.signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{version}: {error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (1, is_13), "{version}: {error:?}");
        assert!(error.message().contains("does not know the authority of the client certificate"), "{error:?}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_in_words() {
    if !tools::has("openssl") {
        return;
    }
    let folder = certificates("refused");
    let refusal = |certificate: &str, key: &str| {
        let file = with_files(&folder, "https://127.0.0.1:1", certificate, key);
        let mut memory = settings(&folder, "https://127.0.0.1:1");
        let text = |name: &str, ending: &str| read(folder.join(format!("{name}.{ending}"))).unwrap();
        memory.set_client_certificate_pem(text(certificate, "pem"), text(key, "key")).unwrap();
        [file, memory].map(|config| Client::new(&config).map(drop).unwrap_err())
    };
    for (certificate, key, why) in [
        ("p256", "encrypted", "is encrypted, and libanchor takes no passphrase"),
        ("rsa", "legacy", "is encrypted, and libanchor takes no passphrase"),
        ("p521", "p521", "not supported"),
        ("small", "small", "not supported"),
        ("rsa", "p256", "is not the key of the first certificate"),
        ("p256", "p384", "is not the key of the first certificate"),
    ] {
        for (error, named) in refusal(certificate, key).into_iter().zip(["key_file ", "key_pem: "]) {
            assert_eq!(error.status(), Status::InvalidArgument, "{certificate} {key}: {error:?}");
            assert!(error.message().starts_with(named) && error.message().contains(why), "{error:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let folder = testkit::empty_scratch("client-files");
    let (chain, key) = pem(Certificate::ForClients);
    for (name, text) in [
        ("chain", chain.clone()),
        ("key", key.clone()),
        ("both", format!("{chain}{key}")),
        ("empty", String::new()),
        ("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()),
        ("second_is_broken", format!("{chain}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
        ("large", " ".repeat(300 * 1024)),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let made = |certificate: &str, key: &str| {
        let mut config = config("https://127.0.0.1:1");
        Client::new(config.set_client_certificate(folder.join(certificate), folder.join(key)).unwrap()).map(drop)
    };
    made("chain", "key").unwrap();
    made("both", "both").unwrap();
    for (certificate, key, setting, why) in [
        ("absent", "key", "certificate_file", "No such file"),
        ("chain", "absent", "key_file", "No such file"),
        ("empty", "key", "certificate_file", "holds no certificate"),
        ("key", "key", "certificate_file", "holds no certificate"),
        ("broken", "key", "certificate_file", "number 1 is not a certificate"),
        ("second_is_broken", "key", "certificate_file", "number 2 is not a certificate"),
        ("chain", "chain", "key_file", "holds no private key"),
        ("chain", "large", "key_file", "larger than 256 KiB"),
    ] {
        let error = made(certificate, key).unwrap_err();
        let file = folder.join(if setting == "key_file" { key } else { certificate });
        assert_eq!(error.status(), Status::InvalidArgument, "{error:?}");
        assert!(error.message().starts_with(&format!("{setting} {}: ", file.display())), "{error:?}");
        assert!(error.message().contains(why), "{error:?}");
    }
}

/// Settings with a certificate that the authority of `mutual_tls` has signed.
fn identified(url: &str) -> Config {
    let (chain, key) = pem(Certificate::ForClients);
    let mut config = config(url);
    config.set_client_certificate_pem(chain, key).unwrap();
    config
}

#[each_way]
fn a_service_that_wants_the_certificate_gets_it(way: Way) {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = ScriptedServer::always(vec![Step::Handshake(mutual_tls(version)), Step::AnswerAll(event())]);
        let client = Client::new(&identified(&server.https())).unwrap();
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT, "{version:?}");
    }
}

/// The same settings serve a service that does not ask.
#[each_way]
fn a_service_that_does_not_ask_is_called_as_ever(way: Way) {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    let client = Client::new(&identified(&server.https())).unwrap();
    assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
}

#[each_way]
fn a_proxy_does_not_get_the_certificate(way: Way) {
    let version = &rustls::version::TLS13;
    let through = |proxy: &ScriptedServer| {
        let mut config = identified("https://localhost:9");
        Client::new(config.set_proxy(&proxy.https()).unwrap()).unwrap()
    };
    let asks = ScriptedServer::always(vec![Step::Handshake(mutual_tls(version)), Step::ReadRequest, Step::Hang]);
    let error = way.wait(&through(&asks), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{error:?}");
    assert!(error.message().contains("client certificate"), "{error:?}");
    let established = Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let tunnel = [Step::Handshake(tls(Certificate::Good)), Step::ReadRequest, established];
    let service = [Step::Handshake(mutual_tls(version)), Step::AnswerAll(event())];
    let proxy = ScriptedServer::always(tunnel.into_iter().chain(service).collect());
    assert_eq!(way.wait(&through(&proxy), "e", LONG).unwrap(), EVENT);
}

#[test]
fn authorities_from_memory_are_trusted_beside_those_of_a_file() {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    let mut config = Config::bare();
    config.set_api_key("k").unwrap().set_base_url(&server.https()).unwrap().set_trust(Trust::Bundled);
    let authority = read(testkit::certificates::authority_file()).unwrap();
    config.set_ca_pem(&authority).unwrap();
    assert_eq!(Client::new(&config).unwrap().wait("e", LONG, None).unwrap(), EVENT);
    let mut both = identified(&server.https());
    both.set_ca_pem([&b"caf\xe9, from somewhere\n"[..], &authority].concat()).unwrap();
    assert_eq!(Client::new(&both).unwrap().wait("e", LONG, None).unwrap(), EVENT);
    let error = Client::new(both.set_ca_pem("nothing").unwrap()).unwrap_err();
    assert_eq!(error.message(), "ca_pem: holds no certificate");
}
