//! Requests, and what is answered to them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde_json::json;
use tokio::{sync::Semaphore, time::timeout};

use super::{Webhooks, deliver, plan::Source, rate::Rate};
use crate::{
    context::Context,
    webhooks::{Headers, Secret},
};

/// The longest time until a request's body is there.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The most KiB of bodies that are read, and held, at once: anyone can send some before it is known that nobody has signed them.
const MOST_KIB: u32 = 64 * 1024;

/// A form may take so many bytes for one of its payload.
const OF_FORM: usize = 3;

/// What all requests share.
#[derive(Clone)]
struct Shared(Arc<Parts>);

struct Parts {
    webhooks: Arc<Webhooks>,
    context: Arc<Context>,
    rate: Rate,
    /// A permit for each KiB of bodies.
    bodies: Semaphore,
}

/// Answers every request.
pub(super) fn router(webhooks: Arc<Webhooks>, context: Arc<Context>) -> Router {
    let parts = Parts { webhooks, context, rate: Rate::new(), bodies: Semaphore::new(MOST_KIB as usize) };
    Router::new().fallback(answer).with_state(Shared(Arc::new(parts)))
}

/// A request that is not taken in: the status, and the reason for the sender.
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl Refused {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self(status, why.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, why) = self;
        let mut response = json_of(status, &json!({ "error": why }));
        let headers = response.headers_mut();
        match status {
            StatusCode::METHOD_NOT_ALLOWED => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
            StatusCode::TOO_MANY_REQUESTS => drop(headers.insert(RETRY_AFTER, HeaderValue::from_static("1"))),
            StatusCode::SERVICE_UNAVAILABLE => {
                drop(headers.insert(RETRY_AFTER, HeaderValue::from_static("30")))
            }
            _ => {}
        }
        response
    }
}

/// The answer to a delivery.
pub(super) enum Answered {
    /// Its event is committed, with this number.
    Event(u64),
    /// To a question whether anyone is there.
    Pong,
    /// The words that were asked for.
    Challenge(String),
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        match self {
            Self::Event(seq) => json_of(StatusCode::OK, &json!({ "seq": seq })),
            Self::Pong => json_of(StatusCode::OK, &json!({ "pong": true })),
            Self::Challenge(words) => {
                ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (NO_SNIFF, "nosniff")], words).into_response()
            }
        }
    }
}

/// The header that keeps a browser from taking words for a page.
const NO_SNIFF: axum::http::HeaderName = axum::http::header::X_CONTENT_TYPE_OPTIONS;

fn json_of(status: StatusCode, value: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

impl Headers for HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        HeaderMap::get(self, name)?.to_str().ok()
    }
}

async fn answer(State(Shared(parts)): State<Shared>, request: Request) -> Response {
    let Some(plan) = parts.webhooks.plan() else {
        return Refused::new(StatusCode::SERVICE_UNAVAILABLE, "no webhooks are taken in").into_response();
    };
    if !parts.rate.lets_through(plan.max_requests_per_second, Instant::now()) {
        return Refused::new(StatusCode::TOO_MANY_REQUESTS, "too many requests in this second")
            .into_response();
    }
    let Some(source) = plan.sources.get(request.uri().path()) else {
        return no_webhook().into_response();
    };
    let answered = async {
        if request.method() != Method::POST {
            return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "a webhook is sent with POST"));
        }
        if !source.is_signed() && is_of_page(request.headers()) {
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "a page in a browser may not send to a webhook without a secret",
            ));
        }
        secret_of(source)?;
        let (head, body) = request.into_parts();
        let is_form = head
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|media| media.as_bytes().starts_with(b"application/x-www-form"));
        let most = deliver::longest(&parts.context).saturating_mul(if is_form { OF_FORM } else { 1 });
        let declared = Headers::get(&head.headers, CONTENT_LENGTH.as_str())
            .and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > most) {
            return Err(too_large(most));
        }
        // Held until the event is made of it.
        let _room = parts.bodies.acquire_many(room_for(declared.unwrap_or(most))).await;
        let body = timeout(BODY_WITHIN, read(body, declared.unwrap_or_default(), most));
        let late = |_| Refused::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
        let body = body.await.map_err(late)??;
        // What a reload has said meanwhile counts: a secret may have been revoked.
        let plan = parts.webhooks.plan();
        let source = plan.as_deref().and_then(|plan| plan.sources.get(head.uri.path()));
        let source = source.ok_or_else(no_webhook)?;
        deliver::deliver(&parts.context, (source, secret_of(source)?), head.headers, body).await
    };
    let answered = answered.await;
    source.note(answered.is_ok());
    answered.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

fn no_webhook() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "there is no such webhook")
}

fn secret_of(source: &Source) -> Result<&Option<Secret>, Refused> {
    let secret = source.secret.as_ref();
    secret.map_err(|_| Refused::new(StatusCode::SERVICE_UNAVAILABLE, "this webhook is not set up"))
}

/// True if a page in a browser has sent a request: each POST of one says so, also where the page's name is made to mean this machine
/// (<https://fetch.spec.whatwg.org/#origin-header>, <https://www.w3.org/TR/fetch-metadata/>).
fn is_of_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// The KiB that a body of so many bytes takes: a large one has all of them, and is alone then.
fn room_for(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).clamp(1, MOST_KIB)
}

fn too_large(most: usize) -> Refused {
    Refused::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body has more than {most} bytes, which is the limit"),
    )
}

/// All of a body.
async fn read(body: Body, declared: usize, most: usize) -> Result<Bytes, Refused> {
    let mut parts = body.into_data_stream();
    let mut all = Vec::with_capacity(declared.min(most));
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Refused::new(StatusCode::BAD_REQUEST, "the body breaks off"))?;
        if all.len() + part.len() > most {
            return Err(too_large(most));
        }
        all.extend_from_slice(&part);
    }
    Ok(all.into())
}
