//! The requests for a daemon's end.

use std::sync::Arc;

use futures::{
    FutureExt,
    future::{Fuse, LocalBoxFuture},
};

use super::signals::Signals;
use crate::{api::Api, context::Context, stop::Stop};

/// The way in which the daemon's process asks it to end, besides the API.
pub(super) enum Requests<'a> {
    /// By signals.
    Signals(Signals),
    /// By the end of a future of the program that runs it.
    Program(Fuse<LocalBoxFuture<'a, ()>>),
}

impl Requests<'_> {
    /// Waits until someone says stop.
    pub(super) async fn next(&mut self, api: &Arc<Api>) -> Stop {
        tokio::select! {
            how = api.context.stop.asked() => how,
            () = self.stop(api) => Stop::EndAgents,
        }
    }

    async fn stop(&mut self, api: &Arc<Api>) {
        match self {
            Self::Signals(signals) => signals.stop(api).await,
            Self::Program(stop) => stop.await,
        }
    }

    /// The last stop that has been asked for, also while the daemon was shutting down.
    pub(super) fn last(&mut self, context: &Context) -> Stop {
        let has_asked = match self {
            Self::Signals(signals) => signals.have_come(),
            Self::Program(stop) => stop.now_or_never().is_some(),
        };
        if has_asked { Stop::EndAgents } else { context.stop.so_far().unwrap_or(Stop::Restart) }
    }
}
