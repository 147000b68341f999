//! The store over its writing connection: transactions under the lock of the project's row.

use std::{path::PathBuf, time::Duration};

use aiwg_model::InForce;
use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, Reports, Result, Store, StoreError, Transaction, View};
use aiwg_store_sql::{Backend, Open, Writer};

use super::{address::Address, connection::Postgres, error::lost, schema::bring_up_to_date};

/// Longest wait for a project that others have locked, unless it is set otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shortest and longest time between two questions what has become of a transaction.
const ASK_AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

/// The one writer of this daemon, by the trait [`aiwg_store::Store`].
pub struct PostgresStore {
    writer: Writer<Postgres>,
    address: Address,
    /// Longest wait for a project that others have locked.
    patience: Duration,
    /// The number of the last commit of which it knows all that it has to; none where it knows of none.
    version: Option<i64>,
    /// What is open.
    open: Opened,
    /// When the last transaction began, by the database's clock.
    began_at: Timestamp,
}

/// What is open on the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// Nothing.
    None,
    /// A look at what is committed.
    View,
    /// A transaction that changes something, with its number in PostgreSQL and that of changes before it.
    Transaction { no: u64, changes: u64 },
}

impl PostgresStore {
    /// Opens the store of a project, or makes it.
    ///
    /// # Errors
    /// The database is not there, refuses the user, or is too old or read-only; or a newer version has made the project's tables.
    pub fn open(address: &Address) -> Result<Self> {
        let connection = Postgres::connect(address, true)?;
        bring_up_to_date(&connection, address)?;
        let mut store = Self {
            writer: Writer::of(connection)?,
            address: address.clone(),
            patience: PATIENCE,
            version: None,
            open: Opened::None,
            began_at: Timestamp::default(),
        };
        store.set_patience(PATIENCE)?;
        Ok(store)
    }

    /// From here on it is said there what is wrong with its rows.
    pub fn report_to(&mut self, reports: Reports) {
        self.writer.report_to(reports);
    }

    /// When the last transaction began, by the database's clock: that of all daemons of the project.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    fn connection(&self) -> &Postgres {
        self.writer.connection()
    }

    /// Begins by these statements, the last of which gives the row. Where that finds out that the connection is lost, it is made again, once.
    fn begin_by(&mut self, sql: &str) -> Result<Vec<String>> {
        self.undo()?;
        match self.connection().texts(sql) {
            Err(_) if self.connection().is_lost() => {
                self.connect_again()?;
                self.connection().texts(sql)
            }
            begun => begun,
        }
    }

    fn connect_again(&mut self) -> Result<()> {
        *self.writer.connection_mut() = Postgres::connect(&self.address, true)?;
        // Whatever was known may be of a server that has forgotten it: a standby that has become the primary.
        (self.version, self.open) = (None, Opened::None);
        self.set_patience(self.patience)
    }

    /// Knows what is stored since this commit.
    fn know(&mut self, version: &str) -> Result<()> {
        let version = version
            .parse()
            .map_err(|_| StoreError::new(ErrorKind::Damaged, "the project has no number of a commit"))?;
        if self.version != Some(version) {
            self.writer.load()?;
            self.version = Some(version);
        }
        Ok(())
    }

    /// What has become of a transaction whose connection was lost while it was committed. Nobody is told anything before that is known.
    fn became_of(&mut self, no: u64) -> Result<()> {
        let [mut pause, longest] = ASK_AGAIN;
        loop {
            let asked = match self.connection().is_lost() {
                true => self.connect_again(),
                false => Ok(()),
            };
            let said =
                asked.and_then(|()| self.connection().texts(&format!("SELECT pg_xact_status('{no}')")));
            match said.as_deref().map(|said| said.first().map_or("", String::as_str)) {
                Ok("committed") => return Ok(()),
                Ok("aborted") => return Err(lost()),
                Ok("in progress") => {}
                // It is so old that the server has forgotten it: that takes millions of others.
                Ok(other) => {
                    return Err(StoreError::new(
                        ErrorKind::Gone,
                        format!("what has become of a transaction is not known ({other})"),
                    ));
                }
                Err(error) => {
                    tracing::warn!(%error, "the connection was lost in a commit, and what has become of it is not known yet")
                }
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }
}

impl Backend for PostgresStore {
    type Connection = Postgres;

    fn writer(&self) -> &Writer<Postgres> {
        &self.writer
    }

    fn writer_mut(&mut self) -> &mut Writer<Postgres> {
        &mut self.writer
    }

    fn commit(&mut self) -> Result<bool> {
        let Opened::Transaction { no, changes } = self.open else {
            self.undo()?;
            return Ok(false);
        };
        self.writer.before_commit()?;
        let has_written = self.connection().changes() != changes;
        let version = self.version.unwrap_or_default() + i64::from(has_written);
        let Address { project, schema, .. } = &self.address;
        let commit = match has_written {
            true => format!(
                "UPDATE project SET version = {version} WHERE id = '{project}'; SELECT pg_notify('{schema}', '{version}'); COMMIT"
            ),
            false => "COMMIT".to_owned(),
        };
        match self.connection().execute_all(&commit) {
            // A server that ends a connection may have committed just before.
            Err(error) if error.kind() == ErrorKind::Gone || self.connection().is_lost() => {
                self.became_of(no)?
            }
            committed => committed?,
        }
        // A connection that was made again knows of no commit.
        self.version = self.version.map(|_| version);
        self.open = Opened::None;
        self.writer.committed();
        Ok(has_written)
    }

    fn undo(&mut self) -> Result<()> {
        if self.connection().is_lost() {
            self.connect_again()?;
        }
        if self.open != Opened::None {
            self.connection().execute_all("ROLLBACK")?;
            self.open = Opened::None;
        }
        self.writer.undone()
    }

    fn make_room(&mut self, _: u64) -> Result<()> {
        if self.has_room() { Ok(()) } else { Err(StoreError::full()) }
    }

    fn give_back(&mut self) -> Result<bool> {
        // The server does that by itself.
        Ok(false)
    }

    fn set_in_force(&mut self, in_force: &InForce) -> Result<()> {
        self.writer.set_in_force(in_force).map(drop)
    }
}

impl Store for PostgresStore {
    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>> {
        let changes = self.connection().changes();
        let found = self.begin_by(&format!(
            "BEGIN; SELECT version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, pg_current_xact_id()
             FROM project WHERE id = '{}' FOR UPDATE",
            self.address.project
        ));
        // Whatever comes of it, something has begun.
        let changes = changes.min(self.connection().changes());
        self.open = Opened::Transaction { no: 0, changes };
        let found = found?;
        let [version, at, no] = &*found else {
            return Err(StoreError::new(ErrorKind::Damaged, "the project's row is gone"));
        };
        self.open = Opened::Transaction { no: no.parse().unwrap_or(0), changes };
        self.began_at = Timestamp::from_millis(at.parse().unwrap_or(0));
        self.know(version)?;
        Ok(Box::new(Open::begun(self)))
    }

    fn view(&mut self) -> Result<Box<dyn View + '_>> {
        let found = self.begin_by(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT version FROM project WHERE id = '{}'",
            self.address.project
        ));
        self.open = Opened::View;
        let found = found?;
        let Some(version) = found.first() else {
            return Err(StoreError::new(ErrorKind::Damaged, "the project's row is gone"));
        };
        self.know(version)?;
        Ok(Box::new(Open::begun(self)))
    }

    fn place(&self) -> String {
        self.address.place.clone()
    }

    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn set_patience(&mut self, patience: Duration) -> Result<()> {
        self.patience = patience;
        // None at all would be without end.
        let patience = patience.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        self.connection().execute_all(&format!("SET lock_timeout = {patience}"))
    }

    fn has_room(&mut self) -> bool {
        !self.connection().is_full()
    }

    fn look_after(&mut self, _: bool) {}

    fn note_damage(&self) {
        tracing::error!(place = %self.address.place, "the database is damaged: see the server's log, and pg_amcheck");
    }

    fn close(&mut self, _: bool) -> Result<()> {
        Ok(())
    }
}
