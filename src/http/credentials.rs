//! The credentials in the head of a request. ureq gets a placeholder in their place, since its log could show them. They
//! replace it when the request is sent.

use super::head::first_control;
use crate::sys::wipe;
use std::ops::Range;

/// The header of the API key. The lines of other headers follow its value.
pub(super) const KEY_HEADER: &str = "anchor-api-key";

pub(super) const PLACEHOLDER: u8 = b'*';

/// Where the placeholder is in the bytes of a request. The first such line is the header: a path and a host contain no line
/// end.
pub(super) fn find_placeholder(request: &[u8]) -> Option<Range<usize>> {
    let mut line = 0;
    // A head that ureq writes has no other control characters than those of its line ends, CR and LF.
    while let Some(end) = first_control(request, line) {
        line = (end + 2).min(request.len());
        if request[line..].starts_with(KEY_HEADER.as_bytes()) {
            let begin = (line + KEY_HEADER.len() + ": ".len()).min(request.len());
            return first_control(request, begin).map(|end| begin..end);
        }
    }
    None
}

/// Replaces the placeholder in the first `held` bytes by the parts. Returns how many these are now. What is behind them is
/// free.
pub(super) fn put_credentials(bytes: &mut Vec<u8>, held: usize, parts: [&str; 2]) -> usize {
    let Some(placeholder) = find_placeholder(&bytes[..held]) else { return held };
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let new_held = held - placeholder.len() + length;
    if new_held != held {
        // No secret is in the bytes yet, so a copy may be left behind.
        bytes.resize(bytes.len().max(new_held), 0);
        bytes.copy_within(placeholder.end..held, placeholder.start + length);
        wipe(&mut bytes[new_held.min(held)..held]);
    }
    let mut at = placeholder.start;
    for part in parts {
        bytes[at..at + part.len()].copy_from_slice(part.as_bytes());
        at += part.len();
    }
    new_held
}

/// Puts the origin, such as `http://host:81`, before the path of a request, for a proxy that forwards it. Returns how many bytes are
/// held now.
pub(super) fn put_origin(bytes: &mut Vec<u8>, held: usize, origin: Option<&str>) -> usize {
    let Some(origin) = origin else { return held };
    let Some(path) = bytes[..held].iter().position(|byte| *byte == b' ').map(|space| space + 1) else { return held };
    bytes.resize(bytes.len().max(held + origin.len()), 0);
    bytes.copy_within(path..held, path + origin.len());
    bytes[path..path + origin.len()].copy_from_slice(origin.as_bytes());
    held + origin.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(value: &str) -> Vec<u8> {
        format!("POST /*****/x HTTP/1.1\r\nhost: h\r\nanchor-api-key: {value}\r\ncontent-length: 2\r\n\r\n{{}}")
            .into_bytes()
    }

    #[test]
    fn credentials_replace_the_placeholder_whatever_their_length() {
        for placeholder in ["*****", "*", "***************"] {
            for (credentials, lines) in [("k-123", ""), ("k", ""), ("k", "\r\nb: 2"), ("k-123\r\na: 1", "\r\nb: 2")] {
                for free in [0, 3, 40] {
                    let mut request = head(placeholder);
                    let held = request.len();
                    request.resize(held + free, b'.');
                    let held = put_credentials(&mut request, held, [credentials, lines]);
                    let expected = head(&format!("{credentials}{lines}"));
                    assert_eq!(request[..held], expected, "{placeholder} {credentials:?} {free}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_of_what_moved() {
        let mut request = head("***************");
        let held = request.len();
        let new_held = put_credentials(&mut request, held, ["k", ""]);
        assert!(request[new_held..].iter().all(|byte| *byte == 0) && request.len() == held);
    }

    #[test]
    fn a_forwarded_request_names_its_origin() {
        for free in [0, 3, 40] {
            let mut request = head("k");
            let held = request.len();
            request.resize(held + free, b'.');
            assert_eq!(put_origin(&mut request, held, None), held);
            let held = put_origin(&mut request, held, Some("http://h:81"));
            let expected = [&b"POST http://h:81"[..], &head("k")[5..]].concat();
            assert_eq!(request[..held], expected, "{free}");
        }
        assert_eq!(put_origin(&mut b"POST".to_vec(), 4, Some("http://h")), 4);
    }

    #[test]
    fn bytes_without_the_header_stay() {
        for bytes in
            [&b""[..], b"x", b"POST / HTTP/1.1\r\nhost: h\r\n\r\n", b"\r\nanchor-api-key", b"\r\nanchor-api-key: *"]
        {
            let mut same = bytes.to_vec();
            assert_eq!(put_credentials(&mut same, bytes.len(), ["key", ""]), bytes.len());
            assert_eq!(same, bytes);
        }
    }
}
