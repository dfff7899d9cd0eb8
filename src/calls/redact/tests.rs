use super::*;
use crate::credentials::Header;
use proptest::prelude::*;
use serde_json::Value;
use std::time::{Duration, Instant};

const KEY: &str = "sk-0123456789abcdef";

fn key(text: &str) -> SentCredentials {
    SentCredentials::new(Credentials::new(text, &[]))
}

fn words(data: &str, said: &str) -> String {
    Redactor { credentials: &key(KEY), lines: None, data: Some(data) }
        .service_words(said, &mut || true)
        .expect("there is time and memory")
}

#[test]
fn quotes_are_masked_where_they_stand() {
    let data =
        r#"{"token":"S3cr3t/é", "note" : "two  words\n\"here\"", "amount":-1234.50, "deep":[{"inner name":"x y"}]}"#;
    for (said, expected) in [
        ("invalid token: S3cr3t/é!", "invalid [data]: [data]!"),
        (r"as JSON: S3cr3t\/\u00e9.", "as JSON: [data]."),
        ("(two words \"here\")", "([data])"),
        ("two  words\n\"here\" and more", "[data] and more"),
        (r#"two  words\n\"here\" as written"#, "[data] as written"),
        (r#"two \u0020words\u000a\u0022here\u0022 otherwise"#, "[data] otherwise"),
        (r#"\"two  words\\n\\\"here\\\"\" twice"#, r#"\"[data]\" twice"#),
        ("the amount is -1234.50, not more", "the [data] is [data], not more"),
        ("inner  name x y", "[data] x y"),
        (r#"\S3cr3t/é"#, r"\[data]"),
        (data, "[data]"),
        (&format!("data is {data}!"), "data is [data]!"),
        (&serde_json::to_string(data).unwrap(), "\"[data]\""),
        (
            &serde_json::from_str::<Value>(data).unwrap().to_string(),
            "{\"[data]\":-1234.5,\"[data]\":[{\"[data]\":\"x y\"}],\"[data]\":\"[data]\",\"[data]\":\"[data]\"}",
        ),
    ] {
        assert_eq!(words(data, said), expected, "{said}");
    }
}

#[test]
fn data_is_found_in_any_layout() {
    let data = r#"{"pin":123,"no":["ab",true]}"#;
    for said in [
        "{ \"pin\": 123, \"no\": [ \"ab\", true ] }",
        "{\n  \"pin\": 123,\n  \"no\": [\n    \"ab\",\n    true\n  ]\n}",
        r#"{\"pin\":123,\"no\":[\"ab\",true]}"#,
        r#"{\n\t\"pin\": 123, \"no\":[\"ab\",true]}"#,
    ] {
        assert_eq!(words(data, &format!("not {said} please")), "not [data] please", "{said}");
    }
    assert_eq!(words("{}", "{} and {}"), "{} and {}");
}

#[test]
fn the_words_of_the_service_stay() {
    for (data, said) in [
        (r#"{"tries":3}"#, "10 signals of this name are queued already, not 3"),
        (r#"{"tries":10}"#, "10 signals of this name are queued already"),
        (r#"{"lang":"no"}"#, "no language is known, not even Norwegian"),
        (r#"{"a":"", "b":"    ", "c":"\n\n\n\n\n", "d":"abc ", "e":true, "f":null}"#, "abc  true null\\n\\n"),
        (r#"{"code":"1234"}"#, "12345 x1234 encode codes 91234"),
        (r#"{"code":"name"}"#, "names rename surname naming"),
    ] {
        assert_eq!(words(data, said), said, "{data}");
    }
    let short = Redactor { credentials: &key("e"), lines: None, data: None };
    assert_eq!(short.service_words("everything else", &mut || true).unwrap(), "everything else");
}

#[test]
fn a_quote_that_is_cut_off_is_masked() {
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    let data = format!(r#"{{"token":"{secret}","dots":"the first part of it.. and more"}}"#);
    for (said, expected) in [
        ("bad: 0123456789abcdef", "bad: [data]"),
        ("bad: \"0123456789abcdefgh\"", "bad: \"[data]\""),
        ("bad: 0123456789abcdefgh... (400)", "bad: [data]... (400)"),
        ("bad: 0123456789abcdefgh… (400)", "bad: [data]… (400)"),
        ("bad: 0123456789abcdefgh [...]", "bad: [data] [...]"),
        ("bad: the first part of it...", "bad: [data]..."),
        ("bad: 0123456789abcde...", "bad: 0123456789abcde..."),
        ("bad: 0123456789abcdefgh is its beginning", "bad: 0123456789abcdefgh is its beginning"),
        (r#"bad: {"token":"0123456..."#, r#"bad: [data]..."#),
        ("key sk-012345678...", "key [key]..."),
        ("key sk-01...", "key sk-01..."),
    ] {
        assert_eq!(words(&data, said), expected, "{said}");
    }
}

#[test]
fn the_key_is_masked_within_words_too() {
    for (said, expected) in [
        (format!("key={KEY}."), "key=[key]."),
        (format!("x{KEY}y{KEY}"), "x[key]y[key]"),
        (KEY.replace('-', "\\u002d"), "[key]"),
        (format!("Bearer {KEY}"), "Bearer [key]"),
    ] {
        assert_eq!(
            Redactor { credentials: &key(KEY), lines: None, data: None }.service_words(&said, &mut || true).unwrap(),
            expected
        );
    }
    // The same letter again and again: the key may begin within what looks like it.
    let repeated = Redactor { credentials: &key("aaaaaaaab"), lines: None, data: None };
    assert_eq!(repeated.service_words("x aaaaaaaaaaaab!", &mut || true).unwrap(), "x aaaa[key]!");
}

#[test]
fn overlapping_quotes_are_one() {
    let data = r#"{"a":"alpha beta","b":"beta gamma","c":"gamma"}"#;
    assert_eq!(words(data, "alpha beta gamma delta"), "[data] delta");
}

#[test]
fn it_is_masked_before_it_is_cut() {
    let data = format!(r#"{{"token":"{}"}}"#, "S".repeat(490));
    assert_eq!(words(&data, &format!("invalid value: {}", "S".repeat(490))), "invalid value: [data]");
    let long = "é".repeat(501);
    assert_eq!(words(&data, &long), format!("{}...", "é".repeat(500)));
    assert_eq!(words(&data, &long[2..]), &long[2..]);
    let at_the_cut = format!("{} {}", "x".repeat(496), "S".repeat(490));
    assert_eq!(words(&data, &at_the_cut), format!("{} ...", "x".repeat(496)));
}

#[test]
fn what_is_not_looked_at_is_not_shown() {
    let data = format!(r#"{{"token":"{}","code":"abcd1234"}}"#, "S".repeat(65_530));
    let said = format!("{} abcd1234", "S".repeat(65_530));
    assert_eq!(
        Redactor { credentials: &key(KEY), lines: None, data: Some(&data) }.service_words(&said, &mut || true),
        None
    );
    assert_eq!(words(&data, &"word ".repeat(20_000)), format!("{}...", "word ".repeat(100)));
}

#[test]
fn messages_are_fit_for_a_terminal() {
    let said = "a\nb\r\nc\td\0e\u{1b}[31mf\u{85}g\u{2028}h\u{202e}i\u{2066}j\u{7f}k\u{200f}l";
    let expected = "a b  c d e [31mf g h\u{fffd}i\u{fffd}j k\u{fffd}l";
    assert_eq!(words("{}", said), expected);
}

#[test]
fn without_time_the_words_are_left_out() {
    let data = format!("{{\"a\":[{}1]}}", "\"words\",".repeat(100_000));
    let credentials = key(KEY);
    let redactor = Redactor { credentials: &credentials, lines: None, data: Some(&data) };
    assert_eq!(redactor.service_words("some words", &mut || false), None);
    let mut left = 3;
    let mut stop = || {
        left -= 1;
        left > 0
    };
    assert_eq!(redactor.service_words("some words", &mut stop), None);
    assert_eq!(left, 0);
    assert_eq!(redactor.service_words("some words", &mut || true).unwrap(), "some [data]");
}

/// Hundreds of thousands of values and a message that quotes thousands of them, and texts that repeat themselves. A
/// search of the message for each value takes minutes.
#[test]
fn much_data_does_not_take_long() {
    let record = |at: usize| format!(r#"{{"id":{at},"name":"user number {at}","mail":"user{at}@example.com"}}"#);
    let records = (0..40_000).map(record).collect::<Vec<_>>().join(",");
    let repeated = (0..2000).map(|at| format!("\"{}{at}\",", "aaaa ".repeat(20))).collect::<String>();
    for (data, said) in [
        (format!("[{records}]"), format!("[{}", (0..1000).map(record).collect::<Vec<_>>().join(", "))),
        (format!("[{repeated}1]"), "aaaa ".repeat(13_000)),
        (format!("[{records}]"), r"\u0061 ".repeat(9_000)),
    ] {
        let (began, before) = (Instant::now(), running_time());
        Redactor { credentials: &key(KEY), lines: None, data: Some(&data) }.service_words(&said, &mut || true);
        let took = running_time().zip(before).map_or(began.elapsed(), |(now, before)| now - before);
        println!("{took:?}");
        assert!(took < Duration::from_secs(20), "it took {took:?}");
    }
}

/// How long this thread has run so far, whatever else the machine is busy with. `None` where the system is not Linux.
fn running_time() -> Option<Duration> {
    const TICKS_PER_SECOND: u32 = 100;
    let stat = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
    // The name of the thread, which comes before, may hold anything. Then utime and stime are the 12th and the 13th.
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: u32 = ticks.map(|ticks| ticks.parse::<u32>().expect("a number")).sum();
    Some(Duration::from_secs(1) * ticks / TICKS_PER_SECOND)
}

/// A word of the data or of the service, by the letters that it is made of.
fn word(letters: &'static str) -> impl Strategy<Value = String> {
    letters.prop_map(|word| word)
}

/// How a service may spell what it quotes.
fn spelled(value: &str, spelling: usize) -> String {
    let json = serde_json::to_string(value).unwrap();
    let json = &json[1..json.len() - 1];
    match spelling {
        0 => value.to_owned(),
        1 => json.to_owned(),
        2 => value.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect(),
        3 => value.replace(' ', " \n\t "),
        _ => json.replace('/', "\\/"),
    }
}

/// The text with single spaces.
fn single_spaced(text: &str) -> String {
    text.split(is_space).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The same without escapes, as far as it has some.
fn plain(text: &str) -> String {
    single_spaced(&serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned()))
}

fn is_quoted(value: &str, text: &str) -> bool {
    text.match_indices(value).any(|(at, _)| {
        let edges = |before: Option<char>, after: Option<char>| match (before, after) {
            (Some(before), Some(after)) => !(before.is_alphanumeric() && after.is_alphanumeric()),
            _ => true,
        };
        let end = at + value.len();
        edges(text[..at].chars().next_back(), value.chars().next())
            && edges(value.chars().next_back(), text[end..].chars().next())
    })
}

proptest! {
    #[test]
    fn no_value_survives(
        values in prop::collection::vec(word("[a-d \\\\\"/é\u{1f600}\n.-]{0,12}"), 1..6),
        quotes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..5, "[ :'(.]{1,2}"), 1..8),
    ) {
        let data = serde_json::json!({ "v": values }).to_string();
        let mut said = "Words:".to_owned();
        for (value, spelling, between) in quotes {
            said += &spelled(&values[value.index(values.len())], spelling);
            said += &between;
        }
        let shown = words(&data, &said);
        for value in values.iter().map(|value| value.trim_matches(is_space)).filter(|value| value.chars().count() >= 4) {
            for piece in shown.split("[data]") {
                prop_assert!(!is_quoted(value, piece), "{value:?} is in {shown:?}, of {said:?}");
                let value = single_spaced(value);
                for piece in [single_spaced(piece), plain(piece)] {
                    prop_assert!(!is_quoted(&value, &piece), "{value:?} is in {shown:?}, of {said:?}");
                }
            }
        }
    }

    #[test]
    fn words_that_are_no_quotes_survive(
        values in prop::collection::vec(word("[a-d \\\\\"/.-]{0,12}"), 0..6),
        said in "([m-p]{1,6}[ ,:'\"\\\\.(){}-]{1,3}){0,20}",
    ) {
        let values: Vec<&String> = values.iter().filter(|value| value.contains(char::is_alphanumeric)).collect();
        let data = serde_json::json!({ "v": values }).to_string();
        prop_assert_eq!(words(&data, &said), said);
    }

    #[test]
    fn no_beginning_of_the_key_survives(before in "[a-f0-9k -]{0,20}", after in "[a-f0-9 -]{0,20}", length in 8..=KEY.len()) {
        let said = format!("{before}{}", &KEY[..length]);
        let shown = Redactor { credentials: &key(KEY), lines: None, data: None }.service_words(&said, &mut || true).unwrap();
        prop_assert!(!shown.contains(&KEY[..8]), "{shown}");
        let said = format!("{before}{KEY}{after}");
        let shown = Redactor { credentials: &key(KEY), lines: None, data: None }.service_words(&said, &mut || true).unwrap();
        prop_assert!(!shown.contains(KEY), "{shown}");
    }
}

#[test]
fn headers_and_keys_that_were_replaced_are_masked() {
    let mut headers = Vec::new();
    Header::add_to(&mut headers, "x-gate", "t0ken-of-a-gateway").unwrap();
    let credentials = SentCredentials::new(Credentials::new(KEY, &headers));
    credentials.replace(|credentials| credentials.with_key("sk-another-key"));
    let redactor = Redactor { credentials: &credentials, lines: None, data: None };
    let said = format!("{KEY} of t0ken-of-a-gateway, not sk-another-key");
    assert_eq!(redactor.service_words(&said, &mut || true).unwrap(), "[key] of [key], not [key]");
}
