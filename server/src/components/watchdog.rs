//! The service manager's watchdog.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    component::Component,
    context::Context,
    lifecycle::{report_alive, watchdog},
};

/// Feeds the service manager's watchdog, where there is one.
pub(crate) struct Watchdog;

impl Component for Watchdog {
    fn name(&self) -> &'static str {
        "the watchdog"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move { feed_watchdog(&context).await })
    }
}

/// Reports to the service manager's watchdog that the daemon works, for as long as the store can be read and the
/// engine's thread is there. A store that is elsewhere may be away for as long as it likes: a restart would bring it back no sooner, and end what goes on
/// without it.
async fn feed_watchdog(context: &Context) {
    let Some(within) = watchdog(context.host) else { return };
    let mut ticks = interval(within / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = context.stopped.cancelled() => return,
        }
        // Not by a transaction of the engine: another process may hold the database's lock for a while.
        let answers =
            context.store.is_some() || context.read(|reader| reader.automation_enabled()).await.is_ok();
        if answers && context.engine.is_there() {
            report_alive(context.host);
        }
    }
}
