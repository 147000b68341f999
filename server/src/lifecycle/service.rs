//! What a service manager is told, as in sd_notify(3). Where there is none, nothing happens.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sd_notify::{NotifyState, notify, watchdog_enabled};

/// What a service manager puts into the environment for the daemon alone: neither agents nor a detached daemon may have it.
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
pub(crate) fn tell_ready() {
    let status = format!("process {} answers", std::process::id());
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// It reads its configuration again; [`tell_ready`] says when it has.
pub(crate) fn tell_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager could not be told of the reload"),
    }
}

/// It stops.
pub(crate) fn tell_stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says so once where that fails: what comes after it would fail alike, every few seconds.
fn tell(state: &[NotifyState<'_>]) {
    static HAS_WARNED: AtomicBool = AtomicBool::new(false);
    if let Err(error) = send(state)
        && !HAS_WARNED.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(%error, "the service manager could not be told how the daemon is");
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

/// It works: the service manager's watchdog need not restart it.
pub(crate) fn tell_alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often at the least the service manager's watchdog wants to hear of it; none where there is none.
pub(crate) fn watchdog() -> Option<Duration> {
    watchdog_enabled().filter(|within| *within > Duration::ZERO)
}
