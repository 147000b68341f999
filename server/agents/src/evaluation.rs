//! The evaluation of an agent's work, whatever its program.

use std::collections::BTreeMap;

use crate::{
    limit::{Limit, LimitWarning},
    reason::{Reason, RefusedTasks},
};

/// Maximum length of a word that is not known, in bytes.
const LONGEST_WORD: usize = 100;

/// The end of an agent's process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exit<'a> {
    /// Its exit code. None if a signal ended it, or if it is not known.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// True if it was ended because it did not exit after its result
    /// ([`Progress::Done`](crate::claude::Progress::Done)): how it took that says nothing about its work.
    pub ended_after_result: bool,
    /// The end of its standard output; the answer where the output says nothing about the work.
    pub stdout: Option<&'a str>,
    /// The end of its standard error.
    pub stderr: &'a str,
}

/// Result of an agent's work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// The reason for which it ended.
    pub reason: Reason,
    /// The agent's answer. None where it gave no answer, only an error.
    pub answer: Option<String>,
    /// The reason for which it did not succeed, for people, in the program's own words where it has some.
    pub error: Option<String>,
    /// For people: what it was not allowed to do. It may have succeeded all the same, by its own account.
    pub refused: Option<String>,
    /// The limit that is used up, where the reason is [`Reason::Limited`].
    pub limit: Option<Limit>,
    /// The last that the program reported of each window of its account's limits, whatever the reason.
    pub limit_warnings: Vec<LimitWarning>,
    /// The use of a tool that waits for a decision, where the reason is [`Reason::Deferred`] and the program says which.
    pub deferred: Option<DeferredTool>,
    /// True if the session that was to be resumed is not there: nothing was done.
    pub is_session_lost: bool,
    /// The parts of the output that are not known here.
    pub unknown: Unknown,
    /// Costs, turns and tokens.
    pub usage: Usage,
    /// The messages of its input that it has reported on, its prompt among them.
    pub received: Received,
}

/// The messages of an agent's input, by the ids that they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Messages that are part of the conversation.
    pub taken: Vec<String>,
    /// Messages that the agent has read, and that are not part of the conversation yet.
    pub read: Vec<String>,
}

impl Evaluation {
    /// True if the work counts as done.
    #[must_use]
    pub fn is_success(&self, refused: RefusedTasks) -> bool {
        self.reason.is_success(refused)
    }
}

/// The use of a tool that an agent has put off until someone decides on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferredTool {
    /// The program's own id of this use.
    pub id: String,
    /// The tool, such as `Bash`.
    pub name: String,
    /// The first 16 KiB of its input, as JSON: for people. The program keeps all of it with its session.
    pub input: String,
}

/// The parts of an output that are not known to its reader: the program may be newer than that. They were passed over like text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Number of these parts.
    pub count: u64,
    /// The first of them, such as `type "odd"`; at most 100 bytes of what the program wrote.
    pub first: Option<String>,
}

impl Unknown {
    /// Takes one more in.
    pub(crate) fn add(&mut self, kind: &str, word: &str) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(|| format!("{kind} {:?}", aiwg_fs::tail_of(word, LONGEST_WORD)));
    }
}

/// Resources that an agent's work took. Everything is none or 0 where the output does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Cost of this run, in US dollars, without what the session had cost before it.
    pub cost_usd: Option<f64>,
    /// Cost of the session from its very beginning, in US dollars: to be kept with its id, for the next run that resumes it.
    pub session_total_usd: Option<f64>,
    /// The same of the other sessions that the run was in, by their ids: those of which the program has told a total.
    pub other_totals: Vec<(String, f64)>,
    /// Number of model turns.
    pub turns: u64,
    /// Tokens that went through the model. With `claude --output-format json` only those of the last part of the work, if the agent waited for
    /// commands in the background.
    pub tokens: Tokens,
    /// The same by model, as far as the program tells them apart.
    pub tokens_by_model: TokensByModel,
    /// The part of the cost that the program has told, and the tokens of which it has not: those since its last word on the cost, where it was ended
    /// in the middle of its work for example. Nothing where [`tokens_by_model`](Self::tokens_by_model) says all that is known.
    pub spent: Spent,
    /// Tokens of the session from its very beginning, where the program tells those: to be kept with its id, for the next run that resumes it.
    pub session_tokens: Option<Tokens>,
    /// The session, with which the work can be resumed. Known also of an agent that was ended in the middle.
    pub session_id: Option<String>,
    /// The first 50 permissions that it was refused.
    pub permission_denials: Vec<Denial>,
    /// Number of all permissions that it was refused.
    pub permission_denial_count: usize,
}

/// Tokens by the name of the model that they went through.
pub type TokensByModel = BTreeMap<String, Tokens>;

/// Tokens that went through the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, and not taken from a cache.
    pub input: u64,
    /// Generated.
    pub output: u64,
    /// Taken from a cache.
    pub cache_read: u64,
    /// Written to a cache.
    pub cache_creation: u64,
}

/// Cost of a run so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spent {
    /// The part that the program has told, in US dollars.
    pub told_usd: f64,
    /// Tokens of which it has not told the cost, by their models. Those that are being generated are counted when they are all there, or later.
    pub untold: TokensByModel,
    /// The session whose cost from its very beginning this is; none where it is that of the run alone.
    pub session: Option<String>,
}

/// The use of a tool that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The tool, such as `Bash`.
    pub tool_name: String,
    /// The refused action, such as the command; at most 200 characters.
    pub what: String,
}

/// Maximum length of a refused action that is kept, in characters.
const LONGEST_WHAT: usize = 200;

impl Denial {
    /// The use of this tool for that.
    pub(crate) fn new(tool_name: impl Into<String>, what: &str) -> Self {
        Self { tool_name: tool_name.into(), what: what.chars().take(LONGEST_WHAT).collect() }
    }
}
