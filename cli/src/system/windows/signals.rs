//! The events of the console: Ctrl-C, Ctrl-Break, and the end of the console, the session or the system. Windows has no signals
//! between processes. Ctrl-C that was disabled for the process when it started stays disabled.

use std::io;
use std::process;
use std::sync::mpsc;
use std::thread;

use tokio::runtime;
use tokio::signal::windows::{self, CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};

/// A console event that ends the command.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    CtrlC,
    CtrlBreak,
    Close,
    LogOff,
    Shutdown,
}

impl Signal {
    pub fn name(self) -> String {
        let name = match self {
            Self::CtrlC => "CTRL_C_EVENT",
            Self::CtrlBreak => "CTRL_BREAK_EVENT",
            Self::Close => "CTRL_CLOSE_EVENT",
            Self::LogOff => "CTRL_LOGOFF_EVENT",
            Self::Shutdown => "CTRL_SHUTDOWN_EVENT",
        };
        name.into()
    }

    /// Ends the process with the exit code that a shell on Unix reports for the signal that means the same.
    pub fn end(self) -> ! {
        process::exit(match self {
            Self::Close | Self::LogOff => 129,
            Self::CtrlC | Self::CtrlBreak => 130,
            Self::Shutdown => 143,
        })
    }
}

/// Calls `act` at the first event, on a thread of its own. The second event ends the process at once.
pub fn on_first(act: impl FnOnce(Signal) + Send + 'static) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().build()?;
    let mut events = Events::new()?;
    let (sender, first) = mpsc::channel();
    let receive = move || {
        let _ = sender.send(runtime.block_on(events.next()));
        runtime.block_on(events.next()).end()
    };
    let act = move || {
        if let Ok(signal) = first.recv() {
            act(signal);
        }
    };
    thread::Builder::new().name("console events".into()).spawn(receive)?;
    thread::Builder::new().name("signals".into()).spawn(act).map(drop)
}

/// Resolves at the first event. All are handled from now on, not only once it is awaited.
pub fn received_by_server() -> io::Result<impl Future<Output = ()>> {
    let mut events = Events::new()?;
    Ok(async move {
        events.next().await;
    })
}

/// The status of a child process is always known.
pub fn keep_child_status() -> io::Result<()> {
    Ok(())
}

/// After the last three, the system ends the process as soon as their handler returns. tokio's does not return, so that there
/// are a few seconds left to end in order.
struct Events {
    ctrl_c: CtrlC,
    ctrl_break: CtrlBreak,
    close: CtrlClose,
    log_off: CtrlLogoff,
    shutdown: CtrlShutdown,
}

impl Events {
    fn new() -> io::Result<Self> {
        Ok(Self {
            ctrl_c: windows::ctrl_c()?,
            ctrl_break: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            log_off: windows::ctrl_logoff()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.ctrl_c.recv() => Signal::CtrlC,
            _ = self.ctrl_break.recv() => Signal::CtrlBreak,
            _ = self.close.recv() => Signal::Close,
            _ = self.log_off.recv() => Signal::LogOff,
            _ = self.shutdown.recv() => Signal::Shutdown,
        }
    }
}
