//! The rights of agents: a connection from an agent's process has fewer rights than a person's.

use std::collections::BTreeMap;

use aiwg_model::TaskNo;
use aiwg_protocol::{
    ApiError, ErrorKind, METHODS,
    definition::{AgentAccess, Method},
    types::Verify,
};
use aiwg_store::Reader;
use serde::Serialize;

use super::{Handler, caller::CallingAgent};
use crate::{
    config::{access, may_set, refers},
    context::Context,
};

/// The number of tasks over which a chain is followed back; `daemon.max_task_depth` keeps chains far shorter.
const LONGEST_CHAIN: usize = 10_000;

/// Lets a call through, or refuses it to an agent that may not make it.
///
/// # Errors
/// `not_allowed`; or the database cannot be read.
pub(crate) async fn permit(handler: &Handler, ident: &str, params: &impl Serialize) -> Result<(), ApiError> {
    let Some(agent) = &handler.agent else { return Ok(()) };
    let Some(method) = METHODS.iter().find(|method| method.ident == ident) else { return Ok(()) };
    let rights = &handler.context.settings.get().config.daemon.agents_may;
    // It can stop the daemon anyway, by ending itself.
    if agent.is_host && method.name == "daemon.stop" {
        return Ok(());
    }
    match access(rights, method) {
        AgentAccess::Allowed => Ok(()),
        AgentAccess::Own if are_own(handler, agent, tasks(params)).await? => Ok(()),
        AgentAccess::Own => {
            Err(refused(agent, method, "about tasks other than its own and those that it caused"))
        }
        AgentAccess::Refused => Err(refused(agent, method, "at all")),
        AgentAccess::Never => Err(never(agent, method)),
    }
}

/// True if agents may have a changed configuration put in force.
pub(crate) fn may_reload(context: &Context) -> bool {
    let rights = &context.settings.get().config.daemon.agents_may;
    let reload = METHODS.iter().find(|method| method.name == "daemon.reload");
    reload.is_some_and(|method| access(rights, method) == AgentAccess::Allowed)
}

/// True if the caller may see what people are asked for: an agent does if it may list approvals.
pub(crate) fn sees_approvals(handler: &Handler) -> bool {
    let rights = &handler.context.settings.get().config.daemon.agents_may;
    let list = METHODS.iter().find(|method| method.name == "approval.list");
    handler.agent.is_none() || list.is_some_and(|method| access(rights, method) == AgentAccess::Allowed)
}

/// Lets through the environment in an agent's `task.submit`, or refuses a variable that it may not set.
///
/// # Errors
/// `not_allowed`.
pub(crate) fn environment(handler: &Handler, env: Option<&BTreeMap<String, String>>) -> Result<(), ApiError> {
    let Some(agent) = &handler.agent else { return Ok(()) };
    let allowed = &handler.context.settings.get().config.daemon.agents_env;
    let Some((name, value)) =
        env.into_iter().flatten().find(|(name, value)| !may_set(allowed, name) || refers(value))
    else {
        return Ok(());
    };
    let why = if refers(value) {
        "from a variable of the daemon's environment: only agent.env of the configuration passes those on to agents"
    } else {
        "in a task's environment: agents may set only the variables named in daemon.agents_env of the configuration"
    };
    let message = format!("{} may not set {name} {why}; a person or a script from outside may", named(agent));
    tracing::info!("refused: {message}");
    Err(ApiError::new(ErrorKind::NotAllowed, message))
}

/// Lets through a task that no budget keeps from starting, or refuses it to an agent.
///
/// # Errors
/// `not_allowed`.
pub(crate) fn budget(handler: &Handler, ignores: bool) -> Result<(), ApiError> {
    let Some(agent) = handler.agent.as_ref().filter(|_| ignores) else { return Ok(()) };
    let message = format!(
        "{} may not have a task ignore the budget: submit it without \"ignoreBudget\", so that it starts when there is money for it; a person \
         or a script from outside may",
        named(agent)
    );
    tracing::info!("refused: {message}");
    Err(ApiError::new(ErrorKind::NotAllowed, message))
}

/// Lets through the check in an agent's `task.submit`, or refuses a command that is not the configuration's own: it would run without the
/// agent's permissions.
///
/// # Errors
/// `not_allowed`.
pub(crate) fn verify(handler: &Handler, verify: Option<&Verify>) -> Result<(), ApiError> {
    let (Some(agent), Some(command)) = (&handler.agent, verify.and_then(|verify| verify.command.as_ref()))
    else {
        return Ok(());
    };
    let settings = handler.context.settings.get();
    let defaults = settings.config.defaults.verify.as_ref();
    if defaults.and_then(|defaults| defaults.command.as_ref()) == Some(command) {
        return Ok(());
    }
    let message = format!(
        "{} may not choose the command of a check, which the daemon would run without its permissions; a person or a script from outside \
         may. Agents may leave it out, for that of defaults.verify in the configuration",
        named(agent)
    );
    tracing::info!("refused: {message}");
    Err(ApiError::new(ErrorKind::NotAllowed, message))
}

fn refused(agent: &CallingAgent, method: &Method, how: &str) -> ApiError {
    let message = format!(
        "{} may not call {} {how}. A person or a script from outside may; to allow it to agents, name it in daemon.agents_may of the \
         configuration: [\"default\", {:?}]",
        named(agent),
        method.name,
        method.name
    );
    tracing::info!("refused: {message}");
    ApiError::new(ErrorKind::NotAllowed, message)
}

fn never(agent: &CallingAgent, method: &Method) -> ApiError {
    let message = format!(
        "{} may not call {}: what a person is asked for, a person decides, from outside of every agent",
        named(agent),
        method.name
    );
    tracing::warn!("refused: {message}");
    ApiError::new(ErrorKind::NotAllowed, message)
}

fn named(agent: &CallingAgent) -> String {
    match agent.task {
        Some(no) => format!("the agent of {no}"),
        None if agent.is_unkept => "a process below the daemon, and below no agent that it knows, which counts as an agent's,".to_owned(),
        None if agent.is_foreign => "the agent of another project's daemon".to_owned(),
        None => "a process that exited before the daemon could identify it, and so counts as an agent's while agents run,"
            .to_owned(),
    }
}

/// The tasks that a call is about.
fn tasks(params: &impl Serialize) -> Vec<Option<TaskNo>> {
    let params = serde_json::to_value(params).unwrap_or_default();
    let several = params.get("taskIds").and_then(serde_json::Value::as_array).into_iter().flatten();
    params.get("taskId").into_iter().chain(several).map(|id| id.as_str()?.parse().ok()).collect()
}

/// True if each is the agent's own task, or was caused by it. The method itself reports an id that is no task.
async fn are_own(
    handler: &Handler,
    agent: &CallingAgent,
    tasks: Vec<Option<TaskNo>>,
) -> Result<bool, ApiError> {
    let Some(own) = agent.task.filter(|_| !tasks.is_empty()) else { return Ok(false) };
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
