//! squid and tinyproxy, which tunnel by CONNECT, and microsocks and dante, which tunnel by SOCKS5: real programs, when they fail.

use super::case::{Case, DELIVERED, Expected, Ground, Seen, TIMEOUT, Within, case, check, ends, keeps_on, played};
use super::program::Program;
use super::proxies::{LONG, tls_service};
use super::table::{Operation, Signal, Wait};
use anchor::{Client, Config, Status, Timeout};
use std::time::Instant;
use testkit::addresses::ReservedPort;
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
    let mut cases: Vec<Case> = ALL.into_iter().flat_map(cases_of).collect();
    for (fault, tunnel) in
        [("does not know the caller: 407", Tunnel::Tinyproxy), ("does not know the caller", Tunnel::Microsocks)]
    {
        cases.extend([Wait, Signal].map(|operation| {
            case(fault, tunnel.name(), operation, UNSENT, move |ground| asks_as_a_stranger(tunnel, ground, operation))
        }));
    }
    cases.extend([Wait, Signal].map(|operation| {
        case("does not allow the connection", "dante", operation, UNSENT, move |ground| asks_in_vain(ground, operation))
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
    /// It looks up the service, and wants a login.
    Microsocks,
    /// It is asked for an address.
    Dante,
}

const ALL: [Tunnel; 4] = [Tunnel::Squid, Tunnel::Tinyproxy, Tunnel::Microsocks, Tunnel::Dante];

impl Tunnel {
    fn name(self) -> &'static str {
        match self {
            Tunnel::Squid => "squid",
            Tunnel::Tinyproxy => "tinyproxy",
            Tunnel::Microsocks => "microsocks",
            Tunnel::Dante => "dante",
        }
    }

    fn start(self) -> Option<Program> {
        match self {
            Tunnel::Squid => squid(),
            Tunnel::Tinyproxy => tinyproxy(),
            Tunnel::Microsocks => microsocks(),
            Tunnel::Dante => dante("pass"),
        }
    }

    fn url(self, program: &Program, password: &str) -> String {
        let at = format!("127.0.0.1:{}", program.port);
        match self {
            Tunnel::Squid => format!("http://{at}"),
            Tunnel::Tinyproxy => format!("http://someone:{password}@{at}"),
            Tunnel::Microsocks => format!("socks5h://someone:{password}@{at}"),
            Tunnel::Dante => format!("socks5://{at}"),
        }
    }

    /// Settings of a client that reaches this plain service through the tunnel only. Without another address to connect to, an
    /// HTTP proxy would get the requests themselves.
    fn config(self, program: &Program, ground: &Ground<'_>, service: &str, password: &str) -> Config {
        let mut config = ground.config(&format!("http://{service}"));
        config.set_allow_http(true).set_proxy(&self.url(program, password)).unwrap();
        config.set_connect_to(service, service).unwrap();
        config
    }

    fn client(self, program: &Program, ground: &Ground<'_>, tweak: fn(&mut Config)) -> Client {
        let mut config = self.config(program, ground, ground.service.address(), PASSWORD);
        tweak(&mut config);
        Client::new(&config).unwrap()
    }
}

const PASSWORD: &str = "pass-word";

fn squid() -> Option<Program> {
    Program::start_squid(|port, directory| {
        let directory = directory.display();
        format!(
            "http_port 127.0.0.1:{port}\nhttp_access allow all\ncache deny all\npid_filename none\n\
             cache_log /dev/null\naccess_log none\ncache_store_log none\ncoredump_dir {directory}\nshutdown_lifetime 0\n\
             pinger_enable off\nmax_filedescriptors 1024\n"
        )
    })
}

fn tinyproxy() -> Option<Program> {
    Program::start("tinyproxy", &["-d", "-c"], |port, _| {
        format!(
            "Listen 127.0.0.1\nPort {port}\nTimeout 60\nMaxClients 20\nBasicAuth someone {PASSWORD}\nLogLevel Critical\n"
        )
    })
}

fn microsocks() -> Option<Program> {
    let arguments = |port: u16| {
        let port = port.to_string();
        ["-i", "127.0.0.1", "-p", &port, "-u", "someone", "-P", PASSWORD].map(str::to_owned).into()
    };
    Program::start_with("microsocks", arguments)
}

/// `rule`: whether it passes or blocks connections.
fn dante(rule: &'static str) -> Option<Program> {
    Program::start("danted", &["-f"], |port, _| {
        format!(
            "logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal: lo\nexternal.rotation: none\n\
             clientmethod: none\nsocksmethod: none\n\
             client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\nsocks {rule} {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n"
        )
    })
}

#[each_way]
fn many_calls_share_one_tunnel(way: Way) {
    for tunnel in ALL {
        let Some(program) = tunnel.start() else { continue };
        let service = ScriptedServer::always(tls_service().to_vec());
        let client = Client::new(config(&service.https()).set_proxy(&tunnel.url(&program, PASSWORD)).unwrap()).unwrap();
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
    let nowhere = ReservedPort::bind();
    let config = tunnel.config(&program, ground, &nowhere.address().to_string(), PASSWORD);
    Some(ground.call(&Client::new(&config).unwrap(), operation))
}

fn asks_as_a_stranger(tunnel: Tunnel, ground: &mut Ground<'_>, operation: Operation) -> Option<Seen> {
    let program = tunnel.start()?;
    let config = tunnel.config(&program, ground, ground.service.address(), "wrong");
    Some(ground.call(&Client::new(&config).unwrap(), operation))
}

fn asks_in_vain(ground: &mut Ground<'_>, operation: Operation) -> Option<Seen> {
    let program = dante("block")?;
    let config = Tunnel::Dante.config(&program, ground, ground.service.address(), "");
    Some(ground.call(&Client::new(&config).unwrap(), operation))
}
