//! Taking the daemon down, in order.

use std::{sync::Arc, time::Duration};

use aiwg_model::InForce;

use super::{Ended, error::system, requests::Requests, start::Daemon};
use crate::{
    context::Context,
    engine::Draining,
    lifecycle::{Phase, limit_open_files, report_reloading, report_stopping},
    recovery::{HostCursors, RecoveryError, open_as_it_is},
    runs::{end_left_over, leave_agents},
    stop::Stop,
};

/// The time after the agents' grace for which the daemon waits for the last of them. The next start finds those that still run then.
const LAST_AGENT: Duration = Duration::from_secs(25);

/// The longest wait for the events of all changes that happened before the end. It is reached only where there are very many files, where they
/// are slow, or where the database cannot be written.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// The longest wait for each part that may be stuck, for instance in a read of a file system that does not answer. They end with the process.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// The reason for which a daemon ends by itself: without the engine nothing can be stored.
const ENGINE_FAILED: &str = "the daemon's engine has failed, and the daemon with it: .aiwg/daemon/daemon.log says how; please report it. \
                             Its agents go on, and `aiwg daemon start` finds them";

impl Daemon {
    /// Waits until someone says stop, or the engine is gone.
    pub(super) async fn until_asked_to_end(&self, requests: &mut Requests<'_>) -> Stop {
        tokio::select! {
            how = requests.next(&self.api) => how,
            // Only by a panic. The next start goes on with the agents.
            () = self.context.engine.gone() => Stop::KeepAgents,
        }
    }

    /// Takes it down, part by part.
    pub(super) async fn end(mut self, mut how: Stop, requests: &mut Requests<'_>) -> Ended {
        let context = Arc::clone(&self.context);
        let has_failed = !context.engine.is_there();
        // A signal has asked no one else yet.
        context.stop.ask(how);
        if how == Stop::Restart {
            self.lock.restarts(context.stop.approved());
            report_reloading(context.host);
        } else {
            self.lock.note(Phase::Stops);
            report_stopping(context.host);
        }
        self.shut_down(how).await;
        if how == Stop::KeepAgents {
            leave_agents(&context.running, self.state_guard.is_in_place()).await;
        }
        for (name, end) in self.running.drain(..) {
            in_time(name, end).await;
        }
        // From here on no client can call over the socket.
        let drained = tokio::time::timeout(LAST_ANSWERS, context.engine.draining(true)).await;
        if matches!(drained, Ok(Ok(Draining::Empty))) {
            context.stop.ask_since_drained();
        }
        let last = requests.last(&context).max(how);
        if how < last && last == Stop::EndAgents {
            self.lock.note(Phase::Stops);
            end_agents(&context).await;
        }
        how = last;
        context.engine.exit(how == Stop::Restart).await;
        in_time("the engine", tokio::task::spawn_blocking(move || self.engine_thread.join())).await;
        self.supervisor.abort();
        if has_failed {
            return Ended::Failed(ENGINE_FAILED.to_owned());
        }
        if how != Stop::Restart {
            self.state_guard.take_off_list();
            tracing::info!("the daemon has stopped");
            let lost = self.state_guard.lost();
            if lost.is_some() {
                remember(&context, &self.host_cursors);
            }
            return lost.map_or(Ended::Stopped, Ended::Lost);
        }
        if let Some(limit) = self.open_files {
            // The restarted daemon is to find the limit that this one found.
            limit_open_files(limit);
        }
        tracing::info!("the daemon restarts");
        Ended::Restart(self.lock)
    }

    /// Ends the agents, unless they are to go on, then lets everyone who waits know.
    async fn shut_down(&self, how: Stop) {
        let context = &self.context;
        // A store that is elsewhere may not answer for as long as it likes.
        let _ = tokio::time::timeout(LAST_ANSWERS, context.engine.close()).await;
        if how == Stop::EndAgents {
            end_agents(context).await;
        }
        // While the engine still accepts the last reports of components: tasks that they cause are queued for the next start.
        let components = self.components.clone();
        let last_look = tokio::task::spawn_blocking(move || {
            components.all().iter().for_each(|component| component.finish(how));
        });
        if tokio::time::timeout(LAST_LOOK, last_look).await.is_err() {
            tracing::warn!(
                "the last look at the files takes too long; the next start finds the changes that it has not reported"
            );
        }
        context.stopped.cancel();
    }
}

/// Waits for a part that ends soon, unless it is stuck.
async fn in_time<T>(what: &str, end: impl Future<Output = T>) {
    if tokio::time::timeout(LAST_ANSWERS, end).await.is_err() {
        tracing::warn!(
            "{what} did not end within {} s; the daemon ends without waiting for it",
            LAST_ANSWERS.as_secs()
        );
    }
}

async fn end_agents(context: &Arc<Context>) {
    match tokio::time::timeout(LAST_ANSWERS, context.engine.end_all()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "not all running tasks could be asked to end"),
        Err(_) => tracing::warn!("the store does not answer: not all running tasks could be asked to end"),
    }
    if tokio::time::timeout(LAST_AGENT, context.running.none_left()).await.is_err() {
        tracing::warn!("some agents did not end; the next start finds them");
    }
    end_left_over(context).await;
}

/// Creates the store again if it was removed, with the configuration in force and all else that the next start needs, while this daemon still has
/// it. Otherwise everyone who can have the store removed, for instance with `git clean`, could put a changed configuration in force. Where the store is
/// elsewhere, the next start has to be known there.
fn remember(context: &Context, host_cursors: &HostCursors) {
    let project = &context.project;
    if !project.aiwg().is_dir() || project.database().exists() {
        return;
    }
    let in_force = InForce { named: context.settings.named(), text: context.settings.get().text.clone() };
    let remembered =
        project.make_dirs().map_err(system("the directories cannot be made again")).and_then(|()| {
            let mut store = open_as_it_is(project)?;
            let mut transaction = store.begin().map_err(RecoveryError::Database)?;
            transaction.set_in_force(&in_force).map_err(RecoveryError::Database)?;
            host_cursors.write(&mut *transaction)?;
            Ok(transaction.commit().map(drop).map_err(RecoveryError::Database)?)
        });
    if let Err(error) = remembered {
        tracing::warn!(%error, "the configuration in force, and which store it names, could not be stored again");
    }
}
