//! What a call does when nothing is wrong but time: the rules of a wait, deadlines, cancels, interruptions, connections that
//! are kept, lookups, started waits. A failure of the network or of the service is in `tests/faults`.

#[path = "../c_build/mod.rs"]
mod c_build;
#[path = "../event_server/mod.rs"]
mod event_server;
#[path = "../scripted/mod.rs"]
mod scripted;

mod cancel;
mod connections;
mod deadlines;
mod event_names;
mod interrupt;
mod lookup;
mod started;
mod wait_rules;
