//! The session in a real tmux, whose panes are read.

use std::process::Command;

use serde_json::json;

use crate::support::{Project, Step::Sees, until};

/// A tmux server of the test's own, which ends with it.
struct Tmux {
    dir: tempfile::TempDir,
}

impl Tmux {
    fn new() -> Self {
        Self { dir: tempfile::Builder::new().prefix("aiwg-test-tmux-").tempdir().unwrap() }
    }

    fn aiwg(&self, project: &Project, args: &[&str]) -> (i32, String, String) {
        let mut command = project.command();
        let done =
            command.args(args).env("TMUX_TMPDIR", self.dir.path()).env_remove("TMUX").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap_or(-1), text(done.stdout), text(done.stderr))
    }

    fn run(&self, args: &[&str]) -> String {
        let done = Command::new("tmux")
            .args(args)
            .env("TMUX_TMPDIR", self.dir.path())
            .env_remove("TMUX")
            .output()
            .unwrap();
        String::from_utf8(done.stdout).unwrap()
    }

    fn sessions(&self) -> Vec<String> {
        self.run(&["list-sessions", "-F", "#{session_name}"]).lines().map(str::to_owned).collect()
    }

    /// What a pane shows, by its title.
    fn pane(&self, session: &str, title: &str) -> String {
        let panes = self.run(&["list-panes", "-t", session, "-F", "#{pane_id} #{pane_title}"]);
        let pane = panes
            .lines()
            .find_map(|line| line.strip_suffix(title))
            .map(str::trim)
            .unwrap_or_default()
            .to_owned();
        self.run(&["capture-pane", "-p", "-t", &pane])
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn a_session_shows_the_log_the_agents_and_a_conversation() {
    let tmux = Tmux::new();
    let project = Project::new(json!({}));
    let (code, out, err) = tmux.aiwg(&project, &["daemon", "start", "--tmux"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("The tmux session is aiwg-daemon."), "{out}");
    assert_eq!(tmux.sessions(), ["aiwg-daemon"]);
    until("the log", || tmux.pane("aiwg-daemon", "daemon log").contains("the daemon starts"));
    until("the conversation", || tmux.pane("aiwg-daemon", "chat").contains("/help tells"));
    // Whatever runs is followed.
    project.submit("echo from the first");
    project.submit("echo from the second");
    until("both outputs", || {
        let shown = tmux.pane("aiwg-daemon", "task output");
        shown.contains("from the first") && shown.contains("── task-0002 is completed ──")
    });
    let panes = tmux.run(&["list-panes", "-t", "aiwg-daemon", "-F", "#{pane_id} #{pane_title}"]);
    let chat = panes.lines().find_map(|line| line.strip_suffix(" chat")).unwrap();
    tmux.run(&["send-keys", "-t", chat, "hello there", "Enter"]);
    until("the answer", || tmux.pane("aiwg-daemon", "chat").contains("stand-in agent: hello there"));

    // Another project has a session of its own, and starting once more makes no other.
    let other = Project::new(json!({}));
    assert_eq!(tmux.aiwg(&other, &["daemon", "start", "--tmux"]).0, 0);
    assert_eq!(tmux.aiwg(&project, &["daemon", "start", "--tmux"]).0, 0);
    assert_eq!(tmux.sessions().len(), 2, "{:?}", tmux.sessions());
    assert_eq!(tmux.aiwg(&other, &["daemon", "stop"]).0, 0);
    assert_eq!(tmux.sessions(), ["aiwg-daemon"]);

    // A person attaches, only to look.
    assert_eq!(tmux.aiwg(&project, &["daemon", "attach"]).0, 1);
    std::thread::scope(|scope| {
        let person = scope.spawn(|| {
            let environment = [("TMUX_TMPDIR", tmux.dir.path().to_str().unwrap()), ("TERM", "xterm")];
            let steps = [Sees("task output"), Sees("detached")];
            project.in_a_terminal_with(&environment, &["daemon", "attach", "--readonly"], &steps)
        });
        let clients = || tmux.run(&["list-clients", "-F", "#{session_name} #{client_readonly}"]);
        until("somebody to look", || clients() == "aiwg-daemon 1\n");
        tmux.run(&["detach-client", "-s", "aiwg-daemon"]);
        let (code, shown) = person.join().unwrap();
        assert_eq!(code, 0, "{shown}");
    });
    assert_eq!(tmux.aiwg(&project, &["daemon", "stop"]).0, 0);
    assert!(tmux.sessions().is_empty());
    let (code, _, err) = tmux.aiwg(&project, &["daemon", "attach"]);
    assert!(code == 1 && err.contains("aiwg daemon start --tmux"), "{err}");
}

#[test]
fn without_tmux_it_says_what_to_install() {
    let project = Project::started(json!({}));
    let done =
        project.command().args(["daemon", "start", "--tmux"]).env("PATH", "/nonexistent").output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && said.contains("apt install tmux"), "{said}");
    // And a stop does not miss it.
    let done = project.command().args(["daemon", "stop"]).env("PATH", "/nonexistent").output().unwrap();
    assert!(done.status.success());
}
