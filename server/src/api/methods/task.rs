use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_fs::{tail, tail_of};
use aiwg_model::{
    CallKey, Hold, Rounds, RunRow, TAIL_BYTES, TaskNo, TaskRow, TaskSpec, Terms, VerifyTerms, check_result,
};
use aiwg_protocol::{
    ApiError, ErrorKind,
    config::AgentConfig,
    limits::TASKS_LISTED,
    types::{
        NoParams, Phase, Span, Task, TaskCancelParams, TaskCancelled, TaskEditParams, TaskEdited,
        TaskGetParams, TaskHeld, TaskHoldParams, TaskListParams, TaskMessage, TaskReleaseParams,
        TaskReleased, TaskRetryParams, TaskSelection, TaskState, TaskStats, TaskSubmitParams, TaskSubmitted,
        TaskUsage, TaskWaitParams, TasksCancelled, TasksRetried, Timestamp,
    },
};
use aiwg_store::{Reader, TaskFilter};

use super::{
    check,
    host::host_of,
    steer::takeover,
    stored_output::{self, Source, source},
    workspace::{is_coming_back, workspace},
};
use crate::{
    api::{Handler, answer::Part, permit},
    context::Context,
    engine::{Edit, EngineError},
    rules::{minutes_to_ms, tree_of},
    waits::{WaitsFor, longest_wait},
};

/// The most of a task's output that a list shows, in bytes.
const LISTED_OUTPUT: usize = 4 * 1024;

/// The most tasks that an agent waits for and that an answer names.
const MOST_AWAITED: usize = 100;

/// The longest wait for the changes of a task that has ended to come back.
const LONGEST_BACK: Duration = Duration::from_secs(60);

/// Pause between two looks at whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// The members of the metadata that are the trace of the submitter, as W3C names them.
const TRACE: [&str; 2] = ["traceparent", "tracestate"];

pub(crate) async fn task_submit(
    handler: &Handler,
    mut params: TaskSubmitParams,
) -> Result<TaskSubmitted, ApiError> {
    let key = key_of(handler, &mut params)?;
    has_tree(handler, &params).await?;
    match submitted(handler, params) {
        Ok(task) => handler.command(handler.context.engine.submit_once(task, key)).await,
        Err(refusal) => handler.refused(key, refusal).await,
    }
}

/// Refuses a task that is to have a work tree where there can be none.
async fn has_tree(handler: &Handler, params: &TaskSubmitParams) -> Result<(), ApiError> {
    let usual = handler.context.settings.get().config.workspace.settings();
    if tree_of(params.workspace.as_ref(), &usual).is_none() {
        return Ok(());
    }
    let context = Arc::clone(&handler.context);
    Ok(handler.apart(move || context.workspaces.repository().map(drop)).await??)
}

/// The key of a submission, without the trace that its client has put into the metadata: whoever repeats a call may be in another span by then.
fn key_of(handler: &Handler, params: &mut TaskSubmitParams) -> Result<Option<CallKey>, ApiError> {
    let Some(key) = params.idempotency_key.take() else { return Ok(None) };
    let metadata = params.metadata.clone();
    if let Some(compared) = &mut params.metadata {
        compared.retain(|name, _| !TRACE.contains(&name.as_str()));
    }
    params.metadata = params.metadata.take().filter(|compared| !compared.is_empty());
    let key = handler.key(Some(key), "task.submit", params);
    params.metadata = metadata;
    key
}

/// The specification of a task that a client submits, once it is checked.
fn submitted(handler: &Handler, mut params: TaskSubmitParams) -> Result<TaskSpec, ApiError> {
    let (config, now) = (&handler.context.settings.get().config, handler.context.engine.now());
    let defaults = config.defaults.verify.clone().unwrap_or_default();
    params.verify = params.verify.map(|verify| verify.or(&defaults));
    check::spec(&params, config, now)?;
    permit::environment(handler, params.env.as_ref())?;
    let ignore_budget = params.ignore_budget.unwrap_or(false);
    permit::budget(handler, ignore_budget)?;
    permit::verify(handler, params.verify.as_ref())?;
    Ok(TaskSpec {
        prompt: params.prompt,
        agent: params.agent,
        priority: params.priority.unwrap_or(0),
        timeout_ms: params.timeout_minutes.map(minutes_to_ms),
        env: params.env.unwrap_or_default(),
        metadata: params.metadata.unwrap_or_default(),
        cause: handler.cause(),
        sender: handler.sender(),
        after: check::after(params.after.as_deref())?,
        lane: params.lane,
        start_at: params.delay.map(|span| in_span(now, span)).max(params.start_at),
        expires_at: params.expires.map(|span| in_span(now, span)),
        terms: Terms {
            retry: params.retry,
            ignore_budget,
            approval: check::approval(params.approval)?,
            runs_on: params.runs_on.unwrap_or_default(),
            verify: params.verify.and_then(VerifyTerms::of),
            tree: tree_of(params.workspace.as_ref(), &config.workspace.settings()),
            ..Terms::default()
        },
        ..TaskSpec::default()
    })
}

fn in_span(now: Timestamp, span: Span) -> Timestamp {
    now.after_ms(span.as_millis())
}

pub(crate) async fn task_hold(handler: &Handler, params: TaskHoldParams) -> Result<TaskHeld, ApiError> {
    let no = check::task_no(&params.task_id)?;
    if let Some(until) = params.until.filter(|until| *until <= handler.context.engine.now()) {
        let message = format!("the member \"until\" must be a time to come; {until} is past");
        return Err(ApiError::invalid_member("until", message));
    }
    let held =
        handler.command(handler.context.engine.hold_by_hand(no, params.until, handler.cause())).await?;
    Ok(TaskHeld { held })
}

pub(crate) async fn task_release(
    handler: &Handler,
    params: TaskReleaseParams,
) -> Result<TaskReleased, ApiError> {
    let no = check::task_no(&params.task_id)?;
    let released = handler.command(handler.context.engine.release_by_hand(no, handler.cause())).await?;
    Ok(TaskReleased { released })
}

pub(crate) async fn task_edit(handler: &Handler, params: TaskEditParams) -> Result<TaskEdited, ApiError> {
    let no = check::task_no(&params.task_id)?;
    if let Some(prompt) = &params.prompt {
        check::prompt("prompt", prompt)?;
    }
    check::priority(params.priority)?;
    check::expires(params.expires)?;
    let lane = params.lane.as_deref().filter(|lane| !lane.is_empty());
    check::lane(lane, &handler.context.settings.get().config)?;
    if let Some(expires) = params.expires {
        let holds = handler.read(move |reader| reader.holds(no)).await?;
        let delay = holds.into_iter().find(|hold| hold.kind == Hold::DELAY);
        check::start_before(delay.and_then(|delay| delay.until), expires, handler.context.engine.now())?;
    }
    let edit = Edit {
        prompt: params.prompt,
        priority: params.priority,
        lane: params.lane,
        expires_ms: params.expires.map(Span::as_millis),
    };
    let edited = handler.command(handler.context.engine.edit(no, edit, handler.cause())).await?;
    Ok(TaskEdited { edited })
}

pub(crate) async fn task_retry(
    handler: &Handler,
    mut params: TaskRetryParams,
) -> Result<TaskSubmitted, ApiError> {
    let key = handler.key(params.idempotency_key.take(), "task.retry", &params)?;
    let no = check::task_no(&params.task_id)?;
    let retry = handler.context.engine.retry_once(no, handler.cause(), handler.sender(), key);
    handler.command(retry).await
}

pub(crate) async fn task_retry_many(
    handler: &Handler,
    params: TaskSelection,
) -> Result<TasksRetried, ApiError> {
    let engine = &handler.context.engine;
    let which = check::selection(params, engine.now())?;
    let retry = engine.retry_many(which, handler.cause(), handler.sender());
    handler.keep(handler.command(retry).await?).await
}

pub(crate) async fn task_cancel_many(
    handler: &Handler,
    params: TaskSelection,
) -> Result<TasksCancelled, ApiError> {
    let engine = &handler.context.engine;
    let cancel = engine.cancel_many(check::selection(params, engine.now())?, Some(handler.in_words()));
    handler.keep(handler.command(cancel).await?).await
}

pub(crate) async fn task_cancel(
    handler: &Handler,
    params: TaskCancelParams,
) -> Result<TaskCancelled, ApiError> {
    let no = check::task_no(&params.task_id)?;
    handler.command(handler.context.engine.cancel(no, Some(handler.in_words()))).await
}

pub(crate) async fn task_get(handler: &Handler, params: TaskGetParams) -> Result<Task, ApiError> {
    get_with(handler, check::task_no(&params.task_id)?, params.whole.unwrap_or(false)).await
}

pub(crate) async fn task_list(handler: &Handler, params: TaskListParams) -> Result<Vec<Task>, ApiError> {
    check::list(&params)?;
    let filter = TaskFilter {
        state: params.state,
        agent: params.agent,
        rule: params.rule,
        lane: params.lane,
        text: params.text,
        since: params.since,
        until: params.until,
        ended_since: None,
        order: params.sort.unwrap_or_default(),
        before: params.cursor.as_deref().map(cursor).transpose()?,
        limit: check::limit(params.limit, TASKS_LISTED)?,
        bytes: 0,
    };
    let context = Arc::clone(&handler.context);
    handler
        .answer_read(move |reader, bytes| {
            let page = reader.tasks(&TaskFilter { bytes, ..filter.clone() })?;
            let shorten = |mut task: Task| {
                let of_rounds = task.rounds.iter_mut().filter_map(|round| round.verify.as_mut());
                for check in of_rounds.chain(&mut task.before) {
                    check.tail = None;
                }
                for text in [&mut task.result, &mut task.output].into_iter().flatten() {
                    *text = tail_of(text, LISTED_OUTPUT).to_owned();
                }
                task
            };
            let complete = |row| complete(&context, reader, row, LISTED_OUTPUT as u64).map(shorten);
            let tasks = page.tasks.into_iter().map(complete).collect::<aiwg_store::Result<_>>()?;
            Ok(Part::new(tasks, page.is_cut))
        })
        .await
}

pub(crate) async fn task_stats(handler: &Handler, _: NoParams) -> Result<TaskStats, ApiError> {
    handler.read(|reader| reader.stats()).await
}

pub(crate) async fn task_wait(handler: &Handler, params: TaskWaitParams) -> Result<Task, ApiError> {
    let no = check::task_no(&params.task_id)?;
    let context = &handler.context;
    let _place = handler.wait()?;
    // Registered before the first look, so that an end between the look and the wait is not missed.
    let waiting = context.bus.wait_for(no);
    let ended = waiting.ended();
    let task = get(handler, no).await?;
    if task.state.is_final() {
        return once_back(handler, no, (task, params.timeout_ms)).await;
    }
    not_for_itself(handler, no, task.state).await?;
    let _slot = handler.lend(no).await;
    tokio::select! {
        () = ended => once_back(handler, no, (get(handler, no).await?, None)).await,
        () = after(params.timeout_ms) => {
            let message = format!("{no} has not ended within {} ms", params.timeout_ms.unwrap_or_default());
            Err(ApiError::new(ErrorKind::WaitTimeout, message))
        }
        () = context.stopped.cancelled() => {
            // The stop itself may have ended it.
            let task = get(handler, no).await?;
            if task.state.is_final() { Ok(task) } else { Err(EngineError::Closing.into()) }
        }
    }
}

/// A task that has ended, once what it has changed in a work tree has come back: whoever has waited for it goes on with that.
async fn once_back(
    handler: &Handler,
    no: TaskNo,
    (mut task, timeout_ms): (Task, Option<u64>),
) -> Result<Task, ApiError> {
    let longest = timeout_ms.map_or(LONGEST_BACK, |ms| LONGEST_BACK.min(Duration::from_millis(ms)));
    let began = Instant::now();
    while is_coming_back(&task) && began.elapsed() < longest && !handler.context.stopped.is_cancelled() {
        tokio::time::sleep(LOOK_EVERY).await;
        task = get(handler, no).await?;
    }
    Ok(task)
}

/// Refuses the wait of an agent for its own task, or for one that can only start once that has completed: it would never end.
async fn not_for_itself(handler: &Handler, no: TaskNo, state: TaskState) -> Result<(), ApiError> {
    let Some(own) = handler.agent.as_ref().and_then(|agent| agent.task) else { return Ok(()) };
    let message = if no == own {
        format!("{no} is the task of the agent that asks: it cannot wait for its own end")
    } else if state == TaskState::Queued
        && handler.read(move |reader| reader.needed(no)).await?.contains(&own)
    {
        format!(
            "{no} can only start once {own} has completed, and the agent of {own} asks: the wait would never end. Do not wait, or submit \
             {no} without {own} in its \"after\""
        )
    } else {
        return Ok(());
    };
    Err(ApiError::invalid_member("taskId", message))
}

pub(super) async fn after(timeout_ms: Option<u64>) {
    match timeout_ms {
        Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        None => pending().await,
    }
}

/// Reads the task as a whole beside the connections: its output is in a file that another process may have made.
async fn get(handler: &Handler, no: TaskNo) -> Result<Task, ApiError> {
    get_with(handler, no, false).await
}

/// A task, with the messages to its agent as a whole or the beginning of each.
async fn get_with(handler: &Handler, no: TaskNo, is_whole: bool) -> Result<Task, ApiError> {
    let context = Arc::clone(&handler.context);
    let read = move |reader: &dyn Reader, _| {
        let row = reader.task(no)?;
        let profiles = profiles(reader, no)?;
        let taken = row.as_ref().and_then(|row| row.spec.terms.taken);
        let workspace = match row.as_ref().filter(|row| row.spec.terms.tree.is_some()) {
            Some(row) => workspace(row, &reader.runs(no)?),
            None => None,
        };
        let messages = row.as_ref().map(|row| messages(row, is_whole)).unwrap_or_default();
        let task = row.map(|row| complete(&context, reader, row, TAIL_BYTES)).transpose()?;
        let takeover = taken.map(|taken| takeover(&context, reader, no, taken)).transpose()?;
        let waits_for = task.as_ref().map(|task| waits_for(&context, no, task.state)).unwrap_or_default();
        let task = task.map(|task| Task { profiles, takeover, messages, waits_for, workspace, ..task });
        Ok(Part::new(task, false))
    };
    Ok(handler.answer_read(read).await?.ok_or(EngineError::TaskNotFound(no))?)
}

/// The messages to a task's agent.
fn messages(row: &TaskRow, is_whole: bool) -> Vec<TaskMessage> {
    (1..).zip(&row.spec.terms.sent).map(|(n, sent)| sent.to_wire(n, row.state.is_final(), is_whole)).collect()
}

/// The tasks that the agent of a running task waits for: the first of them.
fn waits_for(context: &Context, no: TaskNo, state: TaskState) -> Vec<String> {
    if state != TaskState::Running {
        return Vec::new();
    }
    context.engine.awaited_by(no).iter().take(MOST_AWAITED).map(ToString::to_string).collect()
}

/// The profiles of a task's runs; empty if all are the section `agent`.
fn profiles(reader: &dyn Reader, no: TaskNo) -> aiwg_store::Result<Vec<String>> {
    let all: Vec<Option<String>> =
        reader.runs(no)?.into_iter().filter(|run| run.kind == RunRow::AGENT).map(|run| run.profile).collect();
    if all.iter().all(Option::is_none) {
        return Ok(Vec::new());
    }
    Ok(all.into_iter().map(|name| name.unwrap_or_else(|| AgentConfig::NAME.to_owned())).collect())
}

/// The task with the members that are not in the store.
fn complete(
    context: &Context,
    reader: &dyn Reader,
    row: TaskRow,
    output_bytes: u64,
) -> aiwg_store::Result<Task> {
    let no = row.no;
    let output = match row.state {
        TaskState::Queued => None,
        TaskState::Running => match source(context, reader, &row)? {
            Source::Here(dir) => tail(&dir.join(aiwg_shim::STDOUT_FILE), output_bytes),
            Source::Stored(run) => Some(stored_output::tail(reader, &run, output_bytes)?),
        },
        _ => row.result.clone(),
    };
    // One that has ended may still be kept for a moment.
    let pid = context.running.pid(row.no).filter(|_| row.state == TaskState::Running);
    let wait = waiting(context, reader, &row)?;
    let usage = used(reader, &row)?;
    let host = if context.store.is_some() && row.launch > 0 { host_of(reader, &row)? } else { None };
    let task = row.into_task(pid, output);
    let (waiting, waiting_until, limit_resets_at) =
        wait.map(|wait| (wait.waiting, wait.until, wait.resets_at)).unwrap_or_default();
    let task = Task { waiting, waiting_until, limit_resets_at, usage, host, ..task };
    if task.verify.is_none() {
        return Ok(task);
    }
    with_rounds(reader, no, task)
}

/// The usage of a task's runs so far; none where none of them has reported it.
pub(super) fn used(reader: &dyn Reader, row: &TaskRow) -> aiwg_store::Result<Option<TaskUsage>> {
    // Kept with the task only once that has ended.
    if row.usage.is_some() || row.state.is_final() || row.launch == 0 {
        return Ok(row.usage.clone());
    }
    Ok(reader.runs(row.no)?.into_iter().filter_map(|run| run.usage).reduce(TaskUsage::and))
}

/// A task that has a check, with the rounds that its runs make.
fn with_rounds(reader: &dyn Reader, no: TaskNo, task: Task) -> aiwg_store::Result<Task> {
    let runs = reader.runs(no)?;
    let rounds = Rounds::of(&runs);
    let is_checking = runs.last().is_some_and(|run| run.kind == RunRow::CHECK);
    let phase = if is_checking { Phase::Checking } else { Phase::Working };
    let is_skipped = task.verified == Some(true) && rounds.rounds.is_empty();
    Ok(Task {
        phase: (task.state == TaskState::Running).then_some(phase),
        before: rounds.before.map(|check| check_result(check, true)),
        rounds: rounds.to_wire(true),
        skipped: is_skipped.then_some(true),
        ..task
    })
}

/// What a queued task waits for; none if only a slot is missing. Of several holds it is the one that lasts longest.
pub(super) fn waiting(
    context: &Context,
    reader: &dyn Reader,
    row: &TaskRow,
) -> aiwg_store::Result<Option<WaitsFor>> {
    longest_wait(reader, &|class| context.engine.gate(class), row)
}

fn cursor(id: &str) -> Result<TaskNo, ApiError> {
    check::name("cursor", id)?;
    let wrong = |()| {
        ApiError::invalid_member("cursor", format!("the member \"cursor\" must be a task's id; it is {id:?}"))
    };
    id.parse().map_err(wrong)
}
