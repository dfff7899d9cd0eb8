//! The waits of the reactor, and when each has its turn: at an event of its socket, when its timer is due, when there is a turn
//! for a new connection, when a lookup is over, or when it is cancelled.

use super::reactor::{Message, Reactor, is_this_thread};
use super::task::{Event, Next, Task};
use super::ticket::Stub;
use super::timers::Timers;
use super::turns::Turns;
use crate::http::Found;
use crate::panic::catch;
use std::io;
use std::sync::Arc;
use std::time::Instant;

pub(super) struct Scheduler {
    reactor: Arc<Reactor>,
    places: Vec<Place>,
    vacant: Vec<u32>,
    timers: Timers,
    turns: Turns,
    /// Clients of which a wait does not need its turn any more. Nobody has been given it yet.
    freed: Vec<usize>,
    /// Waits that let others take their turn first.
    again: Vec<u64>,
    /// A log callback has forked on the reactor's thread, and this is the child. The waits are the parent's.
    is_inherited: bool,
}

/// The place of one wait. Its generation is part of the token, so that an event of a socket of an earlier wait is ignored: a
/// forked child may keep such a socket open.
#[derive(Default)]
struct Place {
    generation: u32,
    task: Option<Box<Task>>,
    turn: Turn,
}

/// Whether a wait may make a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    #[default]
    None,
    /// It waits for its turn.
    Waiting,
    /// It has a turn of this client for the step that it makes now, for which nobody else waited.
    Spare(usize),
    /// It makes a connection, and has a turn of this client.
    Held(usize),
}

impl Scheduler {
    pub fn new(reactor: Arc<Reactor>) -> Scheduler {
        Scheduler {
            reactor,
            places: Vec::new(),
            vacant: Vec::new(),
            timers: Timers::default(),
            turns: Turns::default(),
            freed: Vec::new(),
            again: Vec::new(),
            is_inherited: false,
        }
    }

    /// Whether the waits belong to the parent process.
    pub fn is_inherited(&self) -> bool {
        self.is_inherited
    }

    pub fn is_empty(&self) -> bool {
        self.vacant.len() == self.places.len()
    }

    /// Whether some wait can continue without an event.
    pub fn has_work(&self) -> bool {
        !self.again.is_empty() || self.has_free_turns()
    }

    pub fn has_free_turns(&self) -> bool {
        !self.freed.is_empty() && !self.is_inherited
    }

    pub fn next_timer(&mut self) -> Option<Instant> {
        self.timers.next()
    }

    pub fn on_message(&mut self, message: Message) {
        match message {
            Message::Start(task) => self.begin(task),
            Message::CancelAll => (0..self.places.len() as u32).for_each(|id| self.end_if_cancelled(id)),
            Message::Found(token, found) => self.on_found(token, &found),
        }
    }

    pub fn on_cancel(&mut self, ticket: &Stub) {
        if let Some(id) = self.id_of(ticket.token()) {
            self.end_if_cancelled(id);
        }
    }

    /// A socket of the wait has changed.
    pub fn on_ready(&mut self, token: u64, has_input: bool) {
        if let Some(id) = self.id_of(token) {
            self.act(id, &Event::Ready { has_input });
        }
    }

    /// Lets the waits act whose timer is due.
    pub fn on_time(&mut self, now: Instant) {
        while let Some(id) = self.timers.take_due(now) {
            self.act(id, &Event::Time);
        }
    }

    /// Lets the waits act that have let others act first.
    pub fn go_on(&mut self) {
        for token in std::mem::take(&mut self.again) {
            self.on_ready(token, true);
        }
    }

    /// Gives the turns that are free to the waits that are next. They act.
    pub fn give_turns(&mut self) {
        let mut freed = std::mem::take(&mut self.freed);
        for client in freed.drain(..) {
            if let Some(id) = self.next_in_turn(client) {
                self.act(id, &Event::Turn);
            }
        }
        // Its memory is used again.
        freed.append(&mut self.freed);
        self.freed = freed;
    }

    fn begin(&mut self, task: Box<Task>) {
        let id = self.vacant.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            (self.places.len() - 1) as u32
        });
        let token = self.token(id);
        task.ticket().note_token(token);
        self.places[id as usize].task = Some(task);
        self.act(id, &Event::Begin);
    }

    fn end_if_cancelled(&mut self, id: u32) {
        if self.places[id as usize].task.as_ref().is_some_and(|task| task.is_cancelled()) {
            self.act(id, &Event::Cancel);
        }
    }

    fn on_found(&mut self, token: u64, found: &Found) {
        if let Some(id) = self.id_of(token) {
            self.act(id, &Event::Found(found));
        }
    }

    /// Passes an event to a wait, and does what it needs next. A panic ends only this wait: its sink gets an internal error when
    /// the task is dropped.
    fn act(&mut self, id: u32, event: &Event<'_>) {
        if self.is_inherited {
            return;
        }
        let place = &mut self.places[id as usize];
        let Some(mut task) = place.task.take() else { return };
        let client = client_of(&task);
        if place.turn == Turn::None && self.turns.take(client) {
            place.turn = Turn::Spare(client);
        }
        let may_dial = matches!(place.turn, Turn::Spare(_) | Turn::Held(_));
        let poller = self.reactor.poller();
        let acted = catch(move || {
            let next = task.on(event, may_dial, &mut |socket| poller.forget(socket));
            Ok((task, next))
        });
        self.is_inherited = !is_this_thread();
        match acted {
            acted if self.is_inherited => std::mem::forget(acted),
            Ok((task, next)) => self.settle(id, task, next),
            Err(_) => self.vacate(id),
        }
    }

    fn settle(&mut self, id: u32, mut task: Box<Task>, next: Next) {
        let token = self.token(id);
        if let Next::Sockets { output } = next {
            if let Err(e) = self.watch(&task, token, output) {
                // It has no sockets after that.
                self.places[id as usize].task = Some(task);
                return self.act(id, &Event::Exhausted(&e));
            }
        }
        let is_queued = matches!(next, Next::Turn);
        match next {
            Next::Done(outcome) => {
                self.vacate(id);
                return task.end(outcome);
            }
            Next::Turn => self.queue(id, &task),
            Next::Addresses => self.look_up(token, &mut task),
            Next::Again => self.again.push(token),
            Next::Sockets { .. } | Next::Pause => {}
        }
        if task.is_dialing() {
            self.hold_turn(id);
        } else if !is_queued {
            self.give_back_turn(id);
        }
        task.note_stage();
        self.timers.set(id, task.timer());
        self.places[id as usize].task = Some(task);
    }

    fn watch(&self, task: &Task, token: u64, output: bool) -> io::Result<()> {
        let mut watched = Ok(());
        task.sockets(&mut |socket| {
            if watched.is_ok() {
                watched = self.reactor.poller().watch(socket, token, output);
            }
        });
        watched
    }

    /// The wait waits for a turn to make a connection.
    fn queue(&mut self, id: u32, task: &Task) {
        let token = self.token(id);
        let place = &mut self.places[id as usize];
        if place.turn == Turn::None {
            place.turn = Turn::Waiting;
            self.turns.wait(client_of(task), task.deadline(), token);
        }
    }

    fn hold_turn(&mut self, id: u32) {
        let turn = &mut self.places[id as usize].turn;
        if let Turn::Spare(client) = *turn {
            *turn = Turn::Held(client);
        }
    }

    /// The wait does not need its turn any more, if it has one.
    fn give_back_turn(&mut self, id: u32) {
        match std::mem::take(&mut self.places[id as usize].turn) {
            Turn::Held(client) => self.freed.push(client),
            Turn::Spare(client) => {
                let next = self.turns.give_back(client);
                debug_assert!(next.is_none(), "nobody waited when it was taken");
            }
            Turn::None | Turn::Waiting => {}
        }
    }

    /// The wait of the client that has a free turn now. Those that ended while they waited for one are passed over.
    fn next_in_turn(&mut self, client: usize) -> Option<u32> {
        while let Some(token) = self.turns.give_back(client) {
            let Some(id) = self.id_of(token) else { continue };
            let place = &mut self.places[id as usize];
            if place.turn == Turn::Waiting {
                place.turn = Turn::Held(client);
                return Some(id);
            }
        }
        None
    }

    fn look_up(&self, token: u64, task: &mut Task) {
        // A lookup may take long after everybody has given it up.
        let reactor = Arc::downgrade(&self.reactor);
        task.look_up(move |found| {
            if let Some(reactor) = reactor.upgrade() {
                reactor.post(Message::Found(token, found));
            }
        });
    }

    /// The place is free again.
    fn vacate(&mut self, id: u32) {
        self.timers.set(id, None);
        self.give_back_turn(id);
        let place = &mut self.places[id as usize];
        place.generation = place.generation.wrapping_add(1);
        self.vacant.push(id);
    }

    fn token(&self, id: u32) -> u64 {
        u64::from(self.places[id as usize].generation) << 32 | u64::from(id)
    }

    /// The wait of a token; `None` if it is over.
    fn id_of(&self, token: u64) -> Option<u32> {
        let (id, generation) = (token as u32, (token >> 32) as u32);
        let place = self.places.get(id as usize)?;
        (place.generation == generation).then_some(id)
    }
}

/// Waits of the same client share its turns.
fn client_of(task: &Task) -> usize {
    Arc::as_ptr(task.session()).addr()
}
