use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::IntoDeserializer};

use super::Span;

/// The ends of a run after which a task is carried out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// The agent has failed: by its exit code, a signal, or its own account.
    Exit,
    /// The agent ran longer than its time limit, or was silent for too long.
    Timeout,
    /// The agent was refused something that it wanted to do, where that counts as a failure.
    Refused,
}

/// The policy by which a task is carried out again by itself, before it counts as failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicy {
    /// Number of times that it is carried out again at the most.
    #[schemars(range(min = 1, max = 100))]
    pub max: u32,
    /// The ends after which it is. Default: `exit` and `timeout`.
    #[serde(default = "exit_and_timeout", deserialize_with = "by_names")]
    #[schemars(length(min = 1, max = 10))]
    pub on: Vec<RetryOn>,
    /// The pause before the first time, which varies by a fifth; it doubles each time, up to an hour, unless it is longer than that from the
    /// beginning: then it stays as it is. Default: `30s`.
    #[serde(default = "half_a_minute")]
    pub delay: Span,
}

impl RetryPolicy {
    /// The policy by which a task is carried out again up to so many times, and as usual in all else.
    pub fn up_to(max: u32) -> Self {
        Self { max, on: exit_and_timeout(), delay: half_a_minute() }
    }
}

/// Reads a list of names only: serde by itself takes `{"exit": null}` for `"exit"`, too, which the schema does not.
fn by_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RetryOn>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.into_iter().map(|name| RetryOn::deserialize(name.into_deserializer())).collect()
}

fn exit_and_timeout() -> Vec<RetryOn> {
    vec![RetryOn::Exit, RetryOn::Timeout]
}

fn half_a_minute() -> Span {
    Span::from_millis(30_000)
}
