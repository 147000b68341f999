use aiwg_model::{HostRow, TaskNo, TaskRow};
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{
        HostDrainParams, HostList, HostLost, HostLostParams, HostState, HostStatus, NoParams, TaskHost,
        Timestamp,
    },
};
use aiwg_store::Reader;

use super::check;
use crate::{api::Handler, context::Context, lifecycle::machine};

/// The id of the one host of a store in the project's own directory.
const LOCAL: &str = "local";

/// Time after which a host that was not heard of is silent, in milliseconds: six heartbeats.
const SILENT_MS: i64 = 60_000;

pub(crate) async fn host_list(handler: &Handler, _: NoParams) -> Result<HostList, ApiError> {
    hosts(handler).await.map(|hosts| HostList { hosts })
}

pub(crate) async fn host_drain(handler: &Handler, params: HostDrainParams) -> Result<HostStatus, ApiError> {
    let host = the_one(handler, &params.host).await?;
    let drains = !params.resume.unwrap_or(false);
    handler.command(handler.context.engine.drain_host(host.id.clone(), drains)).await?;
    tracing::info!(host = %host.name, drains, "a host is given no new tasks, or is again");
    the_one(handler, &host.id).await
}

pub(crate) async fn host_lost(handler: &Handler, params: HostLostParams) -> Result<HostLost, ApiError> {
    let host = the_one(handler, &params.host).await?;
    if host.is_this {
        let message = "it is the host of the daemon that you ask, which lives: `aiwg daemon stop` ends it, and `aiwg host drain` has it take no new tasks";
        return Err(ApiError::invalid_member("host", message));
    }
    let tasks = handler.command(handler.context.engine.lose_host(host.id.clone())).await?;
    tracing::warn!(host = %host.name, tasks = tasks.len(), "a host was given up");
    let host = the_one(handler, &host.id).await?;
    Ok(HostLost { host, tasks: tasks.iter().map(ToString::to_string).collect() })
}

/// The host of this id, of the one that begins so, or of this name.
async fn the_one(handler: &Handler, named: &str) -> Result<HostStatus, ApiError> {
    check::name("host", named)?;
    if named.is_empty() {
        return Err(ApiError::invalid_member("host", "the member \"host\" must not be empty"));
    }
    let hosts = hosts(handler).await?;
    let is_local = hosts.iter().any(|host| host.id == LOCAL);
    if is_local {
        return Err(not_found(
            "the store is in the project's own directory, which has one host: `aiwg daemon drain` has it take no new tasks".to_owned(),
        ));
    }
    let all_by = |is_meant: &dyn Fn(&HostStatus) -> bool| -> Vec<HostStatus> {
        hosts.iter().filter(|host| is_meant(host)).cloned().collect()
    };
    let by_id = all_by(&|host| host.id == named);
    let by_name = all_by(&|host| host.name == named);
    let by_beginning = all_by(&|host| host.id.starts_with(named));
    let found = [by_id, by_name, by_beginning].into_iter().find(|found| !found.is_empty());
    match found.unwrap_or_default().as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(not_found(format!("there is no host {named:?}; `aiwg host list` shows all"))),
        several => {
            let ids: Vec<&str> = several.iter().take(5).map(|host| host.id.as_str()).collect();
            Err(not_found(format!("{named:?} may be several hosts: name one by its id ({})", ids.join(", "))))
        }
    }
}

fn not_found(message: String) -> ApiError {
    ApiError::new(ErrorKind::HostNotFound, message)
}

async fn hosts(handler: &Handler) -> Result<Vec<HostStatus>, ApiError> {
    let context = &handler.context;
    let now = context.engine.now();
    if context.store.is_none() {
        return Ok(vec![local(context, now)]);
    }
    let me = context.engine.host().unwrap_or_default().to_owned();
    let hosts = handler.read(|reader: &dyn Reader| reader.hosts()).await?;
    Ok(hosts.into_iter().map(|(host, running)| status(host, &me, running, now)).collect())
}

fn status(host: HostRow, me: &str, running: u32, now: Timestamp) -> HostStatus {
    let silent_ms = now.as_millis().saturating_sub(host.seen_at.as_millis());
    let state = match &host {
        host if host.lost_at.is_some() => HostState::Lost,
        host if host.left_at.is_some() => HostState::Stopped,
        _ if silent_ms >= SILENT_MS => HostState::Silent,
        host if host.draining_at.is_some() => HostState::Draining,
        _ => HostState::Up,
    };
    HostStatus {
        is_this: host.id == me,
        id: host.id,
        name: host.name,
        place: host.place,
        labels: host.labels,
        state,
        version: host.version,
        running,
        started_at: host.started_at,
        seen_at: host.seen_at,
        draining_since: host.draining_at,
        lost_at: host.lost_at,
    }
}

/// The one host of a store in the project's own directory.
fn local(context: &Context, now: Timestamp) -> HostStatus {
    let name = machine();
    let state = if context.engine.draining_since().is_some() { HostState::Draining } else { HostState::Up };
    HostStatus {
        id: LOCAL.to_owned(),
        place: format!("{} on {name}", context.project.root().display()),
        name,
        labels: context.settings.get().config.host.labels.clone(),
        state,
        is_this: true,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        running: u32::try_from(context.running.count()).unwrap_or(u32::MAX),
        started_at: context.started_at,
        seen_at: now,
        draining_since: context.engine.draining_since(),
        lost_at: None,
    }
}

/// The host of the latest run of a task; none where only one has the store.
pub(super) fn host_of(reader: &dyn Reader, task: &TaskRow) -> aiwg_store::Result<Option<TaskHost>> {
    let Some(id) = reader.runs(task.no)?.into_iter().rev().find_map(|run| run.host) else { return Ok(None) };
    let id = HostRow::id_in(&id).to_owned();
    let name = reader.hosts()?.into_iter().find(|(host, _)| host.id == id).map(|(host, _)| host.name);
    Ok(Some(TaskHost { name: name.unwrap_or_else(|| id.clone()), id }))
}

/// Refuses what takes the files of a task where these are on another host.
///
/// # Errors
/// `task_elsewhere`.
pub(super) async fn is_here(handler: &Handler, no: TaskNo) -> Result<(), ApiError> {
    let Some(me) = handler.context.engine.host().map(str::to_owned) else { return Ok(()) };
    let read = move |reader: &dyn Reader| {
        let Some(task) = reader.task(no)? else { return Ok(None) };
        let Some(host) = host_of(reader, &task)?.filter(|host| host.id != me) else { return Ok(None) };
        let known = reader.hosts()?.into_iter().find(|(known, _)| known.id == host.id);
        // Two directories of one machine have its name both.
        Ok(Some(known.map_or(host.name, |(known, _)| known.place)))
    };
    match handler.read(read).await? {
        None => Ok(()),
        Some(place) => {
            let message =
                format!("{no} has run in {place}, and its files are there: ask the daemon of that host");
            Err(ApiError::new(ErrorKind::TaskElsewhere, message))
        }
    }
}
