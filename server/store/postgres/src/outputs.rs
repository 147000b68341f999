//! What agents write, on its way into the project: on a connection of its own, beside the lock of the project's row. Nothing is decided by it, so it changes
//! nothing that others would have to read again.

use std::collections::HashMap;

use aiwg_model::{RunId, TaskNo};
use aiwg_protocol::types::OutputStream;
use aiwg_store::{ErrorKind, KeptOutput, OutputBlock, OutputSink, Result, StoreError, StoredEnd, StreamOf};
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{
    Client, Row, Statement,
    types::{FromSql, ToSql},
};

use super::{
    address::Address,
    connect::{PATIENCE, Silently, connected, longest_answer},
    error::{lost, of},
    hosts::Joined,
};

/// A parameter of a statement.
type Param<'a> = &'a (dyn ToSql + Sync);

/// Where one host carries what its agents write.
pub struct PostgresOutputs {
    address: Address,
    host: Joined,
    connection: Option<Connected>,
}

/// A connection, with the statements that are prepared on it: there are but a few.
struct Connected {
    client: Client,
    driven: JoinHandle<()>,
    statements: HashMap<String, Statement>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.driven.abort();
    }
}

impl Connected {
    async fn to(address: &Address) -> Result<Self> {
        let (client, driven) = connected(address, true, Silently).await?;
        Ok(Self { client, driven, statements: HashMap::new() })
    }

    async fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        let statement = match self.statements.get(sql) {
            Some(prepared) => prepared.clone(),
            None => {
                let prepared = self.client.prepare(sql).await?;
                self.statements.entry(sql.to_owned()).or_insert(prepared).clone()
            }
        };
        self.client.query(&statement, params).await
    }
}

impl PostgresOutputs {
    /// Those of a host that has joined the project. It connects when there is something to do.
    pub fn new(address: Address, host: Joined) -> Self {
        Self { address, host, connection: None }
    }

    /// Executes a statement. Whatever goes wrong in it, the next one has a new connection.
    async fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let mut connection = match self.connection.take().filter(|known| !known.client.is_closed()) {
            Some(connection) => connection,
            None => Connected::to(&self.address).await?,
        };
        let asked = timeout(longest_answer(PATIENCE), connection.query(sql, params)).await;
        let rows = asked.map_err(|_| lost())?.map_err(of)?;
        self.connection = Some(connection);
        Ok(rows)
    }
}

impl OutputSink for PostgresOutputs {
    async fn ends(&mut self, runs: &[RunId]) -> Result<Vec<StoredEnd>> {
        let (tasks, launches) = columns(runs)?;
        let rows = self
            .query(
                "SELECT task, n, stream, max(start + octet_length(bytes)), max(is_last) FROM output
                 WHERE (task, n) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[])) GROUP BY task, n, stream",
                &[&tasks, &launches],
            )
            .await?;
        rows.iter().map(stored_end).collect()
    }

    async fn unfinished(&mut self) -> Result<Vec<(RunId, Option<String>)>> {
        let sql = format!(
            "SELECT run.task, run.n, run.dir FROM run JOIN task ON task.no = run.task AND task.launch = run.n
             WHERE run.host = '{}' AND run.ended_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 86400000
                 AND 2 > (SELECT count(*) FROM output WHERE output.task = run.task AND output.n = run.n AND is_last = 1)
             ORDER BY run.ended_at",
            self.host.id
        );
        let rows = self.query(&sql, &[]).await?;
        rows.iter().map(|row| Ok((run(row)?, get(row, 2)?))).collect()
    }

    async fn put(&mut self, blocks: &[OutputBlock], kept: &[KeptOutput]) -> Result<Vec<RunId>> {
        let of_blocks: Vec<RunId> = blocks.iter().map(|block| block.of.run).collect();
        let (tasks, launches) = columns(&of_blocks)?;
        let streams: Vec<i64> = blocks.iter().map(|block| block.of.number()).collect();
        let starts = blocks.iter().map(|block| number(block.start)).collect::<Result<Vec<i64>>>()?;
        let bytes: Vec<&[u8]> = blocks.iter().map(|block| &*block.bytes).collect();
        let are_last: Vec<i64> = blocks.iter().map(|block| i64::from(block.is_last)).collect();
        let of_kept: Vec<RunId> = kept.iter().map(|kept| kept.of.run).collect();
        let (kept_tasks, kept_launches) = columns(&of_kept)?;
        let kept_streams: Vec<i64> = kept.iter().map(|kept| kept.of.number()).collect();
        let heads = kept.iter().map(|kept| number(kept.head)).collect::<Result<Vec<i64>>>()?;
        let from = kept.iter().map(|kept| number(kept.from)).collect::<Result<Vec<i64>>>()?;
        // A run that is forgotten meanwhile takes its blocks along: its row is locked, in a way that nobody minds who only changes it. A statement whose connection
        // was lost may come late: it takes nothing back.
        let sql = format!(
            "WITH sent AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[])
                 AS sent(task, n, stream, start, bytes, is_last)),
             kept AS (SELECT * FROM unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
                 AS kept(task, n, stream, head, tail)),
             own AS (SELECT run.task, run.n FROM run JOIN task ON task.no = run.task AND task.launch = run.n
                 WHERE (run.task, run.n) IN (SELECT task, n FROM sent) AND run.host = '{}' AND EXISTS (SELECT FROM host WHERE {})
                 FOR KEY SHARE OF run),
             put AS (INSERT INTO output AS stored (task, n, stream, start, bytes, is_last)
                 SELECT task, n, stream, start, bytes, is_last FROM sent JOIN own USING (task, n) ORDER BY task, n, stream, start
                 ON CONFLICT (task, n, stream, start) DO UPDATE SET bytes = excluded.bytes, is_last = excluded.is_last
                 WHERE octet_length(stored.bytes) <= octet_length(excluded.bytes)),
             cut AS (DELETE FROM output USING kept JOIN own USING (task, n)
                 WHERE output.task = kept.task AND (output.n < kept.n OR
                     output.n = kept.n AND output.stream = kept.stream AND output.start >= kept.head AND output.start < kept.tail))
             SELECT task, n FROM own",
            self.host.id,
            self.host.is_its_row()
        );
        let params: [Param<'_>; 11] = [
            &tasks,
            &launches,
            &streams,
            &starts,
            &bytes,
            &are_last,
            &kept_tasks,
            &kept_launches,
            &kept_streams,
            &heads,
            &from,
        ];
        self.query(&sql, &params).await?.iter().map(run).collect()
    }

    async fn forget(&mut self, tasks: &[TaskNo]) -> Result<()> {
        let tasks = tasks.iter().map(|task| number(task.0)).collect::<Result<Vec<i64>>>()?;
        let sql = format!(
            "DELETE FROM output WHERE task IN (SELECT task.no FROM task JOIN run ON run.task = task.no AND run.n = task.launch
                 WHERE task.no = ANY($1::bigint[]) AND run.host = '{}')",
            self.host.id
        );
        self.query(&sql, &[&tasks]).await.map(drop)
    }
}

/// The tasks of runs, and their numbers within these.
fn columns(runs: &[RunId]) -> Result<(Vec<i64>, Vec<i64>)> {
    runs.iter().map(|run| Ok((number(run.task.0)?, i64::from(run.n)))).collect()
}

fn number(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| StoreError::new(ErrorKind::Other, "a number is too large to be stored"))
}

fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| StoreError::new(ErrorKind::Row, error.to_string()))
}

fn whole(row: &Row, column: usize) -> Result<u64> {
    u64::try_from(get::<i64>(row, column)?)
        .map_err(|_| StoreError::new(ErrorKind::Row, "a column holds a number that is out of range"))
}

fn run(row: &Row) -> Result<RunId> {
    let n = u32::try_from(whole(row, 1)?)
        .map_err(|_| StoreError::new(ErrorKind::Row, "there is no run with such a number"))?;
    Ok(RunId { task: TaskNo(whole(row, 0)?), n })
}

fn stored_end(row: &Row) -> Result<StoredEnd> {
    let stream = match whole(row, 2)? {
        2 => OutputStream::Stderr,
        _ => OutputStream::Stdout,
    };
    Ok(StoredEnd {
        of: StreamOf { run: run(row)?, stream },
        end: whole(row, 3)?,
        is_whole: whole(row, 4)? == 1,
    })
}
