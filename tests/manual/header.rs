//! Reads include/anchor.h, as the build generates it: its functions with the parts of their comments, and its statuses.

pub struct Header {
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
}

impl Header {
    pub fn parse(text: &str) -> Header {
        let (types, functions) = text.split_once("extern \"C\" {").expect("the header has a C part");
        let (_, statuses) = types.split_once("enum anchor_status").expect("the statuses");
        let (statuses, _) = statuses.split_once("};").expect("their end");
        Header {
            functions: commented(functions).map(|(comment, code)| Function::parse(&comment, &code)).collect(),
            statuses: commented(statuses).map(|(comment, code)| status(&comment, &code)).collect(),
        }
    }

    pub fn has_function(&self, name: &str) -> bool {
        self.functions.iter().any(|function| function.name == name)
    }
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
        let declaration = code.split_once(';').expect("a declaration").0.replace("ANCHOR_MUST_USE", "");
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
