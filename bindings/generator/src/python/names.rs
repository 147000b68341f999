//! Names and literals as Python has them.

use crate::text::snake_case;

/// The words that cannot be names.
const RESERVED: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Arguments of a client's methods beside the params. A member of the same name is renamed.
const ARGUMENTS: &[&str] = &["deadline", "self", "timeout"];

/// The built-in types that annotations name: within a class, a member of that name would hide one.
const TYPES: &[&str] = &["bool", "dict", "float", "int", "list", "str"];

/// The methods of the class that a member belongs to: a result is a dict.
const METHODS: &[&str] = &[
    "clear",
    "copy",
    "from_wire",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "to_wire",
    "update",
    "values",
];

/// A method's name.
pub(super) fn name(wire: &str) -> String {
    let name = snake_case(wire);
    if RESERVED.contains(&name.as_str()) { name + "_" } else { name }
}

/// A member's name, in a class.
pub(super) fn member(wire: &str) -> String {
    let name = name(wire);
    if TYPES.contains(&name.as_str()) || METHODS.contains(&name.as_str()) { name + "_" } else { name }
}

/// True if a name means nothing else within a class.
pub(super) fn is_free(name: &str) -> bool {
    !RESERVED.contains(&name) && !TYPES.contains(&name)
}

/// A params member's name, as an argument.
pub(super) fn argument(wire: &str) -> String {
    let name = name(wire);
    if ARGUMENTS.contains(&name.as_str()) { name + "_" } else { name }
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' | '"' => format!("\\{c}"),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
