//! Messages to an agent that works: its shim passes on the lines that are added to a file in its run's directory.
//!
//! The store is the queue. What is added here, and when, decides nothing: a message counts as delivered when the agent has reported that it
//! is part of the conversation, and any other one goes to the next run.

use std::{
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use aiwg_agents::AgentProgram;
use aiwg_fs::{Dir, at};
use aiwg_model::{Message, MessageId};
use aiwg_protocol::config::AgentConfig;
use aiwg_shim::INPUT_FILE;
use rustix::fs::OFlags;
use tokio::sync::{mpsc, watch};

use super::{Shared, launch::Launch};
use crate::{
    beside::beside,
    profiles::{program, takes_messages},
};

/// The longest file in which messages are looked for, in bytes.
const LONGEST: u64 = 256 * 1024 * 1024;

/// True if an agent of this profile, in this role, takes messages while it works. Unless it is said, only one does whose command is the program itself:
/// a wrapper may want to read the prompt to its end. And only one without a role: a role that does not exist is an error to `claude`, but
/// not where its input stays open (2.1.330 and 2.1.332), and the default agent would do the work.
pub(super) fn are_taken(agent: &AgentConfig, role: Option<&str>) -> bool {
    let is_itself = aiwg_agents::command::runs(&agent.command, program(agent).name());
    let has_role = role.is_some() || agent.command.iter().any(|word| is_role(word));
    agent.steer.unwrap_or(is_itself && !has_role) && takes_messages(agent)
}

/// True if this word of a command names a role.
fn is_role(word: &str) -> bool {
    word.split('=').next() == Some("--agent")
}

/// The file as it is when the agent is started: with its prompt.
pub(super) fn begin(dir: &Dir, program: &dyn AgentProgram, run: Launch, prompt: &str) -> io::Result<()> {
    let line = program.message(&MessageId::Prompt(run.id()).to_string(), prompt).unwrap_or_default();
    let mut file = dir.open_private(INPUT_FILE.as_ref(), OFlags::CREATE | OFlags::EXCL)?;
    file.write_all(line.as_bytes())
}

/// The messages to the agent of a run.
pub(super) struct Messages {
    pub(super) run: Launch,
    pub(super) dir: PathBuf,
    pub(super) program: &'static dyn AgentProgram,
    /// Messages that may have been added by an earlier daemon.
    pub(super) earlier: Vec<Message>,
}

impl Messages {
    /// Adds them as they come, once the agent has reported on a message, be it its prompt: one that reports on none may take in what is
    /// added, and the next run would be asked it again. It returns when no more will come.
    pub(super) async fn pass_on(
        self,
        shared: &Shared,
        orders: &mut mpsc::UnboundedReceiver<Message>,
        heard: &mut watch::Receiver<bool>,
    ) {
        let dir = self.dir.clone();
        if !beside(move || dir.join(INPUT_FILE).exists()).await {
            return;
        }
        shared.context.running.set_live(self.run.id());
        if heard.wait_for(|is_heard| *is_heard).await.is_err() {
            return;
        }
        for message in self.earlier.clone() {
            self.add(message, true).await;
        }
        while let Some(message) = orders.recv().await {
            self.add(message, false).await;
        }
    }

    async fn add(&self, message: Message, may_be_there: bool) {
        let id = MessageId::Sent(self.run.no, message.n).to_string();
        let Some(line) = self.program.message(&id, &message.text) else { return };
        let dir = self.dir.clone();
        if let Err(error) = beside(move || add(&dir, &line, may_be_there.then_some(&id))).await {
            tracing::warn!(
                task = %self.run.no, n = message.n, %error,
                "a message could not be passed on to the agent while it works: it waits for the next run"
            );
        }
    }
}

/// Adds a line, unless one with this id is there.
fn add(dir: &Path, line: &str, id: Option<&String>) -> io::Result<()> {
    let path = dir.join(INPUT_FILE);
    let add = || -> io::Result<()> {
        let dir = Dir::open_own_in_own(dir)?;
        if let Some(id) = id
            && memchr::memmem::find(&dir.read_bounded(INPUT_FILE.as_ref(), LONGEST)?, id.as_bytes()).is_some()
        {
            return Ok(());
        }
        let mut file = dir.open_private(INPUT_FILE.as_ref(), OFlags::APPEND)?;
        let end = file.metadata()?.len();
        let mut last = [0];
        if end > 0 && (file.read_at(&mut last, end - 1)? == 0 || last != *b"\n") {
            // A daemon was killed while it wrote that. As the beginning of this line, it would end the agent.
            return Err(io::Error::other("its last line is not complete"));
        }
        // With one call, so that it is there as a whole, or not at all.
        file.write_all(line.as_bytes()).inspect_err(|_| drop(file.set_len(end)))
    };
    add().map_err(at(&path))
}

#[cfg(test)]
mod tests {
    use aiwg_agents::program_named;
    use aiwg_model::TaskNo;
    use aiwg_protocol::config::PromptBy;

    use super::*;

    fn agent(command: &str) -> AgentConfig {
        let command = command.split(' ').map(str::to_owned).collect();
        AgentConfig { command, ..AgentConfig::default() }
    }

    #[test]
    fn only_what_reads_messages_for_certain_gets_any() {
        let stream = "-p --output-format stream-json --verbose";
        let claude = agent(&format!("/opt/claude {stream}"));
        let are_taken = |agent: &AgentConfig| super::are_taken(agent, None);
        let steered = |agent: &AgentConfig| AgentConfig { steer: Some(true), ..agent.clone() };
        assert!(are_taken(&claude));
        assert!(!are_taken(&AgentConfig { steer: Some(false), ..claude.clone() }));
        assert!(!are_taken(&AgentConfig { prompt: PromptBy::Argument, ..claude.clone() }));
        let wrapper = agent(&format!("./wrapper {stream}"));
        assert!(!are_taken(&wrapper) && are_taken(&steered(&wrapper)));
        assert!(!are_taken(&steered(&agent("claude -p"))) && !are_taken(&agent("codex exec --json -")));
        // A role that does not exist would not be noticed.
        for role in ["--agent x", "--agent=x"] {
            let with_role = agent(&format!("claude {role} {stream}"));
            assert!(!are_taken(&with_role) && are_taken(&steered(&with_role)));
        }
        assert!(!super::are_taken(&claude, Some("x")) && super::are_taken(&steered(&claude), Some("x")));
    }

    #[test]
    fn a_message_is_added_once_and_never_to_half_a_line() {
        let place = tempfile::tempdir().unwrap();
        let claude = program_named("claude").unwrap();
        let run = Launch { no: TaskNo(1), launch: 1 };
        begin(&Dir::open(place.path()).unwrap(), claude, run, "Do it").unwrap();
        let id = MessageId::Sent(run.no, 1).to_string();
        let line = claude.message(&id, "a\nb").unwrap();
        let text = || std::fs::read_to_string(place.path().join(INPUT_FILE)).unwrap();
        for _ in 0..2 {
            add(place.path(), &line, Some(&id)).unwrap();
            assert_eq!(text().lines().count(), 2, "{}", text());
        }
        std::fs::write(place.path().join(INPUT_FILE), "{\"type\":").unwrap();
        assert!(add(place.path(), &line, None).is_err());
        assert_eq!(text(), "{\"type\":");
    }
}
