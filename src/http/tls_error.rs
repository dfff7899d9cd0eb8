//! The errors of TLS sessions as English sentences: what is wrong, and the remedy if there is a known one. rustls' own text has
//! the names of its enumerators, which do not help the user of a program. Pure.

use super::trust::NotPinned;
use rustls::{
    AlertDescription, CertRevocationListError, CertificateError, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};
use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

/// The command that makes a valid self-signed certificate of a server.
const MAKE_ONE: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -keyout key.pem -out cert.pem \
                        -subj /CN=localhost -addext basicConstraints=critical,CA:FALSE \
                        -addext subjectAltName=DNS:localhost,IP:127.0.0.1";

/// The error as a sentence without its full stop.
pub(super) fn words(error: &rustls::Error) -> Cow<'static, str> {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(why) => certificate(why),
        E::AlertReceived(alert) => format!("the server refused the connection: {}", alert_words(*alert)).into(),
        E::NoCertificatesPresented => "the server sent no certificate".into(),
        E::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            "the server does not speak TLS on this port; perhaps it speaks plain http".into()
        }
        E::PeerIncompatible(why) => incompatible(why).into(),
        E::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported) => {
            "the server fell back to TLS 1.2 although it supports 1.3: somebody on the way may be interfering".into()
        }
        E::InvalidMessage(_)
        | E::PeerMisbehaved(_)
        | E::PeerSentOversizedRecord
        | E::InappropriateMessage { .. }
        | E::InappropriateHandshakeMessage { .. } => "the server sent a message that breaks the rules of TLS".into(),
        E::DecryptError => {
            "a message of the server cannot be decrypted: it was changed on the way, or it is not TLS".into()
        }
        E::UnsupportedNameType => "no certificate can be valid for a host of this kind".into(),
        E::FailedToGetCurrentTime => "this machine's clock cannot be read, so no certificate can be checked".into(),
        E::FailedToGetRandomBytes => "the system provides no random numbers".into(),
        E::InvalidCertRevocationList(why) => revocation_list(why).into(),
        E::General(why) => format!("TLS failed: {why}").into(),
        _ => "TLS failed".into(),
    }
}

fn certificate(why: &CertificateError) -> Cow<'static, str> {
    use CertificateError as C;
    match why {
        C::Expired => "a certificate of the server has expired".into(),
        C::ExpiredContext { time, not_after } => format!(
            "a certificate of the server has expired, on {}; this machine's clock says {}",
            date(not_after.as_secs()),
            date(time.as_secs())
        )
        .into(),
        C::NotValidYet => "a certificate of the server is not valid yet".into(),
        C::NotValidYetContext { time, not_before } => format!(
            "a certificate of the server is not valid before {}; this machine's clock says {}",
            date(not_before.as_secs()),
            date(time.as_secs())
        )
        .into(),
        C::NotValidForName => "the server's certificate is for another host".into(),
        C::NotValidForNameContext { expected, presented } => match names(presented) {
            Some(names) => format!("the server's certificate is not for {}, but for {names}", expected.to_str()).into(),
            None => "the server's certificate has no subjectAltName, so it is not valid for any host; the common \
                     name is ignored"
                .into(),
        },
        C::UnknownIssuer => "the server's certificate is self-signed, or signed by an authority that is not trusted; \
                             ca_file adds an authority"
            .into(),
        C::BadSignature => "a signature of the server or of its certificate is not valid: it is wrong, or the RSA key is \
                            shorter than 2048 bits"
            .into(),
        #[allow(deprecated)]
        C::UnsupportedSignatureAlgorithm
        | C::UnsupportedSignatureAlgorithmContext { .. }
        | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "a certificate of the server is signed with an algorithm that is too weak or not supported; RSA and ECDSA with \
             SHA-256 or longer, and Ed25519, are supported"
                .into()
        }
        C::Revoked => "a certificate of the server was revoked by its authority".into(),
        C::UnknownRevocationStatus => {
            "crl_file has no revocation list of the authority of one of the server's certificates".into()
        }
        C::ExpiredRevocationList => "a revocation list of crl_file has expired".into(),
        C::ExpiredRevocationListContext { time, next_update } => format!(
            "a revocation list of crl_file has expired, on {}; this machine's clock says {}",
            date(next_update.as_secs()),
            date(time.as_secs())
        )
        .into(),
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
            "the extended key usage of the server's certificate does not permit servers".into()
        }
        C::UnhandledCriticalExtension => "a certificate of the server has a critical extension that is not supported".into(),
        C::BadEncoding => "a certificate of the server is not encoded correctly".into(),
        C::Other(other) => match (other.0.downcast_ref::<webpki::Error>(), other.0.downcast_ref::<NotPinned>()) {
            (Some(rule), _) => rule_words(rule),
            (_, Some(pin)) => pin.to_string().into(),
            _ => "the server's certificate is not accepted".into(),
        },
        _ => "the server's certificate is not accepted".into(),
    }
}

/// What is wrong with a list that was read without an error, when a certificate is looked up in it.
fn revocation_list(why: &CertRevocationListError) -> &'static str {
    use CertRevocationListError as L;
    match why {
        L::BadSignature => "a revocation list of crl_file is not signed by the authority that it names",
        L::IssuerInvalidForCrl => {
            "an authority above the server's certificate may not sign revocation lists (its key usage has no cRLSign)"
        }
        #[allow(deprecated)]
        L::UnsupportedSignatureAlgorithm
        | L::UnsupportedSignatureAlgorithmContext { .. }
        | L::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "a revocation list of crl_file is signed with an algorithm that is too weak or not supported"
        }
        _ => "a revocation list of crl_file cannot be used",
    }
}

/// Rules of webpki that rustls reports without a name of its own.
fn rule_words(rule: &webpki::Error) -> Cow<'static, str> {
    use webpki::Error as W;
    match rule {
        W::CaUsedAsEndEntity => format!(
            "the server's certificate is that of an authority (basicConstraints CA:TRUE), which a server must not use; this \
             makes a valid one: {MAKE_ONE}"
        )
        .into(),
        W::UnsupportedCertVersion => format!(
            "a certificate of the server is not of X.509 version 3, perhaps because it has no extensions; this makes a valid \
             one: {MAKE_ONE}"
        )
        .into(),
        W::EndEntityUsedAsCa => "the server's certificate is signed by a certificate that is not an authority's (basicConstraints)".into(),
        W::NameConstraintViolation => "the server's certificate is signed by an authority that may not sign for this host (name constraints)".into(),
        W::PathLenConstraintViolated => {
            "an authority above the server's certificate may have no other authority below it".into()
        }
        W::UnsupportedCriticalExtension => "a certificate of the server has a critical extension that is not supported".into(),
        W::SignatureAlgorithmMismatch => "a certificate of the server names two different signature algorithms".into(),
        W::CertDistrusted => "a key of the server's certificates is no longer trusted".into(),
        W::MaximumNameConstraintComparisonsExceeded
        | W::MaximumPathBuildCallsExceeded
        | W::MaximumPathDepthExceeded
        | W::MaximumSignatureChecksExceeded => "the server's certificate has too many authorities above it".into(),
        W::EmptyEkuExtension
        | W::ExtensionValueInvalid
        | W::InvalidNetworkMaskConstraint
        | W::InvalidSerialNumber
        | W::MalformedDnsIdentifier
        | W::MalformedExtensions
        | W::MalformedNameConstraint => "a certificate of the server is not encoded correctly".into(),
        _ => "the server's certificate is not accepted".into(),
    }
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match why {
        P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig => {
            "the server speaks neither TLS 1.2 nor 1.3"
        }
        P::NoCipherSuitesInCommon => {
            "the server has no cipher suite in common with libanchor, such as AES-GCM, with ECDHE in TLS 1.2"
        }
        P::NoKxGroupsInCommon | P::NoEcPointFormatsInCommon => {
            "the server has no key exchange in common with libanchor"
        }
        P::NoSignatureSchemesInCommon => "the server has no signature algorithm in common with libanchor",
        _ => "the server's TLS lacks a feature that libanchor needs",
    }
}

/// The meaning of an alert by RFC 8446, section 6, with its number.
fn alert_words(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let why = match alert {
        A::HandshakeFailure => {
            "it has no version, cipher suite or other choice in common with libanchor, or wants a client \
                                certificate"
        }
        A::CertificateRequired => "it wants a client certificate",
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::NoCertificate => "it does not accept the client certificate, or needs one",
        A::UnknownCA => "it does not know the authority of the client certificate",
        A::AccessDenied => "it denies access",
        A::ProtocolVersion => "it does not speak TLS 1.2 or 1.3",
        A::InsufficientSecurity => "it wants stronger algorithms",
        A::UnrecognisedName => "it does not serve this host",
        A::InternalError => "it has an internal error",
        A::DecodeError | A::IllegalParameter | A::UnexpectedMessage | A::UnsupportedExtension | A::MissingExtension => {
            "it did not understand a message"
        }
        A::DecryptError | A::BadRecordMac => "it could not decrypt a message or verify a signature",
        _ => "it gave an unknown reason",
    };
    format!("{why} (TLS alert {})", u8::from(alert))
}

fn date(seconds: u64) -> String {
    match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
        // httpdate ends at the year 9999.
        Some(at) if seconds < 253_402_300_800 => httpdate::fmt_http_date(at),
        _ => "a date beyond the year 9999".to_owned(),
    }
}

/// Some of the hosts that a certificate is for. webpki writes them as `DnsName("host")` and `IpAddress(1.2.3.4)`. The peer chose
/// them, so only names that can be hosts are shown.
fn names(presented: &[String]) -> Option<String> {
    const MOST: usize = 3;
    let hosts: Vec<&str> = presented.iter().filter_map(|name| host(name)).collect();
    let shown = hosts.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match hosts.len() {
        0 => None,
        count if count > MOST => Some(format!("{shown} and {} more", count - MOST)),
        _ => Some(shown),
    }
}

fn host(name: &str) -> Option<&str> {
    let dns = name.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")"));
    let host = dns.or_else(|| name.strip_prefix("IpAddress(").and_then(|name| name.strip_suffix(')')))?;
    let is_plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:*[]".contains(&b));
    (is_plain && (1..256).contains(&host.len())).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{Error, InconsistentKeys, OtherError};
    use std::sync::Arc;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn by_rule(rule: webpki::Error) -> Error {
        CertificateError::Other(OtherError(Arc::new(rule))).into()
    }

    fn for_names(presented: &[&str]) -> Error {
        let expected = ServerName::try_from("api.example").unwrap();
        let presented = presented.iter().map(|name| (*name).to_owned()).collect();
        CertificateError::NotValidForNameContext { expected, presented }.into()
    }

    #[test]
    fn each_refusal_has_words() {
        let expired = CertificateError::ExpiredContext { time: at(1_800_000_000), not_after: at(978_307_200) };
        let early = CertificateError::NotValidYetContext { time: at(0), not_before: at(u64::MAX) };
        let weak = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: Vec::new(),
            supported_algorithms: Vec::new(),
        };
        let table: [(Error, &str); 38] = [
            (
                expired.into(),
                "has expired, on Mon, 01 Jan 2001 00:00:00 GMT; this machine's clock says Fri, 15 Jan 2027",
            ),
            (early.into(), "not valid before a date beyond the year 9999; this machine's clock says Thu, 01 Jan 1970"),
            (CertificateError::Expired.into(), "has expired"),
            (CertificateError::NotValidYet.into(), "not valid yet"),
            (CertificateError::NotValidForName.into(), "for another host"),
            (
                for_names(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]),
                "is not for api.example, but for a.example, 10.0.0.1",
            ),
            (for_names(&["DnsName(\"a\")"; 9]), "but for a, a, a and 6 more"),
            (for_names(&[]), "subjectAltName"),
            (for_names(&["DnsName(\"a\u{1b}[31m\")", "DirectoryName"]), "subjectAltName"),
            (
                CertificateError::UnknownIssuer.into(),
                "self-signed, or signed by an authority that is not trusted; ca_file",
            ),
            (CertificateError::BadSignature.into(), "shorter than 2048 bits"),
            (weak.into(), "too weak"),
            (CertificateError::Revoked.into(), "was revoked"),
            (CertificateError::UnknownRevocationStatus.into(), "crl_file has no revocation list"),
            (CertificateError::ExpiredRevocationList.into(), "list of crl_file has expired"),
            (
                CertificateError::ExpiredRevocationListContext {
                    time: at(1_800_000_000),
                    next_update: at(978_307_200),
                }
                .into(),
                "list of crl_file has expired, on Mon, 01 Jan 2001 00:00:00 GMT; this machine's clock says Fri, 15 Jan 2027",
            ),
            (CertRevocationListError::BadSignature.into(), "not signed by the authority"),
            (CertRevocationListError::IssuerInvalidForCrl.into(), "no cRLSign"),
            (
                CertRevocationListError::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: Vec::new(),
                    supported_algorithms: Vec::new(),
                }
                .into(),
                "too weak",
            ),
            (CertRevocationListError::InvalidCrlNumber.into(), "cannot be used"),
            (CertificateError::Other(OtherError(Arc::new(NotPinned::zeros()))).into(), "it is sha256//AAAA"),
            (CertificateError::InvalidPurpose.into(), "does not permit servers"),
            (CertificateError::UnhandledCriticalExtension.into(), "critical extension"),
            (CertificateError::BadEncoding.into(), "not encoded correctly"),
            (CertificateError::ApplicationVerificationFailure.into(), "not accepted"),
            (by_rule(webpki::Error::CaUsedAsEndEntity), "(basicConstraints CA:TRUE)"),
            (by_rule(webpki::Error::UnsupportedCertVersion), "version 3"),
            (by_rule(webpki::Error::EndEntityUsedAsCa), "not an authority's"),
            (by_rule(webpki::Error::NameConstraintViolation), "may not sign for this host"),
            (by_rule(webpki::Error::PathLenConstraintViolated), "no other authority below it"),
            (by_rule(webpki::Error::MaximumPathDepthExceeded), "too many authorities"),
            (by_rule(webpki::Error::UnsupportedDeltaCrl), "not accepted"),
            (Error::AlertReceived(AlertDescription::CertificateRequired), "client certificate (TLS alert 116)"),
            (Error::AlertReceived(AlertDescription::Unknown(200)), "(TLS alert 200)"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "does not speak TLS"),
            (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), "neither TLS 1.2 nor 1.3"),
            (PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported.into(), "fell back to TLS 1.2"),
            (Error::InconsistentKeys(InconsistentKeys::Unknown), "TLS failed"),
        ];
        for (error, part) in table {
            let said = words(&error);
            assert!(said.contains(part), "{error:?}: {said}");
            check_plain(&said);
        }
    }

    /// Each alert has words and a number, and no name of Rust.
    #[test]
    fn each_alert_has_words() {
        for number in 0..=u8::MAX {
            let said = words(&Error::AlertReceived(AlertDescription::from(number)));
            assert!(said.ends_with(&format!("(TLS alert {number})")), "{said}");
            check_plain(&said);
        }
    }

    /// The text is English: it has no braces, and no CamelCase except in known names.
    fn check_plain(said: &str) {
        let is_camel = |word: &str| {
            word.as_bytes().windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase())
        };
        let names = ["subjectAltName", "basicConstraints", "cRLSign"];
        let odd = said.split(|c: char| !c.is_alphanumeric()).find(|word| is_camel(word) && !names.contains(word));
        assert_eq!(odd, None, "{said}");
        assert!(!said.contains(['{', '}', '\u{1b}']) && !said.ends_with('.'), "{said}");
    }
}
