//! Answers to requests.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use serde_json::Value;

/// An answer before it becomes one of HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(&'static str, String)>,
    content_type: &'static str,
    body: String,
}

// discord.py reads JSON only where the type is this to the letter (`json_or_text` of discord/http.py).
const JSON: &str = "application/json";

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), content_type: JSON, body: body.to_string() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content_type: "", body: String::new() }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), content_type: "text/plain", body: body.to_owned() }
    }

    pub(crate) fn html(status: u16) -> Self {
        let body =
            format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n");
        Self { status, headers: Vec::new(), content_type: "text/html", body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The same; runs where it has a status.
    pub(crate) fn then_if(self, status: u16, run: impl FnOnce()) -> Self {
        if self.status == status {
            run();
        }
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            axum::http::StatusCode::from_u16(self.status).expect("statuses are written here");
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).expect("headers are written here");
            headers.insert(HeaderName::from_bytes(name.as_bytes()).expect("names are written here"), value);
        }
        response
    }
}
