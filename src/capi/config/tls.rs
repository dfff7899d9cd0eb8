//! The settings of TLS: whom a client trusts, and what it shows of itself.

use super::{anchor_config, set, set_text};
use crate::capi::boundary::{bytes, text};
use crate::config::{Config, Trust};
use crate::error::Error;
use crate::status::Status;
use std::ffi::c_char;

/// Adds the certificate authorities of a file to those that are trusted.
///
/// @param config   the settings
/// @param ca_file  the path of a PEM file, which anchor_client_new reads
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_ca_file(config: *mut anchor_config, ca_file: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "ca_file", ca_file, |config, path| config.set_ca_file(path)) }
}

/// Adds the certificate authorities of a text to those that are trusted, beside those of anchor_config_set_ca_file.
///
/// @param config  the settings
/// @param ca_pem  certificates as PEM, which are copied; anchor_client_new reports what is wrong with them
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_ca_pem(config: *mut anchor_config, ca_pem: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set(config, &mut |config| config.set_ca_pem(bytes(ca_pem, "ca_pem")?).map(drop)) }
}

/// Sets which certificate authorities are trusted in addition to those of anchor_config_set_ca_file and
/// anchor_config_set_ca_pem.
///
/// The system's are those that SSL_CERT_FILE and SSL_CERT_DIR name, if one of these is set and not empty when
/// anchor_client_new reads the certificates. ANCHOR_TRUST_AUTO takes the built-in ones if none of the system's is found or
/// may be read, and reports it to the log.
///
/// @param config  the settings
/// @param trust   an anchor_trust; ANCHOR_TRUST_AUTO by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_trust(config: *mut anchor_config, trust: i32) -> Status {
    let known = [Trust::Auto, Trust::System, Trust::Bundled].into_iter().find(|known| *known as i32 == trust);
    // SAFETY: by contract NULL or live.
    unsafe {
        set(config, &mut |config| {
            let trust = known.ok_or_else(|| Error::invalid("trust is not an anchor_trust"))?;
            config.set_trust(trust);
            Ok(())
        })
    }
}

/// Sets the certificate by which the client identifies itself to a service that asks for one, and its private key.
///
/// A proxy does not get it. anchor_client_new reads the files, and checks that the key is that of the certificate.
///
/// @param config            the settings
/// @param certificate_file  the path of a PEM file: the client's certificate, then those above it that the service needs to
///                          check it
/// @param key_file          the path of a PEM file with the key, which may be the same file. RSA of 2,048 to 4,096 bits,
///                          ECDSA on P-256 or P-384, or Ed25519, as PKCS#8, PKCS#1 or SEC1; an encrypted key is refused
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_client_certificate(
    config: *mut anchor_config,
    certificate_file: *const c_char,
    key_file: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or C strings.
    unsafe {
        set(config, &mut |config| {
            let (certificate, key) = (text(certificate_file, "certificate_file")?, text(key_file, "key_file")?);
            config.set_client_certificate(certificate, key).map(drop)
        })
    }
}

/// Sets the certificate by which the client identifies itself, and its private key, as texts.
///
/// It is as anchor_config_set_client_certificate, for programs that have them from elsewhere than a file. The copy of the
/// key is wiped when the settings and the clients that were made from them are freed.
///
/// @param config           the settings
/// @param certificate_pem  the client's certificate, then those above it, as PEM, which are copied
/// @param key_pem          the key as PEM, which is copied
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_client_certificate_pem(
    config: *mut anchor_config,
    certificate_pem: *const c_char,
    key_pem: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or C strings.
    unsafe {
        set(config, &mut |config| {
            let (certificate, key) = (bytes(certificate_pem, "certificate_pem")?, bytes(key_pem, "key_pem")?);
            config.set_client_certificate_pem(certificate, key).map(drop)
        })
    }
}

/// Sets the file of certificate revocation lists.
///
/// A certificate of the service, or of a proxy that is reached over TLS, is then accepted only if the file has a list of
/// the authority that signed it, and so on up to a trusted authority. The list must be valid now and not name the
/// certificate. The file is read once, by anchor_client_new: a program that runs for longer than its lists are valid
/// makes a new client. Without a file, revocation is not checked.
///
/// @param config    the settings
/// @param crl_file  the path of a PEM file with one list or several
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_crl_file(config: *mut anchor_config, crl_file: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "crl_file", crl_file, |config, path| config.set_crl_file(path)) }
}

/// Sets which public keys the service may have.
///
/// Its certificate has to be valid as well. Any other key is refused with ANCHOR_TLS, and the message shows it. A proxy may
/// have any key.
///
/// @param config  the settings
/// @param pins    up to 32, as CURLOPT_PINNEDPUBLICKEY takes them: "sha256//" and the SHA-256 of the key
///                (SubjectPublicKeyInfo) in base64, with ";" between them
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_pinned_public_keys(
    config: *mut anchor_config,
    pins: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "pinned_public_keys", pins, Config::set_pinned_public_keys) }
}
