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

/// A use of a tool that was let through, and what its agent's output says of it.
#[derive(Debug, Clone)]
pub struct LetThrough {
    /// Its name.
    pub id: String,
    /// True if the tool has been used.
    pub is_over: bool,
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

/// The answer to an agent that may not use a tool by its own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionAnswer {
    /// The answer to this call.
    Given(Permit),
    /// A call just like this one was let through under this name. Where that one is over, this is another one.
    LetThrough(String),
}

impl Engine {
    /// Looks up what was decided on a call that an agent is about to make under this name, and uses it up.
    ///
    /// # Errors
    /// The task does not run, or the database could not be written.
    pub async fn about_to_use(&self, call: ToolCall, id: String) -> Result<Permit, EngineError> {
        self.call(Call::changing(move |tx| tx.about_to_use(&call, &id))).await
    }

    /// Asks a person for a call that an agent may not make by its own rules, or uses up what was decided on it. `before` is what is known of the
    /// use that [`PermissionAnswer::LetThrough`] named: the program does not say which use it asks for.
    ///
    /// # Errors
    /// The task does not run, or the database could not be written.
    pub async fn ask_permission(
        &self,
        call: ToolCall,
        before: Option<LetThrough>,
        cause: Option<Cause>,
    ) -> Result<PermissionAnswer, EngineError> {
        let text = call.tool.len() + call.input.as_str().len();
        let ask = move |tx: &mut Transaction<'_>| tx.ask_permission(&call, before.as_ref(), cause.as_ref());
        self.call(Call::bringing(ask).with_text(text)).await
    }
}

impl Transaction<'_> {
    pub(super) fn about_to_use(&mut self, call: &ToolCall, id: &str) -> Result<Permit, Failure> {
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
        if others(&permissions, call).any(|row| is_held_up(row, run)) {
            return Ok(Permit::Denied(row.no, ONE_AT_A_TIME.to_owned()));
        }
        self.store.set_tool_use(row.no, Some(&tool_use))?;
        Ok(Permit::PutOff(row.no))
    }

    pub(super) fn ask_permission(
        &mut self,
        call: &ToolCall,
        before: Option<&LetThrough>,
        cause: Option<&Cause>,
    ) -> Result<PermissionAnswer, Failure> {
        let task = self.running(call.task)?;
        let run = task.launch;
        let permissions = self.permissions(call.task)?;
        let same = || permissions.iter().filter(|row| is_for(row, call));
        // The program's rules ask for each such call, also for one that was let through a moment ago.
        let let_through = |row: &ApprovalRow| {
            let id = row.tool_use.as_ref().filter(|tool_use| tool_use.run == run)?.id.clone();
            (row.used_by.as_ref() == Some(&id)).then_some((row.no, id))
        };
        if let Some((no, id)) = same().filter_map(let_through).next_back() {
            let Some(before) = before.filter(|before| before.id == id) else {
                return Ok(PermissionAnswer::LetThrough(id));
            };
            self.store.set_tool_use(no, None)?;
            if !before.is_over {
                return Ok(PermissionAnswer::Given(Permit::Allowed(no)));
            }
        }
        let unused = same().rfind(|row| row.used_by.is_none());
        let no = match unused {
            Some(row) if row.is_approved() => {
                self.store.use_approval(row.no, &format!("run {run}"))?;
                return Ok(PermissionAnswer::Given(Permit::Allowed(row.no)));
            }
            Some(row) if row.state != ApprovalState::Pending => {
                return Ok(PermissionAnswer::Given(Permit::Denied(row.no, refusal(row))));
            }
            Some(row) => row.no,
            None if permissions.iter().filter(is_pending).count() >= MOST_WAITING => {
                return Ok(PermissionAnswer::Given(Permit::TooMany));
            }
            None if self.store.approval_counts(call.task)?.0 >= MOST_OF_TASK => {
                return Ok(PermissionAnswer::Given(Permit::TooMany));
            }
            None => self.add_approval(&self.asked_for(call, &task), cause)?,
        };
        // Of an agent that is about to end no part waits, though it be for the same call.
        let ends = match call.is_subagents {
            true => permissions.iter().any(|row| is_held_up(row, run)),
            false => others(&permissions, call).any(|row| is_held_up(row, run)),
        };
        Ok(PermissionAnswer::Given(match ends {
            true => Permit::Denied(no, ONE_AT_A_TIME.to_owned()),
            false => Permit::Waits(no),
        }))
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
        // Also if it is used up: by a hook whose agent does not hear of it, or by another call just like this one. Then a person is asked again.
        let was_held_up =
            |row: &ApprovalRow| row.tool_use.as_ref().is_some_and(|tool_use| tool_use.run == task.launch);
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

/// Those about other calls. One about this very call keeps nobody from it: where the agent makes it again, it has not heard of being put off,
/// since the daemon or the hook was killed before the answer.
fn others<'a>(permissions: &'a [ApprovalRow], call: &'a ToolCall) -> impl Iterator<Item = &'a ApprovalRow> {
    permissions.iter().filter(|row| !is_for(row, call))
}

/// True if the call is put off in this run, so that the agent is about to end.
fn is_held_up(row: &ApprovalRow, run: u32) -> bool {
    row.used_by.is_none() && row.tool_use.as_ref().is_some_and(|tool_use| tool_use.run == run)
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
