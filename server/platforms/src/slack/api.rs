//! The Web API: calls, and what the answers mean.

use std::time::Duration;

use aiwg_messaging::text::line;
use reqwest::{
    Method, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use serde_json::Value;

use crate::{
    Http, Token, Trouble,
    http::{Answer, Failed},
};

/// Time for a request.
const REQUEST: Duration = Duration::from_secs(20);

/// The domains of the platform.
pub(super) const DOMAINS: [&str; 1] = ["slack.com"];

/// Longest pause that is believed, in seconds.
const LONGEST_PAUSE: u64 = 3600;

/// Pause where the platform names none, in seconds.
const PAUSE: u64 = 5;

/// The most of an error's name that is shown, in characters.
const LONGEST: usize = 100;

/// The Web API, with both tokens.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) http: Http,
    /// The bot's token (`xoxb-`), for all but the sockets.
    bot: Token,
    /// The app's token (`xapp-`), which opens sockets.
    app: Token,
}

/// The token that a call is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    Bot,
    App,
}

impl Api {
    pub(super) const fn new(http: Http, bot: Token, app: Token) -> Self {
        Self { http, bot, app }
    }

    /// Calls a method that changes something.
    pub(super) async fn post(&self, method: &str, params: &Value) -> Result<Outcome, Failed> {
        self.call((Method::POST, method), Some(params), With::Bot).await
    }

    /// Calls a method that tells something: those take no JSON.
    pub(super) async fn get(&self, method: &str, params: &[(&str, &str)]) -> Result<Outcome, Failed> {
        let path = query(method, params);
        self.call((Method::GET, &path), None, With::Bot).await
    }

    /// Calls a method without parameters.
    pub(super) async fn ask(&self, method: &str, with: With) -> Result<Outcome, Failed> {
        self.call((Method::POST, method), None, with).await
    }

    async fn call(
        &self,
        (method, path): (Method, &str),
        params: Option<&Value>,
        with: With,
    ) -> Result<Outcome, Failed> {
        let token = match with {
            With::Bot => &self.bot,
            With::App => &self.app,
        };
        let unfit = || Failed { why: "the token has signs that none can have".to_owned(), is_unsent: true };
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| unfit())?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer);
        if params.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        let answer = self.http.request(method, path, headers, params, (token, REQUEST)).await?;
        Ok(Outcome::of(answer, with))
    }

    /// Answers at the address that came with a command or a pressed button. True if it was taken.
    pub(super) async fn respond(&self, url: &str, body: &Value) -> bool {
        let Some(url) = Url::parse(url).ok().filter(|url| self.http.owns(url, &DOMAINS)) else {
            return false;
        };
        let request = (Method::POST, HeaderMap::new(), Some(body));
        // It needs no token, and gets none.
        match self.http.request_at(url, request, (&self.bot, REQUEST)).await {
            Ok(answer) => answer.status.is_success(),
            Err(_) => false,
        }
    }
}

/// A method with parameters in its address.
fn query(method: &str, params: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse("https://slack.com/") else { return method.to_owned() };
    url.query_pairs_mut().extend_pairs(params);
    format!("{method}?{}", url.query().unwrap_or_default())
}

/// An answer of the Web API.
pub(super) struct Outcome {
    status: StatusCode,
    /// The body, if it is one of the API.
    body: Option<Value>,
    retry_after: Option<u64>,
    with: With,
    /// The scopes of the token, as far as the answer tells them.
    pub(super) scopes: Option<Vec<String>>,
}

impl Outcome {
    fn of(answer: Answer, with: With) -> Self {
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let scopes = header("x-oauth-scopes")
            .map(|scopes| scopes.split(',').map(|scope| scope.trim().to_owned()).collect());
        let retry_after = header(RETRY_AFTER.as_str()).and_then(|seconds| seconds.trim().parse().ok());
        let body = answer.body.filter(|body| body.get("ok").is_some_and(Value::is_boolean));
        Self { status: answer.status, body, retry_after, with, scopes }
    }

    /// The body of an answer without an error.
    pub(super) fn body(&self) -> Option<&Value> {
        self.body.as_ref().filter(|body| body.get("ok") == Some(&Value::Bool(true)))
    }

    /// The error's name; none if there is no error, or no answer of the API.
    pub(super) fn error(&self) -> Option<&str> {
        let body = self.body.as_ref().filter(|_| self.body().is_none())?;
        Some(body.get("error").and_then(Value::as_str).unwrap_or("unknown_error"))
    }

    /// True if the platform was not able to do it, or its answer is none: it may have had an effect.
    pub(super) fn is_broken(&self) -> bool {
        let internal =
            ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "unknown_error"];
        self.status.is_server_error()
            || self.body.is_none()
            || self.error().is_some_and(|error| internal.contains(&error))
    }

    /// The pause that the platform asks for; none if it asks for none.
    pub(super) fn pause(&self) -> Option<Duration> {
        let is_asked = self.status == StatusCode::TOO_MANY_REQUESTS
            || matches!(self.error(), Some("ratelimited" | "rate_limited"));
        is_asked.then(|| Duration::from_secs(self.retry_after.unwrap_or(PAUSE).clamp(1, LONGEST_PAUSE)))
    }

    /// The error, or the status where there is no answer of the API, in words.
    pub(super) fn what(&self) -> String {
        match self.error() {
            Some(error) => line(error, LONGEST),
            None => format!("status {} without an answer of the Web API", self.status.as_u16()),
        }
    }

    /// Why the token does not do, and what to do about it; none if it does.
    pub(super) fn refused(&self) -> Option<String> {
        let error = self.error()?;
        let (name, found) = match self.with {
            With::Bot => (
                "AIWG_SLACK_TOKEN",
                "the app's page at https://api.slack.com/apps shows it under \"OAuth & Permissions\", and it begins with xoxb-",
            ),
            With::App => (
                "AIWG_SLACK_APP_TOKEN",
                "the app's page at https://api.slack.com/apps has it under \"Basic Information\", \"App-Level Tokens\", with the scope \
                 connections:write; it begins with xapp-",
            ),
        };
        match error {
            "missing_scope" => Some(self.lacks_scope()),
            "invalid_auth"
            | "not_authed"
            | "account_inactive"
            | "token_revoked"
            | "token_expired"
            | "not_allowed_token_type"
            | "no_permission"
            | "org_login_required"
            | "ekm_access_denied"
            | "team_access_not_granted"
            | "invalid_app"
            | "app_not_found" => Some(format!(
                "Slack does not accept {name} ({}): {found}. Set it, and start the daemon again",
                line(error, LONGEST)
            )),
            _ => None,
        }
    }

    /// The remedy for a missing scope.
    pub(super) fn lacks_scope(&self) -> String {
        let needed = self.body.as_ref().and_then(|body| body.get("needed")).and_then(Value::as_str);
        let needed =
            needed.map_or("a scope".to_owned(), |needed| format!("the scope {}", line(needed, LONGEST)));
        match self.with {
            With::Bot => format!(
                "the app lacks {needed}: `aiwg messaging manifest slack` has all that are needed; set them under \"OAuth & Permissions\", and \
                 install the app again"
            ),
            With::App => format!("the token in AIWG_SLACK_APP_TOKEN lacks {needed}: make one with it"),
        }
    }

    /// The body, or why there is none.
    pub(super) fn result(self) -> Result<Value, Trouble> {
        if self.body().is_some() {
            return Ok(self.body.unwrap_or_default());
        }
        if let Some(why) = self.refused() {
            return Err(Trouble::Stop(why));
        }
        let why = match self.pause() {
            Some(_) => "Slack takes no more requests for now".to_owned(),
            None => format!("Slack answers with an error: {}", self.what()),
        };
        Err(Trouble::Later { why, after: self.pause() })
    }
}

/// Slack was not reached.
pub(super) fn unreached(failed: &Failed) -> Trouble {
    Trouble::Later { why: format!("Slack could not be asked: {}", failed.why), after: None }
}
