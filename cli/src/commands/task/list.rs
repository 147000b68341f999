use std::io::{self, Write};

use aiwg_client::{
    DaemonClient,
    types::{Task, TaskListParams},
};

use crate::{
    args::ListArgs,
    error::CliError,
    output::{Output, ago, shorten, state_cell, table, write_table},
};

pub(super) async fn list(client: &DaemonClient, args: ListArgs, output: &Output) -> Result<(), CliError> {
    let ListArgs { state, agent, limit, cursor } = args;
    let is_narrowed = state.is_some() || agent.is_some() || cursor.is_some();
    let tasks = client.task_list(TaskListParams { state, agent, limit, cursor }).await?;
    output.result(&tasks, |out, tasks| {
        if tasks.is_empty() && is_narrowed { writeln!(out, "No such tasks.") } else { show(out, tasks) }
    })
}

/// As a table.
pub(in crate::commands) fn show(out: &mut dyn Write, tasks: &[Task]) -> io::Result<()> {
    if tasks.is_empty() {
        return writeln!(out, "No tasks. Next: aiwg task submit \"...\"");
    }
    let mut rows = table(["ID", "STATE", "PRIO", "AGENT", "CREATED", "PROMPT"]);
    for task in tasks {
        rows.add_row([
            task.id.as_str().into(),
            state_cell(task.state),
            task.priority.into(),
            task.agent.as_deref().unwrap_or("-").into(),
            ago(task.created_at).into(),
            shorten(&task.prompt, 50).into(),
        ]);
    }
    write_table(out, &rows)
}
