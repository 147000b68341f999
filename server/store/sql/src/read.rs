//! Reading beside the writer.

use std::{
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use aiwg_model::{TaskNo, TaskRow};
use aiwg_protocol::types::{ChatTurn, RuleExecution, TaskState, TaskStats};
use aiwg_store::{EventFilter, EventPage, From, Reports, Result, TaskFilter, TaskPage};

use super::{
    conversations,
    counts::{Counts, reasons},
    driver::{Connection, Row, prepare},
    events::{EVENT_COLUMNS, read_event},
    lenient::one,
    list, prune,
    row::{Millis, Number, TASK_BY_NO, TASK_HEAD_COLUMNS, read_task},
    usage::usage_stats,
    value::values,
};

/// A connection of its own that sees what has been committed. Its calls block.
pub struct SqlReader<C: Connection> {
    connection: Mutex<C>,
    /// Receives messages about rows that cannot be read.
    pub(super) reports: Reports,
}

/// Maximum number of events that one call looks at.
const SCANNED: usize = 5000;

impl<C: Connection> SqlReader<C> {
    /// Opens a database that its writer has opened before.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(place: &C::Place) -> Result<Self> {
        let connection = C::open_to_read(place)?;
        Ok(Self { connection: Mutex::new(connection), reports: Reports::default() })
    }

    /// The same, which says there that rows cannot be read.
    #[must_use]
    pub fn reporting_to(self, reports: Reports) -> Self {
        Self { reports: showing::<C>(reports), ..self }
    }

    /// A task.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn task(&self, no: TaskNo) -> Result<Option<TaskRow>> {
        self.with(|connection| {
            prepare(connection, TASK_BY_NO)?.first(values![Number(no)], |row| read_task(row))
        })
    }

    /// Tasks, the newest first: fewer than asked for where they are very long.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tasks(&self, filter: &TaskFilter) -> Result<TaskPage> {
        let (sql, values) = list::select(filter);
        self.with(|connection| {
            let mut page = TaskPage::default();
            let mut select = prepare(connection, &sql)?;
            select.each(&values, |row| {
                page.is_cut = page.bytes >= filter.bytes;
                if page.is_cut {
                    return Ok(ControlFlow::Break(()));
                }
                if let Some(task) = one(read_task(row), &self.reports)? {
                    page.bytes += task.bytes();
                    page.tasks.push(task);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(page)
        })
    }

    /// The tasks that run, the newest first: no more than the beginning of each.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn running(&self, limit: u32) -> Result<Vec<TaskRow>> {
        self.with(|connection| {
            let sql = format!(
                "SELECT {TASK_HEAD_COLUMNS} FROM task WHERE state = 'running' ORDER BY no DESC LIMIT ?"
            );
            let mut select = prepare(connection, &sql)?;
            select.readable(values![limit], |row| read_task(row), &self.reports)
        })
    }

    /// The number of the last event that was ever stored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn last_event(&self) -> Result<u64> {
        self.with(prune::last_event)
    }

    /// The events before this number, the latest first, each with about how many bytes it takes: so many at the most, so that nobody
    /// waits long.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn event_sizes(&self, before: u64) -> Result<Vec<(u64, u64)>> {
        self.with(|connection| {
            // Without reading them: the length stands in the row's header.
            let mut select = prepare(connection, &format!(
                "SELECT seq, 64 + octet_length(topic) + octet_length(payload) + coalesce(octet_length(cause), 0)
                 FROM event WHERE seq < ? ORDER BY seq DESC LIMIT {SCANNED}"
            ))?;
            select.readable(values![before.min(i64::MAX.unsigned_abs())], |row| Ok((row.get(0)?, row.get(1)?)), &self.reports)
        })
    }

    /// The size of the database, in bytes, without the free pages in it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn size(&self) -> Result<u64> {
        self.with(C::size)
    }

    /// The number of the first event; 0 where there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn first_event(&self) -> Result<u64> {
        self.with(prune::first_event)
    }

    /// The number of tasks in each state, and their usage.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn stats(&self) -> Result<TaskStats> {
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
    pub fn automation_enabled(&self) -> Result<bool> {
        self.with(|connection| {
            let switch: Option<Option<bool>> =
                prepare(connection, "SELECT enabled FROM rule_switch WHERE rule = ''")?
                    .first(&[], |row| row.get(0))?;
            Ok(switch.flatten().unwrap_or(true))
        })
    }

    /// The last turns of a conversation, the oldest first: fewer where they have more than so many bytes together, and whether that is so.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn turns(&self, conversation: &str, limit: u32, bytes: usize) -> Result<(Vec<ChatTurn>, bool)> {
        self.with(|connection| {
            let before = TaskNo(i64::MAX.unsigned_abs());
            conversations::turns(connection, conversation, before, limit, bytes, &self.reports)
        })
    }

    /// The tasks that rules have made lately, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn firings(&self, limit: u32) -> Result<Vec<RuleExecution>> {
        self.with(|connection| {
            let mut select = prepare(
                connection,
                "SELECT rule, at, event, matches, task FROM firing ORDER BY id DESC LIMIT ?",
            )?;
            select.readable(
                values![limit],
                |row| {
                    Ok(RuleExecution {
                        rule: row.get(0)?,
                        at: row.get::<Millis>(1)?.0,
                        event: row.get(2)?,
                        matches: row.get(3)?,
                        task: row.get::<Number>(4)?.0.to_string(),
                    })
                },
                &self.reports,
            )
        })
    }

    /// Events, in the order in which they are looked at. One call looks at so many at the most, so that a search through a long
    /// log does not keep others waiting: go on from [`EventPage::scanned`] until [`EventPage::is_last`]. Forwards it ends where numbers
    /// are missing, too.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn events(&self, filter: &EventFilter) -> Result<EventPage> {
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
            let mut select = prepare(connection, &sql)?;
            let (mut count, mut bytes) = (0, 0);
            select.each(values![from], |row| {
                page.is_full = bytes >= filter.bytes;
                if page.is_full || page.events.len() == filter.limit as usize {
                    page.is_last = false;
                    return Ok(ControlFlow::Break(()));
                }
                let seq: u64 = row.get(0)?;
                if is_forwards {
                    let gone = seq.saturating_sub(page.scanned + 1);
                    if gone > 0 && count > 0 {
                        page.is_last = false;
                        return Ok(ControlFlow::Break(()));
                    }
                    page.gone += gone;
                }
                count += 1;
                page.scanned = seq;
                let Ok(topic) = row.value(1)?.as_str() else { return Ok(ControlFlow::Continue(())) };
                if filter.topics.as_ref().is_none_or(|topics| topics.is_match(topic))
                    && let Some(event) = one(read_event(row), &self.reports)?
                {
                    bytes += event.payload.as_str().len();
                    page.events.push(event);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            page.is_last &= count < SCANNED;
            Ok(())
        })?;
        Ok(page)
    }

    pub(super) fn reports(&self) -> &Reports {
        &self.reports
    }

    pub(super) fn with<T>(&self, read: impl FnOnce(&C) -> Result<T>) -> Result<T> {
        read(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The same reports, with the way to look at the rows.
pub(super) fn showing<C: Connection>(reports: Reports) -> Reports {
    Reports::to(move |message| reports.report(format!("{message}; {}", C::SHOWS_ROWS)))
}
