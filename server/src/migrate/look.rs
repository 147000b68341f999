//! A look at what would be moved, and what stands against it. It changes nothing.

use std::collections::HashMap;

use aiwg_model::HostRow;
use aiwg_store::{Reader, TABLES};
use aiwg_store_postgres::{Address, PostgresReader, Tables, in_the_way};
use aiwg_store_sqlite::{SqliteReader, is_older};

use super::{
    HERE, MOVES, MigrateError, Note, OF_ANY_STORE, Options, Outcome, Replaced, Report, TableReport,
    addresses,
    error::{not_empty, runs},
    not_here,
};
use crate::{
    boot::{is_running, last_holder, living_agents},
    project::Project,
    recovery::HOST,
    state,
};

/// Looks.
///
/// # Errors
/// A store cannot be read.
pub(super) fn look(
    project: &Project,
    to: Option<&Address>,
    options: &Options,
) -> Result<Report, MigrateError> {
    let mut against = Vec::new();
    if is_running(project.root()) {
        against.push(runs(last_holder(project.root()).as_ref()));
    }
    match living_agents(project.root()) {
        Ok(living) if living.is_empty() => {}
        // They end with the daemon, or are named once it has stopped.
        Ok(_) if !against.is_empty() => {}
        Ok(living) => against.push(MigrateError::AgentsLive(living).to_string()),
        Err(source) => against.push(MigrateError::Actions { source }.to_string()),
    }
    match state::examine(project, false, false) {
        Ok(known) => against.extend(
            known.damage.map(|why| MigrateError::Damaged { database: project.database(), why }.to_string()),
        ),
        Err(error) => against.push(error.to_string()),
    }
    let mut report = Report {
        from: HERE.to_owned(),
        to: to.map_or(HERE, Address::place).to_owned(),
        outcome: Outcome::DryRun,
        tables: Vec::new(),
        null_characters: Default::default(),
        numbers: Default::default(),
        against,
        notes: Vec::new(),
        next: Vec::new(),
    };
    if is_older(&project.database())? {
        let older = "the database in the directory is of an older version; its tables are brought up to date first, so nothing is counted yet";
        report.notes.push(older.to_owned());
        return Ok(report);
    }
    let own = SqliteReader::open(&project.database())?;
    let host = own.cursors(HOST)?;
    let (id, store) = (host.get("id").cloned(), host.get("store").cloned());
    match (to, store) {
        (None, None) => report.outcome = Outcome::AlreadyThere,
        (Some(address), Some(there)) if there == address.place() => {
            report.from = there;
            report.outcome = Outcome::AlreadyThere;
        }
        (Some(address), Some(there)) => report.against.push(not_here(&there, address.place())),
        (Some(address), None) => {
            report.tables = counted(&own)?;
            let broken = |error: MigrateError| error.between(HERE, address.place());
            if let Some(there) = there_is(address, &mut report).map_err(broken)? {
                let left = refuse(&there, id.as_deref(), address.place(), &mut report).map_err(broken)?;
                others(&there, id.as_deref(), |other| left.is_in_the_way(other), &mut report)
                    .map_err(broken)?;
            }
        }
        (None, Some(place)) => {
            report.from = place.clone();
            if !own.cursors(MOVES)?.contains_key(Note::Left.key()) {
                refuse(&own, None, &project.database().display().to_string(), &mut report)?;
            }
            let address = addresses::of_place(project, &place)?;
            let broken = |error: MigrateError| error.between(&place, HERE);
            if let Some(there) = there_is(&address, &mut report).map_err(broken)? {
                others(&there, id.as_deref(), HostRow::is_there, &mut report).map_err(broken)?;
                report.tables = counted(&there).map_err(broken)?;
            }
        }
    }
    if report.outcome == Outcome::DryRun && report.against.is_empty() {
        report.next = addresses::next(project, &options.to);
    }
    Ok(report)
}

/// What is in a PostgreSQL, if it is something of this version.
fn there_is(address: &Address, report: &mut Report) -> Result<Option<PostgresReader>, MigrateError> {
    match aiwg_store_postgres::look(address)? {
        Tables::None => Ok(None),
        Tables::Older => {
            let older = format!(
                "the tables in {} are of an older version, and are brought up to date first, so nothing there is counted yet",
                address.place()
            );
            report.notes.push(older);
            Ok(None)
        }
        Tables::Current => Ok(Some(PostgresReader::open(address)?)),
    }
}

/// Notes that another host is in the way.
fn others(
    there: &dyn Reader,
    id: Option<&str>,
    is_in_the_way: impl Fn(&HostRow) -> bool,
    report: &mut Report,
) -> Result<(), MigrateError> {
    let hosts = there.hosts()?.into_iter().map(|(host, _)| host);
    let other = hosts.into_iter().find(|host| Some(host.id.as_str()) != id && is_in_the_way(host));
    report.against.extend(other.map(|other| in_the_way(&other)));
    Ok(())
}

fn counted(reader: &dyn Reader) -> Result<Vec<TableReport>, MigrateError> {
    let count = |table: &'static aiwg_store::Table| {
        let rows = reader.rows_of(table)?;
        Ok(TableReport { table: table.name, what: table.what, rows, digest: None })
    };
    TABLES.iter().map(count).collect()
}

/// What is there that may be replaced; where it may not be, notes that the place is in use.
fn refuse(
    reader: &dyn Reader,
    id: Option<&str>,
    place: &str,
    report: &mut Report,
) -> Result<Replaced, MigrateError> {
    let notes: HashMap<String, String> = reader.cursors(MOVES)?;
    for note in [Note::Left, Note::Arriving] {
        if let Some(text) = notes.get(note.key())
            && Some(note.parse(text)?.host.as_str()) == id
        {
            return Ok(Replaced::Own);
        }
    }
    let found =
        counted(reader)?.into_iter().filter(|table| table.rows > 0 && !OF_ANY_STORE.contains(&table.table));
    let found: Vec<(&'static str, u64)> = found.map(|table| (table.what, table.rows)).collect();
    if !found.is_empty() {
        report.against.push(not_empty(place, &found));
    }
    Ok(Replaced::Nothing)
}
