//! The living descendants of a process.

use crate::process::Process;

/// A living descendant.
#[derive(Clone, Copy)]
pub(crate) struct Descendant {
    pub(crate) process: Process,
    /// True if its parent is the process whose descendants these are: it is the agent, or its own parent has died.
    pub(crate) is_child: bool,
}

/// The living descendants of this process, in no order. Zombies are dead.
///
/// As the child subreaper, this process becomes the parent of every orphan among them: nothing can leave the tree. But a process that is
/// forked or orphaned in the middle of the walk may be missed by it, so an empty answer does not mean that there are none.
#[cfg(target_os = "linux")]
pub(crate) fn descendants(_: Process) -> Vec<Descendant> {
    let me = std::process::id();
    let below = All::now().below([me]).into_iter();
    below.map(|seen| Descendant { process: seen.process, is_child: seen.parent == me }).collect()
}

/// The numbers of all processes.
#[cfg(target_os = "linux")]
pub(crate) fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// A process as a walk has seen it.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) process: Process,
    pub(crate) parent: u32,
    pub(crate) session: u32,
    pub(crate) is_dead: bool,
}

/// All processes of the system, as one walk has seen them.
#[cfg(target_os = "linux")]
pub(crate) struct All {
    by_parent: std::collections::HashMap<u32, Vec<Seen>>,
}

#[cfg(target_os = "linux")]
impl All {
    pub(crate) fn now() -> Self {
        let mut by_parent: std::collections::HashMap<u32, Vec<Seen>> = std::collections::HashMap::new();
        for pid in pids() {
            if let Some(stat) = crate::process::stat(pid) {
                by_parent.entry(stat.parent).or_default().push(Seen {
                    process: Process { pid, start_time: stat.start_time },
                    parent: stat.parent,
                    session: stat.session,
                    is_dead: stat.is_dead,
                });
            }
        }
        Self { by_parent }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Seen> {
        self.by_parent.values().flatten().copied()
    }

    /// The children of this process, be they dead.
    pub(crate) fn children(&self, parent: u32) -> impl Iterator<Item = Seen> {
        self.by_parent.get(&parent).into_iter().flatten().copied()
    }

    /// The living descendants of these, without the calling process and those below it, unless it is one of them.
    pub(crate) fn below(&self, of: impl IntoIterator<Item = u32>) -> Vec<Seen> {
        let mut parents: Vec<u32> = of.into_iter().collect();
        let mut entered: std::collections::HashSet<u32> = parents.iter().copied().collect();
        // If this process is below one of them, its own descendants do not belong to that shim.
        entered.insert(std::process::id());
        let mut found = Vec::new();
        while let Some(parent) = parents.pop() {
            for child in self.children(parent).filter(|child| entered.insert(child.process.pid)) {
                parents.push(child.process.pid);
                found.push(child);
            }
        }
        found.retain(|seen| !seen.is_dead);
        found
    }
}

/// True if descendants may remain although this process has no children. Always false: this process is the child subreaper.
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

/// True if the agent's process group has members.
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
