//! Checks that the error of a call is one JSON object of the documented shape, and does not contain the key.

use anchor::Status;
use serde_json::Value;

/// The key of every simulated client.
pub const KEY: &str = "fuzz-key-5d0c2b7e";

const PHASES: [&str; 6] = ["dns", "connect", "tls", "send", "wait", "receive"];
const MEMBERS: [&str; 12] = [
    "code",
    "message",
    "status",
    "origin",
    "phase",
    "attempts",
    "elapsedMs",
    "maybeConsumed",
    "timedOut",
    "retryAfterMs",
    "lastError",
    "requestId",
];

/// Checks the JSON of an error with this status.
pub fn check(status: Status, json: &str) {
    assert!(status != Status::Ok && status != Status::Internal, "{json}");
    assert!(!json.contains(KEY), "the key is in an error");
    assert!(!json.contains('\0'), "a NUL is in an error");
    let value: Value = serde_json::from_str(json).expect("an error is JSON");
    let error = value["error"].as_object().expect("an error is an object");
    assert!(error.keys().all(|member| MEMBERS.contains(&member.as_str())), "{json}");
    assert_eq!(error["status"], status.name(), "{json}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{json}");
    let by_service = error["origin"] == "service";
    assert!(by_service || error["origin"] == "client", "{json}");
    assert!(error.get("code").map_or(!by_service, Value::is_u64), "{json}");
    assert!(error.get("phase").is_none_or(|phase| PHASES.iter().any(|known| phase == known)), "{json}");
    assert!(error["attempts"].is_u64() && error["elapsedMs"].is_u64() && error["maybeConsumed"].is_boolean(), "{json}");
    assert!(error.get("timedOut").is_none_or(|timed_out| timed_out == true), "{json}");
    assert!(error.get("retryAfterMs").is_none_or(Value::is_u64), "{json}");
    for text in ["lastError", "requestId"] {
        assert!(error.get(text).is_none_or(Value::is_string), "{json}");
    }
}
