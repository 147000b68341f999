//! The hosts that share the store.

use std::collections::HashMap;

use aiwg_model::HostRow;
use aiwg_protocol::types::Timestamp;
use aiwg_store::{Reports, Result};

use super::{
    driver::{Connection, Row, is_one, prepare},
    read::SqlReader,
    row::{AsJson, Millis},
    value::values,
    write::Writer,
};

impl<C: Connection> Writer<C> {
    /// All hosts, in the order of their starts.
    pub fn hosts(&self) -> Result<Vec<HostRow>> {
        hosts(self.connection(), &self.reports)
    }

    /// Notes a host, in place of what was noted of it.
    pub fn set_host(&mut self, host: &HostRow) -> Result<()> {
        self.statement(
            "INSERT INTO host (id, instance, name, place, labels, version, started_at, seen_at, draining_at, lost_at, left_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET instance = excluded.instance, name = excluded.name, place = excluded.place,
                 labels = excluded.labels, version = excluded.version, started_at = excluded.started_at, seen_at = excluded.seen_at,
                 draining_at = excluded.draining_at, lost_at = excluded.lost_at, left_at = excluded.left_at",
        )?
        .execute(values![
            host.id,
            host.instance,
            host.name,
            host.place,
            AsJson(&host.labels),
            host.version,
            Millis(host.started_at),
            Millis(host.seen_at),
            host.draining_at.map(Millis),
            host.lost_at.map(Millis),
            host.left_at.map(Millis),
        ])?;
        Ok(())
    }

    /// Notes since when a host is given no new tasks; none if it is.
    pub fn drain_host(&mut self, id: &str, since: Option<Timestamp>) -> Result<()> {
        let changed = self
            .statement("UPDATE host SET draining_at = ?2 WHERE id = ?1")?
            .execute(values![id, since.map(Millis)])?;
        is_one(changed)
    }

    /// Notes that a host is given up, unless it was already, or was heard of after `before`. False if it was.
    pub fn lose_host(&mut self, id: &str, before: Option<Timestamp>, at: Timestamp) -> Result<bool> {
        let before = before.map_or(i64::MAX, Timestamp::as_millis);
        let changed = self
            .statement("UPDATE host SET lost_at = ?3 WHERE id = ?1 AND lost_at IS NULL AND seen_at <= ?2")?
            .execute(values![id, before, Millis(at)])?;
        Ok(changed > 0)
    }
}

impl<C: Connection> SqlReader<C> {
    /// All hosts, in the order of their starts, each with the number of tasks that run there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn hosts(&self) -> Result<Vec<(HostRow, u32)>> {
        self.with(|connection| {
            let mut count = prepare(
                connection,
                "SELECT run.host, count(*) FROM task JOIN run ON run.task = task.no AND run.n = task.launch
                 WHERE task.state = 'running' AND run.host IS NOT NULL GROUP BY run.host",
            )?;
            let running: HashMap<String, u32> =
                count.all(&[], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect();
            let count = |host: &HostRow| running.get(&host.id).copied().unwrap_or(0);
            Ok(hosts(connection, &self.reports)?
                .into_iter()
                .map(|host| (host.clone(), count(&host)))
                .collect())
        })
    }
}

fn hosts<C: Connection>(connection: &C, reports: &Reports) -> Result<Vec<HostRow>> {
    let mut select = prepare(
        connection,
        "SELECT id, instance, name, place, labels, version, started_at, seen_at, draining_at, lost_at, left_at FROM host
         ORDER BY instance, id",
    )?;
    let at = |row: &C::Row<'_>, column| -> Result<Option<Timestamp>> {
        Ok(row.get::<Option<Millis>>(column)?.map(|at| at.0))
    };
    let read = |row: &C::Row<'_>| -> Result<HostRow> {
        Ok(HostRow {
            id: row.get(0)?,
            instance: row.get(1)?,
            name: row.get(2)?,
            place: row.get(3)?,
            labels: row.get::<AsJson<_>>(4)?.0,
            version: row.get(5)?,
            started_at: row.get::<Millis>(6)?.0,
            seen_at: row.get::<Millis>(7)?.0,
            draining_at: at(row, 8)?,
            lost_at: at(row, 9)?,
            left_at: at(row, 10)?,
        })
    };
    select.readable(&[], read, reports)
}
