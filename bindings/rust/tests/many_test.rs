//! Alone in its process, whose threads it counts.

mod server;

use anchor::Queue;
use server::{PATIENCE, client, signal, until, waiting};

const MANY: usize = 500;

/// C39, C40: many waits each get their own event, with a handful of threads, and other threads go on.
#[test]
fn many_waits_take_a_handful_of_threads() {
    let (client, queue) = (client(), Queue::new().unwrap());
    let before = threads();
    for job in 0..MANY {
        client.start_on(&queue, &format!("job_{job}"), Some(PATIENCE * 2), job as u64).unwrap();
    }
    until(|| waiting(None) == MANY);
    assert!(threads() <= before + 2, "{} threads, and before {before}", threads());
    for job in 0..MANY {
        signal(&client, &format!("job_{job}"), &format!(r#"{{"job":{job}}}"#));
    }
    for _ in 0..MANY {
        let completion = queue.next(Some(PATIENCE), None).unwrap();
        let tag = completion.tag();
        assert_eq!(completion.into_outcome().unwrap(), format!(r#"{{"data":{{"job":{tag}}}}}"#));
    }
    assert_eq!(queue.running(), 0);
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("/proc").count()
}
