//! What ureq does not write of a request's head: its target, the lines that each request of the library has, the credentials, which
//! ureq's log could show, and the lines of one call. All are put in when the request is sent. Each header that ureq handles takes
//! more instructions than all of this.

use super::head::first_control;

/// What ureq writes before the place of the target, and in that place.
const BEGIN: &[u8] = b"POST /";

/// Completes the head of a POST for `/`, which is in the first `held` bytes. Returns how many these are now, and `None` if they
/// are no such head. What is behind them is free.
///
/// - `target`: what the first line has, in parts: the origin for a proxy that forwards the request, and the path.
/// - `lines`: parts of the header lines, with their ends.
pub(super) fn complete(bytes: &mut Vec<u8>, held: usize, target: [&str; 2], lines: [&str; 3]) -> Option<usize> {
    let place = place_of_lines(bytes.get(..held)?).filter(|_| bytes.starts_with(BEGIN))?;
    let (in_target, in_lines) = (size(&target) - 1, size(&lines));
    let new_held = held + in_target + in_lines;
    // No secret is in the bytes yet, so a copy may be left behind.
    bytes.resize(bytes.len().max(new_held), 0);
    bytes.copy_within(place..held, place + in_target + in_lines);
    bytes.copy_within(BEGIN.len()..place, BEGIN.len() + in_target);
    put(&mut bytes[BEGIN.len() - 1..], &target);
    put(&mut bytes[place + in_target..], &lines);
    Some(new_held)
}

/// Where the lines belong: after the host, which comes first (RFC 9110, 7.2). `None` if the head has none.
pub(super) fn place_of_lines(request: &[u8]) -> Option<usize> {
    let mut line = 0;
    // A head that ureq writes has no other control characters than those of its line ends, CR and LF.
    while let Some(end) = first_control(request, line).filter(|end| *end > line) {
        let is_host = request[line..].starts_with(b"host: ");
        line = (end + 2).min(request.len());
        if is_host {
            return Some(line);
        }
    }
    None
}

fn size(parts: &[&str]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

fn put(mut bytes: &mut [u8], parts: &[&str]) {
    for part in parts {
        let (place, rest) = bytes.split_at_mut(part.len());
        place.copy_from_slice(part.as_bytes());
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, lines: &str) -> Vec<u8> {
        format!("POST {target} HTTP/1.1\r\naccept: a\r\nhost: h\r\n{lines}content-length: 2\r\n\r\n{{}}").into_bytes()
    }

    #[test]
    fn the_target_and_the_lines_are_put_where_they_belong() {
        for target in [["", "/"], ["", "/v1/x"], ["http://h:81", "/v1/host:%20"]] {
            for lines in [["", "", ""], ["a: 1\r\n", "", ""], ["a: 1\r\n", "key: k\r\nb: 2\r\n", "c: \r\n"]] {
                for free in [0, 3, 40, 400] {
                    let mut request = head("/", "");
                    let held = request.len();
                    request.resize(held + free, b'.');
                    let held = complete(&mut request, held, target, lines).unwrap();
                    assert_eq!(request[..held], head(&target.concat(), &lines.concat()), "{target:?} {lines:?} {free}");
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_such_head_are_refused() {
        for bytes in [
            &b""[..],
            b"x",
            b"POST / HTTP/1.1\r\na: 1\r\n\r\n",
            b"POST / HTTP/1.1\r\n\r\nhost: h\r\n",
            b"GET / HTTP/1.1\r\nhost: h\r\n\r\n",
            b"\r\nhost: h",
        ] {
            let mut same = bytes.to_vec();
            assert_eq!(complete(&mut same, bytes.len(), ["", "/v1"], ["a: 1\r\n", "", ""]), None);
            assert_eq!(same, bytes);
        }
        assert_eq!(complete(&mut head("/", ""), 12, ["", "/v1"], [""; 3]), None, "the place is in what is held");
    }
}
