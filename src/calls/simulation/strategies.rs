//! Scripts and settings at random, for the properties.

use super::script::*;
use super::settings;
use crate::config::{Config, Retries};
use crate::http::FailureKind::{Broken, Exhausted, Malformed, NotPermitted, TlsRefused, TooLarge, UnknownHost};
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

fn outcome() -> impl Strategy<Value = Scripted> {
    let again = [not_signaled(), refused(429), refused(503), gateway(408), gateway(502), gateway(503), lost(Broken)];
    let unsent_again = [unsent(Broken), unsent(UnknownHost), unsent(Exhausted), black_hole(), stale(), silent()];
    let at_last = [event(), refused(401), refused(500), gateway(500), not_api(), lost(Malformed), lost(TooLarge)];
    let not_let_out = [lost(Exhausted), unsent(NotPermitted), unsent(TlsRefused), lost(TlsRefused)];
    let kind = prop_oneof![
        8 => select([again.to_vec(), unsent_again.to_vec()].concat()),
        1 => select([at_last.to_vec(), not_let_out.to_vec()].concat()),
    ];
    let (before, held) = (option_of(up_to(20 * SECOND)), option_of(up_to(2 * MINUTE)));
    let retry_after = prop_oneof![9 => Just(None), 1 => up_to(20 * MINUTE).prop_map(Some)];
    (kind, before, held, retry_after).prop_map(|(mut scripted, before, held, retry_after)| {
        scripted.before = before.unwrap_or(scripted.before);
        // A drain that is answered sooner makes too many requests for a test.
        scripted.held = scripted.held.map(|default| held.unwrap_or(default).max(10 * MILLI));
        scripted.retry_after = retry_after.filter(|_| scripted.is_answer());
        scripted
    })
}

fn option_of<T: Clone + std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop_oneof![2 => Just(None), 1 => of.prop_map(Some)]
}

/// Short times as often as long ones.
fn up_to(longest: Duration) -> impl Strategy<Value = Duration> {
    (0.0..1.0f64).prop_map(move |part| longest.mul_f64(part.powi(4)))
}

/// It is stopped at some time, so that a call without a deadline ends.
pub(super) fn script() -> impl Strategy<Value = Script> {
    let stop = (up_to(20 * MINUTE), any::<bool>(), any::<bool>());
    (proptest::collection::vec(outcome(), 1..25), stop).prop_map(|(outcomes, (at, by_signal, reached))| {
        let script = Script::new(outcomes);
        let script = if by_signal { script.interrupted(at) } else { script.cancelled(at) };
        if reached { script } else { script.never_reached() }
    })
}

/// The settings that the rules read, so that a failure shows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    retries: Retries,
    rearm: bool,
    slice: Duration,
    grace: Duration,
    connect_timeout: Duration,
    request_timeout: Duration,
}

impl Chosen {
    pub fn config(&self) -> Config {
        settings(|config| {
            (config.retries, config.rearm) = (self.retries, self.rearm);
            (config.slice, config.grace) = (self.slice, self.grace);
            (config.connect_timeout, config.request_timeout) = (self.connect_timeout, self.request_timeout);
        })
    }
}

pub(super) fn chosen() -> impl Strategy<Value = Chosen> {
    let retries = prop_oneof![
        3 => Just(Retries::Default),
        1 => Just(Retries::Always),
        2 => (0..8u32).prop_map(Retries::AtMost),
    ];
    let times = (up_to(2 * MINUTE), up_to(10 * SECOND), up_to(MINUTE), up_to(2 * MINUTE));
    (retries, any::<bool>(), times).prop_map(|(retries, rearm, (slice, grace, connect, request))| Chosen {
        retries,
        rearm,
        // Shorter ones make too many requests for a test.
        slice: slice.max(100 * MILLI),
        grace,
        connect_timeout: connect.max(MILLI),
        request_timeout: request.max(MILLI),
    })
}

pub(super) fn timeout() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![1 => Just(Some(Duration::ZERO)), 8 => up_to(10 * MINUTE).prop_map(Some), 1 => Just(None)]
}
