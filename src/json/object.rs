//! Writes a JSON object, member by member.

use super::quoted;

pub(crate) struct Object(String);

impl Object {
    pub fn new() -> Object {
        Object(String::from("{"))
    }

    pub fn text(&mut self, name: &str, text: &str) {
        self.json(name, &quoted(text));
    }

    pub fn number(&mut self, name: &str, number: u64) {
        self.json(name, &number.to_string());
    }

    /// A member whose value is JSON already. A name is one of the library's, which needs no escapes.
    pub fn json(&mut self, name: &str, json: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.extend(["\"", name, "\":", json]);
    }

    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_separated_by_commas() {
        assert_eq!(Object::new().end(), "{}");
        let (mut outer, mut inner) = (Object::new(), Object::new());
        inner.number("n", 1);
        inner.text("t", "a \"quote\"");
        outer.json("empty", "{}");
        outer.json("inner", &inner.end());
        assert_eq!(outer.end(), r#"{"empty":{},"inner":{"n":1,"t":"a \"quote\""}}"#);
    }
}
