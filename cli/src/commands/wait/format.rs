//! What is printed of an event, in the format that was asked for.

use anchor::json_get;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::args::FormatArgs;

/// What to print, and whether it is all that was asked for.
pub struct Printed {
    pub text: String,
    /// What could not be found. The text is the whole answer then: an event is not thrown away.
    pub missing: Option<String>,
}

/// The event in the answer, as text that ends where the event does.
pub fn event(format: &FormatArgs, name: &str, answer: &str) -> Printed {
    let found = match format {
        FormatArgs { raw: true, .. } => Some(answer.to_owned()),
        FormatArgs { json: true, .. } => Some(with_name(name, answer)),
        FormatArgs { pointer: Some(pointer), .. } => json_get(answer, pointer),
        // The service does not promise that there is data.
        _ => Some(on_one_line(&json_get(answer, "/data").unwrap_or_else(|| answer.to_owned()))),
    };
    match found {
        Some(text) => Printed { text, missing: None },
        None => {
            let pointer = format.pointer.as_deref().unwrap_or_default();
            let missing = Some(format!("{pointer} is not in the event, so all of it was printed"));
            Printed { text: answer.to_owned(), missing }
        }
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn with_name(name: &str, answer: &str) -> String {
    let data = serde_json::from_str(answer).ok().and_then(|answer: Answer<'_>| answer.data);
    format!(r#"{{"event":{},"data":{}}}"#, json!(name), on_one_line(data.map_or("null", RawValue::get)))
}

/// JSON has line breaks between its parts only; within a string they are escaped.
fn on_one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"data":{"code":"123456","n":1.50}}"#;

    fn format(json: bool, raw: bool, pointer: Option<&str>) -> FormatArgs {
        FormatArgs { json, raw, pointer: pointer.map(str::to_owned) }
    }

    #[test]
    fn each_format_prints_its_part() {
        let text = |format| event(&format, "a\"b", ANSWER).text;
        assert_eq!(text(format(false, true, None)), ANSWER);
        assert_eq!(text(format(false, false, Some("/data/code"))), "123456");
        let named: serde_json::Value = serde_json::from_str(&text(format(true, false, None))).unwrap();
        assert_eq!(named, json!({"event": "a\"b", "data": {"code": "123456", "n": 1.5}}));
        let data: serde_json::Value = serde_json::from_str(&text(format(false, false, None))).unwrap();
        assert_eq!(data, json!({"code": "123456", "n": 1.5}));
    }

    #[test]
    fn an_event_is_one_line_whatever_the_service_sends() {
        let answer = "{\"data\":{\r\n\"text\":\"a\\nb\"}}";
        assert_eq!(event(&format(false, false, None), "a", answer).text, r#"{  "text":"a\nb"}"#);
        assert_eq!(event(&format(true, false, None), "a", answer).text, r#"{"event":"a","data":{  "text":"a\nb"}}"#);
    }

    #[test]
    fn an_event_without_what_was_asked_for_is_printed_whole() {
        let printed = event(&format(false, false, Some("/data/other")), "a", ANSWER);
        assert_eq!(printed.text, ANSWER);
        assert!(printed.missing.is_some_and(|missing| missing.starts_with("/data/other is not")));
    }

    #[test]
    fn an_answer_without_data_is_an_event_too() {
        assert_eq!(event(&format(false, false, None), "a", "{}").text, "{}");
        assert_eq!(event(&format(true, false, None), "a", "{}").text, r#"{"event":"a","data":null}"#);
    }
}
