//! Tests of the latest value. That no interleaving of readers and writers breaks it is shown in tests/model/replaced.rs.

use super::latest::Latest;
use std::sync::Arc;

#[test]
fn a_reader_keeps_what_it_has_read() {
    let latest: Latest<String> = Latest::new("first".to_owned());
    let first = latest.get();
    for n in 1..24 {
        latest.replace(|_| n.to_string());
    }
    assert_eq!((first.as_str(), latest.get().as_str()), ("first", "23"));
}

#[test]
fn the_last_few_are_kept_and_the_others_freed() {
    const KEPT: usize = 8;
    let value = Arc::new(());
    let latest: Latest<_, KEPT> = Latest::new((0, Arc::new(())));
    for n in 1..100 {
        latest.replace(|_| (n, Arc::clone(&value)));
    }
    let kept: Vec<usize> = latest.get().all().map(|(n, _)| *n).collect();
    assert_eq!(kept, [99, 98, 97, 96, 95, 94, 93, 92]);
    assert_eq!(Arc::strong_count(&value), 1 + KEPT);
    let reader = latest.get();
    for n in 100..200 {
        latest.replace(|_| (n, Arc::clone(&value)));
    }
    assert_eq!((reader.0, Arc::strong_count(&value)), (99, 1 + KEPT + 100));
    drop(reader);
    latest.replace(|_| (200, Arc::clone(&value)));
    latest.replace(|_| (201, Arc::clone(&value)));
    assert_eq!(Arc::strong_count(&value), 1 + KEPT);
    drop(latest);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn no_replacement_is_lost_and_every_value_is_dropped() {
    const THREADS: usize = 4;
    const EACH: usize = 100;
    let value = Arc::new(());
    let latest: Latest<_> = Latest::new((0, Arc::new(())));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..EACH).for_each(|_| latest.replace(|(count, _)| (count + 1, Arc::clone(&value)))));
        }
    });
    assert_eq!(latest.get().0, THREADS * EACH);
    drop(latest);
    assert_eq!(Arc::strong_count(&value), 1);
}
