//! Certificates that a gateway or the client does not accept: nginx and haproxy that want one of the client, and nginx with those of
//! an authority that is OpenSSL's command, whose revocation list or pin the client has. The words of each refusal are tested in
//! tests/security.

use super::case::{Case, DELIVERED, Expected, Ground, Seen, Within, case, check, ends, played};
use super::gateway::{ASKING, Gateway, PATIENT, nginx_settings};
use super::gateways::unhurried;
use super::program::Program;
use super::table::{Operation, Signal, Wait};
use anchor::{Client, Config, Status, Trust};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use testkit::certificates::{Certificate, pem};
use testkit::local_server::LocalServer;
use testkit::way::{Way, each_way};
use testkit::{empty_scratch, process, tools};

#[each_way]
fn certificate_faults_during_a_call(way: Way) {
    check(way, &LocalServer::start(&[]), played(way, cases()));
}

pub fn cases() -> Vec<Case> {
    [Gateway::Nginx, Gateway::Haproxy].into_iter().flat_map(of_the_client).chain(of_openssl()).collect()
}

/// A wait that is delivered is held by the service before.
fn call(ground: &Ground<'_>, client: &Client, operation: Operation, expected: Expected) -> Seen {
    let is_held = operation == Wait && expected.outcomes == DELIVERED.outcomes;
    if is_held { ground.wait_signaled_after(client, || {}) } else { ground.call(client, operation) }
}

/// nginx answers 400 when it has no good certificate of the client, haproxy refuses the handshake. In TLS 1.3 that arrives after
/// the request was sent.
fn of_the_client(gateway: Gateway) -> Vec<Case> {
    let outcomes: &[_] = match gateway {
        Gateway::Nginx => &[(Status::BadRequest, false)],
        Gateway::Haproxy => &[(Status::Tls, true)],
    };
    let refused = ends(outcomes, Within::AMoment);
    let faults: [(_, _, fn(&mut Config)); 4] = [
        ("wants a client certificate, and gets none", refused, |_| {}),
        ("wants one, and gets one of an unknown authority", refused, |config| {
            show(config, Certificate::UnknownAuthority);
        }),
        ("wants one, and gets one that has expired", refused, |config| show(config, Certificate::Expired)),
        ("wants one, and gets it", DELIVERED, |config| show(config, Certificate::ForClients)),
    ];
    let cases = faults.into_iter().flat_map(|(fault, expected, tweak)| {
        [Wait, Signal].map(|operation| {
            let play = move |ground: &mut Ground<'_>| {
                let (_running, client) = gateway.before(ground, ASKING, tweak)?;
                Some(call(ground, &client, operation, expected))
            };
            case(fault, gateway.name(), operation, expected, play)
        })
    });
    cases.collect()
}

fn show(config: &mut Config, certificate: Certificate) {
    let (chain, key) = pem(certificate);
    config.set_client_certificate_pem(chain, key).unwrap();
    unhurried(config);
}

type Tweak = fn(&mut Config, &Path);

fn of_openssl() -> Vec<Case> {
    let refused = ends(&[(Status::Tls, false)], Within::AMoment);
    let current: Tweak = |config, folder| set_crl(config, folder, "current.crl");
    let faults: [(_, _, _, Tweak); 5] = [
        ("has a certificate that its OpenSSL authority has revoked", "revoked.pem", refused, current),
        ("has one that is not in the authority's list", "good.pem", DELIVERED, current),
        ("has one, and the list has expired", "good.pem", refused, |config, folder| {
            set_crl(config, folder, "expired.crl");
        }),
        ("has another key than the pinned one", "good.pem", refused, |config, _| {
            config.set_pinned_public_keys(OTHER_PIN).unwrap();
        }),
        ("has the pinned key", "good.pem", DELIVERED, |config, folder| {
            let pin = std::fs::read_to_string(folder.join("pin")).unwrap();
            config.set_pinned_public_keys(&format!("sha256//{}", pin.trim())).unwrap();
        }),
    ];
    let cases = faults.into_iter().flat_map(|(fault, certificate, expected, tweak)| {
        [Wait, Signal].map(|operation| {
            let play = move |ground: &mut Ground<'_>| {
                let (_nginx, client) = before(ground, certificate, tweak)?;
                Some(call(ground, &client, operation, expected))
            };
            case(fault, "nginx", operation, expected, play)
        })
    });
    cases.collect()
}

/// nginx with the certificate, and a client that trusts its authority.
fn before(ground: &Ground<'_>, certificate: &str, tweak: Tweak) -> Option<(Program, Client)> {
    let folder = authority()?;
    let certificate = folder.join(certificate);
    let service = ground.service.socket_address();
    let settings = |port, directory: &Path| nginx_settings(port, directory, &certificate, PATIENT, service);
    let nginx = Program::start("nginx", &["-e", "stderr", "-c"], settings)?;
    let mut config = ground.config(&format!("https://127.0.0.1:{}", nginx.port));
    config.set_trust(Trust::Bundled).set_ca_file(folder.join("ca.pem")).unwrap();
    unhurried(&mut config);
    tweak(&mut config, folder);
    Some((nginx, Client::new(&config).unwrap()))
}

fn set_crl(config: &mut Config, folder: &Path, name: &str) {
    config.set_crl_file(folder.join(name)).unwrap();
}

/// The authority in ca.pem, its lists in current.crl and expired.crl, a good and a revoked certificate with their keys in good.pem
/// and revoked.pem, and the pin of the good one in pin.
const AUTHORITY: &str = "
cat > settings <<END
[ca]
default_ca = test
[test]
database = index
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
serial = serial
crlnumber = number
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
[any]
commonName = supplied
END
: > index
echo 01 > serial
echo 01 > number
echo 'subjectAltName=IP:127.0.0.1' > names
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $ec -keyout ca.key -out ca.pem -subj '/CN=test authority' -days 2
for name in good revoked; do
    openssl req $ec -keyout $name.key -out $name.csr -subj /CN=$name
    openssl ca -config settings -batch -notext -in $name.csr -extfile names -out $name.crt
    cat $name.crt $name.key > $name.pem
done
openssl ca -config settings -revoke revoked.crt
openssl ca -config settings -gencrl -out current.crl
openssl ca -config settings -gencrl -out expired.crl -crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z
openssl x509 -in good.crt -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64 > pin
";

const OTHER_PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The folder of the authority, if the machine has OpenSSL's command.
fn authority() -> Option<&'static Path> {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let folder = empty_scratch("faults-authority");
        process::output(Command::new("sh").current_dir(&folder).args(["-ec", AUTHORITY]));
        folder
    };
    tools::has("openssl").then(|| MADE.get_or_init(make).as_path())
}
