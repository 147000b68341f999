//! What a service manager is told, as in sd_notify(3). Where there is none, nothing happens.

use std::{sync::Arc, time::Duration};

use sd_notify::{NotifyState, notify, watchdog_enabled};
use tokio::time::{MissedTickBehavior, interval};

use crate::ipc::Daemon;

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

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = notify(state) {
        tracing::warn!(%error, "the service manager could not be told how the daemon is");
    }
}

/// Tells the service manager's watchdog that the daemon works, for as long as the engine answers.
pub(crate) async fn feed_watchdog(daemon: Arc<Daemon>) {
    let Some(within) = watchdog_enabled().filter(|within| *within > Duration::ZERO) else { return };
    let mut turn = interval(within / 2);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = turn.tick() => {}
            () = daemon.stopped.cancelled() => return,
        }
        if daemon.engine.automation().await.is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}
