//! The bodies of requests: the timeout of a wait, and the data of a signal.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{ApiError, bad_request};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// Deeper JSON is refused, so that reading it cannot use up the stack of a thread.
const MAX_DEPTH: usize = 512;
/// Of each thread that reads JSON. A level takes more than 2 KB on s390x without optimization.
pub const STACK_SIZE: usize = 8 << 20;

/// The body may be missing, and so may the timeout in it.
pub fn requested_timeout(body: &[u8]) -> Result<Duration, ApiError> {
    if body.is_empty() {
        return Ok(DEFAULT_TIMEOUT);
    }
    let request = object(body)?;
    let Some(timeout_ms) = request.get("timeoutMs") else {
        return Ok(DEFAULT_TIMEOUT);
    };
    let ms = timeout_ms.as_f64().filter(|ms| ms.fract() == 0.0);
    let ms = ms.ok_or_else(|| bad_request("timeoutMs must be an integer"))?;
    // A negative timeout asks once, as 0 does.
    Ok(Duration::try_from_secs_f64((ms / 1000.0).max(0.0)).unwrap_or(Duration::MAX))
}

#[derive(Deserialize)]
struct SignalRequest<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// The data byte for byte as it was sent: numbers keep their digits, members keep their order.
pub fn signaled_data(body: &[u8]) -> Result<Bytes, ApiError> {
    object(body)?;
    let request: SignalRequest = serde_json::from_slice(body).map_err(|_| not_an_object())?;
    let data = request.data.map(RawValue::get).filter(|data| data.starts_with('{'));
    let data = data.ok_or_else(|| bad_request("Event data is required and must be a JSON object"))?;
    Ok(Bytes::copy_from_slice(data.as_bytes()))
}

/// Checks the whole JSON text, since the server passes the data on unchanged.
fn object(json: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if depth(json) > MAX_DEPTH {
        return Err(bad_request(&format!("The body is nested more than {MAX_DEPTH} levels deep")));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    reader.disable_recursion_limit();
    let object = Map::deserialize(&mut reader).map_err(|_| not_an_object())?;
    reader.end().map_err(|_| not_an_object())?;
    Ok(object)
}

/// How deep the objects and arrays of a JSON text are nested. It is at least that if the text is not JSON.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn not_an_object() -> ApiError {
    bad_request("The body must be a JSON object")
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn a_wait_may_leave_out_its_time() {
        for body in ["", "{}", r#"{"other":1}"#] {
            assert_eq!(requested_timeout(body.as_bytes()).unwrap(), DEFAULT_TIMEOUT, "{body}");
        }
    }

    #[test]
    fn a_wait_s_time_is_in_milliseconds_and_any_integer() {
        for (ms, expected) in [("1500", 1500), ("0", 0), ("-5", 0), ("2.0", 2)] {
            let body = format!(r#"{{"timeoutMs":{ms}}}"#);
            assert_eq!(requested_timeout(body.as_bytes()).unwrap(), Duration::from_millis(expected), "{ms}");
        }
        assert_eq!(requested_timeout(br#"{"timeoutMs":1e300}"#).unwrap(), Duration::MAX);
    }

    #[test]
    fn a_wait_that_makes_no_sense_is_refused() {
        for body in [
            "[]",
            "7",
            "{",
            "null",
            r#"{"timeoutMs":"5"}"#,
            r#"{"timeoutMs":1.5}"#,
            r#"{"timeoutMs":true}"#,
            r#"{"timeoutMs":null}"#,
        ] {
            let refusal = requested_timeout(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{body}");
        }
    }

    #[test]
    fn brackets_count_outside_of_strings_only() {
        for (json, expected) in [
            ("", 0),
            ("7", 0),
            (r#"{"a":[[],[{}]]}"#, 4),
            (r#"{"a":"[[[\"[[["}"#, 1),
            (r#"{"a\\":[]}"#, 2),
            ("]]}[", 1),
        ] {
            assert_eq!(depth(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn the_deepest_body_fits_on_half_the_stack_of_a_thread() {
        let body = format!("{}{}", r#"{"data":"#.repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH)).replace(":}", ":1}");
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE / 2);
        let data = thread.spawn(move || signaled_data(body.as_bytes()).unwrap()).unwrap().join().unwrap();
        assert_eq!(depth(&data), MAX_DEPTH - 1);
    }

    #[test]
    fn signaled_data_is_kept_byte_for_byte() {
        let data = signaled_data(br#" {"x":1, "data" : { "b":1.50, "a":1e999999 ,"c":"\u00e9"} } "#);
        assert!(data.is_err(), "a number beyond every double is refused");
        let data = signaled_data(br#" {"x":1, "data" : { "b":1.50, "a":12345678901234567890123 } } "#).unwrap();
        assert_eq!(data, &br#"{ "b":1.50, "a":12345678901234567890123 }"#[..]);
    }

    #[test]
    fn a_signal_without_an_object_as_data_is_refused() {
        let bodies = ["", "{}", "[]", "x", r#"{"data":null}"#, r#"{"data":[]}"#, r#"{"data":1}"#, r#"{"data":"{}"}"#];
        for body in bodies.iter().copied().chain([r#"{"data":{"a":"\ud800"}}"#, r#"{"data":{}"#]) {
            assert_eq!(signaled_data(body.as_bytes()).unwrap_err().status, StatusCode::BAD_REQUEST, "{body}");
        }
    }
}
