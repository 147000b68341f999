//! The writing connection: counters, and what is known of what is stored.

use aiwg_protocol::types::TaskState;
use aiwg_store::{Reports, Result};

use super::{
    answers::Answers,
    counts::Counts,
    driver::{Connection, Statement, prepare},
    read::showing,
};

/// What the one writer knows and does, whatever database it is.
///
/// Of its methods those that change something are to be called in a transaction; [`Writer::before_commit`], [`Writer::committed`] and [`Writer::undone`] tell it
/// of that.
pub struct Writer<C: Connection> {
    pub(super) connection: C,
    counts: Counts,
    /// The same, as they were committed last.
    stored_counts: Counts,
    counts_changed: bool,
    /// What is known of the stored answers.
    pub(super) answers: Answers,
    /// Receives messages about rows that cannot be read.
    pub(super) reports: Reports,
    /// Since when the last task that was queued waits, in milliseconds since 1970.
    pub(super) waits_since: i64,
}

impl<C: Connection> Writer<C> {
    /// The writer of a database that has its tables.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(connection: C) -> Result<Self> {
        let mut writer = Self {
            connection,
            counts: Counts::default(),
            stored_counts: Counts::default(),
            counts_changed: false,
            answers: Answers::default(),
            reports: Reports::default(),
            waits_since: 0,
        };
        writer.load()?;
        Ok(writer)
    }

    /// Reads again what it knows: somebody else has written.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(&mut self) -> Result<()> {
        self.answers = Answers::load(&self.connection)?;
        self.load_counts()?;
        self.load_waits_since()
    }

    /// From here on it is said there what is wrong with its rows.
    pub fn report_to(&mut self, reports: Reports) {
        self.reports = showing::<C>(reports);
    }

    /// The connection.
    pub fn connection(&self) -> &C {
        &self.connection
    }

    /// The connection, to change it.
    pub fn connection_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Prepares a statement, or finds it prepared.
    ///
    /// # Errors
    /// The database cannot.
    pub fn statement(&self, sql: &str) -> Result<Statement<'_, C>> {
        prepare(&self.connection, sql)
    }

    /// Writes what is to be committed with all else.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn before_commit(&mut self) -> Result<()> {
        if self.counts_changed { self.counts.save(&self.stored_counts, &self.connection) } else { Ok(()) }
    }

    /// All of the open transaction is stored.
    pub fn committed(&mut self) {
        self.counts_changed = false;
        self.stored_counts = self.counts;
        self.answers.have_gone = false;
    }

    /// Nothing of the open transaction has happened.
    ///
    /// # Errors
    /// What is stored cannot be read; then this is to be called again.
    pub fn undone(&mut self) -> Result<()> {
        if self.counts_changed {
            self.load_counts()?;
            self.counts_changed = false;
        }
        if self.answers.have_gone {
            self.answers = Answers::load(&self.connection)?;
        }
        Ok(())
    }

    /// Writes, so that it is known whether that is possible.
    pub fn write_something(&mut self) -> Result<()> {
        self.begin_after(0, 0)
    }

    pub(super) fn count(&mut self, from: Option<TaskState>, to: Option<TaskState>) {
        self.counts.moved(from, to);
        self.counts_changed = true;
    }

    /// The number of tasks that have ended, including those of the open transaction.
    pub(super) fn finished(&self) -> u64 {
        self.counts.total() - self.queued() - self.counts.of(TaskState::Running)
    }

    /// The number of queued tasks, including those of the open transaction.
    pub fn queued(&self) -> u64 {
        self.counts.of(TaskState::Queued)
    }

    fn load_counts(&mut self) -> Result<()> {
        self.counts = Counts::load(&self.connection)?;
        self.stored_counts = self.counts;
        Ok(())
    }
}
