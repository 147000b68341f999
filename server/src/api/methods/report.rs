use std::sync::Arc;

use aiwg_model::{TaskRow, whole_usd};
use aiwg_protocol::{
    ApiError,
    types::{Report, ReportGetParams, ReportedTask, TaskOrder, TaskState, Timestamp, TrippedRule},
};
use aiwg_store::{Reader, TaskFilter};

use super::task::{used, waiting};
use crate::{
    api::{Handler, answer::Part},
    components::report::usual_since,
    context::Context,
    engine::RuleState,
    rules::UNKNOWN_TRIP,
};

/// Maximum number of tasks of each kind in a report.
const MOST: u32 = 1000;

/// Number of characters of a prompt, and of an error, in a report.
const PROMPT_CHARS: usize = 200;
const ERROR_CHARS: usize = 500;

pub(crate) async fn report_get(handler: &Handler, params: ReportGetParams) -> Result<Report, ApiError> {
    let context = Arc::clone(&handler.context);
    handler
        .answer_read(move |reader, bytes| {
            let until = context.engine.now();
            let since = params.since.unwrap_or_else(|| usual_since(until));
            let report = report(&context, reader, (since, until), bytes)?;
            // Whatever limit has cut it, more memory may bring more.
            let is_cut = report.is_cut;
            Ok(Part::new(report, is_cut))
        })
        .await
}

/// The report of the time between these moments; of the tasks that have ended, those that a page of this many bytes has room for.
pub(crate) fn report(
    context: &Context,
    reader: &dyn Reader,
    (since, until): (Timestamp, Timestamp),
    bytes: usize,
) -> aiwg_store::Result<Report> {
    let mut report = Report { since, until, ..Report::default() };
    let ended_since = Some(report.since);
    let filter =
        TaskFilter { ended_since, order: TaskOrder::Ended, limit: MOST, bytes, ..TaskFilter::default() };
    let ended = reader.tasks(&filter)?;
    let queued = reader.queued(MOST)?;
    report.is_cut = ended.is_cut || [ended.tasks.len(), queued.len()].contains(&(MOST as usize));
    report.tripped = context.automation_in(reader)?.rules.iter().filter_map(tripped).collect();
    for row in ended.tasks {
        if let Some(reason) = &row.reason {
            *report.reasons.entry(reason.name().to_owned()).or_default() += 1;
        }
        report.cost_usd += row.usage.as_ref().and_then(|usage| usage.cost_usd).unwrap_or_default();
        let list = match row.state {
            TaskState::Completed => &mut report.completed,
            TaskState::Cancelled => &mut report.cancelled,
            _ => &mut report.failed,
        };
        list.push(reported(context, reader, row)?);
    }
    report.cost_usd = whole_usd(report.cost_usd);
    let list = |rows: Vec<TaskRow>| {
        rows.into_iter().map(|row| reported(context, reader, row)).collect::<aiwg_store::Result<_>>()
    };
    report.running = list(reader.running(MOST)?)?;
    report.waiting = list(queued)?;
    Ok(report)
}

fn tripped(state: &RuleState) -> Option<TrippedRule> {
    let why = state.tripped_why.clone().unwrap_or_else(|| UNKNOWN_TRIP.to_owned());
    Some(TrippedRule { rule: state.rule.id.clone(), at: state.tripped_at?, why })
}

fn reported(context: &Context, reader: &dyn Reader, row: TaskRow) -> aiwg_store::Result<ReportedTask> {
    let wait = waiting(context, reader, &row)?;
    let usage = used(reader, &row)?;
    let first = |text: &str, characters: usize| text.chars().take(characters).collect::<String>();
    Ok(ReportedTask {
        verified: row.is_verified().then_some(true),
        id: row.no.to_string(),
        prompt: first(&row.spec.prompt, PROMPT_CHARS),
        rule: row.spec.rule,
        state: row.state,
        reason: row.reason.map(|reason| reason.name().to_owned()),
        error: row.error.map(|error| first(&error, ERROR_CHARS)),
        cost_usd: usage.and_then(|usage| usage.cost_usd),
        started_at: row.started_at,
        completed_at: row.completed_at,
        waiting: wait.as_ref().and_then(|wait| wait.waiting),
        waiting_until: wait.and_then(|wait| wait.until),
    })
}
