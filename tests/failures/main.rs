//! Every way to fail, by the status, phase, `maybeConsumed`, attempts and connections that come of it, for waits and for
//! signals. A scripted server plays the other side. How long things take is the business of `deadlines`.

#[path = "../scripted/mod.rs"]
mod scripted;

mod answers;
mod connections;
mod retries;
mod statuses;
mod table;
mod tls;
