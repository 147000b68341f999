//! Requests to the REST API. Limits are kept, and a token that is refused is not sent again and again.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT},
};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    answer::Outcome,
    limits::{Limits, route},
};
use crate::{Http, Token, Trouble, http::Failed};

/// The platform's own address.
const ADDRESS: &str = "https://discord.com/api/v10";

/// Discord wants this form, with an address: <https://docs.discord.com/developers/reference#user-agent>. As long as the package names none of its
/// own, it is one that nobody can have (RFC 2606).
const AGENT: &str = match env!("CARGO_PKG_REPOSITORY").is_empty() {
    true => concat!("DiscordBot (https://aiwg.invalid, ", env!("CARGO_PKG_VERSION"), ")"),
    false => concat!("DiscordBot (", env!("CARGO_PKG_REPOSITORY"), ", ", env!("CARGO_PKG_VERSION"), ")"),
};

/// Time for which no message is sent with a token that was refused.
const REFUSED: Duration = Duration::from_secs(300);

/// Time for a request.
pub(super) const REQUEST: Duration = Duration::from_secs(30);

/// The REST API.
pub(super) struct Rest {
    pub(super) http: Http,
    pub(super) token: Token,
    limits: Limits,
    /// Time at which the token was refused; none if it was accepted since.
    refused_at: Mutex<Option<Instant>>,
}

impl Rest {
    pub(super) fn new(token: Token, address: Option<&str>) -> Result<Self, String> {
        // Only so can it be sent, and nothing of it is shown.
        if HeaderValue::from_str(token.reveal()).is_err() {
            return Err("AIWG_DISCORD_TOKEN has signs in it that no token has".to_owned());
        }
        let http = Http::new(address.unwrap_or(ADDRESS))?;
        Ok(Self { http, token, limits: Limits::default(), refused_at: Mutex::default() })
    }

    /// True if the token was just refused. Too many requests that are refused would shut out this machine's address: 10,000 in ten minutes.
    pub(super) fn is_refused(&self) -> bool {
        let at = *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_some_and(|at| at.elapsed() < REFUSED)
    }

    /// Sends a request. `path` is below the API's address.
    ///
    /// # Errors
    /// There was no answer.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Outcome, Failed> {
        let route = route(method.as_str(), path);
        if let Some(pause) = self.limits.pause(&route, Instant::now()) {
            return Ok(Outcome::limited(pause));
        }
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        // What has its own token in its path needs no other.
        let is_open = path.starts_with("interactions/") || path.starts_with("webhooks/");
        if !is_open && let Ok(mut value) = HeaderValue::from_str(&format!("Bot {}", self.token.reveal())) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let answer = self.http.request(method, path, headers, body, (&self.token, REQUEST)).await?;
        self.limits.note(
            &route,
            answer.status.as_u16(),
            &answer.headers,
            answer.body.as_ref(),
            Instant::now(),
        );
        let outcome = Outcome::of(answer);
        if !is_open {
            let refused_at = outcome.is_refused().then(Instant::now);
            *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner) = refused_at;
        }
        Ok(outcome)
    }

    /// Asks for something.
    ///
    /// # Errors
    /// There is no answer, or it is an error.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Trouble> {
        self.call(method, path, body).await.map_err(|failed| not_asked(&failed))?.result()
    }
}

/// Discord could not be asked.
pub(super) fn not_asked(failed: &Failed) -> Trouble {
    Trouble::Later { why: format!("Discord could not be asked: {}", failed.why), after: None }
}
