//! Requests, read.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::{Map, Value};

use crate::server::Connection;

/// A request with its body read.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Members of the query, all of them texts.
    pub(crate) query: Map<String, Value>,
    pub(crate) body: Body,
    authorization: Option<String>,
    pub(crate) connection: Arc<Connection>,
}

/// A body as it came.
pub(crate) enum Body {
    None,
    Json(Value),
    /// A form: its members are texts, also where they mean numbers or objects.
    Form(Map<String, Value>),
    /// None of these, with the reason.
    Unreadable(String),
}

impl Incoming {
    pub(crate) fn new(
        method: Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
        connection: Arc<Connection>,
    ) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            method,
            path: uri.path().to_owned(),
            query: pairs(uri.query().unwrap_or_default().as_bytes()),
            body: read(&text(header::CONTENT_TYPE).unwrap_or_default(), body),
            authorization: text(header::AUTHORIZATION),
            connection,
        }
    }

    /// The token of a header `Authorization: SCHEME TOKEN`.
    pub(crate) fn token(&self, scheme: &str) -> Option<String> {
        let rest = self.authorization.as_deref()?.strip_prefix(scheme)?;
        Some(rest.trim_start().to_owned())
    }
}

fn pairs(text: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

fn read(content_type: &str, bytes: &Bytes) -> Body {
    if bytes.is_empty() {
        return Body::None;
    }
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json" => match serde_json::from_slice(bytes) {
            Ok(value) => Body::Json(value),
            Err(error) => Body::Unreadable(format!("the body is no JSON: {error}")),
        },
        "application/x-www-form-urlencoded" => Body::Form(pairs(bytes)),
        other => Body::Unreadable(format!("a body of the type {other:?} is not understood here")),
    }
}

/// The segments of a path, percent-decoded.
pub(crate) fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}
