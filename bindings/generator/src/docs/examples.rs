//! Requests and their answers, as they stand on the wire.

use minijinja::{Value, context};
use serde_json::json;

use crate::{
    GenerateError,
    layout::WIDTH,
    model::{Example, Method},
};

/// One example.
pub(super) fn view(method: &Method, example: &Example) -> Result<Value, GenerateError> {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method.name, "params": example.params });
    let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": example.result });
    Ok(context! { name => example.name, request => message(&request)?, answer => message(&answer)? })
}

/// On one line, as it is sent; one that is too long to read so is spread out.
fn message(message: &serde_json::Value) -> Result<String, GenerateError> {
    let line = message.to_string();
    if line.chars().count() <= WIDTH + 20 { Ok(line) } else { Ok(serde_json::to_string_pretty(message)?) }
}
