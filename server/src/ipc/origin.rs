//! Who is at the other end: an agent's process, or someone from outside.

use aiwg_protocol::types::Cause;
use aiwg_shim::Process;
use tokio::net::UnixStream;

use super::Daemon;
use crate::store::{TaskNo, TaskRow};

/// The task whose agent is at the other end, and how it came about.
pub(super) struct Origin {
    /// What an event from there is caused by.
    pub(super) cause: Cause,
}

/// Who is at the other end, as far as it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// A process of this task's agent.
    Agent(TaskNo),
    /// Someone from outside.
    Outsider,
    /// It is gone already: it has sent something and exited.
    Gone,
}

/// Tells by the environment of the process at the other end, which every process that an agent starts inherits, or by its parents, where it
/// was given another one. It cannot be seen through an SSH tunnel, where nobody runs under this daemon anyway.
///
/// One that is gone is taken for the agent's that is the deepest in a chain: an agent's `emit` that exits at once must not begin a
/// chain anew, which nothing would end then.
pub(super) async fn origin(stream: &UnixStream, daemon: &Daemon) -> Option<Origin> {
    // Without agents there is none to be found, and nothing to pay for.
    if daemon.running.count() == 0 {
        return None;
    }
    let candidates = match peer(stream.peer_cred().ok()?.pid()?.try_into().ok()?, daemon) {
        Peer::Agent(no) => vec![no],
        Peer::Outsider => return None,
        Peer::Gone => daemon.running.tasks(),
    };
    let rows = daemon.read(move |reader| {
        let rows = candidates.into_iter().filter_map(|no| reader.task(no).transpose());
        rows.collect::<Result<Vec<_>, _>>()
    });
    let depth = |row: &TaskRow| row.order.cause.as_ref().map_or(0, |cause| cause.depth);
    let row = rows.await.ok()?.into_iter().max_by_key(depth)?;
    let depth = depth(&row) + 1;
    let cause = row.order.cause;
    Some(Origin {
        cause: Cause {
            task: Some(row.no.to_string()),
            rule: cause.as_ref().and_then(|cause| cause.rule.clone()),
            event: cause.as_ref().and_then(|cause| cause.event),
            depth,
        },
    })
}

/// Whose process this is.
fn peer(pid: u32, daemon: &Daemon) -> Peer {
    if let Some(no) = task_of(pid, &daemon.socket) {
        return Peer::Agent(no);
    }
    // Up to the shim, which takes in what is orphaned below it.
    let mut parents = std::iter::successors(Some(pid), |pid| Process::parent_of(*pid));
    match parents.find_map(|pid| daemon.running.task_of(pid)) {
        Some(no) => Peer::Agent(no),
        None if Process::of(pid).is_some_and(|process| process.is_alive()) => Peer::Outsider,
        None => Peer::Gone,
    }
}

/// The task that a process's environment names, if it is one of this daemon's.
#[cfg(target_os = "linux")]
fn task_of(pid: u32, socket: &str) -> Option<TaskNo> {
    use crate::supervisor::TASK_ENV;
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let find = |name: &str| {
        environment.split(|byte| *byte == 0).find_map(|entry| {
            let entry = std::str::from_utf8(entry).ok()?;
            entry.strip_prefix(name)?.strip_prefix('=').map(str::to_owned)
        })
    };
    (find(aiwg_protocol::SOCKET_ENV)? == socket).then(|| find(TASK_ENV)?.parse().ok()).flatten()
}

/// Only Linux shows it.
#[cfg(not(target_os = "linux"))]
fn task_of(_: u32, _: &str) -> Option<TaskNo> {
    None
}
