//! As much DER as a client certificate needs: its public key, and a key of SEC1 as PKCS#8. It is for what the program itself
//! has set: what a peer sends is read by webpki.

use crate::secret::Wiped;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// The version of a certificate, which is absent in version 1.
const EXPLICIT_0: u8 = 0xa0;

/// The object identifiers of ECDSA's keys and curves, with their tags.
const EC_PUBLIC_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";

/// The SubjectPublicKeyInfo of a certificate of any version; `None` if this is not a certificate.
pub(super) fn public_key_of(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = Element::first(certificate, SEQUENCE)?;
    let (signed, _) = Element::first(certificate.content, SEQUENCE)?;
    let rest = Element::first(signed.content, EXPLICIT_0).map_or(signed.content, |(_, rest)| rest);
    let (_, mut rest) = Element::first(rest, INTEGER)?;
    // The signature's algorithm, the issuer, the validity and the subject.
    for _ in 0..4 {
        rest = Element::first(rest, SEQUENCE)?.1;
    }
    Element::first(rest, SEQUENCE).map(|(key, _)| key.whole)
}

/// PKCS#8 around a key of SEC1, which names its curve; `None` if the curve is another one than P-256 and P-384.
pub(super) fn pkcs8_of_sec1(sec1: &[u8]) -> Option<Wiped<Vec<u8>>> {
    let has = |curve: &&[u8]| sec1.windows(curve.len()).any(|part| part == *curve);
    let curve = [P256, P384].into_iter().find(has)?;
    let version = [INTEGER, 1, 0];
    let algorithm = encode(SEQUENCE, &[EC_PUBLIC_KEY, curve]);
    let key = encode(OCTET_STRING, &[sec1]);
    Some(encode(SEQUENCE, &[&version, &algorithm, &key]))
}

struct Element<'a> {
    content: &'a [u8],
    /// With its tag and length.
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element, if it has this tag, and what follows it.
    fn first(bytes: &'a [u8], tag: u8) -> Option<(Element<'a>, &'a [u8])> {
        let (&found, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let more = usize::from(first.saturating_sub(0x80));
        let length = match more {
            0 if first < 0x80 => usize::from(first),
            1..=3 => rest.get(..more)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            _ => return None,
        };
        let content = rest.get(more..)?.get(..length)?;
        let (whole, after) = bytes.split_at(bytes.len() - rest.len() + more + length);
        (found == tag).then_some((Element { content, whole }, after))
    }
}

/// Exactly as large as needed: bytes that grow leave a copy behind, which is not wiped.
fn encode(tag: u8, parts: &[&[u8]]) -> Wiped<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = length.to_be_bytes();
    let head: &[u8] = match length {
        0..0x80 => &[tag, low],
        0x80..0x100 => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    let mut bytes = Wiped::new(Vec::with_capacity(head.len() + length));
    bytes.extend_from_slice(head);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(version: &[u8], key: &[u8]) -> Vec<u8> {
        let others = [&[INTEGER, 1, 7][..], &[SEQUENCE, 0].repeat(4)].concat();
        let signed = encode(SEQUENCE, &[version, &others, key, &[0xa3, 0]]);
        encode(SEQUENCE, &[&signed, &[SEQUENCE, 0]]).to_vec()
    }

    #[test]
    fn the_key_of_a_certificate_of_each_version_and_size() {
        for size in [0, 1, 0x7f, 0x80, 0xff, 0x100, 5000] {
            let key = encode(SEQUENCE, &[&vec![7; size]]);
            for version in [&[][..], &[EXPLICIT_0, 3, INTEGER, 1, 2]] {
                let certificate = certificate(version, &key);
                assert_eq!(public_key_of(&certificate), Some(&key[..]), "{size}");
                for cut in 0..certificate.len() {
                    assert_eq!(public_key_of(&certificate[..cut]), None, "{cut} of {size}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_key() {
        for bytes in [&b""[..], b"\x30", b"\x30\x80\0\0", b"\x30\x84\0\0\0\0", b"\x31\0", b"not DER", &[0xff; 40]] {
            assert_eq!(public_key_of(bytes), None);
        }
    }

    #[test]
    fn a_key_of_sec1_says_its_curve() {
        for curve in [P256, P384] {
            let sec1 = [&[SEQUENCE, 0x81, 150][..], &[9; 100], curve].concat();
            let pkcs8 = pkcs8_of_sec1(&sec1).unwrap();
            let (outer, after) = Element::first(&pkcs8, SEQUENCE).unwrap();
            assert!(after.is_empty() && outer.content.ends_with(&sec1));
            assert!(outer.content.windows(curve.len()).any(|part| part == curve));
        }
        assert!(pkcs8_of_sec1(&[SEQUENCE, 0]).is_none());
    }
}
