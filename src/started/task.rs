//! A wait that the reactor runs: its rules, and the exchange or the pause in which it is. It never blocks. The reactor gives it
//! its turns and the time.

use super::sink::Sink;
use super::ticket::Ticket;
use crate::calls::call::Start;
use crate::calls::observer::Observer;
use crate::calls::outcome::Operation;
use crate::calls::wait::{Slices, Wait};
use crate::calls::{Request, Rules, Step};
use crate::census::{Seat, Stage};
use crate::credentials::Lines;
use crate::error::Error;
use crate::http::{Await, Flight, Found, Landed, Post, Stop};
use crate::options::Options;
use crate::session::Session;
use crate::sys::Socket;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) struct Task {
    start: Start,
    event_name: Box<str>,
    /// The headers of this wait alone.
    lines: Option<Lines>,
    rules: Wait,
    state: State,
    ticket: Ticket,
    seat: Seat,
    sink: Sink,
}

enum State {
    /// It needs a new connection, and waits for its turn to make one.
    Queued(Request),
    Flying(Flight),
    Paused(Instant),
    /// Its step is in the reactor's hands.
    Between,
}

/// What has happened to a task.
pub(super) enum Event<'a> {
    Begin,
    /// There is a turn to make a connection.
    Turn,
    /// A socket has changed, or others have had their turn.
    Ready {
        has_input: bool,
    },
    /// A lookup of its host is over.
    Found(&'a Found),
    /// A socket cannot be watched.
    Exhausted(&'a io::Error),
    /// The time of [`Task::timer`] has come.
    Time,
    /// The task [is cancelled](Task::is_cancelled).
    Cancel,
}

/// What a task needs next.
pub(super) enum Next {
    /// A turn to make a connection.
    Turn,
    /// The addresses of its host, for which it has to [look it up](Task::look_up).
    Addresses,
    /// Its sockets, of which `output` says whether it waits for room, or the time of [`Task::timer`].
    Sockets { output: bool },
    /// Nothing: others take their turn first.
    Again,
    /// The time of [`Task::timer`].
    Pause,
    /// It is over.
    Done(Result<String, Error>),
}

impl Task {
    /// Makes a task, which begins with [`Event::Begin`].
    pub fn new(
        start: Start,
        event_name: &str,
        timeout: Option<Duration>,
        options: &Options,
        ticket: Ticket,
        sink: Sink,
    ) -> Box<Task> {
        let policy = options.apply(sink.session().config.policy());
        let rules = Wait::new(policy, timeout, start.at, Slices::Spread);
        let lines = options.lines().cloned();
        let seat = sink.session().census().seat(Stage::Queued);
        Box::new(Task { start, event_name: event_name.into(), lines, rules, state: State::Between, ticket, seat, sink })
    }

    pub fn session(&self) -> &Arc<Session> {
        self.sink.session()
    }

    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// The wait, or everything of its client, was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.ticket.is_cancelled() || self.start.is_cancelled()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.rules.deadline()
    }

    /// When [`Event::Time`] comes, whatever the sockets do.
    pub fn timer(&self) -> Option<Instant> {
        match &self.state {
            State::Queued(request) => request.limits.send,
            State::Flying(flight) => [flight.until(), flight.next_step()].into_iter().flatten().min(),
            State::Paused(until) => Some(*until),
            State::Between => None,
        }
    }

    /// A connection is being made.
    pub fn is_dialing(&self) -> bool {
        matches!(&self.state, State::Flying(flight) if flight.is_dialing())
    }

    /// Notes in the census how far the wait is.
    pub fn note_stage(&mut self) {
        self.seat.change(match &self.state {
            State::Queued(_) | State::Between => Stage::Queued,
            State::Flying(flight) => Stage::Exchange(flight.phase()),
            State::Paused(_) => Stage::Paused,
        });
    }

    pub fn sockets(&self, see: &mut dyn FnMut(&Socket)) {
        if let State::Flying(flight) = &self.state {
            flight.sockets(see);
        }
    }

    /// Looks up the host, for [`Event::Found`].
    pub fn look_up(&mut self, done: impl FnOnce(Found) + Send + 'static) {
        let session = Arc::clone(self.session());
        if let (State::Flying(flight), Ok(process_state)) = (&mut self.state, session.process_state()) {
            flight.look_up(&process_state.agent, done);
        }
    }

    /// Something has happened.
    ///
    /// - `may_dial`: there is a turn for a new connection.
    pub fn on(&mut self, event: &Event<'_>, may_dial: bool, forget: &mut Forget<'_>) -> Next {
        let now = Instant::now();
        let step = match (&self.state, event) {
            (State::Flying(_), _) => return self.fly(event, may_dial, forget),
            (_, Event::Begin) => self.rules.first(now),
            (_, Event::Cancel) => self.rules.stopped(Stop::Cancelled, now),
            (State::Queued(request), Event::Turn | Event::Time) => {
                let request = *request;
                self.rules.delayed(&request, now)
            }
            (State::Paused(_), Event::Time) => self.rules.paused(now),
            // An event of a socket that the task does not use any more.
            (State::Queued(_), _) => return Next::Turn,
            _ => return Next::Pause,
        };
        self.drive(step, may_dial, forget)
    }

    /// Gives the outcome to whoever waits for it.
    pub fn end(self, outcome: Result<String, Error>) {
        let Task { seat, sink, .. } = self;
        sink.session().count_outcome(&outcome);
        drop(seat);
        sink.end(outcome);
    }

    /// The wait did not start.
    pub fn withdraw(self) {
        self.sink.withdraw();
    }

    /// Lets the flight continue, unless the task is cancelled. Then an answer that has arrived is still taken.
    fn fly(&mut self, event: &Event<'_>, may_dial: bool, forget: &mut Forget<'_>) -> Next {
        let session = Arc::clone(self.session());
        let agent = match session.process_state() {
            Ok(state) => &state.agent,
            Err(error) => return Next::Done(Err(error)),
        };
        let is_cancelled = self.is_cancelled();
        let State::Flying(flight) = &mut self.state else { return Next::Pause };
        let is_late = || flight.until().is_some_and(|until| Instant::now() >= until);
        let next = match event {
            Event::Cancel => Await::Landed(flight.end(agent, Stop::Cancelled)),
            _ if is_cancelled => Await::Landed(flight.end(agent, Stop::Cancelled)),
            Event::Time if is_late() => Await::Landed(flight.end(agent, Stop::Deadline)),
            Event::Ready { has_input } => flight.step(agent, *has_input),
            Event::Found(found) => flight.found(agent, found),
            Event::Exhausted(e) => flight.exhausted(e),
            Event::Time | Event::Begin | Event::Turn => flight.step(agent, false),
        };
        match self.settle(next, &session, forget) {
            Ok(next) => next,
            Err(step) => self.drive(step, may_dial, forget),
        }
    }

    /// Carries out the steps of the rules as far as they do not block.
    fn drive(&mut self, first: Step, may_dial: bool, forget: &mut Forget<'_>) -> Next {
        let session = Arc::clone(self.session());
        let mut step = first;
        loop {
            step = match step {
                Step::Done(outcome) => return Next::Done(outcome),
                Step::Request(_) if self.is_cancelled() => self.rules.stopped(Stop::Cancelled, Instant::now()),
                Step::Request(request) => {
                    let departed = self.depart(&session, &request, may_dial);
                    let next = match departed {
                        Ok(Some(next)) => next,
                        Ok(None) => {
                            self.state = State::Queued(request);
                            return Next::Turn;
                        }
                        Err(error) => return Next::Done(Err(error)),
                    };
                    match self.settle(next, &session, forget) {
                        Ok(next) => return next,
                        Err(step) => step,
                    }
                }
                Step::Pause(pause) => {
                    self.observer(&session).pauses(self.rules.story().attempts(), &pause);
                    if !self.is_cancelled() {
                        self.state = State::Paused(pause.until);
                        return Next::Pause;
                    }
                    self.rules.stopped(Stop::Cancelled, Instant::now())
                }
            };
        }
    }

    /// Makes a request. `None` if it needs a turn for a new connection.
    fn depart(&mut self, session: &Session, request: &Request, may_dial: bool) -> Result<Option<Await>, Error> {
        let agent = &session.process_state()?.agent;
        let path = Operation::Wait.path(&session.destination.endpoint, &self.event_name);
        let body = self.rules.body(request);
        let (lines, limits, max_idle) = (self.lines.as_ref(), request.limits, request.max_idle);
        let post = Post { path: &path, body: &body, lines, limits, max_idle };
        let Some(mut flight) = agent.depart(&post, may_dial) else { return Ok(None) };
        self.observer(session).sends(self.rules.story().attempts() + 1, request);
        // The log callback may have cancelled it.
        let next = if self.is_cancelled() {
            Await::Landed(flight.end(agent, Stop::Cancelled))
        } else {
            flight.step(agent, false)
        };
        self.state = State::Flying(flight);
        Ok(Some(next))
    }

    /// Parks the flight, or passes its outcome to the rules, whose step is the error.
    fn settle(&mut self, next: Await, session: &Session, forget: &mut Forget<'_>) -> Result<Next, Step> {
        let landed = match next {
            Await::Addresses => return Ok(Next::Addresses),
            Await::Sockets { output } => return Ok(Next::Sockets { output }),
            Await::Turn => return Ok(Next::Again),
            Await::Landed(landed) => *landed,
        };
        let Landed { outcome, trace, limits, link } = landed;
        if let Some(link) = link {
            forget(link.socket());
            if let Ok(process_state) = session.process_state() {
                process_state.agent.keep(link);
            }
        }
        self.state = State::Between;
        let attempt = self.rules.story().attempts() + 1;
        let keep_on = &mut || !self.is_cancelled() && limits.answer.is_none_or(|end| Instant::now() < end);
        let outcome = self.observer(session).judges(attempt, outcome, &trace, keep_on);
        Err(self.rules.answered(outcome, session.is_reached(), Instant::now()))
    }

    fn observer<'a>(&'a self, session: &'a Session) -> Observer<'a> {
        Observer::new(session, Operation::Wait, &self.event_name, self.lines.as_ref(), None)
    }
}

/// Stops to watch a socket whose connection goes into the pool.
pub(super) type Forget<'a> = dyn FnMut(&Socket) + 'a;
