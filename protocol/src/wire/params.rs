//! From the text of `params` to a method's params struct, and what is wrong where it does not fit.

use serde::de::DeserializeOwned;

use crate::{
    PROTOCOL_VERSION,
    error::{ApiError, ErrorKind},
    json_error::without_position,
};

/// Reason for which a request is not one of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No method has this name.
    #[error("no such method")]
    UnknownMethod,
    /// The params do not fit.
    #[error("{message}")]
    InvalidParams {
        /// The member that is wrong, as a path; none when `params` as a whole is.
        member: Option<String>,
        /// The error.
        message: String,
    },
}

impl DecodeError {
    /// The answer to a request for `method` that fails so.
    pub fn into_error(self, method: &str) -> ApiError {
        match self {
            Self::UnknownMethod => ApiError::new(
                ErrorKind::MethodNotFound,
                format!(
                    "there is no method {method:?} in protocol {PROTOCOL_VERSION}, which this daemon speaks; rpc.discover lists them all. \
                     If a newer aiwg has it, install that one, then `aiwg daemon restart`"
                ),
            ),
            Self::InvalidParams { member: Some(member), message } => {
                ApiError::invalid_member(member, message)
            }
            Self::InvalidParams { member: None, message } => ApiError::new(ErrorKind::InvalidParams, message),
        }
    }
}

/// Reads the params of a method. Absent ones count as no members, and so does an empty array, which some clients send in
/// place of nothing; other arrays are refused, since params are by name.
///
/// # Errors
/// A member is missing, unknown or of the wrong type.
pub fn decode_params<T: DeserializeOwned>(params: Option<&str>) -> Result<T, DecodeError> {
    let text = match params {
        None => "{}",
        Some(text) if is_empty_array(text) => "{}",
        Some(text) if text.starts_with('[') => {
            let message = "params are by name: send an object, not an array".to_owned();
            return Err(DecodeError::InvalidParams { member: None, message });
        }
        Some(text) => text,
    };
    // The plain reader is twice as fast; the one that keeps track of the path runs only to say where it went wrong.
    serde_json::from_str(text).map_err(|error| explain::<T>(text, &error))
}

fn is_empty_array(text: &str) -> bool {
    text.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.trim().is_empty())
}

fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> DecodeError {
    let mut reader = serde_json::Deserializer::from_str(text);
    let (path, message) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => return DecodeError::InvalidParams { member: None, message: without_position(error) },
        Err(error) => (error.path().to_string(), without_position(error.inner())),
    };
    // serde names a missing or unknown member in its words only; the path then ends at the object that lacks or has it.
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.split('`').next());
    let member = match (path.as_str(), named) {
        (".", None) => None,
        (".", Some(name)) => Some(name.to_owned()),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            Some(format!("{path}.{name}"))
        }
        (path, _) => Some(path.to_owned()),
    };
    DecodeError::InvalidParams { message: phrase(member.as_deref(), &message), member }
}

fn phrase(member: Option<&str>, message: &str) -> String {
    if message.starts_with("missing field") {
        return format!("params: the member {:?} is missing", member.unwrap_or_default());
    }
    if let Some(expected) = message.strip_prefix("unknown field").and_then(|rest| rest.split_once(", ")) {
        let expected = match expected.1 {
            "there are no fields" => "this method takes none".to_owned(),
            expected => expected.replace('`', "\""),
        };
        return format!("params: there is no member {:?}; {expected}", member.unwrap_or_default());
    }
    match member {
        Some(member) => format!("params: the member {member:?} is wrong: {message}"),
        None => format!("params: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{EventEmitParams, NoParams, TaskListParams, TaskSubmitParams};

    fn wrong<T: DeserializeOwned + std::fmt::Debug>(params: &str) -> (Option<String>, String) {
        match decode_params::<T>(Some(params)).unwrap_err() {
            DecodeError::InvalidParams { member, message } => (member, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        let member = |params| wrong::<TaskSubmitParams>(params).0.unwrap();
        assert_eq!(member("{}"), "prompt");
        assert_eq!(member(r#"{"prompt": "x", "promtp": "y"}"#), "promtp");
        assert_eq!(member(r#"{"prompt": 7}"#), "prompt");
        assert_eq!(member(r#"{"prompt": "x", "priority": "high"}"#), "priority");
        assert_eq!(member(r#"{"prompt": "x", "env": {"A": 1}}"#), "env.A");
    }

    #[test]
    fn the_message_says_why() {
        assert_eq!(wrong::<EventEmitParams>("{}").1, r#"params: the member "topic" is missing"#);
        assert_eq!(
            wrong::<EventEmitParams>(r#"{"topic": "a", "payloda": 1}"#).1,
            r#"params: there is no member "payloda"; expected one of "topic", "payload", "idempotencyKey", "traceparent""#
        );
        assert_eq!(
            wrong::<EventEmitParams>(r#"{"topic": 1}"#).1,
            r#"params: the member "topic" is wrong: invalid type: integer `1`, expected a string"#
        );
    }

    #[test]
    fn a_method_without_members_says_so() {
        let message = wrong::<NoParams>(r#"{"x": 1}"#).1;
        assert_eq!(message, r#"params: there is no member "x"; this method takes none"#);
    }

    #[test]
    fn no_message_names_a_position_and_none_loses_what_the_caller_wrote() {
        for params in
            ["{}", r#"{"topic": 1}"#, r#"{"a": 1, "topic": "x"}"#, r#"{"topic": "x", "topic": "y"}"#, "7"]
        {
            let message = wrong::<EventEmitParams>(params).1;
            assert!(!message.contains(" column "), "{message}");
        }
        let message = wrong::<TaskListParams>(r#"{"state": "stuck at line 3"}"#).1;
        assert!(message.contains("stuck at line 3`, expected"), "{message}");
    }

    #[test]
    fn absent_params_and_an_empty_array_are_no_members() {
        for params in [None, Some("[]"), Some("[ ]"), Some("{}")] {
            assert_eq!(decode_params::<NoParams>(params), Ok(NoParams {}));
        }
        assert!(wrong::<EventEmitParams>(r#"["a"]"#).1.contains("by name"));
    }
}
