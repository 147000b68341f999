//! A host of the rounds: a directory, its daemon, its link and its clock.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::network::{Link, Network, PASSWORD_IS};
use crate::{
    crash::shims,
    support::{Cli, Project, is_dead, kill, processes_of, until, until_some},
};

/// Longest wait for an answer: a daemon may be frozen, or wait for its PostgreSQL.
const PATIENCE: Duration = Duration::from_secs(4);

/// A host.
pub(super) struct Host {
    pub(super) project: Project,
    /// The name of its directory, with which its agents sign.
    pub(super) name: String,
    pub(super) link: Link,
    clock: Option<(PathBuf, PathBuf)>,
    /// Its daemon, while it is to live.
    daemon: Option<u32>,
}

impl Host {
    /// The host with this number. Its configuration is the same as that of the others but for its address of the store.
    pub(super) fn new(
        n: usize,
        network: &Network,
        link: Link,
        (library, config): (Option<&Path>, &Value),
    ) -> Self {
        let mut config = config.clone();
        config["store"] = json!(network.url(n, &link));
        let project = Project::new(config);
        let name = project.path().file_name().unwrap().to_str().unwrap().to_owned();
        let clock = library.map(|library| (library.to_owned(), project.file("clock")));
        let host = Self { project, name, link, clock, daemon: None };
        host.set_clock(0);
        host
    }

    /// Sets its clock this many seconds ahead of the others.
    pub(super) fn set_clock(&self, seconds: i64) {
        let Some((_, file)) = &self.clock else { return };
        // In place: whoever runs has it in its memory.
        let mut file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(file).unwrap();
        file.write_all(&seconds.to_ne_bytes()).unwrap();
    }

    fn command(&self) -> Command {
        let mut command = match &self.link {
            Link::Real { space, .. } => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net=/proc/{}/ns/net", space.pid())).arg(env!("CARGO_BIN_EXE_aiwg"));
                command
            }
            Link::Relay { .. } => Command::new(env!("CARGO_BIN_EXE_aiwg")),
        };
        command.current_dir(self.project.path()).env("XDG_STATE_HOME", self.project.file("state-home"));
        for name in ["AIWG_DAEMON_SOCKET", "AIWG_TASK_ID", "AIWG_STORE"] {
            command.env_remove(name);
        }
        command.env(PASSWORD_IS.0, PASSWORD_IS.1);
        if let Some((library, file)) = &self.clock {
            preload(&mut command, library, file);
        }
        command
    }

    /// Runs a command there that must succeed in the end: the PostgreSQL may be away just now.
    pub(super) fn done(&self, args: &[&str]) {
        until_some(&args.join(" "), || {
            let done = Cli::of(self.command().args(args).output().unwrap());
            let may_be_later =
                ["storage", "PostgreSQL", "postgres"].iter().any(|word| done.err.contains(word));
            assert!(done.code == 0 || may_be_later, "{}: {args:?}: {}", self.name, done.err);
            (done.code == 0).then_some(())
        });
    }

    /// Starts its daemon.
    pub(super) fn start(&mut self) {
        self.done(&["daemon", "start"]);
        self.daemon = Some(self.project.pid());
    }

    /// True if its daemon lives, frozen or not. Fails where it has ended and nobody has killed it.
    pub(super) fn is_up(&self) -> bool {
        let Some(pid) = self.daemon else { return false };
        assert!(
            !is_dead(pid),
            "the daemon of {} has ended by itself: {}",
            self.name,
            last_lines(&self.project.read(".aiwg/daemon/daemon.log"))
        );
        true
    }

    /// Asks its daemon once. None where no answer comes.
    pub(super) fn ask(&self, method: &str, params: &Value) -> Option<Value> {
        ask(&self.project.socket(), PATIENCE, method, params)
    }

    /// Kills its daemon; with `all` its shims and agents, too, as when the machine goes down.
    pub(super) fn kill(&mut self, all: bool) {
        let daemon = self.daemon.take();
        let mut pids: Vec<u32> = daemon.into_iter().collect();
        if all {
            pids.extend(processes_of(self.project.path()).into_iter().map(|(pid, _)| pid));
        }
        kill_all(&pids);
        // An agent may have started another process just then.
        until("the end of those that were killed", || {
            let left: Vec<u32> = match all {
                true => processes_of(self.project.path()).into_iter().map(|(pid, _)| pid).collect(),
                false => Vec::new(),
            };
            kill_all(&left);
            left.is_empty() && pids.iter().all(|pid| is_dead(*pid))
        });
    }

    /// Kills one of its shims, by this number, or all of them. False if it has none.
    pub(super) fn kill_shims(&self, which: Option<u64>) -> bool {
        let mut shims = shims(&self.project);
        if let (Some(which), false) = (which, shims.is_empty()) {
            shims = vec![shims[usize::try_from(which).unwrap() % shims.len()]];
        }
        kill_all(&shims);
        !shims.is_empty()
    }

    /// Freezes its daemon; with `all` its shims and agents, too.
    pub(super) fn freeze(&self, all: bool) {
        if let Some(pid) = self.daemon {
            kill(pid, Signal::STOP);
        }
        if all {
            // One may just have started another.
            send_all(self.processes(), Signal::STOP);
            until("all to be frozen", || {
                let running: Vec<u32> = self.processes().filter(|pid| !is_stopped(*pid)).collect();
                send_all(running.iter().copied(), Signal::STOP);
                running.is_empty()
            });
        }
    }

    /// Lets all go on that is frozen.
    pub(super) fn thaw(&self) {
        send_all(self.processes(), Signal::CONT);
    }

    fn processes(&self) -> impl Iterator<Item = u32> {
        processes_of(self.project.path()).into_iter().map(|(pid, _)| pid)
    }

    /// Its id, when it answers.
    pub(super) fn id(&self) -> Option<String> {
        let hosts = self.ask("host.list", &json!({}))?["result"]["hosts"].take();
        let own = hosts.as_array()?.iter().find(|host| host["isThis"] == true)?["id"].as_str()?.to_owned();
        Some(own)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.thaw();
    }
}

/// Has a program's clock be off as the file says.
pub(super) fn preload(command: &mut Command, library: &Path, file: &Path) {
    command.env("LD_PRELOAD", library).env("AIWG_TEST_CLOCK", file);
}

pub(super) fn ask(socket: &Path, patience: Duration, method: &str, params: &Value) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.set_write_timeout(Some(patience)).ok()?;
    writeln!(stream, "{}", json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// True if a process to which SIGSTOP was sent is stopped, or gone, or goes no further: one that has just forked by vfork(2) waits for a child that is stopped.
fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rfind(')').is_none_or(|end| stat[end + 1..].trim_start().starts_with(['T', 't', 'D', 'Z', 'X']))
}

fn kill_all(pids: &[u32]) {
    send_all(pids.iter().copied(), Signal::KILL);
}

/// Sends a signal to all of them; some may just have come to their end.
fn send_all(pids: impl IntoIterator<Item = u32>, signal: Signal) {
    for pid in pids {
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
