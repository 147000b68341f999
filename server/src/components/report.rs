//! The built-in action `report`: publishes in short what `aiwg report` shows, as an event of which a notice can be sent.

use std::{collections::HashMap, sync::Arc};

use aiwg_model::Cursor;
use aiwg_protocol::types::{EventSource, Json, Report, ReportEvent, ReportedTask, Timestamp, Waiting};
use aiwg_store::{PAGE_BYTES, Reader};
use futures::future::BoxFuture;

use crate::{
    component::{Component, Duty},
    context::Context,
    engine::{NewEvent, Publication},
    health::IssueKind,
    rules::BuiltIn,
};

/// A report could not be made.
const REPORT_ISSUE: IssueKind = IssueKind::named("report");

/// The topic of reports.
const TOPIC: &str = "daemon:report";

/// The source of the cursors with the moment up to which each job has reported.
const SOURCE: &str = "report";

/// The time that a report is about, unless it says otherwise, in milliseconds: a day.
const USUAL_MS: i64 = 24 * 3_600_000;

/// The time after which it is forgotten up to when a job has reported, in milliseconds: two years.
const FORGOTTEN_MS: u64 = 2 * 365 * 24 * 3_600_000;

/// Maximum number of tasks of each kind, and of rules, in an event.
const MOST: usize = 10;

/// The most of a prompt, and of an error, in an event, in characters.
const CHARS: usize = 200;

/// Makes the report of the time between two moments, of a page of so many bytes.
type Make = fn(&Context, &dyn Reader, (Timestamp, Timestamp), usize) -> aiwg_store::Result<Report>;

/// Carries out the action `report`.
pub(crate) struct Reporter {
    /// Makes the report, as for `report.get`.
    pub(crate) make: Make,
}

/// The moment from which on a report is, unless it says otherwise.
pub(crate) fn usual_since(until: Timestamp) -> Timestamp {
    Timestamp::from_millis(until.as_millis().saturating_sub(USUAL_MS))
}

impl Component for Reporter {
    fn name(&self) -> &'static str {
        "the report"
    }

    fn carry_out<'a>(&'a self, duty: &'a Duty, context: &'a Arc<Context>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if duty.action != BuiltIn::Report {
                return;
            }
            match self.publish(duty, context).await {
                Ok(()) => context.health.clear(REPORT_ISSUE),
                Err(error) => {
                    let why = format!(
                        "the report of the job {:?} could not be made: {error}; its next one covers that time too",
                        duty.job
                    );
                    tracing::warn!("{why}");
                    context.health.report(REPORT_ISSUE, why);
                }
            }
            context.status_changed.notify_one();
        })
    }
}

impl Reporter {
    /// Publishes the report since the job has reported before. One that someone has asked for by hand moves nothing: the next one by
    /// schedule leaves nothing out.
    async fn publish(&self, duty: &Duty, context: &Arc<Context>) -> Result<(), String> {
        let reported = context.engine.cursors(SOURCE).await.map_err(|error| error.to_string())?;
        let until = context.engine.now();
        let since = since(&reported, &duty.job, until);
        let (make, asked) = (self.make, Arc::clone(context));
        let report = context.read(move |reader| make(&asked, reader, (since, until), PAGE_BYTES)).await;
        let event = shortened(&duty.job, report.map_err(|error| error.message)?);
        let event = NewEvent {
            topic: TOPIC.to_owned(),
            payload: Json::new(&event).unwrap_or_default(),
            source: EventSource::Daemon,
            cause: duty.cause.clone(),
            happened_at: None,
            traceparent: None,
        };
        let forgotten = Some(until.after_ms(FORGOTTEN_MS));
        let reported = Cursor { until: forgotten, ..Cursor::moved(SOURCE, &duty.job, until.to_string()) };
        let reported = (!duty.is_manual).then_some(reported);
        let cursors = reported.into_iter().chain(duty.settled.clone()).collect();
        let publication = Publication { events: vec![event], cursors, ..Publication::default() };
        context.engine.publish_all(publication).await.map(drop).map_err(|error| error.to_string())
    }
}

/// The moment up to which a job has reported; the usual one if it has not, or if the clock was set back since.
fn since(reported: &HashMap<String, String>, job: &str, until: Timestamp) -> Timestamp {
    let before = reported.get(job).and_then(|at| at.parse().ok()).filter(|at| *at < until);
    before.unwrap_or_else(|| usual_since(until))
}

fn shortened(job: &str, report: Report) -> ReportEvent {
    let count = |tasks: usize| u64::try_from(tasks).unwrap_or(u64::MAX);
    let first = |text: String| text.chars().take(CHARS).collect::<String>();
    let brief = |task: ReportedTask| ReportedTask {
        prompt: first(task.prompt),
        error: task.error.map(first),
        ..task
    };
    let mut waits: Vec<_> = report.waiting.iter().filter(|task| task.waiting.is_some()).cloned().collect();
    // Nothing comes of these without a person.
    waits.sort_by_key(|task| {
        !matches!(task.waiting, Some(Waiting::Approval | Waiting::Hold | Waiting::Taken))
    });
    ReportEvent {
        job: job.to_owned(),
        since: report.since,
        until: report.until,
        summary: report.summary(),
        completed: count(report.completed.len()),
        verified: count(report.verified()),
        failed: count(report.failed.len()),
        cancelled: count(report.cancelled.len()),
        running: count(report.running.len()),
        waiting: count(report.waiting.len()),
        cost_usd: report.cost_usd,
        reasons: report.reasons,
        failures: report.failed.into_iter().take(MOST).map(brief).collect(),
        waits: waits.into_iter().take(MOST).map(brief).collect(),
        tripped: report.tripped.into_iter().take(MOST).collect(),
        is_cut: report.is_cut,
    }
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::TaskState;

    use super::*;

    fn task(waiting: Option<Waiting>) -> ReportedTask {
        ReportedTask {
            id: "task-0001".to_owned(),
            prompt: "\u{1d11e}".repeat(200),
            rule: Some("r".repeat(200)),
            state: TaskState::Failed,
            reason: Some("failed".to_owned()),
            error: Some("\u{1d11e}".repeat(500)),
            verified: None,
            cost_usd: Some(0.5),
            started_at: None,
            completed_at: None,
            waiting,
            waiting_until: None,
        }
    }

    #[test]
    fn an_event_has_room_for_any_report_and_shows_first_what_waits_for_a_person() {
        let mut report = Report {
            failed: vec![task(None); 1000],
            waiting: vec![task(Some(Waiting::Budget)); 1000],
            ..Report::default()
        };
        report.waiting.push(task(Some(Waiting::Approval)));
        report.waiting.push(task(None));
        let event = shortened("morning", report);
        assert_eq!((event.failed, event.failures.len()), (1000, MOST));
        assert_eq!((event.waiting, event.waits.len()), (1002, MOST));
        assert_eq!(event.waits[0].waiting, Some(Waiting::Approval));
        assert!(Json::new(&event).unwrap().as_str().len() < 48 * 1024);
    }

    #[test]
    fn a_report_begins_where_the_job_has_reported_before() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let until = at("2026-11-30T08:00:00Z");
        let since =
            |reported: &str| since(&HashMap::from([("j".to_owned(), reported.to_owned())]), "j", until);
        assert_eq!(since("2026-11-27T08:00:00Z"), at("2026-11-27T08:00:00Z"));
        for unusable in ["", "2026-12-24T08:00:00Z"] {
            assert_eq!(since(unusable), at("2026-11-29T08:00:00Z"), "{unusable}");
        }
    }
}
