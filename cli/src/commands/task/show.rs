//! Shows tasks to people.

use std::io::{self, Write};

use aiwg_client::types::{
    CheckCommand, CheckResult, MessageState, Round, Takeover, Task, TaskHost, TaskMessage, TaskState,
    TaskStats, TaskSubmitted, TaskUsage, TaskWorkspace, Timestamp, UsageStats, UsageSum, Waiting,
};

use super::waiting::Others;
use crate::{
    commands::{host::short_id, output_printer::readable},
    output::{
        Column::{Number, Whole},
        Page, Table, count, indented, moment, visible, visible_lines,
    },
};

/// Width of the names of facts.
const FACT: usize = 11;

/// Number of characters that are shown of a message.
const SHOWN: usize = 60;

/// Writes that a task has ended.
pub(super) fn end(out: &mut Page, task: &Task) -> io::Result<()> {
    match &task.error {
        Some(error) => {
            writeln!(out, "{} {}: {}", visible(&task.id), outcome(task.state), indented(error, 4))
        }
        None => writeln!(out, "{} {}.", visible(&task.id), outcome(task.state)),
    }
}

/// The state of a task in words, to stand after its id.
pub(in crate::commands) fn outcome(state: TaskState) -> String {
    match state {
        TaskState::Timeout => "timed out".to_owned(),
        state => format!("is {state}"),
    }
}

/// Writes the state, and for a queued task what it waits for: the end of others, or else a slot.
fn state(out: &mut Page, task: &Task, open: &[String]) -> io::Result<()> {
    match task.state {
        state @ TaskState::Queued if open.is_empty() => write!(out, "{state}, {}", until(task)),
        state @ TaskState::Queued => write!(out, "{state}, until {} completed", having(open)),
        ended if ended.is_final() => out.marked(ended.name(), ended == TaskState::Completed),
        other => write!(out, "{other}"),
    }
}

/// The moment or the occasion up to which a queued task that waits for no other has to wait.
pub(super) fn until(task: &Task) -> String {
    let Some(waiting) = task.waiting else { return "until a slot is free".to_owned() };
    let at = task.waiting_until.map(moment);
    if let Some(at) = task.limit_resets_at.map(moment) {
        let resets = resets(task.limit_resets_at.unwrap_or_default(), Timestamp::now());
        return format!(
            "until `aiwg account resume` has it go on; the limit of the agent's account {resets} at {at}"
        );
    }
    match (waiting, at) {
        (Waiting::Delay, Some(at)) => format!("until {at}"),
        (Waiting::Hold, None) => "until `aiwg task release` releases it".to_owned(),
        (Waiting::Hold, Some(at)) => format!("held until {at}"),
        (Waiting::Rest, Some(at)) => format!("to be tried again at {at}"),
        (Waiting::Rest, None) => "to be tried again in a moment".to_owned(),
        (Waiting::Lane, _) => {
            format!("until lane {} has room", visible(task.lane.as_deref().unwrap_or_default()))
        }
        (Waiting::Taken, _) => {
            format!("taken over: `aiwg task give {}` gives it back", visible(&task.id))
        }
        (Waiting::Host, _) => {
            "for a host that can run it: `aiwg host list` shows all, `aiwg daemon status` what is missing"
                .to_owned()
        }
        (Waiting::Paused, _) => "until `aiwg daemon resume` resumes the queue".to_owned(),
        (Waiting::Limit, Some(at)) => format!("until the limit of the agent's account has reset, at {at}"),
        (Waiting::Limit, None) => {
            "until the agent's account is good again: `aiwg account list` shows it".to_owned()
        }
        (Waiting::Budget, at) => {
            let or = at.map(|at| format!(", or a new day or month begins at {at}")).unwrap_or_default();
            format!("until a budget allows it{or}: `aiwg budget` shows what is left")
        }
        (other, Some(at)) => format!("waiting ({}) until {at}", other.name()),
        (other, None) => format!("waiting ({})", other.name()),
    }
}

/// What a limit does, or should have done, at this time.
fn resets(at: Timestamp, now: Timestamp) -> &'static str {
    if at <= now { "should have reset" } else { "resets" }
}

/// The tasks that its agent waits for, each with what becomes of it.
fn awaited(awaited: &[Task]) -> Option<String> {
    let one = |task: &Task| match task.state {
        TaskState::Queued => format!("{}: queued, {}", task.id, until(task)),
        state => format!("{}: {state}", task.id),
    };
    let all: Vec<String> = awaited.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn having(ids: &[String]) -> String {
    format!("{} {}", visible(&ids.join(", ")), if ids.len() == 1 { "has" } else { "have" })
}

/// All that is known of a task, and of the others that it waits for. Its output is what the agent says, or `raw`.
pub(super) fn task(
    out: &mut Page,
    task: &Task,
    others: &Others,
    (raw, whole): (bool, bool),
) -> io::Result<()> {
    facts(out, task, others, whole)?;
    if let Some(tail) = failed_check(task) {
        writeln!(out, "\nThe check wrote at its end:\n{}", visible_lines(tail))?;
    }
    let output = task.output.as_deref().unwrap_or_default();
    let output = if raw { output.to_owned() } else { readable(output) };
    if output.is_empty() {
        return Ok(());
    }
    // Windows ends its lines with a return as well.
    writeln!(out, "\n{}", output.replace("\r\n", "\n").trim_end_matches('\n'))
}

fn facts(out: &mut Page, task: &Task, others: &Others, whole: bool) -> io::Result<()> {
    writeln!(out, "{:<FACT$}{}", "Task", visible(&task.id))?;
    write!(out, "{:<FACT$}", "State")?;
    state(out, task, &others.before)?;
    writeln!(out)?;
    let mut fact = |name: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "{name:<FACT$}{}", indented(&value, FACT)),
        None => Ok(()),
    };
    fact("Waits for", awaited(&others.awaited))?;
    fact("Prompt", Some(task.prompt.clone()))?;
    fact("Agent", task.agent.clone())?;
    fact("Profile", (!task.profiles.is_empty()).then(|| task.profiles.join(", ")))?;
    fact("Priority", Some(task.priority.to_string()))?;
    fact("Lane", task.lane.clone())?;
    fact("Runs on", (!task.runs_on.is_empty()).then(|| task.runs_on.join(", ")))?;
    // Several may be on one machine, and have its name.
    let host = |host: &TaskHost| format!("{} ({})", host.name, short_id(&host.id));
    fact("Host", task.host.as_ref().map(host))?;
    fact("Expires", task.expires_at.map(moment))?;
    fact("Created", Some(moment(task.created_at)))?;
    fact("Started", task.started_at.map(moment))?;
    fact("Ended", task.completed_at.map(moment))?;
    fact("Process", task.pid.map(|pid| pid.to_string()))?;
    fact("Exit code", task.exit_code.map(|code| code.to_string()))?;
    fact("Signal", task.signal.map(|signal| signal.to_string()))?;
    fact("Processes", processes(task))?;
    fact("Attempts", Some(task.attempts.to_string()))?;
    fact("Check", rounds(task))?;
    fact("Work tree", task.workspace.as_ref().map(workspace))?;
    fact("Messages", messages(task, whole))?;
    fact("After", (!task.after.is_empty()).then(|| task.after.join(", ")))?;
    fact("Taken", task.takeover.as_ref().map(taken))?;
    fact("Rule", task.caused_by.as_ref().and_then(|cause| cause.rule.clone()))?;
    fact("Event", task.caused_by.as_ref().and_then(|cause| cause.event).map(|seq| seq.to_string()))?;
    fact("Cost", task.usage.as_ref().map(cost))?;
    fact("Session", task.usage.as_ref().and_then(|usage| usage.session_id.clone()))?;
    fact(
        "Refused",
        task.usage.as_ref().map(|usage| usage.permission_denials.join(", ")).filter(|all| !all.is_empty()),
    )?;
    fact("Reason", task.reason.clone().filter(|reason| reason != "done"))?;
    fact("Error", task.error.clone())
}

/// How a task was taken over, and the way into its session.
fn taken(takeover: &Takeover) -> String {
    let since = moment(takeover.since);
    super::steer::words(takeover).map_or(since.clone(), |command| format!("{since}\n{command}"))
}

/// A round in words, without its number.
pub(super) fn round(round: &Round) -> String {
    let mut words = vec![round.verify.as_ref().map_or_else(|| "the check has not run".to_owned(), check)];
    words.extend(round.exit.filter(|code| *code != 0).map(|code| format!("the agent exited with {code}")));
    words.extend(round.files.map(|files| format!("{} changed", count(files, "file", "files"))));
    if !round.protected.is_empty() {
        words.push(format!("protected files changed: {}", visible(&round.protected.join(", "))));
    }
    words.extend(round.cost_usd.map(|usd| format!("${usd:.2}")));
    words.join(", ")
}

/// The number of a round, of so many that a task may have; one for a message after the last of them is beyond these.
pub(super) fn counted(n: u32, most: u32) -> String {
    if n <= most { format!("{n} of {most}") } else { format!("{n} (for a message, beyond {most})") }
}

/// The result of a check in words.
fn check(result: &CheckResult) -> String {
    match result {
        CheckResult { ended: Some(why), .. } => format!("the check {}", visible(why)),
        CheckResult { exit: Some(0), .. } => "the check has succeeded".to_owned(),
        CheckResult { exit: Some(code), .. } => format!("the check has failed (exit code {code})"),
        CheckResult { .. } => "the check was ended".to_owned(),
    }
}

/// The end of what the last check wrote that has failed; none where the last one has not.
fn failed_check(task: &Task) -> Option<&str> {
    let last = task.rounds.iter().rev().find_map(|round| round.verify.as_ref()).or(task.before.as_ref())?;
    let has_failed = last.exit != Some(0) || last.ended.is_some();
    last.tail.as_deref().filter(|tail| has_failed && !tail.trim().is_empty())
}

/// The check of a task, and its rounds so far.
fn rounds(task: &Task) -> Option<String> {
    let verify = task.verify.as_ref()?;
    let command = match &verify.command {
        Some(CheckCommand::Shell(line)) => line.clone(),
        Some(CheckCommand::Program(words)) => words.join(" "),
        None => return None,
    };
    let phase = task.phase.map(|phase| format!(", {}", phase.name())).unwrap_or_default();
    let skipped = if task.skipped == Some(true) { ", which succeeded before the first round" } else { "" };
    let most = verify.max_rounds.unwrap_or_default();
    let before =
        task.before.as_ref().map(|result| format!("\nbefore: {}", check(result))).unwrap_or_default();
    let all = task.rounds.iter().map(|one| format!("\n{}: {}", counted(one.n, most), round(one)));
    Some(format!("{command}{phase}{skipped}{before}{}", all.collect::<String>()))
}

/// The work tree of a task, and what was made there.
fn workspace(workspace: &TaskWorkspace) -> String {
    let mut lines = vec![workspace.dir.clone().unwrap_or_else(|| "not made yet".to_owned())];
    if let Some(result) = &workspace.result {
        let files = count(result.files, "file", "files");
        lines.push(format!("{}: {files} changed, +{} -{}", result.name, result.insertions, result.deletions));
        lines.extend(result.branch.as_ref().map(|branch| format!("branch {branch}")));
        lines.extend(result.patch.as_ref().map(|patch| format!("patch {patch}")));
        lines.extend(result.applied.map(|at| format!("applied at {}", moment(at))));
        lines.extend(result.conflict.as_ref().map(|conflict| {
            let paths = conflict.paths.iter().map(|path| format!("\n  {path}"));
            format!("not brought back: {}{}", conflict.why, paths.collect::<String>())
        }));
        lines.extend(result.remote_ref.as_ref().map(|name| format!("on the remote as {name}")));
        lines.extend(result.unsent.as_ref().map(|why| format!("not on the remote yet: {why}")));
    }
    lines.extend(workspace.error.as_ref().map(|why| format!("not kept: {why}")));
    lines.join("\n")
}

/// The messages to a task's agent, each with what has become of it: as a whole, or in short.
fn messages(task: &Task, whole: bool) -> Option<String> {
    let one = |message: &TaskMessage| {
        let from = message.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        let how = match (message.state, message.run) {
            (MessageState::Delivered, Some(run)) => format!("delivered in run {run}"),
            (MessageState::Undelivered, _) => "not delivered".to_owned(),
            (MessageState::Unsure, _) if task.state.is_final() => "perhaps delivered".to_owned(),
            (MessageState::Unsure, _) => "perhaps delivered: it is sent again".to_owned(),
            (state, _) => state.name().to_owned(),
        };
        let text = &message.message;
        match whole {
            true if text.contains('\n') => format!("{}{from}, {how}:\n{text}", message.n),
            true => format!("{}{from}, {how}: {text}", message.n),
            false => {
                format!("{}{from}, {how}: {}", message.n, shortened(text.lines().next().unwrap_or_default()))
            }
        }
    };
    let all: Vec<String> = task.messages.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// The first characters of a text.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Writes the number of tasks, and what they used.
pub(super) fn stats(out: &mut Page, stats: &TaskStats) -> io::Result<()> {
    let rows = [
        ("queued", stats.queued),
        ("running", stats.running),
        ("completed", stats.completed),
        ("failed", stats.failed),
        ("cancelled", stats.cancelled),
        ("timeout", stats.timeout),
        ("total", stats.total),
    ];
    let reasons = stats.reasons.iter().map(|(reason, count)| (format!("  {}", visible(reason)), *count));
    let rows = rows.map(|(name, count)| (name.to_owned(), count));
    let rows: Vec<(String, u64)> = rows.into_iter().chain(reasons).collect();
    // The longest of the usual reasons fits; the numbers stay below each other where another one does not.
    let width = rows.iter().map(|(name, _)| name.chars().count() + 1).max().unwrap_or_default().max(10);
    for (name, count) in rows {
        writeln!(out, "{name:<width$}{count:>8}")?;
    }
    if stats.usage.total.tasks > 0 {
        usage(out, &stats.usage)?;
    }
    Ok(())
}

/// Writes what agents have used: in all, by rule, by day.
fn usage(out: &mut Page, usage: &UsageStats) -> io::Result<()> {
    let mut rows = Table::new([
        Whole("USED BY"),
        Number("TASKS"),
        Number("COST $"),
        Number("TURNS"),
        Number("TOKENS IN"),
        Number("TOKENS OUT"),
    ]);
    let mut add = |who: String, sum: &UsageSum| {
        let tokens_in = in_all([sum.input_tokens, sum.cache_read_tokens, sum.cache_creation_tokens]);
        rows.add([
            who.into(),
            sum.tasks.into(),
            format!("{:.4}", sum.cost_usd).into(),
            sum.turns.into(),
            tokens_in.into(),
            sum.output_tokens.into(),
        ]);
    };
    add("all".to_owned(), &usage.total);
    for by in &usage.by_rule {
        add(by.rule.as_ref().map_or_else(|| "no rule".to_owned(), |rule| format!("rule {rule}")), &by.usage);
    }
    for by in &usage.by_day {
        add(by.day.clone(), &by.usage);
    }
    writeln!(out)?;
    rows.write(out)
}

/// A sum of numbers that a daemon has sent, whatever they are.
fn in_all(tokens: [u64; 3]) -> u64 {
    tokens.into_iter().fold(0, u64::saturating_add)
}

fn cost(usage: &TaskUsage) -> String {
    let tokens_in = in_all([usage.input_tokens, usage.cache_read_tokens, usage.cache_creation_tokens]);
    let usd = usage.cost_usd.map_or_else(|| "cost not known".to_owned(), |usd| format!("${usd:.4}"));
    format!(
        "{usd}, {}, {tokens_in} tokens in, {} out",
        count(usage.turns, "turn", "turns"),
        usage.output_tokens
    )
}

/// The fate of the processes that the agent left.
pub(super) fn processes(task: &Task) -> Option<String> {
    match (task.processes_ended?, task.processes_left?) {
        (ended, 0) => Some(format!("{ended} ended, none left")),
        (ended, left) => Some(format!("{ended} ended, {left} left: another user's, or stuck in the kernel")),
    }
}

/// A task that has just been taken in.
pub(super) fn submitted(out: &mut Page, submitted: &TaskSubmitted, approval: Option<&str>) -> io::Result<()> {
    let id = visible(&submitted.task_id);
    if let Some(approval) = approval {
        return writeln!(
            out,
            "{id} {}, and waits until a person decides. Next: {}",
            outcome(submitted.state),
            super::submit::deciding(approval)
        );
    }
    writeln!(
        out,
        "{id} {}. Next: aiwg task logs {id} --follow, aiwg task wait {id}",
        outcome(submitted.state)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_what_was_allowed_or_over_is_said_to_be_so() {
        assert_eq!(counted(5, 5), "5 of 5");
        assert_eq!(counted(6, 5), "6 (for a message, beyond 5)");
        let at = Timestamp::from_millis;
        assert_eq!((resets(at(2), at(1)), resets(at(2), at(2))), ("resets", "should have reset"));
    }
}
