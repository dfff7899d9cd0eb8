//! Where the started waits of a client are: in which phase, and since when. A wait that is parked has no thread and no stack, so
//! this is what a program can see of it.

use crate::error::Phase;
use crate::json::Object;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Counts the waits that run. The reactor notes each change of phase.
pub(crate) struct Census {
    began: Instant,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    all: Vec<Option<Entry>>,
    vacant: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    stage: Stage,
    /// Milliseconds after the census began.
    since: u32,
}

/// Where a started wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It waits for its turn to make a connection.
    Queued,
    Exchange(Phase),
    /// It pauses before it asks again.
    Paused,
}

/// The entry of one wait.
pub(crate) struct Seat {
    census: Arc<Census>,
    number: u32,
    stage: Stage,
}

impl Seat {
    pub fn change(&mut self, stage: Stage) {
        if self.stage != stage {
            self.stage = stage;
            self.census.change(self.number, stage);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.census.leave(self.number);
    }
}

/// How many started waits are at one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageCount {
    /// How many waits.
    pub count: u64,
    /// For how many milliseconds the first of them has been there.
    pub oldest_ms: u64,
}

macro_rules! stages {
    ($($(#[doc = $doc:literal])+ $field:ident = $json:literal: $stage:pat,)+) => {
        /// How many started waits of a client are at which stage.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct StartedWaits {
            $($(#[doc = $doc])+ pub $field: StageCount,)+
        }

        impl StartedWaits {
            /// Returns the counts as one JSON object.
            pub(crate) fn to_json(self) -> String {
                let mut object = Object::new();
                for (name, StageCount { count, oldest_ms }) in [$(($json, self.$field)),+] {
                    let mut stage = Object::new();
                    stage.number("count", count);
                    stage.number("oldestMs", oldest_ms);
                    object.json(name, &stage.end());
                }
                object.end()
            }

            fn at(&mut self, stage: Stage) -> &mut StageCount {
                match stage {
                    $($stage => &mut self.$field,)+
                }
            }
        }
    };
}

stages! {
    /// Waiting for their turn to make a connection: a client makes 128 at once.
    queued = "queued": Stage::Queued,
    /// Looking up the host.
    dns = "dns": Stage::Exchange(Phase::Dns),
    /// Connecting, to the service or to a proxy.
    connect = "connect": Stage::Exchange(Phase::Connect),
    /// In a TLS handshake.
    tls = "tls": Stage::Exchange(Phase::Tls),
    /// Sending a request.
    send = "send": Stage::Exchange(Phase::Send),
    /// Waiting for an answer.
    wait = "wait": Stage::Exchange(Phase::Wait),
    /// Receiving an answer.
    receive = "receive": Stage::Exchange(Phase::Receive),
    /// Pausing before they ask again.
    paused = "paused": Stage::Paused,
}

impl Default for Census {
    fn default() -> Census {
        Census { began: Instant::now(), entries: Mutex::default() }
    }
}

impl Census {
    /// A wait begins. Returns its number.
    fn enter(&self, stage: Stage) -> u32 {
        let entry = Some(Entry { stage, since: self.now() });
        let mut entries = self.lock();
        if let Some(number) = entries.vacant.pop() {
            entries.all[number as usize] = entry;
            return number;
        }
        entries.all.push(entry);
        (entries.all.len() - 1) as u32
    }

    fn change(&self, number: u32, stage: Stage) {
        let entry = Some(Entry { stage, since: self.now() });
        self.lock().all[number as usize] = entry;
    }

    /// The wait is over.
    fn leave(&self, number: u32) {
        let mut entries = self.lock();
        entries.all[number as usize] = None;
        entries.vacant.push(number);
        if entries.vacant.len() == entries.all.len() {
            *entries = Entries::default();
        }
    }

    /// A wait is at `stage` until the seat is dropped.
    pub fn seat(self: &Arc<Self>, stage: Stage) -> Seat {
        Seat { census: Arc::clone(self), number: self.enter(stage), stage }
    }

    pub fn read(&self) -> StartedWaits {
        let now = self.now();
        let mut waits = StartedWaits::default();
        for entry in self.lock().all.iter().flatten() {
            let counted = waits.at(entry.stage);
            counted.count += 1;
            counted.oldest_ms = counted.oldest_ms.max(now.wrapping_sub(entry.since).into());
        }
        waits
    }

    /// It wraps after 49 days.
    fn now(&self) -> u32 {
        self.began.elapsed().as_millis() as u32
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_counted_where_it_is() {
        let census = Census::default();
        let numbers = [Stage::Queued, Stage::Exchange(Phase::Wait), Stage::Paused].map(|stage| census.enter(stage));
        census.change(numbers[0], Stage::Exchange(Phase::Wait));
        let waits = census.read();
        assert_eq!((waits.queued.count, waits.wait.count, waits.paused.count), (0, 2, 1));
        census.leave(numbers[1]);
        assert_eq!(census.enter(Stage::Exchange(Phase::Dns)), numbers[1], "its number is used again");
        assert_eq!((census.read().wait.count, census.read().dns.count), (1, 1));
        numbers.into_iter().for_each(|number| census.leave(number));
        assert_eq!(census.read(), StartedWaits::default());
        assert_eq!(census.lock().all.capacity(), 0, "it keeps nothing when no wait is left");
    }

    #[test]
    fn the_age_is_that_of_the_oldest() {
        let mut census = Census::default();
        census.enter(Stage::Paused);
        census.began -= std::time::Duration::from_secs(5);
        census.enter(Stage::Paused);
        let paused = census.read().paused;
        assert_eq!(paused.count, 2);
        assert!((5_000..60_000).contains(&paused.oldest_ms), "{paused:?}");
    }

    #[test]
    fn it_is_one_json_object() {
        let json = StartedWaits::default().to_json();
        assert!(json.starts_with(r#"{"queued":{"count":0,"oldestMs":0},"dns":"#), "{json}");
    }
}
