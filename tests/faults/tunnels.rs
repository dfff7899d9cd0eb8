//! squid and tinyproxy, real programs that tunnel with CONNECT, when they fail.

use super::case::{Case, DELIVERED, Expected, Ground, Seen, TIMEOUT, Within, case, check, ends, keeps_on, played};
use super::program::Program;
use super::proxies::{LONG, tls_service};
use super::table::{Operation, Signal, Wait};
use anchor::{Client, Config, Status, Timeout};
use std::time::Instant;
use testkit::addresses::Refusing;
use testkit::local_server::LocalServer;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::EVENT;
use testkit::settings::config;
use testkit::until;
use testkit::way::{Way, each_way};

#[each_way]
fn tunnel_faults_during_a_call(way: Way) {
    check(way, &LocalServer::start(&[]), played(way, cases()));
}

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [Tunnel::Squid, Tunnel::Tinyproxy].into_iter().flat_map(cases_of).collect();
    let stranger = "does not know the caller: 407";
    cases.extend([Wait, Signal].map(|operation| {
        case(stranger, "tinyproxy", operation, UNSENT, move |ground| asks_as_a_stranger(ground, operation))
    }));
    cases
}

const UNSENT: Expected = ends(&[(Status::NotSent, false)], Within::Retries);

fn cases_of(tunnel: Tunnel) -> Vec<Case> {
    let by = tunnel.name();
    let dead = ends(&[(Status::ConnectionLost, true)], Within::Retries);
    let later = ends(&[(Status::Ok, false)], Within::Retries);
    let (restart, death, unreachable) =
        ("is killed and started again", "is killed after the request", "cannot reach the service");
    vec![
        case(restart, by, Wait, DELIVERED, move |ground| waits_through_a_restart(tunnel, ground)),
        case(restart, by, Signal, later, move |ground| signals_through_a_restart(tunnel, ground)),
        case(death, by, Wait, dead, move |ground| waits_as_it_dies(tunnel, ground)),
        case(unreachable, by, Wait, UNSENT, move |ground| asks_for_what_is_not_there(tunnel, ground, Wait)),
        case(unreachable, by, Signal, UNSENT, move |ground| asks_for_what_is_not_there(tunnel, ground, Signal)),
    ]
}

#[derive(Clone, Copy)]
enum Tunnel {
    Squid,
    Tinyproxy,
}

impl Tunnel {
    fn name(self) -> &'static str {
        match self {
            Tunnel::Squid => "squid",
            Tunnel::Tinyproxy => "tinyproxy",
        }
    }

    fn start(self) -> Option<Program> {
        match self {
            Tunnel::Squid => squid(),
            Tunnel::Tinyproxy => tinyproxy(),
        }
    }

    fn url(self, program: &Program) -> String {
        let credentials = if matches!(self, Tunnel::Tinyproxy) { "someone:pass-word@" } else { "" };
        format!("http://{credentials}127.0.0.1:{}", program.port)
    }

    /// A client that reaches the service through the tunnel only.
    fn client(self, program: &Program, ground: &Ground<'_>, tweak: fn(&mut Config)) -> Client {
        let mut config = ground.config(&ground.service.url);
        config.set_allow_http(true).set_proxy(&self.url(program)).unwrap();
        tweak(&mut config);
        Client::new(&config).unwrap()
    }
}

fn squid() -> Option<Program> {
    Program::start("squid", &["-N", "-f"], |port, directory| {
        let directory = directory.display();
        format!(
            "http_port 127.0.0.1:{port}\nhttp_access allow all\ncache deny all\npid_filename none\n\
             cache_log /dev/null\naccess_log none\ncache_store_log none\ncoredump_dir {directory}\nshutdown_lifetime 0\n\
             pinger_enable off\n"
        )
    })
}

fn tinyproxy() -> Option<Program> {
    Program::start("tinyproxy", &["-d", "-c"], |port, _| {
        format!(
            "Listen 127.0.0.1\nPort {port}\nTimeout 60\nMaxClients 20\nBasicAuth someone pass-word\nLogLevel Critical\n"
        )
    })
}

#[each_way]
fn many_calls_share_one_tunnel(way: Way) {
    for tunnel in [Tunnel::Squid, Tunnel::Tinyproxy] {
        let Some(program) = tunnel.start() else { continue };
        let service = ScriptedServer::always(tls_service().to_vec());
        let client = Client::new(config(&service.https()).set_proxy(&tunnel.url(&program)).unwrap()).unwrap();
        for _ in 0..3 {
            assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
            assert!(client.signal("e", Some("{\"n\":1}"), Timeout::Request, None).is_ok());
        }
        assert_eq!(service.connections(), 1, "a tunnel is used again");
    }
}

fn waits_through_a_restart(tunnel: Tunnel, ground: &mut Ground<'_>) -> Option<Seen> {
    let mut program = tunnel.start()?;
    let client = tunnel.client(&program, ground, keeps_on);
    Some(ground.wait_signaled_after_the_loss_of_its_request(&client, || {
        program.stop();
        program.start_again();
    }))
}

fn signals_through_a_restart(tunnel: Tunnel, ground: &mut Ground<'_>) -> Option<Seen> {
    let mut program = tunnel.start()?;
    let client = tunnel.client(&program, ground, keeps_on);
    program.stop();
    Some(ground.send_until_the_end_of(&client, || {
        until("a refused connection", || client.stats().retries > 0);
        program.start_again();
    }))
}

/// The wait is sent again, in vain, and reports both failures.
fn waits_as_it_dies(tunnel: Tunnel, ground: &mut Ground<'_>) -> Option<Seen> {
    let mut program = tunnel.start()?;
    let client = tunnel.client(&program, ground, |_| {});
    let wait = ground.way.begin(&client, &ground.event, Some(TIMEOUT * 5));
    ground.service.until_holding(&ground.event);
    program.stop();
    let over = Instant::now();
    let results = vec![wait.end()];
    Some(Seen { results, took: over.elapsed(), signaled: 0, unanswered: client.stats().unanswered })
}

fn asks_for_what_is_not_there(tunnel: Tunnel, ground: &mut Ground<'_>, operation: Operation) -> Option<Seen> {
    let program = tunnel.start()?;
    let nowhere = Refusing::bind();
    let mut config = ground.config(&format!("http://{}", nowhere.address()));
    let client = Client::new(config.set_allow_http(true).set_proxy(&tunnel.url(&program)).unwrap()).unwrap();
    Some(ground.call(&client, operation))
}

fn asks_as_a_stranger(ground: &mut Ground<'_>, operation: Operation) -> Option<Seen> {
    let program = tinyproxy()?;
    let mut config = ground.config(&ground.service.url);
    config.set_allow_http(true).set_proxy(&format!("http://someone:wrong@127.0.0.1:{}", program.port)).unwrap();
    Some(ground.call(&Client::new(&config).unwrap(), operation))
}
