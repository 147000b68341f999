//! What shells offer while a person types, in real ones with a terminal.

use std::path::Path;

use serde_json::json;

use crate::{
    support::{Project, until},
    tmux::Tmux,
};

/// A shell with a terminal, in which the command is completed.
struct Shell<'a> {
    name: &'static str,
    tmux: &'a Tmux,
}

impl<'a> Shell<'a> {
    fn started(name: &'static str, tmux: &'a Tmux, project: &Project) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_aiwg")).parent().unwrap();
        let path = format!("PATH={}:{}", program.display(), std::env::var("PATH").unwrap());
        let without_start_files: &[&str] =
            if name == "zsh" { &["-f", "-i"] } else { &["--norc", "--noprofile", "-i"] };
        let session = ["new-session", "-d", "-s", name, "-x", "150", "-y", "20", "-c"];
        let environment = ["env", "-u", "AIWG_DAEMON_SOCKET", &path, name];
        let project = [project.path().to_str().unwrap()];
        tmux.run(&[&session[..], &project[..], &environment[..], without_start_files].concat());
        let shell = Self { name, tmux };
        if name == "zsh" {
            shell.keys(&["autoload -U compinit; compinit -u -D; unsetopt beep", "Enter"]);
        }
        shell.keys(&["PS1='> '; source <(aiwg completions "]);
        shell.keys(&[name, "); echo RE''ADY", "Enter"]);
        until("the completions", || shell.shown().contains("READY"));
        shell
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux.run(&[&["send-keys", "-t", self.name], keys].concat());
    }

    fn shown(&self) -> String {
        self.tmux.run(&["capture-pane", "-p", "-J", "-t", self.name])
    }

    /// Types on an empty line, and waits for what it becomes with a tab and then these words.
    fn becomes(&self, typed: &str, then: &str, line: &str) {
        self.keys(&["C-u", "C-l"]);
        self.tmux.run(&["send-keys", "-l", "-t", self.name, typed]);
        self.keys(&["Tab"]);
        self.tmux.run(&["send-keys", "-l", "-t", self.name, then]);
        let line = format!("> {line}");
        until(&format!("{}: {line}", self.name), || {
            self.shown().lines().any(|shown| shown.trim_end() == line)
        });
    }
}

#[test]
fn shells_offer_what_the_daemon_knows() {
    let project = Project::started(json!({
        "topics": { "deployment:complete": {} },
        "rules": [Project::rule("on-deployment", "deployment:complete", "true")],
        "schedule": { "enabled": true, "jobs": [{ "name": "nightly", "cron": "0 3 1 1 *", "action": "report" }] },
        "agents": { "reviewer": { "command": ["true"] } },
    }));
    project.json(&["task", "submit", "true", "--approval"]);
    let tmux = Tmux::new();
    let shells = ["bash", "zsh"].map(|name| Shell::started(name, &tmux, &project));
    // Each is the only one of its kind: the shell types the rest of it.
    for (typed, line) in [
        ("aiwg task get ", "aiwg task get task-0001"),
        ("aiwg --json task get task-", "aiwg --json task get task-0001"),
        ("aiwg task get --json t", "aiwg task get --json task-0001"),
        ("aiwg task submit x --after ", "aiwg task submit x --after task-0001"),
        ("aiwg why ", "aiwg why task-0001"),
        ("aiwg approval show ", "aiwg approval show approval-0001"),
        ("aiwg automation enable --rule ", "aiwg automation enable --rule on-deployment"),
        ("aiwg schedule run ", "aiwg schedule run nightly"),
        ("aiwg task list --agent ", "aiwg task list --agent reviewer"),
        ("aiwg task list --agent=rev", "aiwg task list --agent=reviewer"),
        ("aiwg event emit ", "aiwg event emit deployment:complete"),
        ("aiwg event emit deployment:co", "aiwg event emit deployment:complete"),
    ] {
        for shell in &shells {
            shell.becomes(typed, "", line);
        }
    }
    for shell in &shells {
        shell.becomes("aiwg --project . task get task-", "X", "aiwg --project . task get task-X");
    }
    // Nobody waits for a daemon that does not answer, or starts one.
    project.run(&["daemon", "stop"]);
    for shell in &shells {
        shell.becomes("aiwg task get task-", "X", "aiwg task get task-X");
    }
    assert!(!project.file(".aiwg/daemon.pid").exists(), "none was started");
}
