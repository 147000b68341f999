//! The reports to a service manager, as in sd_notify(3). Without one, nothing happens, nor in a process that is not the
//! daemon's own.

use std::{
    collections::VecDeque,
    ffi::OsStr,
    io,
    os::unix::net::{SocketAddr, UnixDatagram},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use sd_notify::{NotifyState, watchdog_enabled};

use super::Host;

/// The variables that a service manager sets for the daemon alone: neither agents nor a detached daemon may have them.
pub const SERVICE_ENV: [&str; 9] = [
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "SYSTEMD_EXEC_PID",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// The most reports that are kept for a service manager that takes none: whoever reloads the configuration again and again fills nothing.
const MOST_WAITING: usize = 64;

/// The daemon answers.
pub(crate) fn report_ready(host: Host) {
    let status = format!("process {} answers", std::process::id());
    report(host, &[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// Reports that the daemon reads its configuration again; [`report_ready`] reports when it has.
pub(crate) fn report_reloading(host: Host) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => report(host, &[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the reload could not be reported to the service manager"),
    }
}

/// Reports that the daemon stops.
pub(crate) fn report_stopping(host: Host) {
    report(host, &[NotifyState::Stopping]);
}

/// Sends a report. One that the service manager does not take at present is kept for it: it may be stopped or overloaded, and nothing here waits for it.
fn report(host: Host, state: &[NotifyState<'_>]) {
    if !host.is_own() {
        return;
    }
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let text: String = state.iter().map(|line| format!("{line}\n")).collect();
    let mut waiting = waiting();
    // It gets them in their order.
    let sent =
        if waiting.is_empty() { send(&socket, &text, false) } else { Err(io::ErrorKind::WouldBlock.into()) };
    let is_late = sent.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    if !is_late {
        return warn(sent);
    }
    // A sign of life is worth nothing later.
    if matches!(state, [NotifyState::Watchdog]) {
        return;
    }
    if waiting.len() >= MOST_WAITING {
        // The first one is being sent, and the last ones say how it is now.
        waiting.remove(1);
    }
    waiting.push_back(text);
    if waiting.len() == 1 {
        let spawned = thread::Builder::new().name("reports".to_owned()).spawn(move || send_waiting(&socket));
        if spawned.is_err() {
            // Nobody would send it, and no sign of life would be sent before it.
            waiting.clear();
        }
        warn(spawned.map(drop));
    }
}

/// The reports that the service manager has not taken yet, in their order.
fn waiting() -> MutexGuard<'static, VecDeque<String>> {
    static WAITING: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends the reports that wait, as soon as each is taken.
fn send_waiting(socket: &OsStr) {
    loop {
        let Some(text) = waiting().front().cloned() else { return };
        warn(send(socket, &text, true));
        waiting().pop_front();
    }
}

/// Logs a failure once: later reports would fail alike, every few seconds.
fn warn(sent: io::Result<()>) {
    static HAS_WARNED: AtomicBool = AtomicBool::new(false);
    if let Err(error) = sent
        && !HAS_WARNED.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(%error, "the state of the daemon could not be reported to the service manager");
    }
}

/// Sends a text to the service manager's socket, whose name may be one without a file. If `waits` is false, that fails with `WouldBlock` where the socket's queue
/// is full.
fn send(socket: &OsStr, text: &str, waits: bool) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(!waits)?;
    sender.send_to_addr(text.as_bytes(), &address(socket)?).map(drop)
}

#[cfg(target_os = "linux")]
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    use std::os::{linux::net::SocketAddrExt, unix::ffi::OsStrExt};
    match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(socket),
    }
}

#[cfg(not(target_os = "linux"))]
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(socket)
}

/// Reports that the daemon works: the service manager's watchdog need not restart it.
pub(crate) fn report_alive(host: Host) {
    report(host, &[NotifyState::Watchdog]);
}

/// The longest time between two reports that the service manager's watchdog allows; none without one.
pub(crate) fn watchdog(host: Host) -> Option<Duration> {
    watchdog_enabled().filter(|_| host.is_own()).filter(|within| *within > Duration::ZERO)
}
