//! How a kqueue watches, and what it reports, without a kqueue: so any system can test it. `kqueue` makes the calls.

use crate::sys::Readiness;

/// How a socket is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Filters {
    pub input: bool,
    pub output: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Input,
    Output,
}

/// What a kqueue reports of one filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub token: u64,
    pub filter: Filter,
    /// EV_EOF with an error, or EV_ERROR.
    pub is_broken: bool,
}

impl Filters {
    /// The filters that are on.
    pub fn each(self) -> impl Iterator<Item = Filter> {
        let input = self.input.then_some(Filter::Input);
        input.into_iter().chain(self.output.then_some(Filter::Output))
    }

    /// What to set for a socket that is watched like this already; `None` if it has all that is wanted. All is set anew
    /// otherwise, so that what is ready now is reported again, as epoll does.
    pub fn wanting(self, output: bool) -> Option<Filters> {
        let has_all = self.input && (self.output || !output);
        (!has_all).then_some(Filters { input: true, output: output || self.output })
    }
}

/// Appends the reports to `ready`, those of one socket as one entry. A broken socket is ready for all.
pub(super) fn join(reports: impl Iterator<Item = Report>, ready: &mut Vec<Readiness>) {
    let first = ready.len();
    for Report { token, filter, is_broken } in reports {
        let at = ready[first..].iter().position(|entry| entry.token == token).map(|at| first + at);
        let at = at.unwrap_or_else(|| {
            ready.push(Readiness { token, input: false, output: false });
            ready.len() - 1
        });
        ready[at].input |= is_broken || filter == Filter::Input;
        ready[at].output |= is_broken || filter == Filter::Output;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Filters = Filters { input: false, output: false };
    const INPUT: Filters = Filters { input: true, output: false };
    const BOTH: Filters = Filters { input: true, output: true };

    #[test]
    fn only_what_is_not_watched_yet_is_set() {
        assert_eq!([NONE, INPUT, BOTH].map(|has| has.wanting(false)), [Some(INPUT), None, None]);
        assert_eq!([NONE, INPUT, BOTH].map(|has| has.wanting(true)), [Some(BOTH), Some(BOTH), None]);
        assert_eq!(NONE.each().count(), 0);
        assert_eq!(BOTH.each().collect::<Vec<_>>(), [Filter::Input, Filter::Output]);
    }

    #[test]
    fn the_reports_of_one_socket_are_one_entry() {
        let report = |token, filter| Report { token, filter, is_broken: false };
        let before = Readiness { token: 1, input: false, output: false };
        let mut ready = vec![before];
        let reports = [
            report(1, Filter::Output),
            report(u64::MAX, Filter::Input),
            report(1, Filter::Input),
            Report { is_broken: true, ..report(3, Filter::Input) },
        ];
        join(reports.into_iter(), &mut ready);
        let entry = |token, input, output| Readiness { token, input, output };
        assert_eq!(ready, [before, entry(1, true, true), entry(u64::MAX, true, false), entry(3, true, true)]);
    }
}
