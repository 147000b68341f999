//! Permissions: agents' uses of tools which their own rules do not allow, what a person has decided on them, and each decision used once.
//!
//! An agent's program asks in two steps. Each use of a tool is looked up first ([`Engine::about_to_use`]): what was decided on the very same
//! call before counts, once. Where nothing was, the program's own rules do; and where they do not allow the call, a person is asked
//! ([`Engine::ask_permission`]). Which call a permission holds up or has let through is stored with it, so that no crash has one used twice.

use aiwg_model::{ApprovalNo, ApprovalRow, Hold, NewApproval, TaskNo, TaskRow, ToolUse, text::one_line};
use aiwg_protocol::{
    terms::OnTimeout,
    types::{ApprovalKind, ApprovalRequest, ApprovalState, Cause, Json},
};

use super::{
    Engine, EngineError,
    approvals::{LONGEST_SUMMARY, MOST_OF_TASK, later},
    call::Call,
    transaction::{Failure, Transaction},
};

/// Maximum number of calls of one task that wait for a person: nobody reads more.
const MOST_WAITING: usize = 20;

/// A use of a tool, as an agent makes it.
#[derive(Debug, Clone)]
pub struct ToolCall {
    /// The task of the agent.
    pub task: TaskNo,
    /// The name of the tool.
    pub tool: String,
    /// Its input, with the members of all objects in order: inputs that say the same are the same text.
    pub input: Json,
    /// True if a part of the agent makes it that has a context of its own, and that cannot be put off.
    pub is_subagents: bool,
}

/// The answer to an agent that wants to use a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// Nothing was decided on this call: the program's own rules count.
    Undecided,
    /// It may be made, this once.
    Allowed(ApprovalNo),
    /// It may not be made, for this reason, which is for the agent.
    Denied(ApprovalNo, String),
    /// A person is to decide, and the agent is to end with the call pending.
    PutOff(ApprovalNo),
    /// A person is to decide, and the agent waits.
    Waits(ApprovalNo),
    /// Too many calls of the task wait for a person already.
    TooMany,
}

impl Engine {
    /// Looks up what was decided on a call that an agent is about to make under this name, and uses it up.
    ///
    /// # Errors
    /// The task does not run, or the database could not be written.
    pub async fn about_to_use(&self, call: ToolCall, id: String) -> Result<Permit, EngineError> {
        self.call(Call::changing(move |tx| tx.about_to_use(&call, &id))).await
    }

    /// Asks a person for a call that an agent may not make by its own rules, or uses up what was decided on it.
    ///
    /// # Errors
    /// The task does not run, or the database could not be written.
    pub async fn ask_permission(&self, call: ToolCall, cause: Option<Cause>) -> Result<Permit, EngineError> {
        let text = call.tool.len() + call.input.as_str().len();
        self.call(Call::bringing(move |tx| tx.ask_permission(&call, cause.as_ref())).with_text(text)).await
    }
}

impl Transaction<'_> {
    fn about_to_use(&mut self, call: &ToolCall, id: &str) -> Result<Permit, Failure> {
        let run = self.running(call.task)?.launch;
        let permissions = self.permissions(call.task)?;
        let same = || permissions.iter().filter(|row| is_for(row, call));
        // The call before is over: nothing more may be done in its name.
        let is_another = |row: &&ApprovalRow| {
            row.used_by.is_some() && row.tool_use.as_ref().is_some_and(|other| other.id != id)
        };
        for row in same().filter(is_another) {
            self.store.set_tool_use(row.no, None)?;
        }
        let Some(row) = same().rfind(|row| row.used_by.is_none()) else { return Ok(Permit::Undecided) };
        let tool_use = ToolUse { run, id: id.to_owned() };
        if row.is_approved() {
            self.store.use_approval(row.no, id)?;
            self.store.set_tool_use(row.no, Some(&tool_use))?;
            return Ok(Permit::Allowed(row.no));
        }
        if row.state != ApprovalState::Pending {
            return Ok(Permit::Denied(row.no, refusal(row)));
        }
        if call.is_subagents {
            return Ok(Permit::Undecided);
        }
        if holds_up_another(&permissions, &tool_use) {
            return Ok(Permit::Denied(row.no, ONE_AT_A_TIME.to_owned()));
        }
        self.store.set_tool_use(row.no, Some(&tool_use))?;
        Ok(Permit::PutOff(row.no))
    }

    fn ask_permission(&mut self, call: &ToolCall, cause: Option<&Cause>) -> Result<Permit, Failure> {
        let task = self.running(call.task)?;
        let run = task.launch;
        let permissions = self.permissions(call.task)?;
        let same = || permissions.iter().filter(|row| is_for(row, call));
        // The program's rules ask for each such call, also for one that was let through a moment ago.
        let was_let_through = |row: &&ApprovalRow| {
            let tool_use = row.tool_use.as_ref().filter(|tool_use| tool_use.run == run);
            tool_use.is_some_and(|tool_use| row.used_by.as_ref() == Some(&tool_use.id))
        };
        if let Some(row) = same().rfind(was_let_through) {
            self.store.set_tool_use(row.no, None)?;
            return Ok(Permit::Allowed(row.no));
        }
        let unused = same().rfind(|row| row.used_by.is_none());
        let no = match unused {
            Some(row) if row.is_approved() => {
                self.store.use_approval(row.no, &format!("run {run}"))?;
                return Ok(Permit::Allowed(row.no));
            }
            Some(row) if row.state != ApprovalState::Pending => {
                return Ok(Permit::Denied(row.no, refusal(row)));
            }
            Some(row) => row.no,
            None if permissions.iter().filter(is_pending).count() >= MOST_WAITING => {
                return Ok(Permit::TooMany);
            }
            None if self.store.approval_counts(call.task)?.0 >= MOST_OF_TASK => return Ok(Permit::TooMany),
            None => self.add_approval(&self.asked_for(call, &task), cause)?,
        };
        // The name is that of no call: all that are held up in this run are others.
        let ends = holds_up_another(&permissions, &ToolUse { run, id: String::new() });
        Ok(if ends { Permit::Denied(no, ONE_AT_A_TIME.to_owned()) } else { Permit::Waits(no) })
    }

    fn asked_for(&self, call: &ToolCall, task: &TaskRow) -> NewApproval {
        let minutes = task.spec.terms.approval.and_then(|limits| limits.timeout_minutes);
        NewApproval {
            task: call.task,
            kind: ApprovalKind::Permission,
            summary: one_line(&format!("{}: {}", call.tool, call.input.as_str()), LONGEST_SUMMARY),
            request: ApprovalRequest {
                tool: Some(call.tool.clone()),
                input: Some(call.input.clone()),
                ..ApprovalRequest::default()
            },
            expires_at: minutes.map(|minutes| later(self.now, minutes)),
            // Whoever lets a task start without an answer does not mean all that its agent may do.
            on_timeout: OnTimeout::Reject,
        }
    }

    fn permissions(&self, task: TaskNo) -> aiwg_store::Result<Vec<ApprovalRow>> {
        self.store.permissions_of(task)
    }

    /// The holds of a task whose agent has ended with a call pending: all that it waits for. None if it waits for nothing, and nothing was decided
    /// while it ran: then someone else has put the call off.
    pub(super) fn holds_of_deferred(&self, task: &TaskRow) -> aiwg_store::Result<Option<Vec<Hold>>> {
        let permissions = self.permissions(task.no)?;
        let holds: Vec<Hold> =
            permissions.iter().filter(is_pending).map(|row| Hold::approval(row.no)).collect();
        let was_held_up = |row: &ApprovalRow| {
            row.tool_use.as_ref().is_some_and(|tool_use| tool_use.run == task.launch && row.used_by.is_none())
        };
        Ok((!holds.is_empty() || permissions.iter().any(was_held_up)).then_some(holds))
    }
}

/// For an agent whose call comes while another of the same run is put off.
const ONE_AT_A_TIME: &str = "A person has to allow this call, and another one of yours waits for a person already: one at a time. When that \
                             one is over, make exactly this call again if you still need it, as the only one in your message.";

fn is_pending(row: &&ApprovalRow) -> bool {
    row.state == ApprovalState::Pending
}

/// True if it is about this very call.
fn is_for(row: &ApprovalRow, call: &ToolCall) -> bool {
    let request = &row.asked.request;
    request.tool.as_deref() == Some(&call.tool)
        && request.input.as_ref().map(Json::as_str) == Some(call.input.as_str())
}

/// True if another call of the same run is put off, so that the agent is about to end.
fn holds_up_another(permissions: &[ApprovalRow], tool_use: &ToolUse) -> bool {
    let is_another = |other: &ToolUse| other.run == tool_use.run && other.id != tool_use.id;
    permissions.iter().any(|row| row.used_by.is_none() && row.tool_use.as_ref().is_some_and(is_another))
}

/// The refusal, for the agent.
fn refusal(row: &ApprovalRow) -> String {
    let reason = row.decision.as_ref().and_then(|decision| decision.reason.as_ref());
    match (row.state, reason) {
        (ApprovalState::Rejected, Some(reason)) => {
            format!("A person has refused this call: {reason}. Do not make it again.")
        }
        (ApprovalState::Rejected, None) => "A person has refused this call. Do not make it again.".to_owned(),
        _ => "Nobody has allowed this call in the time that there was. Do not make it again.".to_owned(),
    }
}
