//! What is tried again, how often, and when: the counts are exact, the pauses are bounded.

use anchor::{Client, Phase, Status, Timeout};
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::addresses::ReservedPort;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, after_request, answer, event, refusal, reply};
use testkit::settings::{client, config};
use testkit::timing::{LATE, in_time};
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);

#[each_way]
fn retries_are_counted_in_a_row(way: Way) {
    let nowhere = ReservedPort::bind();
    for retries in [0, 3] {
        let mut config = config(&format!("http://{}", nowhere.address()));
        let client = Client::new(config.set_retries(retries)).unwrap();
        assert_eq!(way.wait(&client, "e", LONG).unwrap_err().attempts(), retries + 1);
        assert_eq!(client.signal("e", None, Timeout::Request, None).unwrap_err().attempts(), retries + 1);
        assert_eq!(client.stats().retries, 2 * u64::from(retries));
    }
}

#[each_way]
fn a_408_starts_the_count_again(way: Way) {
    let answers = [503, 503, 408, 503, 503, 408, 503, 503];
    let mut steps: Vec<Step> = Vec::new();
    for code in answers {
        steps.extend([Step::ReadRequest, Step::Send(refusal(code))]);
    }
    steps.push(Step::AnswerAll(event()));
    let server = ScriptedServer::always(steps);
    let client = Client::new(config(&server.http()).set_retries(2)).unwrap();
    assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    assert_eq!(server.requests().len(), answers.len() + 1);
}

/// A slow handshake is not a wait that the service held: a gateway that always fails is given up, however slow it is.
#[each_way]
fn a_slow_handshake_is_not_a_sign_of_life(way: Way) {
    let slow = [Step::Pause(Duration::from_millis(1100)), Step::Handshake(tls(Certificate::Good))];
    let script = slow.into_iter().chain(reply(answer(503, "connection: close\r\n", ""))).collect();
    let server = ScriptedServer::always(script);
    let bound = Duration::from_secs(1);
    in_time("two requests", bound, || {
        let client = Client::new(config(&server.https()).set_retries(1)).unwrap();
        let began = Instant::now();
        let error = way.wait(&client, "e", Some(Duration::from_secs(8))).unwrap_err();
        let late = began.elapsed().saturating_sub(Duration::from_millis(2 * 1100));
        // What a busy machine answers later may look as if the service had held it.
        if late < bound {
            assert_eq!((error.status(), error.attempts()), (Status::ServerError, 2), "{error}");
        }
        late
    });
}

#[each_way]
fn an_answer_that_was_held_starts_the_count_again(way: Way) {
    let refused = answer(503, "connection: close\r\n", "");
    // A second is enough, but a busy machine lets the client note late that the request was written.
    let held = after_request([Step::Pause(Duration::from_secs(3)), Step::Send(refused)]);
    let server = ScriptedServer::start(vec![held.clone(), held.clone(), held, reply(event())]);
    let client = Client::new(config(&server.http()).set_retries(1)).unwrap();
    assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    assert_eq!(server.requests().len(), 4);
}

#[each_way]
fn retry_after_is_obeyed_exactly(way: Way) {
    let asked = after_request([
        Step::Send(answer(429, "retry-after: 1\r\n", "")),
        Step::ReadRequest,
        Step::Send(event()),
        Step::Hang,
    ]);
    let asked_for = Duration::from_secs(1);
    in_time("the pause of a Retry-After", LATE, || {
        let server = ScriptedServer::always(asked.clone());
        assert_eq!(way.wait(&client(&server.http()), "e", LONG).unwrap(), EVENT);
        let requests = server.requests();
        let pause = requests[1].at - requests[0].at;
        assert!(pause >= asked_for, "paused only {pause:?}");
        pause - asked_for
    });
}

#[each_way]
fn a_retry_after_that_does_not_fit_ends_the_wait_at_once(way: Way) {
    let server = ScriptedServer::always(reply(answer(503, "retry-after: 3600\r\n", "")));
    let began = Instant::now();
    let error = way.wait(&client(&server.http()), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.attempts(), error.http_status()), (Status::ServerError, 1, Some(503)), "{error}");
    assert!(began.elapsed() < PATIENCE / 2, "at once");
}

/// The pauses double, so there are only a few requests in a second. Full jitter makes the number vary.
#[each_way]
fn a_service_that_never_holds_a_wait_is_not_asked_in_a_tight_loop(way: Way) {
    let timeout = Duration::from_millis(1500);
    in_time("a wait whose pauses end with the deadline", LATE, || {
        let server = ScriptedServer::always(vec![Step::AnswerAll(refusal(408))]);
        let client = client(&server.http());
        let began = Instant::now();
        let error = way.wait(&client, "e", Some(timeout)).unwrap_err();
        let took = began.elapsed();
        assert!(took >= timeout, "took only {took:?}");
        assert!(error.attempts() <= 25, "{} requests in {took:?}", error.attempts());
        // A busy machine may have answered late.
        if error.attempts() < 2 {
            return Duration::MAX;
        }
        assert_eq!((error.status(), error.http_status()), (Status::Timeout, Some(408)), "{error}");
        assert!(!error.maybe_consumed());
        assert_eq!(error.attempts() as usize, server.requests().len());
        assert_eq!(server.connections(), 1);
        let before = error.attempts() as usize;
        assert_eq!(client.drain("e", Timeout::Request, None).unwrap(), 0);
        assert_eq!(server.requests().len(), before + 1);
        took - timeout
    });
}

/// A wait of zero asks once: a failure is reported as it is, and not tried again.
#[each_way]
fn a_wait_of_zero_is_one_request(way: Way) {
    for (script, status) in [
        (reply(refusal(503)), Status::ServerError),
        (after_request([Step::Reset]), Status::ConnectionLost),
        (reply(refusal(408)), Status::Timeout),
    ] {
        let server = ScriptedServer::always(script);
        let error = way.wait(&client(&server.http()), "e", Some(Duration::ZERO)).unwrap_err();
        assert_eq!((error.status(), error.attempts()), (status, 1), "{error}");
        assert_eq!(server.requests()[0].timeout_ms(), 1);
    }
}

/// A timeout reports the last failure, and not what happened long before it.
#[each_way]
fn a_timeout_reports_the_last_error(way: Way) {
    let server = ScriptedServer::always(vec![Step::AnswerAll(refusal(502))]);
    let client = client(&server.http());
    // From now on there is a connection: a busy machine may not make one in time.
    client.signal("e", None, Timeout::Request, None).unwrap_err();
    let error = way.wait(&client, "e", Some(Duration::from_secs(1))).unwrap_err();
    assert_eq!(error.status(), Status::Timeout, "{error}");
    assert_eq!(error.phase(), Some(Phase::Receive));
    assert_eq!(error.last_error(), Some("scripted 502"));
}
