//! All that an agent has started and that still runs.

use crate::process::Process;

/// The living descendants of this process, in no order. Zombies are dead.
///
/// As the child subreaper, this process becomes the parent of whatever is orphaned among them: nothing can leave the tree. What is
/// forked while it is being looked at is seen the next time, so look again until there is none.
#[cfg(target_os = "linux")]
pub(crate) fn descendants() -> Vec<Process> {
    use std::collections::HashMap;

    use crate::process::stat;

    let mut children: HashMap<u32, Vec<(Process, bool)>> = HashMap::new();
    for pid in pids() {
        if let Some(stat) = stat(pid) {
            let process = Process { pid, start_time: stat.start_time };
            children.entry(stat.parent).or_default().push((process, stat.is_zombie));
        }
    }
    let mut found = Vec::new();
    let mut parents = vec![std::process::id()];
    while let Some(parent) = parents.pop() {
        for (process, is_zombie) in children.remove(&parent).unwrap_or_default() {
            parents.push(process.pid);
            if !is_zombie {
                found.push(process);
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

/// Without a subreaper, only what is still a direct child can be seen: none once the agent is reaped.
#[cfg(not(target_os = "linux"))]
pub(crate) fn descendants() -> Vec<Process> {
    Vec::new()
}
