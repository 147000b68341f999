//! The configuration with which a daemon starts: the file's, where a person asks for the start; else the one that was
//! in force.

use std::path::{Path, PathBuf};

use aiwg_model::InForce;
use aiwg_protocol::config::Config;

use super::{
    Checks, ConfigError, Loaded,
    differences::Differences,
    load::{load_for, parse},
    trusted::read_trusted,
};
use crate::project::Project;

/// The asker of a start, on whom the configuration depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A person who starts the daemon: the file is put in force, and nothing is done where it is wrong.
    Start,
    /// A person who has the daemon restart: the file is put in force, if it is still as good as it was a moment ago.
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
    /// The report that the file differs, with the remedy.
    pub(crate) differs: Option<String>,
}

/// Decides. `named` is the file that the start names in place of the usual one.
///
/// # Errors
/// The configuration that is to be in force is wrong, or cannot be read.
pub(crate) fn choose(
    project: &Project,
    named: Option<PathBuf>,
    asked: Asked,
    kept: Option<InForce>,
    checks: Checks,
) -> Result<Chosen, ConfigError> {
    let Some(kept) = kept else {
        // The first start: the person who has this project here has read what it runs.
        let loaded = load_for(project, named.as_deref(), checks)?;
        return Ok(Chosen { loaded, named, changes: Vec::new(), differs: None });
    };
    let named = if asked == Asked::Start { named } else { named.or_else(|| kept.named.clone()) };
    match asked {
        Asked::Start => put_in_force(project, named, &kept, checks),
        Asked::Restart => put_in_force(project, named.clone(), &kept, checks)
            .or_else(|_| keep(project, named, &kept, checks)),
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
    Ok(Chosen { loaded, named, changes, differs: None })
}

fn keep(
    project: &Project,
    named: Option<PathBuf>,
    kept: &InForce,
    checks: Checks,
) -> Result<Chosen, ConfigError> {
    let loaded = of_kept(project, kept, checks)?;
    let file = named.clone().unwrap_or_else(|| project.config());
    let differs = differs(project, &file, kept, &loaded.config, checks);
    Ok(Chosen { loaded, named, changes: Vec::new(), differs })
}

/// The configuration that was in force.
fn of_kept(project: &Project, kept: &InForce, checks: Checks) -> Result<Loaded, ConfigError> {
    let Some(text) = &kept.text else { return Ok(Loaded::default()) };
    let path = kept.named.clone().unwrap_or_else(|| project.config());
    let (config, notices) = parse(project.root(), &path.display().to_string(), text, checks)?;
    Ok(Loaded { config, path: Some(path), notices, text: Some(text.clone()) })
}

/// The report of how the file differs from the configuration in force; none where it does not.
fn differs(
    project: &Project,
    file: &Path,
    kept: &InForce,
    in_force: &Config,
    checks: Checks,
) -> Option<String> {
    let how = match read_trusted(file) {
        Ok(text) if Some(&text) == kept.text.as_ref() => return None,
        Ok(text) => match parse(project.root(), &file.display().to_string(), &text, checks) {
            Ok((config, _)) => match Differences::between(in_force, &config) {
                same if same.is_empty() => return None,
                differences => format!("has changed since ({})", differences.places()),
            },
            Err(error) => format!("has changed since, and is wrong: {error}"),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            kept.text.as_ref()?;
            "is gone since".to_owned()
        }
        Err(error) => format!("cannot be read any more: {error}"),
    };
    Some(format!(
        "the configuration that was in force stays in force, as no person has asked for this start, but {} {how}; look at it, then \
         `aiwg daemon reload` puts it in force",
        file.display()
    ))
}
