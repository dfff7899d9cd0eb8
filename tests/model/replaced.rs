//! A value that is replaced while others read it: nobody finds one that was freed, each is freed once, and the last ones are
//! kept.

use super::latest::Latest;
use super::model;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

/// A value that loom watches: it is read before it is dropped, once, and what is never dropped is a leak.
struct Value(Arc<UnsafeCell<Option<u32>>>);

impl Value {
    fn new(number: u32) -> Value {
        Value(Arc::new(UnsafeCell::new(Some(number))))
    }

    fn number(&self) -> u32 {
        number(&self.0)
    }
}

fn number(cell: &UnsafeCell<Option<u32>>) -> u32 {
    // SAFETY: loom reports a read that is not before the drop.
    cell.with(|number| unsafe { *number }).expect("it was not dropped")
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: as above.
        assert!(self.0.with_mut(|number| unsafe { (*number).take() }).is_some(), "it is dropped once");
    }
}

type Replaced = Arc<Latest<Value, 1>>;

fn replaces(latest: &Replaced) -> JoinHandle<()> {
    let latest = Arc::clone(latest);
    thread::spawn(move || latest.replace(|before| Value::new(before.number() + 1)))
}

/// Whoever reads finds what is not freed while he reads.
fn reads(latest: &Replaced) -> JoinHandle<()> {
    let latest = Arc::clone(latest);
    thread::spawn(move || {
        let reading = latest.get();
        let cells: Vec<_> = reading.all().map(|value| Arc::clone(&value.0)).collect();
        for cell in cells {
            thread::yield_now();
            number(&cell);
        }
        drop(reading);
    })
}

#[test]
fn nobody_reads_what_was_freed() {
    model(|| {
        let latest = Replaced::new(Latest::new(Value::new(0)));
        let threads = [reads(&latest), replaces(&latest)];
        latest.replace(|before| Value::new(before.number() + 1));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(latest.get().number(), 2);
        // What two left that were in each other's way is freed by the next.
        latest.replace(|before| Value::new(before.number() + 1));
        latest.replace(|before| Value::new(before.number() + 1));
        assert_eq!(latest.get().all().count(), 1);
    });
}
