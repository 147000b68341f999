//! SQLite as a connection that statements are executed on.

use std::{ops::ControlFlow, path::Path};

use aiwg_store::Result;
use aiwg_store_sql::{Connection, Row, Value, ValueRef};
use rusqlite::{
    CachedStatement, ToSql,
    types::{ToSqlOutput, ValueRef as Held},
};

use super::{
    error::{at, of},
    open::open_reader,
};

/// A connection to a database.
pub struct Sqlite(pub(super) rusqlite::Connection);

/// A row of a result.
pub struct SqliteRow<'r>(&'r rusqlite::Row<'r>);

/// A value to be bound to a parameter.
struct Bound<'v>(&'v Value<'v>);

impl Connection for Sqlite {
    type Place = Path;
    type Statement<'c> = CachedStatement<'c>;
    type Row<'r> = SqliteRow<'r>;

    const SHOWS_ROWS: &'static str = "`sqlite3 .aiwg/daemon/daemon.db` shows them";

    fn open_to_read(path: &Path) -> Result<Self> {
        open_reader(path).map(Self).map_err(at(path))
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.0.prepare_cached(sql).map_err(of)
    }

    fn execute(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> Result<usize> {
        bind(statement, values).and_then(|()| statement.raw_execute()).map_err(of)
    }

    fn query(
        statement: &mut CachedStatement<'_>,
        values: &[Value<'_>],
        mut take: impl FnMut(&SqliteRow<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        bind(statement, values).map_err(of)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(of)? {
            if take(&SqliteRow(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn size(&self) -> Result<u64> {
        let number =
            |name: &str| self.0.pragma_query_value(None, name, |row| row.get::<_, u64>(0)).map_err(of);
        let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
        Ok(pages.saturating_mul(number("page_size")?))
    }
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(())
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => Held::Null,
            Value::Integer(number) => Held::Integer(*number),
            Value::Real(number) => Held::Real(*number),
            Value::Text(text) => Held::Text(text.as_bytes()),
            Value::Blob(bytes) => Held::Blob(bytes),
        }))
    }
}

impl Row for SqliteRow<'_> {
    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        Ok(match self.0.get_ref(column).map_err(of)? {
            Held::Null => ValueRef::Null,
            Held::Integer(number) => ValueRef::Integer(number),
            Held::Real(number) => ValueRef::Real(number),
            Held::Text(text) => ValueRef::Text(text),
            Held::Blob(bytes) => ValueRef::Blob(bytes),
        })
    }
}
