//! Printing: for eyes, or the method's result as JSON.

mod screen;
mod table;
mod time;
mod visible;

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub(crate) use screen::agent_text;
pub(crate) use table::{Column, Shown, Table};
pub(crate) use time::{ago, git_operation, local, local_in, moment};
pub(crate) use visible::{indented, visible, visible_lines};

use crate::error::CliError;

pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// Prints `result` as JSON if that was asked for, else what `human` writes.
    pub(crate) fn result<T: Serialize>(
        &self,
        result: &T,
        human: impl FnOnce(&mut dyn Write, &T) -> io::Result<()>,
    ) -> Result<(), CliError> {
        if self.json {
            return json_out(serde_json::to_string_pretty(result));
        }
        // Which takes colours out where they are not wanted. Nothing else is escaped in what people are shown: see `visible`.
        let mut out = anstream::stdout().lock();
        human(&mut out, result)?;
        Ok(out.flush()?)
    }
}

/// Prints one of several results, as JSON on a line of its own.
pub(crate) fn json_line(result: &impl Serialize) -> Result<(), CliError> {
    json_out(serde_json::to_string(result))
}

/// To a program it goes byte by byte.
fn json_out(text: serde_json::Result<String>) -> Result<(), CliError> {
    let text = text.map_err(io::Error::from)?;
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() { visible::visible_json(&text) } else { text };
    writeln!(out, "{shown}")?;
    Ok(out.flush()?)
}

/// Says something beside the output.
pub(crate) fn note(text: &str) {
    // Nobody may be there to hear it.
    let _ = writeln!(io::stderr(), "{}", visible_lines(text));
}

/// A word that is good news, or bad.
pub(crate) fn judged(word: &str, is_good: bool) -> String {
    let color = if is_good { AnsiColor::Green } else { AnsiColor::Red };
    let style = Style::new().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}

/// How many of something: `1 rule`, `2 rules`.
pub(crate) fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// The beginning of a text, on one line, that takes up to so many columns of a terminal.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&visible(word));
        // A prompt can have a megabyte.
        if line.len() > columns.saturating_mul(8) && line.width() > columns {
            break;
        }
    }
    if line.width() <= columns {
        return line;
    }
    let (mut end, mut width) = (0, 1);
    for (at, grapheme) in line.grapheme_indices(true) {
        width += grapheme.width();
        if width > columns {
            break;
        }
        end = at + grapheme.len();
    }
    format!("{}…", line[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_and_what_is_long_is_cut_between_what_a_person_takes_for_characters() {
        assert_eq!(shorten("fix\n it\x07", 10), "fix it\\u{…");
        assert_eq!(shorten("fix it", 6), "fix it");
        assert_eq!(shorten("fix it all", 7), "fix it…");
        assert_eq!(shorten("世界世界", 6), "世界…");
        assert_eq!(shorten("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5), "👩‍👩‍👧👩‍👩‍👧…");
        assert_eq!(shorten(&"word ".repeat(100_000), 9), "word wor…");
    }
}
