//! The lines that the library passes to the program's log callback: text, or JSON with the same and its fields. What there is to
//! report is decided elsewhere.

use crate::error::Phase;
use crate::json::Object;
use crate::status::Status;
use std::sync::Arc;

/// The importance of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum LogLevel {
    /// A failure after which a call tries again, or a system without certificate authorities.
    Warning = 1,
    /// A wait asks again because the event was not signaled yet.
    Info = 2,
    /// One line for each request.
    Debug = 3,
}

impl LogLevel {
    fn name(self) -> &'static str {
        match self {
            LogLevel::Warning => "warning",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}

type Sink = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// The program's callback, if it has set one, and the form in which it takes lines.
#[derive(Clone, Default)]
pub(crate) struct Log {
    pub sink: Option<Sink>,
    pub json: bool,
}

impl Log {
    /// Passes a line to the callback. `record` is not called if there is none.
    pub fn write<'a>(&self, level: LogLevel, record: impl FnOnce() -> Record<'a>) {
        if let Some(sink) = &self.sink {
            let record = record();
            sink(level, &if self.json { record.json(level) } else { record.text() });
        }
    }
}

/// What a line reports. It holds neither the key nor events' data.
#[derive(Default)]
pub(crate) struct Record<'a> {
    /// An English sentence.
    pub message: String,
    /// What the call does, "wait" or "signal", and the name of its event.
    pub call: Option<(&'static str, &'a str)>,
    /// The number of the request in the call.
    pub attempt: Option<u32>,
    /// How far the request got.
    pub phase: Option<Phase>,
    /// The status of a call that would end with this.
    pub status: Option<Status>,
    /// The HTTP status of the answer.
    pub code: Option<u16>,
    /// How long the call pauses before the next request.
    pub pause_ms: Option<u64>,
}

impl Record<'_> {
    fn text(&self) -> String {
        match self.call {
            // The quotes of Debug keep a line end of a name out of the log.
            Some((operation, event_name)) => format!("{operation} {event_name:?}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// The names are those of an error's JSON.
    fn json(&self, level: LogLevel) -> String {
        let mut object = Object::new();
        object.text("level", level.name());
        if let Some((operation, event_name)) = self.call {
            object.text("operation", operation);
            object.text("eventName", event_name);
        }
        for (name, number) in
            [("attempt", self.attempt.map(u64::from)), ("code", self.code.map(u64::from)), ("pauseMs", self.pause_ms)]
        {
            if let Some(number) = number {
                object.number(name, number);
            }
        }
        for (name, word) in [("phase", self.phase.map(Phase::as_str)), ("status", self.status.map(Status::name))] {
            if let Some(word) = word {
                object.text(name, word);
            }
        }
        object.text("message", &self.message);
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(record: &Record<'_>) -> serde_json::Value {
        let json = record.json(LogLevel::Warning);
        assert!(!json.contains(['\n', '\r', '\0']), "{json}");
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_record_has_the_members_that_are_known() {
        let said = "no answer".to_owned();
        let alone = Record { message: said.clone(), ..Record::default() };
        assert_eq!(alone.text(), "no answer");
        assert_eq!(line(&alone), serde_json::json!({"level": "warning", "message": "no answer"}));
        let whole = Record {
            message: said,
            call: Some(("wait", "e")),
            attempt: Some(2),
            phase: Some(Phase::Receive),
            status: Some(Status::ServerError),
            code: Some(503),
            pause_ms: Some(150),
        };
        assert_eq!(whole.text(), "wait \"e\": no answer");
        assert_eq!(
            line(&whole),
            serde_json::json!({
                "level": "warning", "operation": "wait", "eventName": "e", "attempt": 2, "phase": "receive",
                "status": "ANCHOR_SERVER_ERROR", "code": 503, "pauseMs": 150, "message": "no answer",
            })
        );
    }

    #[test]
    fn a_name_cannot_forge_a_line_or_a_member() {
        let name = "a\",\"level\":\"x\n\r\0\u{1b}[2J";
        let record = Record { call: Some(("signal", name)), ..Record::default() };
        assert!(!record.text().contains(['\n', '\r', '\0', '\u{1b}']));
        assert_eq!((&line(&record)["eventName"], &line(&record)["level"]), (&name.into(), &"warning".into()));
    }

    #[test]
    fn without_a_callback_no_record_is_made() {
        Log::default().write(LogLevel::Debug, || unreachable!("nobody reads it"));
    }
}
