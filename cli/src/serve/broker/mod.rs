//! Who waits and what was signaled: topics, their queues, deliveries, accounts, and the record of all that.
//!
//! Nothing in here knows HTTP or a socket.

pub mod accounts;
pub mod delivery;
pub mod hub;
pub mod journal;
mod recent;
pub mod store;
