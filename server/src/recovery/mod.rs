//! Opening the store, in whatever state the daemon before has left it: with a damaged database, or the Node daemon's `tasks.json`.

mod elsewhere;
mod import;
mod moves;
mod unknown_agents;

use std::{io, path::PathBuf, sync::Arc};

use aiwg_model::{Hold, TaskNo, limits::HIGHEST_BELIEVED};
use aiwg_protocol::{config::InterruptedTasks, types::Timestamp};
use aiwg_store::{ErrorKind, Reader, Reports, Store, StoreError, Transaction, View};
use aiwg_store_postgres::{Address, Listener, PostgresOutputs, PostgresReader};
use aiwg_store_sqlite::{Quarantined, SqliteReader, SqliteStore};

use self::elsewhere::{Before, none_lives};
pub(crate) use self::{
    elsewhere::{HERE, HOST, HostCursors, forget_notes, host_row, new_id, note_id, note_store},
    moves::{Move, Note, SOURCE as MOVES},
};
use crate::{
    components::event_log::{last_written, tasks_written},
    health::{Health, IssueKind},
    place::{Local, Place},
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
    /// The store of this directory holds tasks that no other store would go on with.
    #[error(
        "tasks in the store of this directory have not ended ({open}), and would be left behind for {to}: start once more without it (unset AIWG_STORE, take \
         \"store\" out), let them end or cancel them (`aiwg task cancel --all`), then change the store"
    )]
    LeftBehind {
        /// Number of these tasks.
        open: u64,
        /// The other store.
        to: String,
    },
    /// No person has asked for another store.
    #[error(
        "the store is another one than before ({before} -> {now}), and no person has asked for this start, so nothing is opened: `aiwg daemon start` goes on with that; \
         or start with the one before, be it by AIWG_STORE"
    )]
    OtherStore {
        /// The one before.
        before: String,
        /// The other one.
        now: String,
    },
    /// Agents of another store live.
    #[error(
        "agents of the store that this project had before still run ({0}), and no daemon would keep them: start once more with that store, and let them end or \
         cancel them, then change the store"
    )]
    StillRunning(String),
    /// The store is somewhere else by now.
    #[error(
        "the store was moved to {to} at {at}, from {from}, and what is there still is of before: start with the store where it is now (\"store\" of the configuration, or AIWG_STORE; \
         neither for the directory's own), or {back} moves it back. Where that is lost for ever, `aiwg daemon start --adopt-state` goes on with what is left here"
    )]
    Moved {
        /// Where it was.
        from: String,
        /// Where it is.
        to: String,
        /// When it was moved.
        at: Timestamp,
        /// The way back.
        back: &'static str,
    },
    /// The store that this one was moved to has less than was moved.
    #[error(
        "the store was moved to {to} at {at}, from {from}, and what is there now is less than that: its schema was removed, or the address leads to another database of this \
         name. See that the database that it was moved to is there; if it is lost for ever, start without it and with --adopt-state, which goes on with what was left here"
    )]
    Emptied {
        /// Where it was.
        from: String,
        /// Where it is.
        to: String,
        /// When it was moved.
        at: Timestamp,
    },
    /// A move of the store to this place has not come to its end.
    #[error(
        "the store {from} was being moved to {to}, and that has not come to its end: nothing was taken from where it was. `aiwg store migrate` once more finishes that, \
         and a start without this store goes on as before"
    )]
    HalfMoved {
        /// Where it is.
        from: String,
        /// Where it was to be.
        to: String,
    },
    /// A file beside the database cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The requests to the store at a start.
pub(crate) struct Wanted {
    /// Where it is.
    pub(crate) place: Place,
    /// The state that the tasks get which ran when a Node daemon ended.
    pub(crate) interrupted: InterruptedTasks,
    /// True if a Node daemon's tasks are to be imported.
    pub(crate) import: bool,
    /// True if a person asks for the start: then it may be another store than before.
    pub(crate) attended: bool,
    /// The labels of this host, where it shares the store.
    pub(crate) labels: Vec<String>,
    /// True if a store is taken over that is somebody else's.
    pub(crate) adopt: bool,
    /// The damage of the existing database, if there is any: it could not show where it was made, so nothing in it may be used.
    pub(crate) damage: Option<String>,
}

impl RecoveryError {
    /// The error of a store that is somewhere else by now, which this command would move back.
    fn moved(moved: Move, back: &'static str) -> Self {
        Self::Moved { from: moved.from, to: moved.to, at: moved.at, back }
    }
}

impl Wanted {
    /// Checks that this start may have another store than the one before.
    fn may_be_another(&self, before: &str, now: &str) -> Result<(), RecoveryError> {
        match self.attended {
            true => Ok(()),
            false => Err(RecoveryError::OtherStore { before: before.to_owned(), now: now.to_owned() }),
        }
    }
}

/// A store that is open.
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Box<dyn Store>,
    /// The files without which nothing counts any more.
    pub(crate) files: Vec<PathBuf>,
    /// The database in the project's own directory, where the store is elsewhere.
    pub(crate) local: Option<Local>,
    /// What that in the project's own directory says of this host.
    pub(crate) host_cursors: HostCursors,
    /// The way to hear of what others write; none where nobody else writes.
    pub(crate) listener: Option<Listener>,
    /// Where what agents write is carried, where there may be others.
    pub(crate) outputs: Option<PostgresOutputs>,
    /// The line for the person who starts it, where it is another than before.
    pub(crate) change: Option<String>,
}

/// Opens the store of a project whose lock the caller holds.
///
/// # Errors
/// It cannot be opened, for another reason than damage.
pub(crate) fn open_store(
    project: &Project,
    wanted: &Wanted,
    health: &Health,
) -> Result<Opened, RecoveryError> {
    // A stopped daemon removes it.
    let after_a_crash = project.pid_file().exists();
    let (mut own, quarantined) = match &wanted.damage {
        Some(why) => SqliteStore::replace(&project.database(), why)
            .map(|(store, quarantined)| (store, Some(quarantined)))?,
        None => SqliteStore::open_or_quarantine(&project.database(), after_a_crash)?,
    };
    own.report_to(reports(health));
    let may_have_lost = after_a_crash && quarantined.is_none();
    let (mut opened, goes_on) = match &wanted.place {
        Place::Here => here(own, project, wanted, may_have_lost)?,
        Place::Postgres(address) => elsewhere(own, address, project, wanted, health)?,
    };
    let is_new = go_on(&mut *opened.store, project, goes_on, health)?;
    if is_new {
        // The one before may have been damaged, or someone has removed it.
        unknown_agents::end(&project.actions_dir())?;
        if quarantined.is_none() && !wanted.import {
            import::keep_unasked(&project.tasks_file(), health)?;
        }
    }
    if wanted.import {
        import::import(&project.tasks_file(), &mut *opened.store, wanted.interrupted, health)?;
    }
    if let Some(quarantined) = quarantined {
        report(&quarantined, health);
    }
    Ok(opened)
}

/// The database in the project's own directory as its store.
fn here(
    mut own: SqliteStore,
    project: &Project,
    wanted: &Wanted,
    may_have_lost: bool,
) -> Result<(Opened, GoesOn), RecoveryError> {
    let mut host_cursors = HostCursors::read(&*own.view().map_err(RecoveryError::Database)?)?;
    if let Some(left) = host_cursors.left.take().filter(|_| !wanted.adopt) {
        return Err(RecoveryError::moved(left, "`aiwg store migrate --to sqlite`"));
    }
    let before = host_cursors.store.take();
    if let Some(before) = &before {
        wanted.may_be_another(before, HERE)?;
        none_lives(project)?;
        let mut transaction = own.begin().map_err(RecoveryError::Database)?;
        note_store(&mut *transaction, None)?;
        Note::Left.forget(&mut *transaction).map_err(RecoveryError::Database)?;
        transaction.commit().map_err(RecoveryError::Database)?;
    }
    let change = before.as_ref().map(|before| change(before, HERE));
    let goes_on = match (before, may_have_lost) {
        (Some(_), _) => GoesOn::Elsewhere,
        (None, true) => GoesOn::Perhaps,
        (None, false) => GoesOn::Surely,
    };
    let files = own.files();
    let opened = Opened {
        store: Box::new(own),
        files,
        local: None,
        host_cursors,
        listener: None,
        outputs: None,
        change,
    };
    Ok((opened, goes_on))
}

/// The store at an address, beside the database in the project's own directory.
fn elsewhere(
    mut own: SqliteStore,
    address: &Address,
    project: &Project,
    wanted: &Wanted,
    health: &Health,
) -> Result<(Opened, GoesOn), RecoveryError> {
    let (mut store, joined, before, host_cursors) = elsewhere::open(address, &mut own, project, wanted)?;
    store.report_to(reports(health));
    let outputs = PostgresOutputs::new(address.clone(), joined.clone());
    let (files, listener) = (own.files(), Listener::new(address.clone(), store.known(), joined));
    let (change, goes_on) = match before {
        // Whatever it has lost, as with a standby that has become the primary, shows in the files.
        Before::Same => (None, GoesOn::Perhaps),
        Before::Another(before) => (before.map(|before| change(&before, address.place())), GoesOn::Elsewhere),
    };
    let opened = Opened {
        store: Box::new(store),
        files,
        local: Some(Local::of(own)),
        host_cursors,
        listener: Some(listener),
        outputs: Some(outputs),
        change,
    };
    Ok((opened, goes_on))
}

/// The line on another store.
fn change(before: &str, now: &str) -> String {
    format!("store: {before} -> {now}; what is queued there stays there")
}

/// How a store goes on from the last one that the daemon of this directory had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GoesOn {
    /// It is the same.
    Surely,
    /// It is, but it may have lost what was stored last.
    Perhaps,
    /// It is another one: the numbers of that are not to be given again.
    Elsewhere,
}

/// Prepares the store for a daemon that goes on with it. True if it is a new one, in which no number was given yet.
fn go_on(
    store: &mut dyn Store,
    project: &Project,
    how: GoesOn,
    health: &Health,
) -> Result<bool, RecoveryError> {
    let place = store.place();
    let mut transaction = store.begin().map_err(RecoveryError::Database)?;
    end_unreadable(project, &*transaction)?;
    // While no daemon ran they did nothing else.
    transaction.release_all(Hold::REST).map_err(RecoveryError::Database)?;
    let is_new = transaction.last_numbers().map_err(RecoveryError::Database)? == (0, 0);
    if how == GoesOn::Perhaps {
        look_for_loss(project, &mut *transaction, &place, health)?;
    }
    if is_new || how == GoesOn::Elsewhere {
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
pub(crate) fn open_reader(
    project: &Project,
    place: &Place,
    health: &Health,
) -> Result<Arc<dyn Reader>, RecoveryError> {
    let reports = reports(health);
    Ok(match place {
        Place::Here => Arc::new(SqliteReader::open(&project.database())?.reporting_to(reports)),
        Place::Postgres(address) => Arc::new(PostgresReader::open(address)?.reporting_to(reports)),
    })
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
    place: &str,
    health: &Health,
) -> Result<(), RecoveryError> {
    let (last_event, _) = store.last_numbers().map_err(RecoveryError::Database)?;
    let written = last_written(&project.events_dir(), HIGHEST_BELIEVED);
    let Some(what) = what_is_lost(store, written, last_event).map_err(RecoveryError::Database)? else {
        return Ok(());
    };
    let message = format!(
        "the database {place} {what}: the changes stored last are lost, tasks included, since its log was removed or put back while no daemon ran, or a backup was. \
         `aiwg event list` and events/ show what is missing; submit again what is to run"
    );
    tracing::error!("{message}");
    health.report(IssueKind::DAMAGE, message);
    // Those that have begun on other hosts are in no directory here.
    let tasks = tasks_written(&project.events_dir(), (last_event, HIGHEST_BELIEVED));
    store.begin_after(0, tasks).map_err(RecoveryError::Database)?;
    begin_after_what_is_there(project, store)
}

/// What a database is that does not have the event that was written last; none where it has it, or has forgotten it.
fn what_is_lost(store: &dyn View, written: u64, last_event: u64) -> aiwg_store::Result<Option<String>> {
    if written > last_event {
        return Ok(Some(format!("ends with the event {last_event}, and events/ has {written}")));
    }
    // Another host may have found out before, so that numbers go on after it.
    let is_lost =
        (1..written).contains(&store.first_event()?) && store.events_between(written, written)?.is_empty();
    Ok(is_lost.then(|| format!("has not the event {written} any more, which is in events/")))
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
