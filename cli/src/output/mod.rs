//! Printing: for eyes, or the method's result as JSON.

mod page;
mod screen;
mod table;
mod time;

use std::io::{self, IsTerminal, Write};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::error::CliError;
pub(crate) use crate::visible::{indented, shows_utf8, visible, visible_json, visible_lines};
pub(crate) use page::Page;
pub(crate) use screen::{agent_stderr, agent_stdout};
pub(crate) use table::{Column, Shown, Table};
pub(crate) use time::{ago, git_operation, local, local_in, moment};

pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// Prints `result` as JSON if that was asked for, else what `human` writes.
    pub(crate) fn result<T: Serialize>(
        &self,
        result: &T,
        human: impl FnOnce(&mut Page, &T) -> io::Result<()>,
    ) -> Result<(), CliError> {
        if self.json {
            return json_out(serde_json::to_string_pretty(result));
        }
        let mut page = Page::gathered();
        human(&mut page, result)?;
        Ok(page.flush()?)
    }
}

/// Prints one of several results, as JSON on a line of its own.
pub(crate) fn json_line(result: &impl Serialize) -> Result<(), CliError> {
    json_out(serde_json::to_string(result))
}

fn json_out(text: serde_json::Result<String>) -> Result<(), CliError> {
    verbatim(visible_json(&text.map_err(io::Error::from)?).as_bytes())?;
    verbatim(b"\n")
}

/// Prints a document of our own, in which nothing is anyone else's.
pub(crate) fn verbatim(document: &[u8]) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(document)?;
    Ok(out.flush()?)
}

/// True if somebody looks at standard output as it comes.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// True if standard output is to have colours.
pub(crate) fn is_colored() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Ends the command once nobody reads its output any more, as after `| head`: where nothing more is to be printed for
/// a while, no failing write would
/// show it. In a thread of its own, which ends with the process.
pub(crate) fn end_with_the_reader() {
    std::thread::spawn(|| {
        let out = io::stdout();
        // Nothing is asked for: that the other end was closed is reported all the same.
        let mut fds = [PollFd::new(&out, PollFlags::empty())];
        while matches!(poll(&mut fds, None), Err(Errno::INTR)) {}
        if fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            std::process::exit(0);
        }
    });
}

/// Says something beside the output.
pub(crate) fn note(text: &str) {
    // Nobody may be there to hear it.
    let _ = writeln!(Page::stderr(), "{text}");
}

/// A number of something: `1 rule`, `2 rules`.
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
        if line.len() > columns.saturating_mul(8) && (line.is_ascii() || line.width() > columns) {
            break;
        }
    }
    if line.is_ascii() {
        // Each of them has one column: what has none was made visible.
        if line.len() > columns {
            line.truncate(columns.saturating_sub(1));
            line.truncate(line.trim_end().len());
            line.push('…');
        }
        return line;
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
    use std::path::Path;

    use super::*;

    /// All that prints, and may not be used outside of this folder: it would not make visible what it prints.
    const RAW: [&str; 6] = ["io::stdout()", "io::stderr()", "anstream::", "println!", "print!", "dbg!"];

    fn check(dir: &Path) {
        for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                if !path.ends_with("src/output") {
                    check(&path);
                }
                continue;
            }
            // What a daemon says to the one that starts it is no text for people; and the shim, a program of its own, has one fixed sentence.
            if path.ends_with("src/daemon.rs") || path.ends_with("src/shim.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for raw in RAW {
                assert!(!text.contains(raw), "{} prints by {raw}, and not through `output`", path.display());
            }
        }
    }

    #[test]
    fn everything_is_printed_here() {
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    }

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
