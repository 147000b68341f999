//! A loop: a task with a check that is waited for, with a line for each round.

use std::{path::Path, process::ExitCode, time::Duration};

use aiwg_client::{
    DaemonClient,
    types::{Phase, Round, Task, TaskGetParams, TaskSubmitParams},
};

use super::{
    args::LoopArgs,
    queued, show,
    submit::{end, interrupted},
};
use crate::{
    error::CliError,
    input::prompt,
    output::{Output, note, visible},
    reconnecting_client::{ReconnectingClient, SOON, within},
    repeat::{self, repeated},
};

/// Pause between two looks at the rounds.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Submits the task, and waits for its end.
pub(crate) async fn looped(
    project: Option<&Path>,
    client: &DaemonClient,
    args: LoopArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let limit = args.wait_timeout;
    let params = params(args)?;
    let id = repeated(client, async |client| client.task_submit(params.clone()).await).await?.task_id;
    let connection = ReconnectingClient::new(project, client.clone());
    let what = format!("{} has not ended", visible(&id));
    tokio::select! {
        task = within(limit, &what, until_ended(&connection, &id, output)) => end(&task?, output),
        left = interrupted(project, client, &id) => left,
        never = queued::tell(&connection, &id, output) => match never {},
    }
}

/// Without a command, the check is that of the configuration.
fn params(args: LoopArgs) -> Result<TaskSubmitParams, CliError> {
    Ok(TaskSubmitParams {
        prompt: prompt(args.prompt)?,
        agent: args.agent,
        idempotency_key: repeat::key(None),
        priority: Some(args.priority),
        timeout_minutes: args.timeout,
        lane: args.lane,
        runs_on: (!args.runs_on.is_empty()).then_some(args.runs_on),
        workspace: args.workspace.into_workspace(),
        verify: Some(args.verify.into_verify().unwrap_or_default()),
        ..TaskSubmitParams::default()
    })
}

/// Tells of each round as it ends, and gives the task once it has ended.
async fn until_ended(connection: &ReconnectingClient, id: &str, output: &Output) -> Result<Task, CliError> {
    let mut progress = Progress::default();
    // Both go on all the time: whichever of them connects again keeps the connection from the other meanwhile.
    let task = tokio::select! {
        task = connection.ended(id) => task,
        error = tell_on(connection, id, &mut progress, output) => Err(error),
    }?;
    progress.tell(&task, output);
    Ok(task)
}

/// Tells of each round as it ends, until the daemon has stopped for good.
async fn tell_on(
    connection: &ReconnectingClient,
    id: &str,
    progress: &mut Progress,
    output: &Output,
) -> CliError {
    let params = TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match connection.call(SOON, async |client| client.task_get(params.clone()).await).await {
            Ok(task) => progress.tell(&task, output),
            Err(error) => return error,
        }
    }
}

/// The part of a loop that was told of.
#[derive(Default)]
struct Progress {
    rounds: usize,
    /// The round and the phase that were told of last.
    at: Option<(usize, Phase)>,
}

impl Progress {
    fn tell(&mut self, task: &Task, output: &Output) {
        if output.json {
            return;
        }
        let most = task.verify.as_ref().and_then(|verify| verify.max_rounds).unwrap_or_default();
        let checked = task.rounds.iter().filter(|round| round.verify.is_some());
        for round in checked.clone().skip(self.rounds) {
            note(&told(round, most));
        }
        self.rounds = self.rounds.max(checked.count());
        let now = task.phase.map(|phase| (self.rounds + 1, phase));
        if now.is_some() && now != self.at {
            if let Some((round, phase)) = now {
                note(&begun(&task.id, round, most, phase));
            }
            self.at = now;
        }
    }
}

fn begun(id: &str, round: usize, most: u32, phase: Phase) -> String {
    let (id, round) = (visible(id), show::counted(u32::try_from(round).unwrap_or(u32::MAX), most));
    match phase {
        Phase::Checking => format!("{id}: round {round}: the check runs."),
        _ => format!("{id}: round {round}: the agent works."),
    }
}

fn told(round: &Round, most: u32) -> String {
    format!("Round {}: {}.", show::counted(round.n, most), show::round(round))
}

#[cfg(test)]
mod tests {
    use aiwg_client::types::{CheckResult, Timestamp};

    use super::*;

    #[test]
    fn a_round_is_told_in_one_line() {
        let round = Round {
            n: 2,
            run: 3,
            exit: Some(0),
            verify: Some(CheckResult { exit: Some(1), ended: None, tail: None }),
            cost_usd: Some(0.25),
            turns: Some(4),
            files: Some(1),
            protected: vec!["tests/a".to_owned()],
            at: Timestamp::default(),
        };
        assert_eq!(
            told(&round, 5),
            "Round 2 of 5: the check has failed (exit code 1), 1 file changed, protected files changed: tests/a, $0.25."
        );
        let good = Round {
            verify: Some(CheckResult { exit: Some(0), ended: None, tail: None }),
            cost_usd: None,
            files: None,
            protected: Vec::new(),
            ..round
        };
        assert_eq!(told(&good, 5), "Round 2 of 5: the check has succeeded.");
        assert_eq!(told(&good, 1), "Round 2 (for a message, beyond 1): the check has succeeded.");
        assert_eq!(
            begun("task-0001", 2, 1, Phase::Working),
            "task-0001: round 2 (for a message, beyond 1): the agent works."
        );
    }
}
