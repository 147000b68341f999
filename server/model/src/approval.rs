//! Approvals: what a person is asked for, and what was decided.

use std::{fmt, str::FromStr};

use aiwg_protocol::{
    terms::OnTimeout,
    types::{
        Approval, ApprovalDecision, ApprovalKind, ApprovalRequest, ApprovalState, ApprovalSummary, Timestamp,
    },
};

use crate::task_no::TaskNo;

/// The number of an approval: `approval-0001` is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApprovalNo(pub u64);

impl fmt::Display for ApprovalNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "approval-{:04}", self.0)
    }
}

impl FromStr for ApprovalNo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text
            .strip_prefix("approval-")
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or(())?;
        let no = Self(digits.parse().map_err(|_| ())?);
        // Only the one spelling, as with tasks.
        (no.to_string() == text).then_some(no).ok_or(())
    }
}

/// An approval to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewApproval {
    /// The task that waits for it.
    pub task: TaskNo,
    /// The kind.
    pub kind: ApprovalKind,
    /// The matter to be decided, in one line that is safe to print.
    pub summary: String,
    /// The request.
    pub request: ApprovalRequest,
    /// Time until which it can be decided; none for no limit.
    pub expires_at: Option<Timestamp>,
    /// The decision that counts if nobody makes one in time.
    pub on_timeout: OnTimeout,
}

/// An approval as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalRow {
    /// Its number.
    pub no: ApprovalNo,
    /// The approval as it was asked for.
    pub asked: NewApproval,
    /// The state.
    pub state: ApprovalState,
    /// Time of the request.
    pub requested_at: Timestamp,
    /// The decision; none before one, and where nobody has made one.
    pub decision: Option<ApprovalDecision>,
    /// The use of a tool for which a permission was used up, by the agent's own name for it; none for a permission that was not used.
    pub used_by: Option<String>,
    /// The use of a tool that a permission holds up until the decision, or has let through and may be asked for once more; none where there is
    /// none, or it is over.
    pub tool_use: Option<ToolUse>,
}

/// The use of a tool: the run of the agent that makes it, and its name among the agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUse {
    /// The number of the run within its task.
    pub run: u32,
    /// The agent's own name for it.
    pub id: String,
}

impl fmt::Display for ToolUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.run, self.id)
    }
}

impl FromStr for ToolUse {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (run, id) = text.split_once('/').ok_or(())?;
        Ok(Self { run: run.parse().map_err(|_| ())?, id: id.to_owned() })
    }
}

impl ApprovalRow {
    /// True if it stands for a yes: a person has approved it, or nobody has rejected it in time and that counts as one.
    pub fn is_approved(&self) -> bool {
        match self.state {
            ApprovalState::Approved => true,
            ApprovalState::Timeout => self.asked.on_timeout == OnTimeout::Approve,
            _ => false,
        }
    }

    /// The approval in short, as it goes over the wire.
    pub fn into_summary(self) -> ApprovalSummary {
        let NewApproval { task, kind, summary, expires_at, .. } = self.asked;
        ApprovalSummary {
            id: self.no.to_string(),
            task_id: task.to_string(),
            kind,
            summary,
            requested_at: self.requested_at,
            expires_at,
        }
    }

    /// The approval as it goes over the wire.
    pub fn into_approval(self) -> Approval {
        let NewApproval { task, kind, summary, request, expires_at, on_timeout } = self.asked;
        Approval {
            id: self.no.to_string(),
            task_id: task.to_string(),
            kind,
            state: self.state,
            summary,
            requested_at: self.requested_at,
            expires_at,
            on_timeout: on_timeout.into(),
            request,
            decision: self.decision,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!(ApprovalNo(7).to_string(), "approval-0007");
        assert_eq!("approval-0007".parse(), Ok(ApprovalNo(7)));
        assert_eq!("approval-12345".parse(), Ok(ApprovalNo(12345)));
        for wrong in
            ["approval-7", "7", "task-0007", "approval-", "approval-+007", "approval-99999999999999999999"]
        {
            assert_eq!(wrong.parse::<ApprovalNo>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn the_use_of_a_tool_is_read_as_it_is_written() {
        let tool_use = ToolUse { run: 3, id: "toolu_1/2".to_owned() };
        assert_eq!(tool_use.to_string().parse(), Ok(tool_use));
        for wrong in ["", "3", "x/toolu_1", "-1/toolu_1"] {
            assert_eq!(wrong.parse::<ToolUse>(), Err(()), "{wrong}");
        }
    }
}
