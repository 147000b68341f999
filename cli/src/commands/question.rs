//! `aiwg ask`: an agent asks a person.

use std::{io::Write, path::Path, process::ExitCode, time::Duration};

use aiwg_client::{
    DaemonClient,
    types::{ApprovalAskParams, ApprovalOutcome, ApprovalState},
};
use clap::{Args, ValueHint};

use crate::{
    error::CliError,
    input::prompt,
    output::{Output, agent_stdout, note, visible},
    reconnecting_client::{ReconnectingClient, WAIT, wait_ms},
    values::duration,
};

#[derive(Debug, Clone, Args)]
pub(crate) struct AskArgs {
    /// The question, as one argument; - reads it from standard input
    #[arg(value_hint = ValueHint::Other)]
    question: String,
    /// An answer to choose from; may be given several times
    #[arg(long = "option", value_name = "ANSWER", value_hint = ValueHint::Other)]
    options: Vec<String>,
    /// Time to answer, as 90, 30m or 2h; then exit with 124. No limit unless given
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other)]
    timeout: Option<Duration>,
}

/// Asks, and prints the answer. The daemon may restart meanwhile: a question that was asked is not asked twice.
pub(crate) async fn run(
    project: Option<&Path>,
    client: &DaemonClient,
    args: AskArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let params = ApprovalAskParams {
        question: prompt(args.question)?,
        options: (!args.options.is_empty()).then_some(args.options),
        timeout_minutes: args.timeout.map(|time| time.as_secs_f64() / 60.0),
        wait_ms: Some(wait_ms(WAIT)),
    };
    let connection = ReconnectingClient::new(project, client.clone());
    let outcome = loop {
        let asked = connection.call(WAIT, async |client| client.approval_ask(params.clone()).await).await?;
        if asked.state != Some(ApprovalState::Pending) {
            break asked;
        }
    };
    shown(&outcome, output)
}

fn shown(outcome: &ApprovalOutcome, output: &Output) -> Result<ExitCode, CliError> {
    match &outcome.answer {
        // As it is, for whoever reads it from a pipe: it is data, and only a terminal would act on it.
        Some(answer) if !output.json => writeln!(agent_stdout(), "{answer}")?,
        _ => output.result(outcome, |_, _| Ok(()))?,
    }
    let why = outcome.reason.as_ref().map(|reason| format!(": {}", visible(reason))).unwrap_or_default();
    match outcome.state {
        Some(ApprovalState::Approved) => return Ok(ExitCode::SUCCESS),
        Some(ApprovalState::Timeout) => {
            note("nobody has answered in time");
            return Ok(ExitCode::from(124));
        }
        Some(ApprovalState::Rejected) => note(&format!("a person has declined to answer{why}")),
        _ => note("there will be no answer: the task has ended"),
    }
    Ok(ExitCode::FAILURE)
}
