//! The arguments of `aiwg approval`.

use aiwg_protocol::{limits::APPROVALS_LISTED, types::ApprovalState};
use clap::{
    Subcommand, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser},
};

use crate::{
    examples,
    values::{approval_id, limit, task_id},
};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// List what waits for a person's decision, the oldest first
    #[command(after_help = examples::APPROVAL_LIST, alias = "ls")]
    List {
        /// Approvals in this state, in place of those that wait
        #[arg(long, value_parser = states(), default_value = ApprovalState::Pending.name())]
        state: ApprovalState,
        /// Only what this task asks for
        #[arg(long, value_name = "ID", value_parser = task_id, value_hint = ValueHint::Other)]
        task: Option<String>,
        /// Maximum number, up to 1000
        #[arg(long, value_name = "N", default_value_t = APPROVALS_LISTED, value_parser = limit(), value_hint = ValueHint::Other)]
        limit: u32,
    },
    /// Show what is asked for in full, and the decision
    #[command(after_help = examples::APPROVAL_SHOW, alias = "get")]
    Show {
        /// The approval's id, or its number
        #[arg(value_parser = approval_id, value_hint = ValueHint::Other)]
        id: String,
    },
    /// Approve: the task may start, or the agent may use the tool
    #[command(after_help = examples::APPROVAL_APPROVE)]
    Approve {
        /// The approval's id, or its number
        #[arg(value_parser = approval_id, value_hint = ValueHint::Other)]
        id: String,
        /// The reason, which is kept with the decision
        #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
        reason: Option<String>,
        /// Of the use of a tool: allow such uses for good, by a rule in .claude/settings.local.json, which is shown first
        #[arg(long)]
        always: bool,
        /// With --always: write the rule without asking
        #[arg(long, requires = "always")]
        yes: bool,
    },
    /// Reject: the task is cancelled, the tool refused, or the question not answered
    #[command(after_help = examples::APPROVAL_REJECT)]
    Reject {
        /// The approval's id, or its number
        #[arg(value_parser = approval_id, value_hint = ValueHint::Other)]
        id: String,
        /// The reason, which is kept with the decision, and which the agent gets
        #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
        reason: Option<String>,
    },
    /// Answer the question of an agent
    #[command(after_help = examples::APPROVAL_ANSWER)]
    Answer {
        /// The question's id, or its number
        #[arg(value_parser = approval_id, value_hint = ValueHint::Other)]
        id: String,
        /// The answer, as one argument; of a question with options, one of these
        #[arg(value_hint = ValueHint::Other)]
        answer: String,
    },
}

/// A state by its name, which shells complete.
fn states() -> impl TypedValueParser<Value = ApprovalState> {
    let names = PossibleValuesParser::new(ApprovalState::ALL.iter().map(|state| state.name()));
    names.try_map(|name| ApprovalState::from_name(&name).ok_or("unknown state"))
}
