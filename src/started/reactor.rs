//! The thread on which all started waits of the process run. Here are its beginning, its end and its loop; `scheduler` keeps the
//! waits, and `task` is one of them.
//!
//! The thread blocks in one place, until a socket or the reactor's event is ready, or a timer is due. Then each task that has
//! something to do takes one step. A step never blocks.
//!
//! The thread begins with the first wait. It ends, and is joined, with the last [`Lease`]: each handle of a wait has one, and so
//! has each queue that was used. So it leaves nothing behind when a program has freed what it started.

use super::scheduler::Scheduler;
use super::task::Task;
use super::ticket::Stub;
use crate::error::Error;
use crate::http::Found;
use crate::panic::{catch, inject};
use crate::status::Status;
use crate::sys::{Event, Node, PerProcess, Poller, Process, Push, Readiness, Stack, Thread};
use std::cell::Cell;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// A step of a wait over TLS was measured to need at most 60 KiB in a debug build. The rest is a margin for longer certificate
/// chains and the program's log callback. Only pages that are touched cost memory.
const STACK_SIZE: usize = 512 * 1024;

pub(super) struct Reactor {
    poller: Poller,
    /// Set when there is a message or a cancelled ticket.
    wake: Event,
    cancelled: Stack<Stub>,
    inbox: Mutex<Inbox>,
}

#[derive(Default)]
struct Inbox {
    messages: Vec<Message>,
    leases: usize,
    /// The last lease is gone. A reactor has one life.
    is_over: bool,
    thread: Option<Thread>,
}

pub(super) enum Message {
    Start(Box<Task>),
    /// A client has cancelled all its calls.
    CancelAll,
    /// A lookup for the wait of this token is over.
    Found(u64, Found),
}

/// The token of the reactor's own event.
const WAKE: u64 = u64::MAX;

static CURRENT: PerProcess<Mutex<Weak<Reactor>>> = PerProcess::empty();

impl Reactor {
    /// Wakes the reactor of this process, if there is one, so that it ends the waits of a client that has cancelled all.
    pub fn cancel_all() {
        let Ok(current) = CURRENT.get(|| Ok::<_, Error>(Mutex::default())) else { return };
        let reactor = lock(current).upgrade();
        if let Some(reactor) = reactor {
            reactor.post(Message::CancelAll);
        }
    }

    /// Runs a wait. If no thread can be started for it, the wait is withdrawn.
    pub fn start(self: &Arc<Self>, task: Box<Task>) -> Result<(), Error> {
        let mut inbox = lock(&self.inbox);
        if inbox.thread.is_none() {
            let reactor = Arc::clone(self);
            match Thread::start(c"anchor-reactor", STACK_SIZE, move || work(&reactor)) {
                Ok(thread) => inbox.thread = Some(thread),
                Err(e) => {
                    drop(inbox);
                    task.withdraw();
                    return Err(cannot_start(e));
                }
            }
        }
        task.session().counters.waits.add(1);
        self.push(inbox, Message::Start(task));
        Ok(())
    }

    /// Ends the wait of the ticket. Async-signal-safe.
    pub fn cancel(&self, ticket: &Arc<Node<Stub>>) {
        if self.cancelled.push(ticket) == Push::First {
            self.wake.notify();
        }
    }

    /// Passes a message to the thread. After the reactor's life nobody waits for it.
    pub fn post(&self, message: Message) {
        let inbox = lock(&self.inbox);
        if !inbox.is_over {
            self.push(inbox, message);
        }
    }

    pub fn poller(&self) -> &Poller {
        &self.poller
    }

    fn push(&self, mut inbox: MutexGuard<'_, Inbox>, message: Message) {
        inbox.messages.push(message);
        let is_first = inbox.messages.len() == 1;
        drop(inbox);
        if is_first {
            self.wake.notify();
        }
    }

    fn pass_messages(&self, scheduler: &mut Scheduler) {
        let messages = std::mem::take(&mut lock(&self.inbox).messages);
        messages.into_iter().for_each(|message| scheduler.on_message(message));
    }

    fn new() -> io::Result<Reactor> {
        let (poller, wake) = (Poller::new()?, Event::new()?);
        poller.watch_event(&wake, WAKE)?;
        Ok(Reactor { poller, wake, cancelled: Stack::new(), inbox: Mutex::default() })
    }

    fn is_over(&self) -> bool {
        let inbox = lock(&self.inbox);
        inbox.is_over && inbox.messages.is_empty()
    }
}

/// Keeps the reactor alive. It belongs to its process: in a forked child it does nothing.
pub(super) struct Lease {
    reactor: Arc<Reactor>,
    process: Process,
}

impl Lease {
    /// A lease of the reactor of this process.
    pub fn new() -> Result<Lease, Error> {
        let mut current = lock(CURRENT.get(|| Ok::<_, Error>(Mutex::default()))?);
        if let Some(lease) = current.upgrade().and_then(Lease::of) {
            return Ok(lease);
        }
        let reactor = Arc::new(Reactor::new().map_err(cannot_start)?);
        *current = Arc::downgrade(&reactor);
        Lease::of(reactor).ok_or_else(|| Error::new(Status::Internal, "a new reactor is over"))
    }

    /// `None` if the life of the reactor is over.
    fn of(reactor: Arc<Reactor>) -> Option<Lease> {
        let mut inbox = lock(&reactor.inbox);
        if inbox.is_over {
            return None;
        }
        inbox.leases += 1;
        drop(inbox);
        Some(Lease { reactor, process: Process::current() })
    }
}

impl Deref for Lease {
    type Target = Arc<Reactor>;

    fn deref(&self) -> &Arc<Reactor> {
        &self.reactor
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.process != Process::current() {
            return;
        }
        let mut inbox = lock(&self.reactor.inbox);
        inbox.leases -= 1;
        let is_last = inbox.leases == 0;
        inbox.is_over |= is_last;
        let thread = if is_last { inbox.thread.take() } else { None };
        drop(inbox);
        if let Some(thread) = thread {
            self.reactor.wake.notify();
            // A log callback may free the last wait; then the thread ends by itself.
            if !is_this_thread() {
                thread.join();
            }
        }
        if is_last {
            // Each refers to the reactor, which keeps it.
            self.reactor.cancelled.take_all().for_each(drop);
        }
    }
}

thread_local! {
    /// The process whose reactor runs on this thread. The log callback may fork here; then this is a usual thread of the child.
    static REACTOR_OF: Cell<Option<Process>> = const { Cell::new(None) };
}

/// Whether this is the reactor's thread, which must not wait for itself.
pub(super) fn is_this_thread() -> bool {
    REACTOR_OF.get() == Some(Process::current())
}

/// A panic outside of a wait's own step ends the waits, seen and unseen, each with an internal error. Later ones run.
fn work(reactor: &Arc<Reactor>) {
    REACTOR_OF.set(Some(Process::current()));
    let has_panicked = || {
        let run = || {
            run(reactor);
            Ok(())
        };
        catch(run).is_err()
    };
    while has_panicked() {
        reactor.wake.clear();
        let unseen = std::mem::take(&mut lock(&reactor.inbox).messages);
        drop(unseen);
        reactor.cancelled.take_all().for_each(drop);
        if reactor.is_over() {
            return;
        }
    }
}

fn run(reactor: &Arc<Reactor>) {
    let mut scheduler = Scheduler::new(Arc::clone(reactor));
    let mut ready: Vec<Readiness> = Vec::new();
    loop {
        let until = if scheduler.has_work() { Some(Instant::now()) } else { scheduler.next_timer() };
        // An error means that the system cannot poll. The thread looks again soon.
        let _ = reactor.poller.wait(&mut ready, until);
        for Readiness { token, input, .. } in ready.drain(..) {
            if scheduler.is_inherited() {
                // The inbox may be locked for ever, and the event is the parent's too.
                break;
            }
            if token == WAKE {
                inject("reactor");
                reactor.wake.clear();
                reactor.pass_messages(&mut scheduler);
                reactor.cancelled.take_all().for_each(|ticket| scheduler.on_cancel(&ticket));
            } else {
                scheduler.on_ready(token, input);
            }
        }
        scheduler.on_time(Instant::now());
        scheduler.go_on();
        if scheduler.has_free_turns() {
            // A wait may have seen that it is cancelled before the thread has seen those that had started by then.
            reactor.pass_messages(&mut scheduler);
            scheduler.give_turns();
        }
        if scheduler.is_inherited() {
            // The only thread of a child ends. Dropping the waits would end TLS sessions of the parent.
            return std::mem::forget(scheduler);
        }
        if scheduler.is_empty() && reactor.is_over() {
            return;
        }
    }
}

fn cannot_start(e: io::Error) -> Error {
    Error::new(Status::OutOfMemory, format!("cannot start a wait: {e}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::ticket::Ticket;
    use super::*;

    /// A ticket refers to the reactor, and the reactor to the tickets that were cancelled.
    #[test]
    fn a_cancelled_ticket_does_not_keep_the_reactor() {
        let lease = Lease::of(Arc::new(Reactor::new().unwrap())).unwrap();
        let reactor = Arc::downgrade(&lease);
        Ticket::new(&lease).cancel();
        drop(lease);
        assert_eq!(reactor.strong_count(), 0);
    }

    #[test]
    fn a_reactor_has_one_life() {
        let reactor = Arc::new(Reactor::new().unwrap());
        let leases = [(); 2].map(|()| Lease::of(Arc::clone(&reactor)).unwrap());
        let [first, last] = leases;
        drop(first);
        assert!(!reactor.is_over());
        drop(last);
        assert!(reactor.is_over() && Lease::of(reactor).is_none());
    }
}
