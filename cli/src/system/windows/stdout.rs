//! Standard output by its handle, or by std if it is a console: std makes UTF-16 of what a console gets. For anything else std
//! takes a handle that is not there for one that was written.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::mem;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::thread;
use std::time::Duration;

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_ACCESS_INFORMATION, FILE_INFORMATION_CLASS, FILE_PIPE_CONNECTED_STATE, FILE_PIPE_LOCAL_INFORMATION,
    FileAccessInformation, FilePipeLocalInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_HANDLE, ERROR_NO_DATA};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_WRITE_DATA};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Writes all of it, at once.
pub fn write_all(bytes: &[u8]) -> io::Result<()> {
    check_is_open()?;
    let mut stdout = io::stdout();
    if stdout.is_terminal() {
        stdout.write_all(bytes)?;
        return stdout.flush();
    }
    File::from(stdout.as_handle().try_clone_to_owned()?).write_all(bytes)
}

/// The reason why nothing can be written, as far as it can be known without writing.
pub fn check() -> io::Result<()> {
    check_is_open()?;
    let stdout = io::stdout();
    if !stdout.is_terminal() && !may_be_written(&stdout) {
        return Err(error(ERROR_ACCESS_DENIED));
    }
    match has_reader(&stdout) {
        Some(false) => Err(error(ERROR_NO_DATA)),
        _ => Ok(()),
    }
}

/// Blocks until a pipe's reader has closed it. False if stdout is no pipe. The end of a console is an event of `signals`.
pub fn wait_until_unread() -> bool {
    loop {
        match has_reader(&io::stdout()) {
            Some(true) => thread::sleep(LOOK_AGAIN),
            Some(false) => return true,
            None => return false,
        }
    }
}

/// A process that was started without a stdout has none.
fn check_is_open() -> io::Result<()> {
    if io::stdout().as_raw_handle().is_null() { Err(error(ERROR_INVALID_HANDLE)) } else { Ok(()) }
}

fn error(code: u32) -> io::Error {
    io::Error::from_raw_os_error(code as i32)
}

fn may_be_written(file: &impl AsHandle) -> bool {
    let access: Option<FILE_ACCESS_INFORMATION> = query(file, FileAccessInformation);
    access.is_none_or(|access| access.AccessFlags & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0)
}

/// None: it is no pipe.
fn has_reader(file: &impl AsHandle) -> Option<bool> {
    let pipe: FILE_PIPE_LOCAL_INFORMATION = query(file, FilePipeLocalInformation)?;
    Some(pipe.NamedPipeState == FILE_PIPE_CONNECTED_STATE)
}

/// What the system knows of an open file; `T` belongs to the class. A write of nothing would not serve: a reader takes it for
/// the end.
#[expect(unsafe_code, reason = "no safe crate asks for it")]
fn query<T: Default + Copy>(file: &impl AsHandle, class: FILE_INFORMATION_CLASS) -> Option<T> {
    let mut about = IO_STATUS_BLOCK::default();
    let mut found = T::default();
    let size = u32::try_from(mem::size_of::<T>()).ok()?;
    let handle = file.as_handle().as_raw_handle();
    // SAFETY: both pointers are to locals of the type that the call writes, and `size` is that of `found`. The handle is
    // borrowed, and a handle that is not valid is an error of the call.
    let status = unsafe { NtQueryInformationFile(handle, &raw mut about, (&raw mut found).cast(), size, class) };
    (status >= 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::io::pipe;

    use super::*;

    #[test]
    fn a_pipe_has_a_reader_until_it_is_closed() {
        let (reader, writer) = pipe().unwrap();
        assert_eq!(has_reader(&writer), Some(true));
        assert!(may_be_written(&writer));
        drop(reader);
        assert_eq!(has_reader(&writer), Some(false));
    }

    #[test]
    fn a_file_is_no_pipe_and_need_not_be_writable() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let reader = File::open(file.path()).unwrap();
        assert_eq!(has_reader(&reader), None);
        assert!(may_be_written(file.as_file()));
        assert!(!may_be_written(&reader));
    }
}
