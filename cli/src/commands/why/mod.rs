//! Why: what led to a task or an event, and what it led to.

mod tree;

use std::{convert::Infallible, process::ExitCode};

use aiwg_client::{
    DaemonClient,
    types::{TaskWhyParams, WhyDirection},
};
use clap::{Args, ValueHint};

use crate::{error::CliError, output::Output};

/// What can be typed.
#[derive(Debug, Clone, Args)]
pub(crate) struct WhyArgs {
    /// A task's id, as task-0004, or an event's number, as 17
    #[arg(value_name = "TASK|EVENT", value_parser = asked, value_hint = ValueHint::Other)]
    id: String,
    /// Print all that it led to, and not what led to it
    #[arg(long)]
    from: bool,
}

/// An event is known by its number alone.
fn asked(text: &str) -> Result<String, Infallible> {
    Ok(text.parse::<u64>().map_or_else(|_| text.to_owned(), |seq| format!("event-{seq}")))
}

pub(crate) async fn run(client: &DaemonClient, args: WhyArgs, output: &Output) -> Result<ExitCode, CliError> {
    let direction = args.from.then_some(WhyDirection::Effects);
    let why = client.task_why(TaskWhyParams { id: args.id, direction }).await?;
    output.result(&why, tree::show)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn a_number_is_an_events() {
        for (typed, id) in [("17", "event-17"), ("event-17", "event-17"), ("task-0017", "task-0017")] {
            assert_eq!(asked(typed).as_deref(), Ok(id));
        }
    }
}
