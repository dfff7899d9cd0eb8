//! One fault rule: what goes wrong, for which requests, and how it is written.
//!
//! A rule reads `NAME=FAULT[,times=N][,on=wait|signal|both]`. Which rule applies to a request is in
//! `faults/mod.rs`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::StatusCode;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is carried out, and the connection is closed without an answer.
    DropAfterConsume,
    /// The request is carried out, and the answer breaks off in the middle.
    CutBody,
    /// The request is read and never answered. It is not carried out.
    Hang,
    /// The answer is this status in the API's error format. The request is not carried out.
    Status(StatusCode),
    /// The answer is this status with an HTML page, as from a gateway. The request is not carried out.
    Html(StatusCode),
    /// The answer is sent slowly.
    Slow { bytes: usize, per: Duration },
    /// The event is delivered to this wait and to the next one.
    Duplicate,
}

/// When a fault is injected: in place of carrying the request out, or into its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Request,
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Wait,
    Signal,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `*` is every name.
    name: String,
    pub(super) fault: Fault,
    /// How often it still applies; `None` is without a limit.
    pub(super) times: Option<u32>,
    /// `None` is both.
    on: Option<Operation>,
}

impl Rule {
    pub(super) fn fits(&self, name: &str, operation: Operation, stage: Stage) -> bool {
        (self.name == "*" || self.name == name)
            && self.on.is_none_or(|on| on == operation)
            && self.fault.stage() == stage
    }
}

impl Fault {
    fn stage(self) -> Stage {
        match self {
            Self::Hang | Self::Status(_) | Self::Html(_) => Stage::Request,
            Self::DropAfterConsume | Self::CutBody | Self::Slow { .. } | Self::Duplicate => Stage::Answer,
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    /// A name may contain `=`: the fault begins after the first `=` that is followed by a valid fault.
    fn from_str(text: &str) -> Result<Self, String> {
        let splits = text.match_indices('=').map(|(at, _)| (&text[..at], &text[at + 1..]));
        let mut first_error = None;
        for (name, rest) in splits {
            match rule(name, rest) {
                Ok(rule) => return Ok(rule),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| "expected NAME=FAULT, such as mfa_code=status:503,times=2".into()))
    }
}

fn rule(name: &str, rest: &str) -> Result<Rule, String> {
    if name.is_empty() {
        return Err("the name before the = is missing; use * for every name".into());
    }
    let mut parts = rest.split(',');
    let fault = parts.next().unwrap_or_default().parse()?;
    let mut rule = Rule { name: name.into(), fault, times: None, on: Some(Operation::Wait) };
    for part in parts {
        match part.split_once('=') {
            Some(("times", count)) => rule.times = Some(positive(count)?),
            Some(("on", "wait")) => rule.on = Some(Operation::Wait),
            Some(("on", "signal")) => rule.on = Some(Operation::Signal),
            Some(("on", "both")) => rule.on = None,
            _ => return Err(format!("{part:?} is neither times=N nor on=wait, on=signal or on=both")),
        }
    }
    Ok(rule)
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None => match text {
                "drop-after-consume" => Ok(Self::DropAfterConsume),
                "cut-body" => Ok(Self::CutBody),
                "hang" => Ok(Self::Hang),
                "duplicate" => Ok(Self::Duplicate),
                _ => Err(unknown(text)),
            },
            Some(("status", code)) => status(code).map(Self::Status),
            Some(("html", code)) => status(code).map(Self::Html),
            Some(("slow", speed)) => slow(speed),
            Some(_) => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> String {
    format!(
        "{text:?} is not a fault; the faults are drop-after-consume, cut-body, hang, duplicate, status:CODE, html:CODE and slow:1b/s"
    )
}

fn status(code: &str) -> Result<StatusCode, String> {
    let status = code.parse().ok().filter(|status: &StatusCode| (200..600).contains(&status.as_u16()));
    status.ok_or_else(|| format!("{code:?} is not an HTTP status from 200 to 599"))
}

/// `10b/s` sends 10 bytes every second. The unit of time is s or ms.
fn slow(speed: &str) -> Result<Fault, String> {
    let parse = || {
        let (bytes, per) = speed.split_once("b/")?;
        let per = match per {
            "s" => Duration::from_secs(1),
            "ms" => Duration::from_millis(1),
            _ => return None,
        };
        Some(Fault::Slow { bytes: bytes.parse().ok().filter(|bytes| *bytes > 0)?, per })
    };
    parse().ok_or_else(|| format!("{speed:?} is not a speed; expected a speed such as 1b/s"))
}

fn positive(count: &str) -> Result<u32, String> {
    count.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("{count:?} is not a positive number"))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DropAfterConsume => f.write_str("drop-after-consume"),
            Self::CutBody => f.write_str("cut-body"),
            Self::Hang => f.write_str("hang"),
            Self::Duplicate => f.write_str("duplicate"),
            Self::Status(status) => write!(f, "status:{}", status.as_u16()),
            Self::Html(status) => write!(f, "html:{}", status.as_u16()),
            Self::Slow { bytes, per } => write!(f, "slow:{bytes}b/{}", if per.as_secs() == 1 { "s" } else { "ms" }),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.fault)?;
        if let Some(times) = self.times {
            write!(f, ",times={times}")?;
        }
        match self.on {
            Some(Operation::Wait) => Ok(()),
            Some(Operation::Signal) => f.write_str(",on=signal"),
            None => f.write_str(",on=both"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_reads_back_as_it_was_written() {
        for text in [
            "a=drop-after-consume",
            "a=cut-body,times=2",
            "*=hang,on=both",
            "a=status:503,times=1,on=signal",
            "a=html:502",
            "a=slow:1b/s",
            "a=slow:20b/ms",
            "a=duplicate",
            "key=value=status:404",
            "a,b=hang",
        ] {
            assert_eq!(text.parse::<Rule>().map(|rule| rule.to_string()), Ok(text.into()));
        }
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_refused() {
        for text in [
            "",
            "a",
            "=hang",
            "a=",
            "a=explode",
            "a=status:99",
            "a=status:abc",
            "a=html",
            "a=slow:0b/s",
            "a=slow:1b/h",
            "a=hang,times=0",
            "a=hang,times=x",
            "a=hang,on=moon",
            "a=hang,twice",
        ] {
            assert!(text.parse::<Rule>().is_err(), "{text}");
        }
        let error = "a=explode".parse::<Rule>().unwrap_err();
        assert!(error.contains("\"explode\" is not a fault"), "{error}");
    }
}
