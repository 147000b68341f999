use aiwg_protocol::{
    ApiError,
    types::{Event, EventEmitParams, EventEmitted, EventListParams, EventSource},
};

use super::check;
use crate::{engine::Draft, ipc::connection::Handler, store::EventFilter};

/// How many events a list holds unless asked for otherwise.
const LISTED: u32 = 100;

pub(crate) async fn event_emit(handler: &Handler, params: EventEmitParams) -> Result<EventEmitted, ApiError> {
    check::topic(&params.topic)?;
    let payload = params.payload.unwrap_or_default();
    check::depth("payload", &payload)?;
    let cause = handler.origin.as_ref().map(|origin| origin.cause.clone());
    let draft = Draft { topic: params.topic, payload, source: EventSource::Client, cause };
    Ok(handler.daemon.engine.publish(draft).await?)
}

pub(crate) async fn event_list(handler: &Handler, params: EventListParams) -> Result<Vec<Event>, ApiError> {
    let filter = EventFilter {
        topics: check::globs(params.topics.as_deref())?,
        since: params.since,
        limit: check::limit(params.limit, LISTED)?,
    };
    handler.daemon.read(move |reader| reader.events(&filter)).await
}
