//! What agents may ask for: a connection from an agent's process has fewer rights than a person's.

use std::collections::BTreeMap;

use aiwg_model::TaskNo;
use aiwg_protocol::{
    ApiError, ErrorKind, METHODS,
    definition::{AgentAccess, Method},
};
use aiwg_store::Reader;
use serde::Serialize;

use super::{Handler, caller::Origin};
use crate::{
    config::{access, may_set},
    context::Context,
};

/// How many tasks a chain is followed back over; `daemon.max_task_depth` keeps them far shorter.
const LONGEST_CHAIN: usize = 10_000;

/// Lets a call through, or tells an agent that it may not.
///
/// # Errors
/// `not_allowed`; or the database cannot be read.
pub(crate) async fn permit(handler: &Handler, ident: &str, params: &impl Serialize) -> Result<(), ApiError> {
    let Some(origin) = &handler.origin else { return Ok(()) };
    let Some(method) = METHODS.iter().find(|method| method.ident == ident) else { return Ok(()) };
    let rights = &handler.context.settings.get().config.daemon.agents_may;
    // It can end it anyway, by ending itself.
    if origin.is_host && method.name == "daemon.stop" {
        return Ok(());
    }
    match access(rights, method) {
        AgentAccess::Allowed => Ok(()),
        AgentAccess::Own if are_own(handler, origin, tasks(params)).await? => Ok(()),
        AgentAccess::Own => {
            Err(refused(origin, method, "about other tasks than its own and those that came of it"))
        }
        AgentAccess::Refused => Err(refused(origin, method, "at all")),
    }
}

/// Whether agents may have a changed configuration put in force.
pub(crate) fn may_reload(context: &Context) -> bool {
    let rights = &context.settings.get().config.daemon.agents_may;
    let reload = METHODS.iter().find(|method| method.name == "daemon.reload");
    reload.is_some_and(|method| access(rights, method) == AgentAccess::Allowed)
}

/// Lets through what an agent's `task.submit` has in the environment, or tells it that it may not have that.
///
/// # Errors
/// `not_allowed`.
pub(crate) fn environment(handler: &Handler, env: Option<&BTreeMap<String, String>>) -> Result<(), ApiError> {
    let Some(origin) = &handler.origin else { return Ok(()) };
    let allowed = &handler.context.settings.get().config.daemon.agents_env;
    let Some((name, value)) =
        env.into_iter().flatten().find(|(name, value)| !may_set(allowed, name) || refers(value))
    else {
        return Ok(());
    };
    // What `agent.env` keeps from agents would come back by another name.
    let why = if refers(value) {
        "from a variable of the daemon's: what agents find of those is for agent.env of the configuration to say"
    } else {
        "in a task's environment: daemon.agents_env of the configuration names what agents may set"
    };
    let message = format!("{} may not set {name} {why}; a person or a script from outside may", who(origin));
    tracing::info!("refused: {message}");
    Err(ApiError::new(ErrorKind::NotAllowed, message))
}

/// Whether a value is made of variables of the daemon's environment.
fn refers(value: &str) -> bool {
    value.contains("${")
}

fn refused(origin: &Origin, method: &Method, how: &str) -> ApiError {
    let message = format!(
        "{} may not call {} {how}. A person or a script from outside may; for agents to be allowed it, name it in daemon.agents_may of the \
         configuration: [\"default\", {:?}]",
        who(origin),
        method.name,
        method.name
    );
    tracing::info!("refused: {message}");
    ApiError::new(ErrorKind::NotAllowed, message)
}

fn who(origin: &Origin) -> String {
    match origin.task {
        Some(no) => format!("the agent of {no}"),
        None if origin.is_foreign => "the agent of another project's daemon".to_owned(),
        None => "a process that was gone before it could be seen, and counts as an agent's while agents run,"
            .to_owned(),
    }
}

/// The tasks that a call is about.
fn tasks(params: &impl Serialize) -> Vec<Option<TaskNo>> {
    let params = serde_json::to_value(params).unwrap_or_default();
    let several = params.get("taskIds").and_then(serde_json::Value::as_array).into_iter().flatten();
    params.get("taskId").into_iter().chain(several).map(|id| id.as_str()?.parse().ok()).collect()
}

/// Whether they all are the agent's own task, or came of it. What is no task at all is for the method to say.
async fn are_own(handler: &Handler, origin: &Origin, tasks: Vec<Option<TaskNo>>) -> Result<bool, ApiError> {
    let Some(own) = origin.task.filter(|_| !tasks.is_empty()) else { return Ok(false) };
    let all = move |reader: &dyn Reader| {
        for no in tasks.into_iter().flatten() {
            if !came_of(reader, no, own)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    handler.read(all).await
}

fn came_of(reader: &dyn Reader, no: TaskNo, own: TaskNo) -> aiwg_store::Result<bool> {
    let mut next = Some(no);
    for _ in 0..LONGEST_CHAIN {
        let Some(no) = next else { return Ok(false) };
        if no == own {
            return Ok(true);
        }
        let Some(row) = reader.task(no)? else { return Ok(false) };
        next = row.spec.cause.and_then(|cause| cause.task?.parse().ok());
    }
    Ok(false)
}
