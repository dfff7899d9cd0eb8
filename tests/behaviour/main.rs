//! What a call does when network and service work: the rules of a wait, deadlines, cancels, interruptions, reused
//! connections, lookups, started waits. What it does when they fail is in `tests/faults`.

mod blocked;
mod cancel;
mod connections;
mod deadlines;
mod event_names;
mod floods;
mod interrupt;
mod lookup;
mod queue;
mod queue_callback;
mod reactor;
mod started;
mod wait_rules;
