use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{
        AutomationStatus, AutomationSwitchParams, AutomationSwitched, AutomationTestParams, AutomationTested,
        MatchOutcome, NoParams, RuleRefusal, RuleStatus,
    },
};
use aiwg_protocol::config::Trigger;

use crate::{
    args::{AutomationCommand, TestArgs},
    error::CliError,
    output::{Output, ago, count, git_operation, shorten, table, write_table},
};

pub(crate) async fn run(
    client: &DaemonClient,
    command: AutomationCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        AutomationCommand::Status => {
            let status = client.automation_status(NoParams {}).await?;
            output.result(&status, |out, status| show(out, status))?;
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
            let tested =
                client.automation_test(AutomationTestParams { topic, payload, file, schedule }).await?;
            output.result(&tested, |out, tested| show_tested(out, tested))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn switched(
    output: &Output,
    done: &AutomationSwitched,
    rule: Option<&str>,
    what: &str,
) -> Result<(), CliError> {
    output.result(done, |out, _| match rule {
        Some(rule) => writeln!(out, "The rule {rule} is {what}."),
        None => writeln!(out, "Automation is {what}."),
    })
}

fn show(out: &mut dyn Write, status: &AutomationStatus) -> io::Result<()> {
    let state = if status.enabled { "enabled" } else { "disabled" };
    writeln!(out, "Automation is {state}, with {}.", count(status.rule_count.into(), "rule", "rules"))?;
    if !status.rules.is_empty() {
        let mut rows = table(["RULE", "STATE", "TRIGGER", "BUSY", "PENDING", "PROMPT"]);
        for rule in &status.rules {
            rows.add_row([
                rule.id.clone(),
                rule_state(rule).to_owned(),
                trigger(&rule.trigger),
                rule.busy.to_string(),
                rule.pending.as_ref().map_or(0, |pending| pending.matches).to_string(),
                shorten(&rule.action.prompt, 40),
            ]);
        }
        writeln!(out)?;
        write_table(out, &rows)?;
    }
    if !status.recent_executions.is_empty() {
        let mut rows = table(["FIRED", "RULE", "EVENT", "MATCHES", "TASK"]);
        for execution in status.recent_executions.iter().take(10) {
            rows.add_row([
                ago(execution.at),
                execution.rule.clone(),
                execution.event.to_string(),
                execution.matches.to_string(),
                execution.task.clone(),
            ]);
        }
        writeln!(out)?;
        write_table(out, &rows)?;
    }
    if let Some(mark) = &status.held_by {
        writeln!(out, "! changes of files wait for {}", git_operation(mark, status.held_since))?;
    }
    for rule in &status.rules {
        if let Some(RuleRefusal { at, event, reason }) = &rule.last_refusal {
            writeln!(
                out,
                "! {}: event {event} was passed over at {at}: {}",
                rule.id,
                reason.replace("ID", &rule.id)
            )?;
        }
    }
    let reasons = status.rules.iter().filter_map(|rule| Some((&rule.id, rule.reason.as_ref()?)));
    reasons.into_iter().try_for_each(|(id, reason)| writeln!(out, "! {id}: {}", reason.replace("ID", id)))
}

fn rule_state(rule: &RuleStatus) -> &'static str {
    match rule {
        RuleStatus { tripped_at: Some(_), .. } => "tripped",
        RuleStatus { enabled: false, .. } => "disabled",
        RuleStatus { active: false, .. } => "off",
        _ => "enabled",
    }
}

fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::FileChange { pattern } => format!("files {pattern}"),
        Trigger::Schedule { cron } => format!("at {cron}"),
        Trigger::Event { topic } => format!("event {topic}"),
    }
}

fn show_tested(out: &mut dyn Write, tested: &AutomationTested) -> io::Result<()> {
    if tested.rules.is_empty() {
        return writeln!(out, "No rule matches {}.", tested.topic);
    }
    for rule in &tested.rules {
        let outcome = match rule.outcome {
            MatchOutcome::Fire => "would make a task",
            MatchOutcome::Debounce => "would make a task once the matches have settled",
            MatchOutcome::Coalesce => "would make a task when its present one has ended",
            MatchOutcome::Refuse => "would do nothing",
            MatchOutcome::Trip => "would trip",
        };
        let reason = rule.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        writeln!(out, "{} {outcome}{reason}", rule.rule)?;
        for line in rule.prompt.iter().flat_map(|prompt| prompt.lines()) {
            writeln!(out, "{}", format!("    {line}").trim_end())?;
        }
    }
    Ok(())
}
