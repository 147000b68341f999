//! From afar: through a real SSH server on this machine.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, kill, until, until_some};

#[test]
fn where_the_variable_leads_nowhere_the_error_names_it_and_not_a_command_that_is_refused() {
    let project = Project::empty();
    let socket = project.file("tunnel.sock");
    let done = project.command().args(["task", "list"]).env("AIWG_DAEMON_SOCKET", &socket).output().unwrap();
    let message = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(3), "{message}");
    assert!(
        message.contains("tunnel.sock") && message.contains("AIWG_DAEMON_SOCKET leads there"),
        "{message}"
    );
    assert!(!message.contains("daemon start"), "{message}");
}

/// An SSH server of the test's own, which lets its own key in.
struct SshServer {
    dir: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl SshServer {
    fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("aiwg-test-ssh-").tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path(key))
                .status();
            assert!(made.unwrap().success());
        }
        std::fs::copy(path("user.pub"), path("authorized")).unwrap();
        std::fs::set_permissions(path("authorized"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n",
            path("host").display(),
            path("authorized").display(),
        );
        std::fs::write(path("config"), config).unwrap();
        // sshd wants its whole path, since it starts itself again.
        let process = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(path("config"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { dir, port, process }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("aiwg.sock")
    }

    /// As the guide says it: `ssh -L SOCKET:PROJECT/.aiwg/daemon/daemon.sock`.
    fn tunnel(&self, to: &Path) -> Child {
        let forward = format!("{}:{}", self.socket().display(), to.display());
        let mut ssh = Command::new("ssh");
        ssh.args(["-N", "-L", &forward, "-p", &self.port.to_string(), "-i"])
            .arg(self.dir.path().join("user"));
        for option in [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "ExitOnForwardFailure=yes",
            "StreamLocalBindUnlink=yes",
            "ConnectionAttempts=60",
            "LogLevel=ERROR",
        ] {
            ssh.args(["-o", option]);
        }
        let tunnel = ssh.arg("127.0.0.1").stdin(Stdio::null()).spawn().unwrap();
        until("the tunnel", || self.aiwg(&["daemon", "ping"]).status.success());
        tunnel
    }

    /// Runs the command at the near end, in a directory that is no project.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiwg"));
        command.args(args).current_dir(self.dir.path()).env("AIWG_DAEMON_SOCKET", self.socket());
        command
    }

    fn aiwg(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let done = self.aiwg(&[args, &["--json"]].concat());
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// A command that goes on, and its lines as they come.
    fn following(&self, args: &[&str]) -> (Child, Receiver<String>) {
        let mut child = self.command(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)))
        });
        (child, lines)
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        kill(self.process.id(), Signal::TERM);
        let _ = self.process.wait();
    }
}

fn end(mut child: Child) {
    kill(child.id(), Signal::TERM);
    child.wait().unwrap();
}

fn until_line(lines: &Receiver<String>, seen: &mut Vec<String>, what: &str) {
    until_some(&format!("the line with {what:?}"), || {
        seen.extend(lines.try_iter());
        seen.iter().any(|line| line.contains(what)).then_some(())
    });
}

#[test]
fn everything_but_starting_works_from_afar() {
    let project = Project::started(json!({ "rules": [Project::rule("r", "a:*", "x")] }));
    let server = SshServer::start();
    let tunnel = server.tunnel(&project.socket());
    assert_eq!(server.json(&["daemon", "status"])["project"], project.path().to_str().unwrap());
    let done = server.aiwg(&["task", "submit", "do: echo from afar", "--wait"]);
    assert!(done.status.success() && String::from_utf8_lossy(&done.stdout).contains("from afar"), "{done:?}");
    let id =
        server.json(&["task", "submit", "do: echo begun; while :; do sleep 0.01; done"])["taskId"].clone();
    let id = id.as_str().unwrap();
    let (logs, lines) = server.following(&["task", "logs", id, "--follow"]);
    until_line(&lines, &mut Vec::new(), "begun");
    server.json(&["task", "cancel", id]);
    assert!({ logs }.wait().unwrap().success());
    assert_eq!(server.json(&["event", "emit", "a:b"])["rules"], json!(["r"]));
    server.json(&["automation", "disable", "--rule", "r"]);
    assert_eq!(server.json(&["automation", "status"])["rules"][0]["enabled"], false);
    assert!(server.aiwg(&["chat", "send", "hello"]).status.success());
    let logs = server.aiwg(&["daemon", "logs"]);
    assert!(String::from_utf8_lossy(&logs.stdout).contains("automation: fired"), "{logs:?}");
    assert_eq!(server.json(&["daemon", "reload"])["reloaded"], true);
    // It restarts in place, as the same process: that a project with the same path is here as well means nothing.
    let (pid, began) = (project.pid(), project.json(&["daemon", "status"])["started_at"].clone());
    assert!(server.aiwg(&["daemon", "restart"]).status.success());
    assert_eq!(project.pid(), pid);
    assert_ne!(project.json(&["daemon", "status"])["started_at"], began);
    // Starting is not done from afar, and says where it is.
    let start = server.aiwg(&["daemon", "start"]);
    let said = String::from_utf8_lossy(&start.stderr).into_owned();
    assert!(!start.status.success() && said.contains("AIWG_DAEMON_SOCKET"), "{said}");
    assert!(server.aiwg(&["daemon", "stop"]).status.success());
    assert_eq!(project.run(&["daemon", "ping"]).code, 3);
    end(tunnel);
}

#[test]
fn what_is_followed_goes_on_when_the_tunnel_is_back() {
    let project = Project::started(json!({}));
    let server = SshServer::start();
    let tunnel = server.tunnel(&project.socket());
    let (logs, log_lines) = server.following(&["daemon", "logs", "--follow"]);
    let (watch, events) = server.following(&["event", "watch", "a:*", "--json"]);
    let (mut seen, mut watched) = (Vec::new(), Vec::new());
    until_line(&log_lines, &mut seen, "the daemon starts");
    // The watch may not have begun yet: what it has seen counts from its first event.
    until("the watch", || {
        project.json(&["event", "emit", "a:0"]);
        watched.extend(events.try_iter());
        !watched.is_empty()
    });
    let first: Value = serde_json::from_str(&watched[0]).unwrap();
    end(tunnel);
    project.json(&["event", "emit", "a:while-it-was-down"]);
    project.json(&["daemon", "reload"]);
    let tunnel = server.tunnel(&project.socket());
    project.json(&["event", "emit", "a:last"]);
    until_line(&events, &mut watched, "a:last");
    until_line(&log_lines, &mut seen, "is in force");
    let seqs: Vec<u64> = watched
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    let all = project
        .wire()
        .call("event.list", json!({ "topics": ["a:*"], "since": first["seq"].as_u64().unwrap() - 1 }));
    let all: Vec<u64> = all.as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, all, "no gap and no repeat");
    [logs, watch, tunnel].into_iter().for_each(end);
}

#[test]
fn a_long_path_is_forwarded_by_the_one_that_status_shows() {
    let project = Project::new(json!({}));
    let deep = project.file(&"a-rather-long-name/".repeat(12));
    std::fs::create_dir_all(&deep).unwrap();
    let run = |args: &[&str]| project.command().current_dir(&deep).args(args).output().unwrap();
    assert!(run(&["daemon", "start", "--project", "."]).status.success());
    let status: Value =
        serde_json::from_slice(&run(&["daemon", "status", "--project", ".", "--json"]).stdout).unwrap();
    let shown = status["socket"].as_str().unwrap().to_owned();
    assert!(shown.len() < 108 && Path::new(&shown).exists(), "{shown}");
    let server = SshServer::start();
    let tunnel = server.tunnel(Path::new(&shown));
    assert_eq!(server.json(&["daemon", "status"])["socket"], shown);
    assert!(server.aiwg(&["daemon", "stop"]).status.success());
    end(tunnel);
}
