//! Who waits and what was signaled: topics, their queues, deliveries, accounts, and the record of all that.
//!
//! Nothing in here knows HTTP or a socket.

mod accounts;
mod delivery;
mod event;
mod hub;
mod journal;
mod recent;
mod snapshot;
mod store;
mod waiter;

pub use accounts::{Account, Accounts};
pub use delivery::{Delivery, Outbox};
pub use event::Topic;
pub use hub::{Hub, WaitEnd};
pub use journal::{Entry, Journal, What};
pub use snapshot::Snapshot;
pub use store::{Full, Limits};
