//! The limits that Discord names in its answers: nothing is asked for before their end.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::time::Instant;

/// Longest pause that is believed.
const LONGEST: Duration = Duration::from_secs(3600);

/// The limits in force: the end of each, by the route that it is for.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<HashMap<String, Instant>>);

/// The route of the limit that is for all.
const GLOBAL: &str = "";

/// The route of a request, for which limits count: by its method and path, with the channel or webhook that it is about, and without the
/// ids that follow.
pub(super) fn route(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut route = method.to_owned();
    for (n, segment) in path.split('/').enumerate() {
        let is_id = n > 1 && !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        route.push('/');
        route.push_str(if is_id { "*" } else { segment });
    }
    route
}

fn seconds(value: f64) -> Option<Duration> {
    (value.is_finite() && value >= 0.0).then(|| Duration::from_secs_f64(value.min(LONGEST.as_secs_f64())))
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The pause that an answer with the status 429 asks for.
pub(super) fn retry_after(headers: &HeaderMap, body: Option<&Value>) -> Duration {
    let of_body = body.and_then(|body| body.get("retry_after")).and_then(Value::as_f64);
    let pause = of_body.or_else(|| number(headers, "retry-after")).and_then(seconds);
    pause.unwrap_or(Duration::from_secs(5)).max(Duration::from_millis(10))
}

impl Limits {
    /// Notes what an answer says.
    pub(super) fn note(
        &self,
        route: &str,
        status: u16,
        headers: &HeaderMap,
        body: Option<&Value>,
        now: Instant,
    ) {
        let pause = if status == 429 {
            Some(retry_after(headers, body))
        } else if number(headers, "x-ratelimit-remaining") == Some(0.0) {
            number(headers, "x-ratelimit-reset-after").and_then(seconds)
        } else {
            None
        };
        let Some(pause) = pause else { return };
        let is_global = status == 429
            && (body.and_then(|body| body.get("global")) == Some(&Value::Bool(true))
                || headers.contains_key("x-ratelimit-global"));
        let route = if is_global { GLOBAL } else { route };
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limits.retain(|_, end| *end > now);
        limits.insert(route.to_owned(), now + pause);
    }

    /// The time for which nothing may be asked for on a route; none if it may be.
    pub(super) fn pause(&self, route: &str, now: Instant) -> Option<Duration> {
        let limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = limits.get(route).into_iter().chain(limits.get(GLOBAL)).max()?;
        end.checked_duration_since(now).filter(|pause| !pause.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn routes_have_the_channel_in_them_and_no_other_id() {
        assert_eq!(route("POST", "channels/12/messages"), "POST/channels/12/messages");
        assert_eq!(route("PATCH", "channels/12/messages/345"), "PATCH/channels/12/messages/*");
        assert_eq!(route("GET", "channels/12/messages?after=5"), "GET/channels/12/messages");
        assert_eq!(route("GET", "users/@me"), "GET/users/@me");
    }

    #[test]
    fn a_limit_is_for_its_route_until_its_end() {
        let (limits, now) = (Limits::default(), Instant::now());
        let left = [("x-ratelimit-remaining", "1"), ("x-ratelimit-reset-after", "3")];
        limits.note("a", 200, &headers(&left), None, now);
        assert_eq!(limits.pause("a", now), None);
        let none_left = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "3.5")];
        limits.note("a", 200, &headers(&none_left), None, now);
        assert_eq!(limits.pause("a", now), Some(Duration::from_millis(3500)));
        assert_eq!(limits.pause("b", now), None);
        assert_eq!(limits.pause("a", now + Duration::from_secs(4)), None);
        let global = json!({"retry_after": 2.0, "global": true});
        limits.note("a", 429, &headers(&[]), Some(&global), now);
        assert_eq!(limits.pause("b", now), Some(Duration::from_secs(2)));
    }

    #[test]
    fn odd_pauses_are_not_believed() {
        for (odd, pause) in [("x", 5), ("-1", 5), ("NaN", 5), ("1e300", 3600), ("7", 7)] {
            assert_eq!(
                retry_after(&headers(&[("retry-after", odd)]), None),
                Duration::from_secs(pause),
                "{odd}"
            );
        }
        assert_eq!(
            retry_after(&headers(&[]), Some(&json!({"retry_after": 0.25}))),
            Duration::from_millis(250)
        );
    }
}
