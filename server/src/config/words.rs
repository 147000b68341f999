//! The names of JSON values, for people who write JSON and not Rust.

use jsonc_parser::ast;

/// The longest text that a message shows as found, in characters.
const SHOWN: usize = 40;

/// The name of the value that stands there.
pub(super) fn found(node: &ast::Value<'_>) -> String {
    match node {
        ast::Value::StringLit(text) if text.value.chars().count() <= SHOWN => format!("{:?}", text.value),
        ast::Value::StringLit(_) => "a text".to_owned(),
        ast::Value::NumberLit(number) => short(number.value),
        ast::Value::BooleanLit(literal) => literal.value.to_string(),
        ast::Value::Object(_) => "an object".to_owned(),
        ast::Value::Array(_) => "a list".to_owned(),
        ast::Value::NullKeyword(_) => "null".to_owned(),
    }
}

/// A text, or how it begins where it is long.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Names as they are written, one after the other.
pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
