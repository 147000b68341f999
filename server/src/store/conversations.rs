//! Conversations: tasks that are turns of one, in the order of their numbers.

use aiwg_protocol::types::{ChatTurn, Speaker, TaskState};
use rusqlite::{Connection, params};

use super::{
    lenient::readable,
    row::{Millis, Named, TaskNo},
    write::Store,
};
use crate::health::Health;

impl Store {
    /// The turns of a conversation that have not ended.
    pub(crate) fn open_turns(&self, conversation: &str) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement("SELECT no FROM task WHERE conversation = ? AND state IN ('queued', 'running')")?
            .query_map([conversation], |row| row.get(0))?
            .collect()
    }

    /// The last turns of a conversation before this one, the oldest first.
    pub(crate) fn turns_before(
        &self,
        conversation: &str,
        before: TaskNo,
        limit: u32,
    ) -> rusqlite::Result<Vec<ChatTurn>> {
        turns(self.connection(), conversation, before, limit, &self.health)
    }

    /// Forgets that these tasks are turns of a conversation; tells how many were.
    pub(crate) fn forget_conversation(&mut self, conversation: &str) -> rusqlite::Result<usize> {
        self.statement("UPDATE task SET conversation = NULL WHERE conversation = ?")?.execute([conversation])
    }
}

pub(super) fn turns(
    connection: &Connection,
    conversation: &str,
    before: TaskNo,
    limit: u32,
    health: &Health,
) -> rusqlite::Result<Vec<ChatTurn>> {
    let mut select = connection.prepare_cached(
        "SELECT no, prompt, state, result, error, created_at, cause ->> 'task' IS NOT NULL FROM task
             WHERE conversation = ? AND no < ? ORDER BY no DESC LIMIT ?",
    )?;
    let rows = select.query_map(params![conversation, before, limit], |row| {
        let state = row.get::<_, Named<TaskState>>(2)?.0;
        Ok(ChatTurn {
            task_id: row.get::<_, TaskNo>(0)?.to_string(),
            by: if row.get(6)? { Speaker::Agent } else { Speaker::User },
            message: row.get(1)?,
            state,
            answer: if state == TaskState::Completed { row.get(3)? } else { None },
            error: row.get(4)?,
            at: row.get::<_, Millis>(5)?.0,
        })
    })?;
    let mut turns = readable(rows, health)?;
    turns.reverse();
    Ok(turns)
}
