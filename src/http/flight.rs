//! An exchange that never blocks, for a driver with many of them: the same connections, answers and notes as in a blocking
//! exchange, without ureq's driver. It says what it waits for.

use super::buffers::HeldBuffers;
use super::codec::{Answer, Discard};
use super::context::{Context, Limits, Stop, Trace};
use super::dial::{Dial, Progress};
use super::exchange::{Agent, Post, Reply};
use super::failure::{ExchangeError, Failure, FailureKind, classify};
use super::link::Link;
use super::lookup::{self, Found, Waiter};
use super::pool::Idle;
use super::stream::Input;
use crate::credentials::Lines;
use crate::error::Phase;
use crate::panic::inject;
use crate::secret::Wiped;
use crate::sys::{Socket, poll};
use std::io;
use std::time::Instant;

/// An exchange in progress.
pub(crate) struct Flight {
    context: Context,
    stage: Stage,
}

enum Stage {
    Dialing(Box<Dialing>),
    Sending(Box<Sending>),
    Receiving(Box<Receiving>),
    /// It could not begin.
    Failed(ExchangeError),
    Over,
}

struct Dialing {
    dial: Dial,
    /// The lookup that the dial has asked for.
    lookup: Option<Waiter>,
    /// What is sent once there is a connection.
    path: String,
    body: Vec<u8>,
    lines: Option<Lines>,
}

struct Sending {
    link: Link,
    request: Wiped<Vec<u8>>,
    sent: usize,
    /// There was no room for the rest. Input may have arrived meanwhile.
    was_blocked: bool,
    /// An answer that arrives early.
    answer: Option<Box<Answer>>,
}

struct Receiving {
    link: Link,
    /// `None` until it begins to arrive, since that may be hours later.
    answer: Option<Box<Answer>>,
}

/// What a flight waits for.
pub(crate) enum Await {
    /// A lookup, which [`Flight::look_up`] begins.
    Addresses,
    /// One of its sockets.
    Sockets { output: bool },
    /// Nothing: there may be more to do at once. The driver lets others take their turn first.
    Turn,
    /// It is over.
    Landed(Box<Landed>),
}

/// The outcome of a flight.
pub(crate) struct Landed {
    pub outcome: Result<Reply, Failure>,
    pub trace: Trace,
    pub limits: Limits,
    /// The connection, if it may be used again: for [`Agent::keep`].
    pub link: Option<Link>,
}

impl Agent {
    /// Begins an exchange that never blocks. `None` if it needs a new connection and may not dial.
    pub fn depart(&self, post: &Post<'_>, may_dial: bool) -> Option<Flight> {
        let context = Context::new(post.limits);
        let link = self.pool().take(post.max_idle).map(|idle| idle.link);
        if link.is_none() && !may_dial {
            return None;
        }
        let stage = match self.first_stage(link, post, &context) {
            Ok(stage) => stage,
            Err(cause) => Stage::Failed(cause),
        };
        Some(Flight { context, stage })
    }

    /// Puts a connection into the pool.
    pub fn keep(&self, link: Link) {
        self.pool().put(Idle { link, buffers: HeldBuffers::default() });
    }

    fn first_stage(&self, link: Option<Link>, post: &Post<'_>, context: &Context) -> Result<Stage, ExchangeError> {
        match link {
            Some(link) => begin_sending(link, self.encode(post.path, post.body, post.lines), context),
            None => {
                let dial = Dial::new(self.route(), context)?;
                let (path, body, lines) = (post.path.to_owned(), post.body.to_vec(), post.lines.cloned());
                Ok(Stage::Dialing(Box::new(Dialing { dial, lookup: None, path, body, lines })))
            }
        }
    }
}

impl Flight {
    /// Continues as far as it can without blocking.
    ///
    /// - `has_input`: one of its sockets has had input since the last step.
    pub fn step(&mut self, agent: &Agent, has_input: bool) -> Await {
        match self.advance(agent, has_input) {
            Ok(next) => next,
            Err(cause) => self.fail(cause),
        }
    }

    /// Begins the lookup that [`Await::Addresses`] asks for. The driver passes what `done` gets to [`found`](Self::found), unless
    /// the flight is over by then.
    pub fn look_up(&mut self, agent: &Agent, done: impl FnOnce(Found) + Send + 'static) {
        if let Stage::Dialing(dialing) = &mut self.stage {
            let Some(host) = dialing.dial.wanted(agent.route()) else { return };
            dialing.lookup = Some(lookup::start(host.host.bare(), host.port, done));
        }
    }

    /// A lookup has an outcome. It may be one of an earlier flight.
    pub fn found(&mut self, agent: &Agent, found: &Found) -> Await {
        let Stage::Dialing(dialing) = &mut self.stage else { return Await::Turn };
        if dialing.lookup.take_if(|waiter| waiter.has(found)).is_none() {
            return Await::Turn;
        }
        match dialing.dial.found(agent.route(), &found.addresses, &self.context) {
            Ok(()) => self.step(agent, false),
            Err(e) => self.fail(e.into()),
        }
    }

    /// Ends the flight. What its socket holds at this moment is still read: it may be the answer.
    pub fn end(&mut self, agent: &Agent, stop: Stop) -> Box<Landed> {
        let landed = match &self.stage {
            Stage::Receiving(receiving) => {
                let socket = receiving.link.socket();
                let _ = self.context.allow_input(!socket.is_quiet(), Some(stop), || socket.available());
                self.receive_allowed(agent)
            }
            _ => Err(self.context.end(stop).into()),
        };
        match landed.unwrap_or_else(|cause: ExchangeError| self.fail(cause)) {
            Await::Landed(landed) => landed,
            _ => self.landed(Err(classify(&self.context, io::Error::from(self.context.end(stop)).into())), None),
        }
    }

    /// The system cannot watch its sockets.
    pub fn exhausted(&mut self, e: &io::Error) -> Await {
        self.context.note_verdict(FailureKind::Exhausted, format!("the system cannot poll: {e}"));
        self.fail(self.context.end(Stop::Exhausted).into())
    }

    /// When to call [`end`](Self::end) with [`Stop::Deadline`].
    pub fn until(&self) -> Option<Instant> {
        self.context.until()
    }

    /// When to call [`step`](Self::step), whatever the sockets do.
    pub fn next_step(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Dialing(dialing) => dialing.dial.next_attempt(),
            _ => None,
        }
    }

    /// How far the exchange is.
    pub fn phase(&self) -> Phase {
        self.context.phase()
    }

    /// A connection is being made.
    pub fn is_dialing(&self) -> bool {
        matches!(self.stage, Stage::Dialing(_))
    }

    /// Shows the sockets that the flight waits for.
    pub fn sockets(&self, see: &mut dyn FnMut(&Socket)) {
        match &self.stage {
            Stage::Dialing(dialing) => dialing.dial.sockets().into_iter().for_each(see),
            Stage::Sending(sending) => see(sending.link.socket()),
            Stage::Receiving(receiving) => see(receiving.link.socket()),
            Stage::Failed(_) | Stage::Over => {}
        }
    }

    fn advance(&mut self, agent: &Agent, has_input: bool) -> Result<Await, ExchangeError> {
        loop {
            match &mut self.stage {
                Stage::Dialing(dialing) => match dialing.step(agent, &self.context)? {
                    Progress::Connected(stream) => {
                        let request = agent.encode(&dialing.path, &dialing.body, dialing.lines.as_ref());
                        let link = Link::new(stream, agent.gauge());
                        self.stage = begin_sending(link, request, &self.context)?;
                    }
                    Progress::Addresses => return Ok(Await::Addresses),
                    Progress::Attempts => return Ok(Await::Sockets { output: true }),
                    Progress::Turn => return Ok(Await::Turn),
                    Progress::Input => return Ok(Await::Sockets { output: false }),
                    Progress::Output => return Ok(Await::Sockets { output: true }),
                },
                Stage::Sending(sending) => {
                    if !sending.step(agent, has_input, &self.context)? {
                        return Ok(Await::Sockets { output: true });
                    }
                    let Stage::Sending(sent) = std::mem::replace(&mut self.stage, Stage::Over) else { continue };
                    let Sending { mut link, answer, was_blocked, .. } = *sent;
                    link.release();
                    self.stage = Stage::Receiving(Box::new(Receiving { link, answer }));
                    if !has_input && !was_blocked {
                        return Ok(Await::Sockets { output: false });
                    }
                }
                Stage::Receiving(_) => return self.receive(agent, usize::MAX),
                Stage::Failed(_) => match std::mem::replace(&mut self.stage, Stage::Over) {
                    Stage::Failed(cause) => return Err(cause),
                    _ => return Err(is_over()),
                },
                Stage::Over => return Err(is_over()),
            }
        }
    }

    /// Reads once.
    fn receive(&mut self, agent: &Agent, limit: usize) -> Result<Await, ExchangeError> {
        let Stage::Receiving(receiving) = &mut self.stage else { return Err(is_over()) };
        let mut answer = receiving.answer.take().unwrap_or_else(|| Box::new(Answer::new(agent.max_response_bytes())));
        let taken = receiving.link.take_input(limit, &mut *answer, &self.context)?;
        if let Some(problem) = answer.take_problem() {
            return Err(problem);
        }
        if receiving.link.is_complete(taken == Input::End) {
            let Stage::Receiving(receiving) = std::mem::replace(&mut self.stage, Stage::Over) else {
                return Err(is_over());
            };
            let link = receiving.link;
            inject("answer");
            let (reply, ends_connection) = answer.finish();
            let is_reusable = !ends_connection && link.is_reusable();
            return Ok(Await::Landed(self.landed(Ok(reply), is_reusable.then_some(link))));
        }
        receiving.answer = Some(answer).filter(|_| self.context.received() > 0);
        match taken {
            Input::Blocked => Ok(Await::Sockets { output: false }),
            Input::Taken(_) => Ok(Await::Turn),
            Input::End => Err(io::Error::other("the peer closed the connection").into()),
        }
    }

    /// Reads what may still be read after the end of the call.
    fn receive_allowed(&mut self, agent: &Agent) -> Result<Await, ExchangeError> {
        loop {
            let limit = match &self.stage {
                Stage::Receiving(receiving) if receiving.link.is_over() => usize::MAX,
                _ => self.context.allowed().map_err(io::Error::from)?,
            };
            if let landed @ Await::Landed(_) = self.receive(agent, limit)? {
                return Ok(landed);
            }
        }
    }

    fn fail(&mut self, cause: ExchangeError) -> Await {
        self.stage = Stage::Over;
        Await::Landed(self.landed(Err(classify(&self.context, cause)), None))
    }

    fn landed(&self, outcome: Result<Reply, Failure>, link: Option<Link>) -> Box<Landed> {
        Box::new(Landed { outcome, trace: self.context.trace(), limits: self.context.limits(), link })
    }
}

fn begin_sending(mut link: Link, request: Wiped<Vec<u8>>, context: &Context) -> Result<Stage, ExchangeError> {
    link.begin(&mut Discard, context)?;
    Ok(Stage::Sending(Box::new(Sending { link, request, sent: 0, was_blocked: false, answer: None })))
}

impl Dialing {
    fn step(&mut self, agent: &Agent, context: &Context) -> io::Result<Progress> {
        let (mut watched, _) = self.dial.attempts();
        if watched.is_empty() {
            return self.dial.step(agent.route(), context);
        }
        // Only looks.
        if let Err(e) = poll(&mut watched, false, Some(Instant::now())) {
            context.note_verdict(FailureKind::Exhausted, format!("the system cannot poll: {e}"));
            return Err(e);
        }
        self.dial.attempted(agent.route(), &watched, context)
    }
}

impl Sending {
    /// Sends what it can. Returns whether sending is over.
    fn step(&mut self, agent: &Agent, has_input: bool, context: &Context) -> io::Result<bool> {
        while !self.link.send(&self.request, &mut self.sent, context)? {
            self.was_blocked = true;
            if !has_input || !self.take_early_input(agent, context)? {
                return Ok(false);
            }
        }
        self.link.finish_sending(context);
        Ok(true)
    }

    /// Returns whether the peer has answered, so that the rest of the request need not be sent.
    fn take_early_input(&mut self, agent: &Agent, context: &Context) -> io::Result<bool> {
        let answer = self.answer.get_or_insert_with(|| Box::new(Answer::new(agent.max_response_bytes())));
        self.link.take_early_input(&mut **answer, context)?;
        Ok(self.link.is_cut())
    }
}

fn is_over() -> ExchangeError {
    io::Error::other("the exchange is over").into()
}

#[cfg(test)]
mod tests {
    use super::super::exchange::AgentOptions;
    use super::super::stream::Stream;
    use super::super::tcp::Tcp;
    use super::*;
    use crate::address::destination::Destination;
    use crate::address::endpoint::Endpoint;
    use crate::credentials::Credentials;
    use crate::sys::Latest;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::time::Duration;

    /// A stream that has no room for output at first.
    #[derive(Debug)]
    struct Full(Tcp, u32);

    impl Stream for Full {
        fn write(&mut self, bytes: &[u8], call: &Context) -> io::Result<usize> {
            match self.1 {
                0 => self.0.write(bytes, call),
                _ => {
                    self.1 -= 1;
                    Ok(0)
                }
            }
        }

        fn flush(&mut self, call: &Context) -> io::Result<bool> {
            self.0.flush(call)
        }

        fn read(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8]), call: &Context) -> io::Result<Input> {
            self.0.read(limit, sink, call)
        }

        fn is_over(&self) -> bool {
            self.0.is_over()
        }

        fn socket(&self) -> &Socket {
            self.0.socket()
        }

        fn is_clean(&self) -> bool {
            self.0.is_clean()
        }
    }

    fn agent() -> Agent {
        let endpoint = Endpoint::parse("http://localhost:1").unwrap();
        let options = AgentOptions {
            destination: &Destination { endpoint, connect_to: None, proxy: None },
            allow_http: false,
            credentials: &Arc::new(Latest::new(Credentials::new("key", &[]))),
            user_agent: "",
            tls: None,
            max_response_bytes: 100,
        };
        Agent::new(&options).unwrap()
    }

    /// A flight that sends over this stream, and the other end.
    fn flight(agent: &Agent, refusals: u32) -> (Flight, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        let context = Context::new(Limits::default());
        let post = Post { path: "/", body: b"{}", lines: None, limits: Limits::default(), max_idle: Duration::ZERO };
        let link = Link::new(Box::new(Full(Tcp(socket), refusals)), agent.gauge());
        let stage = begin_sending(link, agent.encode(post.path, post.body, None), &context);
        let Ok(stage) = stage else { panic!("it does not begin") };
        (Flight { context, stage }, peer)
    }

    fn until_held(flight: &Flight, count: usize) {
        let mut held = 0;
        while held < count {
            flight.sockets(&mut |socket| held = socket.available());
            std::thread::yield_now();
        }
    }

    /// The poller reports a socket once for each change, so what was not read while there was no room is read afterwards.
    #[test]
    fn an_answer_that_was_not_read_whole_while_sending_is_read_afterwards() {
        let agent = agent();
        let (mut flight, mut peer) = flight(&agent, 2);
        assert!(matches!(flight.step(&agent, false), Await::Sockets { output: true }));
        // More than is read at once.
        let interim = format!("HTTP/1.1 102 x\r\nlink: {}\r\n\r\n", "x".repeat(100)).repeat(40);
        let answer = interim + "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        peer.write_all(answer.as_bytes()).unwrap();
        until_held(&flight, answer.len());
        assert!(!matches!(flight.step(&agent, true), Await::Landed(_)), "the rest of the request is not sent");
        let mut next = flight.step(&agent, false);
        while matches!(next, Await::Turn) {
            next = flight.step(&agent, false);
        }
        let Await::Landed(landed) = next else { panic!("the answer is not read") };
        assert!(landed.outcome.is_ok_and(|reply| reply.status == 200 && reply.body == b"{}"));
    }

    #[test]
    fn what_the_socket_holds_at_the_end_is_the_answer() {
        let agent = agent();
        for (answer, is_answer) in
            [("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", true), ("HTTP/1.1 200 OK\r\n", false)]
        {
            let (mut flight, mut peer) = flight(&agent, 0);
            assert!(matches!(flight.step(&agent, false), Await::Sockets { output: false }));
            peer.write_all(answer.as_bytes()).unwrap();
            until_held(&flight, answer.len());
            let landed = flight.end(&agent, Stop::Cancelled);
            match landed.outcome {
                Ok(_) => assert!(is_answer && landed.link.is_some()),
                Err(failure) => assert!(!is_answer && failure.kind == FailureKind::Cancelled),
            }
        }
    }
}
