//! Up to which time each schedule has been dealt with.

use std::collections::HashMap;

use aiwg_protocol::types::Timestamp;
use aiwg_store::Reports;
use rusqlite::{Connection, params};

use super::{lenient::readable, row::Millis, write::SqliteStore};

impl SqliteStore {
    /// Notes which schedules there are, each with its times as text, and gives for each up to when it has been dealt with. One that is
    /// new, or has other times, begins now.
    pub fn know_schedules(
        &mut self,
        jobs: &[(String, String)],
        now: Timestamp,
    ) -> rusqlite::Result<HashMap<String, Timestamp>> {
        let mut forgotten = self.settled_schedules()?;
        for (job, cron) in jobs {
            self.statement(
                "INSERT INTO schedule (job, at, cron) VALUES (?1, ?2, ?3)
                 ON CONFLICT (job) DO UPDATE SET at = excluded.at, cron = excluded.cron WHERE cron <> excluded.cron",
            )?
            .execute(params![job, Millis(now), cron])?;
            forgotten.remove(job);
        }
        for job in forgotten.keys() {
            // If it comes back, what it missed meanwhile was not missed.
            self.statement("UPDATE schedule SET cron = '' WHERE job = ?")?.execute([job])?;
        }
        self.settled_schedules()
    }

    /// Notes that a schedule fires for this time; false if it has for it, or for a later one, already. A later one that is yet to come
    /// does not count: the clock was set back since, and whoever asks knows what to make of that.
    pub fn schedule_fires(&mut self, job: &str, at: Timestamp, now: Timestamp) -> rusqlite::Result<bool> {
        self.settle_schedule(job, at, now, true)
    }

    /// Notes that a schedule has missed this time, and does not make up for it.
    pub fn schedule_missed(&mut self, job: &str, at: Timestamp, now: Timestamp) -> rusqlite::Result<bool> {
        self.settle_schedule(job, at, now, false)
    }

    fn settle_schedule(
        &mut self,
        job: &str,
        at: Timestamp,
        now: Timestamp,
        fires: bool,
    ) -> rusqlite::Result<bool> {
        let changed = self
            .statement(
                "INSERT INTO schedule (job, at, fired_at) VALUES (?1, ?2, iif(?4, ?2, NULL))
                 ON CONFLICT (job) DO UPDATE SET at = ?2, fired_at = iif(?4, ?2, fired_at) WHERE ?2 > at OR at > ?3",
            )?
            .execute(params![job, Millis(at), Millis(now), fires])?;
        Ok(changed == 1)
    }

    fn settled_schedules(&self) -> rusqlite::Result<HashMap<String, Timestamp>> {
        let mut select = self.statement("SELECT job, at FROM schedule")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, Millis>(1)?.0)))?;
        Ok(readable(rows, &self.reports)?.into_iter().collect())
    }
}

/// For which time each schedule has fired last.
pub(super) fn fired(
    connection: &Connection,
    reports: &Reports,
) -> rusqlite::Result<HashMap<String, Timestamp>> {
    let mut select =
        connection.prepare_cached("SELECT job, fired_at FROM schedule WHERE fired_at IS NOT NULL")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, Millis>(1)?.0)))?;
    Ok(readable(rows, reports)?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_fires_once_unless_the_clock_was_set_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("daemon.db")).unwrap();
        let minute = |minute: i64| Timestamp::from_millis(minute * 60_000);
        assert!(store.schedule_fires("j", minute(600), minute(600)).unwrap());
        assert!(!store.schedule_fires("j", minute(600), minute(601)).unwrap());
        assert!(!store.schedule_fires("j", minute(599), minute(601)).unwrap());
        // Two hours back, which is less than would make it a clock that was wrong.
        assert!(store.schedule_fires("j", minute(480), minute(480)).unwrap());
        assert!(!store.schedule_fires("j", minute(480), minute(481)).unwrap());
        assert!(store.schedule_fires("j", minute(481), minute(481)).unwrap());
    }
}
