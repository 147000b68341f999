//! The reports to a service manager, as in sd_notify(3). Without one, nothing happens, nor in a process that is not the
//! daemon's own.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sd_notify::{NotifyState, notify, watchdog_enabled};

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

/// Sends a report. A failure is logged once: later reports would fail alike, every few seconds.
fn report(host: Host, state: &[NotifyState<'_>]) {
    static HAS_WARNED: AtomicBool = AtomicBool::new(false);
    if host.is_own()
        && let Err(error) = send(state)
        && !HAS_WARNED.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(%error, "the state of the daemon could not be reported to the service manager");
    }
}

#[cfg(target_os = "linux")]
fn send(state: &[NotifyState<'_>]) -> io::Result<()> {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let socket = std::env::var_os("NOTIFY_SOCKET").unwrap_or_default();
    // An abstract one, which has no file, and which the crate takes for one.
    let Some(name) = socket.as_bytes().strip_prefix(b"@") else { return notify(state) };
    let text: String = state.iter().map(|line| format!("{line}\n")).collect();
    UnixDatagram::unbound()?.send_to_addr(text.as_bytes(), &SocketAddr::from_abstract_name(name)?).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn send(state: &[NotifyState<'_>]) -> io::Result<()> {
    notify(state)
}

/// Reports that the daemon works: the service manager's watchdog need not restart it.
pub(crate) fn report_alive(host: Host) {
    report(host, &[NotifyState::Watchdog]);
}

/// The longest time between two reports that the service manager's watchdog allows; none without one.
pub(crate) fn watchdog(host: Host) -> Option<Duration> {
    watchdog_enabled().filter(|_| host.is_own()).filter(|within| *within > Duration::ZERO)
}
