//! Reading beside the writer.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use aiwg_model::{TaskNo, TaskRow};
use aiwg_protocol::types::{ChatTurn, RuleExecution, TaskState, TaskStats};
use aiwg_store::{EventFilter, EventPage, From, Reports, StoreError, TaskFilter, TaskPage};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::{
    conversations,
    counts::{Counts, reasons},
    error::at,
    events::{EVENT_COLUMNS, read_event},
    lenient::{one, readable},
    list,
    open::open_reader,
    prune,
    row::{Millis, Number, TASK_COLUMNS, TASK_HEAD_COLUMNS, read_task},
    usage::usage_stats,
};

/// A connection of its own that sees what has been committed. Its calls block.
pub struct SqliteReader {
    connection: Mutex<Connection>,
    /// Receives messages about rows that cannot be read.
    pub(super) reports: Reports,
}

/// Maximum number of events that one call looks at.
const SCANNED: usize = 5000;

impl SqliteReader {
    /// Opens a database that a [`super::SqliteStore`] has opened before.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_reader(path).map_err(at(path))?;
        Ok(Self { connection: Mutex::new(connection), reports: Reports::default() })
    }

    /// The same, which says there that rows cannot be read.
    #[must_use]
    pub fn reporting_to(self, reports: Reports) -> Self {
        Self { reports, ..self }
    }

    /// A task.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn task(&self, no: TaskNo) -> rusqlite::Result<Option<TaskRow>> {
        self.with(|connection| {
            connection
                .prepare_cached(&format!("SELECT {TASK_COLUMNS} FROM task WHERE no = ?"))?
                .query_row([Number(no)], read_task)
                .optional()
        })
    }

    /// Tasks, the newest first: fewer than asked for where they are very long.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn tasks(&self, filter: &TaskFilter) -> rusqlite::Result<TaskPage> {
        let (sql, values) = list::select(filter);
        self.with(|connection| {
            let mut page = TaskPage::default();
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query(params_from_iter(&values))?;
            while let Some(row) = rows.next()? {
                page.is_cut = page.bytes >= filter.bytes;
                if page.is_cut {
                    break;
                }
                let Some(task) = one(read_task(row), &self.reports)? else { continue };
                page.bytes += task.bytes();
                page.tasks.push(task);
            }
            Ok(page)
        })
    }

    /// The tasks that run, the newest first: no more than the beginning of each.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn running(&self, limit: u32) -> rusqlite::Result<Vec<TaskRow>> {
        self.with(|connection| {
            let sql = format!(
                "SELECT {TASK_HEAD_COLUMNS} FROM task WHERE state = 'running' ORDER BY no DESC LIMIT ?"
            );
            let mut select = connection.prepare_cached(&sql)?;
            readable(select.query_map([limit], read_task)?, &self.reports)
        })
    }

    /// The number of the last event that was ever stored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn last_event(&self) -> rusqlite::Result<u64> {
        self.with(prune::last_event)
    }

    /// The events before this number, the latest first, each with about how many bytes it takes: so many at the most, so that nobody
    /// waits long.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn event_sizes(&self, before: u64) -> rusqlite::Result<Vec<(u64, u64)>> {
        self.with(|connection| {
            // Without reading them: the length stands in the row's header.
            let mut select = connection.prepare_cached(&format!(
                "SELECT seq, 64 + octet_length(topic) + octet_length(payload) + ifnull(octet_length(cause), 0)
                 FROM event WHERE seq < ? ORDER BY seq DESC LIMIT {SCANNED}"
            ))?;
            let rows = select
                .query_map([before.min(i64::MAX.unsigned_abs())], |row| Ok((row.get(0)?, row.get(1)?)))?;
            readable(rows, &self.reports)
        })
    }

    /// The size of the database, in bytes, without the free pages in it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn size(&self) -> rusqlite::Result<u64> {
        self.with(|connection| {
            let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
            Ok((number("page_count")?.saturating_sub(number("freelist_count")?))
                .saturating_mul(number("page_size")?))
        })
    }

    /// The number of the first event; 0 where there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn first_event(&self) -> rusqlite::Result<u64> {
        self.with(|connection| {
            connection.query_row("SELECT max(ifnull(min(seq), 0), 0) FROM event", [], |row| row.get(0))
        })
    }

    /// The number of tasks in each state, and their usage.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn stats(&self) -> rusqlite::Result<TaskStats> {
        self.with(|connection| {
            let counts = Counts::load(connection)?;
            Ok(TaskStats {
                total: counts.total(),
                queued: counts.of(TaskState::Queued),
                running: counts.of(TaskState::Running),
                completed: counts.of(TaskState::Completed),
                failed: counts.of(TaskState::Failed),
                cancelled: counts.of(TaskState::Cancelled),
                timeout: counts.of(TaskState::Timeout),
                reasons: reasons(connection)?,
                usage: usage_stats(connection)?,
            })
        })
    }

    /// True if automation as a whole is switched on.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn automation_enabled(&self) -> rusqlite::Result<bool> {
        self.with(|connection| {
            let switch: Option<Option<bool>> = connection
                .prepare_cached("SELECT enabled FROM rule_switch WHERE rule = ''")?
                .query_row([], |row| row.get(0))
                .optional()?;
            Ok(switch.flatten().unwrap_or(true))
        })
    }

    /// The last turns of a conversation, the oldest first: fewer where they have more than so many bytes together, and whether that is so.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn turns(
        &self,
        conversation: &str,
        limit: u32,
        bytes: usize,
    ) -> rusqlite::Result<(Vec<ChatTurn>, bool)> {
        self.with(|connection| {
            let before = TaskNo(i64::MAX.unsigned_abs());
            conversations::turns(connection, conversation, before, limit, bytes, &self.reports)
        })
    }

    /// The tasks that rules have made lately, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn firings(&self, limit: u32) -> rusqlite::Result<Vec<RuleExecution>> {
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT rule, at, event, matches, task FROM firing ORDER BY id DESC LIMIT ?",
            )?;
            let rows = select.query_map([limit], |row| {
                Ok(RuleExecution {
                    rule: row.get(0)?,
                    at: row.get::<_, Millis>(1)?.0,
                    event: row.get(2)?,
                    matches: row.get(3)?,
                    task: row.get::<_, Number>(4)?.0.to_string(),
                })
            })?;
            readable(rows, &self.reports)
        })
    }

    /// Events, in the order in which they are looked at. One call looks at so many at the most, so that a search through a long
    /// log does not keep others waiting: go on from [`EventPage::scanned`] until [`EventPage::is_last`]. Forwards it ends where numbers
    /// are missing, too.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn events(&self, filter: &EventFilter) -> rusqlite::Result<EventPage> {
        let (from, condition) = match filter.from {
            From::After(seq) => (seq, "seq > ? ORDER BY seq"),
            From::Before(seq) => (seq, "seq < ? ORDER BY seq DESC"),
        };
        let from = from.min(i64::MAX.unsigned_abs());
        let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE {condition} LIMIT {SCANNED}");
        let is_forwards = matches!(filter.from, From::After(_));
        let mut page =
            EventPage { events: Vec::new(), gone: 0, scanned: from, is_last: true, is_full: false };
        self.with(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query([from])?;
            let (mut count, mut bytes) = (0, 0);
            while let Some(row) = rows.next()? {
                page.is_full = bytes >= filter.bytes;
                if page.is_full || page.events.len() == filter.limit as usize {
                    page.is_last = false;
                    break;
                }
                let seq: u64 = row.get(0)?;
                if is_forwards {
                    let gone = seq.saturating_sub(page.scanned + 1);
                    if gone > 0 && count > 0 {
                        page.is_last = false;
                        break;
                    }
                    page.gone += gone;
                }
                count += 1;
                page.scanned = seq;
                let Ok(topic) = row.get_ref(1)?.as_str() else { continue };
                if filter.topics.as_ref().is_none_or(|topics| topics.is_match(topic)) {
                    let Some(event) = one(read_event(row), &self.reports)? else { continue };
                    bytes += event.payload.as_str().len();
                    page.events.push(event);
                }
            }
            page.is_last &= count < SCANNED;
            Ok(())
        })?;
        Ok(page)
    }

    pub(super) fn reports(&self) -> &Reports {
        &self.reports
    }

    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        read(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
