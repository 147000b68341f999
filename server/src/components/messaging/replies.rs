//! The state of the daemon and its tasks, in the words of a chat.

use std::sync::Arc;

use aiwg_messaging::{
    Platform,
    notice::minute,
    text::{Style, Styled, line, markdown},
    words::in_chat,
};
use aiwg_model::{Rounds, TaskNo, TaskRow};
use aiwg_protocol::{
    ApiError,
    types::{DaemonStatus, MessagingSubsystem, TaskState, Timestamp, Waiting},
};

use super::plan::View;
use crate::{
    component::Components, context::Context, messaging::wait_in_words, status::status, waits::longest_wait,
};

/// The most tasks of a list.
const MOST: u32 = 10;

/// The most of a prompt in a list, and of a task's own prompt, in characters.
const PROMPT_IN_LIST: usize = 80;
const PROMPT: usize = 500;

/// The most of a task's error, in characters.
const ERROR: usize = 1000;

/// The reason for which a task waits, and until when, where that is known.
type Wait = (Waiting, Option<Timestamp>);

/// Shows a view, or says why it cannot be shown.
pub(super) async fn show(
    view: View,
    platform: Platform,
    context: &Arc<Context>,
    components: &Components,
) -> Styled {
    let shown = match view {
        View::Status => status(context, components).await.map(|status| of_status(&status, platform)),
        View::Health => status(context, components).await.map(|status| of_health(&status, platform)),
        View::Tasks => context.read(|reader| reader.overview(MOST, MOST)).await.map(|rows| of_tasks(&rows)),
        View::Task(no) => {
            let engine = context.engine.clone();
            let found = context.read(move |reader| {
                let Some(row) = reader.task(no)? else { return Ok(None) };
                let longest = longest_wait(reader, &|class| engine.gate(class), &row)?;
                let waits = longest.and_then(|wait| Some((wait.waiting?, wait.until)));
                Ok(Some((row, waits)))
            });
            found.await.map(|found| of_task(no, found, platform))
        }
        View::Loops => loops(context).await,
    };
    shown.unwrap_or_else(|error| Styled::plain(&format!("That could not be looked up: {}", error.message)))
}

/// Until when notices wait, and why, in a line each.
fn waits(messaging: &MessagingSubsystem, platform: Platform) -> Vec<String> {
    let muted = messaging.muted_until.map(|until| {
        format!("Notices are muted until {}; `{}` ends that.", minute(until), platform.command("mute 0"))
    });
    let quiet =
        messaging.quiet_until.map(|until| format!("Quiet hours: notices wait until {}.", minute(until)));
    muted.into_iter().chain(quiet).collect()
}

fn of_status(status: &DaemonStatus, platform: Platform) -> Styled {
    let mut text = Styled::default();
    let project = status.project.rsplit('/').next().unwrap_or(&status.project);
    text.push_with(project, Style::Bold);
    text.push_plain(&format!(" is {}.\n", status.health.name()));
    let supervisor = &status.subsystems.supervisor;
    text.push_plain(&format!(
        "{} running, {} queued, {} at once; {} done, {} failed.\n",
        supervisor.running,
        supervisor.queued,
        supervisor.max_concurrency,
        status.stats.completed,
        status.stats.failed + status.stats.timeout,
    ));
    if supervisor.paused_since.is_some() {
        text.push_plain("The queue is paused.\n");
    }
    let automation = if status.subsystems.automation.enabled { "on" } else { "off" };
    text.push_plain(&format!(
        "Automation is {automation}, with {} rules.",
        status.subsystems.automation.rule_count
    ));
    if let Some(budget) = &status.subsystems.budget {
        text.push_plain(&format!("\n${:.2} are spent today.", budget.spent_usd));
    }
    for wait in waits(&status.subsystems.messaging, platform) {
        text.push_plain(&format!("\n{wait}"));
    }
    let pending = status.subsystems.approvals.pending;
    if pending > 0 {
        text.push_plain(&format!("\n{pending} waiting for a person to decide."));
    }
    if !status.issues.is_empty() {
        text.push_plain("\n\n");
        text.push(&issues(status));
    }
    text
}

fn of_health(status: &DaemonStatus, platform: Platform) -> Styled {
    let mut text = match status.issues.is_empty() {
        true => Styled::plain("All is well."),
        false => issues(status),
    };
    for wait in waits(&status.subsystems.messaging, platform) {
        text.push_plain(&format!("\n{wait}"));
    }
    text
}

fn issues(status: &DaemonStatus) -> Styled {
    let mut text = Styled::default();
    for (n, issue) in status.issues.iter().enumerate() {
        text.push_plain(if n > 0 { "\n" } else { "" });
        text.push_with(&issue.kind, Style::Bold);
        text.push_plain(&format!(": {}", line(&issue.message, ERROR)));
    }
    text
}

fn of_tasks(rows: &[TaskRow]) -> Styled {
    if rows.is_empty() {
        return Styled::plain("There are no tasks.");
    }
    let mut text = Styled::default();
    for (n, row) in rows.iter().take(2 * MOST as usize).enumerate() {
        text.push_plain(if n > 0 { "\n" } else { "" });
        text.push(&in_list(row));
    }
    text
}

fn in_list(row: &TaskRow) -> Styled {
    let mut text = Styled::default();
    text.push_with(&row.no.to_string(), Style::Bold);
    text.push_plain(&format!(" {} – {}", row.state.name(), line(&row.spec.prompt, PROMPT_IN_LIST)));
    text
}

/// A task, and what it waits for, if it does.
fn of_task(no: TaskNo, found: Option<(TaskRow, Option<Wait>)>, platform: Platform) -> Styled {
    let Some((row, waits)) = found else {
        return Styled::plain(&format!(
            "There is no {no}; `{}` shows the latest.",
            platform.command("tasks")
        ));
    };
    let mut text = Styled::default();
    text.push_with(&no.to_string(), Style::Bold);
    text.push_plain(&format!(" {}", row.state.name()));
    if let Some(usd) = row.usage.as_ref().and_then(|usage| usage.cost_usd) {
        text.push_plain(&format!(", ${usd:.2}"));
    }
    if let Some(rule) = &row.spec.rule {
        text.push_plain(&format!(", of the rule {}", line(rule, 100)));
    }
    if row.state == TaskState::Queued {
        let wait = waits.map_or_else(|| "a free slot".to_owned(), |(why, until)| wait_in_words(why, until));
        text.push_plain(&format!("; it waits for {wait}"));
    }
    text.push_plain("\n");
    text.push_with(&line(&row.spec.prompt, PROMPT), Style::Quote);
    if let Some(error) = &row.error {
        text.push_plain(&format!("\n\n{}", line(&in_chat(error, platform), ERROR)));
    }
    if let Some(result) = row.result.as_deref().filter(|_| row.state == TaskState::Completed) {
        text.push_plain("\n\n");
        text.push(&markdown(result));
    }
    text
}

async fn loops(context: &Arc<Context>) -> Result<Styled, ApiError> {
    let rows = context
        .read(|reader| {
            let with_check =
                reader.overview(200, 50)?.into_iter().filter(|row| row.spec.terms.verify.is_some());
            let with_runs = |row: TaskRow| Ok((reader.runs(row.no)?, row));
            with_check.take(MOST as usize).map(with_runs).collect::<aiwg_store::Result<Vec<_>>>()
        })
        .await?;
    if rows.is_empty() {
        return Ok(Styled::plain("There are no tasks with a check."));
    }
    let mut text = Styled::default();
    for (n, (runs, row)) in rows.iter().enumerate() {
        let most = row.spec.terms.verify.as_ref().map_or(0, |verify| verify.max_rounds);
        let rounds = Rounds::of(runs).rounds;
        text.push_plain(if n > 0 { "\n" } else { "" });
        text.push(&in_list(row));
        let (n, most) = (rounds.len(), usize::try_from(most).unwrap_or(usize::MAX));
        text.push_plain(&match n <= most {
            true => format!(" ({n} of {most} rounds)"),
            // A message to its agent makes a further one.
            false => format!(" ({n} rounds; {most} may be without a message)"),
        });
    }
    Ok(text)
}
