//! Conversations: tasks that are turns of one, in the order of their numbers.

use std::ops::ControlFlow;

use aiwg_model::TaskNo;
use aiwg_protocol::types::{ChatTurn, Speaker, TaskState};
use aiwg_store::{Reports, Result};

use super::{
    driver::{Connection, Row, prepare},
    lenient::one,
    row::{Millis, Named, Number, number},
    value::values,
    write::Writer,
};

impl<C: Connection> Writer<C> {
    /// The turns of a conversation that have not ended.
    pub fn open_turns(&self, conversation: &str) -> Result<Vec<TaskNo>> {
        self.statement(
            "SELECT no FROM task WHERE conversation = ? AND state IN ('queued', 'running') ORDER BY no",
        )?
        .all(values![conversation], |row| number(row))
    }

    /// The last turns of a conversation before this one, the oldest first.
    pub fn turns_before(&self, conversation: &str, before: TaskNo, limit: u32) -> Result<Vec<ChatTurn>> {
        Ok(turns(self.connection(), conversation, before, limit, usize::MAX, &self.reports)?.0)
    }

    /// Forgets that these tasks are turns of a conversation. Returns the number of those that were.
    pub fn forget_conversation(&mut self, conversation: &str) -> Result<usize> {
        self.statement("UPDATE task SET conversation = NULL WHERE conversation = ?")?
            .execute(values![conversation])
    }
}

/// The last turns before this one, the oldest first, and whether some are missing since they have more than so many bytes together. Of the one
/// that goes beyond it all is there.
pub(super) fn turns<C: Connection>(
    connection: &C,
    conversation: &str,
    before: TaskNo,
    limit: u32,
    bytes: usize,
    reports: &Reports,
) -> Result<(Vec<ChatTurn>, bool)> {
    let mut select = prepare(
        connection,
        "SELECT no, prompt, state, result, error, created_at,
                CASE WHEN cause IS NULL THEN 0 WHEN json_valid(cause) 
                     THEN CASE WHEN json_extract(cause, '$.task') IS NULL THEN 0 ELSE 1 END ELSE 1 END,
                CASE WHEN json_valid(terms) THEN json_extract(terms, '$.askedBy.person') END FROM task
             WHERE conversation = ? AND no < ? ORDER BY no DESC LIMIT ?",
    )?;
    let (mut turns, mut taken, mut is_cut) = (Vec::new(), 0, false);
    select.each(values![conversation, Number(before), limit], |row| {
        is_cut = taken >= bytes;
        if is_cut {
            return Ok(ControlFlow::Break(()));
        }
        if let Some(turn) = one(turn(row), reports)? {
            let texts = [Some(&turn.message), turn.answer.as_ref(), turn.error.as_ref()];
            taken += texts.into_iter().flatten().map(String::len).sum::<usize>();
            turns.push(turn);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    turns.reverse();
    Ok((turns, is_cut))
}

fn turn(row: &impl Row) -> Result<ChatTurn> {
    let state = row.get::<Named<TaskState>>(2)?.0;
    Ok(ChatTurn {
        task_id: number(row)?.to_string(),
        by: if row.get(6)? { Speaker::Agent } else { Speaker::User },
        from: row.get(7)?,
        message: row.get(1)?,
        state,
        answer: if state == TaskState::Completed { row.get(3)? } else { None },
        error: row.get(4)?,
        at: row.get::<Millis>(5)?.0,
    })
}
