//! The words of errors in JSON.

/// serde_json's message without ` at line 1 column 7`, which counts within the text that was read last: not within the line
/// that the caller sent, so it would mislead.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).map(str::to_owned).unwrap_or(message)
}
