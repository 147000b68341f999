//! Calls with a key, which may be repeated.

use aiwg_model::CallKey;
use aiwg_protocol::{ApiError, limits::LONGEST_NAME, types::EventEmitParams};
use serde::{Serialize, de::DeserializeOwned};

use super::Handler;

/// The caller's name where it is an agent of which the task is unknown.
const SOME_AGENT: &str = "agent";

impl Handler {
    /// The key of a call, if it has one, with the params that are left without it.
    pub(crate) fn key(
        &self,
        key: Option<String>,
        method: &'static str,
        params: &impl Serialize,
    ) -> Result<Option<CallKey>, ApiError> {
        self.key_by(key, |owner, key| CallKey::new(owner, key, method, params))
    }

    /// The same of a call of `event.emit`.
    pub(crate) fn key_of_event(
        &self,
        key: Option<String>,
        EventEmitParams { topic, payload, .. }: &EventEmitParams,
    ) -> Result<Option<CallKey>, ApiError> {
        self.key_by(key, |owner, key| CallKey::of_event(owner, key, topic, payload.as_ref()))
    }

    fn key_by(
        &self,
        key: Option<String>,
        make: impl FnOnce(&str, &str) -> serde_json::Result<CallKey>,
    ) -> Result<Option<CallKey>, ApiError> {
        let Some(key) = key else { return Ok(None) };
        let wrong = |why: String| ApiError::invalid_member("idempotencyKey", why);
        if key.is_empty() || key.chars().count() > LONGEST_NAME {
            return Err(wrong(format!(
                "the member \"idempotencyKey\" must have 1 to {LONGEST_NAME} characters"
            )));
        }
        let key = make(&self.owner_of_keys(), &key);
        key.map(Some).map_err(|error| wrong(format!("the params cannot be compared with others: {error}")))
    }

    /// The owner of the keys of this connection. An agent has those of its task only: it cannot ask for the answers that others were given.
    fn owner_of_keys(&self) -> String {
        match &self.agent {
            None => String::new(),
            Some(agent) => agent.task.map_or_else(|| SOME_AGENT.to_owned(), |no| no.to_string()),
        }
    }

    /// The outcome of a call that is to be refused: if it repeats one that was not, the answer to that. What has taken effect is not denied
    /// because the configuration has changed since.
    pub(crate) async fn refused<R: DeserializeOwned>(
        &self,
        key: Option<CallKey>,
        refusal: ApiError,
    ) -> Result<R, ApiError> {
        let Some(key) = key else { return Err(refusal) };
        let earlier = self.command(self.context.engine.earlier(key)).await?;
        earlier.and_then(|answer| answer.to().ok()).ok_or(refusal)
    }
}
