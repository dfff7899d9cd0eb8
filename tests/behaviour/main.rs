//! What a call does when nothing is wrong but time: the rules of a wait, deadlines, cancels, interruptions, connections that
//! are kept, lookups, started waits. A failure of the network or of the service is in `tests/faults`.

mod blocked;
mod cancel;
mod connections;
mod deadlines;
mod event_names;
mod freeze;
mod interrupt;
mod lookup;
mod started;
mod wait_rules;
