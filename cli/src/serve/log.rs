//! The journal on stderr: lines for people, or one JSON object a line.
//!
//! Nothing waits for the log: who reads stderr too slowly misses lines, and is told how many.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;

use crate::args::LogFormat;
use crate::serve::broker::{Entry, Journal, Topic, What};

/// Writes the journal until it ends. Warnings are written in any case.
pub fn follow(journal: &Arc<Journal>, format: Option<LogFormat>) -> JoinHandle<()> {
    let format = format.unwrap_or_else(|| if io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Off });
    let entries = journal.listen();
    tokio::task::spawn_blocking(move || write_all(entries, format))
}

fn write_all(mut entries: Receiver<Entry>, format: LogFormat) {
    loop {
        let entry = match entries.blocking_recv() {
            Ok(entry) => entry,
            Err(RecvError::Lagged(count)) => {
                let _ = writeln!(io::stderr(), "{}", missed(count, format));
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        if let Some(line) = line(&entry, format) {
            // A closed stderr is no reason to stop serving.
            let _ = writeln!(io::stderr(), "{line}");
        }
        if matches!(entry.what, What::Stopped { .. }) {
            return;
        }
    }
}

fn line(entry: &Entry, format: LogFormat) -> Option<String> {
    match format {
        LogFormat::Json => serde_json::to_string(entry).ok(),
        LogFormat::Text => Some(text(entry)),
        LogFormat::Off => match &entry.what {
            What::Warning { message } => Some(format!("anchor-events: warning: {message}")),
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

fn text(entry: &Entry) -> String {
    let time = humantime::format_rfc3339_millis(entry.time).to_string();
    let clock = time.get(11..23).unwrap_or(&time);
    let (what, who, more) = words(&entry.what);
    format!("{clock}  {what:<10} {who}  {more}").trim_end().to_owned()
}

/// What happened, to what, and the rest.
fn words(what: &What) -> (&'static str, String, String) {
    match what {
        What::Started { url } => ("started", url.clone(), "open it in a browser; Ctrl-C ends it".into()),
        What::Warning { message } => ("warning", message.clone(), String::new()),
        What::Queued { topic, id, bytes } => ("queued", name(topic), format!("signal {id}, {bytes} bytes")),
        What::Handed { topic, id, wait, .. } => ("handed", name(topic), format!("signal {id} to wait {wait}")),
        What::Waiting { topic, wait, timeout_ms, .. } => {
            ("waiting", name(topic), format!("wait {wait}, for {}", seconds(*timeout_ms)))
        }
        What::Taken { topic, id } => ("taken", name(topic), format!("signal {id}")),
        What::Delivered { topic, id } => ("delivered", name(topic), format!("signal {id}")),
        What::Returned { topic, id } => ("returned", name(topic), format!("signal {id} was not received")),
        What::TimedOut { topic, wait, waited_ms } => ("timed out", name(topic), waited(*wait, *waited_ms)),
        What::HungUp { topic, wait, waited_ms } => ("hung up", name(topic), waited(*wait, *waited_ms)),
        What::Dismissed { topic, wait, waited_ms } => ("dismissed", name(topic), waited(*wait, *waited_ms)),
        What::Expired { topic, id } => ("expired", name(topic), format!("signal {id}")),
        What::Fault { topic, fault } => ("fault", name(topic), fault.clone()),
        What::Refused { status, message, peer } => ("refused", format!("{status} {message}"), format!("from {peer}")),
        What::Stopped { queued: 0 } => ("stopped", String::new(), String::new()),
        What::Stopped { queued } => ("stopped", format!("{queued} queued signals are gone"), String::new()),
    }
}

/// A name may hold anything: quoted, it cannot forge a line or move the cursor.
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

    fn entry(what: What) -> Entry {
        Entry { number: 1, time: SystemTime::UNIX_EPOCH + Duration::from_millis(1234), what }
    }

    #[test]
    fn a_line_for_people_tells_when_what_and_to_whom() {
        let topic = Topic { account: Account(1), name: "mfa".into() };
        let line = text(&entry(What::Queued { topic, id: 4, bytes: 20 }));
        assert_eq!(line, "00:00:01.234  queued     \"mfa\" of account 1  signal 4, 20 bytes");
    }

    #[test]
    fn a_name_cannot_forge_a_line() {
        let topic = Topic { account: Account(1), name: "a\nb\u{1b}[2J".into() };
        let line = text(&entry(What::Expired { topic, id: 4 }));
        assert!(!line.contains(['\n', '\u{1b}']), "{line:?}");
    }

    #[test]
    fn warnings_are_written_even_if_the_log_is_off() {
        let warning = entry(What::Warning { message: "exposed".into() });
        assert_eq!(line(&warning, LogFormat::Off).unwrap(), "anchor-events: warning: exposed");
        assert_eq!(line(&entry(What::Stopped { queued: 0 }), LogFormat::Off), None);
    }
}
