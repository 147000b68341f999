//! Processes, as the system sees them.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal.
pub(crate) fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// The living processes whose working directory is in `dir`, or that name it on their command line. Zombies are dead: on some
/// machines nobody reaps them.
pub(crate) fn processes_of(dir: &Path) -> Vec<(u32, String)> {
    let pids = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != std::process::id())
        .filter_map(|pid| belongs(pid, dir).map(|line| (pid, line)))
        .collect()
}

fn belongs(pid: u32, dir: &Path) -> Option<String> {
    let proc = Path::new("/proc").join(pid.to_string());
    let stat = std::fs::read_to_string(proc.join("stat")).ok()?;
    if stat[stat.rfind(')')? + 1..].trim_start().starts_with('Z') {
        return None;
    }
    let line = String::from_utf8_lossy(&std::fs::read(proc.join("cmdline")).ok()?).replace('\0', " ");
    let is_there = std::fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir));
    (is_there || line.contains(dir.to_str()?)).then_some(line)
}
