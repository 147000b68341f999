//! Markdown.

use crate::{layout::WIDTH, model::Type, text::wrap};

/// Text as wrapped paragraphs.
pub(super) fn paragraphs(text: &str) -> String {
    wrap(text, WIDTH).join("\n")
}

/// Text in a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A type in words; a named one as a link to its section.
pub(super) fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Integer => "integer".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Json => "any JSON".to_owned(),
        Type::Never => "never there".to_owned(),
        Type::Constant(value) => format!("`{value}`"),
        Type::Tuple(_) => "array".to_owned(),
        Type::Literal(value) => format!("`\"{value}\"`"),
        Type::Array(item) => format!("array of {}", type_name(item)),
        Type::Map(item) if **item == Type::Json => "object".to_owned(),
        Type::Map(item) => format!("object of {}", type_name(item)),
        Type::Nullable(inner) => format!("{} or null", type_name(inner)),
        Type::Ref(name) => format!("[{name}](#type-{})", name.to_lowercase()),
    }
}
