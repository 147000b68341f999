//! What a daemon is started with, and who asks for that.

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

/// What a daemon is started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    /// The project's directory.
    pub project: PathBuf,
    /// The configuration to use in place of `.aiwg/daemon.json`.
    pub config: Option<PathBuf>,
    /// Whether whoever starts it does not wait for its end.
    pub detached: bool,
    /// Whether a person asks for it: then a configuration file that has changed is put in force. Else what was in force stays so.
    pub attended: bool,
    /// Whether it goes on as the daemon before it, with the configuration file that had.
    pub again: bool,
    /// Whether state that was made elsewhere is taken as one's own.
    pub adopt_state: bool,
    /// Whether the tasks of a Node daemon are taken over.
    pub import: bool,
}

impl Options {
    /// Those of the daemon that this process was before it began anew, if it did.
    pub fn before(project: &Path) -> Option<Self> {
        let Holder { detached, attended, .. } = before(&Project::at(project).ok()?)?;
        // Which file it had is in its store: the lock's file could have been changed by anyone.
        Some(Self {
            project: project.to_owned(),
            config: None,
            detached,
            attended,
            again: true,
            adopt_state: false,
            import: false,
        })
    }

    /// Who asks for it. Whatever this process was told, one that was started by an agent is the agent's.
    pub(super) fn asked(&self, known: &Known) -> Asked {
        match (self.attended && !known.has_unseen_agents, self.again) {
            _ if Process::current_is_kept() => Asked::Agent,
            (false, _) => Asked::Nobody,
            (true, true) => Asked::Restart,
            (true, false) => Asked::Start,
        }
    }

    /// Whether that may be.
    pub(super) fn check(&self, asked: Asked, known: &Known) -> Result<(), BootError> {
        if asked != Asked::Agent {
            return Ok(());
        }
        if self.adopt_state || self.import {
            return Err(BootError::NotAnAgents(
                "may not have a daemon take over what was made elsewhere: its tasks would run; a person may",
            ));
        }
        if known.in_force.is_none() {
            return Err(BootError::NotAnAgents(
                "puts no configuration in force, and none was in force here before: a person's `aiwg daemon start` comes first",
            ));
        }
        Ok(())
    }
}
