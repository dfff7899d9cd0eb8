//! JSON texts and pointers: the library and serde_json agree about them. The input is a pointer, a NUL, and a document. The
//! document is searched by the pointer, and serves as the body of a successful and of a failed answer.
#![no_main]

use anchor::{Client, Config, Error, Status};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;
use simulation::report::{self, KEY};
use simulation::{Connection, End, Piece, world};
use std::sync::LazyLock;
use std::time::Duration;

fuzz_target!(|input: &[u8]| {
    let middle = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (pointer, document) = (&input[..middle], input.get(middle + 1..).unwrap_or_default());
    if let (Ok(pointer), Ok(document)) = (std::str::from_utf8(pointer), std::str::from_utf8(document)) {
        look(document, pointer);
    }
    succeed(document);
    fail(document);
});

/// `anchor::json_get` by the C ABI, where NULL means absent.
fn look(document: &str, pointer: &str) {
    let found = anchor::json_get(document, pointer);
    let Ok(tree) = serde_json::from_str::<Value>(document) else {
        // Numbers out of range, unpaired surrogates and deep nesting are accepted here; a text that is not JSON is refused.
        let is_json = serde_json::from_str::<&RawValue>(document).is_ok();
        assert!(is_json || found.is_none(), "found in what is not JSON");
        return;
    };
    let is_well_formed = !pointer.replace("~0", "").replace("~1", "").contains('~');
    let expected = if is_well_formed { tree.pointer(pointer) } else { None };
    match (expected, &found) {
        (None, None) => {}
        (Some(Value::String(expected)), Some(found)) => assert_eq!(expected, found),
        (Some(expected), Some(found)) => assert_eq!(expected, &serde_json::from_str::<Value>(found).expect("JSON")),
        _ => panic!("{pointer:?}: expected {expected:?}, found {found:?}"),
    }
}

fn succeed(document: &[u8]) {
    let outcome = answered(200, document);
    let is_object = match serde_json::from_slice::<&RawValue>(document) {
        Ok(raw) => raw.get().starts_with('{'),
        Err(_) => false,
    };
    match outcome {
        Ok(answer) => assert!(is_object && answer.as_bytes() == document, "took {document:?} as {answer:?}"),
        Err(error) => {
            report::check(error.status(), &error.to_json());
            assert_eq!(error.status(), Status::Protocol);
            assert!(!is_object, "refused {document:?}: {error:?}");
        }
    }
}

/// An error has the message of the API on one line and without the key, if the body has one, and some message otherwise.
fn fail(document: &[u8]) {
    let error = answered(403, document).expect_err("403 is a failure");
    report::check(error.status(), &error.to_json());
    assert_eq!((error.status(), error.http_status()), (Status::Forbidden, Some(403)));
    assert!(!error.message().contains(char::is_control), "{error:?}");
    let Ok(tree) = serde_json::from_slice::<Value>(document) else { return };
    let may_quote = |said: &str| said.contains(&KEY[..8]) || said.contains("\\u");
    match tree.pointer("/error/message").and_then(Value::as_str) {
        Some(said) if !said.is_empty() && !may_quote(said) => {
            let is_same = |(shown, said): (char, char)| shown == said || matches!(shown, ' ' | '\u{fffd}');
            let (shown, count) = (error.message(), said.chars().count());
            let same = shown.chars().zip(said.chars()).take(500).all(is_same);
            let (length, is_cut) = (shown.chars().count(), shown.ends_with("..."));
            assert!(same && (length == count || (is_cut && count > 500 && length == 503)), "{said:?} became {error:?}");
        }
        _ => assert!(error.message().len() <= 4 * 500 + 3),
    }
}

fn answered(status: u16, body: &[u8]) -> Result<String, Error> {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| {
        let mut config = Config::bare();
        config.set_api_key(KEY).unwrap().set_base_url("http://127.0.0.1").unwrap().set_retries(0);
        Client::new(&config).unwrap()
    });
    let head = format!("HTTP/1.1 {status} Simulated\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let bytes = [head.as_bytes(), body].concat();
    world::install([Connection::new(vec![Piece::new(Duration::ZERO, bytes)], End::Finish)]);
    let outcome = CLIENT.wait("name", Some(Duration::ZERO), None);
    world::take_down();
    outcome
}
