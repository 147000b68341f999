//! The project's tables, and bringing them up to date.

use aiwg_store::{ErrorKind, Result, StoreError};

use super::{address::Address, connection::Postgres, error::cannot_be_used};

/// Each entry brings a project from the version of its place to the next one. Entries are never changed once released.
const MIGRATIONS: &[&str] =
    &[include_str!("schema.sql"), include_str!("hosts.sql"), include_str!("output.sql")];

/// Functions that statements call by SQLite's names. They are made again whenever the tables change.
const FUNCTIONS: &str = include_str!("functions.sql");

/// Makes the project, or brings its tables up to date, in one transaction. Two daemons that do so at once wait for each other.
pub(super) fn bring_up_to_date(connection: &Postgres, address: &Address) -> Result<()> {
    let (schema, project) = (&address.schema, &address.project);
    let found = version(connection, schema)?;
    check(address, found)?;
    if found == MIGRATIONS.len() {
        return Ok(());
    }
    // In one message all of it is one transaction.
    let begun = connection.execute_all(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('{schema}')); CREATE SCHEMA IF NOT EXISTS \"{schema}\"; SET LOCAL search_path = \"{schema}\""
    ));
    begun.map_err(|error| match error.kind() {
        ErrorKind::Busy => {
            let why = format!(
                "others have locked what it is made with: `SELECT * FROM pg_stat_activity` shows who does ({error})"
            );
            StoreError::new(ErrorKind::Busy, cannot_be_used(&address.place, &why))
        }
        _ => error,
    })?;
    let brought = || -> Result<()> {
        // The other one may have done it meanwhile.
        let found = version(connection, schema)?;
        check(address, found)?;
        for migration in MIGRATIONS.iter().skip(found) {
            connection.execute_all(migration)?;
        }
        let version = MIGRATIONS.len();
        connection.execute_all(FUNCTIONS)?;
        connection.execute_all(&format!(
            "INSERT INTO project (id, version, tables) VALUES ('{project}', 0, {version}) ON CONFLICT (id) DO UPDATE SET tables = {version}; COMMIT"
        ))
    };
    let brought = brought();
    if brought.is_err() {
        // What cannot be undone ends with the connection.
        let _ = connection.execute_all("ROLLBACK");
    }
    brought
}

/// What is at a project's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Nothing yet.
    None,
    /// The tables of an older version: whoever opens it brings them up to date.
    Older,
    /// Those of this version.
    Current,
}

/// Looks what is at an address, and changes nothing.
///
/// # Errors
/// As for [`crate::PostgresStore::open`].
pub fn look(address: &Address) -> Result<Tables> {
    let connection = Postgres::connect(address, true)?;
    let found = version(&connection, &address.schema)?;
    check(address, found)?;
    Ok(match found {
        0 => Tables::None,
        found if found < MIGRATIONS.len() => Tables::Older,
        _ => Tables::Current,
    })
}

/// The version of the tables: how many of the [`MIGRATIONS`] they have seen.
fn version(connection: &Postgres, schema: &str) -> Result<usize> {
    let is_there = connection.texts(&format!("SELECT to_regclass('\"{schema}\".project') IS NOT NULL"))?;
    if is_there.first().is_none_or(|is_there| is_there != "t") {
        return Ok(0);
    }
    let found = connection.texts(&format!("SELECT coalesce(max(tables), 0) FROM \"{schema}\".project"))?;
    Ok(found.first().and_then(|found| found.parse().ok()).unwrap_or(0))
}

fn check(address: &Address, found: usize) -> Result<()> {
    let known = MIGRATIONS.len();
    if found <= known {
        return Ok(());
    }
    let why = format!(
        "it was written by a newer aiwg (version {found} of its tables; this one knows {known}): use that"
    );
    Err(StoreError::new(ErrorKind::Newer, cannot_be_used(&address.place, &why)))
}
