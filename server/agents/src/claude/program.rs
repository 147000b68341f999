//! `claude` as an agent's program.

use std::{io, path::Path};

use serde_json::json;

use super::{Format, Progress, ResultWatch, command, evaluate, read, settings};
use crate::{
    command::{Capabilities, CommandError, Invocation, OwnSettings, runs},
    evaluation::{Evaluation, Exit},
    price::Spent,
    program::{AgentProgram, PreviousTotal, WorkWatch, remedy},
    reason::Reason,
};

/// `claude -p` with an output format that says how the work went, whatever the program is called: a wrapper may run it.
#[derive(Debug)]
pub struct Claude;

impl AgentProgram for Claude {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn understands(&self, command: &[String]) -> bool {
        runs(command, self.name()) || Format::of(command) != Format::Text
    }

    fn evaluate(
        &self,
        command: &[String],
        stdout: &Path,
        exit: &Exit<'_>,
        previous_total: PreviousTotal<'_>,
    ) -> io::Result<Evaluation> {
        Ok(evaluate(exit, &read(stdout, 0, Format::of(command))?, previous_total))
    }

    fn usual_command(&self) -> &'static [&'static str] {
        &["claude", "-p", "--output-format", "stream-json", "--verbose"]
    }

    fn interactive(&self, configured: &[String], session: &str) -> Result<Vec<String>, CommandError> {
        command::interactive(configured, session)
    }

    fn command(
        &self,
        configured: &[String],
        invocation: &Invocation<'_>,
    ) -> Result<Vec<String>, CommandError> {
        command::command(configured, invocation)
    }

    fn read_only(&self, configured: &[String]) -> Option<Vec<String>> {
        Some(command::read_only(configured))
    }

    fn own_settings<'a>(&self, configured: &'a [String]) -> Option<&'a str> {
        settings::own(configured)
    }

    fn asking(&self, hook: &str, own: Option<OwnSettings<'_>>) -> Result<String, CommandError> {
        settings::asking(hook, own)
    }

    fn capabilities(&self, configured: &[String]) -> Capabilities {
        command::capabilities(configured)
    }

    fn message(&self, id: &str, text: &str) -> Option<String> {
        let message = json!({
            "type": "user", "message": { "role": "user", "content": text }, "parent_tool_use_id": null, "uuid": id
        });
        Some(format!("{message}\n"))
    }

    fn remedy(&self, reason: Reason) -> Option<&'static str> {
        match reason {
            Reason::Auth => Some(
                "log in with `claude auth login`, or for unattended use set CLAUDE_CODE_OAUTH_TOKEN to what `claude setup-token` gives, and \
                 restart the daemon",
            ),
            other => remedy(other),
        }
    }

    fn watch(&self, command: &[String], stdout: &Path) -> Option<Box<dyn WorkWatch>> {
        let format = Format::of(command);
        (format != Format::Text)
            .then(|| Box::new(Watch { watch: ResultWatch::new(stdout, 0, format), before: 0 }) as _)
    }
}

struct Watch {
    watch: ResultWatch,
    /// The length of what was read at the last look, in bytes.
    before: u64,
}

impl WorkWatch for Watch {
    fn done(&mut self) -> io::Result<Option<u64>> {
        let mut progress = self.watch.look()?;
        if self.watch.position() == self.before {
            progress = self.watch.look_at_silent()?;
        }
        self.before = self.watch.position();
        Ok((progress == Progress::Done).then(|| self.watch.steps()))
    }

    fn spent(&self) -> Spent {
        self.watch.spent()
    }

    fn taken(&self) -> &[String] {
        self.watch.taken()
    }

    fn is_mute(&self) -> bool {
        self.watch.is_mute()
    }
}
