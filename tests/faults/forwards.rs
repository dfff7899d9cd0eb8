//! squid as Debian ships it, which forwards the requests to a plain service. What it answers counts as a gateway's answer.

use super::case::{Case, DELIVERED, Expected, Ground, Seen, TIMEOUT, Within, case, check, ends, keeps_on, played};
use super::program::Program;
use super::proxies::LONG;
use super::table::{Operation, Signal, Wait};
use anchor::{Client, Config, Status, Timeout};
use std::time::Instant;
use testkit::addresses::ReservedPort;
use testkit::local_server::LocalServer;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::{KEY, config};
use testkit::tools;
use testkit::until;
use testkit::way::{Way, each_way};

#[each_way]
fn forward_faults_during_a_call(way: Way) {
    check(way, &LocalServer::start(&[]), played(way, cases()));
}

pub fn cases() -> Vec<Case> {
    let (restart, death) = ("is killed and started again", "is killed after the request");
    let unreachable = "cannot reach the service";
    let dead = ends(&[(Status::ConnectionLost, true)], Within::Retries);
    let later = ends(&[(Status::Ok, false)], Within::Retries);
    vec![
        case(restart, SQUID, Wait, DELIVERED, waits_through_a_restart),
        case(restart, SQUID, Signal, later, signals_through_a_restart),
        case(death, SQUID, Wait, dead, waits_as_it_dies),
        case(unreachable, SQUID, Wait, IN_VAIN, |ground| asks_for_what_is_not_there(ground, Wait)),
        case(unreachable, SQUID, Signal, REFUSED, |ground| asks_for_what_is_not_there(ground, Signal)),
    ]
}

const SQUID: &str = "squid, forwarding";
/// It answers 503: nobody can know whether the service has read the request.
const IN_VAIN: Expected = ends(&[(Status::Timeout, true)], Within::Deadline);
const REFUSED: Expected = ends(&[(Status::ServerError, true)], Within::AMoment);

/// With the settings of the package, but for the port and the files that it would write.
fn squid() -> Option<Program> {
    let file = "/etc/squid/squid.conf";
    let Ok(settings) = std::fs::read_to_string(file) else {
        tools::missing(file);
        return None;
    };
    assert!(settings.contains("\nhttp_port 3128\n"), "{file} is another one");
    Program::start_squid(|port, directory| {
        let settings = settings.replace("\nhttp_port 3128\n", &format!("\nhttp_port 127.0.0.1:{port}\n"));
        format!(
            "{settings}\npid_filename none\ncache_log /dev/null\naccess_log none\ncoredump_dir {}\n\
             shutdown_lifetime 0\npinger_enable off\n",
            directory.display()
        )
    })
}

/// A client that reaches the service through the proxy only.
fn client(program: &Program, ground: &Ground<'_>, tweak: fn(&mut Config)) -> Client {
    let mut config = ground.config(&ground.service.url);
    config.set_allow_http(true).set_proxy(&format!("http://127.0.0.1:{}", program.port)).unwrap();
    tweak(&mut config);
    Client::new(&config).unwrap()
}

/// It refuses CONNECT to other ports than 443, so a tunnel would not do.
#[each_way]
fn squid_forwards_what_it_would_not_tunnel(way: Way) {
    let Some(program) = squid() else { return };
    let service = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let mut config = config(&service.http());
    config.set_allow_http(true).set_proxy(&format!("http://127.0.0.1:{}", program.port)).unwrap();
    let client = Client::new(&config).unwrap();
    for _ in 0..3 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
        assert!(client.signal("e", Some("{\"n\":1}"), Timeout::Request, None).is_ok());
    }
    assert_eq!(client.stats().connections_made, 1, "the connection to the proxy is used again");
    for request in service.requests() {
        assert!(request.path().starts_with("/v1/events/e"), "squid makes an ordinary request of it");
        assert_eq!(request.header("anchor-api-key"), Some(KEY));
        assert_eq!(request.header("host"), Some(service.address.to_string().as_str()));
    }
    let at = service.address.to_string();
    config.set_connect_to(&at, &at).unwrap().set_retries(0);
    let error = way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap_err();
    assert_eq!(error.status(), Status::NotSent, "{error:?}");
    assert!(error.message().contains("the proxy answered HTTP 403"), "{error:?}");
}

fn waits_through_a_restart(ground: &mut Ground<'_>) -> Option<Seen> {
    let mut program = squid()?;
    let client = client(&program, ground, keeps_on);
    Some(ground.wait_signaled_after_the_loss_of_its_request(&client, || {
        program.stop();
        program.start_again();
    }))
}

fn signals_through_a_restart(ground: &mut Ground<'_>) -> Option<Seen> {
    let mut program = squid()?;
    let client = client(&program, ground, keeps_on);
    program.stop();
    Some(ground.send_until_the_end_of(&client, || {
        until("a refused connection", || client.stats().retries > 0);
        program.start_again();
    }))
}

fn waits_as_it_dies(ground: &mut Ground<'_>) -> Option<Seen> {
    let mut program = squid()?;
    let client = client(&program, ground, |_| {});
    let wait = ground.way.begin(&client, &ground.event, Some(TIMEOUT * 5));
    ground.service.until_holding(&ground.event);
    program.stop();
    let over = Instant::now();
    let results = vec![wait.end()];
    Some(Seen { results, took: over.elapsed(), signaled: 0, unanswered: client.stats().unanswered })
}

fn asks_for_what_is_not_there(ground: &mut Ground<'_>, operation: Operation) -> Option<Seen> {
    let program = squid()?;
    let nowhere = ReservedPort::bind();
    let mut config = ground.config(&format!("http://{}", nowhere.address()));
    config.set_allow_http(true).set_proxy(&format!("http://127.0.0.1:{}", program.port)).unwrap();
    Some(ground.call(&Client::new(&config).unwrap(), operation))
}
