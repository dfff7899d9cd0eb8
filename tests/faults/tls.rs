//! TLS handshakes that fail: the side at fault decides between TLS (final) and NOT_SENT (tried again). Which certificate is
//! refused for which reason is tested by tests/security.

use super::table::{Row, Section, both, check, once, section, twice};
use anchor::{Phase, Status};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, tls, tls_versions};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Script, Step, after_request, answer, event, reply};
use testkit::settings::client;
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);

fn over_tls(certificate: Certificate, script: Script) -> Script {
    [Step::Handshake(tls(certificate))].into_iter().chain(script).collect()
}

#[each_way]
fn a_good_certificate_is_taken_by_name_and_by_address(way: Way) {
    let server = ScriptedServer::always(over_tls(Certificate::Good, vec![Step::AnswerAll(event())]));
    for url in [server.https(), format!("https://localhost:{}", server.address.port())] {
        assert_eq!(way.wait(&client(&url), "e", LONG).unwrap(), EVENT);
    }
}

pub fn rows() -> [Section; 3] {
    [
        section("A certificate that is not good", bad_certificates()),
        section("What is not TLS, and TLS where there should be none", not_tls()),
        section("A handshake that is cut", cut_handshakes()),
    ]
}

#[each_way]
fn bad_certificates_are_final(way: Way) {
    check(way, bad_certificates());
}

fn bad_certificates() -> Vec<Row> {
    let refused = once(Status::Tls, Phase::Tls, false).unsent();
    [
        ("self-signed", Certificate::SelfSigned),
        ("of an unknown authority", Certificate::UnknownAuthority),
        ("expired", Certificate::Expired),
        ("not yet valid", Certificate::NotYetValid),
        ("for another host", Certificate::WrongHost),
    ]
    .into_iter()
    .flat_map(|(name, kind)| both(name, &over_tls(kind, reply(event())), refused).map(Row::over_tls))
    .collect()
}

#[each_way]
fn bytes_that_are_not_tls_are_refused(way: Way) {
    check(way, not_tls());
}

fn not_tls() -> Vec<Row> {
    let refused = once(Status::Tls, Phase::Tls, false).unsent();
    let http = answer(400, "", "The plain HTTP request was sent to HTTPS port");
    let plain = vec![Step::ReadSome, Step::Send(http), Step::Hang];
    let alert = vec![Step::ReadSome, Step::Send(b"\x15\x03\x03\x00\x02\x02\x28".to_vec()), Step::Hang];
    let handshake = vec![Step::Handshake(tls(Certificate::Good)), Step::Hang];
    let mut rows = Vec::from(both("plain HTTP on the TLS port", &plain, refused).map(Row::over_tls));
    rows.extend(both("an alert in the handshake", &alert, refused).map(Row::over_tls));
    rows.extend(both("TLS on the plain port", &handshake, once(Status::Protocol, Phase::Receive, true).unsent()));
    rows
}

/// Neither side is at fault: the connection broke.
#[each_way]
fn a_handshake_that_is_cut_was_not_sent(way: Way) {
    check(way, cut_handshakes());
}

fn cut_handshakes() -> Vec<Row> {
    let unsent = twice(Status::NotSent, Phase::Tls, false).unsent();
    let half_a_record = Step::Send(b"\x16\x03\x03\x00\x7a\x02\x00".to_vec());
    [
        ("RST", vec![Step::ReadSome, Step::Reset]),
        ("FIN", vec![Step::ReadSome, Step::Finish, Step::Hang]),
        ("RST in a record", vec![Step::ReadSome, half_a_record.clone(), Step::Reset]),
        ("FIN in a record", vec![Step::ReadSome, half_a_record, Step::Finish, Step::Hang]),
    ]
    .into_iter()
    .flat_map(|(name, script)| both(name, &script, unsent).map(Row::over_tls))
    .collect()
}

#[each_way]
fn tls_1_2_and_1_3_both_work(way: Way) {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let handshake = Step::Handshake(tls_versions(Certificate::Good, &[version]));
        let server = ScriptedServer::always(vec![handshake, Step::AnswerAll(event())]);
        let client = client(&server.https());
        for _ in 0..3 {
            assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
        }
        assert_eq!(server.connections(), 1, "{version:?}");
    }
}

/// Bytes of a second answer may hide in the TLS session, behind a first one that fills the buffer exactly.
#[each_way]
fn a_second_answer_inside_the_session_is_not_taken_for_the_next_call(way: Way) {
    let own = r#"{"data":{"own":true}}"#;
    let stray = answer(200, "", r#"{"data":{"stray":true}}"#);
    for size in [4096, 8192, 16384] {
        let filler = |length: usize| answer(200, "x-a: b\r\n", &format!("{{\"data\":\"{}\"}}", "x".repeat(length)));
        let length = (0..size).find(|length| filler(*length).len() == size).expect("a filler of that size");
        let first = over_tls(
            Certificate::Good,
            after_request([Step::Send([filler(length), stray.clone()].concat()), Step::Hang]),
        );
        let server = ScriptedServer::start(vec![first, over_tls(Certificate::Good, reply(answer(200, "", own)))]);
        let client = client(&server.https());
        assert_eq!(way.wait(&client, "first", LONG).unwrap().len(), length + 11);
        assert_eq!(way.wait(&client, "second", LONG).unwrap(), own, "after an answer of {size} bytes");
        assert_eq!(server.connections(), 2);
    }
}

/// A session that the server has closed is not used again, even while the TCP connection is still open.
#[each_way]
fn a_closed_session_is_not_used_again(way: Way) {
    let closing = over_tls(Certificate::Good, after_request([Step::Send(event()), Step::CloseNotify, Step::Hang]));
    let good = over_tls(Certificate::Good, vec![Step::AnswerAll(event())]);
    let server = ScriptedServer::start(vec![closing, good]);
    let client = client(&server.https());
    assert_eq!(way.wait(&client, "first", LONG).unwrap(), EVENT);
    assert_eq!(way.wait(&client, "second", LONG).unwrap(), EVENT);
    assert_eq!(server.connections(), 2);
}
