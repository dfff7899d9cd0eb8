//! How ureq alone reads an answer, to compare with.

use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

/// The parts of an answer that the library reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: Option<Vec<u8>>,
    pub request_id: Option<Vec<u8>>,
    pub location: Option<Vec<u8>>,
}

/// How ureq reads `bytes`, after which the stream ends. `None`: it refuses them.
pub(super) fn read_by_ureq(bytes: &[u8]) -> Option<Answer> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_response_header_size(64 * 1024)
        .build();
    let agent = ureq::Agent::with_parts(config, Canned(bytes.to_vec()), Nowhere);
    let mut response = agent.post("http://host/").send(&b"{}"[..]).ok()?;
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut response.body_mut().as_reader(), &mut body).ok()?;
    let value = |name| response.headers().get(name).map(|value| value.as_bytes().to_vec());
    Some(Answer {
        status: response.status().as_u16(),
        body,
        retry_after: value("retry-after"),
        request_id: value("x-request-id"),
        location: value("location"),
    })
}

#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// A connector whose connections deliver these bytes and end.
#[derive(Debug)]
struct Canned(Vec<u8>);

impl Connector for Canned {
    type Out = Connection;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let buffers = LazyBuffers::new(self.0.len() + 1, 16 * 1024);
        Ok(Some(Connection { buffers, bytes: self.0.clone() }))
    }
}

struct Connection {
    buffers: LazyBuffers,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.is_empty() {
            return Ok(false);
        }
        self.buffers.input_append_buf()[..bytes.len()].copy_from_slice(&bytes);
        self.buffers.input_appended(bytes.len());
        Ok(true)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}
