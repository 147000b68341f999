//! Commands as a person types them.

use std::process::Command;

use serde_json::json;

use super::{Project, postgres, repository};

/// Step of a person at a terminal.
pub(crate) enum Step {
    /// Waits until this is shown.
    Sees(&'static str),
    /// Types this.
    Types(&'static str),
    /// Runs a line of shell elsewhere, in which `$AIWG` is the binary.
    Runs(&'static str),
    /// Closes the terminal.
    Closes,
}

impl Project {
    /// Runs a command in a terminal, and gives its exit code and all that was shown.
    pub(crate) fn in_a_terminal(&self, args: &[&str], steps: &[Step]) -> (i32, String) {
        self.in_a_terminal_with(&[], args, steps)
    }

    /// The same with more in its environment.
    pub(crate) fn in_a_terminal_with(
        &self,
        environment: &[(&str, &str)],
        args: &[&str],
        steps: &[Step],
    ) -> (i32, String) {
        let steps: Vec<_> = steps
            .iter()
            .map(|step| match step {
                Step::Sees(text) => json!(["expect", text]),
                Step::Types(text) => json!(["send", text]),
                Step::Runs(line) => json!(["run", line]),
                Step::Closes => json!(["close", ""]),
            })
            .collect();
        let output = Command::new("python3")
            .arg(repository().join("tests/clients/in-a-terminal.py"))
            .arg(json!(steps).to_string())
            .arg(env!("CARGO_BIN_EXE_aiwg"))
            .args(args)
            .current_dir(self.path())
            .env_remove("AIWG_DAEMON_SOCKET")
            .env_remove("TMUX")
            .env("AIWG", env!("CARGO_BIN_EXE_aiwg"))
            .env_remove("AIWG_STORE")
            .envs(postgres::variables(self.path()))
            .envs(environment.iter().copied())
            .env("XDG_STATE_HOME", self.file("state-home"))
            .output()
            .unwrap();
        let shown =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap_or(-1), shown)
    }
}
