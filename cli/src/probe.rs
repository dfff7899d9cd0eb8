//! `anchor probe`: finds out how the configured service behaves.

use crate::args::ProbeArgs;
use crate::exit::Failure;

pub fn run(_args: &ProbeArgs) -> Result<(), Failure> {
    Ok(())
}
