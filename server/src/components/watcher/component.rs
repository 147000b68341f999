//! The watcher as a part of the daemon.

use std::sync::{Arc, PoisonError};

use aiwg_protocol::types::{HealthCheckItem, Subsystems};
use aiwg_store::Reader;
use futures::future::{BoxFuture, join4};

use super::{FileWatcher, WATCH_ISSUE, WatchCursor, reported};
use crate::{
    component::{Component, item},
    context::Context,
    stop::Stop,
};

impl Component for FileWatcher {
    fn name(&self) -> &'static str {
        "the watcher"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            join4(
                Arc::clone(&self).take_turns(&context),
                self.answer_gathering(),
                reported::store_cursor(Arc::clone(&self), Arc::clone(&context)),
                reported::restart_when_failed(Arc::clone(&self), Arc::clone(&context)),
            )
            .await;
            // Its thread may be reporting something to the engine, which is over soon; or it reads from a file system that does not answer.
            if let Err(error) = tokio::task::spawn_blocking(move || self.stop()).await {
                tracing::warn!(%error, "the watcher could not be stopped");
            }
        })
    }

    fn configure(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let loaded = context.settings.get();
            let wanted = (self.watches(&loaded.config), loaded.config.watch.clone());
            let is_same =
                self.watched.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(&wanted);
            if !is_same || !self.is_well(&loaded.config) {
                self.watch_again(&context).await;
                *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(wanted);
            }
        })
    }

    fn finish(&self, how: Stop) {
        self.finish_watching(how == Stop::EndAgents);
    }

    fn status(&self, _: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        into.file_watcher = self.watch_status();
        Ok(())
    }

    fn probe<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        Box::pin(async move { vec![item("files", self.check(context))] })
    }
}

impl FileWatcher {
    /// Watches the files that the configuration in force names. Returns when it does.
    pub(super) async fn watch_again(self: &Arc<Self>, context: &Arc<Context>) {
        let watching = {
            let (watcher, context) = (Arc::clone(self), Arc::clone(context));
            tokio::task::spawn_blocking(move || watcher.watch(&context.settings.get().config))
        };
        let watching = watching.await;
        context.status_changed.notify_one();
        let failed = match watching {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!("files cannot be watched: {failed}");
        let message =
            format!("files cannot be watched: {failed}; mend that, then `aiwg daemon reload` tries again");
        context.health.report(WATCH_ISSUE, message);
    }

    /// Watches the files while this host leads, where several share the store, until the daemon stops.
    async fn take_turns(self: Arc<Self>, context: &Arc<Context>) {
        let mut leads = context.engine.leads();
        while let Some(Ok(())) = context.stopped.run_until_cancelled(leads.changed()).await {
            if *leads.borrow_and_update() {
                // What is left of the one that has watched them.
                let before = context.read(WatchCursor::read).await.ok().flatten();
                *self.before.lock().unwrap_or_else(PoisonError::into_inner) = before;
            }
            Arc::clone(&self).configure(Arc::clone(context)).await;
        }
    }

    /// Answers the question whether changes gather, away from the connections' thread, until no caller can ask any more.
    async fn answer_gathering(self: &Arc<Self>) {
        let look = || async {
            let watcher = Arc::clone(self);
            tokio::task::spawn_blocking(move || watcher.gathering()).await.unwrap_or_default()
        };
        self.gatherer.answer(look).await;
    }

    /// Checks that files are watched as the configuration asks for.
    fn check(&self, context: &Context) -> Result<String, String> {
        let config = &context.settings.get().config;
        let status = self.watch_status();
        if !config.watches_files() {
            return Ok("files are not to be watched".to_owned());
        }
        if !self.watches(config) {
            return Ok("files are watched on another host".to_owned());
        }
        if !status.enabled {
            return Err(
                "files are not watched: `aiwg daemon reload` tries again, and the log says why".to_owned()
            );
        }
        if status.polling && !config.watch.use_polling {
            return Err(format!(
                "{} directories are polled, since the system cannot watch as many",
                status.directories
            ));
        }
        let missing = match status.missing.as_slice() {
            [] => String::new(),
            missing => format!(", waiting for {}", missing.join(", ")),
        };
        Ok(format!("{} directories are watched{missing}", status.directories))
    }
}
