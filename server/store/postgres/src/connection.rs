//! PostgreSQL as a connection that statements are executed on.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    future::ready,
    ops::ControlFlow,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use aiwg_store::{ErrorKind, Result, StoreError};
use aiwg_store_sql::{Connection, Value, numbered};
use futures::{
    FutureExt, TryStreamExt,
    future::{BoxFuture, try_join_all},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};
use tokio_postgres::{Client, Row, error::SqlState};

use super::{
    address::Address,
    ahead::{Ahead, Read},
    connect::{PATIENCE, connect, last_row, limits, longest_answer},
    error::{away, lost, of},
    value::{Param, PostgresRow},
};

/// Number of statements that are kept prepared.
const KEPT: usize = 256;

/// The most statements that are sent before an answer is waited for.
const MOST_SENT: usize = 1024;

/// Time for which a disk that was full counts as full.
const FULL_FOR: Duration = Duration::from_secs(1);

/// A connection to a project's database. Its calls block.
pub struct Postgres {
    client: RefCell<Arc<Client>>,
    /// The task that has the connection: without it the connection is lost. None where it was given up.
    driven: Cell<Option<JoinHandle<()>>>,
    /// Longest wait for an answer.
    longest: Cell<Duration>,
    statements: RefCell<HashMap<String, tokio_postgres::Statement>>,
    /// Where to connect again once the connection is lost. None for a writer, whose transaction is lost with it.
    again: Option<Address>,
    /// Number of rows that were changed.
    changes: Cell<u64>,
    /// What was sent, and whose answers nobody has waited for yet, in its order.
    sent: RefCell<VecDeque<Sent>>,
    /// What is read when others have written.
    ahead: RefCell<Ahead>,
    /// When the disk was found full.
    full_at: Cell<Option<Instant>>,
    /// Always there until this is dropped.
    runtime: Option<Runtime>,
}

/// A statement that was sent: the number of rows that it has changed.
type Sent = BoxFuture<'static, Result<u64, tokio_postgres::Error>>;

/// A statement that is prepared.
pub struct Prepared<'c> {
    on: &'c Postgres,
    client: Arc<Client>,
    statement: tokio_postgres::Statement,
    /// Its text, where it can be executed again on another connection: a reader's; or where it is noted what is read.
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
        let (client, driven) = connect(&runtime, address, writes)?;
        Ok(Self {
            client: RefCell::new(Arc::new(client)),
            driven: Cell::new(Some(driven)),
            longest: Cell::new(longest_answer(PATIENCE)),
            statements: RefCell::default(),
            again: (!writes).then(|| address.clone()),
            changes: Cell::default(),
            sent: RefCell::default(),
            ahead: RefCell::default(),
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
        self.ahead.borrow_mut().end();
        self.wait_for(self.client().batch_execute(sql))
    }

    /// The only row of a statement, each column as a text.
    pub(super) fn texts(&self, sql: &str) -> Result<Vec<String>> {
        self.ahead.borrow_mut().end();
        last_row(&self.wait_for(self.client().simple_query(sql))?)
    }

    /// PostgreSQL's word on a transaction: empty where it has forgotten it, none where it never had one of this number.
    pub(super) fn status_of(&self, no: u64) -> Result<Option<String>> {
        let client = self.client();
        let said = self.wait_for(async {
            match client.simple_query(&format!("SELECT pg_xact_status('{no}')")).await {
                Err(error) if error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => Ok(None),
                said => said.map(Some),
            }
        })?;
        Ok(said.map(|said| last_row(&said)).transpose()?.map(|row| row.concat()))
    }

    /// Sets the longest wait for what others have locked, and with it that for an answer.
    pub(super) fn set_patience(&self, patience: Duration) -> Result<()> {
        self.longest.set(longest_answer(patience));
        self.execute_all(&limits(patience))
    }

    /// A transaction has begun in which all is read again, since others have written: asks at once for what it is likely to read, until it changes something.
    pub(super) fn read_ahead(&self) -> Result<()> {
        let usual = self.ahead.borrow_mut().begin();
        let client = self.client();
        let statements = self.statements.borrow();
        let prepared = usual.into_iter().filter_map(|read| Some((statements.get(&read.sql)?.clone(), read)));
        let asked = prepared.map(async |(statement, read): (tokio_postgres::Statement, Read)| {
            let rows: Vec<Row> =
                client.query_raw(&statement, read.values.iter().map(Param)).await?.try_collect().await?;
            Ok((read, rows))
        });
        let answers = self.wait_for(try_join_all(asked))?;
        self.ahead.borrow_mut().have(answers);
        Ok(())
    }

    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.borrow())
    }

    fn wait_for<T>(&self, done: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
        let runtime = self.runtime.as_ref().ok_or_else(lost)?;
        let done = async {
            let done = done.await;
            // What was sent before it has failed first.
            self.settled().await?;
            self.noting(done)
        };
        runtime.block_on(async {
            match timeout(self.longest.get(), done).await {
                Ok(done) => done,
                Err(_) => Err(self.give_up().await),
            }
        })
    }

    /// Waits for all that was sent.
    pub(super) fn settle(&self) -> Result<()> {
        if self.sent.borrow().is_empty() {
            return Ok(());
        }
        self.wait_for(async { Ok(()) })
    }

    /// Forgets what was sent: nothing of it is to happen.
    pub(super) fn forget_sent(&self) {
        self.sent.borrow_mut().clear();
    }

    /// Returns when all that was sent is done. Where one fails those after it cannot have happened.
    async fn settled(&self) -> Result<()> {
        loop {
            let Some(sent) = self.sent.borrow_mut().pop_front() else { return Ok(()) };
            let changed = self.noting(sent.await).inspect_err(|_| self.forget_sent())?;
            self.changes.set(self.changes.get() + changed);
        }
    }

    /// Gives up the connection to a server that does not answer: whatever it says later is of no use any more.
    async fn give_up(&self) -> StoreError {
        if let Some(driven) = self.driven.take() {
            self.forget_sent();
            driven.abort();
            // It is lost once that has ended.
            let _ = driven.await;
        }
        let longest = self.longest.get().as_secs();
        StoreError::new(ErrorKind::Gone, format!("the database says nothing for {longest} s"))
    }

    /// A reader connects again where its connection is lost.
    fn connect_again(&self) -> Result<()> {
        let (Some(address), Some(runtime)) = (&self.again, &self.runtime) else { return Err(lost()) };
        self.statements.borrow_mut().clear();
        let (client, driven) = connect(runtime, address, false).map_err(away)?;
        *self.client.borrow_mut() = Arc::new(client);
        self.driven.set(Some(driven));
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
        if self.changes {
            on.ahead.borrow_mut().end();
        }
        let sql = self.sql.as_deref().filter(|_| on.ahead.borrow().is_on());
        let answer = sql.and_then(|sql| on.ahead.borrow_mut().take(sql, values));
        if let (Some(sql), Some(rows)) = (sql, answer) {
            on.ahead.borrow_mut().note(sql, values, rows.len());
            for row in &rows {
                if take(&PostgresRow(row))?.is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let mut count = 0;
        let read = async {
            let params = values.iter().map(Param);
            let rows = on.noting(self.client.query_raw(&self.statement, params).await)?;
            let mut rows = pin!(rows);
            while let Some(row) = on.noting(rows.try_next().await)? {
                count += 1;
                if self.changes {
                    on.changes.set(on.changes.get() + 1);
                }
                if take(&PostgresRow(&row))?.is_break() {
                    break;
                }
            }
            Ok(())
        };
        let read = async {
            let read = read.await;
            on.settled().await?;
            read
        };
        let done = runtime.block_on(async {
            match timeout(on.longest.get(), read).await {
                Ok(done) => done,
                Err(_) => Err(on.give_up().await),
            }
        });
        if let Some(sql) = sql.filter(|_| done.is_ok()) {
            on.ahead.borrow_mut().note(sql, values, count);
        }
        done
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
        let is_wanted = self.again.is_some() || self.ahead.borrow().is_on();
        let sql = is_wanted.then(|| sql.to_owned());
        Ok(Prepared { on: self, client, statement, sql, changes })
    }

    fn execute(statement: &mut Prepared<'_>, values: &[Value<'_>]) -> Result<usize> {
        let on = statement.on;
        on.ahead.borrow_mut().end();
        let params = values.iter().map(Param);
        let changed = on.wait_for(statement.client.execute_raw(&statement.statement, params))?;
        on.changes.set(on.changes.get() + changed);
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn send(statement: &mut Prepared<'_>, values: &[Value<'_>]) -> Result<()> {
        let on = statement.on;
        on.ahead.borrow_mut().end();
        if on.sent.borrow().len() >= MOST_SENT {
            on.settle()?;
        }
        let runtime = on.runtime.as_ref().ok_or_else(lost)?;
        let (client, prepared) = (Arc::clone(&statement.client), statement.statement.clone());
        let values: Vec<Value<'static>> = values.iter().map(Value::owned).collect();
        let mut done = async move { client.execute_raw(&prepared, values.iter().map(Param)).await }.boxed();
        // It is on its way once it was polled.
        let polled = runtime.block_on(async { futures::poll!(&mut done) });
        let done = match polled {
            Poll::Ready(done) => ready(done).boxed(),
            Poll::Pending => done,
        };
        on.sent.borrow_mut().push_back(done);
        Ok(())
    }

    fn query(
        statement: &mut Prepared<'_>,
        values: &[Value<'_>],
        mut take: impl FnMut(&PostgresRow<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let (mut is_taken, began, longest) = (false, Instant::now(), statement.on.longest.get());
        let done = statement.rows(values, |row| {
            is_taken = true;
            take(row)
        });
        // Where nothing has come of it, a reader asks again, unless it has waited for that long enough.
        if done.is_err()
            && !is_taken
            && began.elapsed() < longest
            && statement.on.is_lost()
            && statement.on.again.is_some()
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

#[cfg(test)]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]
#[path = "../../../../tests/postgres/cluster.rs"]
mod server;

#[cfg(test)]
mod tests {
    use super::{server::Cluster, *};

    /// As a server does that is frozen, or a network that swallows everything.
    #[test]
    fn whoever_says_nothing_is_given_up() {
        let Some(cluster) = Cluster::start() else { return };
        let address = Address::new(&cluster.url("one")).unwrap().with_password(super::server::PASSWORD);
        let soon = Duration::from_millis(500);
        let frozen = "SELECT 1 FROM pg_sleep(60)";
        let writer = Postgres::connect(&address, true).unwrap();
        writer.longest.set(soon);
        let began = Instant::now();
        assert_eq!(writer.texts(frozen).unwrap_err().kind(), ErrorKind::Gone);
        assert!(writer.is_lost(), "what it says later is heard by nobody");
        let reader = Postgres::connect(&address, false).unwrap();
        let ask = |sql: &str| {
            let mut statement = reader.prepare(sql)?;
            Postgres::query(&mut statement, &[], |_| Ok(ControlFlow::Continue(())))
        };
        reader.longest.set(soon);
        assert_eq!(ask(frozen).unwrap_err().kind(), ErrorKind::Gone);
        assert!(reader.is_lost() && began.elapsed() < Duration::from_secs(30));
        ask("SELECT 1").unwrap();

        // A server that works ends it before.
        reader.set_patience(Duration::ZERO).unwrap();
        let limits =
            reader.texts("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')");
        assert_eq!(limits.unwrap(), ["1ms", "15s"]);
        reader.execute_all("SET statement_timeout = 100").unwrap();
        let ended = ask(frozen).unwrap_err();
        assert!(ended.kind() == ErrorKind::Gone && ended.to_string().contains("57014"), "{ended}");
        assert!(!reader.is_lost());
    }
}
