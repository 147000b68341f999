//! `.aiwg/daemon/metrics.prom`, for node_exporter's textfile collector.

use std::{
    future::ready,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aiwg_fs::{at, write_atomic};
use aiwg_protocol::types::Subsystems;
use aiwg_store::Reader;
use futures::future::BoxFuture;

use super::metrics_of_project;
use crate::{
    beside::beside,
    component::{Component, Components},
    context::Context,
    health::IssueKind,
};

/// The file could not be written.
const ISSUE: IssueKind = IssueKind::named("metrics_file");

/// Time between two writings.
const INTERVAL: Duration = Duration::from_secs(15);

/// Writes the metrics to a file, where that is asked for.
pub(crate) struct MetricsFile {
    /// The components of which the status consists.
    components: Components,
    /// True once this start is counted.
    is_counted: AtomicBool,
}

impl MetricsFile {
    /// One that asks these components.
    pub(crate) fn new(components: Components) -> Self {
        Self { components, is_counted: AtomicBool::new(false) }
    }
}

impl Component for MetricsFile {
    fn name(&self) -> &'static str {
        "metrics.prom"
    }

    fn configure(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        let telemetry = &context.settings.get().config.telemetry;
        let is_collected = telemetry.textfile || telemetry.listen.is_some();
        if is_collected && !self.is_counted.swap(true, Ordering::Relaxed) {
            // Beside the start, which waits for nothing of it. One that cannot be stored is not worth more than that. Where nobody collects, it is
            // stored with the first event.
            tokio::spawn(async move { context.engine.count_start().await });
        }
        Box::pin(ready(()))
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut changes = context.settings.changes();
            loop {
                let is_wanted = is_wanted(&context);
                let done = match is_wanted {
                    true => write(&context, &self.components).await,
                    // One that an earlier daemon has left would be taken for this one's for ever.
                    false => remove(&context).await,
                };
                match done {
                    Ok(()) => context.health.clear(ISSUE),
                    Err(error) => context.health.report(
                        ISSUE,
                        format!("metrics.prom cannot be written: {error}; it is tried again by itself"),
                    ),
                }
                if context.stopped.is_cancelled() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(INTERVAL), if is_wanted => {}
                    Ok(()) = changes.changed() => {}
                    () = context.stopped.cancelled() => {}
                }
            }
        })
    }

    fn status(&self, context: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        if is_wanted(context) {
            into.telemetry.get_or_insert_default().textfile = true;
        }
        Ok(())
    }
}

fn is_wanted(context: &Context) -> bool {
    context.settings.get().config.telemetry.textfile
}

async fn write(context: &Arc<Context>, components: &Components) -> io::Result<()> {
    let text = metrics_of_project(context, components).await.map_err(io::Error::other)?;
    let path = context.project.metrics_file();
    beside(move || write_atomic(&path, text.as_bytes()).map_err(at(&path))).await
}

async fn remove(context: &Arc<Context>) -> io::Result<()> {
    let path = context.project.metrics_file();
    beside(move || match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
        _ => Ok(()),
    })
    .await
}
