//! What a database has to be able to do.

use std::ops::ControlFlow;

use aiwg_store::{ErrorKind, Reports, Result, StoreError};

use super::{
    lenient::one,
    value::{FromValue, Value, ValueRef},
};

/// A connection to a database.
///
/// All statements are texts of this crate, in the SQL that SQLite and PostgreSQL have in common, with SQLite's marks for parameters (`?`, `?2`) and its
/// hints; [`numbered`](super::numbered) makes of them what PostgreSQL knows. The database has the functions `json_valid`, `json_extract`, `json_each` and `instr` as
/// SQLite has them; what is a condition may come as 1 or 0 or as a boolean.
pub trait Connection: Sized + 'static {
    /// Where a database is.
    type Place: ?Sized;
    /// A statement that is prepared.
    type Statement<'c>;
    /// A row of its result.
    type Row<'r>: Row;

    /// How a person looks at rows, after a semicolon.
    const SHOWS_ROWS: &'static str;

    /// Connects to a database that is there, to read what is committed.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open_to_read(place: &Self::Place) -> Result<Self>;

    /// Prepares a statement, or finds it prepared.
    ///
    /// # Errors
    /// The database cannot.
    fn prepare(&self, sql: &str) -> Result<Self::Statement<'_>>;

    /// Executes a statement that gives no rows. The number of those that it has changed.
    ///
    /// # Errors
    /// The database cannot.
    fn execute(statement: &mut Self::Statement<'_>, values: &[Value<'_>]) -> Result<usize>;

    /// Executes a statement of a transaction that gives no rows. It may be done only when the next answer is waited for, or the transaction ends, and then
    /// fail: so that many of them wait together for a database that is far away.
    ///
    /// # Errors
    /// The database cannot, or could not do one before it.
    fn send(statement: &mut Self::Statement<'_>, values: &[Value<'_>]) -> Result<()> {
        Self::execute(statement, values).map(drop)
    }

    /// Executes a statement, and gives its rows one after the other for as long as they are taken. No other statement may be executed meanwhile.
    ///
    /// # Errors
    /// The database cannot; or the error of `take`.
    fn query(
        statement: &mut Self::Statement<'_>,
        values: &[Value<'_>],
        take: impl FnMut(&Self::Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()>;

    /// Size of the database, in bytes, without the free space in it.
    ///
    /// # Errors
    /// The database cannot say.
    fn size(&self) -> Result<u64>;
}

/// A row.
pub trait Row {
    /// The value in a column, from 0.
    ///
    /// # Errors
    /// There is no such column, or nobody knows such values.
    fn value(&self, column: usize) -> Result<ValueRef<'_>>;

    /// What is in a column.
    ///
    /// # Errors
    /// It is something else: [`ErrorKind::Row`].
    fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        T::from_value(self.value(column)?)
    }
}

/// A statement that is prepared.
pub struct Statement<'c, C: Connection>(C::Statement<'c>);

/// Prepares a statement, or finds it prepared.
pub(crate) fn prepare<'c, C: Connection>(connection: &'c C, sql: &str) -> Result<Statement<'c, C>> {
    connection.prepare(sql).map(Statement)
}

impl<C: Connection> Statement<'_, C> {
    /// Executes it. The number of changed rows.
    ///
    /// # Errors
    /// The database cannot.
    pub fn execute(&mut self, values: &[Value<'_>]) -> Result<usize> {
        C::execute(&mut self.0, values)
    }

    /// Executes it in a transaction, where nobody asks for the number of changed rows. See [`Connection::send`].
    ///
    /// # Errors
    /// The database cannot, or could not execute what was sent before.
    pub fn send(&mut self, values: &[Value<'_>]) -> Result<()> {
        C::send(&mut self.0, values)
    }

    /// Executes it where it changes one row.
    ///
    /// # Errors
    /// The same; or it has changed none, or several.
    pub fn execute_one(&mut self, values: &[Value<'_>]) -> Result<()> {
        is_one(self.execute(values)?)
    }

    /// Gives its rows one after the other for as long as they are taken.
    ///
    /// # Errors
    /// The database cannot; or the error of `take`.
    pub fn each(
        &mut self,
        values: &[Value<'_>],
        take: impl FnMut(&C::Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        C::query(&mut self.0, values, take)
    }

    /// The first row.
    ///
    /// # Errors
    /// The database cannot; or the error of `read`.
    pub fn first<T>(
        &mut self,
        values: &[Value<'_>],
        mut read: impl FnMut(&C::Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.each(values, |row| {
            first = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(first)
    }

    /// The only row.
    ///
    /// # Errors
    /// There is none; and as for [`Statement::first`].
    pub fn only<T>(&mut self, values: &[Value<'_>], read: impl FnMut(&C::Row<'_>) -> Result<T>) -> Result<T> {
        self.first(values, read)?.ok_or_else(no_rows)
    }

    /// All rows.
    ///
    /// # Errors
    /// The database cannot; or the error of `read`.
    pub fn all<T>(
        &mut self,
        values: &[Value<'_>],
        mut read: impl FnMut(&C::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(values, |row| {
            all.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The rows that can be read. That others cannot is reported.
    ///
    /// # Errors
    /// The database cannot; or the error of `read`, unless it is that of a row.
    pub fn readable<T>(
        &mut self,
        values: &[Value<'_>],
        mut read: impl FnMut(&C::Row<'_>) -> Result<T>,
        reports: &Reports,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(values, |row| {
            all.extend(one(read(row), reports)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

#[cold]
pub(crate) fn no_rows() -> StoreError {
    StoreError::new(ErrorKind::Other, "a statement has given no row")
}

/// The caller knows that the row is as the statement asks for.
pub(crate) fn is_one(changed: usize) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::new(
        ErrorKind::Other,
        format!("a statement has changed {changed} rows, and should have changed one"),
    ))
}
