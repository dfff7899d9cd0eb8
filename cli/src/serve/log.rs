//! Writes the journal to stderr: lines for people, or one JSON object per line.
//!
//! Nothing waits for the log. If stderr is read too slowly, lines are dropped and counted.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;

use crate::args::LogFormat;
use crate::serve::broker::{Activity, Journal, Record, Topic};

/// Whether somebody reads the log on a terminal, as text.
pub fn is_for_people(format: Option<LogFormat>) -> bool {
    io::stderr().is_terminal() && or_default(format) == LogFormat::Text
}

/// Writes the journal until the server stops. Warnings are always written.
pub fn follow(journal: &Arc<Journal>, format: Option<LogFormat>) -> JoinHandle<()> {
    let format = or_default(format);
    let records = journal.listen();
    tokio::task::spawn_blocking(move || write_all(records, format))
}

fn or_default(format: Option<LogFormat>) -> LogFormat {
    format.unwrap_or_else(|| if io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Off })
}

fn write_all(mut records: Receiver<Record>, format: LogFormat) {
    loop {
        let record = match records.blocking_recv() {
            Ok(record) => record,
            Err(RecvError::Lagged(count)) => {
                let _ = writeln!(io::stderr(), "{}", missed(count, format));
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        if let Some(line) = line(&record, format) {
            // A closed stderr does not stop the server.
            let _ = writeln!(io::stderr(), "{line}");
        }
        if matches!(record.activity, Activity::Stopped { .. }) {
            return;
        }
    }
}

fn line(record: &Record, format: LogFormat) -> Option<String> {
    match format {
        LogFormat::Json => serde_json::to_string(record).ok(),
        LogFormat::Text => Some(text(record)),
        LogFormat::Off => match &record.activity {
            Activity::Warning { message } => Some(format!("anchor-events: warning: {message}")),
            _ => None,
        },
    }
}

fn missed(count: u64, format: LogFormat) -> String {
    match format {
        LogFormat::Json => format!(r#"{{"kind":"missed","entries":{count}}}"#),
        LogFormat::Text | LogFormat::Off => format!("anchor-events: {count} log lines were missed"),
    }
}

fn text(record: &Record) -> String {
    let time = humantime::format_rfc3339_millis(record.time).to_string();
    let clock = time.get(11..23).unwrap_or(&time);
    let (what, who, more) = words(&record.activity);
    format!("{clock}  {what:<10} {who}  {more}").trim_end().to_owned()
}

/// What happened, to what, and details.
fn words(activity: &Activity) -> (&'static str, String, String) {
    match activity {
        Activity::Started { url } => ("started", url.clone(), "open it in a browser; Ctrl-C ends it".into()),
        Activity::Warning { message } => ("warning", message.clone(), String::new()),
        Activity::Queued { topic, id, bytes } => ("queued", name(topic), format!("signal {id}, {bytes} bytes")),
        Activity::Handed { topic, id, wait, .. } => ("handed", name(topic), format!("signal {id} to wait {wait}")),
        Activity::Waiting { topic, wait, timeout_ms, .. } => {
            ("waiting", name(topic), format!("wait {wait}, for {}", seconds(*timeout_ms)))
        }
        Activity::Taken { topic, id } => ("taken", name(topic), format!("signal {id}")),
        Activity::Delivered { topic, id } => ("delivered", name(topic), format!("signal {id}")),
        Activity::Returned { topic, id } => ("returned", name(topic), format!("signal {id} was not received")),
        Activity::TimedOut { topic, wait, waited_ms } => ("timed out", name(topic), waited(*wait, *waited_ms)),
        Activity::HungUp { topic, wait, waited_ms } => ("hung up", name(topic), waited(*wait, *waited_ms)),
        Activity::Dismissed { topic, wait, waited_ms } => ("dismissed", name(topic), waited(*wait, *waited_ms)),
        Activity::Expired { topic, id } => ("expired", name(topic), format!("signal {id}")),
        Activity::Fault { topic, fault } => ("fault", name(topic), fault.clone()),
        Activity::Refused { status, message, peer } => {
            ("refused", format!("{status} {message}"), format!("from {peer}"))
        }
        Activity::Stopped { queued: 0 } => ("stopped", String::new(), String::new()),
        Activity::Stopped { queued } => ("stopped", format!("{queued} queued signals are gone"), String::new()),
    }
}

/// A name may contain any character. Quoted, it cannot forge a line or move the cursor.
fn name(topic: &Topic) -> String {
    format!("{:?} of account {}", topic.name, topic.account)
}

fn waited(wait: u64, waited_ms: u64) -> String {
    format!("wait {wait}, after {}", seconds(waited_ms))
}

fn seconds(ms: u64) -> String {
    if ms < 10_000 { format!("{:.1} s", ms as f64 / 1000.0) } else { format!("{} s", ms / 1000) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::serve::broker::Account;

    fn record(activity: Activity) -> Record {
        Record { number: 1, time: SystemTime::UNIX_EPOCH + Duration::from_millis(1234), activity }
    }

    #[test]
    fn a_line_for_people_tells_when_what_and_to_whom() {
        let topic = Topic { account: Account::new(1), name: "mfa".into() };
        let line = text(&record(Activity::Queued { topic, id: 4, bytes: 20 }));
        assert_eq!(line, "00:00:01.234  queued     \"mfa\" of account 1  signal 4, 20 bytes");
    }

    #[test]
    fn a_name_cannot_forge_a_line() {
        let topic = Topic { account: Account::new(1), name: "a\nb\u{1b}[2J".into() };
        let line = text(&record(Activity::Expired { topic, id: 4 }));
        assert!(!line.contains(['\n', '\u{1b}']), "{line:?}");
    }

    #[test]
    fn warnings_are_written_even_if_the_log_is_off() {
        let warning = record(Activity::Warning { message: "exposed".into() });
        assert_eq!(line(&warning, LogFormat::Off).unwrap(), "anchor-events: warning: exposed");
        assert_eq!(line(&record(Activity::Stopped { queued: 0 }), LogFormat::Off), None);
    }
}
