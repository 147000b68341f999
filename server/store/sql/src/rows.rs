//! Whole rows of a table, whatever they mean: for whoever carries all of a store to another one.

use std::{borrow::Cow, ops::ControlFlow};

use aiwg_store::{Cell, ErrorKind, Result, STAYING_CURSORS, StoreError, TABLES, Table};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    value::{ToValue, Value, ValueRef, unreadable},
    write::Writer,
};

/// Number of bytes from which no more of them are read at once.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Number of rows that are written by one statement.
const WRITTEN: usize = 100;

impl<C: Connection> Writer<C> {
    /// See [`aiwg_store::View::rows_after`].
    pub fn rows_after(&self, table: &Table, key: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>> {
        let keys = names(table.columns.iter().take(table.key));
        let after = key.map(|_| format!("({keys}) > ({})", marks(table.key)));
        let condition = where_all(after.into_iter().chain(without_staying(table)));
        let columns = names(table.columns.iter());
        let sql = format!("SELECT {columns} FROM {}{condition} ORDER BY {keys} LIMIT ?", table.name);
        let limit = limit.to_value()?;
        let values: Vec<Value<'_>> = key.unwrap_or_default().iter().map(value).chain([limit]).collect();
        let (mut rows, mut bytes) = (Vec::new(), 0);
        self.statement(&sql)?.each(&values, |row| {
            let cells = (0..table.columns.len()).map(|column| {
                let cell = cell(row.value(column)?)
                    .map_err(|why| unreadable(format!("{} of {}: {why}", name(table, column), table.name)))?;
                bytes += size(&cell);
                Ok(cell)
            });
            rows.push(cells.collect::<Result<Vec<Cell>>>()?);
            Ok(if bytes < READ_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(rows)
    }

    /// See [`aiwg_store::View::rows_of`].
    pub fn rows_of(&self, table: &Table) -> Result<u64> {
        rows_of(self.connection(), table)
    }

    /// See [`aiwg_store::Transaction::empty`].
    pub fn empty(&mut self) -> Result<()> {
        for table in TABLES {
            self.empty_one(table)?;
        }
        Ok(())
    }

    /// Removes the rows of one table, but those that stay where they are.
    pub fn empty_one(&mut self, table: &Table) -> Result<()> {
        let condition = where_all(without_staying(table));
        self.statement(&format!("DELETE FROM {}{condition}", table.name))?.execute(&[]).map(drop)
    }

    /// See [`aiwg_store::Transaction::put`].
    pub fn put(&mut self, table: &Table, rows: &[Vec<Cell>]) -> Result<()> {
        let (columns, marks) = (names(table.columns.iter()), format!("({})", marks(table.columns.len())));
        let insert = |rows: usize| {
            format!("INSERT INTO {} ({columns}) VALUES {}", table.name, vec![marks.as_str(); rows].join(", "))
        };
        let (many, one) = (insert(WRITTEN), insert(1));
        let chunks = rows.chunks_exact(WRITTEN);
        let rest = chunks.remainder();
        for (sql, rows) in chunks.map(|rows| (&many, rows)).chain(rest.chunks(1).map(|row| (&one, row))) {
            let values: Vec<Value<'_>> = rows.iter().flatten().map(value).collect();
            let written = self.statement(sql)?.execute(&values)?;
            if written != rows.len() {
                let why = format!("{written} rows were written into {}, and not {}", table.name, rows.len());
                return Err(StoreError::new(ErrorKind::Other, why));
            }
        }
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// The number of rows of a table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn rows_of(&self, table: &Table) -> Result<u64> {
        self.with(|connection| rows_of(connection, table))
    }
}

fn rows_of<C: Connection>(connection: &C, table: &Table) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM {}{}", table.name, where_all(without_staying(table)));
    prepare(connection, &sql)?.only(&[], |row| row.get(0))
}

/// A clause with these conditions, if there are any.
fn where_all(conditions: impl IntoIterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.into_iter().collect();
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

/// The condition that leaves out what stays where it is, if there is any in a table.
fn without_staying(table: &Table) -> Option<String> {
    let sources = STAYING_CURSORS.map(|source| format!("'{source}'")).join(", ");
    (table.name == "cursor").then(|| format!("source NOT IN ({sources})"))
}

fn names<'a>(columns: impl Iterator<Item = &'a (&'static str, aiwg_store::Kind)>) -> String {
    columns.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn name(table: &Table, column: usize) -> &'static str {
    table.columns.get(column).map_or("", |(name, _)| name)
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn value(cell: &Cell) -> Value<'_> {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => Value::Integer(*number),
        Cell::Real(number) => Value::Real(*number),
        Cell::Text(text) => Value::Text(Cow::Borrowed(text)),
        Cell::Blob(bytes) => Value::Blob(Cow::Borrowed(bytes)),
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(_) => Cell::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_owned()),
    })
}

fn size(cell: &Cell) -> usize {
    8 + match cell {
        Cell::Text(text) => text.len(),
        Cell::Blob(bytes) => bytes.len(),
        _ => 0,
    }
}
