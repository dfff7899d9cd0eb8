//! A simulated network and clock for the fuzz targets. The library runs unchanged; its calls for sockets, polls and the time
//! come here instead of the kernel. No packet is sent, no time passes, and each run of an input is the same. The targets
//! decide what to assert.

pub mod answers;
pub mod c_api;
mod interposed;
mod network;
pub mod report;
pub mod world;

pub use network::{Connection, End, Gate, Live, Network, Opening, Piece, Request};

// These modules are private in the library. They depend only on each other.
#[allow(dead_code)]
#[path = "../../src/http/chunked.rs"]
mod chunked;
#[allow(dead_code)]
#[path = "../../src/http/framing.rs"]
mod framing;
#[allow(dead_code)]
#[path = "../../src/http/head.rs"]
mod head;
#[allow(dead_code)]
#[path = "../../src/http/inbound.rs"]
mod inbound;
#[allow(dead_code)]
#[path = "../../src/secret.rs"]
mod secret;
