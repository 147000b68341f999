use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{
        NoParams, Task, TaskCancelParams, TaskGetParams, TaskListParams, TaskState, TaskStats,
        TaskSubmitParams, TaskWaitParams,
    },
};

use crate::{
    args::{ListArgs, SubmitArgs, TaskCommand},
    error::CliError,
    output::{Output, shorten, table, write_table},
};

pub(crate) async fn run(
    client: &DaemonClient,
    command: TaskCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        TaskCommand::Submit(args) => submit(client, args, output).await?,
        TaskCommand::List(args) => list(client, args, output).await?,
        TaskCommand::Get { id } => {
            let task = client.task_get(TaskGetParams { task_id: id }).await?;
            output.result(&task, |out, task| show(out, task))?;
        }
        TaskCommand::Cancel { id } => {
            let cancelled = client.task_cancel(TaskCancelParams { task_id: id.clone() }).await?;
            output.result(&cancelled, |out, cancelled| match cancelled.state {
                TaskState::Running => writeln!(out, "{id} is being ended. Next: aiwg task wait {id}"),
                _ => writeln!(out, "{id} is cancelled."),
            })?;
        }
        TaskCommand::Stats => {
            let stats = client.task_stats(NoParams {}).await?;
            output.result(&stats, |out, stats| show_stats(out, stats))?;
        }
        TaskCommand::Wait { ids } => return wait(client, ids, output).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn submit(client: &DaemonClient, args: SubmitArgs, output: &Output) -> Result<(), CliError> {
    let prompt = if args.prompt == "-" {
        let mut prompt = String::new();
        io::stdin().read_to_string(&mut prompt)?;
        prompt
    } else {
        args.prompt
    };
    let submitted = client
        .task_submit(TaskSubmitParams {
            prompt,
            agent: args.agent,
            priority: Some(args.priority),
            timeout_minutes: args.timeout,
            env: (!args.env.is_empty()).then(|| args.env.into_iter().collect()),
            metadata: None,
        })
        .await?;
    output.result(&submitted, |out, submitted| {
        let id = &submitted.task_id;
        writeln!(out, "{id} is {}. Next: aiwg task wait {id}, aiwg task get {id}", submitted.state)
    })
}

async fn list(client: &DaemonClient, args: ListArgs, output: &Output) -> Result<(), CliError> {
    let ListArgs { state, agent, limit, cursor } = args;
    let tasks = client.task_list(TaskListParams { state, agent, limit, cursor }).await?;
    output.result(&tasks, |out, tasks| {
        if tasks.is_empty() {
            return writeln!(out, "No tasks. Next: aiwg task submit \"...\"");
        }
        let mut rows = table(["ID", "STATE", "PRIO", "AGENT", "CREATED", "PROMPT"]);
        for task in tasks {
            rows.add_row([
                task.id.clone(),
                task.state.to_string(),
                task.priority.to_string(),
                task.agent.clone().unwrap_or_else(|| "-".to_owned()),
                task.created_at.to_string(),
                shorten(&task.prompt, 50),
            ]);
        }
        write_table(out, &rows)
    })
}

/// Waits for all of them, and prints each as it is.
async fn wait(client: &DaemonClient, ids: Vec<String>, output: &Output) -> Result<ExitCode, CliError> {
    let mut tasks = Vec::with_capacity(ids.len());
    for id in ids {
        tasks.push(client.task_wait(TaskWaitParams { task_id: id, timeout_ms: None }).await?);
    }
    let all_completed = tasks.iter().all(|task| task.state == TaskState::Completed);
    match tasks.as_slice() {
        // For one task, the method's own result.
        [task] => output.result(task, |out, task| show_end(out, task))?,
        _ => output.result(&tasks, |out, tasks| tasks.iter().try_for_each(|task| show_end(out, task)))?,
    }
    Ok(if all_completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_end(out: &mut dyn Write, task: &Task) -> io::Result<()> {
    match &task.error {
        Some(error) => writeln!(out, "{} is {}: {error}", task.id, task.state),
        None => writeln!(out, "{} is {}.", task.id, task.state),
    }
}

fn show(out: &mut dyn Write, task: &Task) -> io::Result<()> {
    let mut fact = |name: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "{name:<10}{value}"),
        None => Ok(()),
    };
    fact("Task", Some(task.id.clone()))?;
    fact("State", Some(task.state.to_string()))?;
    fact("Prompt", Some(task.prompt.clone()))?;
    fact("Agent", task.agent.clone())?;
    fact("Priority", Some(task.priority.to_string()))?;
    fact("Created", Some(task.created_at.to_string()))?;
    fact("Started", task.started_at.map(|at| at.to_string()))?;
    fact("Ended", task.completed_at.map(|at| at.to_string()))?;
    fact("Process", task.pid.map(|pid| pid.to_string()))?;
    fact("Exit code", task.exit_code.map(|code| code.to_string()))?;
    fact("Attempts", Some(task.attempts.to_string()))?;
    fact("Rule", task.caused_by.as_ref().and_then(|cause| cause.rule.clone()))?;
    fact("Event", task.caused_by.as_ref().and_then(|cause| cause.event).map(|seq| seq.to_string()))?;
    fact("Error", task.error.clone())?;
    match &task.output {
        Some(text) if !text.is_empty() => writeln!(out, "\n{}", text.trim_end_matches('\n')),
        _ => Ok(()),
    }
}

fn show_stats(out: &mut dyn Write, stats: &TaskStats) -> io::Result<()> {
    let rows = [
        ("queued", stats.queued),
        ("running", stats.running),
        ("completed", stats.completed),
        ("failed", stats.failed),
        ("cancelled", stats.cancelled),
        ("timeout", stats.timeout),
        ("total", stats.total),
    ];
    rows.into_iter().try_for_each(|(name, count)| writeln!(out, "{name:<10}{count:>8}"))
}
