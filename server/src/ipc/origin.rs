//! Who is at the other end: an agent's process, or someone from outside.

use aiwg_protocol::types::Cause;
use tokio::net::UnixStream;

use super::Daemon;

/// The task whose agent is at the other end, and how it came about.
pub(super) struct Origin {
    /// What an event from there is caused by.
    pub(super) cause: Cause,
}

/// Tells by the environment of the process at the other end, which every process that an agent starts inherits. It cannot be
/// seen through an SSH tunnel, where nobody runs under this daemon anyway.
pub(super) async fn origin(stream: &UnixStream, daemon: &Daemon) -> Option<Origin> {
    // Without agents there is none to be found, and nothing to pay for.
    if daemon.running.count() == 0 {
        return None;
    }
    let pid = stream.peer_cred().ok()?.pid()?;
    let task = task_of(pid, &daemon.socket)?;
    let no = task.parse().ok()?;
    let row = daemon.read(move |reader| reader.task(no)).await.ok()??;
    let cause = row.order.cause;
    Some(Origin {
        cause: Cause {
            task: Some(task),
            rule: cause.as_ref().and_then(|cause| cause.rule.clone()),
            event: cause.as_ref().and_then(|cause| cause.event),
            depth: cause.map_or(0, |cause| cause.depth) + 1,
        },
    })
}

/// The task that a process's environment names, if it is one of this daemon's.
#[cfg(target_os = "linux")]
fn task_of(pid: i32, socket: &str) -> Option<String> {
    use crate::supervisor::TASK_ENV;
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let find = |name: &str| {
        environment.split(|byte| *byte == 0).find_map(|entry| {
            let entry = std::str::from_utf8(entry).ok()?;
            entry.strip_prefix(name)?.strip_prefix('=').map(str::to_owned)
        })
    };
    (find(aiwg_protocol::SOCKET_ENV)? == socket).then(|| find(TASK_ENV)).flatten()
}

/// Only Linux shows it.
#[cfg(not(target_os = "linux"))]
fn task_of(_: i32, _: &str) -> Option<String> {
    None
}
