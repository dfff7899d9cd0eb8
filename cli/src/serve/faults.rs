//! Faults on purpose: which rule applies to which request, so that a client meets the bad days too.
//!
//! A rule reads `NAME=FAULT[,times=N][,on=wait|signal|both]`. Here rules are kept and chosen; how a
//! fault is made is in `api` and `misbehave`.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use serde::Serialize;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is carried out, and the connection closed without an answer.
    DropAfterConsume,
    /// The request is carried out, and the answer breaks off in the middle.
    CutBody,
    /// The request is taken and never answered; nothing is carried out.
    Hang,
    /// This status, in the API's error shape; nothing is carried out.
    Status(StatusCode),
    /// This status with an HTML page, as a gateway answers; nothing is carried out.
    Html(StatusCode),
    /// The answer trickles.
    Slow { bytes: usize, per: Duration },
    /// The event is handed out and kept for the next wait as well.
    Duplicate,
}

/// When a fault is made: before the request is carried out, or to its answer.
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
    fault: Fault,
    /// How often it still applies; `None` is always.
    times: Option<u32>,
    /// `None` is both.
    on: Option<Operation>,
}

/// The rules in force, in the order they were given. The first that fits is applied.
#[derive(Default)]
pub struct Faults(Mutex<Rules>);

#[derive(Default)]
struct Rules {
    rules: Vec<(u64, Rule)>,
    last_id: u64,
}

/// A rule as the admin endpoint lists it.
#[derive(Serialize)]
pub struct Listed {
    id: u64,
    rule: String,
}

impl Faults {
    pub fn add(&self, rule: Rule) -> u64 {
        let mut rules = self.rules();
        rules.last_id += 1;
        let id = rules.last_id;
        rules.rules.push((id, rule));
        id
    }

    /// The fault to make now, if any; a rule with a count is used up by it.
    pub fn take(&self, name: &str, operation: Operation, stage: Stage) -> Option<Fault> {
        let mut rules = self.rules();
        let fits = |(_, rule): &(u64, Rule)| rule.fits(name, operation, stage);
        let index = rules.rules.iter().position(fits)?;
        let rule = &mut rules.rules[index].1;
        let fault = rule.fault;
        if let Some(times) = &mut rule.times {
            *times -= 1;
            if *times == 0 {
                rules.rules.remove(index);
            }
        }
        Some(fault)
    }

    pub fn list(&self) -> Vec<Listed> {
        self.rules().rules.iter().map(|(id, rule)| Listed { id: *id, rule: rule.to_string() }).collect()
    }

    /// Whether there was such a rule.
    pub fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules();
        let before = rules.rules.len();
        rules.rules.retain(|(other, _)| *other != id);
        rules.rules.len() < before
    }

    pub fn clear(&self) {
        self.rules().rules.clear();
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn fits(&self, name: &str, operation: Operation, stage: Stage) -> bool {
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

    /// A name may hold `=` too: the rule starts behind the first one that a fault follows.
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
        return Err("the name before the = is missing; * stands for every name".into());
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
        "{text:?} is no fault; there are drop-after-consume, cut-body, hang, duplicate, status:CODE, html:CODE and slow:1b/s"
    )
}

fn status(code: &str) -> Result<StatusCode, String> {
    let status = code.parse().ok().filter(|status: &StatusCode| (200..600).contains(&status.as_u16()));
    status.ok_or_else(|| format!("{code:?} is no HTTP status from 200 to 599"))
}

/// `10b/s`: so many bytes, once in so much time. The unit of time is s or ms.
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
    parse().ok_or_else(|| format!("{speed:?} is no speed; expected something like 1b/s"))
}

fn positive(count: &str) -> Result<u32, String> {
    count.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("{count:?} is no positive number"))
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
        assert!(error.contains("\"explode\" is no fault"), "{error}");
    }

    #[test]
    fn the_first_rule_that_fits_is_applied_until_it_is_used_up() {
        let faults = Faults::default();
        for rule in ["b=hang", "a=status:503,times=2", "*=html:502"] {
            faults.add(rule.parse().unwrap());
        }
        let take = || faults.take("a", Operation::Wait, Stage::Request);
        assert_eq!(take(), Some(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)));
        assert_eq!(take(), Some(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)));
        assert_eq!(take(), Some(Fault::Html(StatusCode::BAD_GATEWAY)));
        assert_eq!(faults.list().len(), 2);
    }

    #[test]
    fn a_rule_is_for_its_operation_and_its_stage() {
        let faults = Faults::default();
        faults.add("a=cut-body,on=signal".parse().unwrap());
        assert_eq!(faults.take("a", Operation::Wait, Stage::Answer), None);
        assert_eq!(faults.take("a", Operation::Signal, Stage::Request), None);
        assert_eq!(faults.take("a", Operation::Signal, Stage::Answer), Some(Fault::CutBody));
    }

    #[test]
    fn rules_can_be_removed() {
        let faults = Faults::default();
        let id = faults.add("a=hang".parse().unwrap());
        faults.add("b=hang".parse().unwrap());
        assert!(faults.remove(id));
        assert!(!faults.remove(id));
        faults.clear();
        assert!(faults.list().is_empty());
    }
}
