//! What has come and what has failed: when the command is done, and how it ends. Pure.

use anchor::Status;

use crate::exit::Failure;

/// What the command waits for.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The first event of any name.
    Any,
    /// One event of each name.
    All,
    /// Events of any name, until as many have come, if there is a number.
    Follow { count: Option<u64> },
}

pub struct Tally {
    goal: Goal,
    came: u64,
    /// The failure that says most.
    failure: Option<Failure>,
}

impl Tally {
    pub fn new(goal: Goal) -> Self {
        Self { goal, came: 0, failure: None }
    }

    pub fn count_event(&mut self) {
        self.came += 1;
    }

    pub fn count_failure(&mut self, failure: Failure) {
        let says_more = self.failure.as_ref().is_none_or(|earlier| Weight::of(&failure) > Weight::of(earlier));
        if says_more {
            self.failure = Some(failure);
        }
    }

    /// Whether the waits that still run can change the outcome no more. All have the same deadline, so one that timed out
    /// does not decide: the others may have an event in their last moment.
    pub fn is_certain(&self) -> bool {
        let has_failed = self.failure.as_ref().is_some_and(|failure| Weight::of(failure) == Weight::Cause);
        match self.goal {
            Goal::Any => self.came > 0,
            Goal::All => has_failed,
            Goal::Follow { count } => has_failed || count.is_some_and(|count| self.came >= count),
        }
    }

    /// How the command ends, once no wait runs any more.
    pub fn result(self) -> Result<(), Failure> {
        let came = self.came;
        match (self.goal, self.failure) {
            (Goal::Any, _) if came > 0 => Ok(()),
            (Goal::Any | Goal::All, failure) => failure.map_or(Ok(()), Err),
            (Goal::Follow { count: Some(count) }, _) if came >= count => Ok(()),
            (Goal::Follow { .. }, Some(failure)) if Weight::of(&failure) != Weight::Timeout => Err(failure),
            (Goal::Follow { count: Some(count) }, _) => Err(Failure::TooFew { came, count }),
            (Goal::Follow { count: None }, _) if came > 0 => Ok(()),
            (Goal::Follow { count: None }, failure) => Err(failure.unwrap_or(Failure::TooFew { came, count: 1 })),
        }
    }
}

/// How much a failure says. That a wait was cancelled or timed out can follow from another's failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Cancelled,
    Timeout,
    Cause,
}

impl Weight {
    fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Event(error) if error.status() == Status::Cancelled => Self::Cancelled,
            Failure::Event(error) if error.status() == Status::Timeout => Self::Timeout,
            _ => Self::Cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(goal: Goal, came: u64, failure: Option<Failure>) -> Tally {
        Tally { goal, came, failure }
    }

    #[test]
    fn any_is_certain_with_the_first_event_and_all_with_the_first_failure() {
        assert!(!tally(Goal::Any, 0, None).is_certain());
        assert!(!tally(Goal::Any, 0, Some(Failure::NoKey)).is_certain(), "another name may still have an event");
        assert!(tally(Goal::Any, 1, None).is_certain());
        assert!(!tally(Goal::All, 1, None).is_certain());
        assert!(tally(Goal::All, 1, Some(Failure::NoKey)).is_certain());
    }

    #[test]
    fn follow_is_certain_with_the_last_event_or_a_failure() {
        assert!(!tally(Goal::Follow { count: None }, 100, None).is_certain());
        assert!(!tally(Goal::Follow { count: Some(3) }, 2, None).is_certain());
        assert!(tally(Goal::Follow { count: Some(3) }, 3, None).is_certain());
        assert!(tally(Goal::Follow { count: None }, 1, Some(Failure::NoKey)).is_certain());
    }

    #[test]
    fn an_event_outweighs_a_failure_only_where_it_is_enough() {
        assert!(tally(Goal::Any, 1, Some(Failure::NoKey)).result().is_ok());
        assert!(tally(Goal::All, 1, Some(Failure::NoKey)).result().is_err());
        assert!(tally(Goal::Follow { count: Some(2) }, 2, Some(Failure::NoKey)).result().is_ok());
        assert!(matches!(
            tally(Goal::Follow { count: Some(2) }, 1, Some(Failure::NoKey)).result(),
            Err(Failure::NoKey)
        ));
    }

    #[test]
    fn when_time_is_over_follow_counts_what_came() {
        let result = |count, came| tally(Goal::Follow { count }, came, None).result();
        assert!(result(None, 1).is_ok());
        assert!(matches!(result(None, 0), Err(Failure::TooFew { came: 0, count: 1 })));
        assert!(matches!(result(Some(3), 2), Err(Failure::TooFew { came: 2, count: 3 })));
    }

    #[test]
    fn the_failure_that_says_more_is_kept() {
        let mut tally = tally(Goal::Any, 0, None);
        tally.count_failure(Failure::TooFew { came: 0, count: 1 });
        tally.count_failure(Failure::NoKey);
        assert!(matches!(tally.result(), Err(Failure::TooFew { came: 0, count: 1 })), "of two causes the first one");
    }
}
