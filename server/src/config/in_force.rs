//! The configuration with which a daemon starts: the file's, where a person asks for the start; else the one that was
//! in force.

use std::path::PathBuf;

use aiwg_model::InForce;

use super::{
    Checks, ConfigError, Loaded,
    differences::Differences,
    load::{load_for, parse},
};
use crate::project::Project;

/// The asker of a start, on whom the configuration depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A person who starts the daemon: the file is put in force, and nothing is done where it is wrong.
    Start,
    /// A person who has the daemon restart: the file is put in force, if it is still what that person was shown.
    Restart,
    /// No person: a service manager, a container.
    Nobody,
    /// An agent, which does not decide which configuration is in force.
    Agent,
}

impl Asked {
    /// True if a person asks, and so puts a changed file in force.
    pub(crate) fn is_a_persons(self) -> bool {
        matches!(self, Self::Start | Self::Restart)
    }
}

/// The configuration with which a daemon starts.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// The configuration.
    pub(crate) loaded: Loaded,
    /// The file that a reload is to read in place of the usual one.
    pub(crate) named: Option<PathBuf>,
    /// The changes that a person puts in force with it, a line each.
    pub(crate) changes: Vec<String>,
}

/// Decides. `named` is the file that the start names in place of the usual one, `approved` the digest of the configuration that a person was shown
/// when the restart was asked for.
///
/// # Errors
/// The configuration that is to be in force is wrong, or cannot be read.
pub(crate) fn choose(
    project: &Project,
    named: Option<PathBuf>,
    asked: Asked,
    kept: Option<InForce>,
    approved: Option<&str>,
    checks: Checks,
) -> Result<Chosen, ConfigError> {
    let Some(kept) = kept else {
        // The first start: the person who has this project here has read what it runs.
        let loaded = load_for(project, named.as_deref(), checks)?;
        return Ok(Chosen { loaded, named, changes: Vec::new() });
    };
    let named = if asked == Asked::Start { named } else { named.or_else(|| kept.named.clone()) };
    match asked {
        Asked::Start => put_in_force(project, named, &kept, checks),
        Asked::Restart => match put_in_force(project, named.clone(), &kept, checks) {
            Ok(chosen) if approved.is_none_or(|approved| approved == chosen.loaded.digest()) => Ok(chosen),
            _ => keep(project, named, &kept, checks),
        },
        Asked::Nobody => keep(project, named, &kept, checks),
        // Nor which file a later reload reads.
        Asked::Agent => keep(project, kept.named.clone(), &kept, checks),
    }
}

fn put_in_force(
    project: &Project,
    named: Option<PathBuf>,
    kept: &InForce,
    checks: Checks,
) -> Result<Chosen, ConfigError> {
    let loaded = load_for(project, named.as_deref(), checks)?;
    if loaded.path.is_none() && kept.text.is_some() && kept.named.is_none() {
        return Err(ConfigError::gone(&project.config()));
    }
    let old = of_kept(project, kept, checks).map(|loaded| loaded.config).unwrap_or_default();
    let changes = Differences::between(&old, &loaded.config).lines();
    Ok(Chosen { loaded, named, changes })
}

fn keep(
    project: &Project,
    named: Option<PathBuf>,
    kept: &InForce,
    checks: Checks,
) -> Result<Chosen, ConfigError> {
    let loaded = of_kept(project, kept, checks)?;
    Ok(Chosen { loaded, named, changes: Vec::new() })
}

/// The configuration that was in force.
fn of_kept(project: &Project, kept: &InForce, checks: Checks) -> Result<Loaded, ConfigError> {
    let Some(text) = &kept.text else { return Ok(Loaded::default()) };
    let path = kept.named.clone().unwrap_or_else(|| project.config());
    let parsed = parse(project.root(), &path.display().to_string(), text, checks)?;
    Ok(parsed.loaded(&path, text.clone()))
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::config::Config;

    use super::*;

    #[test]
    fn a_restart_puts_in_force_what_the_person_was_shown() {
        let (_dir, project) = Project::temporary();
        let kept = || Some(InForce { named: None, text: Some("{}".to_owned()) });
        let shown =
            Loaded { text: Some(r#"{ "daemon": { "max_queued": 5 } }"#.to_owned()), ..Loaded::default() };
        let approved = shown.digest();
        let most = |text: &str, approved: Option<&str>| {
            std::fs::write(project.config(), text).unwrap();
            let chosen = choose(&project, None, Asked::Restart, kept(), approved, Checks(&[])).unwrap();
            chosen.loaded.config.daemon.max_queued
        };
        let as_kept = Config::default().daemon.max_queued;
        assert_eq!(most(shown.text.as_deref().unwrap(), Some(&approved)), Some(5));
        // Edited between the request and the restart.
        assert_eq!(most(r#"{ "daemon": { "max_queued": 6 } }"#, Some(&approved)), as_kept);
        assert_eq!(most("{ broken", Some(&approved)), as_kept);
        // An earlier version has restarted: it names no digest.
        assert_eq!(most(r#"{ "daemon": { "max_queued": 6 } }"#, None), Some(6));
    }
}
