//! The blocking loop of a call: it sends the requests and makes the pauses that the rules ask for. The rules decide; nothing is
//! decided here.

use super::observer::Observer;
use super::outcome::{Operation, Outcome};
use super::{Pause, Request, Rules, Step};
use crate::address::endpoint::check_event_name;
use crate::cancel::CancelToken;
use crate::config::Policy;
use crate::credentials::Lines;
use crate::error::Error;
use crate::http::{Cancels, Limits, Post, Stop, pause_until};
use crate::options::Options;
use crate::session::{ProcessState, Session};
use std::sync::Arc;
use std::time::Instant;

/// The beginning of a call: its time, and the token that the next `cancel_all` cancels. A started wait gets both before it runs.
pub(crate) struct Start {
    pub at: Instant,
    all: CancelToken,
}

impl Start {
    pub fn new(session: &Session, event_name: &str) -> Result<Start, Error> {
        let at = Instant::now();
        check_event_name(event_name).map_err(Error::invalid)?;
        Ok(Start { at, all: session.process_state()?.cancel_all_token()? })
    }

    /// All calls of the client were cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.all.latch().seems_set()
    }
}

/// What a caller asks of one call.
#[derive(Clone, Copy)]
pub(crate) struct How<'a> {
    pub options: &'a Options,
    pub cancel: Option<&'a CancelToken>,
}

impl How<'_> {
    pub fn policy(&self, session: &Session) -> Policy {
        self.options.apply(session.config.policy())
    }
}

/// A call in progress.
pub(crate) struct Call<'a> {
    process_state: &'a ProcessState,
    observer: Observer<'a>,
    cancels: Cancels,
    interruptible: bool,
    path: String,
    /// The headers of this call alone.
    lines: Option<&'a Lines>,
    attempts: u32,
}

impl<'a> Call<'a> {
    pub fn new(
        session: &'a Session,
        start: &Start,
        how: &How<'a>,
        operation: Operation,
        event_name: &'a str,
        data: Option<&'a str>,
    ) -> Result<Call<'a>, Error> {
        let lines = how.options.lines();
        Ok(Call {
            process_state: session.process_state()?,
            observer: Observer::new(session, operation, event_name, lines, data),
            cancels: [Some(&start.all), how.cancel].map(|token| token.map(|token| Arc::clone(token.latch()))),
            interruptible: session.config.interruptible,
            path: operation.path(&session.destination.endpoint, event_name),
            lines,
            attempts: 0,
        })
    }

    /// Carries out the steps of the rules, from `first` on, until they are done. A call that is already cancelled sends nothing.
    pub fn run(mut self, rules: &mut impl Rules, first: Step) -> Result<String, Error> {
        let mut step = first;
        loop {
            step = match step {
                Step::Request(_) if self.is_cancelled() => rules.stopped(Stop::Cancelled, Instant::now()),
                Step::Request(request) => {
                    let outcome = self.post(&request, &rules.body(&request));
                    rules.answered(outcome, self.observer.is_reached(), Instant::now())
                }
                Step::Pause(pause) => match self.pause(&pause) {
                    Ok(()) => rules.paused(Instant::now()),
                    Err(stop) => rules.stopped(stop, Instant::now()),
                },
                Step::Done(result) => return result,
            };
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancels.iter().flatten().any(|cancel| cancel.seems_set())
    }

    fn post(&mut self, request: &Request, body: &[u8]) -> Outcome {
        self.attempts += 1;
        self.observer.sends(self.attempts, request);
        let post =
            Post { path: &self.path, body, lines: self.lines, limits: request.limits, max_idle: request.max_idle };
        let (reply, trace) = self.process_state.agent.exchange(&post, &self.cancels, self.interruptible);
        self.observer.judges(self.attempts, reply, &trace, &mut || self.has_time(&request.limits))
    }

    fn pause(&self, pause: &Pause) -> Result<(), Stop> {
        self.observer.pauses(self.attempts, pause);
        pause_until(pause.until, &self.cancels, self.interruptible)
    }

    /// Whether the call still has time to examine the text of an answer.
    fn has_time(&self, limits: &Limits) -> bool {
        !self.is_cancelled() && limits.answer.is_none_or(|end| Instant::now() < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::borrow::Cow;
    use std::net::TcpListener;
    use std::time::Duration;

    /// Rules that never end, for a call that is cancelled during its first request.
    struct Endless {
        token: CancelToken,
        answered: u32,
    }

    impl Endless {
        fn request(now: Instant) -> Step {
            let end = Some(now + Duration::from_millis(20));
            let limits = Limits { connect: end, send: end, answer: end };
            Step::Request(Request { asked: Duration::ZERO, limits, max_idle: Duration::ZERO, is_rearm: false })
        }
    }

    impl Rules for Endless {
        fn body(&self, _: &Request) -> Cow<'_, [u8]> {
            Cow::Borrowed(b"{}")
        }

        fn answered(&mut self, _: Outcome, _: bool, now: Instant) -> Step {
            self.answered += 1;
            self.token.cancel();
            assert!(self.answered < 10, "the cancel is not seen");
            Self::request(now)
        }

        fn paused(&mut self, _: Instant) -> Step {
            unreachable!("these rules do not pause")
        }

        fn stopped(&mut self, stop: Stop, _: Instant) -> Step {
            Step::Done(Ok(format!("{stop:?}")))
        }
    }

    #[test]
    fn a_cancelled_call_makes_no_further_request() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = Config::bare();
        config.set_api_key("key").unwrap();
        config.set_base_url(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
        let session = Session::new(&config).unwrap();
        for (is_early, requests) in [(true, 0), (false, 1)] {
            let token = CancelToken::new().unwrap();
            let (options, its_token) = (Options::NONE, token.clone());
            let how = How { options: &options, cancel: Some(&its_token) };
            if is_early {
                token.cancel();
            }
            let start = Start::new(&session, "e").unwrap();
            let call = Call::new(&session, &start, &how, Operation::Wait, "e", None).unwrap();
            let mut rules = Endless { token, answered: 0 };
            let result = call.run(&mut rules, Endless::request(start.at));
            assert_eq!((result.unwrap().as_str(), rules.answered), ("Cancelled", requests));
        }
    }
}
