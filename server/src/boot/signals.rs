//! The signals to a running daemon.

use std::{io, sync::Arc};

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::hang_up::HangUps;
use crate::{api::Api, context::Context, stop::Stop};

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
                    // A rotation by another program asks for the new file in this way.
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

/// The last stop that has been asked for, also while the daemon was shutting down.
pub(super) fn last_request(context: &Context, signals: &mut Signals) -> Stop {
    let signalled = [&mut signals.terminate, &mut signals.interrupt]
        .into_iter()
        .any(|signal| signal.recv().now_or_never().flatten().is_some());
    let asked = context.stop.so_far().unwrap_or(Stop::Restart);
    if signalled { Stop::EndAgents } else { asked }
}
