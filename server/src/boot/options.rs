//! The options of a start, and who asks for it.

use std::path::{Path, PathBuf};

use aiwg_shim::Process;
use serde::{Deserialize, Serialize};

use super::BootError;
use crate::{
    config::Asked,
    lifecycle::{Holder, before},
    project::Project,
    state::Known,
};

/// The options of a daemon's start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    /// The project's directory.
    pub project: PathBuf,
    /// The configuration to use in place of `.aiwg/daemon.json`.
    pub config: Option<PathBuf>,
    /// True if the daemon runs in the background.
    pub detached: bool,
    /// True if a person asks for the start: then a configuration file that has changed is put in force. Otherwise the configuration in force stays.
    pub attended: bool,
    /// True if it goes on as the daemon before it, with that daemon's configuration file.
    pub again: bool,
    /// The directory for what all daemons of the user share; none for the user's own.
    #[serde(default)]
    pub shared: Option<PathBuf>,
    /// True if a linked work tree of git may be the project, of which no daemon has been there before.
    #[serde(default)]
    pub in_worktree: bool,
    /// True if state that was made elsewhere is accepted.
    pub adopt_state: bool,
    /// True if the tasks of a Node daemon are imported.
    pub import: bool,
}

impl Options {
    /// The previous daemon's options, if this process restarted in place.
    pub fn before(project: &Path) -> Option<Self> {
        let Holder { detached, attended, .. } = before(&Project::at(project).ok()?)?;
        // The file that it had is named in its store: anyone could have changed the lock's file.
        Some(Self {
            project: project.to_owned(),
            config: None,
            detached,
            attended,
            again: true,
            shared: None,
            in_worktree: true,
            adopt_state: false,
            import: false,
        })
    }

    /// The asker of the start. Whatever its options say, a process that was started by an agent is the agent's.
    pub(super) fn asked(&self, known: &Known) -> Asked {
        match (self.attended && !known.has_unseen_agents, self.again) {
            _ if Process::current_is_kept() => Asked::Agent,
            (false, _) => Asked::Nobody,
            (true, true) => Asked::Restart,
            (true, false) => Asked::Start,
        }
    }

    /// Checks that this start is allowed.
    pub(super) fn check(&self, asked: Asked, known: &Known) -> Result<(), BootError> {
        if asked != Asked::Agent {
            return Ok(());
        }
        if self.adopt_state || self.import {
            return Err(BootError::NotAnAgents(
                "may not have a daemon accept state or import tasks that were made elsewhere, since those tasks would run; a person may",
            ));
        }
        if known.in_force.is_none() {
            return Err(BootError::NotAnAgents(
                "may not put a configuration in force, and none has been in force here yet: a person has to run `aiwg daemon start` first",
            ));
        }
        Ok(())
    }
}
