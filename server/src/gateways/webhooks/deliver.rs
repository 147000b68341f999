//! A request's way to an event.

use std::sync::Arc;

use aiwg_model::CallKey;
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{EventEmitParams, EventEmitted, EventSource, Timestamp},
};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
};
use tokio::sync::Semaphore;

use super::{
    answer::{Answered, Refused},
    plan::Source,
};
use crate::{
    api::{Caller, calling_agent, emitted},
    context::Context,
    webhooks::{Delivery, Secret, Unreadable, is_signed, read},
};

/// The length from which a body is examined beside the connections, in bytes: hashing it takes its time.
const LONG: usize = 32 * 1024;

/// The number of such bodies that are examined at once.
static EXAMINING: Semaphore = Semaphore::const_new(2);

/// The longest body, in bytes.
pub(super) fn longest(context: &Context) -> usize {
    let kib = context.settings.get().config.daemon.max_payload_kb;
    usize::try_from(kib).unwrap_or(usize::MAX).saturating_mul(1024)
}

/// What a request that is signed as it must be asks for.
enum Asked {
    Answer(Answered),
    Emit { params: EventEmitParams, key: Option<CallKey> },
}

/// Takes in a request, and answers it once its event is committed.
pub(super) async fn deliver(
    context: &Arc<Context>,
    (source, secret): (&Arc<Source>, &Option<Secret>),
    headers: HeaderMap,
    body: Bytes,
) -> Result<Answered, Refused> {
    let examined = if body.len() <= LONG {
        examine(source, secret.as_ref(), &headers, &body)
    } else {
        let _turn = EXAMINING.acquire().await;
        let (source, secret) = (Arc::clone(source), secret.clone());
        let examined =
            tokio::task::spawn_blocking(move || examine(&source, secret.as_ref(), &headers, &body));
        examined.await.unwrap_or_else(|_| Err(unforeseen()))
    };
    match examined? {
        Asked::Answer(answer) => Ok(answer),
        Asked::Emit { params, key } => {
            let emitted = emit(context, source, params, key).await;
            emitted.map(|emitted| Answered::Event(emitted.seq)).map_err(refused)
        }
    }
}

/// What no event can hold. Where in the body that is, the error does not say: it is of a text that the daemon has made of it.
fn not_storable() -> Refused {
    Refused::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "the body cannot be stored as an event: a member stands twice, or there is half a surrogate pair, a number beyond a double's range, or \
         more than 120 levels",
    )
}

fn unforeseen() -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "this was not foreseen: the daemon's log says more")
}

/// Checks a request, and reads it.
fn examine(
    source: &Source,
    secret: Option<&Secret>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Asked, Refused> {
    let kind = source.source.kind;
    let now = u64::try_from(Timestamp::now().as_millis() / 1000).unwrap_or_default();
    if secret.is_some_and(|secret| !is_signed(kind, secret, headers, body, now)) {
        // Without saying what is wrong with it.
        return Err(Refused::new(StatusCode::UNAUTHORIZED, "the request is not signed as it must be"));
    }
    let delivery = read(kind, headers, body).map_err(|why| match why {
        Unreadable::MediaType => Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_string()),
        Unreadable::Body => Refused::new(StatusCode::BAD_REQUEST, why.to_string()),
    })?;
    let (event, action, id, payload) = match delivery {
        Delivery::Ping => return Ok(Asked::Answer(Answered::Pong)),
        Delivery::Challenge(words) => return Ok(Asked::Answer(Answered::Challenge(words))),
        Delivery::Event { event, action, id, payload } => (event, action, id, payload),
    };
    // The keys of each sender are its own. A delivery is what was sent: the topic is ours, and may have changed since.
    let owner = format!("webhook:{}", source.path());
    let key = id.map(|id| CallKey::of_event(&owner, &id, "", Some(&payload))).transpose();
    let key = key.map_err(|_| not_storable())?;
    let topic = source.template.topic(event.as_deref(), action.as_deref());
    let params = EventEmitParams { topic, payload: Some(payload), ..EventEmitParams::default() };
    Ok(Asked::Emit { params, key })
}

async fn emit(
    context: &Arc<Context>,
    source: &Source,
    params: EventEmitParams,
    key: Option<CallKey>,
) -> Result<EventEmitted, ApiError> {
    let cause = match source.is_signed() {
        true => None,
        // It may come from an agent, as anything on this machine: that must not begin a new chain, which nothing would end.
        false => calling_agent(Caller::Gone, context).await.map(|agent| agent.cause),
    };
    let event = match emitted(context, params, cause) {
        Ok(event) => event,
        Err(refusal) => {
            // What has taken effect is not denied because the configuration has changed since.
            let Some(key) = key else { return Err(refusal) };
            let earlier = context.engine.earlier(key).await?;
            return earlier.and_then(|answer| answer.to().ok()).ok_or(refusal);
        }
    };
    let event = crate::engine::NewEvent { source: EventSource::Webhook, ..event };
    Ok(context.engine.publish_from(event, Some(Arc::clone(&source.sender)), key).await?)
}

/// The status of an error of the API.
fn refused(error: ApiError) -> Refused {
    let kind = error.kind().unwrap_or(ErrorKind::InternalError);
    let status = match kind {
        ErrorKind::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::InvalidParams => return not_storable(),
        ErrorKind::InvalidPayload | ErrorKind::UnknownTopic | ErrorKind::TopicReserved => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorKind::IdempotencyConflict => {
            return Refused::new(
                StatusCode::CONFLICT,
                "the id of this delivery stands for another one already",
            );
        }
        kind if kind.retryable() => StatusCode::SERVICE_UNAVAILABLE,
        _ => {
            tracing::warn!(%error, "a webhook could not be taken in");
            return unforeseen();
        }
    };
    Refused::new(status, error.message)
}
