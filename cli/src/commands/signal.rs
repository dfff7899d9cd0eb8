//! `anchor-events signal`: assembles the data and signals the event.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anchor::Status;
use anyhow::{Context, anyhow, bail};
use clap_lex::OsStrExt;
use serde_json::value::RawValue;

use crate::args::{Limit, SignalArgs};
use crate::client::{self, signals, stdout};
use crate::exit::Failure;

pub fn run(args: &SignalArgs) -> Result<(), Failure> {
    let data = data(&args.data)?;
    let client = client::new(&args.client)?;
    signals::cancel_calls(&client)?;
    let answer = client.signal(&args.name, data.as_deref(), Limit::of_call(args.timeout), None).map_err(failure)?;
    if args.raw {
        stdout::print_line(&answer).context("the event was signaled, and stdout failed")?;
    }
    Ok(())
}

fn failure(error: anchor::Error) -> Failure {
    match error.status() {
        Status::Cancelled if error.maybe_consumed() => {
            Failure::Other(anyhow!("interrupted; the signal may have been delivered"))
        }
        _ => error.into(),
    }
}

/// The JSON to send, if there are arguments. The library checks that it is an object.
fn data(arguments: &[OsString]) -> anyhow::Result<Option<String>> {
    let file = match arguments {
        [] => return Ok(None),
        [only] => only.strip_prefix("@").map(Path::new),
        _ => None,
    };
    match (file, arguments) {
        (Some(path), _) => {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Some(without_bom(&text).to_owned()))
        }
        (None, [dash]) if dash == "-" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
            Ok(Some(without_bom(&text).to_owned()))
        }
        _ => inline(arguments).map(Some),
    }
}

/// The data that is in the arguments themselves. Only a path need not be UTF-8.
fn inline(arguments: &[OsString]) -> anyhow::Result<String> {
    let texts: Option<Vec<&str>> = arguments.iter().map(|argument| argument.to_str()).collect();
    match texts.context("the data is not UTF-8")?.as_slice() {
        [json] if without_bom(json).trim_start().starts_with('{') => Ok(without_bom(json).to_owned()),
        pairs => object(pairs),
    }
}

/// The text without the byte order mark that some editors and shells put before it. JSON does not allow one.
fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// An object with the members in the order of the arguments.
fn object(pairs: &[&str]) -> anyhow::Result<String> {
    let members: Vec<String> = pairs.iter().map(|pair| member(pair)).collect::<Result<_, _>>()?;
    Ok(format!("{{{}}}", members.join(",")))
}

/// `key=text` or `key:=json`. An error does not quote the value: it may be a secret.
fn member(pair: &str) -> anyhow::Result<String> {
    let Some((key, value)) = pair.split_once('=') else {
        bail!("the data is neither a JSON object, @FILE, -, KEY=TEXT nor KEY:=JSON");
    };
    let (key, value) = match key.strip_suffix(':') {
        Some(key) => {
            let json: &RawValue =
                serde_json::from_str(without_bom(value)).map_err(|_| anyhow!("what follows {key}:= is not JSON"))?;
            (key, json.get().to_owned())
        }
        None => (key, serde_json::to_string(value)?),
    };
    Ok(format!("{}:{value}", serde_json::to_string(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_of(arguments: &[&str]) -> anyhow::Result<Option<String>> {
        data(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn without_arguments_the_library_chooses_the_data() {
        assert_eq!(data_of(&[]).unwrap(), None);
    }

    #[test]
    fn json_is_sent_unchanged() {
        assert_eq!(data_of(&[r#" {"n":1.50}"#]).unwrap().unwrap(), r#" {"n":1.50}"#);
    }

    #[test]
    fn pairs_become_an_object_in_the_same_order() {
        let data = data_of(&["z=1", "a:=1.50", "empty=", r#"q=say "hi"=x"#, "l:=[1,2]"]).unwrap().unwrap();
        assert_eq!(data, r#"{"z":"1","a":1.50,"empty":"","q":"say \"hi\"=x","l":[1,2]}"#);
    }

    #[test]
    fn a_byte_order_mark_before_json_is_left_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "\u{feff}{\"a\":1}").unwrap();
        let at_file = format!("@{}", file.path().display());
        for arguments in [&[at_file.as_str()][..], &["\u{feff}{\"a\":1}"], &["a:=\u{feff}1"]] {
            assert_eq!(data_of(arguments).unwrap().unwrap(), r#"{"a":1}"#);
        }
        assert_eq!(data_of(&["a=\u{feff}1"]).unwrap().unwrap(), "{\"a\":\"\u{feff}1\"}", "a text is as it is");
    }

    #[test]
    fn an_error_does_not_quote_the_value() {
        for arguments in [&["secret"][..], &["a:=secret"], &["a=1", "secret"], &["[secret]"]] {
            let error = format!("{:#}", data_of(arguments).unwrap_err());
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
