//! Moving a project's store: from the project's own directory to a PostgreSQL, and back. No daemon runs meanwhile.
//!
//! All rows are put into the other store in one transaction, and compared with what was sent. The database in the directory then notes where the store is, which is
//! the one moment from which on the move counts: see [`crate::recovery`]. Whatever ends this program before leaves the store where it was, and the next
//! try begins again; whatever ends it afterwards leaves it where it has gone.

mod addresses;
mod error;
mod look;
mod report;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use aiwg_model::{Cursor, HostRow};
use aiwg_protocol::types::Timestamp;
use aiwg_shim::Process;
use aiwg_store::{Carried, Reports, Store, TABLES, Transaction, View, carry, verify};
use aiwg_store_postgres::{Address, PostgresStore};
use aiwg_store_sqlite::SqliteStore;

use self::error::{cannot, refused};
pub use self::{
    error::MigrateError,
    report::{Outcome, Report, TableReport},
};
use crate::{
    boot::living_agents,
    lifecycle::{Lock, Phase},
    project::Project,
    recovery::{HERE, HostCursors, MOVES, Move, Note, forget_notes, host_row, new_id, note_id, note_store},
    state,
};

/// Tables that say nothing of what a store has been used for.
const OF_ANY_STORE: [&str; 2] = ["counter", "cursor"];

/// Sources of cursors of which each host has its own, where several share a store: their keys begin with its id there.
const OF_EACH_HOST: [&str; 4] = ["tree", "tree_back", "account", "account_unshared"];

/// Where a store is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Into the project's own directory.
    Here,
    /// To this address of a PostgreSQL.
    Address(String),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project's directory.
    pub project: PathBuf,
    /// Where its store is to go.
    pub to: To,
    /// True to say only what would be moved, and what stands against it.
    pub dry_run: bool,
}

/// Moves the store of a project. It blocks.
///
/// # Errors
/// Something stands against it, or it has failed: the store is where it was then.
pub fn migrate(options: &Options) -> Result<Report, MigrateError> {
    if Process::current_is_kept() {
        return Err(MigrateError::NotAPersons);
    }
    let project = Project::at(&options.project)
        .map_err(|source| MigrateError::Project { path: options.project.clone(), source })?;
    let to = match &options.to {
        To::Here => None,
        To::Address(url) => Some(Address::new(url).map_err(|why| MigrateError::Address(why.to_string()))?),
    };
    if !project.database().exists() {
        return Err(MigrateError::NothingThere(project.database()));
    }
    if options.dry_run {
        return look::look(&project, to.as_ref(), options);
    }
    let mut lock = Lock::take(&project, None, true)
        .map_err(|source| MigrateError::Lock { path: project.lock(), source })?
        .map_err(MigrateError::Runs)?;
    lock.note(Phase::Moves);
    none_lives(&project)?;
    if let Some(why) = state::examine(&project, false, false)?.damage {
        return Err(MigrateError::Damaged { database: project.database(), why });
    }
    let moved = Moving::of(&project)?.to(to.as_ref(), options);
    drop(lock);
    moved
}

/// Agents that still run would go on with what they know of the store before.
fn none_lives(project: &Project) -> Result<(), MigrateError> {
    let living = living_agents(project.root()).map_err(|source| MigrateError::Actions { source })?;
    if living.is_empty() { Ok(()) } else { Err(MigrateError::AgentsLive(living)) }
}

/// A move under way.
struct Moving<'p> {
    project: &'p Project,
    /// The database in the project's own directory.
    own: SqliteStore,
    host: HostCursors,
    /// What is to be said beside the result.
    notes: Reports,
    said: std::sync::mpsc::Receiver<String>,
}

impl<'p> Moving<'p> {
    fn of(project: &'p Project) -> Result<Self, MigrateError> {
        let (say, said) = std::sync::mpsc::channel();
        let notes = Reports::to(move |message| {
            let _ = say.send(message);
        });
        let mut own = SqliteStore::open(&project.database())?;
        own.report_to(notes.clone());
        let host = HostCursors::read(&*own.view()?)?;
        Ok(Self { project, own, host, notes, said })
    }

    fn to(mut self, to: Option<&Address>, options: &Options) -> Result<Report, MigrateError> {
        let place = to.map(Address::place);
        let before = self.host.store.clone();
        let from = before.clone().unwrap_or_else(|| HERE.to_owned());
        let (carried, outcome) = match (to, before.as_deref()) {
            (Some(address), None) => {
                let carried = self.away(address).map_err(|error| error.between(&from, address.place()))?;
                (Some(carried), Outcome::Moved)
            }
            (None, Some(place)) => {
                let address = addresses::of_place(self.project, place)?;
                (Some(self.back(&address).map_err(|error| error.between(place, HERE))?), Outcome::Moved)
            }
            (Some(address), Some(there)) if there == address.place() => {
                self.settle(address)?;
                (None, Outcome::AlreadyThere)
            }
            (None, None) => (None, Outcome::AlreadyThere),
            (Some(address), Some(there)) => return Err(refused(not_here(there, address.place()))),
        };
        self.own.close(true)?;
        Ok(Report {
            from: if outcome == Outcome::Moved { from } else { place.unwrap_or(HERE).to_owned() },
            to: place.unwrap_or(HERE).to_owned(),
            outcome,
            tables: carried.as_ref().map(report::tables).unwrap_or_default(),
            null_characters: carried
                .as_ref()
                .map(|it| it.changes.null_characters.clone())
                .unwrap_or_default(),
            numbers: carried.map(|it| it.changes.numbers).unwrap_or_default(),
            against: Vec::new(),
            notes: self.said.try_iter().collect(),
            next: addresses::next(self.project, &options.to),
        })
    }

    /// From the directory to a PostgreSQL.
    fn away(&mut self, address: &Address) -> Result<Carried, MigrateError> {
        let mut there = PostgresStore::open(address)?;
        there.report_to(self.notes.clone());
        let id = self.id()?;
        let host = host_row(id.clone(), self.project, &[]);
        let place = host.place.clone();
        // What is refused is left as it is, and belongs to whom it did.
        let left = may_be_replaced(&*there.view()?, &id, address.place())?;
        there.take_alone(&host, |other| left.is_in_the_way(other))?;
        let noted = self.noted(&id, &format!("{HERE} ({place})"), address.place())?;
        // Until it is over nobody writes into it, whatever they think of locks.
        let mut from = self.own.begin()?;
        let carried = {
            let mut to = there.begin()?;
            may_be_replaced(&*to, &id, address.place())?;
            let carried = carry(&*from, &mut *to)?;
            verify(&carried, &*to)?;
            to_host(&mut *to, &id)?;
            Note::Left.forget(&mut *to)?;
            Note::Arriving.write(&mut *to, &noted)?;
            to.commit()?;
            carried
        };
        note_store(&mut *from, Some(address.place()))?;
        Note::Back.forget(&mut *from)?;
        Note::Left.write(&mut *from, &noted)?;
        from.commit()?;
        // It counts from here on, and the next start would do this as well.
        if let Err(error) = forget_notes(&mut there) {
            self.notes
                .report(format!("what the store says of its arrival is removed by the next start: {error}"));
        }
        Ok(carried)
    }

    /// From a PostgreSQL to the directory.
    fn back(&mut self, address: &Address) -> Result<Carried, MigrateError> {
        let is_of_before = Note::Left.read(&*self.own.view()?)?.is_some();
        if !is_of_before {
            is_empty(&*self.own.view()?, &self.project.database().display().to_string())?;
        }
        let mut there = PostgresStore::open(address)?;
        there.report_to(self.notes.clone());
        let id = self.id()?;
        let host = host_row(id.clone(), self.project, &[]);
        let place = host.place.clone();
        check_source(&mut there, &id)?;
        // From here on no daemon that has had it before can write there.
        there.take_alone(&host, HostRow::is_there)?;
        let noted = self.noted(&id, address.place(), &format!("{HERE} ({place})"))?;
        note_left(&mut there, &noted)?;
        let carried = self.take_in(&mut there, &noted);
        if carried.is_err()
            && let Err(error) = forget_notes(&mut there)
        {
            self.notes.report(format!(
                "the store still says that it was moved, which the next start mends: {error}"
            ));
        }
        carried
    }

    fn take_in(&mut self, there: &mut PostgresStore, noted: &Move) -> Result<Carried, MigrateError> {
        let mut to = self.own.begin()?;
        let carried = carry(&*there.view()?, &mut *to)?;
        verify(&carried, &*to)?;
        from_host(&mut *to, &noted.host)?;
        if Note::Left.read(&*there.view()?)?.as_ref() != Some(noted) {
            return Err(refused(
                "somebody else has taken the store over meanwhile (`aiwg daemon start --adopt-state`)",
            ));
        }
        Note::Left.forget(&mut *to)?;
        Note::Back.write(&mut *to, noted)?;
        note_store(&mut *to, None)?;
        to.commit()?;
        Ok(carried)
    }

    /// Ends a move that has come so far that it counts, and takes back one that has not.
    fn settle(&mut self, address: &Address) -> Result<(), MigrateError> {
        let mut there = PostgresStore::open(address)?;
        let id = self.id()?;
        let says_something = {
            let view = there.view()?;
            Note::Left.read(&*view)?.is_some() || Note::Arriving.read(&*view)?.is_some()
        };
        if says_something {
            check_source(&mut there, &id)?;
            there.take_alone(&host_row(id.clone(), self.project, &[]), HostRow::is_there)?;
            forget_notes(&mut there)?;
        }
        Ok(())
    }

    /// The id of this host; a new one where it has none, and it is stored before anybody else hears of it.
    fn id(&mut self) -> Result<String, MigrateError> {
        if let Some(id) = &self.host.id {
            return Ok(id.clone());
        }
        let id = new_id().map_err(cannot("no number could be made up"))?;
        let mut transaction = self.own.begin()?;
        note_id(&mut *transaction, &id)?;
        transaction.commit()?;
        self.host.id = Some(id.clone());
        Ok(id)
    }

    fn noted(&self, host: &str, from: &str, to: &str) -> Result<Move, MigrateError> {
        Ok(Move {
            id: new_id().map_err(cannot("no number could be made up"))?,
            host: host.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            at: Timestamp::now(),
        })
    }
}

/// Has what each host knows for itself, where several share a store, be this host's.
fn to_host(store: &mut dyn Transaction, id: &str) -> Result<(), MigrateError> {
    for source in OF_EACH_HOST {
        for (key, value) in store.cursors(source)? {
            store.move_cursor(&Cursor { value: None, ..Cursor::moved(source, key.clone(), "") })?;
            store.move_cursor(&Cursor::moved(source, format!("{id}/{key}"), value))?;
        }
    }
    Ok(())
}

/// The way back: what others know for themselves is nobody's here.
fn from_host(store: &mut dyn Transaction, id: &str) -> Result<(), MigrateError> {
    for source in OF_EACH_HOST {
        for (key, value) in store.cursors(source)? {
            store.move_cursor(&Cursor { value: None, ..Cursor::moved(source, key.clone(), "") })?;
            if let Some(own) = key.strip_prefix(id).and_then(|key| key.strip_prefix('/')) {
                store.move_cursor(&Cursor::moved(source, own, value))?;
            }
        }
    }
    Ok(())
}

fn not_here(there: &str, to: &str) -> String {
    format!(
        "the store is in {there}, and goes from there into the directory only: `aiwg store migrate --to sqlite`, then to {to}. If it is the same database by another name, \
         have the configuration name that, and start the daemon"
    )
}

fn note_left(store: &mut dyn Store, noted: &Move) -> Result<(), MigrateError> {
    let mut transaction = store.begin()?;
    Note::Arriving.forget(&mut *transaction)?;
    Note::Left.write(&mut *transaction, noted)?;
    transaction.commit()?;
    Ok(())
}

/// Refuses a store that somebody else has moved away. This host's own try before is over.
fn check_source(store: &mut dyn Store, id: &str) -> Result<(), MigrateError> {
    match Note::Left.read(&*store.view()?)? {
        Some(left) if left.host != id => Err(refused(format!(
            "the store was moved to {} at {}, from {}, and what is there still is of before",
            left.to, left.at, left.from
        ))),
        _ => Ok(()),
    }
}

/// What is in a place that a store is to go to, and may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replaced {
    /// Nothing.
    Nothing,
    /// What this host itself has left there, or has not brought there wholly.
    Own,
}

impl Replaced {
    /// True if this host may need what is there. Of what was brought away from there the others that were there can use nothing, once they have ended;
    /// what is empty may be theirs.
    fn is_in_the_way(self, other: &HostRow) -> bool {
        match self {
            Self::Nothing => other.lost_at.is_none(),
            Self::Own => other.is_there(),
        }
    }
}

/// Refuses to replace what is in use, or may be.
fn may_be_replaced(view: &dyn View, id: &str, place: &str) -> Result<Replaced, MigrateError> {
    for note in [Note::Left, Note::Arriving] {
        if note.read(view)?.is_some_and(|noted| noted.host == id) {
            return Ok(Replaced::Own);
        }
    }
    is_empty(view, place).map(|()| Replaced::Nothing)
}

fn is_empty(view: &dyn View, place: &str) -> Result<(), MigrateError> {
    let mut found = Vec::new();
    for table in TABLES.iter().filter(|table| !OF_ANY_STORE.contains(&table.name)) {
        let rows = view.rows_of(table)?;
        if rows > 0 {
            found.push((table.what, rows));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(MigrateError::NotEmpty { place: place.to_owned(), found }) }
}
