//! All that an agent has started and that still runs.

use crate::process::Process;

/// A living descendant of the shim.
#[derive(Clone, Copy)]
pub(crate) struct Descendant {
    pub(crate) process: Process,
    /// Whether the shim is its parent: it is the agent, or its own parent has died.
    pub(crate) is_child: bool,
}

/// The living descendants of this process, in no order. Zombies are dead.
///
/// As the child subreaper, this process becomes the parent of whatever is orphaned among them: nothing can leave the tree. But
/// what is forked or orphaned in the middle of the walk may be missed by it, so an empty answer does not mean that there are none.
#[cfg(target_os = "linux")]
pub(crate) fn descendants(_: Process) -> Vec<Descendant> {
    use std::collections::HashMap;

    use crate::process::stat;

    let me = std::process::id();
    let mut children: HashMap<u32, Vec<(Process, bool)>> = HashMap::new();
    for pid in pids() {
        if let Some(stat) = stat(pid) {
            let process = Process { pid, start_time: stat.start_time };
            children.entry(stat.parent).or_default().push((process, stat.is_dead));
        }
    }
    let mut found = Vec::new();
    let mut parents = vec![me];
    while let Some(parent) = parents.pop() {
        for (process, is_dead) in children.remove(&parent).unwrap_or_default() {
            parents.push(process.pid);
            if !is_dead {
                found.push(Descendant { process, is_child: parent == me });
            }
        }
    }
    found
}

/// The numbers of all processes.
#[cfg(target_os = "linux")]
pub(crate) fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether a process remains although this one has no children: never, for the child subreaper.
#[cfg(target_os = "linux")]
pub(crate) fn remain_without_children(_: Process) -> bool {
    false
}

/// Without a subreaper, the agent's process group is all that can be seen, and the agent stands for it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn descendants(agent: Process) -> Vec<Descendant> {
    if remain_without_children(agent) {
        vec![Descendant { process: agent, is_child: true }]
    } else {
        Vec::new()
    }
}

/// Whether the agent's process group has members.
#[cfg(not(target_os = "linux"))]
pub(crate) fn remain_without_children(agent: Process) -> bool {
    let group = i32::try_from(agent.pid).ok().and_then(rustix::process::Pid::from_raw);
    group.is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
}

/// Sends one of the [`descendants`] a signal; false if it is gone, or out of reach.
#[cfg(target_os = "linux")]
pub(crate) fn signal(process: Process, signal: rustix::process::Signal) -> bool {
    process.signal(signal).unwrap_or(false)
}

/// Sends the agent's process group a signal; false if it is gone, or out of reach.
#[cfg(not(target_os = "linux"))]
pub(crate) fn signal(process: Process, signal: rustix::process::Signal) -> bool {
    let group = i32::try_from(process.pid).ok().and_then(rustix::process::Pid::from_raw);
    group.is_some_and(|group| rustix::process::kill_process_group(group, signal).is_ok())
}
