//! Opening a store that is elsewhere, and coming back from it.

use std::io;

use aiwg_model::{Cursor, HostRow};
use aiwg_store::{Store, StoreError, Transaction, View};
use aiwg_store_postgres::{Address, Joined, PostgresStore};

use super::{
    RecoveryError, Wanted,
    moves::{Move, Note},
};
use crate::{
    lifecycle::machine,
    project::{Project, living_run},
};

/// The source of this host's own cursors, which are in the database of its directory.
pub(crate) const HOST: &str = "host";

/// The key of the one with its id.
const ID: &str = "id";

/// The key of the one with the store that it has had last, where that was elsewhere.
const STORE: &str = "store";

/// The key of the one with the move after which it has been started with the store that it was moved to.
const ARRIVED: &str = "arrived";

/// The store of this host's own, for people.
pub(crate) const HERE: &str = "that of this directory";

/// The command that moves a store to a PostgreSQL.
const WAY_THERE: &str = "`aiwg store migrate --to ADDRESS`";

/// The number of tasks that are named in an error.
const NAMED: usize = 5;

/// What this host's own database says of it.
pub(crate) struct HostCursors {
    /// Its id; none yet where its store was never elsewhere.
    pub(crate) id: Option<String>,
    /// The store that it has had last; none where that was here.
    pub(crate) store: Option<String>,
    /// The move by which its own store has gone elsewhere, if it has.
    pub(crate) left: Option<Move>,
    /// The id of that, once it has been started with the store where that is.
    pub(crate) arrived: Option<String>,
}

impl HostCursors {
    /// Notes it, as in a database that takes the place of the one that had it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) fn write(&self, transaction: &mut dyn Transaction) -> Result<(), RecoveryError> {
        if let Some(id) = &self.id {
            note_id(transaction, id)?;
        }
        if let Some(left) = &self.left {
            Note::Left.write(transaction, left).map_err(RecoveryError::Database)?;
        }
        if let Some(arrived) = &self.arrived {
            note(transaction, ARRIVED, arrived)?;
        }
        note_store(transaction, self.store.as_deref())
    }

    pub(crate) fn read(view: &dyn View) -> Result<Self, RecoveryError> {
        let cursor = |key| view.cursor(HOST, key).map_err(RecoveryError::Database);
        let left = Note::Left.read(view).map_err(RecoveryError::Database)?;
        Ok(Self { id: cursor(ID)?, store: cursor(STORE)?, left, arrived: cursor(ARRIVED)? })
    }
}

/// Notes the id of this host.
pub(crate) fn note_id(transaction: &mut dyn Transaction, id: &str) -> Result<(), RecoveryError> {
    note(transaction, ID, id)
}

fn note(transaction: &mut dyn Transaction, key: &str, value: &str) -> Result<(), RecoveryError> {
    transaction.move_cursor(&Cursor::moved(HOST, key, value)).map_err(RecoveryError::Database)
}

/// Notes which store this host has from now on; none for its own.
pub(crate) fn note_store(
    transaction: &mut dyn Transaction,
    store: Option<&str>,
) -> Result<(), RecoveryError> {
    let cursor = match store {
        Some(store) => Cursor::moved(HOST, STORE, store),
        None => Cursor { value: None, ..Cursor::moved(HOST, STORE, "") },
    };
    transaction.move_cursor(&cursor).map_err(RecoveryError::Database)
}

/// The store that a host had before.
pub(super) enum Before {
    /// The same.
    Same,
    /// Another one, for people; none where it had none, or there was nothing in it.
    Another(Option<String>),
}

/// Opens the store at this address for this host, whose own database is `local`. What that holds has to have ended: nobody would go on with it. Gives the store, as
/// whom it was joined, which the host had before, and what its own database says from now on.
pub(super) fn open(
    address: &Address,
    local: &mut dyn Store,
    project: &Project,
    wanted: &Wanted,
) -> Result<(PostgresStore, Joined, Before, HostCursors), RecoveryError> {
    let mut transaction = local.begin().map_err(RecoveryError::Database)?;
    let open =
        transaction.queued() + transaction.running_numbers().map_err(RecoveryError::Database)?.len() as u64;
    let host = HostCursors::read(&*transaction)?;
    // What was moved is where it was moved to.
    if open > 0 && host.left.is_none() {
        return Err(match Note::Back.read(&*transaction).map_err(RecoveryError::Database)? {
            Some(back) if back.from == address.place() => RecoveryError::moved(back, WAY_THERE),
            _ => RecoveryError::LeftBehind { open, to: address.place().to_owned() },
        });
    }
    let numbers = transaction.last_numbers().map_err(RecoveryError::Database)?;
    let has_had = numbers != (0, 0);
    // Nobody has seen yet that it is where it was moved to.
    let arrives = host.left.clone().filter(|left| !wanted.adopt && host.arrived.as_ref() != Some(&left.id));
    if let Some(left) = arrives.clone().filter(|left| left.to != address.place()) {
        return Err(RecoveryError::moved(left, "`aiwg store migrate --to sqlite`"));
    }
    let before = match host.store {
        Some(store) if store == address.place() => Before::Same,
        Some(store) => Before::Another(Some(store)),
        None => Before::Another(has_had.then(|| HERE.to_owned())),
    };
    if let Before::Another(another) = &before {
        another.as_deref().map_or(Ok(()), |another| wanted.may_be_another(another, address.place()))?;
        none_lives(project)?;
    }
    let id = match host.id {
        Some(id) => id,
        None => new_id()?,
    };
    // Not before it is known that it can be opened: a wrong address changes nothing.
    let mut store = PostgresStore::open(address)?;
    if let Some(Move { from, to, at, .. }) = arrives.clone() {
        let there = store.view().and_then(|view| view.last_numbers()).map_err(RecoveryError::Database)?;
        if there.0 < numbers.0 || there.1 < numbers.1 {
            return Err(RecoveryError::Emptied { from, to, at });
        }
    }
    let is_here = matches!(before, Before::Same);
    let noted = check_notes(&mut store, host.left.as_ref(), (&id, is_here), wanted.adopt)?;
    let joined = store.join(&host_row(id.clone(), project, &wanted.labels), wanted.adopt)?;
    if noted {
        forget_notes(&mut store).map_err(RecoveryError::Database)?;
    }
    let arrived = arrives.as_ref().map(|left| left.id.clone()).or(host.arrived);
    let store_now = Some(address.place().to_owned());
    let cursors = HostCursors { id: Some(id), store: store_now, left: host.left, arrived };
    if arrives.is_some() || matches!(before, Before::Another(_)) {
        cursors.write(&mut *transaction)?;
    }
    transaction.commit().map_err(RecoveryError::Database)?;
    Ok((store, joined, before, cursors))
}

/// Checks that a store is in force, by what it says of moves, and this host's own database (`left`): `is_here` is true if that names this store. True if it says anything,
/// which is over then.
fn check_notes(
    store: &mut PostgresStore,
    left: Option<&Move>,
    (id, is_here): (&str, bool),
    adopt: bool,
) -> Result<bool, RecoveryError> {
    let view = store.view().map_err(RecoveryError::Database)?;
    let read = |note: Note| note.read(&*view).map_err(RecoveryError::Database);
    let (gone, arriving) = (read(Note::Left)?, read(Note::Arriving)?);
    let says_something = gone.is_some() || arriving.is_some();
    if adopt {
        return Ok(says_something);
    }
    match (gone, arriving) {
        // A move back that has not come to its end.
        (Some(gone), _) if is_here && gone.host == id => {}
        (Some(gone), _) => return Err(RecoveryError::moved(gone, WAY_THERE)),
        (None, Some(arriving)) if left.is_none_or(|left| left.id != arriving.id) => {
            return Err(RecoveryError::HalfMoved { from: arriving.from, to: arriving.to });
        }
        _ => {}
    }
    Ok(says_something)
}

/// Forgets what a store says of moves: it is in force.
pub(crate) fn forget_notes(store: &mut dyn Store) -> Result<(), StoreError> {
    let mut transaction = store.begin()?;
    Note::Left.forget(&mut *transaction)?;
    Note::Arriving.forget(&mut *transaction)?;
    transaction.commit().map(drop)
}

/// Refuses another store while agents of the one before live: no daemon would keep them.
pub(super) fn none_lives(project: &Project) -> Result<(), RecoveryError> {
    let tasks = std::fs::read_dir(project.actions_dir())?.flatten();
    let living: Vec<String> = tasks
        .filter(|task| matches!(living_run(&task.path()), Ok(Some(_))))
        .map(|task| task.file_name().to_string_lossy().into_owned())
        .collect();
    if living.is_empty() {
        return Ok(());
    }
    let more = if living.len() > NAMED { ", ..." } else { "" };
    let tasks = living.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(RecoveryError::StillRunning(format!("{tasks}{more}")))
}

/// This host as a row of the store that it joins.
pub(crate) fn host_row(id: String, project: &Project, labels: &[String]) -> HostRow {
    let name = machine();
    HostRow {
        id,
        place: format!("{} on {name}", project.root().display()),
        name,
        labels: labels.to_vec(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..HostRow::default()
    }
}

/// A new id: a UUID of version 4.
pub(crate) fn new_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default());
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_and_no_other_has_it() {
        let (one, other) = (new_id().unwrap(), new_id().unwrap());
        assert_ne!(one, other);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{one}");
        assert_eq!(one.as_bytes()[14], b'4', "{one}");
    }
}
