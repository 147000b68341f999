use aiwg_protocol::{
    ApiError,
    limits::EVENTS_LISTED,
    types::{
        Event, EventEmitParams, EventEmitted, EventListParams, EventSource, EventSubscribeParams,
        EventSubscribed, EventUnsubscribeParams, EventUnsubscribed,
    },
};

use super::check;
use crate::{
    engine::Draft,
    ipc::connection::Handler,
    store::{EventFilter, From},
};

pub(crate) async fn event_emit(handler: &Handler, params: EventEmitParams) -> Result<EventEmitted, ApiError> {
    check::topic(&params.topic)?;
    let payload = params.payload.unwrap_or_default();
    check::readable("payload", &payload)?;
    let cause = handler.cause();
    let draft = Draft { topic: params.topic, payload, source: EventSource::Client, cause, happened_at: None };
    Ok(handler.daemon.engine.publish(draft).await?)
}

pub(crate) async fn event_list(handler: &Handler, params: EventListParams) -> Result<Vec<Event>, ApiError> {
    let topics = check::globs(params.topics.as_deref())?;
    let limit = check::limit(params.limit, EVENTS_LISTED)?;
    let mut from = params.since.map_or(From::Before(u64::MAX), From::After);
    let mut found: Vec<Event> = Vec::new();
    loop {
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        let filter = EventFilter { topics: topics.clone(), from, limit: left };
        let page = handler.daemon.read(move |reader| reader.events(&filter)).await?;
        found.extend(page.events);
        if page.is_last || page.is_full || found.len() >= limit as usize {
            break;
        }
        from = match from {
            From::After(_) => From::After(page.scanned),
            From::Before(_) => From::Before(page.scanned),
        };
    }
    if matches!(from, From::Before(_)) {
        found.reverse();
    }
    Ok(found)
}

pub(crate) async fn event_subscribe(
    handler: &Handler,
    params: EventSubscribeParams,
) -> Result<EventSubscribed, ApiError> {
    handler.subscriptions.open(check::globs(params.topics.as_deref())?, params.since)
}

pub(crate) async fn event_unsubscribe(
    handler: &Handler,
    params: EventUnsubscribeParams,
) -> Result<EventUnsubscribed, ApiError> {
    Ok(EventUnsubscribed { unsubscribed: handler.subscriptions.close(params.subscription) })
}
