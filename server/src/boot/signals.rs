//! The signals to a running daemon.

use std::{io, sync::Arc};

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::hang_up::{HangUps, Sender};
use crate::api::Api;

/// The signals of people and service managers. Once this exists, none of them ends the process.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_ups: HangUps,
}

impl Signals {
    pub(super) fn receive() -> io::Result<Self> {
        // These mean nothing to it, and would end it. A file that may not grow any more is an error of the write to it. Agents get the
        // system's default again: a handler does not outlast an exec.
        let too_large = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        for unused in [SignalKind::user_defined1(), SignalKind::user_defined2(), too_large] {
            drop(signal(unused)?);
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_ups: HangUps::receive()?,
        })
    }
}

impl Signals {
    /// Waits for a signal that ends the daemon, and reads the configuration again for those that ask for that.
    pub(super) async fn stop(&mut self, api: &Arc<Api>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return tracing::info!("SIGTERM"),
                _ = self.interrupt.recv() => return tracing::info!("SIGINT"),
                sender = self.hang_ups.next() => {
                    // In a task of its own: a stop that comes meanwhile must not leave half of it in force.
                    let _ = tokio::spawn(hang_up(sender, Arc::clone(api))).await;
                }
            }
        }
    }

    /// True if a signal that ends the daemon has come since.
    pub(super) fn have_come(&mut self) -> bool {
        [&mut self.terminate, &mut self.interrupt]
            .into_iter()
            .any(|signal| signal.recv().now_or_never().flatten().is_some())
    }
}

async fn hang_up(sender: Sender, api: Arc<Api>) {
    tracing::info!(?sender, "SIGHUP");
    if !sender.may_reload(&api.context) {
        // A rotation by another program asks for the new file in this way.
        api.context.log.look();
        tracing::warn!(
            "the configuration is not read again: an agent, or a process that is gone already, has sent the signal; \
             `aiwg daemon reload` reads it"
        );
    } else if let Err(error) = api.reload.reload(None, None, sender.is_person(&api.context)).await {
        tracing::warn!(%error, "the configuration could not be read again");
    }
}
