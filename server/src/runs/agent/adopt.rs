//! Going on with a run that an earlier daemon has left.

use std::{io, path::Path, sync::Arc, time::Duration};

use aiwg_model::StopReason;
use aiwg_shim::{Abandon, DEFAULT_MOST_PAUSED_MS, Process};
use tokio::{sync::watch, time::timeout};

use super::{Agent, KeeperOrders, basis::Basis};
use crate::{
    beside::beside,
    runs::{
        Shared,
        force::end_what_is_left,
        launch::{End, RETRY},
        outcome::removed,
        shim::{self, ANSWERS_WITHIN},
    },
};

impl Agent {
    /// Keeps it until its end is known, where its shim lives; else finds out what has become of it.
    pub(super) async fn adopt(
        &self,
        shared: &Arc<Shared>,
        basis: &Basis,
        dir: &Path,
        orders: &mut KeeperOrders,
    ) -> io::Result<End> {
        let known = self.known_by_marks(shared, dir).await;
        let abandoned = match known {
            Some(_) => Some(Abandon::StillRunning),
            None => self.abandon(dir, &mut orders.end).await,
        };
        match abandoned {
            // The crash came before its directory was made; or that was removed since, and the shim has not seen it.
            None => {
                let ending = *orders.end.borrow();
                return Ok(if end_what_is_left(self.task, shared).await {
                    End::of(removed(dir, self.is_check).given(ending))
                } else {
                    End::Lost { started: false, rest: None, used: Box::default() }
                });
            }
            // Nobody runs it, and from here on nobody can.
            Some(Abandon::Done) => {
                shim::reap(self.task, dir).await;
                return self.end_of(shared, basis, dir, &mut orders.end).await;
            }
            Some(Abandon::StillRunning) => {}
        }
        let its = dir.to_owned();
        let paused =
            timeout(ANSWERS_WITHIN, beside(move || aiwg_shim::read_pauses(&its).ok().flatten())).await;
        let paused = paused.ok().flatten().unwrap_or_default();
        let paused = paused.believed(
            self.ran_for(shared.context.engine.now()),
            Duration::from_millis(DEFAULT_MOST_PAUSED_MS),
        );
        shared.context.running.paused_before(self.task.id(), paused);
        let (task, its) = (self.task, dir.to_owned());
        let found = move || {
            let shim = aiwg_shim::holder(&its).ok().flatten()?;
            Some((shim, task.agent_of(shim, &its)))
        };
        let found = match known {
            Some(shim) => Some((shim, None)),
            None => beside(found).await,
        };
        let shim = found.map(|(shim, _)| shim);
        if let Some((shim, agent)) = found {
            shared.context.running.set_processes(self.task.no, self.task.launch, Some(shim), agent);
        }
        tracing::info!(task = %self.task.no, "found its agent still running, and goes on with it");
        // The clock may have been set since its start. A shim's own age does not depend on it.
        let age = shim.and_then(|shim| shim.age());
        let gone = async {
            shim::gone(shim, dir).await;
            None
        };
        self.until(shared, basis, dir, (age, shim), gone, orders).await;
        shim::reap(self.task, dir).await;
        let ending = *orders.end.borrow();
        let looked_for = dir.to_owned();
        if !beside(move || looked_for.exists()).await {
            return Ok(End::of(removed(dir, self.is_check).given(ending)));
        }
        self.end_of(shared, basis, dir, &mut orders.end).await
    }

    /// The shim, where its directory does not answer: then it is found by what it is marked with.
    async fn known_by_marks(&self, shared: &Shared, dir: &Path) -> Option<Process> {
        match shim::holder(dir).await {
            Ok(_) => None,
            Err(_) => shim::marked(self.task.no, &shared.context.socket),
        }
    }

    /// Gives up this launch unless a shim runs it; none if there never was one. That it cannot be given up, with a full disk say, is no
    /// reason to take the task for failed: it is tried again, until someone wants it to end.
    async fn abandon(&self, dir: &Path, end: &mut watch::Receiver<Option<StopReason>>) -> Option<Abandon> {
        let mut told = false;
        loop {
            let (its, launch) = (dir.to_owned(), self.task.launch);
            let error = match beside(move || aiwg_shim::abandon(&its, launch)).await {
                Ok(found) => return Some(found),
                // No shim takes a lock there any more.
                Err(error) if error.is_not_found() || error.is_no_directory() => return None,
                Err(error) => error,
            };
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(task = %self.task.no, %error, "whether its agent still runs cannot be settled yet");
            }
            // What nobody can tell of any more is ended by what it is marked with.
            if end.borrow().is_some() && !shim::is_held(dir).await {
                return Some(Abandon::Done);
            }
            let _ = timeout(RETRY, end.changed()).await;
        }
    }
}
