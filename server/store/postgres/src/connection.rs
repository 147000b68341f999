//! PostgreSQL as a connection that statements are executed on.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    ops::ControlFlow,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_store::{ErrorKind, Result, StoreError};
use aiwg_store_sql::{Connection, Value, numbered};
use futures::TryStreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

use super::{
    address::Address,
    connect::connect,
    error::{lost, of},
    value::{Param, PostgresRow},
};

/// Number of statements that are kept prepared.
const KEPT: usize = 256;

/// Time for which a disk that was full counts as full.
const FULL_FOR: Duration = Duration::from_secs(1);

/// A connection to a project's database. Its calls block.
pub struct Postgres {
    client: RefCell<Arc<Client>>,
    statements: RefCell<HashMap<String, tokio_postgres::Statement>>,
    /// Where to connect again once the connection is lost. None for a writer, whose transaction is lost with it.
    again: Option<Address>,
    /// Number of rows that were changed.
    changes: Cell<u64>,
    /// When the disk was found full.
    full_at: Cell<Option<Instant>>,
    /// Always there until this is dropped.
    runtime: Option<Runtime>,
}

/// A statement that is prepared.
pub struct Prepared<'c> {
    on: &'c Postgres,
    client: Arc<Client>,
    statement: tokio_postgres::Statement,
    /// Its text, where it can be executed again on another connection: a reader's.
    sql: Option<String>,
    /// True if its rows are those that it has changed.
    changes: bool,
}

impl Postgres {
    /// Connects; `writes` refuses a server that cannot be written.
    pub(super) fn connect(address: &Address, writes: bool) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::new(ErrorKind::Other, error.to_string()))?;
        let client = connect(&runtime, address, writes)?;
        Ok(Self {
            client: RefCell::new(Arc::new(client)),
            statements: RefCell::default(),
            again: (!writes).then(|| address.clone()),
            changes: Cell::default(),
            full_at: Cell::default(),
            runtime: Some(runtime),
        })
    }

    /// True if the connection is known to be lost.
    pub(super) fn is_lost(&self) -> bool {
        self.client.borrow().is_closed()
    }

    /// Number of rows that were changed since it was made.
    pub(super) fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// True if the disk was found full just now.
    pub(super) fn is_full(&self) -> bool {
        self.full_at.get().is_some_and(|at| at.elapsed() < FULL_FOR)
    }

    /// Executes statements that have no parameters and give no rows, in one message.
    pub(super) fn execute_all(&self, sql: &str) -> Result<()> {
        self.wait_for(self.client().batch_execute(sql))
    }

    /// The only row of a statement, each column as a text.
    pub(super) fn texts(&self, sql: &str) -> Result<Vec<String>> {
        let found = self.wait_for(self.client().simple_query(sql))?;
        let row = found.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.ok_or_else(|| StoreError::new(ErrorKind::Other, "a statement has given no row"))?;
        Ok((0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
    }

    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.borrow())
    }

    fn wait_for<T>(&self, done: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
        let runtime = self.runtime.as_ref().ok_or_else(lost)?;
        self.noting(runtime.block_on(done))
    }

    /// A reader connects again where its connection is lost.
    fn connect_again(&self) -> Result<()> {
        let (Some(address), Some(runtime)) = (&self.again, &self.runtime) else { return Err(lost()) };
        self.statements.borrow_mut().clear();
        *self.client.borrow_mut() = Arc::new(connect(runtime, address, false)?);
        Ok(())
    }

    /// A statement that is prepared on the connection that there is.
    fn prepared(&self, sql: &str) -> Result<(Arc<Client>, tokio_postgres::Statement)> {
        let client = self.client();
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok((client, statement.clone()));
        }
        let statement = self.wait_for(client.prepare(&numbered(sql)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= KEPT {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok((client, statement))
    }

    fn noting<T>(&self, done: Result<T, tokio_postgres::Error>) -> Result<T> {
        done.map_err(|error| {
            let error = of(error);
            if error.kind() == ErrorKind::Full {
                self.full_at.set(Some(Instant::now()));
            }
            error
        })
    }
}

impl Prepared<'_> {
    fn rows(
        &self,
        values: &[Value<'_>],
        mut take: impl FnMut(&PostgresRow<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let on = self.on;
        let runtime = on.runtime.as_ref().ok_or_else(lost)?;
        runtime.block_on(async {
            let params = values.iter().map(Param);
            let rows = on.noting(self.client.query_raw(&self.statement, params).await)?;
            let mut rows = pin!(rows);
            while let Some(row) = on.noting(rows.try_next().await)? {
                if self.changes {
                    on.changes.set(on.changes.get() + 1);
                }
                if take(&PostgresRow(&row))?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Wherever it is dropped, that waits for nothing.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Connection for Postgres {
    type Place = Address;
    type Statement<'c> = Prepared<'c>;
    type Row<'r> = PostgresRow<'r>;

    const SHOWS_ROWS: &'static str = "`psql` shows them";

    fn open_to_read(address: &Address) -> Result<Self> {
        Self::connect(address, false)
    }

    fn prepare(&self, sql: &str) -> Result<Prepared<'_>> {
        if self.is_lost() {
            self.connect_again()?;
        }
        // That it is lost may be known only by now.
        let (client, statement) = match self.prepared(sql) {
            Err(_) if self.is_lost() && self.again.is_some() => {
                self.connect_again()?;
                self.prepared(sql)?
            }
            prepared => prepared?,
        };
        let changes = !sql.starts_with("SELECT") && !sql.starts_with("WITH");
        let sql = self.again.is_some().then(|| sql.to_owned());
        Ok(Prepared { on: self, client, statement, sql, changes })
    }

    fn execute(statement: &mut Prepared<'_>, values: &[Value<'_>]) -> Result<usize> {
        let on = statement.on;
        let params = values.iter().map(Param);
        let changed = on.wait_for(statement.client.execute_raw(&statement.statement, params))?;
        on.changes.set(on.changes.get() + changed);
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn query(
        statement: &mut Prepared<'_>,
        values: &[Value<'_>],
        mut take: impl FnMut(&PostgresRow<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut is_taken = false;
        let done = statement.rows(values, |row| {
            is_taken = true;
            take(row)
        });
        // Where nothing has come of it, a reader asks again.
        if done.is_err()
            && !is_taken
            && statement.on.is_lost()
            && let Some(sql) = statement.sql.take()
        {
            statement.on.connect_again()?;
            (statement.client, statement.statement) = statement.on.prepared(&sql)?;
            return statement.rows(values, take);
        }
        done
    }

    fn size(&self) -> Result<u64> {
        let size = self.texts(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
             WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
        )?;
        Ok(size.first().and_then(|size| size.parse().ok()).unwrap_or(0))
    }
}
