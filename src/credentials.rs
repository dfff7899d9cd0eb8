//! What identifies a program to the service and to the gateways before it: the API key, and the headers that the program adds.
//! Pure. No log, error or debug output may contain them.

use crate::secret::{Secret, Wiped};

/// The key and the headers as they stand in a request: a line for each, first the key's.
#[derive(Clone, Debug)]
pub(crate) struct Credentials(Secret);

/// The headers that one call adds, as lines that follow the credentials.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Secret);

const LINE_END: &str = "\r\n";
const COLON: &str = ": ";
const KEY: &str = "anchor-api-key";
const REQUEST_ID: &str = "x-request-id";

impl Credentials {
    pub fn new(key: &str, headers: &[Header]) -> Credentials {
        Credentials(joined(std::iter::once((KEY, key)).chain(headers.iter().map(Header::parts))))
    }

    /// The same headers with another key.
    pub fn with_key(&self, key: &str) -> Credentials {
        Credentials(joined(std::iter::once((KEY, key)).chain(fields(self.as_str()).skip(1))))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn key(&self) -> &str {
        self.values().next().unwrap_or_default()
    }

    /// The key, and the value of each header.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        values(self.as_str())
    }
}

impl Lines {
    /// `None` if there are none.
    pub fn new(headers: &[Header], request_id: Option<&str>) -> Option<Lines> {
        let is_any = !headers.is_empty() || request_id.is_some();
        is_any.then(|| Lines(joined(headers.iter().map(Header::parts).chain(request_id.map(|id| (REQUEST_ID, id))))))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The value of each header that a program has added. The id of the request is not a secret.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        values(self.as_str())
    }
}

/// Exactly as large as needed: a text that grows leaves a copy behind, which is not wiped.
fn joined<'a>(fields: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Secret {
    let parts = || fields.clone().flat_map(|(name, value)| [name, COLON, value, LINE_END]);
    let mut text = Wiped::new(String::with_capacity(parts().map(str::len).sum()));
    parts().for_each(|part| text.push_str(part));
    Secret::new(text)
}

fn fields(lines: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    lines.split(LINE_END).filter_map(|line| line.split_once(COLON))
}

fn values(lines: &str) -> impl Iterator<Item = &str> {
    fields(lines).filter(|(name, _)| *name != REQUEST_ID).map(|(_, value)| value)
}

/// A header that a program adds to its requests.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    name: String,
    value: Secret,
}

/// The most headers that a program adds, and the longest name and value in bytes. Together they fit into what every server
/// accepts as the head of a request.
const MOST: usize = 32;
const LONGEST_NAME: usize = 256;
const LONGEST_VALUE: usize = 4096;
const LARGEST: usize = 16 * 1024;

/// The library sets these itself, or an answer with them could not be read.
const RESERVED: [&str; 17] = [
    "accept-encoding",
    "anchor-api-key",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-request-id",
];

impl Header {
    /// Adds a header. A refusal names what is wrong, but does not quote it.
    pub fn add_to(headers: &mut Vec<Header>, name: &str, value: &str) -> Result<(), String> {
        let header = Header::new(name, value)?;
        let size = |header: &Header| header.name.len() + header.value.as_str().len();
        if headers.len() == MOST {
            return Err(format!("is one more than {MOST} headers"));
        }
        if headers.iter().map(size).sum::<usize>() + size(&header) > LARGEST {
            return Err(format!("makes the headers longer than {LARGEST} bytes together"));
        }
        headers.push(header);
        Ok(())
    }

    /// The header for a proxy that forwards the requests.
    pub fn proxy_authorization(value: &Secret) -> Header {
        Header { name: "proxy-authorization".to_owned(), value: value.clone() }
    }

    fn parts(&self) -> (&str, &str) {
        (&self.name, self.value.as_str())
    }

    fn new(name: &str, value: &str) -> Result<Header, String> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(format!("has a name that is not of 1 to {LONGEST_NAME} bytes"));
        }
        if !name.bytes().all(is_token) {
            return Err("has a name with a character that names of headers do not have".to_owned());
        }
        if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            return Err(format!("is {}, which the library sets itself", name.to_ascii_lowercase()));
        }
        if value.len() > LONGEST_VALUE {
            return Err(format!("has a value longer than {LONGEST_VALUE} bytes"));
        }
        if !value.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err("has a value with a control character, or a character outside ASCII".to_owned());
        }
        if value.trim_matches(' ').len() != value.len() {
            return Err("has a value that begins or ends with a space, which servers drop".to_owned());
        }
        Ok(Header { name: name.to_owned(), value: Secret::from(value) })
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Vec<Header> {
        let mut headers = Vec::new();
        for (name, value) in pairs {
            Header::add_to(&mut headers, name, value).unwrap();
        }
        headers
    }

    #[test]
    fn headers_stand_in_the_order_in_which_they_were_added() {
        let two = headers(&[("traceparent", "00-1"), ("X-Gate", "a: b"), ("x-gate", "")]);
        let all = Credentials::new("key", &two);
        assert_eq!(all.as_str(), "anchor-api-key: key\r\ntraceparent: 00-1\r\nX-Gate: a: b\r\nx-gate: \r\n");
        assert_eq!(all.values().collect::<Vec<_>>(), ["key", "00-1", "a: b", ""]);
    }

    #[test]
    fn another_key_leaves_the_headers() {
        let one = Credentials::new("key", &headers(&[("a", "1")]));
        assert_eq!(one.with_key("longer-key").as_str(), "anchor-api-key: longer-key\r\na: 1\r\n");
        assert_eq!(Credentials::new("key", &[]).with_key("k").as_str(), "anchor-api-key: k\r\n");
        assert_eq!(one.key(), "key");
    }

    #[test]
    fn what_would_break_a_request_is_refused_and_not_quoted() {
        let long = "x".repeat(5000);
        for (name, value, why) in [
            ("", "1", "name that is not of 1 to 256 bytes"),
            (&long, "1", "name that is not of 1 to 256 bytes"),
            ("a b", "1", "a name with a character"),
            ("a:", "1", "a name with a character"),
            ("é", "1", "a name with a character"),
            ("Content-Length", "1", "is content-length, which the library sets itself"),
            ("X-Request-Id", "1", "is x-request-id"),
            ("a", "s3cret\r\nb: 1", "a value with a control character"),
            ("a", "s3cret\0", "a value with a control character"),
            ("a", "s3crét", "a value with a control character"),
            ("a", " s3cret", "begins or ends with a space"),
            ("a", &long, "longer than 4096 bytes"),
        ] {
            let error = Header::add_to(&mut Vec::new(), name, value).unwrap_err();
            assert!(error.contains(why) && !error.contains("s3c"), "{error}");
        }
    }

    #[test]
    fn the_headers_are_limited_together() {
        let mut headers = Vec::new();
        (0..MOST).for_each(|n| Header::add_to(&mut headers, "n", &n.to_string()).unwrap());
        assert!(Header::add_to(&mut headers, "n", "33").unwrap_err().contains("32"));
        headers.clear();
        let large = "x".repeat(4000);
        (0..4).for_each(|_| Header::add_to(&mut headers, "n", &large).unwrap());
        assert!(Header::add_to(&mut headers, "n", &large).unwrap_err().contains("16384 bytes"));
    }
}
