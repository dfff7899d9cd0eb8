//! A network and a clock for the fuzz targets: the engine runs as it ships, and what the C library would ask the kernel
//! (a socket, the time, to be woken) is answered here. No packet is sent, no time passes, and each run of an input is the
//! same. What the targets assert is not decided here.

pub mod c_api;
mod interposed;
mod network;
pub mod report;

pub use network::{Connection, End, Network, Piece};
