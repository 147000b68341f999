//! Conversations: tasks that are turns of one, in the order of their numbers.

use aiwg_model::TaskNo;
use aiwg_protocol::types::{ChatTurn, Speaker, TaskState};
use aiwg_store::Reports;
use rusqlite::{Connection, Row, params};

use super::{
    lenient::one,
    row::{Millis, Named, Number, number},
    write::SqliteStore,
};

impl SqliteStore {
    /// The turns of a conversation that have not ended.
    pub(crate) fn open_turns(&self, conversation: &str) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement("SELECT no FROM task WHERE conversation = ? AND state IN ('queued', 'running')")?
            .query_map([conversation], number)?
            .collect()
    }

    /// The last turns of a conversation before this one, the oldest first.
    pub(crate) fn turns_before(
        &self,
        conversation: &str,
        before: TaskNo,
        limit: u32,
    ) -> rusqlite::Result<Vec<ChatTurn>> {
        Ok(turns(self.connection(), conversation, before, limit, usize::MAX, &self.reports)?.0)
    }

    /// Forgets that these tasks are turns of a conversation. Returns the number of those that were.
    pub(crate) fn forget_conversation(&mut self, conversation: &str) -> rusqlite::Result<usize> {
        self.statement("UPDATE task SET conversation = NULL WHERE conversation = ?")?.execute([conversation])
    }
}

/// The last turns before this one, the oldest first, and whether some are missing since they have more than so many bytes together. Of the one
/// that goes beyond it all is there.
pub(super) fn turns(
    connection: &Connection,
    conversation: &str,
    before: TaskNo,
    limit: u32,
    bytes: usize,
    reports: &Reports,
) -> rusqlite::Result<(Vec<ChatTurn>, bool)> {
    let mut select = connection.prepare_cached(
        "SELECT no, prompt, state, result, error, created_at,
                iif(cause IS NULL, 0, iif(json_valid(cause), cause ->> 'task' IS NOT NULL, 1)),
                iif(json_valid(terms), terms ->> '$.askedBy.person', NULL) FROM task
             WHERE conversation = ? AND no < ? ORDER BY no DESC LIMIT ?",
    )?;
    let mut rows = select.query(params![conversation, Number(before), limit])?;
    let (mut turns, mut taken, mut is_cut) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        is_cut = taken >= bytes;
        if is_cut {
            break;
        }
        let Some(turn) = one(turn(row), reports)? else { continue };
        let texts = [Some(&turn.message), turn.answer.as_ref(), turn.error.as_ref()];
        taken += texts.into_iter().flatten().map(String::len).sum::<usize>();
        turns.push(turn);
    }
    turns.reverse();
    Ok((turns, is_cut))
}

fn turn(row: &Row<'_>) -> rusqlite::Result<ChatTurn> {
    let state = row.get::<_, Named<TaskState>>(2)?.0;
    Ok(ChatTurn {
        task_id: number(row)?.to_string(),
        by: if row.get(6)? { Speaker::Agent } else { Speaker::User },
        from: row.get(7)?,
        message: row.get(1)?,
        state,
        answer: if state == TaskState::Completed { row.get(3)? } else { None },
        error: row.get(4)?,
        at: row.get::<_, Millis>(5)?.0,
    })
}
