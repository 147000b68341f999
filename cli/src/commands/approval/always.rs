//! `aiwg approval approve --always`: a person allows such calls for good, by a rule in the settings of `claude` for this project.

use std::{
    fmt::Display,
    fs,
    io::{self, BufRead, IsTerminal},
    path::{Path, PathBuf},
};

use aiwg_agents::claude::rule;
use aiwg_client::types::{Approval, ApprovalKind, ApprovalState};

use crate::{
    claude_settings::ClaudeSettings,
    error::CliError,
    output::{note, visible},
    project::here,
};

/// The file for a person's own rules, below the project.
const SETTINGS: &str = ".claude/settings.local.json";

/// A rule that is to be written once the call is approved.
pub(super) struct Always {
    rule: String,
    settings: ClaudeSettings,
    path: PathBuf,
}

impl Always {
    /// The rule that allows calls such as the one of this approval. Nothing is written yet.
    ///
    /// # Errors
    /// It is no permission that waits, there is no rule for it, or the file is not one that can be added to.
    pub(super) fn of(project: Option<&Path>, approval: &Approval) -> Result<Self, CliError> {
        let refused = |why: &str| CliError::Failed(format!("--always: {why}; nothing was decided"));
        if approval.kind != ApprovalKind::Permission || approval.state != ApprovalState::Pending {
            return Err(refused("only the use of a tool that waits for a decision can be allowed for good"));
        }
        let tool = approval.request.tool.as_deref().unwrap_or_default();
        let input = approval.request.input.as_ref().and_then(|input| input.to().ok()).unwrap_or_default();
        let rule = rule(tool, &input).map_err(|why| {
            refused(&format!("{}: approve it this once, and write a rule by hand", visible(&why)))
        })?;
        let Some(root) = here(project) else {
            return Err(refused("the rule belongs into a file of the project, which is not on this machine"));
        };
        let path = root.join(SETTINGS);
        if leads_elsewhere(&path) {
            return Err(refused(&format!("{} leads elsewhere, by a link", path.display())));
        }
        let mut settings = ClaudeSettings::read(path.clone())?;
        settings.add("allow", &rule)?;
        Ok(Self { rule, settings, path })
    }

    /// Shows the rule and its file, and asks whether that is meant, unless `yes` says so.
    ///
    /// # Errors
    /// The person does not want it, or nobody can be asked.
    pub(super) fn confirmed(&self, yes: bool) -> Result<(), CliError> {
        note(&format!("The rule for {}, permissions.allow:", visible(&self.path.to_string_lossy())));
        note(&format!("  {}", visible(&self.rule)));
        if yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            let message = "--always asks whether this rule is meant, and nobody can answer here: --yes says so; nothing was decided";
            return Err(CliError::Usage(message.to_owned()));
        }
        note("Write this rule and approve the call? [y/N]");
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        match ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            true => Ok(()),
            false => Err(CliError::Failed("nothing was decided, and nothing was written".to_owned())),
        }
    }

    /// Writes the rule.
    ///
    /// # Errors
    /// It cannot be written; the call is approved all the same.
    pub(super) fn write(self) -> Result<(), CliError> {
        let once =
            |why: &dyn Display| CliError::Failed(format!("the call is approved, but not for good: {why}"));
        if leads_elsewhere(&self.path) {
            return Err(once(&format!("{} leads elsewhere, by a link", self.path.display())));
        }
        let path = self.settings.write().map_err(|error| once(&error))?;
        note(&format!("Such calls are allowed for good, in {}.", visible(&path.to_string_lossy())));
        Ok(())
    }
}

/// True if the file, or its directory, is a link: who has made it would decide which settings are changed.
fn leads_elsewhere(path: &Path) -> bool {
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    path.ancestors().take(2).any(is_link)
}
