//! A client on a host of its own, which is a network namespace, and what a network does to its packets: it loses, delays,
//! repeats and reorders them; a link goes down, a black hole, a firewall that refuses, a NAT that forgets.

use super::case::{
    Case, DELIVERED, Expected, Ground, Seen, TIMEOUT, Within, case, check, data, ends, keeps_on, played,
};
use super::link::{Link, Quality, tun};
use super::table::{Operation, Signal, Wait};
use anchor::{Client, Config, Status, Timeout};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use testkit::local_server::LocalServer;
use testkit::sandbox::among_variants_inside;
use testkit::way::{Way, each_way};
use testkit::{tools, until};

/// Each case runs in a process of its own: its network is that of all the threads which call from there.
#[each_way]
fn network_faults_during_a_call(way: Way) {
    if !Command::new("nft").arg("--version").output().is_ok_and(|run| run.status.success()) {
        tools::missing("nft");
        return;
    }
    if !Path::new("/dev/net/tun").exists() {
        tools::missing("/dev/net/tun");
        return;
    }
    testkit::local_server::prepare();
    let mut cases = played(way, cases());
    let test = way.of("network::network_faults_during_a_call");
    let Some(number) = among_variants_inside(&test, cases.len()) else { return };
    check(way, &LocalServer::start(&["--host", "0.0.0.0"]), vec![cases.swap_remove(number)]);
}

const TUN: &str = "two TUN devices";
const IP: &str = "ip link";
const NFT: &str = "nftables";
const CONNTRACK: &str = "conntrack";

/// How long the NAT remembers a connection on which nothing moves.
const MEMORY: Duration = Duration::from_secs(2);

pub fn cases() -> Vec<Case> {
    const GONE: Expected = ends(&[(Status::Timeout, true)], Within::DeadlineAndGrace).losing_one();
    const LOST: Expected = ends(&[(Status::ConnectionLost, true)], Within::RequestTimeout);
    const UNSENT: Expected = ends(&[(Status::NotSent, false)], Within::RequestTimeout);
    const REFUSED: Expected = ends(&[(Status::NotSent, false)], Within::Retries);
    const LATER: Expected = ends(&[(Status::Ok, false)], Within::Retries);
    let (down_up, down) = ("the link goes down for a second", "the link goes down for good, after the request");
    let (hole, pit) = ("every packet is dropped for 1.5 s", "every packet is dropped from then on");
    let refuse = "each connection is refused by a firewall's RST";
    let (nat, slices) = ("a NAT forgets what is idle for 2 s", "the same, with slices of 0.4 s");
    let mut cases: Vec<Case> = qualities().into_iter().flat_map(|(what, quality)| poor_link(what, quality)).collect();
    cases.extend([
        case(down_up, IP, Wait, DELIVERED, waits_while_the_link_is_down),
        case(down_up, IP, Signal, LATER, signals_while_the_link_is_down),
        case(down, IP, Wait, GONE, |ground| waits_for_what_is_lost(ground, || ip("link set there down"))),
        case(down, IP, Signal, LOST, |ground| signals_into(ground, || {}, || ip("link set there down"))),
        case(hole, NFT, Wait, DELIVERED, waits_through_a_black_hole),
        case(hole, NFT, Signal, LATER, signals_through_a_black_hole),
        case(pit, NFT, Wait, GONE, |ground| waits_for_what_is_lost(ground, drop_all)),
        case(pit, NFT, Signal, UNSENT, signals_into_a_black_hole),
        case(refuse, NFT, Wait, REFUSED, |ground| refused(ground, Wait)),
        case(refuse, NFT, Signal, REFUSED, |ground| refused(ground, Signal)),
        case(nat, CONNTRACK, Wait, GONE, waits_behind_a_nat),
        case(nat, CONNTRACK, Signal, LOST, |ground| signals_into(ground, forget_what_is_idle, until_forgotten)),
        case(slices, CONNTRACK, Wait, DELIVERED, waits_in_slices_behind_a_nat),
    ]);
    cases
}

fn qualities() -> [(&'static str, Quality); 4] {
    let none = Quality::default();
    [
        ("a tenth of the packets is lost", Quality { loss: 10, ..none }),
        ("packets take 20 to 120 ms and overtake each other", Quality { delay_ms: (20, 120), ..none }),
        ("a fifth of the packets comes twice", Quality { duplicates: 20, ..none }),
        ("all of these at once", Quality { loss: 10, duplicates: 20, delay_ms: (20, 120) }),
    ]
}

fn poor_link(what: &'static str, quality: Quality) -> [Case; 2] {
    const ALL: Expected = ends(&[(Status::Ok, false)], Within::LongDeadline);
    [
        case(what, TUN, Wait, ALL, move |ground| Some(on_a_host(ground, quality, keeps_on, takes_all))),
        case(what, TUN, Signal, ALL, move |ground| Some(on_a_host(ground, quality, keeps_on, sends_all))),
    ]
}

const CALLS: u64 = 8;

fn takes_all(ground: &Ground<'_>, client: &Client) -> Seen {
    (0..CALLS).for_each(|number| ground.signal(number));
    let began = Instant::now();
    let results = (0..CALLS).map(|_| ground.way.wait(client, &ground.event, Some(TIMEOUT * 5))).collect();
    let unanswered = client.stats().unanswered;
    Seen { results, took: began.elapsed() / CALLS as u32, signaled: CALLS, unanswered }
}

fn sends_all(ground: &Ground<'_>, client: &Client) -> Seen {
    let began = Instant::now();
    let results =
        (0..CALLS).map(|number| client.signal(&ground.event, Some(&data(number)), Timeout::Request, None)).collect();
    Seen { results, took: began.elapsed() / CALLS as u32, ..Seen::default() }
}

/// Plays on a host of its own: on a thread in a network namespace of its own, linked to that of the service.
fn on_a_host(
    ground: &Ground<'_>,
    quality: Quality,
    tweak: fn(&mut Config),
    play: impl FnOnce(&Ground<'_>, &Client) -> Seen + Send,
) -> Seen {
    let here = tun("here");
    ip("addr add 10.7.0.1/30 dev here");
    ip("link set here up");
    let mut config = ground.config(&format!("http://10.7.0.1:{}", ground.service.socket_address().port()));
    tweak(&mut config);
    let on_it = move || {
        // SAFETY: no pointers are passed.
        assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNET) }, 0);
        let there = tun("there");
        ip("link set lo up");
        ip("addr add 10.7.0.2/30 dev there");
        ip("link set there up");
        let link = Link::between([here, there], quality);
        let client = Client::new(&config).unwrap();
        let seen = play(ground, &client);
        // An orderly end: the service would take a reset for an answer that was not read.
        drop(client);
        thread::sleep(Duration::from_millis(700));
        drop(link);
        seen
    };
    thread::scope(|scope| scope.spawn(on_it).join().unwrap())
}

fn ip(arguments: &str) {
    let run = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(run.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&run.stderr));
}

fn nft(rules: &str) {
    let run = Command::new("nft").arg(rules).output().unwrap();
    assert!(run.status.success(), "nft {rules}: {}", String::from_utf8_lossy(&run.stderr));
}

/// One verdict for both directions.
fn filter(verdict: &str) {
    let chain = |hook: &str| {
        format!(
            "add chain inet fault {hook} {{ type filter hook {hook} priority 0; }}; add rule inet fault {hook} {verdict};"
        )
    };
    nft(&format!("add table inet fault; {} {}", chain("input"), chain("output")));
}

fn drop_all() {
    filter("drop");
}

fn drop_none() {
    nft("delete table inet fault");
}

fn on_a_good_link(ground: &Ground<'_>, play: impl FnOnce(&Ground<'_>, &Client) -> Seen + Send) -> Option<Seen> {
    on_a_good_link_with(|_| {}, ground, play)
}

fn on_a_good_link_with(
    tweak: fn(&mut Config),
    ground: &Ground<'_>,
    play: impl FnOnce(&Ground<'_>, &Client) -> Seen + Send,
) -> Option<Seen> {
    Some(on_a_host(ground, Quality::default(), tweak, play))
}

fn waits_while_the_link_is_down(ground: &mut Ground<'_>) -> Option<Seen> {
    on_a_good_link(ground, |ground, client| {
        ground.wait_signaled_after(client, || {
            ip("link set there down");
            thread::sleep(Duration::from_secs(1));
            ip("link set there up");
        })
    })
}

fn signals_while_the_link_is_down(ground: &mut Ground<'_>) -> Option<Seen> {
    on_a_good_link_with(keeps_on, ground, |ground, client| {
        ip("link set there down");
        ground.send_until_the_end_of(client, || {
            thread::sleep(Duration::from_secs(1));
            ip("link set there up");
        })
    })
}

/// The event is handed to a request whose answer can never come.
fn waits_for_what_is_lost(ground: &mut Ground<'_>, fault: fn()) -> Option<Seen> {
    on_a_good_link(ground, |ground, client| ground.wait_cut_off_by(client, fault))
}

/// The first call leaves a good connection behind, on which the second one gets no answer.
fn signals_into(ground: &mut Ground<'_>, before: fn(), fault: fn()) -> Option<Seen> {
    on_a_good_link(ground, |ground, client| {
        before();
        // A busy machine may not answer within the usual request timeout.
        let signal = || client.signal(&ground.event, Some(&data(1)), Timeout::Request, None);
        until("an answer, which leaves a connection", || signal().is_ok());
        fault();
        ground.send(client)
    })
}

fn for_a_while_then_drop_none() {
    thread::sleep(Duration::from_millis(1500));
    drop_none();
}

fn waits_through_a_black_hole(ground: &mut Ground<'_>) -> Option<Seen> {
    on_a_good_link(ground, |ground, client| {
        ground.wait_signaled_before_the_end_of(client, drop_all, for_a_while_then_drop_none)
    })
}

fn signals_through_a_black_hole(ground: &mut Ground<'_>) -> Option<Seen> {
    on_a_good_link_with(keeps_on, ground, |ground, client| {
        drop_all();
        ground.send_until_the_end_of(client, for_a_while_then_drop_none)
    })
}

fn signals_into_a_black_hole(ground: &mut Ground<'_>) -> Option<Seen> {
    on_a_good_link(ground, |ground, client| {
        drop_all();
        ground.send(client)
    })
}

fn refused(ground: &mut Ground<'_>, operation: Operation) -> Option<Seen> {
    on_a_good_link(ground, move |ground, client| {
        filter("tcp flags syn reject with tcp reset");
        ground.call(client, operation)
    })
}

/// The NAT forgets a connection that was quiet for a while, and then drops its packets in both directions without an RST.
fn forget_what_is_idle() {
    filter("ct state invalid drop");
    let settings = "/proc/sys/net/netfilter/nf_conntrack_tcp";
    std::fs::write(format!("{settings}_timeout_established"), MEMORY.as_secs().to_string()).unwrap();
    std::fs::write(format!("{settings}_loose"), "0").unwrap();
}

fn until_forgotten() {
    thread::sleep(MEMORY + Duration::from_millis(500));
}

fn waits_behind_a_nat(ground: &mut Ground<'_>) -> Option<Seen> {
    on_a_good_link(ground, |ground, client| {
        forget_what_is_idle();
        ground.wait_cut_off_by(client, until_forgotten)
    })
}

/// Each slice sends something, so that the NAT remembers the connection.
fn waits_in_slices_behind_a_nat(ground: &mut Ground<'_>) -> Option<Seen> {
    let slices = |config: &mut Config| {
        config.set_slice(Duration::from_millis(400)).unwrap();
    };
    on_a_good_link_with(slices, ground, |ground, client| {
        forget_what_is_idle();
        ground.wait_signaled_after(client, until_forgotten)
    })
}
