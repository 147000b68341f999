//! The source of `schedule:*` events: when a schedule's time has come, it reports that to the engine.

mod check;
mod jobs;
mod ledger;
mod owed;

use std::{cell::LazyCell, sync::Arc, time::Duration};

use aiwg_model::Cursor;
use aiwg_protocol::{
    config::Config,
    types::{Cause, EventSource, Json, ScheduleEvent, SchedulerSubsystem, Subsystems, Timestamp},
};
use aiwg_schedule::{Alarm, Due, Job, Planner};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use tokio::time::sleep;

use crate::{
    component::{Component, Components, Duty},
    context::Context,
    engine::{EngineError, NewEvent, Publication},
};
pub(crate) use check::ScheduleCheck;
pub(crate) use jobs::{Scheduled, scheduled, zone};
pub(crate) use ledger::fired;
use ledger::{Ledger, SOURCE};

/// The time before the engine is asked again to store what it could not.
const RETRY: Duration = Duration::from_secs(1);

/// The source of `schedule:*` events, as a part of the daemon.
pub(crate) struct Scheduler {
    /// The components that carry out the actions of jobs.
    pub(crate) components: Components,
}

impl Component for Scheduler {
    fn name(&self) -> &'static str {
        "the scheduler"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move { fire_schedules(&context, &self.components).await })
    }

    fn status(&self, context: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        into.scheduler = status(&context.settings.get().config);
        Ok(())
    }
}

fn status(config: &Config) -> SchedulerSubsystem {
    // The system's time zones are read only where there is a schedule.
    let zone = LazyCell::new(|| zone(config).unwrap_or(TimeZone::UTC));
    let now = jiff::Timestamp::now();
    let jobs = scheduled(config);
    let next =
        jobs.iter().filter(|job| job.is_on).filter_map(|job| job.schedule.next_after(now, &zone)).min();
    SchedulerSubsystem {
        enabled: jobs.iter().any(|job| job.is_on),
        jobs: u32::try_from(jobs.len()).unwrap_or(u32::MAX),
        next_at: next.map(timestamp),
    }
}

/// Fires schedules until the daemon has stopped. A reload puts others in force.
async fn fire_schedules(context: &Arc<Context>, components: &Components) {
    let mut changes = context.settings.changes();
    while !context.stopped.is_cancelled() {
        let loaded = changes.borrow_and_update().clone();
        let until_changed = async {
            // An error means that nothing can change it any more.
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = fire(context, components, &loaded.config) => {}
            () = until_changed => {}
            () = context.stopped.cancelled() => return,
        }
    }
}

/// Fires those of one configuration, for as long as the daemon takes events.
async fn fire(context: &Arc<Context>, components: &Components, config: &Config) {
    let jobs: Vec<Scheduled> = scheduled(config).into_iter().filter(|job| job.is_on).collect();
    let Some(mut ledger) = know(context, &jobs, config).await else { return };
    if make_up(context, components, &jobs).await.is_none() {
        return;
    }
    if jobs.is_empty() {
        return std::future::pending().await;
    }
    let mut planner = planner(context, &jobs, &ledger, zone(config).unwrap_or(TimeZone::UTC));
    let mut alarm = match Alarm::new() {
        Ok(alarm) => alarm,
        Err(error) => {
            tracing::error!(%error, "no timer could be created, so no schedule fires; trying again");
            return sleep(RETRY).await;
        }
    };
    loop {
        if let Err(error) = alarm.until(planner.next_wake().map(|wake| here(context, wake))).await {
            tracing::error!(%error, "the timer failed; starting it again");
            return sleep(RETRY).await;
        }
        let Due { firings, missed } = planner.fire(now(context));
        for missed in missed {
            tracing::warn!(
                target: "automation", job = missed.job, at = %missed.at,
                "a schedule's time was missed by {:#}; `catch_up` would make up for it",
                jiff::SignedDuration::from_secs(missed.late.as_secs())
            );
            if settle(context, &mut ledger, &missed.job, timestamp(missed.at), None, None).await.is_none() {
                return;
            }
        }
        for firing in firings {
            let Some(job) = jobs.iter().find(|job| job.name == firing.job) else { continue };
            let at = timestamp(firing.at);
            let event = event_of(job, at, firing.caught_up, None);
            let owes = job.built_in.map(|_| owed::owed(&job.name, at));
            let settled = settle(context, &mut ledger, &job.name, at, Some(event), owes).await;
            let Some(fires) = settled else { return };
            if fires {
                tracing::info!(
                    target: "automation", job = job.name, at = %firing.at, caught_up = firing.caught_up,
                    "a schedule fires"
                );
                carry_out(context, components, job, at.to_string()).await;
            }
        }
    }
}

/// Stores which schedules there are. None when the daemon stops.
async fn know(context: &Context, jobs: &[Scheduled], config: &Config) -> Option<Ledger> {
    let zone = config.schedule.timezone.as_deref().unwrap_or("local");
    let times = |job: &Scheduled| (job.name.clone(), format!("{} {zone}", job.cron));
    let jobs: Vec<_> = jobs.iter().map(times).collect();
    loop {
        let mut ledger = Ledger::of(retried(context, || context.engine.cursors(SOURCE)).await?);
        let cursors = ledger.known(&jobs, context.engine.now());
        if publish(context, None, cursors.clone()).await? {
            cursors.into_iter().for_each(|cursor| ledger.moved(cursor));
            return Some(ledger);
        }
    }
}

/// Carries out the built-in actions that firings owe: the daemon was killed in between, or they failed. None when the daemon stops.
async fn make_up(context: &Arc<Context>, components: &Components, jobs: &[Scheduled]) -> Option<()> {
    for (name, at) in retried(context, || context.engine.cursors(owed::SOURCE)).await? {
        if let Some(job) = jobs.iter().find(|job| job.name == name && job.built_in.is_some()) {
            tracing::info!(target: "automation", job = name, at, "what a schedule owes since it fired is made up for");
            carry_out(context, components, job, at).await;
        } else {
            // Nobody wants it any more.
            publish(context, None, vec![owed::settled(&name, at)]).await?;
        }
    }
    Some(())
}

/// A schedule is dealt with up to this time, with its event if it fires, and with the cursor of what that owes. False if it has been already; none when the daemon stops, or where
/// someone else has dealt with it, so that it has to be looked at again.
async fn settle(
    context: &Context,
    ledger: &mut Ledger,
    job: &str,
    at: Timestamp,
    event: Option<NewEvent>,
    owes: Option<Cursor>,
) -> Option<bool> {
    let Some(cursor) = ledger.settle(job, at, context.engine.now(), event.is_some()) else {
        return Some(false);
    };
    if !publish(context, event, owes.into_iter().chain([cursor.clone()]).collect()).await? {
        return None;
    }
    ledger.moved(cursor);
    Some(true)
}

/// Publishes an event, and moves cursors with it; false if one is not where it must be. None when the daemon stops.
async fn publish(context: &Context, event: Option<NewEvent>, cursors: Vec<Cursor>) -> Option<bool> {
    let publication = Publication { events: event.into_iter().collect(), cursors, ..Publication::default() };
    retried(context, || context.engine.publish_all(publication.clone())).await
}

/// The time by the store's clock, that of all hosts: each fires a schedule at one moment.
fn now(context: &Context) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(context.engine.now().as_millis())
        .unwrap_or_else(|_| jiff::Timestamp::now())
}

/// A time of the store's clock by that of this machine.
fn here(context: &Context, at: jiff::Timestamp) -> jiff::Timestamp {
    if context.store.is_none() {
        return at;
    }
    let ahead = now(context).duration_since(jiff::Timestamp::now());
    at.checked_sub(ahead).unwrap_or(at)
}

fn planner(context: &Context, jobs: &[Scheduled], ledger: &Ledger, zone: TimeZone) -> Planner {
    let job = |job: &Scheduled| Job {
        name: job.name.clone(),
        schedule: job.schedule.clone(),
        catch_up: job.catch_up,
        last: ledger.last(&job.name).and_then(|at| jiff::Timestamp::from_millisecond(at.as_millis()).ok()),
    };
    Planner::new(jobs.iter().map(job).collect(), zone, now(context))
}

/// Carries out a job's built-in action, if it has one, which it owes since it has fired for this time.
async fn carry_out(context: &Arc<Context>, components: &Components, job: &Scheduled, at: String) {
    if let Some(action) = job.built_in {
        let settled = Some(owed::settled(&job.name, at));
        let duty = Duty { action, job: job.name.clone(), is_manual: false, cause: None, settled };
        components.carry_out(&duty, context).await;
    }
}

/// The same because of a run by hand.
pub(crate) async fn carry_out_by_hand(
    context: &Arc<Context>,
    components: &Components,
    job: &Scheduled,
    Manual { cause }: Manual,
) {
    if let Some(action) = job.built_in {
        let duty = Duty { action, job: job.name.clone(), is_manual: true, cause, settled: None };
        components.carry_out(&duty, context).await;
    }
}

/// The event of a job that fires for this time; with `by`, because of a run by hand.
pub(crate) fn event_of(job: &Scheduled, at: Timestamp, caught_up: bool, by: Option<Manual>) -> NewEvent {
    let payload = ScheduleEvent { job: job.name.clone(), at, caught_up, manual: by.is_some() };
    NewEvent {
        topic: job.topic.clone(),
        payload: Json::new(&payload).unwrap_or_default(),
        source: EventSource::Scheduler,
        cause: by.and_then(|Manual { cause }| cause),
        happened_at: None,
        traceparent: None,
    }
}

/// A run of a job by hand.
#[derive(Debug, Clone)]
pub(crate) struct Manual {
    /// The task whose agent asks for it, if an agent does.
    pub(crate) cause: Option<Cause>,
}

fn timestamp(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millisecond())
}

/// Asks the engine again and again, until it has stored it. None when the daemon stops.
async fn retried<T, F: Future<Output = Result<T, EngineError>>>(
    context: &Context,
    ask: impl Fn() -> F,
) -> Option<T> {
    while !context.stopped.is_cancelled() {
        match ask().await {
            Ok(done) => return Some(done),
            Err(EngineError::Closing) => {
                context.stopped.cancelled().await;
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "a schedule could not be stored; trying again");
                sleep(RETRY).await;
            }
        }
    }
    None
}
