//! Why: what led to a task or an event, and what it led to.

mod tree;

use std::process::ExitCode;

use aiwg_client::{
    DaemonClient,
    types::{TaskWhyParams, WhyDirection},
};
use clap::{Args, ValueHint};

use crate::{error::CliError, output::Output};

/// The arguments of `aiwg why`.
#[derive(Debug, Clone, Args)]
pub(crate) struct WhyArgs {
    /// A task's id, as task-0004, or an event's, as event-17
    #[arg(value_name = "TASK|EVENT", value_parser = asked, value_hint = ValueHint::Other)]
    id: String,
    /// Print all that it led to, and not what led to it
    #[arg(long)]
    from: bool,
}

/// Tasks and events are numbered apart, so a number alone does not say which is meant.
fn asked(text: &str) -> Result<String, String> {
    match text.parse::<u64>() {
        Err(_) => Ok(text.to_owned()),
        Ok(number) => Err(format!(
            "there may be a task and an event of this number: write task-{number:04} or event-{number}"
        )),
    }
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
    fn a_number_alone_is_neither_a_task_nor_an_event() {
        for id in ["event-17", "task-0017", "anything"] {
            assert_eq!(asked(id).as_deref(), Ok(id));
        }
        let why = asked("17").unwrap_err();
        assert!(why.contains("task-0017") && why.contains("event-17"), "{why}");
    }
}
