//! Approvals: a row for each, which stays as long as its task does.

use aiwg_model::{ApprovalNo, ApprovalRow, NewApproval, TaskNo, ToolUse};
use aiwg_protocol::{
    terms::OnTimeout,
    types::{ApprovalDecision, ApprovalKind, ApprovalState, Timestamp},
};
use aiwg_store::{ApprovalFilter, Reports, Result};

use super::{
    driver::{Connection, Row, prepare},
    lenient::one,
    read::SqlReader,
    row::{AsJson, Millis, Named, Number, unknown_word},
    value::{FromValue, ToValue, Value, ValueRef, values},
    write::Writer,
};

const COLUMNS: &str = "no, task, kind, state, summary, request, requested_at, expires_at, on_timeout, decision, used_by, tool_use";

/// The same without the request.
pub(super) const COLUMNS_IN_SHORT: &str =
    "no, task, kind, state, summary, '{}', requested_at, expires_at, on_timeout, decision, used_by, tool_use";

/// Maximum number of approvals of a task that are looked at.
const MOST: u32 = 1000;

/// The first time at which a pending approval expires.
pub(super) const NEXT_APPROVAL_DUE: &str =
    "SELECT min(expires_at) FROM approval WHERE state = 'pending' AND expires_at > ?1";

impl<C: Connection> Writer<C> {
    /// Stores an approval that is pending, under the next number.
    pub fn add_approval(&mut self, approval: &NewApproval, at: Timestamp) -> Result<ApprovalNo> {
        let no = ApprovalNo(self.last_approval()? + 1);
        self.statement(
            "INSERT INTO approval (no, task, kind, state, summary, request, requested_at, expires_at, on_timeout)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(values![
            Key(no),
            Number(approval.task),
            approval.kind.name(),
            ApprovalState::Pending.name(),
            approval.summary,
            AsJson(&approval.request),
            Millis(at),
            approval.expires_at.map(Millis),
            approval.on_timeout.name(),
        ])?;
        Ok(no)
    }

    /// From pending to this state. False if it is not pending: then nothing has changed.
    pub fn decide_approval(
        &mut self,
        no: ApprovalNo,
        state: ApprovalState,
        decision: Option<&ApprovalDecision>,
    ) -> Result<bool> {
        let changed = self
            .statement("UPDATE approval SET state = ?2, decision = ?3 WHERE no = ?1 AND state = 'pending'")?
            .execute(values![Key(no), state.name(), decision.map(AsJson)])?;
        Ok(changed > 0)
    }

    /// Notes the use of a tool for which a permission was used up.
    pub fn use_approval(&mut self, no: ApprovalNo, used_by: &str) -> Result<()> {
        self.statement("UPDATE approval SET used_by = ?2 WHERE no = ?1")?
            .execute(values![Key(no), used_by])?;
        Ok(())
    }

    /// Notes the use of a tool that a permission holds up or lets through; none once it does not any more.
    pub fn set_tool_use(&mut self, no: ApprovalNo, tool_use: Option<&ToolUse>) -> Result<()> {
        self.statement("UPDATE approval SET tool_use = ?2 WHERE no = ?1")?
            .execute(values![Key(no), tool_use.map(ToString::to_string)])?;
        Ok(())
    }

    /// An approval.
    pub fn approval(&self, no: ApprovalNo) -> Result<Option<ApprovalRow>> {
        approval(self.connection(), no, &self.reports)
    }

    /// The latest approvals of a task, in the order of their numbers.
    pub fn approvals_of(&self, task: TaskNo) -> Result<Vec<ApprovalRow>> {
        self.latest(task, "")
    }

    /// The latest permissions of a task that are not withdrawn, in the order of their numbers.
    pub fn permissions_of(&self, task: TaskNo) -> Result<Vec<ApprovalRow>> {
        self.latest(task, "AND kind = 'permission' AND state <> 'withdrawn'")
    }

    fn latest(&self, task: TaskNo, which: &str) -> Result<Vec<ApprovalRow>> {
        let sql =
            format!("SELECT {COLUMNS} FROM approval WHERE task = ? {which} ORDER BY no DESC LIMIT {MOST}");
        let mut select = self.statement(&sql)?;
        let mut rows = select.readable(values![Number(task)], |row| read_approval(row), &self.reports)?;
        rows.reverse();
        Ok(rows)
    }

    /// Number of all approvals of a task, and of its questions that are pending.
    pub fn approval_counts(&self, task: TaskNo) -> Result<(u64, u64)> {
        self.statement(
            "SELECT count(*), count(*) FILTER (WHERE kind = 'question' AND state = 'pending')
             FROM approval WHERE task = ?",
        )?
        .only(values![Number(task)], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Withdraws what is pending of a task, all of it or what is of one kind.
    pub fn withdraw_approvals(
        &mut self,
        task: TaskNo,
        kind: Option<ApprovalKind>,
    ) -> Result<Vec<ApprovalNo>> {
        let mut withdrawn = self
            .statement(
                "UPDATE approval SET state = 'withdrawn'
                 WHERE task = ?1 AND state = 'pending' AND (CAST(?2 AS TEXT) IS NULL OR kind = ?2) RETURNING no",
            )?
            .all(values![Number(task), kind.map(ApprovalKind::name)], |row| {
                Ok(row.get::<Key>(0)?.0)
            })?;
        withdrawn.sort_unstable();
        Ok(withdrawn)
    }

    /// Forgets the approvals of a task and of this kind that are withdrawn, all but the latest.
    pub fn prune_withdrawn(&mut self, task: TaskNo, kind: ApprovalKind, keep: u32) -> Result<()> {
        self.statement(
            "DELETE FROM approval WHERE no IN (
                 SELECT no FROM approval WHERE task = ? AND kind = ? AND state = 'withdrawn'
                 ORDER BY no DESC LIMIT 9223372036854775807 OFFSET ?)",
        )?
        .execute(values![Number(task), kind.name(), keep])?;
        Ok(())
    }

    /// The pending approvals whose time is over, those first that expired first.
    pub fn approvals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<ApprovalNo>> {
        self.statement(
            "SELECT no FROM approval INDEXED BY approval_pending
             WHERE state = 'pending' AND expires_at <= ? ORDER BY expires_at, no LIMIT ?",
        )?
        .all(values![Millis(now), limit], |row| Ok(row.get::<Key>(0)?.0))
    }

    /// The approvals of a task go with it.
    pub(super) fn forget_approvals(&mut self, task: TaskNo) -> Result<()> {
        self.statement("DELETE FROM approval WHERE task = ?")?.execute(values![Number(task)])?;
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// An approval.
    pub fn approval(&self, no: ApprovalNo) -> Result<Option<ApprovalRow>> {
        self.with(|connection| approval(connection, no, &self.reports))
    }

    /// Approvals, the oldest first.
    pub fn approvals(&self, filter: &ApprovalFilter) -> Result<Vec<ApprovalRow>> {
        let of_task = if filter.task.is_some() { "task = ?3" } else { "CAST(?3 AS BIGINT) IS NULL" };
        let sql =
            format!("SELECT {COLUMNS} FROM approval WHERE state = ?1 AND {of_task} ORDER BY no LIMIT ?2");
        self.with(|connection| {
            let mut select = prepare(connection, &sql)?;
            let task = filter.task.map(Number);
            select.readable(
                values![filter.state.name(), filter.limit, task],
                |row| read_approval(row),
                &self.reports,
            )
        })
    }

    /// Queued tasks that wait for an approval which is not there to be decided any more, `limit` at the most.
    pub fn held_in_vain(&self, limit: u32) -> Result<Vec<TaskNo>> {
        self.with(|connection| {
            let sql = "SELECT task FROM hold WHERE kind = 'approval'
                 AND NOT EXISTS (SELECT 1 FROM approval WHERE no = CAST(hold.key AS BIGINT) AND state = 'pending')
                 ORDER BY task LIMIT ?";
            let mut select = prepare(connection, sql)?;
            select.readable(values![limit], |row| Ok(row.get::<Number>(0)?.0), &self.reports)
        })
    }

    /// Number of approvals that are pending.
    pub fn pending_approvals(&self) -> Result<u64> {
        self.with(|connection| {
            prepare(connection, "SELECT count(*) FROM approval WHERE state = 'pending'")?
                .only(&[], |row| row.get(0))
        })
    }
}

fn approval<C: Connection>(connection: &C, no: ApprovalNo, reports: &Reports) -> Result<Option<ApprovalRow>> {
    let found = prepare(connection, &format!("SELECT {COLUMNS} FROM approval WHERE no = ?"))?
        .first(values![Key(no)], |row| read_approval(row));
    Ok(one(found, reports)?.flatten())
}

pub(super) fn read_approval(row: &impl Row) -> Result<ApprovalRow> {
    Ok(ApprovalRow {
        no: row.get::<Key>(0)?.0,
        asked: NewApproval {
            task: row.get::<Number>(1)?.0,
            kind: row.get::<Named<_>>(2)?.0,
            summary: row.get(4)?,
            request: row.get::<AsJson<_>>(5)?.0,
            expires_at: row.get::<Option<Millis>>(7)?.map(|at| at.0),
            on_timeout: row.get::<AfterTime>(8)?.0,
        },
        state: row.get::<Named<_>>(3)?.0,
        requested_at: row.get::<Millis>(6)?.0,
        decision: row.get::<Option<AsJson<_>>>(9)?.map(|decision| decision.0),
        used_by: row.get(10)?,
        tool_use: row.get::<Option<String>>(11)?.and_then(|text| text.parse().ok()),
    })
}

/// An approval's number as an integer.
struct Key(ApprovalNo);

impl ToValue for Key {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Integer(i64::try_from(self.0.0).unwrap_or(i64::MAX)))
    }
}

impl FromValue for Key {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        u64::from_value(value).map(|no| Self(ApprovalNo(no)))
    }
}

/// The decision that an approval counts as after its time, stored as its name.
struct AfterTime(OnTimeout);

impl FromValue for AfterTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        let name = value.as_str()?;
        let found = OnTimeout::ALL.into_iter().find(|on_timeout| on_timeout.name() == name);
        found.map(Self).ok_or_else(|| unknown_word(value))
    }
}
