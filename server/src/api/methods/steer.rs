use aiwg_model::{Taken, TaskNo};
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{Takeover, TaskGiveParams, TaskGiven, TaskSendParams, TaskSent, TaskTakeParams, TaskTaken},
};
use aiwg_store::Reader;

use super::check;
use crate::{
    api::Handler,
    context::Context,
    engine::SentBy,
    profiles::{Profile, program},
};

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
    let by = SentBy { is_agent: handler.agent.is_some(), is_live: handler.context.running.is_live(no) };
    handler.command(handler.context.engine.send(no, params.message, from, by)).await
}

pub(crate) async fn task_take(handler: &Handler, params: TaskTakeParams) -> Result<TaskTaken, ApiError> {
    let no = check::task_no(&params.task_id)?;
    handler.command(handler.context.engine.take(no, params.now.unwrap_or(false))).await
}

pub(crate) async fn task_give(handler: &Handler, params: TaskGiveParams) -> Result<TaskGiven, ApiError> {
    let no = check::task_no(&params.task_id)?;
    handler.command(handler.context.engine.give(no, params.done.unwrap_or(false))).await
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
        return Ok(Takeover { since, session: None, command: Vec::new() });
    };
    let profile = Profile::named(&context.settings.get().config, run.profile.as_deref());
    let command = profile.and_then(|profile| {
        let agent = profile.agent;
        program(&agent).interactive(&agent.command, &session).ok()
    });
    Ok(Takeover { since, session: Some(session), command: command.unwrap_or_default() })
}
