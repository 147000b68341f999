//! Tasks: their numbers, what they are to do, and where they stand.

use std::{collections::BTreeMap, sync::Arc};

use aiwg_protocol::types::{Cause, JsonObject, Task, TaskState, TaskUsage, Timestamp};

use crate::{
    Sender, end_reason::EndReason, stop_reason::StopReason, task_no::TaskNo, terms::Terms, tree::TreeTerms,
    verify::VerifyTerms,
};

/// Size of the end of an agent's output that its task holds, in bytes: 64 KiB.
pub const TAIL_BYTES: u64 = 64 * 1024;

/// The beginning of the line that stands in the place of the beginning of an answer that is too long.
const CUT: &str = "… (the beginning is left out; `aiwg task logs ";

/// The bytes of an answer within which its first line may begin later, so that it is a whole one.
const LONGEST_CUT_LINE: usize = 4096;

/// The end of an answer that is longer than [`TAIL_BYTES`]: a line that says so, and what follows from the next line on.
pub fn end_of_answer(answer: &str, task: TaskNo) -> String {
    let said = format!("{CUT}{task}` shows it)\n");
    let from = answer.len().saturating_sub((TAIL_BYTES as usize).saturating_sub(said.len()));
    let from = (from..=answer.len()).find(|at| answer.is_char_boundary(*at)).unwrap_or(answer.len());
    let end = answer.get(from..).unwrap_or_default();
    let line = end.find('\n').filter(|at| *at < LONGEST_CUT_LINE).map_or(0, |at| at + 1);
    format!("{said}{}", end.get(line..).unwrap_or_default())
}

/// True for what [`end_of_answer`] has made.
pub fn is_cut_answer(answer: &str) -> bool {
    answer.starts_with(CUT)
}

/// Number of characters of a prompt in an overview of tasks. One more is read, which shows that there are more.
pub const PROMPT_HEAD: usize = 4096;

/// A task to be stored.
#[derive(Clone, Default)]
pub struct TaskSpec {
    /// The agent's prompt.
    pub prompt: String,
    /// The agent's role; none for the default one.
    pub agent: Option<String>,
    /// Higher ones start first. What its lane adds is in it.
    pub priority: i32,
    /// The part of its priority that its lane has added, which the engine assigns.
    pub lane_priority: i32,
    /// The time limit in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Environment, unresolved.
    pub env: BTreeMap<String, String>,
    /// The submitter's notes.
    pub metadata: JsonObject,
    /// The cause.
    pub cause: Option<Cause>,
    /// The tasks that must have completed before it starts.
    pub after: Vec<TaskNo>,
    /// The rule that made it; none where someone submitted it, be it an agent that a rule had started.
    pub rule: Option<String>,
    /// The conversation that it is a turn of.
    pub conversation: Option<String>,
    /// The lane in which it runs; none for no lane.
    pub lane: Option<String>,
    /// Its class in the queue, which the engine assigns: what keeps one task of a class from starting keeps all of them.
    /// Empty for the common class.
    pub class: String,
    /// The terms on which it runs and counts as done.
    pub terms: Terms,
    /// Time after which it is no longer wanted, if it has not been started by then; none for any time.
    pub expires_at: Option<Timestamp>,
    /// Time before which it does not start; none for any time. It is not stored: it becomes a hold.
    pub start_at: Option<Timestamp>,
    /// The client that it came from; none if a rule made it, or an agent submitted it. It is not read again.
    pub sender: Option<Arc<Sender>>,
    /// The number under which that client is stored, which the engine assigns. It is not read again.
    pub origin: Option<u64>,
    /// The number of its rule's revision. It is not read again.
    pub revision: Option<u64>,
}

impl TaskSpec {
    /// The rule that the task counts to: the one that made it, or made the task whose agent submitted it.
    pub fn counts_to(&self) -> Option<&str> {
        self.cause.as_ref().and_then(|cause| cause.rule.as_deref()).or(self.rule.as_deref())
    }
}

/// A task as stored.
#[derive(Clone)]
pub struct TaskRow {
    /// Its number.
    pub no: TaskNo,
    /// The state.
    pub state: TaskState,
    /// Its specification.
    pub spec: TaskSpec,
    /// True if one of the tasks that it is to start after has not completed yet.
    pub is_waiting: bool,
    /// Time at which it was stored.
    pub created_at: Timestamp,
    /// Time at which its agent was started last.
    pub started_at: Option<Timestamp>,
    /// Time of its end.
    pub completed_at: Option<Timestamp>,
    /// The number of its last run, from 1; 0 if there has been none.
    pub launch: u32,
    /// Number of times that an agent was started.
    pub attempts: u32,
    /// The reason for which it is being ended.
    pub ending: Option<StopReason>,
    /// Exit code of the agent.
    pub exit_code: Option<i32>,
    /// The signal that ended the agent.
    pub signal: Option<i32>,
    /// The reason for its end, by the vocabulary of its runs; none before its end.
    pub reason: Option<EndReason>,
    /// The reason for which it did not complete.
    pub error: Option<String>,
    /// The agent's answer.
    pub result: Option<String>,
    /// Number of processes that were ended with it.
    pub processes_ended: Option<u32>,
    /// Number of processes that could not be ended.
    pub processes_left: Option<u32>,
    /// The agent's usage.
    pub usage: Option<TaskUsage>,
}

impl TaskRow {
    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let spec = &self.spec;
        let env: usize = spec.env.iter().map(|(name, value)| name.len() + value.len()).sum();
        let metadata: usize =
            spec.metadata.iter().map(|(name, value)| name.len() + value.as_str().len()).sum();
        let sent: usize = spec.terms.sent.iter().map(|sent| sent.text.len()).sum();
        let texts = [&self.result, &self.error].into_iter().flatten().map(String::len).sum::<usize>();
        spec.prompt.len() + env + metadata + sent + texts + size_of::<Self>()
    }

    /// True if its check has said that it is done. Of one that a person has finished nobody has checked that.
    pub fn is_verified(&self) -> bool {
        let is_by_hand = self.reason.as_ref() == Some(&EndReason::BY_HAND);
        self.state == TaskState::Completed && self.spec.terms.verify.is_some() && !is_by_hand
    }

    /// As it goes over the wire. `pid` and `output` are not stored, nor is what it waits for; its rounds are in its runs.
    pub fn into_task(self, pid: Option<u32>, output: Option<String>) -> Task {
        let is_verified = self.is_verified();
        Task {
            id: self.no.to_string(),
            prompt: self.spec.prompt,
            agent: self.spec.agent,
            profiles: Vec::new(),
            takeover: None,
            messages: Vec::new(),
            priority: self.spec.priority,
            state: self.state,
            waiting: None,
            waiting_until: None,
            limit_resets_at: None,
            waits_for: Vec::new(),
            lane: self.spec.lane,
            expires_at: self.spec.expires_at,
            reason: self.reason.map(|reason| reason.name().to_owned()),
            verified: is_verified.then_some(true),
            verify: self.spec.terms.verify.map(VerifyTerms::into_verify),
            phase: None,
            rounds: Vec::new(),
            before: None,
            skipped: None,
            workspace: self.spec.terms.tree.as_ref().map(TreeTerms::to_wire),
            host: None,
            runs_on: self.spec.terms.runs_on,
            created_at: self.created_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            pid,
            exit_code: self.exit_code,
            signal: self.signal,
            attempts: self.attempts,
            result: self.result,
            error: self.error,
            output,
            timeout_minutes: self.spec.timeout_ms.map(|ms| ms as f64 / 60_000.0),
            after: self.spec.after.iter().map(TaskNo::to_string).collect(),
            processes_ended: self.processes_ended,
            processes_left: self.processes_left,
            usage: self.usage,
            metadata: self.spec.metadata,
            conversation: self.spec.conversation,
            caused_by: self.spec.cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_answer_begins_with_a_whole_line_and_says_so() {
        let lines: Vec<String> = (0..11_000).map(|n| format!("line {n} ä")).collect();
        let end = end_of_answer(&lines.join("\n"), TaskNo(7));
        let (said, rest) = end.split_once('\n').unwrap();
        assert_eq!(said, "… (the beginning is left out; `aiwg task logs task-0007` shows it)");
        assert!(rest.starts_with("line ") && rest.ends_with("line 10999 ä"), "{}", &rest[..20]);
        assert!(is_cut_answer(&end) && !is_cut_answer("line 1"));
        assert!(end.len() as u64 <= TAIL_BYTES && end.len() as u64 > TAIL_BYTES - 100);
        // A line that is too long to be left out is cut.
        let one = end_of_answer(&"ä".repeat(40_000), TaskNo(7));
        assert!(one.ends_with("ää") && one.len() as u64 <= TAIL_BYTES && one.len() as u64 > TAIL_BYTES - 9);
    }
}
