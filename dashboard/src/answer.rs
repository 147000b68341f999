//! Answers, each with the headers that keep the page what it is.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
        HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, SET_COOKIE, VARY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

use crate::files::File;

/// Has a browser forget what it has kept of whoever served this port before: another one's files under the names of the page's own, and
/// scripts that would stand between the page and the dashboard (service workers).
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// An answer.
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// Headers of every answer. The page has no inline scripts or styles, asks nobody else for anything, and is in no frame.
const ALWAYS: [(HeaderName, &str); 7] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=(), payment=()",
    ),
];

/// Adds the headers of every answer. What says nothing of being kept is not kept.
pub(crate) fn guarded(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

fn answer(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// A sentence.
pub(crate) fn text(status: StatusCode, text: &str) -> Response {
    answer(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// JSON.
pub(crate) fn json(text: Vec<u8>) -> Response {
    answer(StatusCode::OK, "application/json", text)
}

/// A page of the dashboard's own, not of `page/`: a heading and a sentence. Neither may be anyone else's words.
pub(crate) fn page(status: StatusCode, heading: &str, sentence: &str) -> Response {
    let head = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
                <meta name=\"color-scheme\" content=\"light dark\"><title>aiwg</title></head>\n";
    let body = format!("{head}<body><main><h1>{heading}</h1>\n<p>{sentence}</p></main></body>\n</html>\n");
    answer(status, "text/html; charset=utf-8", body)
}

/// A page that leads on to an address of this dashboard, by itself: so the browser knows that the page here asks, and nobody elsewhere.
pub(crate) fn lead_on(path: &str) -> Response {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={path}\">\
         <title>aiwg</title></head>\n<body><p><a href=\"{path}\">To the dashboard</a></p></body>\n</html>\n"
    );
    answer(StatusCode::OK, "text/html; charset=utf-8", body)
}

/// Sends the browser to an address of this dashboard, with a cookie where there is one to be set.
pub(crate) fn redirect(path: &str, cookie: Option<String>) -> Response {
    let mut answer = text(StatusCode::SEE_OTHER, "It goes on there.");
    let headers = answer.headers_mut();
    // Paths and cookies are of our own making: letters, digits and a few marks.
    if let Ok(path) = HeaderValue::from_str(path) {
        headers.insert(LOCATION, path);
    }
    if let Some(Ok(cookie)) = cookie.map(HeaderValue::try_from) {
        headers.insert(SET_COOKIE, cookie);
        headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    }
    answer
}

/// A file of the page. It is kept compressed only, which every browser takes.
pub(crate) fn file(file: &'static File, is_index: bool, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", file.hash);
    let cached = match (is_index, file.is_immutable()) {
        (true, _) => "no-store",
        (false, true) => "private, max-age=31536000, immutable",
        (false, false) => "private, no-cache",
    };
    let mut answer = if !is_index && is_known(asked, &tag) {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else if takes_gzip(asked) {
        let mut answer = answer(StatusCode::OK, file.media_type(), file.packed);
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer
    } else {
        return text(
            StatusCode::NOT_ACCEPTABLE,
            "the page is there in gzip only: Accept-Encoding must allow it",
        );
    };
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(tag) = HeaderValue::from_str(&tag).ok().filter(|_| !is_index) {
        headers.insert(ETAG, tag);
    }
    answer
}

/// True if the browser has this version already.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let all = asked.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

/// True if gzip may be sent: it is named, or nothing is said.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let Some(accepted) = asked.get(ACCEPT_ENCODING) else { return true };
    let Ok(accepted) = accepted.to_str() else { return false };
    let is_wanted = |parameters: &str| {
        let quality = parameters.trim().strip_prefix("q=").unwrap_or("1");
        quality.parse::<f32>().is_ok_and(|quality| quality > 0.0)
    };
    let mut codings =
        accepted.split(',').map(|coding| coding.trim().split_once(';').unwrap_or((coding.trim(), "q=1")));
    codings.any(|(coding, parameters)| ["gzip", "*"].contains(&coding.trim()) && is_wanted(parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_unless_it_is_refused() {
        let takes = |accepted: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            takes_gzip(&headers)
        };
        assert!(takes_gzip(&HeaderMap::new()));
        for accepted in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.5", "*", "br, *;q=0.1"] {
            assert!(takes(accepted), "{accepted}");
        }
        for accepted in ["", "identity", "br", "gzip;q=0", "gzip;q=0.0, br"] {
            assert!(!takes(accepted), "{accepted}");
        }
    }
}
