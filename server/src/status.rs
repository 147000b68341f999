//! The status of the daemon: each component fills in its part.

use std::sync::Arc;

use aiwg_protocol::{ApiError, PROTOCOL_VERSION, types::DaemonStatus};

use crate::{component::Components, context::Context};

/// The status, for `daemon.status` and `state.json`.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn status(
    context: &Arc<Context>,
    components: &Components,
) -> Result<DaemonStatus, ApiError> {
    let (asked, components) = (Arc::clone(context), components.clone());
    let read = context
        .read(move |reader| {
            let subsystems = components.status(&asked, reader)?;
            Ok((subsystems, reader.stats()?))
        })
        .await;
    if read.is_ok() {
        context.has_answered();
    }
    let (subsystems, stats) = context.last_seen.or(read)?;
    Ok(DaemonStatus {
        pid: std::process::id(),
        uptime_seconds: context.started.elapsed().as_secs(),
        started_at: context.started_at,
        health: context.health.state(),
        issues: context.health.issues(),
        health_check: context.health.last_check(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol_version: PROTOCOL_VERSION.to_owned(),
        project: context.project.root().display().to_string(),
        socket: context.socket.clone(),
        store: context.store.clone(),
        config: context.settings.get().path.as_ref().map(|path| path.display().to_string()),
        detached: context.detached,
        stopped: context.stopped.is_cancelled(),
        stats: stats.into(),
        subsystems,
    })
}
