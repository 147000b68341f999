//! Docstrings and comments.

use crate::{layout::WIDTH, text::wrap};

/// A docstring at column `indent`, without the indent of its first line: one line where it fits. Empty text gives none.
pub(super) fn block(text: &str, indent: usize) -> String {
    let text = escaped(text.trim_end());
    let margin = " ".repeat(indent);
    let quotes = "\"\"\"";
    let (summary, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = wrap(summary, WIDTH - indent - quotes.len());
    match lines.as_slice() {
        [] => return String::new(),
        [line] if rest.is_empty() && indent + line.chars().count() + 2 * quotes.len() <= WIDTH => {
            return format!("{quotes}{line}{quotes}");
        }
        _ => {}
    }
    if !rest.is_empty() {
        lines.push(String::new());
        lines.extend(wrap(rest, WIDTH - indent));
    }
    let text: Vec<String> =
        lines.iter().map(|line| format!("{margin}{line}").trim_end().to_owned()).collect();
    format!("{quotes}{}\n{margin}{quotes}", text.join("\n").trim_start())
}

/// Text as it can stand between three quotes.
fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let escaped = without_controls(&escaped);
    let quotes = text.chars().rev().take_while(|c| *c == '"').count();
    match escaped.strip_suffix('"') {
        // It would be the first of those that end the docstring.
        Some(before) if quotes % 3 != 0 => format!("{before}\\\""),
        _ => escaped,
    }
}

/// Text without what no source of Python can have, or what would end a line there: as escapes.
fn without_controls(text: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_control() && c != '\n' => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// A comment at column `indent`, without the indent of its first line.
pub(super) fn comment(text: &str, indent: usize) -> String {
    let lines: Vec<String> = wrap(&without_controls(text), WIDTH - indent - "# ".len())
        .iter()
        .map(|line| format!("# {line}").trim_end().to_owned())
        .collect();
    lines.join(&format!("\n{}", " ".repeat(indent)))
}
