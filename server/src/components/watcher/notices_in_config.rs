//! Patterns that most likely mean something else than their author thinks.

use aiwg_model::names::is_unseen;
use aiwg_patterns::alternatives;
use aiwg_protocol::config::{Config, Trigger};

/// Notices of patterns that mean something else than they seem to.
pub(super) fn not_meant(config: &Config) -> Vec<String> {
    let patterns = config.rules.iter().filter_map(|rule| match &rule.trigger {
        Trigger::FileChange { pattern } => Some(pattern.entries().map(|entry| (&rule.id, entry.text))),
        _ => None,
    });
    let mut notices: Vec<String> = patterns
        .flatten()
        .filter_map(|(id, pattern)| {
            Some(format!("the pattern {pattern:?} of the rule {id:?} {}", looks_like(pattern)?))
        })
        .collect();
    let comments = config.watch.ignore.iter().filter(|line| line.starts_with('#'));
    notices.extend(
        comments.map(|line| format!("watch.ignore: {line:?} is a comment; \\# stands for the character")),
    );
    notices
}

/// The syntax that a pattern resembles and does not have.
fn looks_like(pattern: &str) -> Option<&'static str> {
    let in_braces = |from: &str| {
        from.split_once('}').is_some_and(|(inner, _)| inner.contains("..") && !inner.contains(','))
    };
    let is_escaped = pattern.split('\\').skip(1).any(|after| after.starts_with(char::is_alphanumeric));
    let without_braces: String = alternatives(pattern, 1).concat();
    if pattern.contains(is_unseen) {
        Some("has a character in it that is not seen, or that turns the direction of what follows")
    } else if pattern.trim() != pattern {
        Some("begins or ends with a space, which is part of the name")
    } else if pattern.contains("!(")
        || pattern.contains("@(")
        || pattern.contains("+(")
        || pattern.contains("?(")
        || pattern.contains("*(")
    {
        Some("has parentheses, which stand for themselves: {a,b} stands for either")
    } else if pattern.contains("[:") {
        Some("has a [: in it: there are no classes of this kind, only characters and ranges, such as [A-Z]")
    } else if pattern.split('{').skip(1).any(in_braces) {
        Some("has a range in braces: there are none, only {1,2,3} and [1-3]")
    } else if without_braces.contains(", ") {
        Some("has a comma outside of braces, which is part of the name: {a,b} stands for either")
    } else if is_escaped {
        Some("has a \\ before a character that needs none; directories are separated by /")
    } else if pattern.starts_with("~/") || pattern.starts_with('$') {
        Some("is relative to the project: ~ and variables stand for themselves")
    } else {
        None
    }
}
