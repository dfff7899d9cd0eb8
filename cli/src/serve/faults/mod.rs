//! Faults on purpose: which rule applies to which request, and how long requests are delayed.
//!
//! The faults are injected by `http/inject.rs`.

mod latency;
mod rule;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub use latency::Latency;
pub use rule::{Fault, Operation, Rule, Stage};

/// The rules in force, in the order in which they were added. The first one that matches is applied.
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

    /// The fault to inject now, if any. A rule with a count is used up by this.
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

    /// Removes a rule, and reports whether there was one.
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

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

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
