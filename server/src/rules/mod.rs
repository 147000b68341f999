//! The rules: which of them an event matches, and the task that they make of it.
//!
//! They only decide. The engine carries out their decisions, in the transaction that stores the event.

mod budget;
mod check;
mod compile;
mod decide;
mod declared;
mod index;
pub mod template;
mod topics;

use aiwg_model::{TaskSpec, Terms, TreeTerms, VerifyTerms};
use aiwg_protocol::{
    config::{Action, Rule},
    terms::{ApprovalTerms, Workspace, WorkspaceSettings},
    types::{Cause, Event, Json, Span, Timestamp},
};

pub use aiwg_model::limits::{is_task_time, minutes_to_ms};
pub(crate) use budget::BudgetCheck;
pub(crate) use check::{
    RulesCheck, expects_nothing, expires_early, never_times_out, no_lane, times_out_late, wrong_pattern,
    wrong_verify,
};
pub use compile::{BuiltIn, compile, schedule_topic};
pub use decide::{
    Decision, Facts, MAX_FIRINGS, Refusal, UNKNOWN_TRIP, WINDOW_MINUTES, decide, enable_command,
    longest_wait_ms, settled, tripped_message,
};
pub(crate) use declared::DeclaredCheck;
pub(crate) use index::why as why_no_pattern;
pub use index::{BadPattern, RuleIndex};
use template::TemplateError;
pub(crate) use topics::{Published, cannot_occur};

/// The name in the metadata of a task under which its trace is, as clients put it there.
const TRACEPARENT: &str = "traceparent";

/// The trace of an event, for the metadata of its task.
fn trace_of(event: &Event) -> Option<(String, Json)> {
    let trace = Json::new(event.traceparent.as_ref()?).ok()?;
    Some((TRACEPARENT.to_owned(), trace))
}

/// The work tree of a task that asks for this workspace; none for the project's own directory.
pub(crate) fn tree_of(own: Option<&Workspace>, usual: &WorkspaceSettings) -> Option<TreeTerms> {
    let (base, back) = Workspace::of_task(own, usual)?;
    Some(TreeTerms { base, back, ..TreeTerms::default() })
}

/// The task that a rule makes of these events, the latest of so many `matches`; the last one led to it. If the prompt cannot be rendered with them,
/// the reason, and the task with the prompt as it is written.
///
/// The task is as deep in the chain as the deepest of the events: otherwise one from outside would make the others
/// shallow.
pub fn task_of(
    rule: &Rule,
    events: &[Event],
    matches: u64,
    now: Timestamp,
) -> (TaskSpec, Option<TemplateError>) {
    let Action::SubmitTask {
        prompt,
        priority,
        agent,
        timeout_minutes,
        env,
        lane,
        runs_on,
        delay,
        expires,
        retry,
        verify,
        approval,
        workspace,
    } = &rule.action;
    let in_span = |span: &Span| now.after_ms(span.as_millis());
    let (prompt, unusable) = match template::render(prompt, &rule.id, events, matches) {
        Ok(prompt) => (prompt, None),
        Err(error) => (prompt.clone(), Some(error)),
    };
    let before = events.iter().filter_map(|event| event.caused_by.as_ref()).max_by_key(|cause| cause.depth);
    let task = TaskSpec {
        prompt,
        agent: agent.clone(),
        priority: *priority,
        timeout_ms: timeout_minutes.map(minutes_to_ms),
        env: env.clone(),
        cause: Some(Cause {
            task: before.and_then(|cause| cause.task.clone()),
            rule: Some(rule.id.clone()),
            event: events.last().map(|event| event.seq),
            depth: before.map_or(0, |cause| cause.depth),
        }),
        metadata: events.last().and_then(trace_of).into_iter().collect(),
        rule: Some(rule.id.clone()),
        lane: lane.clone(),
        start_at: delay.as_ref().map(in_span),
        expires_at: expires.as_ref().map(in_span),
        terms: Terms {
            retry: retry.clone(),
            verify: verify.clone().and_then(VerifyTerms::of),
            approval: approval.and_then(ApprovalTerms::limits),
            runs_on: runs_on.clone(),
            tree: tree_of(workspace.as_ref(), &WorkspaceSettings::default()),
            ..Terms::default()
        },
        ..TaskSpec::default()
    };
    (task, unusable)
}
