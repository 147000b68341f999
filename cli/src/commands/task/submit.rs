use std::{
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{ApprovalListParams, OutputStream, RetryPolicy, Span, Task, TaskCancelParams, TaskSubmitParams},
};
use aiwg_protocol::terms::{ApprovalLimits, ApprovalTerms, OnTimeout};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

use super::{
    args::{AfterTime, SubmitArgs},
    follow::{Wanted, copy},
    queued, show, wait,
};
use crate::{
    error::CliError,
    input::prompt,
    output::{Output, Page, agent_stderr, agent_stdout, note, visible},
    reconnecting_client::{ReconnectingClient, within},
    repeat::{self, repeated},
};

pub(super) async fn submit(
    project: Option<&Path>,
    client: &DaemonClient,
    args: SubmitArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let (wait, raw, limit, asks) = (args.wait, args.raw, args.wait_timeout, args.approval);
    let params = params(args)?;
    let submitted = repeated(client, async |client| client.task_submit(params.clone()).await).await?;
    let asked = if asks && !output.json { approval_of(client, &submitted.task_id).await } else { None };
    if !wait {
        output.result(&submitted, |out, submitted| show::submitted(out, submitted, asked.as_deref()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(asked) = &asked {
        note(&format!("{} waits until a person decides: {}", visible(&submitted.task_id), deciding(asked)));
    }
    let id = submitted.task_id;
    let connection = ReconnectingClient::new(project, client.clone());
    let what = format!("{} has not ended", visible(&id));
    tokio::select! {
        task = within(limit, &what, until_ended(&connection, &id, raw, output)) => {
            end(&task?, output)
        }
        left = interrupted(project, client, &id) => left,
        never = queued::tell(&connection, &id, output) => match never {},
    }
}

/// The approval that a task waits for; none if that cannot be told.
pub(super) async fn approval_of(client: &DaemonClient, task: &str) -> Option<String> {
    let pending = ApprovalListParams { task_id: Some(task.to_owned()), ..ApprovalListParams::default() };
    // An agent may not see it.
    Some(client.approval_list(pending).await.ok()?.first()?.id.clone())
}

/// The commands by which a person decides whether a task may start.
pub(super) fn deciding(approval: &str) -> String {
    format!("aiwg approval approve {0}, aiwg approval reject {0}", visible(approval))
}

fn params(args: SubmitArgs) -> Result<TaskSubmitParams, CliError> {
    let on_timeout = match args.on_timeout {
        AfterTime::Reject => OnTimeout::Reject,
        AfterTime::Approve => OnTimeout::Approve,
    };
    let limits = ApprovalLimits { timeout_minutes: args.approval_timeout, on_timeout };
    Ok(TaskSubmitParams {
        approval: args.approval.then_some(ApprovalTerms::Limited(limits)),
        prompt: prompt(args.prompt)?,
        agent: args.agent,
        priority: Some(args.priority),
        timeout_minutes: args.timeout,
        env: (!args.env.is_empty()).then(|| args.env.into_iter().collect()),
        metadata: None,
        after: (!args.after.is_empty()).then_some(args.after),
        lane: args.lane,
        runs_on: (!args.runs_on.is_empty()).then_some(args.runs_on),
        delay: args.delay.map(Span::from),
        start_at: args.at,
        expires: args.expires.map(Span::from),
        retry: args.retries.map(RetryPolicy::up_to),
        ignore_budget: args.ignore_budget.then_some(true),
        verify: args.verify.into_verify(),
        workspace: args.workspace.into_workspace(),
        idempotency_key: repeat::key(args.idempotency_key),
    })
}

/// Prints both streams of output as they come, and gives the task once it has ended.
async fn until_ended(
    connection: &ReconnectingClient,
    id: &str,
    raw: bool,
    output: &Output,
) -> Result<Task, CliError> {
    if !output.json {
        let interrupt = if is_someone_there() { "asks whether to cancel it" } else { "leaves it alone" };
        note(&format!("{}: its output follows; Ctrl-C {interrupt}.", visible(id)));
        let all = |stream| Wanted { stream, follow: true, raw };
        tokio::try_join!(
            copy(connection, id, all(OutputStream::Stdout), agent_stdout()),
            copy(connection, id, all(OutputStream::Stderr), agent_stderr()),
        )?;
    }
    connection.ended(id).await
}

pub(super) fn end(task: &Task, output: &Output) -> Result<ExitCode, CliError> {
    if output.json {
        output.result(task, |_, _| Ok(()))?;
    } else {
        // Standard output holds what the agent wrote, and nothing else.
        let _ = show::end(&mut Page::stderr(), task);
    }
    Ok(wait::exit_code(std::slice::from_ref(task)))
}

/// Waits for Ctrl-C, then does what the person wants. Without a terminal there is nobody to ask: it lets go of the task.
pub(in crate::commands) async fn interrupted(
    project: Option<&Path>,
    client: &DaemonClient,
    id: &str,
) -> Result<ExitCode, CliError> {
    // One for all: a Ctrl-C between two waits counts for the next.
    let mut presses = signal(SignalKind::interrupt())?;
    presses.recv().await;
    let wants_cancel = is_someone_there() && {
        note(&format!("\nCancel {}? [y/N] (or Ctrl-C once more: it goes on without you)", visible(id)));
        confirmed(&mut presses).await
    };
    if wants_cancel {
        tokio::select! {
            task = cancelled(project, client, id) => {
                let _ = show::end(&mut Page::stderr(), &task?);
            }
            // From here on Ctrl-C ends nothing by itself.
            _ = presses.recv() => {
                let is_ending = format!("{0} is still being ended. Next: aiwg task get {0}", visible(id));
                return Err(CliError::LetGo(is_ending));
            }
        }
        return Ok(ExitCode::FAILURE);
    }
    let id = visible(id);
    Err(CliError::LetGo(format!("{id} goes on. Next: aiwg task logs {id} --follow, aiwg task cancel {id}")))
}

/// The task at its end, which is brought about.
async fn cancelled(project: Option<&Path>, client: &DaemonClient, id: &str) -> Result<Task, CliError> {
    client.task_cancel(TaskCancelParams { task_id: id.to_owned() }).await?;
    ReconnectingClient::new(project, client.clone()).ended(id).await
}

/// True if there is somebody who can be asked.
fn is_someone_there() -> bool {
    io::stdin().is_terminal()
}

/// True if the person says yes; Ctrl-C and anything else is no.
pub(super) async fn confirmed(presses: &mut Signal) -> bool {
    tokio::select! {
        answer = line() => answer.is_ok_and(|line| line.trim().eq_ignore_ascii_case("y")),
        _ = presses.recv() => false,
    }
}

/// A line from the terminal. In a thread of its own, which ends with the process: a runtime would wait for it.
async fn line() -> io::Result<String> {
    let (send, receive) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = send.send(io::stdin().read_line(&mut line).map(|_| line));
    });
    receive.await.map_err(io::Error::other)?
}
