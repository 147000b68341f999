//! Talking with agents: one message, or a conversation.

mod answer;
mod commands;
mod editor;
mod interrupt;
mod notices;
mod repl;
mod script;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use aiwg_client::{
    DaemonClient,
    types::{ChatSendParams, TaskState},
};
use clap::{Args, Subcommand, ValueHint};

use super::{ask, task::submit::interrupted};
use crate::{
    error::CliError,
    examples,
    input::prompt,
    output::{Output, agent_stdout, visible},
    reconnecting_client::within,
    repeat::{self, repeated},
    values::{duration, idempotency_key, priority},
};

/// Commands for conversations.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ChatCommand {
    /// Say something, and print the answer as it comes
    #[command(after_help = examples::CHAT_SEND)]
    Send(SendArgs),
}

/// Arguments of `send`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SendArgs {
    /// The message, as one argument; - reads it from standard input
    #[arg(value_hint = ValueHint::Other)]
    message: String,
    /// The conversation that it belongs to: the agent gets what was said in it before
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    conversation: Option<String>,
    /// Higher ones start first
    #[arg(long, value_name = "N", default_value_t = 5, allow_negative_numbers = true)]
    #[arg(value_parser = priority(), value_hint = ValueHint::Other)]
    priority: i32,
    /// Call it by this key: said again with it within a day, the message is one
    #[arg(long, value_name = "KEY", value_parser = idempotency_key, value_hint = ValueHint::Other)]
    idempotency_key: Option<String>,
    /// Do not wait for the answer, and print the task's id; so does --json
    #[arg(long)]
    no_wait: bool,
    /// Limit of the wait for the answer, as 90, 30m or 2h; then exit with 124, and leave the task alone. No limit unless given
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, conflicts_with = "no_wait")]
    wait_timeout: Option<Duration>,
}

/// Arguments of `daemon chat`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChatArgs {
    /// The message, as one argument, or - for standard input; without it, a conversation begins
    #[arg(value_hint = ValueHint::Other)]
    message: Option<String>,
    /// The conversation to go on with; a new one when left out
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    conversation: Option<String>,
    /// With a message: how long to wait for the answer, as 90, 30m or 2h; then exit with 124, and leave the task alone
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, requires = "message")]
    wait_timeout: Option<Duration>,
}

pub(crate) fn run(
    project: Option<&Path>,
    command: ChatCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let ChatCommand::Send(args) = command;
    send(project, args, output)
}

/// `aiwg daemon chat`. As JSON it is the task of the one message, at its end.
pub(crate) fn talk(project: Option<&Path>, args: ChatArgs, output: &Output) -> Result<ExitCode, CliError> {
    let ChatArgs { message, conversation, wait_timeout } = args;
    let Some(message) = message else {
        if output.json {
            return Err(CliError::Usage(
                "a conversation has no JSON; `aiwg daemon chat MESSAGE --json` gives the task of one message, and so its answer"
                    .to_owned(),
            ));
        }
        return repl::run(project, conversation);
    };
    let params = ChatSendParams {
        message: prompt(message)?,
        conversation,
        idempotency_key: repeat::key(None),
        ..Default::default()
    };
    ask(project, async |client| {
        let sent = repeated(client, async |client| client.chat_send(params.clone()).await).await?;
        let what = format!("{} has not ended", visible(&sent.task_id));
        within(wait_timeout, &what, answer(project, client, &sent.task_id, output)).await
    })
}

/// `aiwg chat send`. As JSON it is the method's result, which does not wait for the answer.
fn send(project: Option<&Path>, args: SendArgs, output: &Output) -> Result<ExitCode, CliError> {
    let SendArgs { message, conversation, priority, idempotency_key, no_wait, wait_timeout } = args;
    let params = ChatSendParams {
        message: prompt(message)?,
        conversation,
        priority: Some(priority),
        idempotency_key: repeat::key(idempotency_key),
    };
    ask(project, async |client| {
        let sent = repeated(client, async |client| client.chat_send(params.clone()).await).await?;
        if no_wait || output.json {
            output.result(&sent, |out, sent| {
                writeln!(out, "{0} answers. Next: aiwg task logs {0} --follow", visible(&sent.task_id))
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        let what = format!("{} has not ended", visible(&sent.task_id));
        within(wait_timeout, &what, answer(project, client, &sent.task_id, output)).await
    })
}

/// Prints an answer as it comes, or its task as JSON. Ctrl-C asks what is to become of it.
async fn answer(
    project: Option<&Path>,
    client: &DaemonClient,
    id: &str,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let out: Box<dyn Write> = if output.json { Box::new(io::sink()) } else { agent_stdout() };
    let task = tokio::select! {
        task = answer::listen(project, client.clone(), id, out) => task?,
        left = interrupted(project, client, id) => return left,
    };
    if output.json {
        output.result(&task, |_, _| Ok(()))?;
    }
    Ok(if task.state == TaskState::Completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
