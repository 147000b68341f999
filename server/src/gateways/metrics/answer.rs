//! Requests for the metrics, and what is answered to them.

use std::{net::IpAddr, sync::Arc};

use aiwg_protocol::types::MetricsFormat;
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST, RETRY_AFTER},
        request,
    },
    response::{IntoResponse, Response},
};
use tokio::sync::Semaphore;

use crate::{component::Components, components::telemetry::metrics, context::Context};

/// What all requests share.
#[derive(Clone)]
struct Shared(Arc<Parts>);

struct Parts {
    context: Arc<Context>,
    components: Components,
    /// True if only this machine reaches the address.
    is_local: bool,
    /// Held by the one answer that is in the making.
    making: Semaphore,
}

/// Answers every request.
pub(super) fn router(context: Arc<Context>, components: Components, is_local: bool) -> Router {
    let parts = Parts { context, components, is_local, making: Semaphore::new(1) };
    Router::new().fallback(answer).with_state(Shared(Arc::new(parts)))
}

async fn answer(State(Shared(parts)): State<Shared>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let mut response = answered(&parts, &head).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if head.method == Method::HEAD {
        // That of what a GET is answered.
        if let Some(length) = response.body().size_hint().exact() {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        *response.body_mut() = Body::empty();
    }
    response
}

async fn answered(parts: &Parts, head: &request::Parts) -> Response {
    if parts.is_local && !is_meant(&head.headers) {
        return refused(StatusCode::MISDIRECTED_REQUEST, "call it by its address, or as localhost");
    }
    if head.uri.path() != "/metrics" {
        return refused(StatusCode::NOT_FOUND, "the metrics are at /metrics");
    }
    if ![Method::GET, Method::HEAD].contains(&head.method) {
        let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, "the metrics are only read");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let format = format_of(&head.headers);
    let _one = parts.making.acquire().await;
    match metrics(&parts.context, &parts.components, format).await {
        Ok(made) => ([(CONTENT_TYPE, made.content_type)], made.text).into_response(),
        Err(error) => {
            let mut response = refused(StatusCode::SERVICE_UNAVAILABLE, &error.message);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("15"));
            response
        }
    }
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{why}\n")).into_response()
}

/// OpenMetrics where that is named, and not wanted less than the text format.
fn format_of(headers: &HeaderMap) -> MetricsFormat {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let wanted: Vec<(String, f64)> = accepted.flat_map(|text| text.split(',')).map(wish).collect();
    let of = |name: &str| {
        wanted.iter().filter(|(kind, _)| kind == name).map(|(_, quality)| *quality).reduce(f64::max)
    };
    let text = of("text/plain").or_else(|| of("text/*")).or_else(|| of("*/*")).unwrap_or(0.0);
    match of("application/openmetrics-text") {
        Some(quality) if quality > 0.0 && quality >= text => MetricsFormat::Openmetrics,
        _ => MetricsFormat::Prometheus,
    }
}

/// A kind of media that is accepted, in small letters, and how much it is wanted, from 0 to 1.
fn wish(text: &str) -> (String, f64) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1.0, |(_, value)| value.trim().parse().unwrap_or(0.0));
    (kind, quality)
}

/// True if a request names an address, or this machine itself. Another name can be anyone's who has it lead here, so that a page in a browser
/// reads what it is not to know.
fn is_meant(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: axum::http::HeaderName, text: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(text).unwrap())])
    }

    #[test]
    fn a_name_that_leads_here_is_not_meant() {
        let meant = ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "[::1]:9464", "[::1]", "10.0.0.7"];
        assert!(meant.iter().all(|host| is_meant(&with(HOST, host))));
        let others = ["example.org", "127.0.0.1.example.org:80", "", "[example.org]", ":9464"];
        assert!(others.iter().all(|host| !is_meant(&with(HOST, host))) && !is_meant(&HeaderMap::new()));
    }

    #[test]
    fn openmetrics_are_given_to_those_that_ask_for_them() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
        assert_eq!(format_of(&with(ACCEPT, prometheus)), MetricsFormat::Openmetrics);
        for text in [
            "application/openmetrics-text",
            "text/plain;q=0.5, APPLICATION/OpenMetrics-text; version=1.0.0; q=0.5",
            "application/openmetrics-text;q=0.3,*/*;q=0.1",
        ] {
            assert_eq!(format_of(&with(ACCEPT, text)), MetricsFormat::Openmetrics, "{text}");
        }
        for text in [
            "*/*",
            "text/plain",
            "text/html,application/xhtml+xml",
            "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.1",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text; q=nonsense",
            "application/openmetrics-text;q=0.5,text/*",
            "application/openmetrics-textual",
        ] {
            assert_eq!(format_of(&with(ACCEPT, text)), MetricsFormat::Prometheus, "{text}");
        }
    }
}
