//! A project of the test's own, and its daemon.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Wire, is_dead, kill, postgres, processes_of, until};

/// A temporary project. When it is dropped its daemon is stopped, and nothing may be left running.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

/// Result of a command.
pub(crate) struct Cli {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    /// One whose agents are the stand-in, and whose configuration has `more` besides.
    pub(crate) fn new(more: Value) -> Self {
        let project = Self::empty();
        project.configure(&Self::config(more).to_string());
        project
    }

    /// A configuration with the stand-in as its agent, and `more` besides.
    pub(crate) fn config(more: Value) -> Value {
        let mut config = json!({ "agent": aiwg_testing::stand_in() });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    }

    /// One without any configuration.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::Builder::new().prefix("aiwg-test-").tempdir().unwrap() }
    }

    /// One whose daemon runs.
    pub(crate) fn started(more: Value) -> Self {
        let project = Self::new(more);
        project.start();
        project
    }

    /// An event rule whose prompt is `prompt`.
    pub(crate) fn rule(id: &str, topic: &str, prompt: &str) -> Value {
        aiwg_testing::rule(id, topic, prompt)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    pub(crate) fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.file(".aiwg")).unwrap();
        std::fs::write(self.file(".aiwg/daemon.json"), text).unwrap();
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.file(".aiwg/daemon/daemon.sock")
    }

    /// The binary, to be run in this project, without what the test itself may have inherited.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiwg"));
        command.current_dir(self.path()).env_remove("AIWG_DAEMON_SOCKET").env_remove("AIWG_TASK_ID");
        // What daemons share is the test's own.
        command.env("XDG_STATE_HOME", self.file("state-home"));
        command.env_remove("AIWG_STORE").envs(postgres::variables(self.path()));
        command
    }

    /// Runs a command in this project.
    pub(crate) fn run(&self, args: &[&str]) -> Cli {
        Cli::of(self.command().args(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a command that could go on for ever, and must not.
    pub(crate) fn run_to_its_end(&self, args: &[&str]) -> Cli {
        let mut command = self.command();
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        until(&format!("the end of {args:?}"), || child.try_wait().unwrap().is_some());
        Cli::of(child.wait_with_output().unwrap())
    }

    /// Runs a command that must succeed, and gives its result.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let done = self.run(&[args, &["--json"]].concat());
        assert_eq!(done.code, 0, "{args:?}: {}", done.err);
        serde_json::from_str(&done.out).unwrap()
    }

    /// Executes a statement in its store, beside its daemon, and gives the rows of it as texts.
    pub(crate) fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        postgres::execute(self.path(), sql)
    }

    pub(crate) fn start(&self) {
        let done = self.run(&["daemon", "start"]);
        assert_eq!(done.code, 0, "{}", done.err);
    }

    pub(crate) fn stop(&self) {
        let done = self.run(&["daemon", "stop"]);
        assert_eq!(done.code, 0, "{}", done.err);
    }

    pub(crate) fn wire(&self) -> Wire {
        Wire::connect(&self.socket())
    }

    /// The daemon's process.
    pub(crate) fn pid(&self) -> u32 {
        self.read(".aiwg/daemon.pid").trim().parse().unwrap()
    }

    /// Kills the daemon as a crash would, and waits until it is gone.
    pub(crate) fn kill_daemon(&self) {
        let pid = self.pid();
        kill(pid, Signal::KILL);
        until("the daemon's end", || is_dead(pid));
    }

    /// Submits a task whose stand-in agent runs `script`, and gives its id.
    pub(crate) fn submit(&self, script: &str) -> String {
        self.json(&["task", "submit", &format!("do: {script}")])["taskId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn task(&self, id: &str) -> Value {
        self.json(&["task", "get", id])
    }

    /// Waits for the task's end and gives it.
    pub(crate) fn ended(&self, id: &str) -> Value {
        self.wire().call("task.wait", json!({ "taskId": id, "timeoutMs": 60_000 }))
    }

    /// The tasks for which the stand-in agent ran, one for each run.
    pub(crate) fn runs(&self) -> Vec<String> {
        self.read(".stand-in-runs").lines().map(str::to_owned).collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.command().args(["daemon", "stop"]).output();
        let left = || processes_of(self.path());
        if !std::thread::panicking() {
            until("the end of all processes", || left().is_empty());
        }
        for (pid, _) in left() {
            kill(pid, Signal::KILL);
        }
    }
}

impl Cli {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
