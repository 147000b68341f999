use std::sync::Arc;

use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{
        DaemonReloaded, DaemonRestarting, DaemonStatus, DaemonStopParams, NoParams, Pong, StopAcknowledged,
        Timestamp,
    },
};

use crate::{
    api::{Handler, answer::Part},
    reload,
    status::status,
    stop::Stop,
};

pub(crate) async fn ping(_: &Handler, _: NoParams) -> Result<Pong, ApiError> {
    Ok(Pong { pong: true, timestamp: Timestamp::now() })
}

pub(crate) async fn daemon_status(handler: &Handler, _: NoParams) -> Result<DaemonStatus, ApiError> {
    handler.settled().await;
    handler
        .answer(|_| async {
            let _place = handler.place().await;
            Ok(Part::new(status(&handler.context, &handler.api.components).await?, false))
        })
        .await
}

pub(crate) async fn daemon_reload(handler: &Handler, _: NoParams) -> Result<DaemonReloaded, ApiError> {
    // In a task of its own: a caller who goes away must not leave half of it in force.
    let (api, cause) = (Arc::clone(&handler.api), handler.cause());
    let done = tokio::spawn(async move { api.reload.reload(cause).await });
    Ok(done.await.map_err(|error| ApiError::new(ErrorKind::InternalError, error.to_string()))??)
}

pub(crate) async fn daemon_stop(
    handler: &Handler,
    params: DaemonStopParams,
) -> Result<StopAcknowledged, ApiError> {
    let context = &handler.context;
    let running = context.running.count();
    let keep_agents = params.keep_agents.unwrap_or(false);
    tracing::info!(keep_agents, "a client asked the daemon to stop");
    context.stop.ask(if keep_agents { Stop::KeepAgents } else { Stop::EndAgents });
    Ok(StopAcknowledged {
        stopping: true,
        pid: std::process::id(),
        running: u32::try_from(running).unwrap_or(u32::MAX),
    })
}

pub(crate) async fn daemon_restart(handler: &Handler, _: NoParams) -> Result<DaemonRestarting, ApiError> {
    let context = &handler.context;
    // A restart that an agent asks for goes on with the configuration in force, whatever the file says.
    let by_person = handler.agent.is_none();
    let errors = match reload::read(context).await {
        Err(error) if by_person => error.problems(),
        _ => Vec::new(),
    };
    let restarting = errors.is_empty();
    if restarting {
        tracing::info!(by_person, "a client asked the daemon to restart");
        context.stop.ask_for_restart(by_person);
    }
    Ok(DaemonRestarting { restarting, pid: std::process::id(), errors })
}
