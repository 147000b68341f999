//! Who is at the other end: an agent's process, or someone from outside.

use aiwg_protocol::types::Cause;
use aiwg_shim::Process;
use tokio::net::UnixStream;

use super::Daemon;
use crate::store::{TaskNo, TaskRow};

/// How often the way up is walked again where it breaks off: a parent may end on the way, and its children get another.
const WALKS: usize = 10;

/// The agent at the other end, and how its task came about.
pub(crate) struct Origin {
    /// What an event from there is caused by.
    pub(crate) cause: Cause,
    /// The task as which it may act; none where it is gone, so that nobody knows.
    pub(crate) task: Option<TaskNo>,
}

/// Whose process something is, as far as it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// A process of these tasks' agents: by the process tree, by its environment. One of them is there.
    Agent { tree: Option<TaskNo>, environment: Option<TaskNo> },
    /// Someone from outside.
    Outsider,
    /// It is gone already: it has sent something and exited.
    Gone,
}

/// Tells who has connected.
pub(super) async fn origin(stream: &UnixStream, daemon: &Daemon) -> Option<Origin> {
    // Without agents there is none to be found, and nothing to pay for.
    if daemon.running.count() == 0 {
        return None;
    }
    of_process(stream.peer_cred().ok()?.pid()?.try_into().ok()?, daemon).await
}

/// Tells by the parents of a process, up to a shim, and by its environment, which names a task of this daemon. An agent can change its
/// environment, so that only running tasks are believed, and of the two the deeper one counts. It cannot be seen through an SSH tunnel, where
/// nobody runs under this daemon anyway.
///
/// The number 0 stands for a process in a name space that this one does not see into. That is nobody's agent: agents are below this process,
/// and whatever name space they make is below this one's, which sees into it.
///
/// One that is gone is taken for the agent's that is the deepest in a chain: an agent's `emit` that exits at once must not begin a
/// chain anew, which nothing would end then.
pub(crate) async fn of_process(pid: u32, daemon: &Daemon) -> Option<Origin> {
    if pid == 0 || daemon.running.count() == 0 {
        return None;
    }
    let (candidates, task) = match peer(pid, daemon) {
        Peer::Agent { tree, environment } => {
            (tree.into_iter().chain(environment).collect(), tree.or(environment))
        }
        Peer::Outsider => return None,
        Peer::Gone => (daemon.running.tasks(), None),
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
        task,
    })
}

/// Whose process this is.
fn peer(pid: u32, daemon: &Daemon) -> Peer {
    let environment = task_of(pid, &daemon.socket).filter(|no| daemon.running.launch(*no).is_some());
    let way =
        (0..WALKS).map(|_| way_up(pid, |pid| daemon.running.task_of(pid))).find(|way| *way != Way::Broken);
    match (way.unwrap_or(Way::Broken), environment) {
        (Way::Task(no), environment) => Peer::Agent { tree: Some(no), environment },
        (_, Some(no)) => Peer::Agent { tree: None, environment: Some(no) },
        (Way::Outside, None) => Peer::Outsider,
        (Way::Ours | Way::Broken, None) => Peer::Gone,
    }
}

/// Where the way up from a process leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To the shim or the agent of this task. What is orphaned below a shim is taken in by it.
    Task(TaskNo),
    /// To this daemon, past no shim that it knows yet: one that has only just been started.
    Ours,
    /// To where no process has a parent.
    Outside,
    /// It breaks off: a process on it is gone.
    Broken,
}

fn way_up(from: u32, task_of: impl Fn(u32) -> Option<TaskNo>) -> Way {
    let mut pid = from;
    let mut younger = u64::MAX;
    loop {
        if let Some(no) = task_of(pid) {
            return Way::Task(no);
        }
        if pid == std::process::id() && pid != from {
            return Way::Ours;
        }
        // A parent that was started later is another process, which has the number by now.
        let Some(process) = Process::of(pid).filter(|process| process.start_time <= younger) else {
            return Way::Broken;
        };
        if pid == from && !process.is_alive() {
            return Way::Broken;
        }
        younger = process.start_time;
        match Process::parent_of(pid) {
            Some(parent) => pid = parent,
            None if Process::of(pid) == Some(process) => return Way::Outside,
            None => return Way::Broken,
        }
    }
}

/// The task that a process's environment names, if it is one of this daemon's.
#[cfg(target_os = "linux")]
fn task_of(pid: u32, socket: &str) -> Option<TaskNo> {
    use crate::supervisor::TASK_ENV;
    let environment = aiwg_shim::environment(pid).ok()?;
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_to_a_task_to_the_outside_or_breaks_off() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let task = |known: u32| move |pid: u32| (pid == known).then_some(TaskNo(7));
        assert_eq!(way_up(child.id(), task(child.id())), Way::Task(TaskNo(7)));
        // Its parent is this process, as a shim's is the daemon.
        assert_eq!(way_up(child.id(), task(0)), Way::Ours);
        assert_eq!(way_up(std::process::id(), task(0)), Way::Outside);
        child.kill().unwrap();
        // A zombie, and then nothing.
        let zombie = || Process::of(child.id()).is_some_and(|process| !process.is_alive());
        while !zombie() {
            std::thread::yield_now();
        }
        assert_eq!(way_up(child.id(), task(0)), Way::Broken);
        child.wait().unwrap();
        assert_eq!(way_up(child.id(), task(0)), Way::Broken);
    }
}
