//! Processes, as the system sees them.

use std::{path::Path, process::Command};

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal.
pub fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// The living processes whose working directory is in `dir`, or that name it on their command line. Zombies are dead:
/// on some machines nobody reaps them.
pub fn processes_of(dir: &Path) -> Vec<(u32, String)> {
    let pids = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != std::process::id())
        .filter_map(|pid| belongs(pid, dir).map(|line| (pid, line)))
        .collect()
}

/// True if a process is dead with all its threads: the last of them closes its files and drops its locks. One that is
/// only dying has lost its command line already, and so belongs nowhere, but still holds them.
pub fn is_dead(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let is_gone =
        |stat: String| stat.rfind(')').is_none_or(|end| stat[end + 1..].trim_start().starts_with(['Z', 'X']));
    threads.map(|thread| std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default()).all(is_gone)
}

fn belongs(pid: u32, dir: &Path) -> Option<String> {
    if is_dead(pid) {
        return None;
    }
    let proc = Path::new("/proc").join(pid.to_string());
    let line = String::from_utf8_lossy(&std::fs::read(proc.join("cmdline")).ok()?).replace('\0', " ");
    let is_there = std::fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir));
    (is_there || line.contains(dir.to_str()?)).then_some(line)
}

/// True if a process may have name spaces of its own with these options of unshare(1). Containers and some systems
/// refuse that to all or to ordinary users; a test that needs it is then passed over, and says so.
pub fn may_unshare(options: &[&str]) -> bool {
    let done = Command::new("unshare").args(options).arg("true").output();
    let refused = match done {
        Ok(done) if done.status.success() => return true,
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    eprintln!("passed over: unshare is not allowed here ({refused})");
    false
}
