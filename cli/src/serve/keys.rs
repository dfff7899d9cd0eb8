//! The API keys that the server accepts: from options, from files, or from the environment.
//!
//! An error names where a key came from, and never the key.

use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::args::ServeArgs;

const VARIABLE: &str = "ANCHOR_SERVE_API_KEY";

/// The accepted keys. With none, every key is accepted.
pub fn accepted(args: &ServeArgs) -> anyhow::Result<Vec<String>> {
    let mut keys = Vec::new();
    for key in &args.api_key {
        ensure!(!key.is_empty(), "--api-key has an empty API key");
        keys.push(usable(key).context("--api-key")?);
    }
    for path in &args.api_key_file {
        keys.extend(read(path)?);
    }
    if keys.is_empty() {
        keys.extend(from_environment()?);
    }
    Ok(keys)
}

/// A variable that is empty is as if unset.
fn from_environment() -> anyhow::Result<Option<String>> {
    match std::env::var(VARIABLE) {
        Ok(key) if !key.is_empty() => Ok(Some(usable(&key).context(VARIABLE)?)),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{VARIABLE} is not UTF-8"),
        _ => Ok(None),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read API keys from {}", path.display()))?;
    let keys = in_lines(&text).with_context(|| path.display().to_string())?;
    ensure!(!keys.is_empty(), "no API key in {}", path.display());
    Ok(keys)
}

/// One key per line. Blank lines, white space around a key, and a byte order mark are ignored.
fn in_lines(text: &str) -> anyhow::Result<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    lines
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, number)| usable(line).with_context(|| format!("line {number}")))
        .collect()
}

/// A client sends its key in a header, which cannot hold every character.
fn usable(key: &str) -> anyhow::Result<String> {
    ensure!(key == key.trim(), "the API key begins or ends with white space");
    ensure!(!key.contains(char::is_control), "the API key contains a control character");
    Ok(key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_key_per_line() {
        assert_eq!(in_lines("\u{feff}one\r\n\n  two  \nthree four").unwrap(), ["one", "two", "three four"]);
        assert!(in_lines("\n \n").unwrap().is_empty());
        let error = in_lines("one\ns\u{1}cret").unwrap_err();
        assert_eq!(format!("{error:#}"), "line 2: the API key contains a control character");
    }

    #[test]
    fn a_key_is_what_a_header_can_hold() {
        assert!(usable("a+b/c==").is_ok());
        for key in [" a", "a ", "a\nb", "\u{7f}"] {
            assert!(usable(key).is_err(), "{key:?}");
        }
    }
}
