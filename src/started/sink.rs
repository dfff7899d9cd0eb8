//! Where the outcome of a wait goes. The reactor ends the wait, and knows nothing else of it.

use super::completion::Ended;
use super::fifo::{Fifo, Place};
use super::slot::Slot;
use super::ticket::Ticket;
use super::untaken::Untaken;
use crate::error::Error;
use crate::session::Session;
use crate::status::Status;
use std::sync::Arc;

/// Takes exactly one outcome. If it is dropped without one, as by a panic, the outcome is an internal error.
pub(super) struct Sink {
    session: Arc<Session>,
    target: Option<Target>,
}

enum Target {
    Slot(Arc<Slot<Untaken>>),
    Queue { fifo: Arc<Fifo<Ended, Ticket>>, place: Place, tag: u64 },
}

impl Sink {
    pub fn slot(session: &Arc<Session>, slot: &Arc<Slot<Untaken>>) -> Sink {
        Sink { session: Arc::clone(session), target: Some(Target::Slot(Arc::clone(slot))) }
    }

    /// The queue counts the wait as running until this sink ends or is withdrawn.
    pub fn queue(session: &Arc<Session>, fifo: &Arc<Fifo<Ended, Ticket>>, ticket: &Ticket, tag: u64) -> Sink {
        let place = fifo.begin(ticket.clone(), session.config.interruptible);
        Sink { session: Arc::clone(session), target: Some(Target::Queue { fifo: Arc::clone(fifo), place, tag }) }
    }

    /// What the wait's client shares.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub fn end(mut self, outcome: Result<String, Error>) {
        self.pass(outcome);
    }

    /// The wait did not start, which its start reports. So there is no outcome.
    pub fn withdraw(mut self) {
        if let Some(Target::Queue { fifo, place, .. }) = self.target.take() {
            fifo.withdraw(place);
        }
    }

    fn pass(&mut self, outcome: Result<String, Error>) {
        let outcome = Untaken::new(Arc::clone(&self.session), outcome);
        match self.target.take() {
            Some(Target::Slot(slot)) => slot.end(outcome),
            Some(Target::Queue { fifo, place, tag }) => fifo.end(place, Ended { tag, outcome }),
            None => {}
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.target.is_some() {
            let mut error = Error::new(Status::Internal, "a defect in libanchor ended the wait");
            error.detail.maybe_consumed = true;
            self.pass(Err(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reactor::Lease;
    use super::*;
    use crate::config::Config;
    use crate::panic::catch;
    use crate::started::completion::Completion;
    use crate::started::slot::Stage;
    use crate::sys::Event;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn session() -> Arc<Session> {
        let mut config = Config::bare();
        config.set_api_key("key").unwrap();
        config.set_base_url("http://127.0.0.1:1").unwrap();
        Arc::new(Session::new(&config).unwrap())
    }

    fn fifo() -> Arc<Fifo<Ended, Ticket>> {
        Arc::new(Fifo::new(Event::new().unwrap()))
    }

    fn queue_sink(session: &Arc<Session>, fifo: &Arc<Fifo<Ended, Ticket>>) -> Sink {
        Sink::queue(session, fifo, &Ticket::new(&Lease::new().unwrap()), 7)
    }

    fn is_internal(outcome: &Result<String, Error>) -> bool {
        outcome.as_ref().is_err_and(|e| e.status() == Status::Internal && e.maybe_consumed())
    }

    #[test]
    fn a_sink_that_is_dropped_gives_an_internal_error() {
        let (session, fifo, slot) = (session(), fifo(), Arc::new(Slot::new()));
        let sinks = [queue_sink(&session, &fifo), Sink::slot(&session, &slot)];
        for sink in sinks {
            let engine = move || -> Result<(), Error> {
                let _sink = sink;
                panic!("a test asked for it")
            };
            assert!(catch(engine).is_err());
        }
        let Stage::Ended(outcome) = slot.take() else { panic!("no outcome") };
        assert!(is_internal(&outcome.take()));
        let completion: Completion = fifo.take().expect("a completion").take();
        assert!(completion.tag() == 7 && is_internal(&completion.into_outcome()));
        assert!(fifo.take().is_none(), "one each");
    }

    #[test]
    fn a_wait_that_did_not_start_has_no_completion() {
        let (session, fifo) = (session(), fifo());
        let sink = queue_sink(&session, &fifo);
        assert_eq!(fifo.untaken(), 1);
        sink.withdraw();
        assert!(fifo.untaken() == 0 && fifo.take().is_none());
    }

    /// Notes whether its queue is over when it is dropped.
    struct Late(Arc<Fifo<Late, ()>>, Arc<AtomicBool>);

    impl Drop for Late {
        fn drop(&mut self) {
            self.1.store(self.0.is_over(), Ordering::SeqCst);
        }
    }

    #[test]
    fn a_closed_queue_is_over_when_everything_is_dropped() {
        let fifo = Arc::new(Fifo::new(Event::new().unwrap()));
        let was_over = Arc::new(AtomicBool::new(true));
        let place = fifo.begin((), false);
        fifo.close();
        fifo.end(place, Late(Arc::clone(&fifo), Arc::clone(&was_over)));
        assert!(fifo.is_over() && !was_over.load(Ordering::SeqCst));
    }

    #[test]
    fn an_answer_after_the_queue_was_closed_is_counted_as_dropped() {
        let (session, fifo) = (session(), fifo());
        let [late, failed] = [(); 2].map(|()| queue_sink(&session, &fifo));
        fifo.close();
        assert!(!fifo.is_over(), "two waits still run");
        late.end(Ok("{}".to_owned()));
        failed.end(Err(Error::invalid("no answer")));
        assert!(fifo.is_over());
        assert_eq!((session.stats().dropped, fifo.untaken()), (1, 0));
    }
}
