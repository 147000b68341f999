use std::{
    collections::HashSet,
    io::{self, Write},
};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{NoParams, Task, TaskListParams, TaskOrder, TaskState, TaskStats},
};

use super::{args::ListArgs, waiting::waiting};
use crate::{
    error::CliError,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Shown, Table, ago, note, visible,
    },
};

pub(super) async fn list(client: &DaemonClient, args: ListArgs, output: &Output) -> Result<(), CliError> {
    let ListArgs { state, agent, rule, lane, text, since, until, sort, limit, cursor } = args;
    let sort = (sort != TaskOrder::Newest).then_some(sort);
    let params =
        TaskListParams { state, agent, rule, lane, text, since, until, sort, limit: Some(limit), cursor };
    let tasks = client.task_list(params.clone()).await?;
    if output.json {
        return output.result(&tasks, |_, _| Ok(()));
    }
    let is_narrowed = params != TaskListParams { limit: params.limit, ..TaskListParams::default() };
    let waiting = waiting(client, &tasks).await?;
    output.result(&tasks, |out, tasks| {
        if tasks.is_empty() && is_narrowed {
            writeln!(out, "No such tasks.")
        } else {
            show(out, tasks, &waiting)
        }
    })?;
    if let Some(more) = more(client, params, &tasks).await? {
        note(&more);
    }
    Ok(())
}

/// The command to type for those that are not listed, if there are any.
async fn more(
    client: &DaemonClient,
    params: TaskListParams,
    tasks: &[Task],
) -> Result<Option<String>, ClientError> {
    let Some(last) = tasks.last().filter(|_| Some(tasks.len()) == params.limit.map(|limit| limit as usize))
    else {
        return Ok(None);
    };
    if params.sort.is_some() {
        return Ok(Some(format!("{} at the most are listed; more: --limit N", tasks.len())));
    }
    let only_state = TaskListParams { state: params.state, limit: params.limit, ..TaskListParams::default() };
    let is_counted = params == only_state;
    let next = TaskListParams { cursor: Some(last.id.clone()), limit: Some(1), ..params.clone() };
    if client.task_list(next).await?.is_empty() {
        return Ok(None);
    }
    let listed = tasks.len();
    let shown = if is_counted {
        format!("{listed} of {}", in_state(&client.task_stats(NoParams {}).await?, params.state))
    } else {
        format!("{listed}, and there are more")
    };
    Ok(Some(format!("{shown}; more: --limit N or --cursor {}", visible(&last.id))))
}

fn in_state(stats: &TaskStats, state: Option<TaskState>) -> u64 {
    match state {
        None => stats.total,
        Some(TaskState::Queued) => stats.queued,
        Some(TaskState::Running) => stats.running,
        Some(TaskState::Completed) => stats.completed,
        Some(TaskState::Failed) => stats.failed,
        Some(TaskState::Cancelled) => stats.cancelled,
        Some(TaskState::Timeout) => stats.timeout,
        Some(_) => 0,
    }
}

/// As a table. Those of `waiting` wait for the end of others.
pub(in crate::commands) fn show(out: &mut Page, tasks: &[Task], waiting: &HashSet<String>) -> io::Result<()> {
    if tasks.is_empty() {
        return writeln!(out, "No tasks. Next: aiwg task submit \"...\"");
    }
    let mut rows = Table::new([
        Whole("ID"),
        Whole("STATE"),
        Number("PRIO"),
        Text("AGENT", usize::MAX),
        Whole("CREATED"),
        Text("PROMPT", 50),
    ]);
    for task in tasks {
        let state = if waiting.contains(&task.id) { "waiting" } else { task.state.name() };
        rows.add([
            task.id.as_str().into(),
            Shown::state(task.state, state),
            task.priority.into(),
            task.agent.as_deref().unwrap_or("-").into(),
            ago(task.created_at).into(),
            task.prompt.as_str().into(),
        ]);
    }
    rows.write(out)
}
