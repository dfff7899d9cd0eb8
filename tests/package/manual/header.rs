//! Reads include/anchor.h, as the build generates it: its functions with the parts of their comments, and its statuses.

pub struct Header {
    /// The rules that all functions keep: a title and its paragraphs.
    pub contract: Vec<(String, Vec<Paragraph>)>,
    pub functions: Vec<Function>,
    /// Name and sentence.
    pub statuses: Vec<(String, String)>,
}

pub struct Function {
    pub name: String,
    /// Without attributes, with its semicolon, as it is laid out.
    pub declaration: String,
    /// The first paragraph, one sentence.
    pub brief: String,
    pub paragraphs: Vec<Paragraph>,
    /// Name and description.
    pub parameters: Vec<(String, String)>,
    pub returns: Option<String>,
    pub threads: Option<String>,
    pub since: String,
}

pub enum Paragraph {
    Text(String),
    Code(Vec<String>),
    /// A name and what it stands for.
    Item(String, String),
}

impl Header {
    pub fn parse(text: &str) -> Header {
        let (types, functions) = text.split_once("extern \"C\" {").expect("the header has a C part");
        let (_, statuses) = types.split_once("enum anchor_status").expect("the statuses");
        let (statuses, _) = statuses.split_once("};").expect("their end");
        let (_, contract) = types.split_once("says only what is special about it.\n").expect("the contract");
        Header {
            contract: parse_contract(contract.split_once("*/").expect("its end").0),
            functions: commented(functions).map(|(comment, code)| Function::parse(&comment, &code)).collect(),
            statuses: commented(statuses).map(|(comment, code)| status(&comment, &code)).collect(),
        }
    }

    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// A title is at the left, its text beside it, and what is indented further is code, or a name with its description.
fn parse_contract(text: &str) -> Vec<(String, Vec<Paragraph>)> {
    const TEXT: usize = 11;
    const INDENTED: usize = TEXT + 4;
    let mut contract: Vec<(String, Vec<Paragraph>)> = Vec::new();
    for line in text.lines().map(|line| line.trim_start_matches(" *").strip_prefix(' ').unwrap_or_default()) {
        if line.is_empty() {
            continue;
        }
        if !line.starts_with(' ') {
            contract.push((line[..TEXT].trim().to_owned(), Vec::new()));
        }
        let paragraphs = &mut contract.last_mut().expect("a title comes first").1;
        let (words, depth) = (line[TEXT..].trim(), line.len() - line[TEXT..].trim_start().len());
        match paragraphs.last_mut() {
            Some(Paragraph::Text(text)) if depth == TEXT => *text += &format!(" {words}"),
            Some(Paragraph::Code(lines)) if depth >= INDENTED && words.starts_with('"') => {
                lines.push(line[INDENTED..].to_owned());
            }
            Some(Paragraph::Item(_, text)) if depth > INDENTED => *text += &format!(" {words}"),
            _ if depth == TEXT => paragraphs.push(Paragraph::Text(words.to_owned())),
            _ if words.starts_with('{') => paragraphs.push(Paragraph::Code(vec![line[INDENTED..].to_owned()])),
            _ => {
                let (name, text) = words.split_once("  ").expect("a name and its description");
                paragraphs.push(Paragraph::Item(name.to_owned(), text.trim().to_owned()));
            }
        }
    }
    contract
}

/// Each comment, without its stars, and the declaration that follows.
fn commented(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split("/**\n").skip(1).map(|part| {
        let (comment, code) = part.split_once("*/").expect("the comment ends");
        let lines = comment.lines().map(|line| {
            let line = line.trim_start().strip_prefix('*').unwrap_or_default();
            line.strip_prefix(' ').unwrap_or(line).trim_end()
        });
        (lines.collect::<Vec<_>>().join("\n"), code.to_owned())
    })
}

fn status(comment: &str, code: &str) -> (String, String) {
    let (name, _) = code.trim().split_once(" = ").expect("a value");
    (name.to_owned(), one_line(comment))
}

impl Function {
    fn parse(comment: &str, code: &str) -> Function {
        let declaration =
            code.split_once(';').expect("a declaration").0.replace("ANCHOR_API", "").replace("ANCHOR_MUST_USE", "");
        let declaration = format!("{};", declaration.trim());
        let before = declaration.split('(').next().expect("a name");
        let name = before.rsplit([' ', '*']).next().expect("a name").to_owned();
        let (text, tags) = comment.split_once("\n@").unwrap_or((comment, ""));
        let mut paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
        let brief = one_line(paragraphs.next().expect("a sentence"));
        assert!(brief.ends_with('.') && !brief.contains(". "), "{name} opens with more than a sentence: {brief}");
        let mut function = Function {
            name,
            declaration,
            brief,
            paragraphs: paragraphs.map(Paragraph::parse).collect(),
            parameters: Vec::new(),
            returns: None,
            threads: None,
            since: String::new(),
        };
        tags.split("\n@").filter(|tag| !tag.is_empty()).for_each(|tag| function.add(tag));
        assert!(!function.since.is_empty(), "{} has no @since", function.name);
        function
    }

    fn add(&mut self, tag: &str) {
        let (kind, rest) = tag.split_once(' ').expect("a tag has a text");
        match kind {
            "param" => {
                let (name, text) = rest.split_once(' ').expect("a parameter has a description");
                self.parameters.push((name.to_owned(), one_line(text)));
            }
            "return" => self.returns = Some(one_line(rest)),
            "since" => self.since = one_line(rest),
            "par" => {
                let (title, text) = rest.split_once('\n').expect("a paragraph has a text");
                assert_eq!(title, "Threads", "{}: no manual page has such a section", self.name);
                self.threads = Some(one_line(text));
            }
            _ => panic!("{}: @{kind} has no place in a manual page", self.name),
        }
    }
}

impl Paragraph {
    fn parse(text: &str) -> Paragraph {
        let code: Option<Vec<String>> = text.lines().map(|line| line.strip_prefix("    ").map(str::to_owned)).collect();
        code.map_or_else(|| Paragraph::Text(one_line(text)), Paragraph::Code)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
