//! The store over its writing connection: transactions under the lock of the project's row.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use aiwg_model::InForce;
use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, Reports, Result, Store, StoreError, TABLES, Table, Transaction, View};
use aiwg_store_sql::{Backend, Open, Writer};

use super::{
    address::Address,
    connect::PATIENCE,
    connection::Postgres,
    error::{away, cannot_be_used},
    hosts::Joined,
    schema::bring_up_to_date,
};

/// Shortest and longest time between two questions what has become of a transaction.
const ASK_AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

/// Longest time for which it is asked. It is longer than anybody waits for a server that does not answer, so that nothing is tried again that may have happened.
const ASK_FOR: Duration = Duration::from_secs(10);

/// A moment by the database's clock, in milliseconds since 1970.
pub(super) const MOMENT: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// The table in which some rows stay where they are.
const CURSORS: &str = "cursor";

/// The tables whose rows get their numbers from the database, and the columns of these.
const COUNTED: [(&str, &str); 3] = [("firing", "id"), ("origin", "id"), ("rule_revision", "id")];

/// Nobody knows whether something has happened.
const UNKNOWN: &str = "whether it is stored is not known: the connection was lost while it was, and the database does not say what has become of it. Look, or \
                       ask again with the same key, once it answers";

/// The one writer of this daemon, by the trait [`aiwg_store::Store`].
pub struct PostgresStore {
    pub(super) writer: Writer<Postgres>,
    pub(super) address: Address,
    /// Longest wait for a project that others have locked.
    patience: Duration,
    /// The number of the last commit of which it knows all that it has to; none where it knows of none.
    version: Option<i64>,
    /// The highest such number that there was.
    highest: i64,
    /// The number of the last commit that was taken in, as those see it who only want to know whether there is more.
    known: Known,
    /// The host whose daemon has taken the project; none where none has.
    pub(super) host: Option<Joined>,
    /// True if that of which it knows has changed since the last time that anything was open.
    has_moved: bool,
    /// What is open.
    open: Opened,
    /// When the last transaction, or view, began, by the database's clock.
    pub(super) began_at: Timestamp,
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

/// The number of the last commit of which the writer knows, for others.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<AtomicI64>);

impl Known {
    /// The number.
    pub(super) fn get(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self, version: i64) {
        self.0.store(version, Ordering::Release);
    }
}

/// The words of an error without those that name the place already.
fn without_place(error: &StoreError, place: &str) -> String {
    let text = error.to_string();
    text.strip_prefix(&cannot_be_used(place, "")).map(str::to_owned).unwrap_or(text)
}

fn moment(at: &str) -> Timestamp {
    Timestamp::from_millis(at.parse().unwrap_or(0))
}

/// The number of a commit.
fn number(version: &str) -> Result<i64> {
    version.parse().map_err(|_| StoreError::new(ErrorKind::Damaged, "the project has no number of a commit"))
}

/// The error of a database that has less than it had.
pub(super) fn has_lost(what: &str) -> StoreError {
    let why = format!(
        "the database has lost what was stored in it: {what}, as when a standby has become the primary that had not all of it, or a backup was put back. \
         Restart the daemon (`aiwg daemon restart`): it finds out what is missing, and goes on"
    );
    StoreError::new(ErrorKind::Foreign, why)
}

fn row_gone() -> StoreError {
    StoreError::new(ErrorKind::Damaged, "the project's row is gone")
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
            highest: 0,
            known: Known::default(),
            host: None,
            has_moved: false,
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

    /// What it knows of, for a [`crate::Listener`].
    pub fn known(&self) -> Known {
        self.known.clone()
    }

    fn connection(&self) -> &Postgres {
        self.writer.connection()
    }

    /// Begins a transaction under the lock of the project's row.
    pub(super) fn begin_writing(&mut self) -> Result<()> {
        let changes = self.connection().changes();
        let project = &self.address.project;
        // What is asked once the lock is there is of then.
        let found = self.begin_by(&format!(
            "BEGIN; SELECT FROM project WHERE id = '{project}' FOR UPDATE;
             SELECT version, {MOMENT}, pg_current_xact_id(), {}, {} FROM project WHERE id = '{project}'",
            self.its("instance"),
            self.its("(lost_at IS NOT NULL)::int")
        ));
        // Whatever comes of it, something has begun.
        let changes = changes.min(self.connection().changes());
        self.open = Opened::Transaction { no: 0, changes };
        let found = found?;
        let [version, at, no, instance, is_lost] = &*found else { return Err(row_gone()) };
        self.open = Opened::Transaction { no: no.parse().unwrap_or(0), changes };
        self.began_at = moment(at);
        self.know(version)?;
        // Whoever writes takes in first what others have written.
        self.has_caught_up();
        self.check_instance(instance)?;
        if is_lost == "1" { self.come_back() } else { Ok(()) }
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
        *self.writer.connection_mut() = Postgres::connect(&self.address, true).map_err(away)?;
        // Whatever was known may be of a server that has forgotten it: a standby that has become the primary.
        (self.version, self.open) = (None, Opened::None);
        self.set_patience(self.patience)
    }

    /// Knows what is stored since this commit.
    ///
    /// Only a start finds out what is missing where the database has lost commits: events that clients have seen, agents that run.
    fn know(&mut self, version: &str) -> Result<()> {
        let version = number(version)?;
        let highest = self.highest;
        if version < highest {
            return Err(has_lost(&format!("it ends with the commit {version}, and had {highest} before")));
        }
        self.has_moved = self.version != Some(version);
        if self.has_moved {
            self.connection().read_ahead()?;
            self.writer.load()?;
            (self.version, self.highest) = (Some(version), version);
        }
        Ok(())
    }

    /// True if a transaction is committed whose connection was lost meanwhile, which makes this commit of it. Nobody is told anything before that is known, or the
    /// database has not said it for too long.
    fn became_of(&mut self, no: u64, version: i64) -> Result<bool> {
        let [mut pause, longest] = ASK_AGAIN;
        let until = Instant::now() + ASK_FOR;
        loop {
            match self.has_become(no, version) {
                Ok(Some(is_committed)) => return Ok(is_committed),
                Ok(None) => {}
                Err(error) if error.kind() != ErrorKind::Gone => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the connection was lost in a commit, and what has become of it is not known yet");
                }
            }
            if Instant::now() >= until {
                return Err(StoreError::new(ErrorKind::Gone, UNKNOWN));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }

    /// The same, as far as it is known now; none while it goes on.
    fn has_become(&mut self, no: u64, version: i64) -> Result<Option<bool>> {
        if self.connection().is_lost() {
            self.connect_again()?;
        } else {
            // A transaction that has failed takes no question.
            self.connection().execute_all("ROLLBACK")?;
        }
        let said = self.connection().status_of(no)?;
        let found = self.connection().texts(&format!(
            "SELECT {}, {}",
            self.its("committed"),
            self.its("instance")
        ))?;
        let [committed, instance] = &*found else { return Err(row_gone()) };
        match said.as_deref() {
            Some("in progress") => return Ok(None),
            // A server that has lost it knows no such number: one that has crashed, or a standby that has become the primary.
            Some("aborted") | None => return Ok(Some(false)),
            Some(_) => {}
        }
        // Or it has given that to another one since. This host's own row has the number of its last commit.
        let is_there = self.host.is_none() || number(committed)? >= version;
        if is_there {
            self.check_instance(instance)?;
        }
        Ok(Some(is_there))
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

    fn now(&self) -> Timestamp {
        self.began_at
    }

    fn has_moved(&self) -> bool {
        self.has_moved
    }

    fn commit(&mut self) -> Result<bool> {
        let Opened::Transaction { no, changes } = self.open else {
            self.undo()?;
            return Ok(false);
        };
        self.writer.before_commit()?;
        self.connection().settle()?;
        let has_written = self.connection().changes() != changes;
        let version = self.version.unwrap_or_default() + i64::from(has_written);
        let Address { project, schema, .. } = &self.address;
        let me = self.host.as_ref().map_or(0, |host| host.instance);
        // Where the connection is lost in the commit, this says whether it has happened, whatever others have done since.
        let note = self
            .host
            .as_ref()
            .map(|host| format!("UPDATE host SET committed = {version} WHERE id = '{}'; ", host.id));
        let note = note.unwrap_or_default();
        let commit = match has_written {
            true => format!(
                "{note}UPDATE project SET version = {version} WHERE id = '{project}'; SELECT pg_notify('{schema}', '{me} {version}'); COMMIT"
            ),
            false => "COMMIT".to_owned(),
        };
        match self.connection().execute_all(&commit) {
            // A server that ends a connection may have committed just before.
            Err(error) if error.kind() == ErrorKind::Gone || self.connection().is_lost() => {
                if !self.became_of(no, version)? {
                    return Err(StoreError::new(ErrorKind::Gone, error.to_string()));
                }
            }
            committed => committed?,
        }
        // A connection that was made again knows of no commit.
        self.version = self.version.map(|_| version);
        self.highest = version;
        self.known.set(version);
        self.open = Opened::None;
        self.writer.committed();
        Ok(has_written)
    }

    fn undo(&mut self) -> Result<()> {
        if self.connection().is_lost() {
            self.connect_again()?;
        }
        if self.open != Opened::None {
            self.connection().forget_sent();
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

    const HAS_NULL_CHARACTERS: bool = false;

    fn empty(&mut self) -> Result<()> {
        // At once, however many rows there are; but for the table in which some stay.
        let (stays, all): (Vec<&Table>, Vec<&Table>) = TABLES.iter().partition(|table| table.name == CURSORS);
        let all: Vec<&str> = all.iter().map(|table| table.name).collect();
        self.connection().execute_all(&format!("TRUNCATE {}", all.join(", ")))?;
        stays.into_iter().try_for_each(|table| self.writer.empty_one(table))
    }

    fn has_put(&mut self, table: &Table) -> Result<()> {
        // The next number that it gives is higher than those that were given elsewhere.
        let Some(id) = COUNTED.iter().find(|(name, _)| *name == table.name).map(|(_, id)| id) else {
            return Ok(());
        };
        let name = table.name;
        self.connection()
            .texts(&format!(
                "SELECT setval(pg_get_serial_sequence('{name}', '{id}'), (SELECT max({id}) FROM {name} WHERE {id} > 0))"
            ))
            .map(drop)
    }
}

impl Store for PostgresStore {
    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>> {
        self.begin_writing()?;
        Ok(Box::new(Open::begun(self)))
    }

    fn view(&mut self) -> Result<Box<dyn View + '_>> {
        let found = self.begin_by(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT version, {MOMENT} FROM project WHERE id = '{}'",
            self.address.project
        ));
        self.open = Opened::View;
        let found = found?;
        let [version, at] = &*found else { return Err(row_gone()) };
        self.began_at = moment(at);
        self.know(version)?;
        Ok(Box::new(Open::begun(self)))
    }

    fn has_caught_up(&mut self) {
        self.known.set(self.highest);
    }

    fn host(&self) -> Option<&str> {
        self.host.as_ref().map(|host| host.id.as_str())
    }

    fn place(&self) -> String {
        self.address.place.clone()
    }

    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn remedy(&self, error: &StoreError) -> String {
        let place = self.place();
        match error.kind() {
            ErrorKind::Busy => format!(
                "somebody else holds the store {place}, so that nothing can be stored: `SELECT * FROM pg_stat_activity` shows who does. Then it goes on by itself"
            ),
            ErrorKind::Full => format!(
                "the disk of the store {place} is full: nothing new is taken in and nothing started, though running tasks can be ended; make room there, \
                 then it goes on by itself"
            ),
            ErrorKind::Gone => format!(
                "the store {place} does not answer: {}. Nothing is taken in and nothing started, agents go on, and it goes on by itself once it answers",
                without_place(error, &place)
            ),
            ErrorKind::Damaged => {
                format!("the store {place} is damaged: {error}. See the server's log, and pg_amcheck")
            }
            ErrorKind::Foreign => format!("{error} ({place})"),
            _ => format!(
                "the store {place} cannot be written: {error}. Once that is mended, it goes on by itself"
            ),
        }
    }

    fn set_patience(&mut self, patience: Duration) -> Result<()> {
        self.patience = patience;
        self.connection().set_patience(patience)
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
