//! The `aiwg` command: a client of the daemon, and, in other roles, the daemon, the shim of an agent and its hook.

mod args;
mod build;
mod claude_settings;
mod commands;
mod complete;
mod daemon;
mod dispatch;
mod error;
mod examples;
mod hook;
mod init;
mod input;
mod output;
mod project;
mod reconnecting_client;
mod repeat;
mod report;
mod usage;
mod values;
mod visible;

use std::{mem::ManuallyDrop, process::ExitCode};

use aiwg_shim::Process;
use clap::{CommandFactory, FromArgMatches};

use crate::{args::Args, error::CliError, output::Output};

fn main() -> ExitCode {
    // The roles come first: they must not pay for, or be changed by, anything of the command line.
    match std::env::args_os().nth(1) {
        Some(_) if aiwg_shim::is_role() && Process::current_is_a_daemons() => aiwg_shim::run().into(),
        Some(_) if aiwg_shim::is_role() => {
            CliError::Failed("only a daemon starts a shim, and what has started this one is none".to_owned())
                .report(false)
        }
        Some(role) if role == daemon::ROLE => daemon::run_detached(),
        Some(role) if role == hook::ROLE => hook::run(),
        Some(role) if role == complete::ROLE => complete::run(),
        _ => match typed() {
            Ok(args) => run(args),
            Err(error) => usage::report(error, &std::env::args_os().collect::<Vec<_>>()),
        },
    }
}

/// Parses the command line. The description of all commands is not freed: that would take longer than reading the
/// line.
fn typed() -> Result<Args, clap::Error> {
    let mut commands = ManuallyDrop::new(Args::command());
    let mut matches = commands.try_get_matches_from_mut(std::env::args_os())?;
    Args::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut commands))
}

fn run(args: Args) -> ExitCode {
    let output = Output { json: args.json };
    match dispatch::run(args, &output) {
        Ok(code) => code,
        Err(error) => error.report(output.json),
    }
}
