//! Writes a manual page in the man(7) language.

use super::header::{Function, Header, Paragraph};
use std::fmt::Write;

/// Of all pages, so that a page changes only with what it says.
const DATE: &str = "2026-11-26";
const WIDTH: usize = 78;

pub fn of(function: &Function, header: &Header, example: &str) -> String {
    let Function { name, brief, .. } = function;
    let mut page = format!(
        ".\\\" Made from include/anchor.h and docs/man/examples/{name}.c: do not edit; `make manual` writes it.\n\
         .TH {} 3 {DATE} libanchor \"Library Functions Manual\"\n\
         .SH NAME\n{}",
        name.to_uppercase(),
        paragraph(&format!("{name} - {}", uncapitalized(brief.trim_end_matches('.'))))
    );
    section(&mut page, "LIBRARY", "libanchor\n.RI ( \\-lanchor ,\n.IR \"pkg\\-config anchor\" )\n");
    section(&mut page, "SYNOPSIS", &synopsis(function));
    section(&mut page, "DESCRIPTION", &description(function));
    section(&mut page, "RETURN VALUE", &returns(function));
    if let Some(errors) = errors(function, header) {
        section(&mut page, "ERRORS", &errors);
    }
    if let Some(threads) = &function.threads {
        section(&mut page, "THREADS", &paragraph(threads));
    }
    section(&mut page, "EXAMPLE", &code(example.trim_end().lines()));
    section(&mut page, "HISTORY", &format!("Added in libanchor {}.\n", function.since));
    section(&mut page, "SEE ALSO", &see_also(function, header));
    page
}

/// The part of the overview that the header has as well.
pub fn contract(header: &Header) -> String {
    let mut out = String::from(".SH CONTRACT\nThese rules hold for every function.\n");
    for (title, paragraphs) in &header.contract {
        let bodies: Vec<String> = paragraphs.iter().map(body).collect();
        out += &format!(".SS {title}\n{}", bodies.join(".PP\n").replace(".PP\n.TP\n", ".TP\n"));
    }
    out
}

fn body(part: &Paragraph) -> String {
    match part {
        Paragraph::Text(words) => paragraph(words),
        Paragraph::Code(lines) => code(lines.iter().map(String::as_str)),
        Paragraph::Item(name, words) => format!(".TP\n.I {name}\n{}", paragraph(&capitalized(&sentence(words)))),
    }
}

fn section(page: &mut String, title: &str, text: &str) {
    write!(page, ".SH {title}\n{text}").expect("a string grows");
}

fn synopsis(function: &Function) -> String {
    let lines = function.declaration.lines().map(|line| format!(".B \"{}\"\n", text(line)));
    format!(".nf\n.B #include <anchor.h>\n.PP\n{}.fi\n", lines.collect::<String>())
}

fn description(function: &Function) -> String {
    let mut out = format!(".BR {} ()\n{}", function.name, paragraph(&uncapitalized(&function.brief)));
    out.extend(function.paragraphs.iter().map(|part| format!(".PP\n{}", body(part))));
    if !function.parameters.is_empty() {
        out += ".SS Parameters\n";
        for (name, words) in &function.parameters {
            out += &format!(".TP\n.I {name}\n{}", paragraph(&capitalized(&sentence(words))));
        }
    }
    out
}

fn returns(function: &Function) -> String {
    match &function.returns {
        Some(words) => paragraph(&capitalized(&sentence(words))),
        None => "This function returns no value.\n".to_owned(),
    }
}

/// The statuses that the function can return, with the header's sentences. Those of another one if it returns what that returns.
fn errors(function: &Function, header: &Header) -> Option<String> {
    if let Some(other) = function.returns.as_ref().and_then(|words| words.strip_prefix("as ")) {
        return errors(header.function(other).expect("a function of the header"), header);
    }
    let returns = function.returns.as_ref().filter(|_| function.declaration.starts_with("anchor_status "))?;
    let all = returns.contains("any other status") || returns.contains("what anchor_wait_for_event would");
    let (named, excepted) = returns.split_once(" except ").unwrap_or((returns, ""));
    let can = |status: &str| has_word(named, status) || all && !has_word(excepted, status);
    let rows = header.statuses.iter().filter(|(status, _)| status != "ANCHOR_OK" && can(status));
    let listed: String = rows.map(|(status, words)| format!(".TP\n.B {status}\n{}", paragraph(words))).collect();
    let defects =
        "A defect in libanchor that is caught is reported as ANCHOR_INTERNAL. Later versions may add statuses.";
    Some(format!("{listed}.PP\n{}", paragraph(defects)))
}

fn see_also(function: &Function, header: &Header) -> String {
    let mut words: Vec<String> = vec![function.brief.clone()];
    words.extend(function.paragraphs.iter().filter_map(|part| match part {
        Paragraph::Text(words) => Some(words.clone()),
        Paragraph::Code(lines) => Some(lines.join(" ")),
        Paragraph::Item(..) => None,
    }));
    words.extend(function.parameters.iter().map(|(_, words)| words.clone()));
    words.extend(function.returns.clone().into_iter().chain(function.threads.clone()));
    let words = words.join(" ");
    let mut names: Vec<&str> = words
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|name| header.function(name).is_some() && *name != function.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut out = String::from(".BR anchor (3)");
    for name in names {
        out += &format!(",\n.BR {name} (3)");
    }
    out + "\n"
}

/// As man(7) wants it: each sentence begins on a line of its own, and no line is long.
fn paragraph(words: &str) -> String {
    let words = text(words).replace(". ", ".\n");
    words.lines().flat_map(wrapped).map(|line| escaped_start(&line) + "\n").collect()
}

fn wrapped(sentence: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + word.len() < WIDTH {
            *line += &format!(" {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A line that begins with a dot or an apostrophe would be a request.
fn escaped_start(line: &str) -> String {
    format!("{}{line}", if line.starts_with(['.', '\'']) { "\\&" } else { "" })
}

fn code<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    let mut out = String::from(".nf\n");
    for line in lines {
        writeln!(out, "{}", escaped_start(&text(line).replace("\\-", "-").replace('-', "\\-")))
            .expect("a string grows");
    }
    out + ".fi\n"
}

fn text(words: &str) -> String {
    words.replace('\\', "\\e").replace(" -", " \\-").replace("(-", "(\\-")
}

fn sentence(words: &str) -> String {
    if words.ends_with('.') { words.to_owned() } else { format!("{words}.") }
}

fn capitalized(words: &str) -> String {
    change_first(words, char::to_ascii_uppercase)
}

fn uncapitalized(words: &str) -> String {
    change_first(words, char::to_ascii_lowercase)
}

/// A word such as an identifier stays as it is.
fn change_first(words: &str, change: impl Fn(&char) -> char) -> String {
    let first_word = words.split_whitespace().next().unwrap_or_default();
    let is_plain = first_word.trim_end_matches([',', ';', ':', '.']).chars().skip(1).all(|c| c.is_ascii_lowercase());
    match words.chars().next() {
        Some(first) if is_plain => format!("{}{}", change(&first), &words[first.len_utf8()..]),
        _ => words.to_owned(),
    }
}

fn has_word(words: &str, word: &str) -> bool {
    words.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|it| it == word)
}
