//! The text that is printed for an event, in each format.

use anchor::json_get;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::args::FormatArgs;

/// The text to print.
pub struct Rendered {
    pub text: String,
    /// Says that the pointer found nothing. The text is the whole answer then, so that the event is not lost.
    pub missing: Option<String>,
}

/// Renders the event in the service's answer, without a line end.
pub fn render(format: &FormatArgs, name: &str, answer: &str) -> Rendered {
    let found = match format {
        FormatArgs { raw: true, .. } => Some(answer.to_owned()),
        FormatArgs { json: true, .. } => Some(with_name(name, answer)),
        FormatArgs { pointer: Some(pointer), .. } => json_get(answer, pointer),
        // The API does not promise that an answer has data.
        _ => Some(on_one_line(&json_get(answer, "/data").unwrap_or_else(|| answer.to_owned()))),
    };
    match found {
        Some(text) => Rendered { text, missing: None },
        None => {
            let pointer = format.pointer.as_deref().unwrap_or_default();
            let missing = Some(format!("{pointer} is not in the event, so all of it was printed"));
            Rendered { text: answer.to_owned(), missing }
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

/// JSON has line breaks only between tokens; in a string they are escaped.
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
    fn each_format_renders_its_part() {
        let text = |format| render(&format, "a\"b", ANSWER).text;
        assert_eq!(text(format(false, true, None)), ANSWER);
        assert_eq!(text(format(false, false, Some("/data/code"))), "123456");
        let named: serde_json::Value = serde_json::from_str(&text(format(true, false, None))).unwrap();
        assert_eq!(named, json!({"event": "a\"b", "data": {"code": "123456", "n": 1.5}}));
        let data: serde_json::Value = serde_json::from_str(&text(format(false, false, None))).unwrap();
        assert_eq!(data, json!({"code": "123456", "n": 1.5}));
    }

    #[test]
    fn an_event_is_one_line_even_if_the_answer_has_more() {
        let answer = "{\"data\":{\r\n\"text\":\"a\\nb\"}}";
        assert_eq!(render(&format(false, false, None), "a", answer).text, r#"{  "text":"a\nb"}"#);
        assert_eq!(render(&format(true, false, None), "a", answer).text, r#"{"event":"a","data":{  "text":"a\nb"}}"#);
    }

    #[test]
    fn an_event_without_the_value_is_rendered_whole() {
        let rendered = render(&format(false, false, Some("/data/other")), "a", ANSWER);
        assert_eq!(rendered.text, ANSWER);
        assert!(rendered.missing.is_some_and(|missing| missing.starts_with("/data/other is not")));
    }

    #[test]
    fn an_answer_without_data_is_an_event_too() {
        assert_eq!(render(&format(false, false, None), "a", "{}").text, "{}");
        assert_eq!(render(&format(true, false, None), "a", "{}").text, r#"{"event":"a","data":null}"#);
    }
}
