//! Tables of lines, their ends, and the names of fields.

use super::*;

#[test]
fn each_control_character_is_found_where_it_is() {
    for byte in 0..=u8::MAX {
        for at in 0..20 {
            // The bytes before and after must not matter.
            for (before, after) in [(b' ', b' '), (b'~', 0), (0xff, 0x7f), (0x80, b'\n')] {
                let mut bytes = [before; 21];
                bytes[at] = byte;
                bytes[at + 1..].fill(after);
                let expected = bytes.iter().position(u8::is_ascii_control);
                for from in 0..=at {
                    assert_eq!(first_control(&bytes, from), expected, "{byte:#04x} at {at} from {from}");
                }
            }
        }
    }
    assert_eq!(first_control(b"\n", 1), None);
}

#[test]
fn a_line_is_looked_at_once_and_ends_where_it_does_not_go_on() {
    let line = |text, length, flaws| Some(Line { text, length, flaws });
    let none = Flaws::default();
    let folded = Flaws { folded: true, ..none };
    for (bytes, expected) in [
        ("a: b\r\nc", line(4, 6, none)),
        ("a: b\nc", line(4, 5, Flaws { bare_lf: true, ..none })),
        ("a: b\r\r\nc", line(4, 7, Flaws { more_crs: true, ..none })),
        ("a\r\n b\r\n\tc\r\nd", line(9, 11, folded)),
        ("a\r\n \r\n\r\n", line(4, 6, folded)),
        ("a:\tb\r\nc", line(4, 6, none)),
        ("a\rb\r\nc", line(3, 5, Flaws { controls: true, ..none })),
        ("\r\n", line(0, 2, none)),
        ("\r\r\n b", line(0, 3, Flaws { more_crs: true, ..none })),
        (" a\r\n b\r\n", line(2, 4, none)),
        ("a: b\r\n", None),
        ("a: b\r", None),
        ("a: b", None),
    ] {
        let mut scan = Scan::default();
        assert_eq!(scan.field_line(bytes.as_bytes()), expected, "{bytes:?}");
        let mut scan = Scan::default();
        let by_byte = (1..=bytes.len()).find_map(|end| scan.field_line(&bytes.as_bytes()[..end]));
        assert_eq!(by_byte, expected, "{bytes:?} byte by byte");
    }
}

#[test]
fn a_damaged_name_of_the_framing_is_distinguished_from_others() {
    for (text, expected) in [
        ("Content-Length: 5", Field::ContentLength),
        ("TRANSFER-encoding:x", Field::TransferEncoding),
        ("connection:", Field::Connection),
        ("Content-Lengths: 5", Field::Other),
        ("Proxy-Connection: close", Field::Other),
        ("Proxy-Connection : close", Field::Nameless),
        ("X-Content-Length : 5", Field::Nameless),
        ("Content-Length : 5", Field::Masked),
        ("(content-length): 5", Field::Masked),
        ("Connection", Field::Masked),
        ("Connectionless", Field::Masked),
        ("Connectionless : x", Field::Nameless),
        ("what", Field::Nameless),
        (":", Field::Nameless),
    ] {
        assert_eq!(field(text.as_bytes()).0, expected, "{text:?}");
    }
}
