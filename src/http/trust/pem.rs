//! PEM texts (RFC 7468). Only the sections that are asked for are decoded, since others may be private keys; and a private key
//! leaves no copy in memory that is not wiped.

#![cfg_attr(not(feature = "client-certificates"), allow(dead_code, reason = "no private key is read then"))]

use crate::secret::Wiped;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A private key in DER, which is wiped.
pub(super) struct PrivateKey {
    pub format: KeyFormat,
    pub der: Wiped<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFormat {
    Pkcs8,
    Pkcs1,
    Sec1,
}

const ENCRYPTED: &str = "the private key is encrypted, and libanchor takes no passphrase; this decrypts it: openssl pkey \
                         -in key.pem -out plain.pem";

/// The certificates of a text, at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    decoded(pem, b"CERTIFICATE", "certificate")
}

/// The certificate revocation lists of a text, at least one.
pub(super) fn revocation_lists(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    decoded(pem, b"X509 CRL", "revocation list")
}

/// The first private key of a text.
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKey, String> {
    let what = "private key";
    let keys = sections(pem, what)?.into_iter().find(|section| section.label.ends_with(b"PRIVATE KEY"));
    let section = keys.ok_or_else(|| none(what))?;
    let format = match section.label {
        b"PRIVATE KEY" => KeyFormat::Pkcs8,
        b"RSA PRIVATE KEY" => KeyFormat::Pkcs1,
        b"EC PRIVATE KEY" => KeyFormat::Sec1,
        b"ENCRYPTED PRIVATE KEY" => return Err(ENCRYPTED.to_owned()),
        label => return Err(format!("{} is not a format that is supported", String::from_utf8_lossy(label))),
    };
    // The head of RFC 1421: Proc-Type: 4,ENCRYPTED.
    if section.body.contains(&b':') {
        return Err(ENCRYPTED.to_owned());
    }
    let der = section.decode().ok_or_else(|| not_base64(what))?;
    Ok(PrivateKey { format, der })
}

pub(super) fn none(what: &str) -> String {
    format!("holds no {what}")
}

pub(super) fn no_end(what: &str) -> String {
    format!("a {what} has no end line")
}

pub(super) fn no_beginning(what: &str) -> String {
    format!("the first line of a {what} is not complete")
}

pub(super) fn not_base64(what: &str) -> String {
    format!("a {what} is not base64")
}

fn decoded(pem: &[u8], label: &[u8], what: &str) -> Result<Vec<Vec<u8>>, String> {
    let wanted = sections(pem, what)?.into_iter().filter(|section| section.label == label);
    let decode = |section: Section<'_>| section.decode().map(|mut der| std::mem::take(&mut *der));
    let found: Option<Vec<Vec<u8>>> = wanted.map(decode).collect();
    match found {
        Some(found) if found.is_empty() => Err(none(what)),
        found => found.ok_or_else(|| not_base64(what)),
    }
}

/// What is between a BEGIN line and its END line.
struct Section<'a> {
    label: &'a [u8],
    body: &'a [u8],
}

impl Section<'_> {
    fn decode(&self) -> Option<Wiped<Vec<u8>>> {
        let mut base64 = Wiped::new(Vec::with_capacity(self.body.len()));
        base64.extend(self.body.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let mut der = Wiped::new(vec![0; base64.len()]);
        let length = STANDARD.decode_slice(&*base64, &mut der).ok()?;
        der.truncate(length);
        Some(der)
    }
}

/// What is outside of sections is ignored. `what` is what is looked for.
fn sections<'a>(pem: &'a [u8], what: &str) -> Result<Vec<Section<'a>>, String> {
    let mut found = Vec::new();
    let mut open: Option<(&[u8], usize)> = None;
    let mut at = 0;
    for line in pem.split(|byte| matches!(byte, b'\n' | b'\r')) {
        if let Some(rest) = line.strip_prefix(b"-----BEGIN ") {
            let label = rest.trim_ascii_end().strip_suffix(b"-----").ok_or_else(|| no_beginning(what))?;
            open = Some((label, at + line.len()));
        } else if let (Some((label, from)), Some(rest)) = (open, line.strip_prefix(b"-----END ")) {
            if rest.trim_ascii_end().strip_suffix(b"-----") == Some(label) {
                found.push(Section { label, body: &pem[from..at] });
                open = None;
            }
        }
        at += line.len() + 1;
    }
    if open.is_some() { Err(no_end(what)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pem: &str) -> Result<(KeyFormat, Vec<u8>), String> {
        private_key(pem.as_bytes()).map(|key| (key.format, key.der.to_vec()))
    }

    fn section(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn the_sections_that_are_asked_for_are_decoded() {
        let text = format!(
            "Bag Attributes\r\n  a: b\r\n{}{}{}",
            section("CERTIFICATE", "AQ ID\r\n\r\n"),
            section("EC PARAMETERS", "not base64 at all"),
            section("CERTIFICATE", "BA\n==")
        );
        assert_eq!(certificates(text.as_bytes()).unwrap(), [vec![1, 2, 3], vec![4]]);
        assert_eq!(revocation_lists(text.as_bytes()), Err("holds no revocation list".to_owned()));
        let key_and_list = text + &section("X509 CRL", "BQ==") + &section("EC PRIVATE KEY", "Bg==");
        assert_eq!(revocation_lists(key_and_list.as_bytes()).unwrap(), [vec![5]]);
        assert_eq!(key(&key_and_list).unwrap(), (KeyFormat::Sec1, vec![6]));
    }

    #[test]
    fn each_format_of_keys_is_known() {
        assert_eq!(key(&section("PRIVATE KEY", "AQ==")).unwrap(), (KeyFormat::Pkcs8, vec![1]));
        assert_eq!(key(&section("RSA PRIVATE KEY", "AQ==")).unwrap(), (KeyFormat::Pkcs1, vec![1]));
        assert_eq!(key("-----BEGIN PRIVATE KEY-----  \rAQ==\r-----END PRIVATE KEY----- ").unwrap().1, [1]);
    }

    #[test]
    fn what_is_wrong_has_words_that_quote_nothing() {
        let legacy = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAQ==";
        for (text, why) in [
            (String::new(), "holds no private key"),
            (section("CERTIFICATE", "AQ=="), "holds no private key"),
            (section("ENCRYPTED PRIVATE KEY", "AQ=="), "is encrypted"),
            (section("RSA PRIVATE KEY", legacy), "is encrypted"),
            (section("OPENSSH PRIVATE KEY", "AQ=="), "OPENSSH PRIVATE KEY is not a format"),
            (section("PRIVATE KEY", "s3cret$"), "a private key is not base64"),
            ("-----BEGIN PRIVATE KEY-----\ns3cret".to_owned(), "has no end line"),
            ("-----BEGIN PRIVATE KEY-----".to_owned(), "has no end line"),
            ("-----BEGIN PRIVATE KEY\ns3cret".to_owned(), "first line of a private key"),
        ] {
            let said = key(&text).unwrap_err();
            assert!(said.contains(why) && !said.contains("s3c"), "{said}");
        }
    }
}
