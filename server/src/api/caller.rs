//! The caller of the API: an agent's process, or someone from outside.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aiwg_model::{TaskNo, TaskRow};
use aiwg_protocol::{SOCKET_ENV, types::Cause};
use aiwg_shim::Process;
use tokio::net::UnixStream;

use crate::context::Context;
use crate::runs::{DEPTH_ENV, TASK_ENV};

/// The number of times that the way up is walked where it breaks off: a parent may end on the way, and its children get another.
const WALKS: usize = 10;

/// The agent that calls, and the chain of its task.
pub(crate) struct CallingAgent {
    /// The cause of the events that it publishes.
    pub(crate) cause: Cause,
    /// The task as which it may act; none for another daemon's agent, and for a process that is gone, because its task is unknown.
    pub(crate) task: Option<TaskNo>,
    /// True if it is the agent of another project's daemon.
    pub(crate) is_foreign: bool,
    /// True if it is below this daemon, and below no shim.
    pub(crate) is_unkept: bool,
    /// True if this daemon itself runs below that agent's shim: it ends with that agent's task anyway.
    pub(crate) is_host: bool,
}

/// The process that has connected, as far as the system shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A process of these tasks' agents: by the process tree, by its environment. Or one that is below the shims of other daemons.
    Agent { tree: Option<TaskNo>, environment: Option<TaskNo>, foreign: Vec<u32> },
    /// A process below this daemon, and below no shim that it knows: that of an agent which has only just been started, what an agent has left whose
    /// shim is gone, or what a program has started that the daemon itself asks, as a filter of git. Nobody who decides is there.
    Unkept,
    /// Someone from outside.
    Outsider,
    /// A process that is gone already: it has sent something and exited.
    Gone,
}

/// The process that has connected.
pub(crate) fn caller_of(stream: &UnixStream, context: &Context) -> Caller {
    let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()?.try_into().ok());
    pid.map_or(Caller::Outsider, |pid| caller(pid, context))
}

/// True if a process is seen to be no agent's, or is gone while no agent runs that it could have been one of.
pub(crate) fn is_from_outside(pid: u32, context: &Context) -> bool {
    match caller(pid, context) {
        Caller::Outsider => true,
        Caller::Agent { .. } | Caller::Unkept => false,
        Caller::Gone => has_no_agents(context),
    }
}

impl Caller {
    /// True if its connection counts as an agent's. A process below the shim that this daemon itself runs below is no more an agent's than the
    /// daemon is.
    pub(crate) fn is_agents(&self, context: &Context) -> bool {
        match self {
            Self::Agent { foreign, .. } => self.task().is_some() || !is_above(foreign),
            Self::Unkept => true,
            Self::Outsider => false,
            Self::Gone => context.running.count() > 0,
        }
    }

    /// The task of this daemon whose agent it is.
    pub(crate) fn task(&self) -> Option<TaskNo> {
        match self {
            Self::Agent { tree, environment, .. } => tree.or(*environment),
            Self::Outsider | Self::Unkept | Self::Gone => None,
        }
    }
}

/// The agent that calls, found by the parents of the process, up to a shim, and by its environment, which names a task of this daemon. None for a
/// caller from outside. An agent can change its environment, so only running tasks are believed, and of the two the deeper one counts. An agent
/// behind an SSH tunnel is not found, but no agent of this daemon runs there anyway.
///
/// The number 0 stands for a process in a name space that this one does not see into. It is no agent's: agents are below this process, and every
/// name space they make is below this one's, which sees into it.
///
/// A process that is gone counts as the agent of this daemon that is the deepest in a chain: an agent's `emit` that exits at once must not start
/// a new chain, which nothing would end. Other daemons' agents do not count for it: most processes that send something and exit are scripts.
///
/// A process below this daemon and no shim counts as that agent, too, and as one at the greatest depth where no agent runs.
///
/// A process below a shim of another project's daemon is an agent of that daemon: no person, and as deep in a chain as its shim says. A process
/// below another daemon and no shim counts as an agent at the greatest depth: its shim is gone.
pub(crate) async fn calling_agent(caller: Caller, context: &Context) -> Option<CallingAgent> {
    let task = caller.task();
    let is_unkept = caller == Caller::Unkept;
    let (candidates, foreign) = match caller {
        Caller::Agent { tree, environment, foreign } => {
            (tree.into_iter().chain(environment).collect(), foreign)
        }
        Caller::Outsider => return None,
        Caller::Unkept | Caller::Gone => (context.running.tasks(), Vec::new()),
    };
    if candidates.is_empty() && foreign.is_empty() && !is_unkept {
        return None;
    }
    let deepest = context.settings.get().config.daemon.max_task_depth;
    let elsewhere = foreign.iter().map(|shim| depth_at(*shim).unwrap_or(deepest)).max();
    let own = match candidates.is_empty() {
        true => None,
        false => Some(deepest_of(candidates, context).await.unwrap_or(Cause { depth: deepest, ..NOTHING })),
    };
    let depth = own.as_ref().map(|cause| cause.depth).max(elsewhere).unwrap_or(deepest);
    Some(CallingAgent {
        cause: Cause { depth: depth.saturating_add(1), ..own.unwrap_or(NOTHING) },
        task,
        is_foreign: task.is_none() && !foreign.is_empty(),
        is_unkept,
        is_host: task.is_none() && is_above(&foreign),
    })
}

/// True if no agent is known, not even one of another daemon.
pub(crate) fn has_no_agents(context: &Context) -> bool {
    context.running.count() == 0 && foreign_shims(context).is_empty()
}

/// The cause with unknown members.
const NOTHING: Cause = Cause { task: None, rule: None, event: None, depth: 0 };

/// The cause of everything that the deepest of these tasks causes, but with the task's own depth. None if the database does not answer: that makes
/// no outsider of an agent.
async fn deepest_of(candidates: Vec<TaskNo>, context: &Context) -> Option<Cause> {
    let rows = context.read(move |reader| {
        let rows = candidates.into_iter().filter_map(|no| reader.task(no).transpose());
        rows.collect::<Result<Vec<_>, _>>()
    });
    let depth = |row: &TaskRow| row.spec.cause.as_ref().map_or(0, |cause| cause.depth);
    let row = rows.await.ok()?.into_iter().max_by_key(depth)?;
    let depth = depth(&row);
    let cause = row.spec.cause.unwrap_or(NOTHING);
    Some(Cause { task: Some(row.no.to_string()), depth, ..cause })
}

/// The caller with this process number.
fn caller(pid: u32, context: &Context) -> Caller {
    if pid == 0 {
        return Caller::Outsider;
    }
    let is_idle = context.running.count() == 0;
    if is_idle && OUTSIDE.has_started(pid) {
        return Caller::Outsider;
    }
    // Only tasks that run are believed: without any there is nothing to read.
    let named = || task_of(pid, &context.socket).filter(|no| context.running.launch(*no).is_some());
    let environment = if is_idle { None } else { named() };
    let mut ways = (0..WALKS).map(|_| way_up(pid, |pid| context.running.task_of(pid)));
    let (way, foreign) = ways.find(|(way, _)| *way != Way::Broken).unwrap_or((Way::Broken, Vec::new()));
    match (way, environment) {
        (Way::Task(no), environment) => Caller::Agent { tree: Some(no), environment, foreign },
        (Way::Outside, None) if foreign.is_empty() => {
            OUTSIDE.note_parent_of(pid);
            Caller::Outsider
        }
        (Way::Outside, environment) => Caller::Agent { tree: None, environment, foreign },
        (_, Some(no)) => Caller::Agent { tree: None, environment: Some(no), foreign: Vec::new() },
        // In a process that has other purposes, what is below it may be anyone's.
        (Way::Ours, None) if context.host.is_own() => Caller::Unkept,
        (Way::Ours | Way::Broken, None) => Caller::Gone,
    }
}

/// Processes that are below no shim. Their children are below none either, so callers that call often, from a shell or a service, need not be
/// followed all the way up each time. A process never comes below a shim later: an orphan is given to one of those above it.
struct Outside(Mutex<BTreeSet<(u32, u64)>>);

/// The one set of this process: the processes above another are the same for all who ask.
static OUTSIDE: Outside = Outside(Mutex::new(BTreeSet::new()));

/// The number of processes that are remembered.
const MOST_OUTSIDE: usize = 256;

impl Outside {
    /// True if one of them has started the process that has this number.
    fn has_started(&self, pid: u32) -> bool {
        parent(pid).is_some_and(|parent| self.lock().contains(&parent))
    }

    fn note_parent_of(&self, pid: u32) {
        // Not one that has the number of a parent which has ended since.
        let Some(parent) = parent(pid).filter(|(parent, _)| Process::parent_of(pid) == Some(*parent)) else {
            return;
        };
        let mut known = self.lock();
        if known.len() >= MOST_OUTSIDE {
            known.clear();
        }
        known.insert(parent);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(u32, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parent of a process, by its number and its start.
fn parent(pid: u32) -> Option<(u32, u64)> {
    let parent = Process::of(Process::parent_of(pid)?)?;
    Some((parent.pid, parent.start_time))
}

/// The shims on this machine that are not this daemon's.
fn foreign_shims(context: &Context) -> Vec<u32> {
    let all = aiwg_shim::all_shims().into_iter();
    all.filter(|pid| context.running.task_of(*pid).is_none()).collect()
}

/// True if this process itself is below one of these.
fn is_above(shims: &[u32]) -> bool {
    !shims.is_empty() && Process::shims_above(std::process::id()).iter().any(|above| shims.contains(above))
}

/// The depth of a shim's task in its chain, as the daemon that started it says. No agent can change that.
fn depth_at(shim: u32) -> Option<u32> {
    variable(&aiwg_shim::environment(shim).ok()?, DEPTH_ENV)?.parse().ok()
}

/// The end of the way up from a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The shim or the agent of this task. An orphan below a shim is taken in by it.
    Task(TaskNo),
    /// This daemon, past no shim that it knows yet: one that has only just been started.
    Ours,
    /// A process without a parent.
    Outside,
    /// A gap: a process on the way is gone.
    Broken,
}

/// The way up, and the shims on it that are no task's here.
fn way_up(from: u32, task_of: impl Fn(u32) -> Option<TaskNo>) -> (Way, Vec<u32>) {
    let mut shims = Vec::new();
    let way = walk_up(from, task_of, |shim| shims.push(shim));
    (way, shims)
}

fn walk_up(from: u32, task_of: impl Fn(u32) -> Option<TaskNo>, mut on_shim: impl FnMut(u32)) -> Way {
    let mut pid = from;
    let (mut younger, mut is_below_shim) = (u64::MAX, false);
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
        // Below another daemon are only its agents. One of them is below no shim if it has killed its own, until it is ended as well.
        if pid != from {
            let is_shim = Process::is_shim(pid);
            if is_shim || !is_below_shim && Process::is_daemon(pid) {
                on_shim(pid);
            }
            is_below_shim = is_shim;
        }
        match Process::parent_of(pid) {
            Some(parent) => pid = parent,
            None if Process::of(pid) == Some(process) => return Way::Outside,
            None => return Way::Broken,
        }
    }
}

/// The task that a process's environment names, if it is one of this daemon's. Only Linux shows environments.
fn task_of(pid: u32, socket: &str) -> Option<TaskNo> {
    let environment = aiwg_shim::environment(pid).ok()?;
    (variable(&environment, SOCKET_ENV)? == socket)
        .then(|| variable(&environment, TASK_ENV)?.parse().ok())
        .flatten()
}

/// A variable of an environment, if it is text.
fn variable<'a>(environment: &'a [u8], name: &str) -> Option<&'a str> {
    let mut entries =
        environment.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    entries.find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_to_a_task_to_the_outside_or_breaks_off() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let task = |known: u32| move |pid: u32| (pid == known).then_some(TaskNo(7));
        assert_eq!(way_up(child.id(), task(child.id())).0, Way::Task(TaskNo(7)));
        // Its parent is this process, as a shim's is the daemon.
        assert_eq!(way_up(child.id(), task(0)).0, Way::Ours);
        assert_eq!(way_up(std::process::id(), task(0)).0, Way::Outside);
        child.kill().unwrap();
        // A zombie, and then nothing.
        let zombie = || Process::of(child.id()).is_some_and(|process| !process.is_alive());
        while !zombie() {
            std::thread::yield_now();
        }
        assert_eq!(way_up(child.id(), task(0)).0, Way::Broken);
        child.wait().unwrap();
        assert_eq!(way_up(child.id(), task(0)).0, Way::Broken);
    }
}
