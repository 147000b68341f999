//! The processes that have a file open. The kernel does not say which process holds a lock, and anyone may have written into the lock's file.

use aiwg_fs::Identity;
use aiwg_shim::Process;

/// The processes that have it open, as far as the system shows them to this user; none where it does not show it.
#[cfg(target_os = "linux")]
pub(super) fn having_open(file: Identity) -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // Its identity comes first: the number may be another process's by the time its files are looked at.
    let found = pids.filter_map(Process::of).filter(|process| has_open(process, file) == Some(true));
    found.filter(Process::is_alive).collect()
}

/// True if this process has it open; none where that is unknown.
#[cfg(target_os = "linux")]
pub(super) fn has_open(process: &Process, file: Identity) -> Option<bool> {
    let mut entries = std::fs::read_dir(format!("/proc/{}/fd", process.pid)).ok()?.flatten();
    Some(entries.any(|entry| Identity::of_open(&entry.path()).is_ok_and(|found| found == file)))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn having_open(_: Identity) -> Vec<Process> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn has_open(_: &Process, _: Identity) -> Option<bool> {
    None
}
