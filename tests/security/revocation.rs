//! Certificate revocation lists, as an authority of OpenSSL makes them.

use super::openssl::{OpensslServer, made};
use anchor::{Client, Config, Error, Phase, Status, Timeout, Trust};
use std::path::Path;
use testkit::{PATIENCE, tools};

/// An authority in ca.pem with one below it in between.pem. `good` and `revoked` are of the first one, `below` is of the second
/// one. crl.pem is the list of the first one, between.crl.pem that of the second one, which is empty; the others are wrong.
const AUTHORITY: &str = "
settings() {
    cat > $1.cnf <<END
[ca]
default_ca = test
[test]
database = $1.index
new_certs_dir = .
certificate = $1.pem
private_key = $1.key
serial = $1.serial
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
$2
[any]
commonName = supplied
END
    : > $1.index
    echo 01 > $1.serial
    echo 01 > $1.number
}
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $ec -keyout ca.key -out ca.pem -subj '/CN=test authority' -days 2
openssl req -x509 $ec -keyout imitation.key -out imitation.pem -subj '/CN=test authority' -days 2
echo 'subjectAltName=IP:127.0.0.1' > names
echo 'basicConstraints=critical,CA:TRUE' > authority
for name in ca between imitation; do settings $name \"crlnumber = $name.number\"; done
settings old ''
cp ca.pem old.pem
cp ca.key old.key
issue() {
    openssl req $ec -keyout $2.key -out $2.csr -subj \"/CN=$2\"
    openssl ca -config $1.cnf -batch -notext -in $2.csr -extfile $3 -out $2.pem
}
issue ca good names
issue ca revoked names
issue ca between authority
issue between below names
issue between below_revoked names
openssl ca -config ca.cnf -revoke revoked.pem
list() { openssl ca -config $1.cnf -gencrl -out $2 $3; }
list ca crl.pem
list between between.crl.pem
list ca expired.crl.pem '-crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z'
list imitation imitation.crl.pem
list old version1.crl.pem
cat crl.pem between.crl.pem > both.crl.pem
openssl ca -config between.cnf -revoke below_revoked.pem
list between revoked.crl.pem
cat crl.pem revoked.crl.pem > both_revoked.crl.pem
";

fn settings(folder: &Path, crl_file: &str, url: &str) -> Config {
    let mut config = Config::bare();
    config.set_api_key("revocation-key").unwrap().set_base_url(url).unwrap().set_trust(Trust::Bundled);
    config.set_ca_file(folder.join("ca.pem")).unwrap().set_request_timeout(PATIENCE).unwrap();
    config.set_crl_file(folder.join(crl_file)).unwrap();
    config
}

fn serve(folder: &Path, certificate: &str) -> OpensslServer {
    let above = if certificate.starts_with("below") { "-cert_chain between.pem" } else { "" };
    OpensslServer::start(folder, certificate, &format!("-tls1_3 {above}"))
}

fn refusal(folder: &Path, certificate: &str, crl_file: &str) -> Error {
    let server = serve(folder, certificate);
    let client = Client::new(&settings(folder, crl_file, &server.url)).unwrap();
    let error = client.signal("e", None, Timeout::Request, None).unwrap_err();
    assert!(!server.received().contains("POST"), "{certificate} {crl_file}");
    error
}

#[test]
fn a_revoked_certificate_is_refused_and_a_good_one_is_not() {
    if !tools::has("openssl") {
        return;
    }
    let folder = made("revocation", AUTHORITY);
    for (certificate, crl_file) in [("good", "crl.pem"), ("below", "both.crl.pem"), ("below", "both_revoked.crl.pem")] {
        let server = serve(&folder, certificate);
        let client = Client::new(&settings(&folder, crl_file, &server.url)).unwrap();
        server.gets_the_request_of(client);
    }
    for (certificate, crl_file, why) in [
        ("revoked", "crl.pem", "was revoked by its authority"),
        ("below_revoked", "both_revoked.crl.pem", "was revoked by its authority"),
        ("below", "crl.pem", "has no revocation list of the authority"),
        ("below", "between.crl.pem", "has no revocation list of the authority"),
        ("good", "between.crl.pem", "has no revocation list of the authority"),
        ("good", "expired.crl.pem", "has expired, on Sat, 01 Feb 2020 00:00:00 GMT"),
        ("good", "imitation.crl.pem", "is not signed by the authority that it names"),
    ] {
        let error = refusal(&folder, certificate, crl_file);
        assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{error:?}");
        assert!(error.message().contains(why), "{certificate} {crl_file}: {error:?}");
    }
}

#[test]
fn a_file_that_holds_no_usable_list_is_named() {
    if !tools::has("openssl") {
        return;
    }
    let folder = made("revocation-files", AUTHORITY);
    let broken = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    let good = std::fs::read_to_string(folder.join("crl.pem")).unwrap();
    std::fs::write(folder.join("broken"), format!("{good}{broken}")).unwrap();
    for (file, why) in [
        ("absent", "No such file"),
        ("ca.pem", "holds no revocation list"),
        ("broken", "number 2 is not a revocation list"),
        ("version1.crl.pem", "number 1 is not a revocation list of version 2"),
    ] {
        let error = Client::new(&settings(&folder, file, "https://127.0.0.1:1")).map(drop).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{error:?}");
        assert!(error.message().starts_with(&format!("crl_file {}: ", folder.join(file).display())), "{error:?}");
        assert!(error.message().contains(why), "{error:?}");
    }
}
