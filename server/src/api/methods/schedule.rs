use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{NoParams, ScheduleRun, ScheduleRunParams, ScheduledJob, Timestamp},
};

use super::check;
use crate::{
    api::Handler,
    components::scheduler::{Manual, Scheduled, carry_out_by_hand, event_of, fired, scheduled, zone},
    config::{Loaded, nearest},
    engine::similar,
};

/// About how long a job is in a list, without its names, in bytes.
const JOB_BYTES: usize = 300;

pub(crate) async fn schedule_list(handler: &Handler, _: NoParams) -> Result<Vec<ScheduledJob>, ApiError> {
    let config = &handler.context.settings.get().config;
    let fired = handler.read(fired).await?;
    let zone = zone(config).unwrap_or(jiff::tz::TimeZone::UTC);
    let now = jiff::Timestamp::now();
    let jobs = scheduled(config);
    let bytes = jobs.iter().map(|job| JOB_BYTES + job.name.len() + job.topic.len()).sum();
    let row = |job: Scheduled| ScheduledJob {
        last_at: fired.get(&job.name).copied(),
        next_at: job
            .is_on
            .then(|| job.schedule.next_after(now, &zone))
            .flatten()
            .map(|next| Timestamp::from_millis(next.as_millisecond())),
        timezone: zone.iana_name().map(str::to_owned),
        name: job.name,
        topic: job.topic,
        cron: job.cron,
        action: job.action,
        catch_up: job.catch_up,
    };
    handler.answer_of(bytes, || jobs.clone().into_iter().map(row).collect()).await
}

pub(crate) async fn schedule_run(
    handler: &Handler,
    params: ScheduleRunParams,
) -> Result<ScheduleRun, ApiError> {
    check::name("job", &params.job)?;
    let job = job(&handler.context.settings.get(), &params.job)?;
    let by = Manual { cause: handler.cause() };
    let event = event_of(&job, Timestamp::now(), false, Some(by.clone()));
    let emitted = handler.command(handler.context.engine.publish_from(event, handler.sender(), None)).await?;
    carry_out_by_hand(&handler.context, &handler.api.components, &job, by).await;
    Ok(ScheduleRun { seq: emitted.seq, rules: emitted.rules })
}

/// The job of this name, or the rule.
pub(super) fn job(loaded: &Loaded, name: &str) -> Result<Scheduled, ApiError> {
    let mut jobs = scheduled(&loaded.config);
    if let Some(at) = jobs.iter().position(|job| job.name == name) {
        return Ok(jobs.swap_remove(at));
    }
    let known: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    let near = nearest(name, &known);
    let message = format!("there is no schedule job {name:?}; {}", similar(near, "aiwg schedule list"));
    Err(ApiError::new(ErrorKind::JobNotFound, message))
}
