use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The wish that a person approves a task before it starts: `true`, or what becomes of it if nobody decides in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ApprovalTerms {
    /// `true`: it waits for as long as it takes. `false`: it does not wait.
    Wanted(bool),
    /// It waits, with these limits.
    Limited(ApprovalLimits),
}

/// The time that a person has to approve a task, and what becomes of it after that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalLimits {
    /// Time to decide, in minutes, at most a year; no limit unless given.
    #[serde(alias = "timeoutMinutes", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0, "x-aliases" = ["timeoutMinutes"]))]
    pub timeout_minutes: Option<f64>,
    /// The decision that counts for the task if nobody makes one in time. Default: `reject`.
    #[serde(alias = "onTimeout")]
    #[schemars(extend("x-aliases" = ["onTimeout"]))]
    pub on_timeout: OnTimeout,
}

/// The decision that counts for a request to a person if nobody makes one in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// It counts as rejected: the task is cancelled.
    #[default]
    Reject,
    /// It counts as approved: the task starts.
    Approve,
}

impl OnTimeout {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Reject, Self::Approve];

    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Approve => "approve",
        }
    }
}

impl ApprovalTerms {
    /// The limits; none if no approval is wanted.
    pub fn limits(self) -> Option<ApprovalLimits> {
        match self {
            Self::Wanted(wanted) => wanted.then(ApprovalLimits::default),
            Self::Limited(limits) => Some(limits),
        }
    }
}

// By hand: an untagged enum would only say that nothing matches.
impl<'de> Deserialize<'de> for ApprovalTerms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TermsVisitor)
    }
}

struct TermsVisitor;

impl<'de> Visitor<'de> for TermsVisitor {
    type Value = ApprovalTerms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or an object with timeout_minutes and on_timeout")
    }

    fn visit_bool<E: Error>(self, wanted: bool) -> Result<ApprovalTerms, E> {
        Ok(ApprovalTerms::Wanted(wanted))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ApprovalTerms, A::Error> {
        ApprovalLimits::deserialize(MapAccessDeserializer::new(map)).map(ApprovalTerms::Limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_a_switch_or_limits() {
        let limits = |json| serde_json::from_str::<ApprovalTerms>(json).unwrap().limits();
        assert_eq!(limits("true"), Some(ApprovalLimits::default()));
        assert_eq!(limits("false"), None);
        let approve = ApprovalLimits { timeout_minutes: Some(60.0), on_timeout: OnTimeout::Approve };
        assert_eq!(limits(r#"{"timeout_minutes": 60, "on_timeout": "approve"}"#), Some(approve));
        assert_eq!(limits(r#"{"timeoutMinutes": 60, "onTimeout": "approve"}"#), Some(approve));
        let refused = |json| serde_json::from_str::<ApprovalTerms>(json).unwrap_err().to_string();
        assert!(refused("\"yes\"").contains("expected true, false or an object"), "{}", refused("\"yes\""));
        assert!(refused(r#"{"time": 1}"#).contains("unknown field `time`"));
    }
}
