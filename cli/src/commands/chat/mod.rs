//! Talking with agents: one message, or a conversation.

mod answer;
mod editor;
mod repl;

use std::{io, path::Path, process::ExitCode};

use aiwg_client::types::{ChatSendParams, TaskState};
use clap::{Args, Subcommand, ValueHint};

use super::ask;
use crate::{
    error::CliError,
    examples,
    input::prompt,
    output::{Output, agent_text},
    values::priority,
};

/// What can be said.
#[derive(Debug, Subcommand)]
pub(crate) enum ChatCommand {
    /// Say something, and print the answer as it comes
    #[command(after_help = examples::CHAT_SEND)]
    Send(SendArgs),
}

/// What is typed after `send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// What to say, as one argument; - reads it from standard input
    #[arg(value_hint = ValueHint::Other)]
    message: String,
    /// The conversation that it belongs to: the agent is told what was said in it before
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    conversation: Option<String>,
    /// Higher ones start first
    #[arg(long, value_name = "N", default_value_t = 5, allow_negative_numbers = true)]
    #[arg(value_parser = priority(), value_hint = ValueHint::Other)]
    priority: i32,
    /// Do not wait for the answer, and print the task's id; so does --json
    #[arg(long)]
    no_wait: bool,
}

/// What is typed after `daemon chat`.
#[derive(Debug, Args)]
pub(crate) struct ChatArgs {
    /// What to say, as one argument, or - for standard input; without it, a conversation begins
    #[arg(value_hint = ValueHint::Other)]
    message: Option<String>,
    /// The conversation to go on with; a new one when left out
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    conversation: Option<String>,
}

pub(crate) fn run(
    project: Option<&Path>,
    command: ChatCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let ChatCommand::Send(args) = command;
    send(project, args, output)
}

/// `aiwg daemon chat`.
pub(crate) fn talk(project: Option<&Path>, args: ChatArgs, output: &Output) -> Result<ExitCode, CliError> {
    let ChatArgs { message, conversation } = args;
    match message {
        Some(message) => {
            send(project, SendArgs { message, conversation, priority: 5, no_wait: false }, output)
        }
        None => repl::run(project, conversation),
    }
}

fn send(project: Option<&Path>, args: SendArgs, output: &Output) -> Result<ExitCode, CliError> {
    let SendArgs { message, conversation, priority, no_wait } = args;
    let message = prompt(message)?;
    ask(project, async |client| {
        let sent =
            client.chat_send(ChatSendParams { message, conversation, priority: Some(priority) }).await?;
        if no_wait || output.json {
            output.result(&sent, |out, sent| {
                writeln!(out, "{0} answers. Next: aiwg task logs {0} --follow", sent.task_id)
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        let task = answer::listen(project, client.clone(), &sent.task_id, agent_text(io::stdout())).await?;
        Ok(if task.state == TaskState::Completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
