//! Rules: what they do, their switches, and what would fire.

mod args;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{
        AutomationStatus, AutomationSwitchParams, AutomationSwitched, AutomationTestParams, AutomationTested,
        MatchOutcome, NoParams, Open, RuleRefusal, RuleStatus, Trigger,
    },
};

use args::TestArgs;

pub(crate) use self::args::AutomationCommand;
use crate::{
    error::CliError,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Table, ago, count, git_operation, indented, local, visible,
    },
    project::from_afar,
};

pub(crate) async fn run(
    project: Option<&Path>,
    client: &DaemonClient,
    command: AutomationCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        AutomationCommand::Status => {
            let status = client.automation_status(NoParams {}).await?;
            output.result(&status, show)?;
        }
        AutomationCommand::Enable { rule } => {
            let done = client.automation_enable(AutomationSwitchParams { rule_id: rule.clone() }).await?;
            switched(output, &done, rule.as_deref(), "enabled")?;
        }
        AutomationCommand::Disable { rule } => {
            let done = client.automation_disable(AutomationSwitchParams { rule_id: rule.clone() }).await?;
            switched(output, &done, rule.as_deref(), "disabled")?;
        }
        AutomationCommand::Test(TestArgs { topic, payload, file, schedule }) => {
            let file = file.map(|file| in_project(project, file)).transpose()?;
            let tested =
                client.automation_test(AutomationTestParams { topic, payload, file, schedule }).await?;
            output.result(&tested, show_tested)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A path as the daemon can take it: it does not know in which directory it was typed.
fn in_project(project: Option<&Path>, typed: String) -> Result<String, CliError> {
    if typed.is_empty() || from_afar(project)?.is_some() {
        return Ok(typed);
    }
    Ok(std::path::absolute(typed)?.to_string_lossy().into_owned())
}

fn switched(
    output: &Output,
    done: &AutomationSwitched,
    rule: Option<&str>,
    what: &str,
) -> Result<(), CliError> {
    output.result(done, |out, _| match rule {
        Some(rule) => writeln!(out, "The rule {} is {what}.", visible(rule)),
        None => writeln!(out, "Automation is {what}."),
    })
}

fn show(out: &mut Page, status: &AutomationStatus) -> io::Result<()> {
    let state = if status.enabled { "enabled" } else { "disabled" };
    writeln!(out, "Automation is {state}, with {}.", count(status.rule_count.into(), "rule", "rules"))?;
    if !status.rules.is_empty() {
        let mut rows = Table::new([
            Whole("RULE"),
            Whole("STATE"),
            Text("TRIGGER", usize::MAX),
            Number("BUSY"),
            Number("PENDING"),
            Text("PROMPT", 40),
        ]);
        for rule in &status.rules {
            rows.add([
                rule.id.as_str().into(),
                rule_state(rule).into(),
                trigger(&rule.trigger).into(),
                rule.busy.into(),
                rule.pending.as_ref().map_or(0, |pending| pending.matches).into(),
                rule.action.prompt.as_str().into(),
            ]);
        }
        writeln!(out)?;
        rows.write(out)?;
    }
    if !status.recent_executions.is_empty() {
        let mut rows =
            Table::new([Whole("FIRED"), Whole("RULE"), Number("EVENT"), Number("MATCHES"), Whole("TASK")]);
        for execution in status.recent_executions.iter().take(10) {
            rows.add([
                ago(execution.at).into(),
                execution.rule.as_str().into(),
                execution.event.into(),
                execution.matches.into(),
                execution.task.as_str().into(),
            ]);
        }
        writeln!(out)?;
        rows.write(out)?;
    }
    warnings(out, status)
}

/// Prints the reasons for which rules do nothing, or did not.
fn warnings(out: &mut Page, status: &AutomationStatus) -> io::Result<()> {
    if let Some(mark) = &status.held_by {
        writeln!(out, "! changes of files wait for {}", git_operation(mark, status.held_since))?;
    }
    for rule in &status.rules {
        if let Some(RuleRefusal { at, event, reason }) = &rule.last_refusal {
            writeln!(
                out,
                "! {}: event {event} was passed over at {}: {}",
                visible(&rule.id),
                local(*at),
                indented(reason, 4)
            )?;
        }
    }
    if !status.enabled {
        // It is the same for each rule.
        return writeln!(out, "! no rule makes a task: `aiwg automation enable` switches automation on");
    }
    let reasons = status.rules.iter().filter_map(|rule| Some((&rule.id, rule.reason.as_ref()?)));
    reasons
        .into_iter()
        .try_for_each(|(id, reason)| writeln!(out, "! {}: {}", visible(id), indented(reason, 4)))
}

fn rule_state(rule: &RuleStatus) -> &'static str {
    match rule {
        RuleStatus { tripped_at: Some(_), .. } => "tripped",
        RuleStatus { enabled: false, .. } => "disabled",
        RuleStatus { active: false, .. } => "off",
        _ => "enabled",
    }
}

fn trigger(trigger: &Open<Trigger>) -> String {
    let Some(trigger) = trigger.known() else { return "something newer than this version".to_owned() };
    match trigger {
        Trigger::FileChange { pattern, patterns } => format!("files {}", all(pattern, patterns)),
        Trigger::Schedule { cron } => format!("at {cron}"),
        Trigger::Event { topic, topics } => format!("event {}", all(topic, topics)),
    }
}

/// One pattern, or all where there are several.
fn all(one: &str, several: &[String]) -> String {
    if several.is_empty() { one.to_owned() } else { several.join(", ") }
}

fn show_tested(out: &mut Page, tested: &AutomationTested) -> io::Result<()> {
    if tested.rules.is_empty() && tested.notice.is_none() {
        return writeln!(out, "No rule matches {}.", visible(tested.file.as_ref().unwrap_or(&tested.topic)));
    }
    for rule in &tested.rules {
        let outcome = match rule.outcome {
            MatchOutcome::Fire => "would make a task",
            MatchOutcome::Debounce => "would make a task once the matches have settled",
            MatchOutcome::Coalesce => "would make a task when its present one has ended",
            MatchOutcome::Refuse => "would do nothing",
            MatchOutcome::Trip => "would trip",
            MatchOutcome::Fail => "would make a task that fails at once",
            // A newer daemon's.
            other => other.name(),
        };
        let reason =
            rule.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", indented(reason, 4)));
        writeln!(out, "{} {outcome}{reason}", visible(&rule.rule))?;
        for line in rule.prompt.iter().flat_map(|prompt| prompt.lines()) {
            writeln!(out, "{}", format!("    {}", visible(line)).trim_end())?;
        }
    }
    let is_said = |notice: &&String| tested.rules.iter().any(|rule| rule.reason.as_ref() == Some(notice));
    let notice = tested.notice.as_ref().filter(|notice| !is_said(notice));
    notice.iter().try_for_each(|notice| writeln!(out, "! {}", indented(notice, 4)))
}
