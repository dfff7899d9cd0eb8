//! The files that the settings of TLS name: what is in them, or a refusal that names the setting, the file and the reason.

use crate::error::Error;
#[cfg(feature = "client-certificates")]
use crate::secret::Wiped;
use crate::status::Status;
use crate::sys::is_exhausted;
use std::io;
#[cfg(feature = "client-certificates")]
use std::io::Read;
use std::path::Path;

/// More than any key with its certificates needs.
#[cfg(feature = "client-certificates")]
const LARGEST_SECRET: usize = 256 * 1024;

/// The setting and the file, as messages name them.
pub(super) fn named(setting: &str, path: &Path) -> String {
    format!("{setting} {}", path.display())
}

pub(super) fn read(setting: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| refusal(setting, path, &e))
}

/// Reads into memory that is wiped. It does not grow, so no copy is left behind.
#[cfg(feature = "client-certificates")]
pub(super) fn read_secret(setting: &str, path: &Path) -> Result<Wiped<Vec<u8>>, Error> {
    let mut text = Wiped::new(vec![0; LARGEST_SECRET]);
    let mut filled = 0;
    let mut file = std::fs::File::open(path).map_err(|e| refusal(setting, path, &e))?;
    loop {
        match file.read(&mut text[filled..]) {
            Ok(0) if filled == text.len() => {
                return Err(Error::invalid(format!("{}: it is larger than 256 KiB", named(setting, path))));
            }
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(refusal(setting, path, &e)),
        }
    }
    text.truncate(filled);
    Ok(text)
}

fn refusal(setting: &str, path: &Path, why: &io::Error) -> Error {
    let said = format!("{}: {why}", named(setting, path));
    if is_exhausted(why) { Error::new(Status::OutOfMemory, said) } else { Error::invalid(said) }
}
