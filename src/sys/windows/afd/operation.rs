//! One poll of one socket, as an operation of the driver. While it runs, the driver owns a reference to it, and writes to it.

use super::lock;
use crate::sys::Readiness;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, AsRawSocket, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, NtCancelIoFileEx, NtCreateFile};
use windows_sys::Wdk::System::IO::NtDeviceIoControlFile;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, RtlNtStatusToDosError, STATUS_SUCCESS, UNICODE_STRING};
use windows_sys::Win32::Networking::WinSock::{SIO_BASE_HANDLE, SOCKET, WSAIoctl};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Threading::{GetCurrentThreadId, INFINITE, SleepEx};
use windows_sys::core::w;

/// What an operation polls for. Nothing means that it does not run.
pub(super) const INPUT: u8 = 1;
pub(super) const OUTPUT: u8 = 2;

/// The driver's own socket-less handle, and what it has reported.
pub(super) struct Device {
    handle: OwnedHandle,
    reports: Mutex<Vec<Readiness>>,
}

impl Device {
    pub fn open() -> io::Result<Device> {
        let name = w!("\\Device\\Afd\\Anchor");
        let length = 2 * "\\Device\\Afd\\Anchor".len() as u16;
        let name = UNICODE_STRING { Length: length, MaximumLength: length, Buffer: name.cast_mut() };
        let attributes = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            ObjectName: &raw const name,
            ..OBJECT_ATTRIBUTES::default()
        };
        let (mut handle, mut status) = (ptr::null_mut(), IO_STATUS_BLOCK::default());
        // SAFETY: the name is static, and all other pointers are to locals or NULL. A handle that is not synchronous is asked for.
        let opened = unsafe {
            NtCreateFile(
                &raw mut handle,
                SYNCHRONIZE,
                &raw const attributes,
                &raw mut status,
                ptr::null(),
                0,
                FILE_SHARE_READ | FILE_SHARE_WRITE,
                FILE_OPEN,
                0,
                ptr::null(),
                0,
            )
        };
        if opened != STATUS_SUCCESS {
            return Err(error(opened));
        }
        // SAFETY: the handle was just opened and belongs to nobody else.
        Ok(Device { handle: unsafe { OwnedHandle::from_raw_handle(handle) }, reports: Mutex::default() })
    }

    /// Moves what was reported to the end of `ready`.
    pub fn take_reports(&self, ready: &mut Vec<Readiness>) {
        ready.append(&mut lock(&self.reports));
    }
}

pub(super) struct Operation {
    device: Arc<Device>,
    /// The socket as the driver knows it.
    socket: SOCKET,
    token: AtomicU64,
    has_unread: Arc<AtomicBool>,
    /// What it polls for while it runs. Only the thread that began it stores it.
    running: AtomicU8,
    /// The thread that began it.
    thread: AtomicU32,
    /// Written by the driver while it runs.
    status: UnsafeCell<IO_STATUS_BLOCK>,
    poll: UnsafeCell<PollInfo>,
}

// SAFETY: the cells are used by the driver while the operation runs, and otherwise by the thread that begins it.
unsafe impl Send for Operation {}
// SAFETY: as above.
unsafe impl Sync for Operation {}

/// AFD_POLL_INFO with one handle.
#[repr(C)]
struct PollInfo {
    timeout: i64,
    number_of_handles: u32,
    exclusive: u32,
    handle: HANDLE,
    events: u32,
    status: NTSTATUS,
}

const IOCTL_AFD_POLL: u32 = 0x0001_2024;
const AFD_POLL_RECEIVE: u32 = 0x0001;
const AFD_POLL_SEND: u32 = 0x0004;
const AFD_POLL_DISCONNECT: u32 = 0x0008;
const AFD_POLL_ABORT: u32 = 0x0010;
const AFD_POLL_LOCAL_CLOSE: u32 = 0x0020;
const AFD_POLL_CONNECT_FAIL: u32 = 0x0100;
const BROKEN: u32 = AFD_POLL_ABORT | AFD_POLL_CONNECT_FAIL;

impl Operation {
    pub fn new(device: &Arc<Device>, socket: &socket2::Socket, has_unread: &Arc<AtomicBool>) -> Arc<Operation> {
        Arc::new(Operation {
            device: Arc::clone(device),
            socket: base_socket(socket.as_raw_socket() as SOCKET),
            token: AtomicU64::new(0),
            has_unread: Arc::clone(has_unread),
            running: AtomicU8::new(0),
            thread: AtomicU32::new(0),
            status: UnsafeCell::default(),
            poll: UnsafeCell::new(PollInfo::new(ptr::null_mut(), 0)),
        })
    }

    pub fn is_of(&self, device: &Arc<Device>) -> bool {
        Arc::ptr_eq(&self.device, device)
    }

    /// Polls at least for what is `wanted`, and reports with `token`.
    pub fn begin(self: &Arc<Self>, token: u64, wanted: u8) -> io::Result<()> {
        self.token.store(token, Ordering::Relaxed);
        let running = self.running.load(Ordering::Relaxed);
        if running & wanted == wanted {
            return Ok(());
        }
        if running != 0 {
            self.end();
        }
        self.submit(wanted)
    }

    /// Ends it, and lets the driver report the end. On another thread than its own it only asks for that.
    pub fn end(&self) {
        if self.running.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut status = IO_STATUS_BLOCK::default();
        // SAFETY: the handle is open; the second pointer only identifies the operation, and the third is to a local. It fails if
        // the operation has ended and its report is on its way.
        unsafe { NtCancelIoFileEx(self.device.handle.as_raw_handle(), self.status.get(), &raw mut status) };
        while self.running.load(Ordering::Acquire) != 0 && self.is_of_this_thread() {
            // SAFETY: no pointers are passed. The report is `report`.
            unsafe { SleepEx(INFINITE, 1) };
        }
    }

    fn submit(self: &Arc<Self>, wanted: u8) -> io::Result<()> {
        let input = if wanted & INPUT != 0 { AFD_POLL_RECEIVE | AFD_POLL_DISCONNECT } else { 0 };
        let output = if wanted & OUTPUT != 0 { AFD_POLL_SEND } else { 0 };
        let events = input | output | BROKEN | AFD_POLL_LOCAL_CLOSE;
        self.running.store(wanted, Ordering::Relaxed);
        // SAFETY: no pointers are passed.
        self.thread.store(unsafe { GetCurrentThreadId() }, Ordering::Relaxed);
        let context = Arc::into_raw(Arc::clone(self));
        let poll = self.poll.get().cast::<c_void>();
        let length = size_of::<PollInfo>() as u32;
        // SAFETY: the operation does not run, so the cell is this thread's. From then on the driver has it, which may write
        // to it until it calls `report`; the reference keeps it until then.
        let status = unsafe {
            *self.poll.get() = PollInfo::new(self.socket as HANDLE, events);
            NtDeviceIoControlFile(
                self.device.handle.as_raw_handle(),
                ptr::null_mut(),
                Some(report),
                context.cast(),
                self.status.get(),
                IOCTL_AFD_POLL,
                poll,
                length,
                poll,
                length,
            )
        };
        // Errors alone have no report.
        if status >= 0 {
            return Ok(());
        }
        self.running.store(0, Ordering::Relaxed);
        // SAFETY: the driver did not take it.
        drop(unsafe { Arc::from_raw(context) });
        Err(error(status))
    }

    fn is_of_this_thread(&self) -> bool {
        // SAFETY: no pointers are passed.
        self.thread.load(Ordering::Relaxed) == unsafe { GetCurrentThreadId() }
    }
}

/// The driver calls it on the thread that began the operation, while that thread waits.
unsafe extern "system" fn report(context: *mut c_void, _status: *mut IO_STATUS_BLOCK, _reserved: u32) {
    // SAFETY: `submit` passed the reference, for this one call. The driver is done with the cells.
    let (operation, status, seen) = unsafe {
        let operation = Arc::from_raw(context.cast_const().cast::<Operation>());
        let status = (*operation.status.get()).Anonymous.Status;
        let seen = (*operation.poll.get()).seen();
        (operation, status, seen)
    };
    operation.running.store(0, Ordering::Release);
    let seen = if status == STATUS_SUCCESS { seen } else { 0 };
    let has = |any: u32| seen & (any | BROKEN) != 0;
    let (input, output) = (has(AFD_POLL_RECEIVE | AFD_POLL_DISCONNECT), has(AFD_POLL_SEND));
    if input || output {
        operation.has_unread.fetch_or(input, Ordering::Relaxed);
        let token = operation.token.load(Ordering::Relaxed);
        lock(&operation.device.reports).push(Readiness { token, input, output });
    }
}

impl PollInfo {
    fn new(handle: HANDLE, events: u32) -> PollInfo {
        PollInfo { timeout: i64::MAX, number_of_handles: 1, exclusive: 0, handle, events, status: 0 }
    }

    /// The events that the driver has reported.
    fn seen(&self) -> u32 {
        if self.number_of_handles == 0 { 0 } else { self.events }
    }
}

/// Software of others may wrap sockets; the driver knows the innermost one only.
fn base_socket(socket: SOCKET) -> SOCKET {
    let (mut base, mut length): (SOCKET, u32) = (0, 0);
    let size = size_of::<SOCKET>() as u32;
    let out = (&raw mut base).cast();
    // SAFETY: the socket is open, and all pointers are to locals or NULL.
    let done =
        unsafe { WSAIoctl(socket, SIO_BASE_HANDLE, ptr::null(), 0, out, size, &raw mut length, ptr::null_mut(), None) };
    if done == 0 { base } else { socket }
}

fn error(status: NTSTATUS) -> io::Error {
    // SAFETY: no pointers are passed.
    io::Error::from_raw_os_error(unsafe { RtlNtStatusToDosError(status) } as i32)
}
