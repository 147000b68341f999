//! The session in a real tmux, whose panes are read.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Project, Step::Sees, until};

/// A tmux server of the test's own, which ends with it.
pub(crate) struct Tmux {
    dir: tempfile::TempDir,
}

impl Tmux {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::Builder::new().prefix("aiwg-test-tmux-").tempdir().unwrap() }
    }

    fn aiwg(&self, project: &Project, args: &[&str]) -> (i32, String, String) {
        let mut command = project.command();
        // As under cron or systemd: no UTF-8.
        command.args(args).env("TMUX_TMPDIR", self.dir.path()).env_remove("TMUX").env("LC_ALL", "C");
        let done = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap_or(-1), text(done.stdout), text(done.stderr))
    }

    pub(crate) fn run(&self, args: &[&str]) -> String {
        let done = Command::new("tmux")
            .arg("-u")
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

    /// The panes of all sessions, as `format` has them.
    fn panes(&self, format: &str) -> Vec<String> {
        self.run(&["list-panes", "-a", "-F", format]).lines().map(str::to_owned).collect()
    }

    /// The clients of each session; true for those that only look.
    fn clients(&self) -> Vec<String> {
        let clients = self.run(&["list-clients", "-F", "#{session_name} #{client_readonly}"]);
        let mut clients: Vec<_> = clients.lines().map(str::to_owned).collect();
        clients.sort();
        clients
    }

    /// Runs a command in a window of a session, as a person there would.
    fn within(&self, session: &str, project: &Project, args: &[&str]) {
        let project = project.path().to_str().unwrap();
        let command = [&[env!("CARGO_BIN_EXE_aiwg")], args, &["--project", project]].concat();
        self.run(&[&["new-window", "-t", session], command.as_slice()].concat());
    }

    /// Attaches a person to the project's session, and does `what` meanwhile.
    fn attached(&self, project: &Project, session: &str, what: impl FnOnce()) {
        std::thread::scope(|scope| {
            let person = scope.spawn(|| {
                let environment = [("TMUX_TMPDIR", self.dir.path().to_str().unwrap()), ("TERM", "xterm")];
                project.in_a_terminal_with(&environment, &["daemon", "attach"], &[Sees("detached")])
            });
            until("the person", || self.clients().contains(&format!("{session} 0")));
            what();
            self.run(&["detach-client", "-a"]);
            for client in self.run(&["list-clients", "-F", "#{client_name}"]).lines() {
                self.run(&["detach-client", "-t", client]);
            }
            let (code, shown) = person.join().unwrap();
            assert_eq!(code, 0, "{shown}");
        });
    }

    /// The content of a pane, by its title.
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
    until("the conversation", || tmux.pane("aiwg-daemon", "chat").contains("/help lists"));
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
    // It does not start a daemon before that.
    let project = Project::new(json!({}));
    let done =
        project.command().args(["daemon", "start", "--tmux"]).env("PATH", "/nonexistent").output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && said.contains("apt install tmux"), "{said}");
    assert!(!project.socket().exists());
    project.start();
    // And a stop does not miss it.
    let done = project.command().args(["daemon", "stop"]).env("PATH", "/nonexistent").output().unwrap();
    assert!(done.status.success());
}

#[test]
fn a_second_start_makes_what_is_missing() {
    let tmux = Tmux::new();
    let project = Project::started(json!({}));
    // With a long name, the whole of which is shown.
    assert_eq!(tmux.aiwg(&project, &["daemon", "start", "--tmux"]).0, 0);
    let length = tmux.run(&["show-options", "-v", "-t", "aiwg-daemon", "status-left-length"]);
    assert_eq!(length.trim(), "15");
    let titles = || {
        let mut titles = tmux.panes("#{pane_top} #{pane_left} #{pane_title}");
        titles.sort();
        titles
    };
    let all = titles();
    assert_eq!(all.len(), 3, "{all:?}");
    for gone in ["chat", "task output", "daemon log"] {
        let panes = tmux.panes("#{pane_id} #{pane_title}");
        let pane = panes.iter().find_map(|pane| pane.strip_suffix(gone)).unwrap();
        tmux.run(&["kill-pane", "-t", pane.trim()]);
        let (code, out, err) = tmux.aiwg(&project, &["daemon", "start", "--tmux", "--json"]);
        assert_eq!(code, 0, "{err}");
        let shown: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&shown["pid"], &shown["tmuxSession"]), (&json!(project.pid()), &json!("aiwg-daemon")));
        let names = |titles: Vec<String>| {
            titles.iter().map(|t| t.split(' ').skip(2).collect()).collect::<Vec<String>>()
        };
        assert_eq!(names(titles()), names(all.clone()), "without {gone}");
    }
    // A daemon with another configuration is not what was asked for.
    let (code, _, err) = tmux.aiwg(&project, &["daemon", "start", "--tmux", "--config", "other.json"]);
    assert!(code == 1 && err.contains("already runs"), "{err}");
    assert_eq!(tmux.aiwg(&project, &["daemon", "stop"]).0, 0);
}

#[test]
fn a_directory_may_have_any_name() {
    let tmux = Tmux::new();
    for name in ["x#(touch PWNED)y", "hash#S", "semicolon;", "new\nline", "tab\t\u{fc}:x"] {
        let above = Project::empty();
        let directory = above.file(name);
        std::fs::create_dir_all(directory.join(".aiwg")).unwrap();
        std::fs::write(directory.join(".aiwg/daemon.json"), Project::config(json!({})).to_string()).unwrap();
        let directory = directory.canonicalize().unwrap();
        let named = ["--project", directory.to_str().unwrap()];
        let start = [&["daemon", "start", "--tmux"], &named[..]].concat();
        for _ in 0..2 {
            let (code, _, err) = tmux.aiwg(&above, &start);
            assert_eq!(code, 0, "{name:?}: {err}");
        }
        // Line breaks aside, in which a list of panes has one more line.
        let last = name.rsplit('\n').next().unwrap();
        let paths = tmux.panes("#{pane_current_path}");
        let here = paths.iter().filter(|path| path.ends_with(last)).count();
        assert!(here == 3, "{name:?}: {paths:?}");
        let (_, _, err) = tmux.aiwg(&above, &[&["daemon", "attach"], &named[..]].concat());
        assert!(err.contains("this is no terminal"), "{name:?}: {err}");
        assert_eq!(tmux.aiwg(&above, &[&["daemon", "stop"], &named[..]].concat()).0, 0);
        assert!(tmux.sessions().is_empty(), "{name:?}");
        assert!(!directory.join("PWNED").exists() && !above.file("PWNED").exists());
    }
}

#[test]
fn within_tmux_a_session_is_switched_to_and_looked_at_in_a_window() {
    let tmux = Tmux::new();
    let project = Project::new(json!({}));
    assert_eq!(tmux.aiwg(&project, &["daemon", "start", "--tmux"]).0, 0);
    let other = Project::new(json!({}));
    let (_, out, _) = tmux.aiwg(&other, &["daemon", "start", "--tmux"]);
    let name = tmux.sessions().into_iter().find(|name| name != "aiwg-daemon").unwrap();
    assert!(out.contains(&name), "{out}");
    tmux.attached(&project, "aiwg-daemon", || {
        // To look at another one takes nothing from the person's own.
        tmux.within("aiwg-daemon", &other, &["daemon", "attach", "--readonly"]);
        until("a window", || tmux.clients() == ["aiwg-daemon 0".to_owned(), format!("{name} 1")]);
        tmux.run(&["detach-client", "-s", &name]);
        tmux.within("aiwg-daemon", &other, &["daemon", "attach"]);
        until("the switch", || tmux.clients() == [format!("{name} 0")]);
    });
    for project in [&project, &other] {
        assert_eq!(tmux.aiwg(project, &["daemon", "stop"]).0, 0);
    }
}

#[test]
fn a_session_that_is_made_in_another_server_is_found_from_everywhere() {
    let tmux = Tmux::new();
    let project = Project::new(json!({}));
    tmux.run(&["-L", "other", "new-session", "-d", "-s", "own", "sleep", "1000"]);
    let path = project.path().to_str().unwrap();
    let within = |args: &[&str]| {
        let window = ["-L", "other", "new-window", "-t", "own", env!("CARGO_BIN_EXE_aiwg")];
        tmux.run(&[&window[..], args, &["--project", path]].concat());
    };
    within(&["daemon", "start", "--tmux"]);
    until("the session", || tmux.sessions() == ["aiwg-daemon"] && tmux.panes("x").len() == 3);
    within(&["daemon", "attach"]);
    until("somebody to look", || tmux.clients() == ["aiwg-daemon 0"]);
    assert_eq!(tmux.aiwg(&project, &["daemon", "stop"]).0, 0);
    assert!(tmux.sessions().is_empty());
    tmux.run(&["-L", "other", "kill-server"]);
}

#[test]
fn through_a_socket_from_elsewhere_there_is_a_session_there() {
    let project = Project::started(json!({}));
    let elsewhere = Project::empty();
    let mut command = elsewhere.command();
    command.args(["daemon", "attach"]).env("AIWG_DAEMON_SOCKET", project.socket());
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(said.contains("ssh -t HOST aiwg daemon attach"), "{said}");
}
