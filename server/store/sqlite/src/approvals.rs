//! Approvals: a row for each, which stays as long as its task does.

use aiwg_model::{ApprovalNo, ApprovalRow, NewApproval, TaskNo, ToolUse};
use aiwg_protocol::{
    terms::OnTimeout,
    types::{ApprovalDecision, ApprovalKind, ApprovalState, Timestamp},
};
use aiwg_store::{ApprovalFilter, Reports};
use rusqlite::{
    Connection, OptionalExtension, Row, ToSql, params,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

use super::{
    lenient::{one, readable},
    read::SqliteReader,
    row::{AsJson, Millis, Named, Number},
    write::SqliteStore,
};

const COLUMNS: &str = "no, task, kind, state, summary, request, requested_at, expires_at, on_timeout, decision, used_by, tool_use";

/// The same without the request.
pub(super) const COLUMNS_IN_SHORT: &str =
    "no, task, kind, state, summary, '{}', requested_at, expires_at, on_timeout, decision, used_by, tool_use";

/// Maximum number of approvals of a task that are looked at.
const MOST: u32 = 1000;

impl SqliteStore {
    /// Stores an approval that is pending, under the next number.
    pub(crate) fn add_approval(
        &mut self,
        approval: &NewApproval,
        at: Timestamp,
    ) -> rusqlite::Result<ApprovalNo> {
        let no = ApprovalNo(self.last_approval()? + 1);
        self.statement(
            "INSERT INTO approval (no, task, kind, state, summary, request, requested_at, expires_at, on_timeout)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
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
    pub(crate) fn decide_approval(
        &mut self,
        no: ApprovalNo,
        state: ApprovalState,
        decision: Option<&ApprovalDecision>,
    ) -> rusqlite::Result<bool> {
        let changed = self
            .statement("UPDATE approval SET state = ?2, decision = ?3 WHERE no = ?1 AND state = 'pending'")?
            .execute(params![Key(no), state.name(), decision.map(AsJson)])?;
        Ok(changed > 0)
    }

    /// Notes the use of a tool for which a permission was used up.
    pub(crate) fn use_approval(&mut self, no: ApprovalNo, used_by: &str) -> rusqlite::Result<()> {
        self.statement("UPDATE approval SET used_by = ?2 WHERE no = ?1")?
            .execute(params![Key(no), used_by])?;
        Ok(())
    }

    /// Notes the use of a tool that a permission holds up or lets through; none once it does not any more.
    pub(crate) fn set_tool_use(
        &mut self,
        no: ApprovalNo,
        tool_use: Option<&ToolUse>,
    ) -> rusqlite::Result<()> {
        self.statement("UPDATE approval SET tool_use = ?2 WHERE no = ?1")?
            .execute(params![Key(no), tool_use.map(ToString::to_string)])?;
        Ok(())
    }

    /// An approval.
    pub(crate) fn approval(&self, no: ApprovalNo) -> rusqlite::Result<Option<ApprovalRow>> {
        approval(self.connection(), no, &self.reports)
    }

    /// The latest approvals of a task, in the order of their numbers.
    pub(crate) fn approvals_of(&self, task: TaskNo) -> rusqlite::Result<Vec<ApprovalRow>> {
        self.latest(task, "")
    }

    /// The latest permissions of a task that are not withdrawn, in the order of their numbers.
    pub(crate) fn permissions_of(&self, task: TaskNo) -> rusqlite::Result<Vec<ApprovalRow>> {
        self.latest(task, "AND kind = 'permission' AND state <> 'withdrawn'")
    }

    fn latest(&self, task: TaskNo, which: &str) -> rusqlite::Result<Vec<ApprovalRow>> {
        let sql =
            format!("SELECT {COLUMNS} FROM approval WHERE task = ? {which} ORDER BY no DESC LIMIT {MOST}");
        let mut select = self.statement(&sql)?;
        let mut rows = readable(select.query_map([Number(task)], read_approval)?, &self.reports)?;
        rows.reverse();
        Ok(rows)
    }

    /// Number of all approvals of a task, and of its questions that are pending.
    pub(crate) fn approval_counts(&self, task: TaskNo) -> rusqlite::Result<(u64, u64)> {
        self.statement(
            "SELECT count(*), count(*) FILTER (WHERE kind = 'question' AND state = 'pending')
             FROM approval WHERE task = ?",
        )?
        .query_row([Number(task)], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Withdraws what is pending of a task, all of it or what is of one kind.
    pub(crate) fn withdraw_approvals(
        &mut self,
        task: TaskNo,
        kind: Option<ApprovalKind>,
    ) -> rusqlite::Result<Vec<ApprovalNo>> {
        let mut withdrawn = self
            .statement(
                "UPDATE approval SET state = 'withdrawn'
                 WHERE task = ?1 AND state = 'pending' AND (?2 IS NULL OR kind = ?2) RETURNING no",
            )?
            .query_map(params![Number(task), kind.map(ApprovalKind::name)], |row| {
                Ok(row.get::<_, Key>(0)?.0)
            })?
            .collect::<rusqlite::Result<Vec<ApprovalNo>>>()?;
        withdrawn.sort_unstable();
        Ok(withdrawn)
    }

    /// Forgets the approvals of a task and of this kind that are withdrawn, all but the latest.
    pub(crate) fn prune_withdrawn(
        &mut self,
        task: TaskNo,
        kind: ApprovalKind,
        keep: u32,
    ) -> rusqlite::Result<()> {
        self.statement(
            "DELETE FROM approval WHERE no IN (
                 SELECT no FROM approval WHERE task = ? AND kind = ? AND state = 'withdrawn'
                 ORDER BY no DESC LIMIT -1 OFFSET ?)",
        )?
        .execute(params![Number(task), kind.name(), keep])?;
        Ok(())
    }

    /// The pending approvals whose time is over, those first that expired first.
    pub(crate) fn approvals_due(&self, now: Timestamp, limit: u32) -> rusqlite::Result<Vec<ApprovalNo>> {
        self.statement(
            "SELECT no FROM approval INDEXED BY approval_pending
             WHERE state = 'pending' AND expires_at <= ? ORDER BY expires_at, no LIMIT ?",
        )?
        .query_map(params![Millis(now), limit], |row| Ok(row.get::<_, Key>(0)?.0))?
        .collect()
    }

    /// Time at which the next pending approval expires, of those that expire after this moment; of all if none is given.
    pub(crate) fn next_approval_due(&self, after: Option<Timestamp>) -> rusqlite::Result<Option<Timestamp>> {
        let after = after.map_or(i64::MIN, Timestamp::as_millis);
        self.statement("SELECT min(expires_at) FROM approval WHERE state = 'pending' AND expires_at > ?")?
            .query_row([after], |row| Ok(row.get::<_, Option<Millis>>(0)?.map(|at| at.0)))
    }

    /// The approvals of a task go with it.
    pub(super) fn forget_approvals(&mut self, task: TaskNo) -> rusqlite::Result<()> {
        self.statement("DELETE FROM approval WHERE task = ?")?.execute([Number(task)])?;
        Ok(())
    }
}

impl SqliteReader {
    /// An approval.
    pub(crate) fn approval(&self, no: ApprovalNo) -> rusqlite::Result<Option<ApprovalRow>> {
        self.with(|connection| approval(connection, no, &self.reports))
    }

    /// Approvals, the oldest first.
    pub(crate) fn approvals(&self, filter: &ApprovalFilter) -> rusqlite::Result<Vec<ApprovalRow>> {
        let of_task = if filter.task.is_some() { "task = ?3" } else { "?3 IS NULL" };
        let sql =
            format!("SELECT {COLUMNS} FROM approval WHERE state = ?1 AND {of_task} ORDER BY no LIMIT ?2");
        self.with(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let values = params![filter.state.name(), filter.limit, filter.task.map(Number)];
            readable(select.query_map(values, read_approval)?, &self.reports)
        })
    }

    /// Queued tasks that wait for an approval which is not there to be decided any more, `limit` at the most.
    pub(crate) fn held_in_vain(&self, limit: u32) -> rusqlite::Result<Vec<TaskNo>> {
        self.with(|connection| {
            let sql = "SELECT task FROM hold WHERE kind = 'approval'
                 AND NOT EXISTS (SELECT 1 FROM approval WHERE no = CAST(hold.key AS INTEGER) AND state = 'pending')
                 ORDER BY task LIMIT ?";
            let mut select = connection.prepare_cached(sql)?;
            readable(select.query_map([limit], |row| Ok(row.get::<_, Number>(0)?.0))?, &self.reports)
        })
    }

    /// Number of approvals that are pending.
    pub(crate) fn pending_approvals(&self) -> rusqlite::Result<u64> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM approval WHERE state = 'pending'")?
                .query_row([], |row| row.get(0))
        })
    }
}

fn approval(
    connection: &Connection,
    no: ApprovalNo,
    reports: &Reports,
) -> rusqlite::Result<Option<ApprovalRow>> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM approval WHERE no = ?"))?
        .query_row([Key(no)], read_approval)
        .optional();
    Ok(one(found, reports)?.flatten())
}

pub(super) fn read_approval(row: &Row<'_>) -> rusqlite::Result<ApprovalRow> {
    Ok(ApprovalRow {
        no: row.get::<_, Key>(0)?.0,
        asked: NewApproval {
            task: row.get::<_, Number>(1)?.0,
            kind: row.get::<_, Named<_>>(2)?.0,
            summary: row.get(4)?,
            request: row.get::<_, AsJson<_>>(5)?.0,
            expires_at: row.get::<_, Option<Millis>>(7)?.map(|at| at.0),
            on_timeout: row.get::<_, AfterTime>(8)?.0,
        },
        state: row.get::<_, Named<_>>(3)?.0,
        requested_at: row.get::<_, Millis>(6)?.0,
        decision: row.get::<_, Option<AsJson<_>>>(9)?.map(|decision| decision.0),
        used_by: row.get(10)?,
        tool_use: row.get::<_, Option<String>>(11)?.and_then(|text| text.parse().ok()),
    })
}

/// An approval's number as an integer.
struct Key(ApprovalNo);

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(i64::try_from(self.0.0).unwrap_or(i64::MAX)))
    }
}

impl FromSql for Key {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::column_result(value).map(|no| Self(ApprovalNo(no)))
    }
}

/// The decision that an approval counts as after its time, stored as its name.
struct AfterTime(OnTimeout);

impl FromSql for AfterTime {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        let found = OnTimeout::ALL.into_iter().find(|on_timeout| on_timeout.name() == name);
        found.map(Self).ok_or(FromSqlError::InvalidType)
    }
}
