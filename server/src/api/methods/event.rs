use std::sync::Arc;

use aiwg_patterns::TopicFilter;
use aiwg_protocol::{
    ApiError,
    limits::EVENTS_LISTED,
    types::{
        Cause, Event, EventEmitParams, EventEmitted, EventListParams, EventSource, EventSubscribeParams,
        EventSubscribed, EventUnsubscribeParams, EventUnsubscribed,
    },
    wire::{FREE_BYTES, Room},
};
use aiwg_store::{EventFilter, From};

use super::check;
use crate::{
    api::{Handler, answer::Part, permit},
    context::Context,
    engine::NewEvent,
};

pub(crate) async fn event_emit(
    handler: &Handler,
    mut params: EventEmitParams,
) -> Result<EventEmitted, ApiError> {
    let key = handler.key_of_event(params.idempotency_key.take(), &params).map_err(|error| {
        // Params that cannot be compared with others cannot be read either.
        params.payload.as_ref().and_then(|payload| check::readable("payload", payload).err()).unwrap_or(error)
    })?;
    let event = match emitted(&handler.context, params, handler.cause()) {
        Ok(event) => event,
        Err(refusal) => return handler.refused(key, refusal).await,
    };
    handler.command(handler.context.engine.publish_from(event, handler.sender(), key)).await
}

/// The event that a client emits, once it is checked.
pub(crate) fn emitted(
    context: &Context,
    params: EventEmitParams,
    cause: Option<Cause>,
) -> Result<NewEvent, ApiError> {
    check::topic(&params.topic)?;
    if let Some(trace) = &params.traceparent {
        check::traceparent(trace)?;
    }
    let payload = params.payload.unwrap_or_default();
    let loaded = context.settings.get();
    check::payload("payload", &payload, &loaded.config.daemon)?;
    loaded.may_be_emitted(&params.topic, &payload)?;
    let EventEmitParams { topic, traceparent, .. } = params;
    Ok(NewEvent { topic, payload, source: EventSource::Client, cause, happened_at: None, traceparent })
}

pub(crate) async fn event_list(handler: &Handler, params: EventListParams) -> Result<Vec<Event>, ApiError> {
    let limit = check::limit(params.limit, EVENTS_LISTED)?;
    let from = params.since.map_or(From::Before(u64::MAX), From::After);
    let topics = params.topics.unwrap_or_default();
    // One at a time, in memory of its own: a client may ask with many patterns, many times.
    let _place = handler.matching.acquire().await;
    let (topics, _room) = filter(handler, topics).await?;
    handler.answer(|bytes| list(handler, EventFilter { topics: topics.clone(), from, limit, bytes })).await
}

/// The beginning of the topics of events that say what a person is asked for.
const APPROVALS: &str = "approval:";

/// The most memory that patterns take while they are compiled, in bytes, those included that turn out to be too much: measured with 100 of the
/// longest and worst.
const COMPILING: usize = 64 << 20;

/// Compiles the topics that a client gives, beside the connections where that takes long, and one at a time there. The memory is for the compiled
/// filter.
async fn filter(
    handler: &Handler,
    topics: Vec<String>,
) -> Result<(Option<Arc<TopicFilter>>, Option<Room>), ApiError> {
    let needed = TopicFilter::memory(&topics);
    let sees_approvals = permit::sees_approvals(handler);
    let compile = move || {
        let filter = check::globs(&topics)?;
        Ok::<_, ApiError>(match sees_approvals {
            true => filter.map(Arc::new),
            false => Some(Arc::new(filter.unwrap_or_else(TopicFilter::all).without(APPROVALS))),
        })
    };
    if needed <= FREE_BYTES {
        return Ok((compile()?, None));
    }
    let _turn = handler.api.compiling.acquire().await;
    let mut room = handler.api.memory.lines.take(COMPILING.max(needed)).await;
    let compiled = handler.apart(compile).await??;
    if let Some(room) = &mut room {
        room.shrink_to(needed);
    }
    Ok((compiled, room))
}

/// Reads on where a call has looked at as much as it may, so that a search through a long log blocks no other call.
async fn list(handler: &Handler, mut filter: EventFilter) -> Result<Part<Vec<Event>>, ApiError> {
    let mut found = Part::new(Vec::new(), false);
    let limit = filter.limit as usize;
    loop {
        let wanted = filter.clone();
        let read = handler.read(move |reader| {
            let page = reader.events(&wanted)?;
            let bytes: usize = page.events.iter().map(|event| event.payload.as_str().len()).sum();
            Ok((page.scanned, page.is_last || page.is_full, bytes, Part::new(page.events, page.is_full)))
        });
        let (scanned, is_over, bytes, part) = read.await?;
        found.extend(part);
        if is_over || found.len() >= limit {
            break;
        }
        filter.bytes = filter.bytes.saturating_sub(bytes);
        filter.limit = u32::try_from(limit - found.len()).unwrap_or(u32::MAX);
        filter.from = match filter.from {
            From::After(_) => From::After(scanned),
            From::Before(_) => From::Before(scanned),
        };
    }
    if matches!(filter.from, From::Before(_)) {
        found.reverse();
    }
    Ok(found)
}

pub(crate) async fn event_subscribe(
    handler: &Handler,
    params: EventSubscribeParams,
) -> Result<EventSubscribed, ApiError> {
    let topics = params.topics.unwrap_or_default();
    let opening =
        handler.subscriptions.begin(|bytes| handler.long_lived(bytes), TopicFilter::memory(&topics))?;
    let topics = async { Ok(filter(handler, topics).await?.0) };
    handler.subscriptions.open(opening, topics, params.since, handler.settled()).await
}

pub(crate) async fn event_unsubscribe(
    handler: &Handler,
    params: EventUnsubscribeParams,
) -> Result<EventUnsubscribed, ApiError> {
    Ok(EventUnsubscribed { unsubscribed: handler.subscriptions.close(params.subscription) })
}
