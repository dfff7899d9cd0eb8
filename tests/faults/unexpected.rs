//! What comes with an answer, before it or behind it, and when nobody expects it: bytes of another kind, an answer while the
//! request is still being sent, a session that ends in another way than it should.

use anchor::{Client, Phase, Status, Timeout};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::script::{EVENT, Step, after_request, event, refusal};
use testkit::scripted::{Record, ScriptedServer};
use testkit::settings::{client, config, unhurried};
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);

fn large() -> String {
    format!("{{\"blob\":\"{}\"}}", "x".repeat(32 << 20))
}

fn handshake() -> Step {
    Step::Handshake(tls(Certificate::Good))
}

/// A service that refuses a large signal and reads no more of it, but keeps the connection.
#[test]
fn an_answer_to_a_request_that_is_still_being_sent_is_read() {
    for (code, status) in [(413, Status::BadRequest), (401, Status::Unauthorized)] {
        for is_tls in [false, true] {
            let begin = is_tls.then(handshake).into_iter().chain([Step::ReadSome]);
            let server = ScriptedServer::always(begin.chain([Step::Send(refusal(code)), Step::Ignore]).collect());
            let client = Client::new(&unhurried(&if is_tls { server.https() } else { server.http() })).unwrap();
            let error = client.signal("large", Some(&large()), Timeout::Request, None).unwrap_err();
            assert_eq!((error.status(), error.http_status()), (status, Some(code)), "TLS: {is_tls}, {error:?}");
            assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "TLS: {is_tls}, {error:?}");
        }
    }
}

/// An interim answer is none: the rest of the request follows it.
#[test]
fn an_interim_answer_does_not_end_a_request() {
    let interim = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".to_vec();
    let server = ScriptedServer::always(vec![
        Step::AwaitHead,
        Step::Send(interim),
        Step::ReadRequest,
        Step::Send(event()),
        Step::Hang,
    ]);
    let client = Client::new(&unhurried(&server.http())).unwrap();
    assert_eq!(client.signal("large", Some(&large()), Timeout::Request, None).unwrap(), EVENT);
    assert_eq!(server.requests().len(), 1);
}

/// A record that is not one, and one that cannot be decrypted, right behind a complete answer.
#[each_way]
fn a_fault_behind_a_complete_answer_over_tls_does_not_cost_the_answer(way: Way) {
    let bad_record = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
    for bad in [b"not a record at all".to_vec(), bad_record] {
        let steps = after_request([Step::Send(event()), Step::SendRaw(bad), Step::Hang]);
        let server = ScriptedServer::always([handshake()].into_iter().chain(steps).collect());
        let client = client(&server.https());
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
        // And the connection is not used again.
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
        assert_eq!(server.connections(), 2);
    }
}

/// Part of a second answer stays in the session, where no look at the socket finds it.
#[each_way]
fn part_of_a_record_behind_an_answer_keeps_the_connection_from_being_used_again(way: Way) {
    let half = [&[23, 3, 3, 0, 200][..], &[7; 20]].concat();
    let steps = after_request([Step::Send(event()), Step::SendRaw(half), Step::Delivered, Step::Hang]);
    let server = ScriptedServer::always([handshake()].into_iter().chain(steps).collect());
    let client = client(&server.https());
    for _ in 0..2 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
        let is_there = |record: &Record| record.delivered + record.left.len() >= record.connections;
        server.until("delivery, or the client's end", is_there);
    }
    assert_eq!(server.connections(), 2);
}

#[each_way]
fn bytes_behind_an_answer_are_not_the_next_ones(way: Way) {
    for is_tls in [false, true] {
        let both = [event(), b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()].concat();
        let begin = is_tls.then(handshake).into_iter();
        let server = ScriptedServer::always(begin.chain(after_request([Step::Send(both), Step::Hang])).collect());
        let client = client(&if is_tls { server.https() } else { server.http() });
        for _ in 0..2 {
            assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT, "TLS: {is_tls}");
        }
        assert_eq!(server.connections(), 2, "TLS: {is_tls}");
    }
}

/// A server that hears nothing of the end cannot know whether an answer was cut off.
#[each_way]
fn a_tls_session_ends_with_a_close_notify(way: Way) {
    let server = ScriptedServer::always(vec![handshake(), Step::AnswerAll(event())]);
    let client = client(&server.https());
    way.wait(&client, "e", LONG).unwrap();
    drop(client);
    server.until("a close_notify", |record| record.ended == 1);
}

#[test]
fn a_reset_while_a_request_is_sent_is_of_that_phase() {
    let server = ScriptedServer::always(vec![Step::ReadSome, Step::Reset]);
    let client = Client::new(unhurried(&server.http()).set_retries(0)).unwrap();
    let error = client.signal("large", Some(&large()), Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Send)), "{error:?}");
}

/// What failed in its first handshake was no connection, and none was used again.
#[each_way]
fn a_failed_handshake_counts_as_no_connection(way: Way) {
    let server = ScriptedServer::always(vec![Step::ReadSome, Step::Finish]);
    let client = Client::new(config(&server.https()).set_retries(0)).unwrap();
    way.wait(&client, "e", LONG).unwrap_err();
    let stats = client.stats();
    assert_eq!((stats.connections_made, stats.connections_reused), (0, 0), "{stats:?}");
}
