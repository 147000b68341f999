//! Names and literals as Rust has them.

use std::collections::HashSet;

use crate::{
    model::{ascii, hash},
    text::{pascal_case, snake_case},
};

/// The words that are names with `r#` in front of them.
const RAW: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The words that cannot be names.
const RESERVED: &[&str] = &["self", "super", "crate"];

/// The names of the members of one type, in their order: each once.
pub(super) fn members<'a>(wire: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    unique(wire, |wire| match ascii(&snake_case(wire)).to_lowercase() {
        name if name.is_empty() => "empty".to_owned(),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("n{name}"),
        name if RESERVED.contains(&name.as_str()) => name + "_",
        name => name,
    })
    .into_iter()
    .map(|name| if RAW.contains(&name.as_str()) { format!("r#{name}") } else { name })
    .collect()
}

/// The names of the variants of one type, in their order: each once.
pub(super) fn variants<'a>(wire: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    unique(wire, |wire| match ascii(&pascal_case(wire)) {
        name if name.is_empty() => "Empty".to_owned(),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("N{name}"),
        name if name == "Self" => "SelfValue".to_owned(),
        name => name,
    })
}

/// Of several that would have the same name, the one that is written so keeps it, or else the first; the others get a number
/// that depends on how they are written.
fn unique<'a>(wire: impl Iterator<Item = &'a str> + Clone, named: impl Fn(&str) -> String) -> Vec<String> {
    let exact: HashSet<String> =
        wire.clone().filter(|wire| named(wire) == *wire).map(str::to_owned).collect();
    let mut taken: HashSet<String> = exact.clone();
    let mut name = |wire: &str| {
        let base = named(wire);
        if base == wire {
            return base;
        }
        let separator = if base.starts_with(|c: char| c.is_ascii_uppercase()) { "" } else { "_x" };
        let stem = base.trim_end_matches('_');
        let numbered = (0..).map(|round| format!("{stem}{separator}{:04x}", hash(wire, round) & 0xffff));
        let free = std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(base);
        taken.insert(free.clone());
        free
    };
    wire.map(&mut name).collect()
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}
