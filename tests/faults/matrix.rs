//! docs/faults.md, which is generated from what the tests of this program expect, so that it says no more than they show.
//! `make faults` writes it.

use super::case::{Case, Expected};
use super::table::{Outcome, Section, Signal, Wait};
use super::{answers, certificates, connections, forwards, gateways, network, statuses, tls, tunnels};
use anchor::Status;
use std::fmt::Write;

#[test]
fn the_documentation_lists_every_case() {
    let file = testkit::root().join("docs/faults.md");
    let text = document();
    if std::env::var("ANCHOR_ACCEPT_FAULTS").is_ok_and(|value| value == "1") {
        std::fs::write(&file, &text).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "docs/faults.md is not what the tests expect; `make faults` writes it");
}

const HEAD: &str = "# What goes wrong, and what a call makes of it

Written by `make faults` from the tests in [tests/faults](../tests/faults), which hold every line of it. A wait is a blocking call, a
started wait and a wait on a queue: the outcome is the same.

A cell is the status that the caller gets. *maybe consumed* is `maybeConsumed` in the error: the event may have been handed
to a request that was never answered, or the signal delivered. *n requests* is how many were made or tried, with
`anchor_config_set_retries(1)`.
";

const PLAYED: &str = "
## Real programs and real networks

The service is `anchor-events serve`, and a client of it that nothing is in the way of counts the events. In each line what was
signaled is delivered, or still with the service, or lost as the last column says, and then the client has told it by
`maybeConsumed` or counted it as `unanswered`; no event is delivered twice. A signal that succeeded was delivered once, one
that was maybe consumed at most once, any other one not at all.

The calls have 4 s, a grace of 0.5 s, a request timeout of 3 s and the default retries; more time and retries where a program
has to start first or packets are lost. *A moment* is counted from when the fault is over and the event there. nginx and haproxy
terminate TLS; squid and tinyproxy tunnel by CONNECT, microsocks and dante by SOCKS5; the squid that forwards gets the requests
themselves, with the settings of its package.
The networks are namespaces on one machine, joined by two TUN devices; what carries the packets between these loses, delays
and doubles them, as netem would, which not every kernel has. Links go down by `ip link`, packets are dropped and refused by
nftables, and the NAT is the kernel's connection tracking.

";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for section in sections() {
        let heads = "| | a wait | a signal |\n| --- | --- | --- |";
        write!(text, "\n## {}\n\n{heads}\n", section.title).unwrap();
        for line in merged(section) {
            writeln!(text, "| {} | {} | {} |", line.names.join(", "), cell(line.wait), cell(line.signal)).unwrap();
        }
    }
    text += PLAYED;
    text += "| by | what happens | a wait | back after | a signal | back after | events lost |\n";
    text += "| --- | --- | --- | --- | --- | --- | --- |\n";
    let played = gateways::cases()
        .into_iter()
        .chain(certificates::cases())
        .chain(tunnels::cases())
        .chain(forwards::cases())
        .chain(network::cases())
        .collect();
    for line in paired(played) {
        text += &line.text();
    }
    text
}

/// All that a scripted server does.
pub fn sections() -> impl Iterator<Item = Section> {
    statuses::rows().into_iter().chain(answers::rows()).chain(connections::rows()).chain(tls::rows())
}

/// Rows with the same outcome.
struct Line {
    names: Vec<String>,
    wait: Option<Outcome>,
    signal: Option<Outcome>,
}

fn merged(section: Section) -> Vec<Line> {
    let mut named: Vec<Line> = Vec::new();
    for row in section.rows {
        let at = named.iter().position(|line| line.names[0] == row.name).unwrap_or_else(|| {
            named.push(Line { names: vec![row.name], wait: None, signal: None });
            named.len() - 1
        });
        let outcome = if row.operation == Wait { &mut named[at].wait } else { &mut named[at].signal };
        let before = outcome.replace(row.expected);
        assert!(
            before.is_none_or(|before| before == row.expected),
            "one name for different rows: {:?}",
            named[at].names
        );
    }
    let mut lines: Vec<Line> = Vec::new();
    for mut line in named {
        match lines.iter_mut().find(|other| [other.wait, other.signal].map(cell) == [line.wait, line.signal].map(cell))
        {
            Some(same) => same.names.append(&mut line.names),
            None => lines.push(line),
        }
    }
    lines
}

fn cell(outcome: Option<Outcome>) -> String {
    let Some(outcome) = outcome else { return String::new() };
    let mut text = ended((outcome.status, outcome.maybe_consumed));
    if outcome.attempts > 1 {
        write!(text, ", {} requests", outcome.attempts).unwrap();
    }
    text
}

fn ended((status, maybe_consumed): (Status, bool)) -> String {
    format!("`{}`{}", status.name().trim_start_matches("ANCHOR_"), if maybe_consumed { ", maybe consumed" } else { "" })
}

/// The cases of one fault.
struct Pair {
    by: &'static str,
    fault: &'static str,
    wait: Option<Expected>,
    signal: Option<Expected>,
}

fn paired(cases: Vec<Case>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for case in cases {
        let at = pairs.iter().position(|pair| (pair.by, pair.fault) == (case.by, case.fault)).unwrap_or_else(|| {
            pairs.push(Pair { by: case.by, fault: case.fault, wait: None, signal: None });
            pairs.len() - 1
        });
        match case.operation {
            Wait => pairs[at].wait = Some(case.expected),
            Signal => pairs[at].signal = Some(case.expected),
        }
    }
    pairs
}

impl Pair {
    fn text(&self) -> String {
        let [wait, signal] = [self.wait, self.signal].map(|expected| {
            let outcomes = expected.map(|it| it.outcomes.iter().map(|outcome| ended(*outcome)).collect::<Vec<_>>());
            let within = expected.map(|it| it.within.text());
            format!("{} | {}", outcomes.unwrap_or_default().join(" or "), within.unwrap_or_default())
        });
        let lost = if self.wait.is_some_and(|expected| expected.lost > 0) { "at most one" } else { "none" };
        format!("| {} | {} | {wait} | {signal} | {lost} |\n", self.by, self.fault)
    }
}
