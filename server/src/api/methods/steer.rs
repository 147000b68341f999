use std::{path::PathBuf, time::Duration};

use aiwg_model::{RunId, RunRow, Taken, TaskNo};
use aiwg_protocol::{
    ApiError, ErrorKind,
    config::AgentConfig,
    types::{Takeover, TaskGiveParams, TaskGiven, TaskSendParams, TaskSent, TaskTakeParams, TaskTaken},
};
use aiwg_store::Reader;

use super::{check, host::is_here, workspace::keep_of_person};
use crate::{
    api::Handler,
    context::Context,
    engine::{EngineError, SentBy, TakenBy},
    profiles::{Profile, program},
    runs::look_for_person,
};

/// The longest look at the protected files of a task that is taken over: its caller waits.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// Maximum length of a message, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;

pub(crate) async fn task_send(handler: &Handler, params: TaskSendParams) -> Result<TaskSent, ApiError> {
    let no = check::task_no(&params.task_id)?;
    check::prompt("message", &params.message)?;
    if params.message.len() > LONGEST_MESSAGE {
        let message = format!(
            "the member \"message\" has {} bytes; {LONGEST_MESSAGE} is the limit: put the rest into a file, and name that",
            params.message.len()
        );
        return Err(ApiError::invalid_member("message", message));
    }
    let from = handler.agent.as_ref().and_then(|agent| agent.task);
    if from == Some(no) {
        let message = format!(
            "{no} is the task of the agent that sends: it gets no message from itself; it may send to tasks that it submits"
        );
        return Err(ApiError::new(ErrorKind::NotAllowed, message));
    }
    let by = SentBy { is_agent: handler.agent.is_some(), is_live: takes_messages(handler, no).await? };
    handler.command(handler.context.engine.send(no, params.message, from, by)).await
}

pub(crate) async fn task_take(handler: &Handler, params: TaskTakeParams) -> Result<TaskTaken, ApiError> {
    let no = check::task_no(&params.task_id)?;
    is_here(handler, no).await?;
    has_session(handler, no).await?;
    handler.command(taken(&handler.context, no, params.now.unwrap_or(false), taken_by(handler))).await
}

/// The one who calls.
fn taken_by(handler: &Handler) -> TakenBy {
    TakenBy { cause: handler.cause(), words: handler.in_words() }
}

/// Takes a task over. Where no agent of it runs, its protected files are looked at before the person has it.
async fn taken(context: &Context, no: TaskNo, now: bool, by: TakenBy) -> Result<TaskTaken, EngineError> {
    let mut found = None;
    loop {
        match context.engine.take(no, now, found.take(), Some(by.clone())).await {
            Err(EngineError::FilesUnseen { run, protect }) => {
                let root = worked_in(context, run).await;
                found = Some(look_for_person(&context.project, (run, root), protect, LOOK_WITHIN).await);
            }
            answer => return answer,
        }
    }
}

/// The directory in which a run has worked.
async fn worked_in(context: &Context, run: RunId) -> PathBuf {
    let runs = context.read(move |reader| reader.runs(run.task)).await;
    let found = runs.unwrap_or_default().into_iter().find(|found| found.id == run);
    let dir = found.and_then(|found| found.tree?.dir).map(PathBuf::from);
    dir.unwrap_or_else(|| context.project.root().to_owned())
}

pub(crate) async fn task_give(handler: &Handler, params: TaskGiveParams) -> Result<TaskGiven, ApiError> {
    let no = check::task_no(&params.task_id)?;
    if params.done == Some(true) {
        keep_of_person(handler, no).await?;
    }
    let (done, by) = (params.done.unwrap_or(false), Some(taken_by(handler)));
    handler.command(handler.context.engine.give(no, done, by)).await
}

/// True if the agent of a task takes messages while it works, as it has shown: one that has only just been started may not.
async fn takes_messages(handler: &Handler, no: TaskNo) -> Result<bool, ApiError> {
    let running = &handler.context.running;
    if !running.is_live(no) || running.is_heard(no) {
        return Ok(running.is_live(no));
    }
    // Its keeper looks once in a second.
    let (Some(dir), Some(launch)) = (running.dir(no), running.launch(no)) else { return Ok(false) };
    let config = handler.context.settings.get();
    let has_heard = move |reader: &dyn Reader| -> aiwg_store::Result<bool> {
        let runs = reader.runs(no)?;
        let run = runs.iter().find(|run| run.id.n == launch);
        let Some(profile) = run.and_then(|run| Profile::named(&config.config, run.profile.as_deref())) else {
            return Ok(false);
        };
        let stdout = dir.join(aiwg_shim::STDOUT_FILE);
        let Some(mut watch) = program(&profile.agent).watch(&profile.agent.command, &stdout) else {
            return Ok(false);
        };
        // What cannot be read says nothing.
        Ok(watch.done().is_ok() && !watch.is_mute() && !watch.taken().is_empty())
    };
    let has_heard = handler.read(has_heard).await?;
    if has_heard {
        running.set_heard(RunId { task: no, n: launch });
    }
    Ok(has_heard)
}

/// Refuses a task in whose session no person could go on: nothing is ended or held for that.
async fn has_session(handler: &Handler, no: TaskNo) -> Result<(), ApiError> {
    let context = handler.context.clone();
    let read = move |reader: &dyn Reader| -> aiwg_store::Result<Option<String>> {
        // What else is wrong with it, the engine says.
        if reader.task(no)?.is_none_or(|task| task.state.is_final()) {
            return Ok(None);
        }
        let runs = reader.runs(no)?;
        let agents = runs.iter().rev().filter(|run| run.kind == RunRow::AGENT);
        let is_of_session =
            |run: &&RunRow| run.usage.as_ref().is_some_and(|usage| usage.session_id.is_some());
        let is_open = |run: &&RunRow| run.ended_at.is_none();
        let Some(run) = agents.clone().find(is_open).or_else(|| agents.clone().find(is_of_session)) else {
            return Ok(Some(format!(
                "{no} has no session yet: `aiwg task send {no}` sends it a message, `aiwg task hold {no}` holds it, and `aiwg task edit {no}` \
                 changes it"
            )));
        };
        let name = run.profile.as_deref();
        let profile = Profile::named(&context.settings.get().config, name);
        Ok(match profile.map(|profile| profile.agent).is_some_and(|agent| can_be_taken(&agent)) {
            true => None,
            false => Some(format!(
                "no person can go on in a session of {no}: the command of {} tells none, or has no command for that (claude does with \
                 --output-format stream-json); `aiwg task send {no}` sends it a message",
                name.unwrap_or(AgentConfig::NAME)
            )),
        })
    };
    match handler.read(read).await? {
        None => Ok(()),
        Some(why) => Err(ApiError::new(ErrorKind::TaskHasNoSession, why)),
    }
}

/// True if a person can go on in the sessions of this agent.
fn can_be_taken(agent: &AgentConfig) -> bool {
    let program = program(agent);
    // Any session: whether there is a command for it does not depend on which it is.
    let command = program.interactive(&agent.command, "any");
    program.capabilities(&agent.command).can_resume && command.is_ok_and(|command| !command.is_empty())
}

/// The session of a task that was taken over, and the command that goes on with it: by the profile of the run that had it last.
pub(super) fn takeover(
    context: &Context,
    reader: &dyn Reader,
    no: TaskNo,
    taken: Taken,
) -> aiwg_store::Result<Takeover> {
    let runs = reader.runs(no)?;
    let last = runs.iter().rev().find_map(|run| Some((run, run.usage.as_ref()?.session_id.clone()?)));
    let since = taken.since;
    let Some((run, session)) = last else {
        return Ok(Takeover { since, session: None, dir: None, command: Vec::new() });
    };
    let dir = run.tree.as_ref().and_then(|tree| tree.dir.clone());
    let profile = Profile::named(&context.settings.get().config, run.profile.as_deref());
    let command = profile.and_then(|profile| {
        let agent = profile.agent;
        program(&agent).interactive(&agent.command, &session).ok()
    });
    Ok(Takeover { since, session: Some(session), dir, command: command.unwrap_or_default() })
}
