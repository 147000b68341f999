//! Reading beside the writer.

use std::{path::Path, sync::Mutex, sync::PoisonError};

use aiwg_protocol::types::{Event, TaskState, TaskStats};
use globset::GlobSet;
use rusqlite::{Connection, OptionalExtension, ToSql};

use super::{
    events::{EVENT_COLUMNS, read_event},
    open::{StoreError, open_reader},
    row::{TASK_COLUMNS, TaskNo, TaskRow},
    write::load_counts,
};

/// A connection of its own that sees what has been committed. Its calls block.
pub struct Reader {
    connection: Mutex<Connection>,
}

/// Which tasks to list.
#[derive(Debug, Default)]
pub struct TaskFilter {
    /// Only in this state.
    pub state: Option<TaskState>,
    /// Only for this agent.
    pub agent: Option<String>,
    /// Only older than this one.
    pub before: Option<TaskNo>,
    /// How many at the most.
    pub limit: u32,
}

/// Which events to list.
#[derive(Debug, Default)]
pub struct EventFilter {
    /// Only with a topic that matches; all when none.
    pub topics: Option<GlobSet>,
    /// Only later than this one; the newest when none.
    pub since: Option<u64>,
    /// How many at the most.
    pub limit: u32,
}

impl Reader {
    /// Opens a database that a [`super::Store`] has opened before.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_reader(path).map_err(StoreError::at(path))?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// A task.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn task(&self, no: TaskNo) -> rusqlite::Result<Option<TaskRow>> {
        self.with(|connection| {
            connection
                .prepare_cached(&format!("SELECT {TASK_COLUMNS} FROM task WHERE no = ?"))?
                .query_row([no], TaskRow::read)
                .optional()
        })
    }

    /// Tasks, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tasks(&self, filter: &TaskFilter) -> rusqlite::Result<Vec<TaskRow>> {
        let before = filter.before.unwrap_or(TaskNo(i64::MAX.unsigned_abs()));
        let state = filter.state.map(TaskState::name);
        let mut sql = format!("SELECT {TASK_COLUMNS} FROM task WHERE no < ?");
        let mut values: Vec<&dyn ToSql> = vec![&before];
        if let Some(state) = &state {
            sql.push_str(" AND state = ?");
            values.push(state);
        }
        if let Some(agent) = &filter.agent {
            sql.push_str(" AND agent = ?");
            values.push(agent);
        }
        sql.push_str(" ORDER BY no DESC LIMIT ?");
        values.push(&filter.limit);
        self.with(|connection| connection.prepare_cached(&sql)?.query_map(&*values, TaskRow::read)?.collect())
    }

    /// The first tasks of the queue, in the order in which they will start.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn queued(&self, limit: u32) -> rusqlite::Result<Vec<TaskRow>> {
        let sql = format!(
            "SELECT {TASK_COLUMNS} FROM task WHERE state = 'queued' ORDER BY priority DESC, no LIMIT ?"
        );
        self.with(|connection| connection.prepare_cached(&sql)?.query_map([limit], TaskRow::read)?.collect())
    }

    /// How many tasks there are in each state.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn stats(&self) -> rusqlite::Result<TaskStats> {
        self.with(load_counts)
    }

    /// Events, the oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn events(&self, filter: &EventFilter) -> rusqlite::Result<Vec<Event>> {
        let order = if filter.since.is_some() { "ASC" } else { "DESC" };
        let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE seq > ? ORDER BY seq {order}");
        let mut events = self.with(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query([filter.since.unwrap_or(0)])?;
            let mut events = Vec::new();
            while events.len() < filter.limit as usize {
                let Some(row) = rows.next()? else { break };
                let matches = match &filter.topics {
                    Some(topics) => topics.is_match(row.get_ref(1)?.as_str()?),
                    None => true,
                };
                if matches {
                    events.push(read_event(row)?);
                }
            }
            Ok(events)
        })?;
        if filter.since.is_none() {
            events.reverse();
        }
        Ok(events)
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        read(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
