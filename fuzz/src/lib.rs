//! A network and a clock for the fuzz targets: the engine runs as it ships, and what the C library would ask the kernel
//! (a socket, the time, to be woken) is answered here. No packet is sent, no time passes, and each run of an input is the
//! same. What the targets assert is not decided here.

pub mod answers;
pub mod c_api;
mod interposed;
mod network;
pub mod report;

pub use network::{Connection, End, Network, Piece};

// The library keeps these to itself. They know nothing but each other.
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
