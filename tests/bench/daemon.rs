//! A daemon of the built binary, in a project of its own.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::load::{Load, measure};

pub(crate) struct BenchDaemon {
    aiwg: PathBuf,
    project: tempfile::TempDir,
    pub(crate) socket: PathBuf,
    pid: u32,
}

impl BenchDaemon {
    /// With 20 rules, none of which matches, and one agent that blocks the queue.
    pub(crate) fn start(aiwg: &Path) -> Self {
        let project = tempfile::tempdir().unwrap();
        let rules: Vec<_> = (0..20)
            .map(|n| {
                serde_json::json!({
                    "id": format!("rule-{n}"), "trigger": { "type": "event", "topic": format!("bench:{n}") },
                    "action": { "type": "submit_task", "prompt": "work" }
                })
            })
            .collect();
        let config = serde_json::json!({
            "daemon": { "max_parallel_actions": 1 },
            "agent": { "command": ["sleep", "3600"] },
            "rules": rules,
        });
        std::fs::create_dir(project.path().join(".aiwg")).unwrap();
        std::fs::write(project.path().join(".aiwg/daemon.json"), config.to_string()).unwrap();
        let output = Command::new(aiwg)
            .args(["daemon", "start", "--json", "--project"])
            .arg(project.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ready: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let daemon = Self {
            aiwg: aiwg.to_owned(),
            socket: ready["socket"].as_str().unwrap().into(),
            pid: ready["pid"].as_u64().unwrap().try_into().unwrap(),
            project,
        };
        daemon.cli(&["task", "submit", "blocks the queue", "--priority", "100"]);
        daemon
    }

    fn cli(&self, args: &[&str]) -> serde_json::Value {
        let output = Command::new(&self.aiwg)
            .args(args)
            .arg("--json")
            .arg("--project")
            .arg(self.project.path())
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Submits until so many tasks are queued.
    pub(crate) fn fill_queue(&self, wanted: u64) {
        while self.cli(&["task", "stats"])["queued"].as_u64().unwrap() < wanted {
            let load = Load {
                line: super::SUBMIT,
                in_flight: 512,
                together: true,
                time: std::time::Duration::from_millis(500),
            };
            measure(&self.socket, &load);
        }
    }

    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for BenchDaemon {
    fn drop(&mut self) {
        let _ =
            Command::new(&self.aiwg).args(["daemon", "stop", "--project"]).arg(self.project.path()).output();
    }
}
