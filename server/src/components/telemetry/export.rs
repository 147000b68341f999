//! Sends spans to a collector, where one is named. Whatever the collector does, nobody waits for it: what it does not take in time is dropped, and
//! counted.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aiwg_platforms::Http;
use aiwg_protocol::types::{HealthCheckItem, Subsystems, TracesStatus};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use tokio::time::{sleep, timeout};

use super::project_name;
use crate::{
    component::{Component, item},
    context::Context,
    health::{Health, IssueKind},
    telemetry::{Ended, Resource, rejected, request},
};

/// The collector does not take spans.
const ISSUE: IssueKind = IssueKind::named("traces");

/// The path of a collector that takes spans, below its address.
const PATH: &str = "v1/traces";

/// The media type of what is sent.
const MEDIA_TYPE: &str = "application/x-protobuf";

/// Maximum number of spans in one request.
const MOST_AT_ONCE: usize = 512;

/// Time for which spans gather before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// The longest time that a request may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The same of the last one, for which the daemon waits when it ends.
const LAST: Duration = Duration::from_secs(2);

/// The pause before what could not be sent is sent again: the first, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest pause that a collector may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(5 * 60);

/// The number of times that the same spans are sent.
const TRIES: u32 = 10;

/// Time for which nothing was taken before the health says so.
const LASTING: Duration = Duration::from_secs(60);

/// Sends spans to the collector that `telemetry.otlp` names.
#[derive(Default)]
pub(crate) struct TraceExport {
    /// What keeps the collector from taking any; none while it does.
    trouble: Mutex<Option<Trouble>>,
}

#[derive(Clone)]
struct Trouble {
    since: Instant,
    why: String,
    is_reported: bool,
}

/// What has become of a request.
enum Sent {
    /// The collector has taken it, but for so many spans.
    Taken { rejected: u64 },
    /// It will never take it.
    Refused(String),
    /// It may take it later, after the time that it has asked for.
    Later { why: String, after: Option<Duration> },
}

impl Sent {
    fn later(why: String) -> Self {
        Self::Later { why, after: None }
    }
}

impl TraceExport {
    /// Notes how a request has gone. The health says it once nothing was taken for a while, and the log has one line for each beginning and end of
    /// that.
    fn note(&self, health: &Health, trouble: Option<String>) {
        let mut state = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(why) = trouble else {
            if state.take().is_some_and(|trouble| trouble.is_reported) {
                tracing::info!("the collector takes traces again");
                health.clear(ISSUE);
            }
            return;
        };
        let trouble = state.get_or_insert_with(|| Trouble {
            since: Instant::now(),
            why: String::new(),
            is_reported: false,
        });
        trouble.why = why;
        if trouble.since.elapsed() >= LASTING {
            let words = in_words(&trouble.why);
            if !trouble.is_reported {
                tracing::warn!("{words}");
            }
            trouble.is_reported = true;
            health.report(ISSUE, words);
        }
    }

    /// Sends spans until they are taken, or refused, or there is no hope for them. False if the daemon ends.
    async fn send(&self, context: &Context, collector: &Collector, spans: Vec<Ended>) -> bool {
        let body = request(&collector.resource, &spans);
        let count = spans.len() as u64;
        let mut pause = FIRST_PAUSE;
        for tried in 1..=TRIES {
            let limit = if context.stopped.is_cancelled() { LAST } else { LONGEST };
            let sent = tokio::select! {
                sent = collector.post(body.clone(), limit) => sent,
                // What is under way has the last time, and no more.
                () = ended(context, limit) => Sent::later("the daemon ends".to_owned()),
            };
            let asked = match sent {
                Sent::Taken { rejected } => {
                    let rejected = rejected.min(count);
                    context.engine.spans().note(count - rejected, rejected);
                    self.note(&context.health, None);
                    return true;
                }
                Sent::Refused(why) => {
                    context.engine.spans().note(0, count);
                    self.note(&context.health, Some(why));
                    return true;
                }
                Sent::Later { why, after } => {
                    self.note(&context.health, Some(why));
                    after.unwrap_or_default().min(LONGEST_ASKED)
                }
            };
            if tried == TRIES || context.stopped.is_cancelled() {
                break;
            }
            tokio::select! {
                () = sleep(pause.max(asked)) => {}
                () = context.stopped.cancelled() => {}
                () = collector.is_replaced(context) => break,
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        context.engine.spans().note(0, count);
        !context.stopped.is_cancelled()
    }
}

/// Ends so long after the daemon began to.
async fn ended(context: &Context, limit: Duration) {
    context.stopped.cancelled().await;
    sleep(limit.min(LAST)).await;
}

fn in_words(why: &str) -> String {
    format!(
        "the collector that telemetry.otlp names takes no traces: {why}; see that it runs and takes OTLP over HTTP there. What it refuses is dropped; what cannot reach it waits, as far as there is room"
    )
}

impl Component for TraceExport {
    fn name(&self) -> &'static str {
        "the export of traces"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut changes = context.settings.changes();
            while !context.stopped.is_cancelled() {
                let address = context.settings.get().config.telemetry.otlp.clone();
                let name = project_name(&context);
                match address.map(|address| Collector::new(&address, context.project.root(), &name)) {
                    Some(Ok(collector)) => {
                        self.feed(&context, &collector).await;
                        continue;
                    }
                    Some(Err(why)) => context.health.report(ISSUE, in_words(&why)),
                    None => self.rest(&context),
                }
                tokio::select! {
                    Ok(()) = changes.changed() => {}
                    () = context.stopped.cancelled() => {}
                }
            }
        })
    }

    fn status(&self, context: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        let Some(otlp) = &context.settings.get().config.telemetry.otlp else { return Ok(()) };
        let (counts, waiting) = (context.engine.spans().counts(), context.engine.spans().len());
        into.telemetry.get_or_insert_default().traces = Some(TracesStatus {
            otlp: otlp.clone(),
            sent: counts.sent,
            dropped: counts.full.saturating_add(counts.failed),
            waiting: waiting as u64,
        });
        Ok(())
    }

    fn probe<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let otlp = context.settings.get().config.telemetry.otlp.clone();
        let items = otlp.into_iter().map(|otlp| {
            item(
                "traces",
                trouble.as_ref().map_or(Ok(format!("sent to {otlp}")), |trouble| Err(in_words(&trouble.why))),
            )
        });
        let items = items.collect();
        Box::pin(std::future::ready(items))
    }
}

impl TraceExport {
    /// Drops what is left for a collector that nobody names any more.
    fn rest(&self, context: &Context) {
        self.note(&context.health, None);
        context.health.clear(ISSUE);
        let left = context.engine.spans().take(usize::MAX).len();
        context.engine.spans().note(0, left as u64);
    }

    /// Sends what comes to a collector until the configuration names another one, or the daemon ends.
    async fn feed(&self, context: &Context, collector: &Collector) {
        let spans = context.engine.spans();
        loop {
            tokio::select! {
                () = spans.come() => {}
                () = collector.is_replaced(context) => return,
                () = context.stopped.cancelled() => {}
            }
            if !context.stopped.is_cancelled() && spans.len() < MOST_AT_ONCE {
                tokio::select! {
                    () = sleep(GATHER) => {}
                    () = context.stopped.cancelled() => {}
                }
            }
            let some = spans.take(MOST_AT_ONCE);
            if !some.is_empty() && !self.send(context, collector, some).await {
                return;
            }
            if context.stopped.is_cancelled() && spans.len() == 0 {
                return;
            }
        }
    }
}

/// A collector of OTLP over HTTP.
struct Collector {
    http: Http,
    address: String,
    /// The project's name, as the collector is told.
    project: String,
    resource: Resource,
}

impl Collector {
    fn new(address: &str, project: &Path, name: &str) -> Result<Self, String> {
        let resource = Resource(vec![
            ("service.name", "aiwg".to_owned()),
            ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
            ("service.instance.id", project.display().to_string()),
            ("aiwg.project", name.to_owned()),
        ]);
        Ok(Self {
            http: Http::without_token(address)?,
            address: address.to_owned(),
            project: name.to_owned(),
            resource,
        })
    }

    async fn post(&self, body: Vec<u8>, limit: Duration) -> Sent {
        let answer = match timeout(limit, self.http.post(PATH, MEDIA_TYPE, body)).await {
            Err(_) => return Sent::later(format!("it does not answer within {} s", limit.as_secs())),
            Ok(Err(failed)) => return Sent::later(failed.why),
            Ok(Ok(answer)) => answer,
        };
        match answer.status {
            200..300 => Sent::Taken { rejected: rejected(&answer.body) },
            // Those after which the protocol has a sender try again, and not before the time that they name.
            429 | 502 | 503 | 504 => {
                Sent::Later { why: format!("it answers with {}", answer.status), after: answer.retry_after }
            }
            status => Sent::Refused(format!("it answers with {status}")),
        }
    }

    /// Waits until the configuration names another collector, or the project otherwise.
    async fn is_replaced(&self, context: &Context) {
        let mut changes = context.settings.changes();
        loop {
            let is_other = context.settings.get().config.telemetry.otlp.as_ref() != Some(&self.address);
            if is_other || project_name(context) != self.project {
                return;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_that_lasts_is_an_issue_until_it_is_over() {
        let (export, health) = (TraceExport::default(), Health::default());
        export.note(&health, Some("it answers with 503".to_owned()));
        assert!(health.issues().is_empty(), "it may pass");
        if let Some(trouble) = export.trouble.lock().unwrap().as_mut() {
            trouble.since -= LASTING;
        }
        export.note(&health, Some("it answers with 500".to_owned()));
        let issues = health.issues();
        assert_eq!((issues.len(), issues[0].kind.as_str()), (1, "traces"));
        assert!(issues[0].message.contains("it answers with 500"), "{issues:?}");
        export.note(&health, None);
        assert!(health.issues().is_empty());
        export.note(&health, Some("again".to_owned()));
        assert!(health.issues().is_empty(), "a new one begins to count anew");
    }
}
