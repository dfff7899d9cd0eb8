//! What a call does when network and service work: the rules of a wait, deadlines, cancels, interruptions, reused
//! connections, lookups, the ways to a service, started waits. What it does when they fail is in `tests/faults`. Tests that look at
//! the threads or the connections of this process are for Linux, which says what they do.

#[cfg(target_os = "linux")]
mod blocked;
#[cfg(target_os = "linux")]
mod cancel;
#[cfg(target_os = "linux")]
mod connections;
#[cfg(target_os = "linux")]
mod credentials;
#[cfg(target_os = "linux")]
mod deadlines;
mod event_names;
#[cfg(target_os = "linux")]
mod floods;
#[cfg(target_os = "linux")]
mod interrupt;
mod log;
#[cfg(target_os = "linux")]
mod lookup;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod queue;
#[cfg(target_os = "linux")]
mod queue_callback;
#[cfg(target_os = "linux")]
mod reactor;
#[cfg(target_os = "linux")]
mod routes;
#[cfg(target_os = "linux")]
mod shared_lookup;
#[cfg(target_os = "linux")]
mod started;
mod wait_rules;
