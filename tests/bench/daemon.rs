//! A daemon of the built binary, in a project of its own.

use std::{
    collections::HashMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::load::{Load, Until, measure};

pub(crate) struct BenchDaemon {
    aiwg: PathBuf,
    project: tempfile::TempDir,
    pub(crate) socket: PathBuf,
    pub(crate) pid: u32,
}

impl BenchDaemon {
    /// With 20 rules, none of which matches, and one agent that blocks the queue.
    pub(crate) fn blocked(aiwg: &Path) -> Self {
        let rules: Vec<Value> = (0..20)
            .map(|n| {
                json!({
                    "id": format!("rule-{n}"), "trigger": { "type": "event", "topic": format!("bench:{n}") },
                    "action": { "type": "submit_task", "prompt": "work" }
                })
            })
            .collect();
        let daemon = Self::start(
            aiwg,
            &json!({
                "daemon": { "max_parallel_actions": 1 },
                "agent": { "command": ["sleep", "3600"] },
                "rules": rules,
            }),
        );
        daemon.json(&["task", "submit", "blocks the queue", "--priority", "100"]);
        daemon
    }

    /// With this configuration.
    pub(crate) fn start(aiwg: &Path, config: &Value) -> Self {
        Self::start_in(aiwg, config, &[])
    }

    /// With this configuration, and these variables in its environment.
    pub(crate) fn start_in(aiwg: &Path, config: &Value, environment: &[(&str, String)]) -> Self {
        let project = tempfile::tempdir().unwrap();
        std::fs::create_dir(project.path().join(".aiwg")).unwrap();
        std::fs::write(project.path().join(".aiwg/daemon.json"), config.to_string()).unwrap();
        let mut daemon = Self { aiwg: aiwg.to_owned(), socket: PathBuf::new(), pid: 0, project };
        let mut start = daemon.command(&["daemon", "start", "--json"]);
        let started = start.envs(environment.iter().map(|(name, value)| (name, value))).output().unwrap();
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let ready: Value = serde_json::from_slice(&started.stdout).unwrap();
        daemon.socket = ready["socket"].as_str().unwrap().into();
        daemon.pid = ready["pid"].as_u64().unwrap().try_into().unwrap();
        daemon
    }

    /// Another process, with what the first one has not given back.
    pub(crate) fn restart(&mut self) {
        self.pid = self.json(&["daemon", "restart"])["pid"].as_u64().unwrap().try_into().unwrap();
    }

    /// Stops it, and starts it again after `act` has been in its project.
    pub(crate) fn while_stopped(&mut self, act: impl FnOnce(&Path)) {
        self.cli(&["daemon", "stop"]);
        act(self.project.path());
        self.pid = self.json(&["daemon", "start"])["pid"].as_u64().unwrap().try_into().unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.aiwg);
        command.args(args).arg("--project").arg(self.project.path());
        command
    }

    /// Runs the command in the project.
    pub(crate) fn cli(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.cli(&[args, &["--json"]].concat()).stdout).unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    /// Number of tasks in this state.
    pub(crate) fn count(&self, state: &str) -> u64 {
        self.json(&["task", "stats"])[state].as_u64().unwrap()
    }

    /// Submits so many tasks.
    pub(crate) fn submit(&self, tasks: usize) {
        let until = Until::Lines(tasks);
        measure(&self.socket, &Load { line: super::SUBMIT, in_flight: 512, together: true, until });
    }

    /// Memory that it has now, in MiB.
    pub(crate) fn resident_mib(&self) -> f64 {
        self.memory_mib("VmRSS:")
    }

    /// Memory that it has had at the most, in MiB.
    pub(crate) fn peak_mib(&self) -> f64 {
        self.memory_mib("VmHWM:")
    }

    /// The processor's time that it has taken, in microseconds, as exact as a hundredth of a second.
    pub(crate) fn processor_us(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        // Behind the name, which can hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
        // Linux counts hundredths towards programs, however often its clock ticks.
        ticks * 1e4
    }

    fn memory_mib(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Number of times that each of its threads gave the processor up of its own accord, by thread id.
    pub(crate) fn wake_ups(&self) -> HashMap<OsString, u64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap();
        let of = |path: PathBuf| {
            let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches:"));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
        };
        threads.map(Result::unwrap).map(|thread| (thread.file_name(), of(thread.path()))).collect()
    }

    /// The wake-ups since, but those of threads that have ended.
    pub(crate) fn wake_ups_since(&self, before: &HashMap<OsString, u64>) -> u64 {
        self.wake_ups().iter().map(|(thread, count)| count - before.get(thread).unwrap_or(&0)).sum()
    }
}

impl Drop for BenchDaemon {
    fn drop(&mut self) {
        let _ =
            Command::new(&self.aiwg).args(["daemon", "stop", "--project"]).arg(self.project.path()).output();
    }
}
