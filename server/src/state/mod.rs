//! Whether what is kept in `.aiwg/daemon` is this daemon's own work: what a clone, an archive or a copy brings is not acted upon.

mod file_system;
mod links;
mod stamp;

use std::path::PathBuf;

pub(crate) use file_system::not_promised;
pub(crate) use links::refuse_links;

use crate::{
    project::Project,
    store::{Found, InForce, StoreError, ask},
};

/// Why the state is not gone on with.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It was made elsewhere.
    #[error(
        "the state in {dir} was not made here: {why}. Its tasks would run, with the environment that they name. If it is yours (a copy, a \
         backup, or that of an older aiwg), `aiwg daemon start --adopt-state` goes on with it; if it came with the project, as a clone or an \
         archive, remove {dir} first",
        dir = dir.display()
    )]
    Foreign {
        /// Where it is.
        dir: PathBuf,
        /// How that shows.
        why: &'static str,
    },
    /// It cannot be told.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is known of the state before it is opened.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The configuration that is in force.
    pub(crate) in_force: Option<InForce>,
    /// The database is damaged: it must be set aside, and nothing in it be used.
    pub(crate) is_damaged: bool,
}

/// Looks at the state of a project whose lock the caller holds. `adopt` takes it as one's own; `is_handed_over` tells that this very process
/// was its daemon a moment ago.
///
/// # Errors
/// It was made elsewhere, or cannot be read.
pub(crate) fn examine(project: &Project, adopt: bool, is_handed_over: bool) -> Result<Known, StateError> {
    let path = project.database();
    let (found, in_force) = match ask(&path)? {
        Found::None => return Ok(Known::default()),
        Found::Damaged => return Ok(Known { is_damaged: !adopt, ..Known::default() }),
        Found::Said { stamp, in_force } => (stamp, in_force),
    };
    let foreign = |why| StateError::Foreign { dir: project.state_dir(), why };
    let now = stamp::of(&path).map_err(StoreError::io(&path))?;
    match found {
        Some(stamp) if stamp::agree(&stamp, &now) => Ok(Known { in_force, is_damaged: false }),
        // What a foreign state says is in force was never in force here.
        _ if adopt => Ok(Known::default()),
        Some(_) => Err(foreign("its database is a copy of one that was made elsewhere")),
        // One that an older version made. Neither a process nor a lock can come with a clone.
        None if is_handed_over || has_living_agents(project) => Ok(Known::default()),
        None => Err(foreign("its database does not say where it was made")),
    }
}

/// What is refused where the database was to be set aside, and was not.
pub(crate) fn not_set_aside(project: &Project) -> StateError {
    StateError::Foreign {
        dir: project.state_dir(),
        why: "its database is damaged, and does not say where it was made",
    }
}

/// Where the database of this project is now.
///
/// # Errors
/// It is gone.
pub(crate) fn stamp_here(project: &Project) -> std::io::Result<crate::store::Stamp> {
    stamp::of(&project.database())
}

/// Whether a shim of an earlier daemon lives.
fn has_living_agents(project: &Project) -> bool {
    let actions = std::fs::read_dir(project.actions_dir()).into_iter().flatten().flatten();
    actions.into_iter().any(|entry| aiwg_shim::is_held(&entry.path()).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn made(project: &Project) {
        let mut store = Store::open(&project.database()).unwrap();
        store.set_made_here(&stamp_here(project).unwrap()).unwrap();
        store.set_in_force(&InForce { named: None, text: Some("{}".to_owned()) }).unwrap();
        store.checkpoint().unwrap();
    }

    #[test]
    fn a_copy_is_foreign_and_what_was_moved_is_not() {
        let (_dir, project) = Project::temporary();
        assert!(examine(&project, false, false).unwrap().in_force.is_none());
        made(&project);
        assert_eq!(examine(&project, false, false).unwrap().in_force.unwrap().text.unwrap(), "{}");
        // Moved away and back: the same file.
        let elsewhere = project.root().join("elsewhere");
        std::fs::rename(project.state_dir(), &elsewhere).unwrap();
        std::fs::rename(&elsewhere, project.state_dir()).unwrap();
        examine(&project, false, false).unwrap();
        // A copy in its place.
        let copy = project.root().join("copy");
        std::fs::copy(project.database(), &copy).unwrap();
        std::fs::rename(&copy, project.database()).unwrap();
        let refused = examine(&project, false, false).unwrap_err().to_string();
        assert!(refused.contains("--adopt-state") && refused.contains("made elsewhere"), "{refused}");
        // What it says is in force is nobody's word here.
        assert!(examine(&project, true, false).unwrap().in_force.is_none());
        assert!(examine(&project, false, true).is_err());
    }

    #[test]
    fn one_without_a_stamp_is_foreign_unless_this_process_was_its_daemon() {
        let (_dir, project) = Project::temporary();
        drop(Store::open(&project.database()).unwrap());
        let refused = examine(&project, false, false).unwrap_err().to_string();
        assert!(refused.contains("does not say where"), "{refused}");
        examine(&project, false, true).unwrap();
        examine(&project, true, false).unwrap();
    }
}
