use aiwg_protocol::{
    ApiError,
    limits::EVENTS_LISTED,
    types::{
        Event, EventEmitParams, EventEmitted, EventListParams, EventSource, EventSubscribeParams,
        EventSubscribed, EventUnsubscribeParams, EventUnsubscribed,
    },
    wire::FREE_BYTES,
};

use super::check;
use crate::{
    engine::Draft,
    ipc::{LONG_ANSWER, connection::Handler},
    store::{EventFilter, From, PAGE_BYTES},
};

pub(crate) async fn event_emit(handler: &Handler, params: EventEmitParams) -> Result<EventEmitted, ApiError> {
    check::topic(&params.topic)?;
    let payload = params.payload.unwrap_or_default();
    check::payload("payload", &payload, &handler.daemon.settings.get().config.daemon)?;
    let cause = handler.cause();
    let draft = Draft { topic: params.topic, payload, source: EventSource::Client, cause, happened_at: None };
    handler.command(handler.daemon.engine.publish(draft)).await
}

pub(crate) async fn event_list(handler: &Handler, params: EventListParams) -> Result<Vec<Event>, ApiError> {
    let topics = check::globs(params.topics.as_deref())?;
    let limit = check::limit(params.limit, EVENTS_LISTED)?;
    let from = params.since.map_or(From::Before(u64::MAX), From::After);
    let brief = EventFilter { topics: topics.clone(), from, limit, bytes: FREE_BYTES };
    {
        let first = list(handler, brief).await?;
        if !first.is_cut {
            return Ok(first.events);
        }
    }
    // There is more than fits beside the memory that all connections share.
    let wanted = EventFilter { topics, from, limit, bytes: PAGE_BYTES };
    handler
        .long_answer(LONG_ANSWER, async {
            let all = list(handler, wanted).await?;
            Ok((all.events, all.bytes))
        })
        .await
}

/// Events in their order.
struct Listed {
    events: Vec<Event>,
    bytes: usize,
    /// Whether more were asked for and are there.
    is_cut: bool,
}

async fn list(handler: &Handler, mut filter: EventFilter) -> Result<Listed, ApiError> {
    let mut found = Listed { events: Vec::new(), bytes: 0, is_cut: false };
    let limit = filter.limit as usize;
    loop {
        let wanted = filter.clone();
        let page = handler.read(move |reader| reader.events(&wanted)).await?;
        let bytes: usize = page.events.iter().map(|event| event.payload.as_str().len()).sum();
        found.bytes += bytes;
        found.events.extend(page.events);
        found.is_cut = page.is_full;
        if page.is_last || page.is_full || found.events.len() >= limit {
            break;
        }
        filter.bytes = filter.bytes.saturating_sub(bytes);
        filter.limit = u32::try_from(limit - found.events.len()).unwrap_or(u32::MAX);
        filter.from = match filter.from {
            From::After(_) => From::After(page.scanned),
            From::Before(_) => From::Before(page.scanned),
        };
    }
    if matches!(filter.from, From::Before(_)) {
        found.events.reverse();
    }
    Ok(found)
}

pub(crate) async fn event_subscribe(
    handler: &Handler,
    params: EventSubscribeParams,
) -> Result<EventSubscribed, ApiError> {
    let topics = check::globs(params.topics.as_deref())?;
    handler.subscriptions.open(topics, params.since, handler.settled()).await
}

pub(crate) async fn event_unsubscribe(
    handler: &Handler,
    params: EventUnsubscribeParams,
) -> Result<EventUnsubscribed, ApiError> {
    Ok(EventUnsubscribed { unsubscribed: handler.subscriptions.close(params.subscription) })
}
