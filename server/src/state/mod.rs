//! The check that the state in `.aiwg/daemon` is this daemon's own work: a daemon does not act upon one that a clone, an archive or a copy brings.

mod file_system;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_fs::within;
use aiwg_model::{InForce, TaskNo};
use aiwg_store::StoreError;
use aiwg_store_sqlite::{Found, Mismatch, ask, from_io, has_journal, has_lost_log};
pub(crate) use file_system::not_promised;

use crate::project::{Project, living_run, run_dirs};

/// The time that the directories of tasks have to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The reason for which the daemon does not go on with the state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The state was made elsewhere.
    #[error(
        "the state in {dir} was not made here: {why}. Its tasks would run, with the environment that they name. If it is yours (a copy, a \
         backup, or that of an older aiwg), `aiwg daemon start --adopt-state` goes on with it, and gives up all other hosts that share its store; if it came with the project, as a clone or an \
         archive, or this is to be one more of these hosts, remove {dir} first",
        dir = dir.display()
    )]
    Foreign {
        /// Its directory.
        dir: PathBuf,
        /// The evidence.
        why: &'static str,
    },
    /// A file beside the database was not made with it.
    #[error(
        "{database}-wal, or -journal, was not made with the database beside it, and would change its content: a checkout or an archive \
         may have brought it. Remove it, and start again; if it is yours (a backup that you have restored), \
         `aiwg daemon start --adopt-state` goes on with it",
        database = database.display()
    )]
    Planted {
        /// The database.
        database: PathBuf,
    },
    /// The configuration that was in force is lost with the database.
    #[error(
        "the database {database} is damaged ({why}), and the configuration that was in force is lost with it. No person has asked for this \
         start, so nothing is put in force in its place: `aiwg daemon start` renames the database if it cannot be read, and begins with \
         the configuration file",
        database = database.display()
    )]
    Lost {
        /// The database.
        database: PathBuf,
        /// The evidence of the damage.
        why: String,
    },
    /// The changes stored last are lost: something was written over the log beside the database.
    #[error(
        "{}. No person has asked for this start, so the daemon does not start: `aiwg daemon start` goes on with what is left in the database",
        lost_log(database)
    )]
    LostLog {
        /// The database.
        database: PathBuf,
    },
    /// The database does not answer the question.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The facts about the state that are found before it is opened.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The configuration that is in force.
    pub(crate) in_force: Option<InForce>,
    /// True if an agent lives that this process cannot see: it is in a name space of its own, as an agent could make one to look like a person
    /// outside.
    pub(crate) has_unseen_agents: bool,
    /// The evidence that the database is damaged, if it is: it must go into quarantine, and nothing in it be used.
    pub(crate) damage: Option<String>,
    /// True if it was made here, but holds no configuration in force, which every daemon stores before all else: that is lost.
    pub(crate) has_lost_force: bool,
    /// True if something was written over the log beside the database: the changes stored last are lost.
    pub(crate) has_lost_log: bool,
}

/// The message about a log that something was written over.
pub(crate) fn lost_log(database: &Path) -> String {
    format!(
        "something was written over {}-wal, the log beside the database: the changes stored last are lost with it",
        database.display()
    )
}

impl Known {
    /// Checks that a start may put the configuration file in force where no other configuration is known. A damaged database is no reason to put in
    /// force what no person has asked for, since everyone who may write there could damage it.
    ///
    /// # Errors
    /// It may not be put in force.
    pub(crate) fn may_put_file_in_force(
        &self,
        project: &Project,
        is_asked_for: bool,
    ) -> Result<(), StateError> {
        if is_asked_for {
            return Ok(());
        }
        let no_force = "it does not say which one that is".to_owned();
        let database = project.database();
        match self.damage.clone().or(self.has_lost_force.then_some(no_force)) {
            Some(why) => Err(StateError::Lost { database, why }),
            None if self.has_lost_log => Err(StateError::LostLog { database }),
            None => Ok(()),
        }
    }
}

/// Examines the state of a project whose lock the caller holds. `adopt` accepts a foreign state; `is_handed_over` is true if this very process was
/// its daemon a moment ago.
///
/// # Errors
/// It was made elsewhere, or cannot be read.
pub(crate) fn examine(project: &Project, adopt: bool, is_handed_over: bool) -> Result<Known, StateError> {
    let path = project.database();
    if has_journal(&path) && path.exists() && !adopt {
        return Err(StateError::Planted { database: path });
    }
    let has_lost_log = has_lost_log(&path);
    let (found, in_force, running) = match ask(&path)? {
        Found::None => return Ok(Known::default()),
        Found::Damaged(why) => return Ok(Known { damage: Some(why).filter(|_| !adopt), ..Known::default() }),
        Found::Said { stamp, in_force, running, store } => {
            // The store that is elsewhere says which run; any of those that have been here may.
            (stamp, in_force, if store.is_some() { all_tasks(project) } else { running })
        }
    };
    let foreign = |why| StateError::Foreign { dir: project.state_dir(), why };
    let mismatch = found.as_ref().map(|stamp| stamp.check(&path)).transpose().map_err(from_io(&path))?;
    match mismatch {
        Some(None) => {
            let has_unseen_agents = has_unseen(project, running);
            let has_lost_force = in_force.is_none();
            Ok(Known { in_force, has_unseen_agents, damage: None, has_lost_force, has_lost_log })
        }
        // The configuration that a foreign state holds was never in force here.
        _ if adopt => Ok(Known::default()),
        Some(Some(Mismatch::Database)) => {
            Err(foreign("its database is a copy of one that was made elsewhere"))
        }
        Some(Some(Mismatch::Log)) => Err(StateError::Planted { database: path }),
        // One that an older version made. Neither a process nor a lock can come with a clone.
        None if is_handed_over || has_living_agents(project) => Ok(Known::default()),
        None => Err(foreign("its database does not say where it was made")),
    }
}

/// All tasks that have a directory.
fn all_tasks(project: &Project) -> Vec<TaskNo> {
    let actions = project.actions_dir();
    let all = move || {
        let entries = std::fs::read_dir(actions).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    };
    within(ANSWERS_WITHIN, all).unwrap_or_default()
}

/// True if a shim lives that has no number here, for one of these tasks.
fn has_unseen(project: &Project, running: Vec<TaskNo>) -> bool {
    let dirs: Vec<PathBuf> = running.into_iter().map(|no| project.action_dir(no)).collect();
    // A directory that does not answer may hide anything.
    !dirs.is_empty() && within(ANSWERS_WITHIN, move || dirs.iter().any(|dir| is_unseen(dir))).unwrap_or(true)
}

/// True if a shim of a run of this task lives that has no number here.
fn is_unseen(task: &Path) -> bool {
    let is_held = |dir: &PathBuf| aiwg_shim::is_held(dir).unwrap_or(false);
    run_dirs(task).iter().filter(|dir| is_held(dir)).any(|dir| matches!(aiwg_shim::holder(dir), Ok(None)))
}

/// True if a shim of an earlier daemon lives.
fn has_living_agents(project: &Project) -> bool {
    let actions = project.actions_dir();
    let any = move || {
        let entries = std::fs::read_dir(actions).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| matches!(living_run(&entry.path()), Ok(Some(_))))
    };
    within(ANSWERS_WITHIN, any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::put_in_force;
    use aiwg_store::Store;
    use aiwg_store_sqlite::SqliteStore;

    fn made(project: &Project) {
        let mut store = SqliteStore::open(&project.database()).unwrap();
        put_in_force(&mut store, &InForce { named: None, text: Some("{}".to_owned()) }).unwrap();
        store.close(true).unwrap();
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
        // The configuration in it was never put in force here.
        assert!(examine(&project, true, false).unwrap().in_force.is_none());
        assert!(examine(&project, false, true).is_err());
    }

    #[test]
    fn what_was_put_beside_a_database_is_not_read_with_it() {
        let (_dir, project) = Project::temporary();
        made(&project);
        for end in ["-wal", "-journal"] {
            let planted = PathBuf::from(format!("{}{end}", project.database().display()));
            let _ = std::fs::remove_file(&planted);
            std::fs::write(&planted, "x").unwrap();
            let refused = examine(&project, false, false).unwrap_err().to_string();
            assert!(refused.contains(end) && refused.contains("Remove it"), "{refused}");
            examine(&project, true, false).unwrap();
            let _ = std::fs::remove_file(&planted);
            assert!(examine(&project, false, false).unwrap().in_force.is_some());
        }
    }

    #[test]
    fn damage_puts_nothing_in_force_unless_a_person_asks() {
        let (_dir, project) = Project::temporary();
        for text in
            ["", "no database, and longer than a header of one, which has a hundred bytes".repeat(9).as_str()]
        {
            std::fs::write(project.database(), text).unwrap();
            let known = examine(&project, false, false).unwrap();
            assert!(known.in_force.is_none());
            let refused = known.may_put_file_in_force(&project, false).unwrap_err().to_string();
            assert!(refused.contains("`aiwg daemon start`"), "{refused}");
            known.may_put_file_in_force(&project, true).unwrap();
        }
        Known::default().may_put_file_in_force(&project, false).unwrap();
    }

    #[test]
    fn a_store_of_ones_own_in_which_nothing_is_in_force_has_lost_that() {
        let (_dir, project) = Project::temporary();
        drop(SqliteStore::open(&project.database()).unwrap());
        let known = examine(&project, false, false).unwrap();
        let refused = known.may_put_file_in_force(&project, false).unwrap_err().to_string();
        assert!(
            refused.contains("does not say which") && refused.contains("`aiwg daemon start`"),
            "{refused}"
        );
        known.may_put_file_in_force(&project, true).unwrap();
    }

    #[test]
    fn what_is_in_force_is_not_in_the_log_only() {
        let (_dir, project) = Project::temporary();
        let mut store = SqliteStore::open(&project.database()).unwrap();
        let text = |text: &str| InForce { named: None, text: Some(text.to_owned()) };
        let in_the_file_alone = || {
            let copy = project.root().join("copy.db");
            std::fs::copy(project.database(), &copy).unwrap();
            let connection = rusqlite::Connection::open(&copy).unwrap();
            connection
                .query_row("SELECT text FROM config_in_force", [], |row| row.get::<_, String>(0))
                .unwrap()
        };
        put_in_force(&mut store, &text("{}")).unwrap();
        assert_eq!(in_the_file_alone(), "{}");
        // As a reload does it, among other commands.
        let mut transaction = store.begin().unwrap();
        transaction.begin_after(1, 1).unwrap();
        transaction.set_in_force(&text("{ }")).unwrap();
        transaction.commit().unwrap();
        assert_eq!(in_the_file_alone(), "{ }");
    }

    #[test]
    fn one_without_a_stamp_is_foreign_unless_this_process_was_its_daemon() {
        let (_dir, project) = Project::temporary();
        drop(SqliteStore::open(&project.database()).unwrap());
        let connection = rusqlite::Connection::open(project.database()).unwrap();
        connection.execute("DELETE FROM made_here", []).unwrap();
        drop(connection);
        let refused = examine(&project, false, false).unwrap_err().to_string();
        assert!(refused.contains("does not say where"), "{refused}");
        examine(&project, false, true).unwrap();
        examine(&project, true, false).unwrap();
    }
}
