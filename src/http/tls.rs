//! TLS by rustls with ring, over any transport of ureq's. ureq has a wrapper of its own; this one builds the
//! configuration once per client, keeps no buffers while it blocks, and notes what was refused by whom.

use super::context::{CallContext, with_current};
use super::tcp::{HeldBuffers, Output};
use crate::error::{Error, Phase};
use rustls::crypto::ring::cipher_suite as suite;
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms, ring as ring_provider,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::SigningKey;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SignatureScheme,
    SupportedCipherSuite,
};
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use webpki::ring as by;

/// Which certificate authorities are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The system's; where it has none, the bundled ones.
    #[default]
    SystemOrBundled,
    System,
    Bundled,
}

/// The configuration of a client's sessions. Sessions are resumed within a client.
pub(super) fn client_config(roots: Roots, extra: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::invalid(format!("TLS: {e}")))?
        .with_root_certificates(root_store(roots, extra)?)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn root_store(roots: Roots, extra: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    if roots != Roots::Bundled {
        add_system(&mut store, roots == Roots::System && extra.is_none())?;
    }
    if roots == Roots::Bundled || (roots == Roots::SystemOrBundled && store.is_empty()) {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = extra {
        add_file(&mut store, path)?;
    }
    Ok(store)
}

/// The system's, which variables of the environment may name. Who sets one wants that and no other, so what is wrong with
/// it is an error, as it is if the system's are `required`.
fn add_system(store: &mut RootCertStore, required: bool) -> Result<(), Error> {
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    let variable = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(|name| std::env::var_os(name).is_some());
    if !store.is_empty() || (variable.is_none() && !required) {
        return Ok(());
    }
    let why = found.errors.first().map_or_else(|| "holds no certificate".to_owned(), ToString::to_string);
    Err(Error::invalid(match variable {
        Some(name) => format!("{name}: {why}"),
        None => format!("trust: the system has no certificate authorities ({why})"),
    }))
}

fn add_file(store: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let refuse = |why: String| Error::invalid(format!("ca_file {}: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|e| refuse(e.to_string()))?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| refuse(format!("not PEM: {e}")))?;
        store.add(certificate).map_err(|e| refuse(format!("not a certificate authority: {e}")))?;
        count += 1;
    }
    if count == 0 { Err(refuse("holds no certificate".to_owned())) } else { Ok(()) }
}

/// A TLS session.
pub(super) struct TlsTransport {
    session: ClientConnection,
    inner: Box<dyn Transport>,
    buffers: HeldBuffers,
    /// Decrypted bytes that the session holds.
    readable: usize,
    /// The peer ended the session; it may have left the connection open.
    closed: bool,
}

impl TlsTransport {
    /// Shakes hands. The client's last flight leaves together with the first request. Not inlined, so that a plain
    /// connection does not pay with its stack.
    #[inline(never)]
    pub fn connect(
        inner: Box<dyn Transport>,
        config: Arc<ClientConfig>,
        host: &str,
        timeout: NextTimeout,
    ) -> Result<TlsTransport, ureq::Error> {
        with_current(|call| call.enter(Phase::Tls));
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']').to_owned());
        let name = name.map_err(|_| ureq::Error::Tls("the host is no valid server name"))?;
        let session = ClientConnection::new(config, name).map_err(|e| refused(&e, None))?;
        let mut tls = TlsTransport { session, inner, buffers: HeldBuffers::default(), readable: 0, closed: false };
        while tls.session.is_handshaking() {
            tls.write_records(timeout)?;
            if tls.session.wants_read() && !tls.read_records(timeout)? {
                return Err(ureq::Error::Other("the peer closed the connection in the handshake".into()));
            }
        }
        tls.write_records(timeout)?;
        Ok(tls)
    }

    fn encrypt_held(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let mut taken = 0;
        while taken < self.buffers.held().len() {
            taken += self.session.writer().write(&self.buffers.held()[taken..])?;
            self.write_records(timeout)?;
        }
        self.buffers.release_output();
        Ok(())
    }

    fn write_records(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        while self.session.wants_write() {
            self.session.write_tls(&mut Output { transport: &mut *self.inner, timeout })?;
        }
        Ok(())
    }

    /// Takes in what the peer sent; false at the end of the stream.
    fn read_records(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.closed {
            return Ok(false);
        }
        self.inner.maybe_await_input(timeout)?;
        let mut records = self.inner.buffers().input();
        let taken = self.session.read_tls(&mut records)?;
        self.inner.buffers().input_consume(taken);
        match self.session.process_new_packets() {
            Ok(state) => {
                self.readable = state.plaintext_bytes_to_read();
                self.closed = state.peer_has_closed();
                Ok(taken > 0 && !self.closed)
            }
            Err(e) => {
                let error = refused(&e, self.session.protocol_version());
                // The alert that says to the peer why.
                let _ = self.write_records(timeout).and_then(|()| self.inner.transmit_output(0, timeout));
                Err(error)
            }
        }
    }

    /// Hands decrypted bytes on. None are left only at the end of the stream.
    fn take_plaintext(&mut self) -> Result<bool, ureq::Error> {
        let mut reader = self.session.reader();
        match reader.fill_buf() {
            Ok(plaintext) => {
                let count = plaintext.len();
                self.buffers.append_input(plaintext);
                reader.consume(count);
                self.readable -= count;
                if count == 0 {
                    with_current(|call| call.ended.set(true));
                }
                Ok(count > 0)
            }
            Err(_) => {
                with_current(|call| call.note_broken("the TLS stream was cut off without a close_notify"));
                Err(ureq::Error::Other("cut off".into()))
            }
        }
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.buffers.hold(amount) {
            self.encrypt_held(timeout)?;
        }
        if amount == 0 { self.inner.transmit_output(0, timeout) } else { Ok(()) }
    }

    /// Allocates for the plaintext only once there is some.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.encrypt_held(timeout)?;
        while self.readable == 0 && self.read_records(timeout)? {
            self.write_records(timeout)?;
        }
        self.take_plaintext()
    }

    fn is_open(&mut self) -> bool {
        self.readable == 0 && !self.closed && self.buffers.are_empty() && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TlsTransport({:?})", self.inner)
    }
}

/// In the handshake, one side refuses the other; after it, a session that fails has lost its connection. Only that the
/// server wants a certificate of the client comes later in TLS 1.3: the request is on its way by then, but a server reads
/// nothing of it before the certificate.
fn refused(e: &rustls::Error, version: Option<ProtocolVersion>) -> ureq::Error {
    let wants_certificate = matches!(
        e,
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::BadCertificate)
    );
    let is_13 = version == Some(ProtocolVersion::TLSv1_3);
    // Of the service on a fresh connection, or of a proxy.
    let first_answer = |call: &CallContext<'_>| match call.phase() {
        Phase::Wait => is_13 && call.connected.get(),
        phase => is_13 && phase == Phase::Connect,
    };
    with_current(|call| match call.phase() {
        Phase::Tls => call.refused.set(true),
        _ if wants_certificate && first_answer(call) => call.note_unread(),
        _ => call.note_broken(e),
    });
    let said = if wants_certificate { "the server wants a client certificate, which libanchor has not: " } else { "" };
    // Up to the lists of identifiers that some reasons end with.
    let reason = e.to_string();
    ureq::Error::Other(format!("{said}{}", reason.split(" {").next().unwrap_or_default()).into())
}

/// rustls' provider of ring, without what a client of this service does not need and which would make up a tenth of the
/// library: private keys, since client certificates are not offered, ChaCha20 and Ed25519.
fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: AES_GCM.to_vec(),
        kx_groups: ring_provider::ALL_KX_GROUPS.to_vec(),
        signature_verification_algorithms: SIGNATURES,
        secure_random: &Ring,
        key_provider: &Ring,
    }
}

/// AES-GCM is mandatory for TLS 1.3, and every server of 1.2 with forward secrecy has it. ChaCha20 is faster only for much
/// data on processors without AES instructions, and 50 KB of code.
static AES_GCM: [SupportedCipherSuite; 6] = [
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("private keys are not supported".to_owned()))
    }
}

/// RSA and ECDSA, as the rules for public certificate authorities have it (they know no Ed25519): what a certificate may
/// be signed with, and what a handshake's scheme means.
static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        by::ECDSA_P256_SHA256,
        by::ECDSA_P256_SHA384,
        by::ECDSA_P384_SHA256,
        by::ECDSA_P384_SHA384,
        by::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        by::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        by::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        by::RSA_PKCS1_2048_8192_SHA256,
        by::RSA_PKCS1_2048_8192_SHA384,
        by::RSA_PKCS1_2048_8192_SHA512,
        by::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        by::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        by::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[by::ECDSA_P384_SHA384, by::ECDSA_P256_SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[by::ECDSA_P256_SHA256, by::ECDSA_P384_SHA256]),
        (SignatureScheme::RSA_PSS_SHA512, &[by::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[by::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[by::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[by::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[by::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[by::RSA_PKCS1_2048_8192_SHA256]),
    ],
};
