//! A temporary project, and its daemon in this process.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aiwg_client::{DaemonClient, types::TaskState};
use aiwg_server::boot::{Ended, Ready};
use rustix::process::Signal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    agents::{SCRIPT, stand_in},
    kill, processes_of,
    running::Running,
    until, until_some,
    wire::Wire,
};

/// A daemon in the test's own process, in a temporary project. When it is dropped, it is stopped and joined, and
/// nothing may be left running. Use [`TestDaemon::wire`] and [`TestDaemon::client`] to call it; the other methods that
/// do have a connection for each call.
pub struct TestDaemon {
    /// None while it is stopped.
    running: Option<Running>,
    dir: tempfile::TempDir,
    /// The directory for what all daemons of a user share.
    shared: Arc<tempfile::TempDir>,
}

impl TestDaemon {
    /// One whose agents are the stand-in, and whose configuration has `more` besides.
    pub fn with(more: Value) -> Self {
        Self::try_with(more).unwrap_or_else(|why| panic!("the daemon does not start: {why}"))
    }

    /// The same; otherwise the reason for which it does not start.
    ///
    /// # Errors
    /// It does not start.
    pub fn try_with(more: Value) -> Result<Self, String> {
        let mut daemon = Self::stopped(more);
        daemon.running = Some(Running::start(daemon.path(), daemon.shared())?);
        Ok(daemon)
    }

    /// One that is configured so, and does not run until [`TestDaemon::start`]: for what is to be there before.
    pub fn stopped(more: Value) -> Self {
        let dir = tempfile::Builder::new().prefix("aiwg-test-").tempdir().unwrap();
        let shared = Arc::new(tempfile::Builder::new().prefix("aiwg-shared-").tempdir().unwrap());
        let daemon = Self { running: None, dir, shared };
        daemon.configure(more);
        daemon
    }

    /// One of the same user as `other`: they share what they know. Another user's daemons know nothing of it.
    pub fn beside(other: &Self, more: Value) -> Self {
        let mut daemon = Self::stopped(more);
        daemon.shared = Arc::clone(&other.shared);
        daemon.start();
        daemon
    }

    /// The directory for what all daemons of its user share.
    pub fn shared(&self) -> &Path {
        self.shared.path()
    }

    /// Writes the configuration: the stand-in as its agent, and `more` besides. [`TestDaemon::reload`] puts it in
    /// force.
    pub fn configure(&self, more: Value) {
        let mut config = json!({ "agent": stand_in() });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        std::fs::create_dir_all(self.file(".aiwg")).unwrap();
        std::fs::write(self.file(".aiwg/daemon.json"), config.to_string()).unwrap();
    }

    /// Puts another configuration in force.
    pub fn reload(&self, more: Value) {
        self.configure(more);
        assert_eq!(self.call("daemon.reload", json!({}))["reloaded"], true);
    }

    /// Starts it after it was stopped.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        self.running = Some(Running::start(self.path(), self.shared()).unwrap());
    }

    /// The same, as by `aiwg daemon start --adopt-state`.
    pub fn start_adopting(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        self.running = Some(Running::start_as(self.path(), self.shared(), true).unwrap());
    }

    /// Stops it, and its agents.
    pub fn stop(&mut self) {
        let ended = self.running.take().expect("a daemon that runs").stop();
        assert!(matches!(ended, Ok(Ended::Stopped)), "{ended:?}");
    }

    /// Stops it without its agents: those go on, and a start finds them.
    pub fn leave_agents(&mut self) {
        self.call("daemon.stop", json!({ "keepAgents": true }));
        assert!(matches!(self.ended_by_itself(), Ok(Ended::Stopped)));
    }

    /// Stops it without its agents, and starts it again.
    pub fn restart(&mut self) {
        self.leave_agents();
        self.start();
    }

    /// Waits until it has ended without being asked to by the test.
    ///
    /// # Errors
    /// It panicked.
    pub fn ended_by_itself(&mut self) -> Result<Ended, String> {
        self.running.take().expect("a daemon that runs").ended()
    }

    /// Its report of the start: the problems that a person should look at, among others.
    pub fn ready(&self) -> &Ready {
        &self.running.as_ref().expect("a daemon that runs").ready
    }

    /// The project's directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The path of a file of the project.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The content of a file of the project; empty if it cannot be read.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), content).unwrap();
    }

    /// The path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.file(".aiwg/daemon/daemon.sock")
    }

    /// A connection on which lines are sent and received by hand.
    pub fn wire(&self) -> Wire {
        Wire::connect(&self.socket())
    }

    /// A connection of the Rust client.
    pub async fn client(&self) -> DaemonClient {
        DaemonClient::connect_to(self.socket()).await.unwrap()
    }

    /// Calls a method that must succeed, and gives its result.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.wire().call(method, params)
    }

    /// Calls a method that must fail, and gives its error: `code`, `message` and `data.kind`.
    pub fn error(&self, method: &str, params: Value) -> Value {
        self.wire().try_call(method, params)["error"].take()
    }

    /// Emits an event, and gives the answer: its number, and the rules that it matched.
    pub fn emit(&self, topic: &str, payload: Value) -> Value {
        self.call("event.emit", json!({ "topic": topic, "payload": payload }))
    }

    /// Submits a task whose stand-in agent runs `script`, and gives its id.
    pub fn submit(&self, script: &str) -> String {
        self.submit_with(json!({ "prompt": format!("do: {script}") }))
    }

    /// Submits a task with these params, and gives its id.
    pub fn submit_with(&self, params: Value) -> String {
        self.call("task.submit", params)["taskId"].as_str().unwrap().to_owned()
    }

    /// The task with this id.
    pub fn task(&self, id: &str) -> Value {
        self.call("task.get", json!({ "taskId": id }))
    }

    /// Waits until there is such a task in this state, and gives it. One that has ended in another state fails the
    /// test.
    pub fn wait_for_task(&self, id: &str, state: &str) -> Value {
        self.until_task(id, &format!("to be {state}"), |task| task["state"] == state)
    }

    /// Waits until there is such a task of which this is true, and gives it. One that has ended, and of which it is
    /// not, fails the test.
    pub fn until_task(&self, id: &str, what: &str, is_true: impl Fn(&Value) -> bool) -> Value {
        let mut wire = self.wire();
        until_some(&format!("{id} {what}"), || {
            let task = wire.try_call("task.get", json!({ "taskId": id })).get("result").cloned()?;
            let is_true = is_true(&task);
            let state = TaskState::deserialize(&task["state"]).unwrap();
            assert!(is_true || !state.is_final(), "{id} is waited for {what}, and has ended: {task}");
            is_true.then_some(task)
        })
    }

    /// Waits until there is such a task and it has ended, however, and gives it.
    pub fn ended(&self, id: &str) -> Value {
        let mut wire = self.wire();
        until_some(id, || {
            let wait = json!({ "taskId": id, "timeoutMs": 60_000 });
            wire.try_call("task.wait", wait).get("result").cloned()
        })
    }

    /// Its status, with that of all subsystems.
    pub fn status(&self) -> Value {
        self.call("daemon.status", json!({}))
    }

    /// The state of a rule.
    pub fn rule(&self, id: &str) -> Value {
        let status = self.call("automation.status", json!({}));
        let rules = status["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["id"] == id).unwrap_or_else(|| panic!("{id} in {status}")).clone()
    }

    /// The number of tasks, ended ones among them.
    pub fn total(&self) -> u64 {
        self.call("task.stats", json!({}))["total"].as_u64().unwrap()
    }

    /// The tasks for which a stand-in agent ran, one for each run.
    pub fn runs(&self) -> Vec<String> {
        self.read(".stand-in-runs").lines().map(str::to_owned).collect()
    }

    /// Sets the lines that a [`scripted`](crate::scripted) agent prints from its next run on. `wait FILE` has it wait
    /// until there is such a file in the project, `exit CODE` has it exit.
    pub fn script<'a>(&self, lines: impl IntoIterator<Item = &'a str>) {
        let text: String = lines.into_iter().flat_map(|line| [line, "\n"]).collect();
        self.write(SCRIPT, &text);
    }
}

impl Drop for TestDaemon {
    fn drop(&mut self) {
        let ended = self.running.take().map(Running::stop);
        let left = || processes_of(self.path());
        if !std::thread::panicking() {
            assert!(matches!(ended, None | Some(Ok(_))), "{ended:?}");
            until("the end of all processes", || left().is_empty());
        }
        for (pid, _) in left() {
            kill(pid, Signal::KILL);
        }
    }
}
