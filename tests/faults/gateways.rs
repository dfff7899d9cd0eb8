//! nginx and haproxy in front of a service: they terminate TLS, give up a wait after 2 s, restart, reload, close idle
//! connections, and answer with pages of their own.

use super::case::{Case, DELIVERED, Ground, Seen, TIMEOUT, Within, case, check, data, ends, keeps_on, played};
use super::gateway::{FORGETFUL, Gateway, HASTY, Habits, PATIENT, Running};
use super::table::{Signal, Wait};
use anchor::{Client, Config, Status, Timeout};
use std::thread;
use std::time::Duration;
use testkit::addresses::ReservedPort;
use testkit::local_server::LocalServer;
use testkit::relay::Relay;
use testkit::until;
use testkit::way::{Way, each_way};

/// The service does what it is asked, and hangs up without an answer.
const HANGS_UP: [&str; 2] = ["hangs-up-on-nginx", "hangs-up-on-haproxy"];
/// The service takes the request and never answers.
const SILENT: [&str; 2] = ["silent-to-nginx", "silent-to-haproxy"];

#[each_way]
fn gateway_faults_during_a_call(way: Way) {
    let hangs_up = HANGS_UP.map(|name| {
        [format!("{name}=drop-after-consume,on=signal"), format!("{name}-of-a-wait=drop-after-consume,on=wait,times=1")]
    });
    let silent = SILENT.map(|name| format!("{name}=hang,on=signal"));
    let options: Vec<&str> = hangs_up.iter().flatten().chain(&silent).flat_map(|rule| ["--fault", rule]).collect();
    check(way, &LocalServer::start(&options), played(way, cases()));
}

pub fn cases() -> Vec<Case> {
    let gateways = [Gateway::Nginx, Gateway::Haproxy];
    gateways.into_iter().flat_map(cases_of).chain(haproxy_that_read_nothing()).collect()
}

fn cases_of(gateway: Gateway) -> Vec<Case> {
    let by = gateway.name();
    let refused = |within| ends(&[(Status::ServerError, true)], within);
    let closing = ends(&[(Status::Ok, false), (Status::ConnectionLost, true)], Within::AMoment);
    let in_vain = ends(&[(Status::Timeout, true)], Within::Deadline);
    let (cut, quiet) = ("gives up on the service after 2 s, with a 504 page", "the same, and no event comes");
    let (hang_up, down) = ("the service hangs up on it: a 502 page", "the service is down: a 502 or 503 page");
    let (restart, reload) = ("is stopped and started again", "reloads its configuration");
    let idle = "closes a connection after 1 s without a request, just as one comes";
    vec![
        case(cut, by, Wait, DELIVERED, move |ground| waits_through_a_cut(gateway, ground)),
        case(cut, by, Signal, refused(Within::TheCut), move |ground| signals_into_a_cut(gateway, ground)),
        case(quiet, by, Wait, in_vain, move |ground| waits_in_vain(gateway, ground)),
        case(hang_up, by, Wait, DELIVERED.losing_one(), move |ground| waits_as_the_service_hangs_up(gateway, ground)),
        case(hang_up, by, Signal, refused(Within::AMoment), move |ground| signals_as_it_hangs_up(gateway, ground)),
        case(down, by, Wait, in_vain, move |ground| waits_while_it_is_down(gateway, ground)),
        case(down, by, Signal, refused(Within::AMoment), move |ground| signals_while_it_is_down(gateway, ground)),
        case(restart, by, Wait, DELIVERED, move |ground| waits_through_a_restart(gateway, ground)),
        case(restart, by, Signal, DELIVERED, move |ground| signals_through_a_restart(gateway, ground)),
        case(reload, by, Wait, DELIVERED, move |ground| waits_through_a_reload(gateway, ground)),
        case(reload, by, Signal, closing, move |ground| signals_after_a_reload(gateway, ground)),
        case(idle, by, Wait, DELIVERED, move |ground| waits_as_it_closes(gateway, ground)),
        case(idle, by, Signal, closing, move |ground| signals_as_it_closes(gateway, ground)),
    ]
}

fn waits_through_a_cut(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, client) = gateway.before(ground, HASTY, |_| {})?;
    let cut = || until("a 504", || client.stats().retries > 0);
    Some(ground.wait_signaled_after_the_loss_of_its_request(&client, cut))
}

fn waits_in_vain(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, client) = gateway.before(ground, HASTY, |_| {})?;
    connect(&client);
    Some(ground.wait_in_vain(&client))
}

fn signals_into_a_cut(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, client) = gateway.before(ground, HASTY, keeps_on)?;
    SILENT[gateway as usize].clone_into(&mut ground.event);
    Some(ground.send(&client))
}

/// The wait gets the second event. The first one went to the gateway.
fn waits_as_the_service_hangs_up(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, client) = gateway.before(ground, PATIENT, |_| {})?;
    ground.event = format!("{}-of-a-wait", HANGS_UP[gateway as usize]);
    ground.signal(0);
    ground.signal(1);
    let result = ground.way.wait(&client, &ground.event, Some(TIMEOUT * 5));
    Some(Seen { results: vec![result], signaled: 2, unanswered: client.stats().unanswered, ..Seen::default() })
}

fn signals_as_it_hangs_up(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, client) = gateway.before(ground, PATIENT, keeps_on)?;
    HANGS_UP[gateway as usize].clone_into(&mut ground.event);
    Some(ground.send(&client))
}

fn waits_while_it_is_down(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let nowhere = ReservedPort::bind();
    let running = gateway.start(PATIENT, nowhere.address())?;
    let client = running.client(PATIENT, ground, |_| {});
    connect(&client);
    Some(ground.wait_in_vain(&client))
}

fn signals_while_it_is_down(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let nowhere = ReservedPort::bind();
    let running = gateway.start(PATIENT, nowhere.address())?;
    Some(ground.send(&running.client(PATIENT, ground, keeps_on)))
}

fn waits_through_a_restart(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (mut running, client) = gateway.before(ground, PATIENT, keeps_on)?;
    Some(ground.wait_signaled_after_the_loss_of_its_request(&client, || {
        running.program.stop();
        running.program.start_again();
    }))
}

fn signals_through_a_restart(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (mut running, client) = gateway.before(ground, PATIENT, keeps_on)?;
    running.program.stop();
    Some(ground.send_until_the_end_of(&client, || {
        until("a refused connection", || client.stats().retries > 0);
        running.program.start_again();
    }))
}

/// The old worker holds the wait until it is answered.
fn waits_through_a_reload(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (running, client) = gateway.before(ground, PATIENT, |_| {})?;
    connect(&client);
    let before = client.stats();
    let seen = ground.wait_signaled_after(&client, || gateway.reload(&running.program));
    let failures = (client.stats().retries - before.retries, seen.unanswered - before.unanswered);
    assert_eq!(failures, (0, 0), "a reload is not a failure");
    Some(seen)
}

/// The first one leaves a connection behind, which the old worker closes.
fn signals_after_a_reload(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (running, client) = gateway.before(ground, PATIENT, unhurried)?;
    client.signal(&ground.event, Some(&data(1)), Timeout::Request, None).unwrap();
    gateway.reload(&running.program);
    Some(ground.send(&client))
}

/// From now on the client has a connection to the gateway: a busy machine may not make one in the time of a wait.
fn connect(client: &Client) {
    let is_answered = || {
        client
            .signal("for the connection", None, Timeout::Request, None)
            .map_or_else(|e| e.http_status().is_some(), |_| true)
    };
    until("an answer, which leaves a connection", is_answered);
}

/// A busy machine may need longer than the usual request timeout for a TLS handshake.
pub fn unhurried(config: &mut Config) {
    config.set_request_timeout(TIMEOUT * 5).unwrap();
}

/// So many clients call once more after about the second that the gateway keeps an idle connection.
const CLOSINGS: u64 = 16;

fn as_it_closes<T: Send>(
    gateway: Gateway,
    ground: &Ground<'_>,
    call: impl Fn(&Client, u64) -> T + Sync,
) -> Option<(Vec<T>, u64)> {
    let running = gateway.start(FORGETFUL, ground.service.socket_address())?;
    let call_twice = |number: u64| {
        let client = running.client(FORGETFUL, ground, unhurried);
        let first = call(&client, 2 * number);
        thread::sleep(Duration::from_millis(1000 - CLOSINGS / 2 + number));
        ([first, call(&client, 2 * number + 1)], client.stats().unanswered)
    };
    let seen: Vec<_> = thread::scope(|scope| {
        let calling: Vec<_> = (0..CLOSINGS).map(|number| scope.spawn(move || call_twice(number))).collect();
        calling.into_iter().map(|calling| calling.join().unwrap()).collect()
    });
    let unanswered = seen.iter().map(|(_, unanswered)| unanswered).sum();
    Some((seen.into_iter().flat_map(|(results, _)| results).collect(), unanswered))
}

fn waits_as_it_closes(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    (0..2 * CLOSINGS).for_each(|number| ground.signal(number));
    let (results, unanswered) =
        as_it_closes(gateway, ground, |client, _| ground.way.wait(client, &ground.event, Some(TIMEOUT * 5)))?;
    Some(Seen { results, signaled: 2 * CLOSINGS, unanswered, ..Seen::default() })
}

fn signals_as_it_closes(gateway: Gateway, ground: &mut Ground<'_>) -> Option<Seen> {
    let (results, unanswered) = as_it_closes(gateway, ground, |client, number| {
        client.signal(&ground.event, Some(&data(number)), Timeout::Request, None)
    })?;
    Some(Seen { results, unanswered, ..Seen::default() })
}

/// haproxy answers 408 when a request does not come in time. It is not the API's 408, which is about an event.
fn haproxy_that_read_nothing() -> [Case; 2] {
    let (fault, by) = ("answers 408 before the request has come through", "haproxy");
    let refused = ends(&[(Status::HttpError, false)], Within::TheCut);
    [case(fault, by, Wait, DELIVERED, waits_past_a_408), case(fault, by, Signal, refused, signals_into_a_408)]
}

fn behind_a_stall(ground: &Ground<'_>) -> Option<(Running, Relay, Client)> {
    let hasty = Habits { request: 1, tls: false, ..PATIENT };
    let running = Gateway::Haproxy.start(hasty, ground.service.socket_address())?;
    let relay = Relay::to(([127, 0, 0, 1], running.program.port).into());
    relay.stall(true);
    let mut config = ground.config(&relay.http());
    keeps_on(&mut config);
    let client = Client::new(&config).unwrap();
    Some((running, relay, client))
}

fn waits_past_a_408(ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, relay, client) = behind_a_stall(ground)?;
    let seen = thread::scope(|scope| {
        scope.spawn(|| {
            until("a 408", || client.stats().retries > 0);
            relay.stall(false);
        });
        ground.wait_signaled_after(&client, || {})
    });
    assert_eq!(seen.unanswered, 0, "nothing was read of it");
    Some(seen)
}

fn signals_into_a_408(ground: &mut Ground<'_>) -> Option<Seen> {
    let (_running, relay, client) = behind_a_stall(ground)?;
    let seen = ground.send(&client);
    relay.stall(false);
    Some(seen)
}
