//! Approvals: what waits for a person, and decisions.

mod always;
mod args;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{
        Approval, ApprovalAnswerParams, ApprovalDecideParams, ApprovalDecision, ApprovalGetParams,
        ApprovalKind, ApprovalListParams, ApprovalRequest, ApprovalState, ApprovalSummary, ApprovalVia,
    },
};

use aiwg_protocol::terms::CheckCommand;

use self::always::Always;
pub(crate) use self::args::ApprovalCommand;
use crate::{
    error::CliError,
    output::{
        Column::{Text, Whole},
        Output, Page, Table, ago, indented, local, visible,
    },
};

pub(crate) async fn run(
    project: Option<&Path>,
    client: &DaemonClient,
    command: ApprovalCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        ApprovalCommand::List { state, task, limit } => {
            let params = ApprovalListParams { state: Some(state), task_id: task, limit: Some(limit) };
            let listed = client.approval_list(params).await?;
            output.result(&listed, |out, listed| show_list(out, listed, state))?;
        }
        ApprovalCommand::Show { id } => {
            let approval = client.approval_get(ApprovalGetParams { approval_id: id }).await?;
            output.result(&approval, show)?;
        }
        ApprovalCommand::Approve { id, reason, always, yes } => {
            let always = match always {
                true => {
                    let approval = client.approval_get(ApprovalGetParams { approval_id: id.clone() }).await?;
                    let always = Always::of(project, &approval)?;
                    always.confirmed(yes)?;
                    Some(always)
                }
                false => None,
            };
            let params = ApprovalDecideParams { approval_id: id, reason };
            let approved = client.approval_approve(params).await?;
            // Only what was approved is allowed for good: an agent's call has been refused by now, too.
            always.map_or(Ok(()), Always::write)?;
            output.result(&approved, show_decided)?;
        }
        ApprovalCommand::Reject { id, reason } => {
            let params = ApprovalDecideParams { approval_id: id, reason };
            output.result(&client.approval_reject(params).await?, show_decided)?;
        }
        ApprovalCommand::Answer { id, answer } => {
            let params = ApprovalAnswerParams { approval_id: id, answer };
            output.result(&client.approval_answer(params).await?, show_decided)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show_list(out: &mut Page, listed: &[ApprovalSummary], state: ApprovalState) -> io::Result<()> {
    if listed.is_empty() {
        return match state {
            ApprovalState::Pending => writeln!(out, "Nothing waits for a decision."),
            other => writeln!(out, "Nothing is {}.", visible(other.name())),
        };
    }
    let mut rows = Table::new([
        Whole("ID"),
        Whole("KIND"),
        Whole("TASK"),
        Whole("ASKED"),
        Whole("UNTIL"),
        Text("SUMMARY", 100),
    ]);
    for approval in listed {
        rows.add([
            approval.id.as_str().into(),
            approval.kind.name().into(),
            approval.task_id.as_str().into(),
            ago(approval.requested_at).into(),
            approval.expires_at.map_or_else(|| "-".to_owned(), local).into(),
            approval.summary.as_str().into(),
        ]);
    }
    rows.write(out)
}

/// The lines of the check: of a command for the shell as they are; the words of a program as the list that they are, since words that are joined by
/// blanks could be others.
fn check_lines(request: &ApprovalRequest) -> io::Result<Vec<String>> {
    Ok(match request.verify.as_ref().and_then(|verify| verify.command.as_ref()) {
        None => Vec::new(),
        Some(CheckCommand::Shell(command)) => {
            command.split('\n').map(|line| visible(line).into_owned()).collect()
        }
        Some(CheckCommand::Program(words)) => vec![visible(&serde_json::to_string(&words)?).into_owned()],
    })
}

/// Lines below a heading, none of them cut, and no blank in them left out: a person decides by them. Nothing where there are none.
fn show_whole(out: &mut Page, heading: &str, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
    let lines: Vec<String> = lines.into_iter().collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{heading}:\n  {}", lines.join("\n  "))
}

fn show(out: &mut Page, approval: &Approval) -> io::Result<()> {
    let request = &approval.request;
    // None is cut at the width of a terminal: a person decides by them.
    let mut facts = Table::new([Whole(""), Whole("")]);
    let state = match approval.state {
        ApprovalState::Timeout => {
            let counts_as = approval.on_timeout.known().map_or("unknown", |on_timeout| on_timeout.name());
            format!("timeout, which counts as {counts_as}")
        }
        other => other.name().to_owned(),
    };
    facts.add(["Approval".into(), approval.id.as_str().into()]);
    facts.add(["Kind".into(), approval.kind.name().into()]);
    facts.add(["State".into(), state.into()]);
    facts.add(["Task".into(), approval.task_id.as_str().into()]);
    if let Some(rule) = &request.rule {
        facts.add(["Rule".into(), rule.as_str().into()]);
    }
    if let Some(event) = request.event {
        facts.add(["Event".into(), event.to_string().into()]);
    }
    if let Some(agent) = &request.agent {
        facts.add(["Agent".into(), agent.as_str().into()]);
    }
    if let Some(lane) = &request.lane {
        facts.add(["Lane".into(), lane.as_str().into()]);
    }
    facts.add(["Asked".into(), local(approval.requested_at).into()]);
    if let Some(at) = approval.expires_at {
        facts.add(["Until".into(), local(at).into()]);
    }
    if let Some(tool) = &request.tool {
        facts.add(["Tool".into(), tool.as_str().into()]);
    }
    facts.write_rows(out)?;
    let input = request.input.as_ref().map(|input| input.as_str());
    let text = request.prompt.as_deref().or(request.question.as_deref()).or(input);
    if let Some(text) = text {
        writeln!(out, "\n  {}", indented(text, 2))?;
    }
    show_whole(out, "Options", request.options.iter().map(|option| visible(option).into_owned()))?;
    let variables = request.env.iter().map(|(name, value)| visible(&format!("{name}={value}")).into_owned());
    show_whole(out, "Environment", variables)?;
    show_whole(out, "Check", check_lines(request)?)?;
    for message in &request.messages {
        let from = message.from.as_ref().map(|task| format!(" from the agent of {}", visible(task)));
        writeln!(out, "\nMessage{}:\n  {}", from.unwrap_or_default(), indented(&message.text, 2))?;
    }
    if request.cut {
        let task = visible(&approval.task_id);
        writeln!(
            out,
            "\nThere is more of it than is shown here: aiwg task get {task} --json has all of the prompt."
        )?;
    }
    match &approval.decision {
        Some(decision) => {
            writeln!(out)?;
            show_decision(out, approval, decision)
        }
        None if approval.state == ApprovalState::Pending => writeln!(out, "\nNext: {}", next(approval)),
        None => Ok(()),
    }
}

fn show_decision(out: &mut Page, approval: &Approval, decision: &ApprovalDecision) -> io::Result<()> {
    let by = &decision.by;
    let who = match (&by.user, by.uid) {
        (Some(user), _) => user.clone(),
        (None, Some(uid)) => format!("user {uid}"),
        (None, None) => "someone".to_owned(),
    };
    let program = by.program.as_deref().unwrap_or("a program that is not known");
    let with = match (by.via, by.pid) {
        (ApprovalVia::Cli, Some(pid)) => format!("with the command, process {pid}"),
        (_, Some(pid)) => format!("with {program}, process {pid}"),
        (_, None) => format!("with {program}"),
    };
    let what = visible(approval.state.name());
    writeln!(out, "{what} by {} at {}, {}", visible(&who), local(decision.at), visible(&with))?;
    if let Some(answer) = &decision.answer {
        writeln!(out, "Answer: {}", indented(answer, 2))?;
    }
    if let Some(reason) = &decision.reason {
        writeln!(out, "Reason: {}", indented(reason, 2))?;
    }
    Ok(())
}

pub(super) fn show_decided(out: &mut Page, approval: &Approval) -> io::Result<()> {
    let (id, task) = (visible(&approval.id), visible(&approval.task_id));
    let what = match (approval.state, approval.kind) {
        (ApprovalState::Approved, ApprovalKind::Question) => "answered",
        (state, _) => state.name(),
    };
    writeln!(out, "{id} is {}. Next: aiwg task get {task}", visible(what))
}

/// The commands by which an approval is decided.
fn next(approval: &Approval) -> String {
    let number = approval.id.trim_start_matches(|character: char| !character.is_ascii_digit());
    let number = match number.trim_start_matches('0') {
        "" => visible(&approval.id).to_string(),
        number => visible(number).to_string(),
    };
    match approval.kind {
        ApprovalKind::Question => {
            format!("aiwg approval answer {number} TEXT, aiwg approval reject {number}")
        }
        _ => format!("aiwg approval approve {number}, aiwg approval reject {number}"),
    }
}
