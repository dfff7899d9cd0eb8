//! A started or queued wait reports what a blocking call does, to the word: the error as JSON, and the counts of its client.

use super::matrix::sections;
use super::table::{Played, Row, Wait, report_all};
use testkit::way::Way;

#[test]
fn a_started_wait_reports_what_a_blocking_call_does() {
    let rows = sections().flat_map(|section| section.rows).filter(|row| row.operation == Wait);
    report_all(rows, |row| {
        let [blocking, started, queued] = [Way::Blocking, Way::Started, Way::Queued].map(|way| report(row, way));
        (blocking != started || blocking != queued)
            .then(|| format!("{}\n  blocking {blocking}\n   started {started}\n    queued {queued}", row.name))
    });
}

/// Without what differs from run to run: times, the clock, ports, and how many bytes came before a connection broke.
fn report(row: &Row, way: Way) -> String {
    let Played { server, client, result } = row.play(way);
    let outcome = result.map_or_else(|error| error.to_json(), |_| "\"an event\"".to_owned());
    let [mut outcome, mut stats] = [outcome, client.stats().to_json()].map(|json| {
        let json = json.replace(&format!(":{}", server.address.port()), ":PORT");
        serde_json::from_str::<serde_json::Value>(&json).expect("JSON")
    });
    if let Some(error) = outcome.get_mut("error").and_then(serde_json::Value::as_object_mut) {
        error.remove("elapsedMs").expect("each error has it");
        let message = error["message"].as_str().expect("each error has it");
        error["message"] = without_the_clock(message).into();
    }
    let counts = stats.as_object_mut().expect("an object");
    counts.retain(|name, _| !name.starts_with("bytes"));
    format!("{outcome} {stats}")
}

/// What is said of a certificate that has expired ends with the time now, in seconds.
fn without_the_clock(message: &str) -> String {
    message.split_once("clock says ").map_or(message, |(before, _)| before).to_owned()
}
