//! Where the trusted authorities come from, and that a machine which cannot give them is not answered by trusting others in
//! silence. What a file or a variable holds is tests/c/trust.c; that a child trusts the same is tests/process/fork.rs.

use anchor::{Client, Config, LogLevel, Status, Trust};
use std::process::Command;
use std::sync::{Arc, Mutex};
use testkit::PATIENCE;
use testkit::certificates::{Certificate, authority_file, tls};
use testkit::sandbox::{is_alone, is_inside};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::KEY;

const URL: &str = "https://service.test";

fn config(trust: Trust) -> Config {
    let mut config = Config::bare();
    config.set_api_key(KEY).unwrap().set_base_url(URL).unwrap().set_trust(trust);
    config
}

/// Whatever the machine that runs the tests has set. The test has the process for itself.
fn without_variables() {
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        // SAFETY: no other thread of the test touches the environment.
        unsafe { std::env::remove_var(name) };
    }
}

/// From here on each open fails with EMFILE.
fn leave_no_descriptor() {
    use std::os::fd::AsRawFd;
    let next = std::fs::File::open("/dev/null").unwrap().as_raw_fd();
    let limit = libc::rlimit { rlim_cur: next as libc::rlim_t, rlim_max: 4096 };
    // SAFETY: the pointer is to a local.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
}

fn is_short_of_descriptors(config: &Config, named: &str) {
    let error = Client::new(config).unwrap_err();
    assert_eq!(error.status(), Status::OutOfMemory, "{error:?}");
    assert!(error.message().contains(named) && error.message().contains("Too many open files"), "{error:?}");
}

/// Least of all by Mozilla's, which whoever runs the machine may have removed on purpose.
#[test]
fn no_descriptor_left_is_not_answered_by_other_authorities() {
    if !is_alone("trust::no_descriptor_left_is_not_answered_by_other_authorities", &[]) {
        return;
    }
    without_variables();
    authority_file();
    leave_no_descriptor();
    is_short_of_descriptors(&config(Trust::Auto), "trust");
    is_short_of_descriptors(&config(Trust::System), "trust");
    for trust in [Trust::Auto, Trust::System, Trust::Bundled] {
        is_short_of_descriptors(config(trust).set_ca_file(authority_file()).unwrap(), "");
    }
    is_short_of_descriptors(config(Trust::Bundled).set_ca_file(authority_file()).unwrap(), "ca_file");
    assert!(Client::new(&config(Trust::Bundled)).is_ok(), "the bundled ones take no descriptor");
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        // SAFETY: as in `without_variables`.
        unsafe { std::env::set_var(variable, if variable == "SSL_CERT_DIR" { "/etc" } else { "/dev/null" }) };
        is_short_of_descriptors(&config(Trust::Auto), variable);
        without_variables();
    }
}

/// In a mount namespace where the folders of the machine's authorities are empty.
#[test]
fn the_bundled_authorities_stand_in_with_a_warning_where_the_machine_has_none() {
    if !is_inside("trust::the_bundled_authorities_stand_in_with_a_warning_where_the_machine_has_none", &[]) {
        return;
    }
    without_variables();
    for folder in ["/etc/ssl", "/etc/pki", "/etc/security", "/opt/etc/ssl"] {
        if std::fs::exists(folder).unwrap() {
            assert!(Command::new("mount").args(["-t", "tmpfs", "none", folder]).status().unwrap().success());
        }
    }
    let lines: Arc<Mutex<Vec<(LogLevel, String)>>> = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let mut with_log = config(Trust::Auto);
    with_log.set_log(move |level, line| sink.lock().unwrap().push((level, line.to_owned())));
    assert!(Client::new(&with_log).is_ok());
    let said = std::mem::take(&mut *lines.lock().unwrap());
    assert!(matches!(&said[..], [(LogLevel::Warning, line)] if line.contains("built-in")), "{said:?}");
    assert!(Client::new(with_log.set_trust(Trust::Bundled)).is_ok());
    assert_eq!(*lines.lock().unwrap(), [], "who asks for the bundled ones needs no warning");
    let error = Client::new(&config(Trust::System)).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().starts_with("trust"), "{error:?}");
}

/// Beside those of ca_file, whether the machine has some or none.
#[test]
fn a_ca_file_is_enough() {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    for trust in [Trust::Auto, Trust::System, Trust::Bundled] {
        let mut config = config(trust);
        config.set_base_url(&server.https()).unwrap().set_ca_file(authority_file()).unwrap();
        let answer = Client::new(&config).unwrap().wait("e", Some(PATIENCE), None);
        assert_eq!(answer.unwrap(), EVENT, "{trust:?}");
    }
}
