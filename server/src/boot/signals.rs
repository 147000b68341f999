//! What a daemon is told from outside while it runs.

use std::{io, sync::Arc};

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::hang_up::HangUps;
use crate::{api::Api, context::Context, stop::Stop};

/// What people and service managers tell a daemon with. From their making on none of them ends it.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_ups: HangUps,
}

impl Signals {
    pub(super) fn receive() -> io::Result<Self> {
        // These mean nothing to it, and would end it. That a file may not grow any more is an error of whoever writes it. Agents get the
        // system's own way again: what is handled here does not outlast an exec.
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

pub(super) async fn wanted_to_stop(api: &Arc<Api>, signals: &mut Signals) -> Stop {
    let context = &api.context;
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => tracing::info!("SIGTERM"),
            _ = signals.interrupt.recv() => tracing::info!("SIGINT"),
            how = context.stop.asked() => return how,
            sender = signals.hang_ups.next() => {
                tracing::info!(?sender, "SIGHUP");
                if !sender.may_reload(context) {
                    // Whoever rotates the log himself asks so for the new file.
                    context.log.look();
                    tracing::warn!(
                        "the configuration is not read again: an agent, or a process that is gone already, has sent the signal; \
                         `aiwg daemon reload` reads it"
                    );
                } else if let Err(error) = api.reload.reload(None).await {
                    tracing::warn!(%error, "the configuration could not be read again");
                }
                continue;
            }
        }
        return Stop::EndAgents;
    }
}

/// What has been asked for until now, also while the daemon was shutting down.
pub(super) fn last_wish(context: &Context, signals: &mut Signals) -> Stop {
    let signalled = [&mut signals.terminate, &mut signals.interrupt]
        .into_iter()
        .any(|signal| signal.recv().now_or_never().flatten().is_some());
    let asked = context.stop.so_far().unwrap_or(Stop::Restart);
    if signalled { Stop::EndAgents } else { asked }
}
