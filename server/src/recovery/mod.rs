//! Opening the store, in whatever state the daemon before has left it: with a damaged database, or the Node daemon's `tasks.json`.

mod import;
mod unknown_agents;

use std::{io, sync::Arc};

use aiwg_model::{Hold, InForce, TaskNo, limits::HIGHEST_BELIEVED};
use aiwg_protocol::config::InterruptedTasks;
use aiwg_store::{ErrorKind, Reader, Reports, Store, StoreError, Transaction, View};
use aiwg_store_sqlite::{Quarantined, SqliteReader, SqliteStore};

use crate::{
    components::event_log::last_written,
    health::{Health, IssueKind},
    project::Project,
};

/// Rows of the database cannot be read.
const ROWS_ISSUE: IssueKind = IssueKind::named("rows");

/// The reason for which the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database cannot be read or written.
    #[error("the database: {0}")]
    Database(StoreError),
    /// A file beside the database cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The requests to the store at a start.
pub(crate) struct Wanted {
    /// The state that the tasks get which ran when a Node daemon ended.
    pub(crate) interrupted: InterruptedTasks,
    /// True if a Node daemon's tasks are to be imported.
    pub(crate) import: bool,
    /// The damage of the existing database, if there is any: it could not show where it was made, so nothing in it may be used.
    pub(crate) damage: Option<String>,
}

/// Opens the store of a project whose lock the caller holds.
///
/// # Errors
/// It cannot be opened, for another reason than damage.
pub(crate) fn open_store(
    project: &Project,
    wanted: &Wanted,
    health: &Health,
) -> Result<Box<dyn Store>, RecoveryError> {
    // A stopped daemon removes it.
    let after_a_crash = project.pid_file().exists();
    let (mut store, quarantined) = match &wanted.damage {
        Some(why) => SqliteStore::replace(&project.database(), why)
            .map(|(store, quarantined)| (store, Some(quarantined)))?,
        None => SqliteStore::open_or_quarantine(&project.database(), after_a_crash)?,
    };
    store.report_to(reports(health));
    let mut store: Box<dyn Store> = Box::new(store);
    let is_new = go_on(&mut *store, project, after_a_crash && quarantined.is_none(), health)?;
    if is_new {
        // The one before may have been damaged, or someone has removed it.
        unknown_agents::end(&project.actions_dir())?;
        if quarantined.is_none() && !wanted.import {
            import::keep_unasked(&project.tasks_file(), health)?;
        }
    }
    if wanted.import {
        import::import(&project.tasks_file(), &mut *store, wanted.interrupted, health)?;
    }
    if let Some(quarantined) = quarantined {
        report(&quarantined, health);
    }
    Ok(store)
}

/// Prepares the store for a daemon that goes on with it. True if it is a new one, in which no number was given yet.
fn go_on(
    store: &mut dyn Store,
    project: &Project,
    may_have_lost: bool,
    health: &Health,
) -> Result<bool, RecoveryError> {
    let mut transaction = store.begin().map_err(RecoveryError::Database)?;
    end_unreadable(project, &*transaction)?;
    // While no daemon ran they did nothing else.
    transaction.release_all(Hold::REST).map_err(RecoveryError::Database)?;
    let is_new = transaction.last_numbers().map_err(RecoveryError::Database)? == (0, 0);
    if may_have_lost {
        look_for_loss(project, &mut *transaction, health)?;
    }
    if is_new {
        begin_after_what_is_there(project, &mut *transaction)?;
    }
    transaction.commit().map_err(RecoveryError::Database)?;
    Ok(is_new)
}

/// Opens the store of a project as it is; a new one where there is none.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open_as_it_is(project: &Project) -> Result<Box<dyn Store>, RecoveryError> {
    Ok(Box::new(SqliteStore::open(&project.database())?))
}

/// Opens one more reader of the store.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open_reader(project: &Project, health: &Health) -> Result<Arc<dyn Reader>, RecoveryError> {
    Ok(Arc::new(SqliteReader::open(&project.database())?.reporting_to(reports(health))))
}

/// Stores the configuration in force.
///
/// # Errors
/// The database cannot be written.
pub(crate) fn put_in_force(store: &mut dyn Store, in_force: &InForce) -> Result<(), RecoveryError> {
    let mut put = || {
        let mut transaction = store.begin()?;
        transaction.set_in_force(in_force)?;
        transaction.commit().map(drop)
    };
    put().map_err(RecoveryError::Database)
}

/// Rows that cannot be read are an issue in the health.
fn reports(health: &Health) -> Reports {
    let health = health.clone();
    Reports::to(move |message| health.report(ROWS_ISSUE, message))
}

/// Ends the agents of tasks whose rows cannot be read: no daemon could follow them.
fn end_unreadable(project: &Project, store: &dyn View) -> Result<(), RecoveryError> {
    for no in store.running_numbers().map_err(RecoveryError::Database)? {
        match store.task(no) {
            Err(error) if error.kind() == ErrorKind::Row => {
                unknown_agents::end_of_task(&project.action_dir(no))
            }
            row => drop(row.map_err(RecoveryError::Database)?),
        }
    }
    Ok(())
}

fn report(Quarantined { to, why }: &Quarantined, health: &Health) {
    let message = format!(
        "the database was damaged ({why}) and was renamed to {}: its queue and its history are not lost, but are not in use; \
         `sqlite3 FILE .recover` may read them, and tasks.json and events/ are copies of their last state",
        to.display()
    );
    tracing::error!("{message}");
    health.report(IssueKind::DAMAGE, message);
}

/// Compares the database with `events/`, where events go once they are committed. An event that is only there was lost by the database: its log was
/// removed, emptied or put back, which no crash does. The database itself cannot detect that.
fn look_for_loss(
    project: &Project,
    store: &mut dyn Transaction,
    health: &Health,
) -> Result<(), RecoveryError> {
    let (last_event, _) = store.last_numbers().map_err(RecoveryError::Database)?;
    let written = last_written(&project.events_dir(), HIGHEST_BELIEVED);
    if written <= last_event {
        return Ok(());
    }
    let message = format!(
        "the database {} ends with the event {last_event}, and events/ has {written}: the changes stored last are lost, tasks included, since its log \
         was removed or put back while no daemon ran. `aiwg event list` and events/ show what is missing; submit again what is to run",
        project.database().display()
    );
    tracing::error!("{message}");
    health.report(IssueKind::DAMAGE, message);
    begin_after_what_is_there(project, store)
}

/// Continues after the highest numbers that are found in files, so that no number is given twice although the database that knew them is gone.
fn begin_after_what_is_there(project: &Project, store: &mut dyn Transaction) -> Result<(), RecoveryError> {
    let names = std::fs::read_dir(project.actions_dir())?.flatten().map(|entry| entry.file_name());
    let tasks = names.filter_map(|name| Some(name.to_str()?.parse::<TaskNo>().ok()?.0));
    // Anyone may have made a directory of any name.
    let tasks = tasks.filter(|no| *no < HIGHEST_BELIEVED);
    store
        .begin_after(last_written(&project.events_dir(), HIGHEST_BELIEVED), tasks.max().unwrap_or(0))
        .map_err(RecoveryError::Database)
}
