use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The accounts that agents work with: their limits, and their logins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsConfig {
    /// The share of each window of a plan that is left to people, in percent: with `{"five_hour": 20}` nothing starts once agents report that
    /// more than 80% of it is used up, until it resets. Default: none.
    #[schemars(with = "BTreeMap<String, Percent>", extend("maxProperties" = 16, "propertyNames" = { "pattern": r"^[a-z0-9_]{1,64}$" }))]
    pub reserve: BTreeMap<String, u8>,
    /// Resumption of work after a limit.
    pub resume: ResumeBy,
    /// Hours within which work is resumed by itself, in `schedule.timezone`: `07:00-22:00`. Default: all.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub hours: Option<String>,
    /// Day on which the credential of the agents expires, in UTC: `2027-01-31`. The health says so 14 days before. Default: not known.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub credential_expires_at: Option<String>,
}

/// A share in percent, for the schema.
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code)]
struct Percent(#[schemars(range(min = 1, max = 100))] u8);

/// Resumption of work after a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResumeBy {
    /// Work is resumed when the limit has reset: one task first, then all.
    #[default]
    Auto,
    /// A person resumes it: `aiwg account resume`.
    Ask,
}
