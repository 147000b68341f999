//! `aiwg mcp`: the daemon's methods as tools, for agents.

use std::{
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
};

use aiwg_mcp::{Options, Tools};
use clap::{Args, ValueEnum};

use super::daemon::is_agent;
use crate::{error::CliError, output::note, project::request_timeout};

/// What can be typed after `mcp`.
#[derive(Debug, Clone, Args)]
pub(crate) struct McpArgs {
    /// The tools to offer
    #[arg(long, value_enum, value_name = "TOOLS", default_value_t = Word::Write)]
    tools: Word,
}

/// A choice of tools, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    /// Those that only read
    Read,
    /// Also those that submit tasks, emit events and send messages
    Write,
    /// Also those that cancel, stop, switch rules, and decide as a person does
    All,
}

impl From<Word> for Tools {
    fn from(word: Word) -> Self {
        match word {
            Word::Read => Self::Read,
            Word::Write => Self::Write,
            Word::All => Self::All,
        }
    }
}

/// Serves a client on standard input and output, until that closes its end.
pub(crate) fn run(project: Option<&Path>, args: &McpArgs) -> Result<ExitCode, CliError> {
    if io::stdin().is_terminal() {
        note(
            "this is for agents' programs, which write JSON-RPC to standard input: `claude mcp add aiwg -- aiwg mcp` sets it up for claude; \
             Ctrl-D ends it",
        );
    }
    let options = Options {
        project: project.map(Path::to_owned),
        tools: args.tools.into(),
        to_agent: is_agent(),
        timeout: request_timeout(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(aiwg_mcp::serve(options));
    // What reads standard input cannot be ended from outside.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}
