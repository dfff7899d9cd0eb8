//! What is known of each wait, and what must hold for any sequence.

use super::Input;
use super::peers::{Reply, event};
use anchor::{Error, Stats, Status};
use simulation::report;
use simulation::world;
use simulation::{Network, Request};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The records, which the handlers of cancels share. A wait is known by its number.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<All>>);

#[derive(Default)]
struct All {
    waits: Vec<Record>,
    stats: Vec<(usize, Stats)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Slot,
    Queue(usize),
    /// A call that blocks.
    Call,
}

#[derive(Debug)]
pub struct Record {
    pub client: usize,
    pub place: Place,
    timeout: Option<Duration>,
    grace: Duration,
    began: Duration,
    /// When it was cancelled first.
    cancelled: Option<Duration>,
    outcome: Option<Outcome>,
    /// When it was freed with no outcome taken.
    freed: Option<Duration>,
}

#[derive(Debug)]
enum Outcome {
    /// `woke`: the time, if the program was blocked for it.
    Answer {
        answer: String,
        woke: Option<Duration>,
    },
    Error {
        error: Error,
        at: Duration,
    },
}

impl Records {
    pub fn name(number: usize) -> String {
        format!("wait-{number}")
    }

    pub fn len(&self) -> usize {
        self.lock().waits.len()
    }

    pub fn begin(&self, client: usize, timeout: Option<Duration>, grace: Duration, place: Place) -> usize {
        let mut all = self.lock();
        let began = world::now();
        all.waits.push(Record { client, place, timeout, grace, began, cancelled: None, outcome: None, freed: None });
        all.waits.len() - 1
    }

    /// The waits that are cancelled now, of those that are not over for the program.
    pub fn note_cancel(&self, is_cancelled: impl Fn(usize, &Record) -> bool) {
        let now = world::now();
        for (number, record) in self.lock().waits.iter_mut().enumerate() {
            if !record.is_over() && is_cancelled(number, record) {
                record.cancelled.get_or_insert(now);
            }
        }
    }

    pub fn free(&self, is_freed: impl Fn(usize, &Record) -> bool) {
        let now = world::now();
        for (number, record) in self.lock().waits.iter_mut().enumerate() {
            if !record.is_over() && is_freed(number, record) {
                record.freed = Some(now);
            }
        }
    }

    /// A program has taken the outcome of a wait.
    ///
    /// - `began`: when it asked for it.
    /// - `was_ready`: the outcome was there already.
    pub fn end(&self, number: usize, place: Place, outcome: Result<&str, &Error>, began: Duration, was_ready: bool) {
        let mut all = self.lock();
        let (record, now) = (&mut all.waits[number], world::now());
        assert!(!record.is_over() && record.place == place, "a second outcome: {record:?}");
        let woke = (!was_ready && now > began).then_some(now);
        record.outcome = Some(match outcome {
            Ok(answer) => Outcome::Answer { answer: answer.to_owned(), woke },
            Err(error) => {
                let at = record.began + error.elapsed();
                assert!(at <= now, "it ended in the future: {error:?}");
                assert!(woke.is_none_or(|woke| woke == at), "the program woke up at {now:?}: {record:?}, {error:?}");
                report::check(error.status(), &error.to_json());
                Outcome::Error { error: error.clone(), at }
            }
        });
    }

    pub fn is_taken(&self, number: usize) -> bool {
        self.lock().waits[number].outcome.is_some()
    }

    /// Whether it would take long until it ends by itself.
    pub fn is_long(&self, number: usize) -> bool {
        self.lock().waits[number].is_long()
    }

    pub fn is_endless(&self, queue: usize) -> bool {
        self.lock()
            .waits
            .iter()
            .any(|record| record.place == Place::Queue(queue) && !record.is_over() && record.is_long())
    }

    /// How many have no outcome that was taken.
    pub fn running(&self, is_meant: impl Fn(&Record) -> bool) -> usize {
        self.lock().waits.iter().filter(|record| !record.is_over() && is_meant(record)).count()
    }

    pub fn note_stats(&self, client: usize, stats: Stats) {
        self.lock().stats.push((client, stats));
    }

    /// Everything has ended.
    pub fn check(&self, input: &Input, network: &Network) {
        let all = self.lock();
        let exchanges = exchanges(input, network);
        for (number, record) in all.waits.iter().enumerate() {
            let part = format!("/{}/wait ", Self::name(number));
            let own: Vec<&Exchange> =
                exchanges.iter().filter(|exchange| exchange.request.line.contains(&part)).collect();
            record.check(input, &own);
        }
        for (client, stats) in &all.stats {
            all.check_stats(*client, stats);
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap()
    }
}

/// A request that has arrived, and the reply to it.
#[derive(Debug)]
struct Exchange {
    request: Request,
    reply: Option<Reply>,
    /// The event of the reply.
    event: String,
    /// When the last byte of the reply was sent.
    replied: Option<Duration>,
}

impl Exchange {
    /// The reply says that the request has taken no event.
    fn is_refused(&self) -> bool {
        self.replied.is_some() && self.reply.is_some_and(Reply::is_other_answer)
    }
}

fn exchanges(input: &Input, network: &Network) -> Vec<Exchange> {
    let mut all = Vec::new();
    for live in network.connections() {
        let Some(number) = live.script else { continue };
        let peer = &input.peers[number % input.peers.len()];
        for (at, request) in live.requests.iter().enumerate() {
            let reply = peer.reply(live, at, number);
            let (replied, event) = (reply.and_then(|(_, replied)| replied), event(number, at));
            all.push(Exchange { request: request.clone(), reply: reply.map(|(reply, _)| reply), event, replied });
        }
    }
    all
}

impl Record {
    fn is_over(&self) -> bool {
        self.outcome.is_some() || self.freed.is_some()
    }

    fn is_long(&self) -> bool {
        self.timeout.is_none_or(|timeout| timeout > Duration::from_secs(100))
    }

    /// The last moment at which it may end.
    fn limit(&self) -> Option<Duration> {
        let rounding = if self.timeout == Some(Duration::ZERO) { Duration::from_millis(1) } else { Duration::ZERO };
        let by_time = self.timeout.map(|timeout| self.began + timeout + self.grace + rounding);
        [by_time, self.cancelled, self.freed].into_iter().flatten().min()
    }

    fn check(&self, input: &Input, own: &[&Exchange]) {
        let ended = match &self.outcome {
            None => self.limit().filter(|_| self.freed.is_some()).expect("each wait has an outcome"),
            Some(Outcome::Answer { answer, woke }) => self.check_answer(answer, *woke, own),
            Some(Outcome::Error { error, at }) => {
                self.check_error(input, error, *at, own);
                *at
            }
        };
        assert!(self.limit().is_none_or(|limit| ended <= limit), "it ended at {ended:?}: {self:?}");
        let late = own.iter().find(|exchange| exchange.request.at > ended);
        assert!(late.is_none(), "it ended at {ended:?}, and asked after that: {late:?}");
        if self.client < 2 && !input.clients[self.client].rearm {
            let mut sorted = own.to_vec();
            sorted.sort_by_key(|exchange| exchange.request.at);
            let unanswered = sorted.iter().take(own.len().saturating_sub(1)).find(|exchange| !exchange.is_refused());
            assert!(unanswered.is_none(), "a request after one without an answer: {unanswered:?}");
        }
    }

    fn check_answer(&self, answer: &str, woke: Option<Duration>, own: &[&Exchange]) -> Duration {
        let by = own.iter().find(|exchange| exchange.reply.is_some_and(Reply::is_event) && exchange.event == answer);
        let at = by.and_then(|exchange| exchange.replied);
        let at = at.unwrap_or_else(|| panic!("nobody sent {answer} to it: {self:?}, {own:?}"));
        assert!(woke.is_none_or(|woke| woke == at), "it was answered at {at:?}: {self:?}");
        at
    }

    fn check_error(&self, input: &Input, error: &Error, at: Duration, own: &[&Exchange]) {
        let status = error.status();
        let is_timed = error.timed_out() || status == Status::Timeout;
        let took = at - self.began;
        assert!(!is_timed || self.timeout.is_some_and(|timeout| took >= timeout), "too early: {self:?}");
        assert_eq!(status == Status::Cancelled, self.cancelled == Some(at) && status == Status::Cancelled, "{self:?}");
        let may_be_lost = own.iter().any(|exchange| !exchange.is_refused());
        assert!(error.maybe_consumed() || !may_be_lost, "an event may be lost: {self:?}, {own:?}");
        let may_be_unread = own.iter().any(|exchange| !exchange.is_refused() || exchange.replied >= Some(at));
        assert!(!error.maybe_consumed() || may_be_unread, "each request was answered: {self:?}, {own:?}");
        let has = |reply| own.iter().any(|exchange| exchange.reply == Some(reply) && exchange.replied.is_some());
        match status {
            Status::Forbidden => assert!(has(Reply::Forbidden), "{self:?}"),
            Status::NotSent => assert!(!error.maybe_consumed(), "{self:?}"),
            Status::ConnectionLost => assert!(error.maybe_consumed(), "{self:?}"),
            Status::OutOfMemory => {
                assert!(
                    input.lookups.iter().any(|(_, found)| *found >= 0xc0)
                        || input.peers.iter().any(super::Peer::may_exhaust)
                );
            }
            Status::Internal | Status::InvalidArgument | Status::Pending | Status::Interrupted => panic!("{self:?}"),
            _ => {}
        }
    }
}

impl All {
    fn check_stats(&self, client: usize, stats: &Stats) {
        let own: Vec<&Record> = self.waits.iter().filter(|record| record.client == client).collect();
        let taken = |is_meant: &dyn Fn(&Outcome) -> bool| {
            own.iter().filter(|record| record.outcome.as_ref().is_some_and(is_meant)).count() as u64
        };
        let failed = |status: Status| {
            taken(&|outcome| matches!(outcome, Outcome::Error { error, .. } if error.status() == status))
        };
        assert_eq!(stats.waits, own.len() as u64, "waits");
        assert_eq!(stats.answers + stats.timeouts + stats.cancels + stats.failures, stats.waits, "outcomes");
        let answers = taken(&|outcome| matches!(outcome, Outcome::Answer { .. }));
        assert_eq!(stats.answers, answers + stats.dropped, "answers");
        let freed = own.iter().filter(|record| record.freed.is_some()).count() as u64;
        assert!(stats.dropped <= freed, "dropped");
        assert!((failed(Status::Timeout)..=failed(Status::Timeout) + freed).contains(&stats.timeouts), "timeouts");
        assert!((failed(Status::Cancelled)..=failed(Status::Cancelled) + freed).contains(&stats.cancels), "cancels");
        assert_eq!(stats.started, anchor::StartedWaits::default(), "waits that run");
    }
}
