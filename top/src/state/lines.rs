//! An output as rows of the screen: as much of its end as is kept.

use std::collections::VecDeque;

use crate::text::{Stripper, tabs, wrap};

/// Number of lines that are kept, and of their bytes together.
const MOST_LINES: usize = 5000;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The longest line, in bytes: what is longer is broken.
const LONGEST: usize = 16 * 1024;

/// The lines of an output, and the rows that they take.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    stripper: Stripper,
    lines: VecDeque<String>,
    bytes: usize,
    /// The line whose end has not come.
    open: String,
    /// True behind a carriage return, which ends a line: it writes over nothing.
    is_returned: bool,
    columns: usize,
    rows: VecDeque<String>,
    /// Number of rows of each line.
    heights: VecDeque<usize>,
    open_rows: Vec<String>,
    /// True if the beginning is not kept.
    pub(crate) is_cut: bool,
}

impl Lines {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns: columns.max(1), ..Self::default() }
    }

    /// Takes more text in. Gives how many rows have gone at the beginning.
    pub(crate) fn add(&mut self, text: &str) -> usize {
        let mut stripped = String::new();
        self.stripper.strip(text, &mut stripped);
        let mut gone = 0;
        for part in stripped.split_inclusive(['\n', '\r']) {
            let text = part.trim_end_matches(['\n', '\r']);
            let end = &part[text.len()..];
            self.open.push_str(text);
            self.is_returned &= text.is_empty();
            while self.open.len() > LONGEST {
                let rest = self.open.split_off(self.open.floor_char_boundary(LONGEST));
                let line = std::mem::replace(&mut self.open, rest);
                gone += self.push(tabs(&line));
            }
            match end {
                "" => {}
                "\r" if self.open.is_empty() => {}
                // The end of that line.
                "\n" if self.is_returned => self.is_returned = false,
                end => {
                    let line = std::mem::take(&mut self.open);
                    gone += self.push(tabs(&line));
                    self.is_returned = end == "\r";
                }
            }
        }
        self.open_rows =
            if self.open.is_empty() { Vec::new() } else { wrap(&tabs(&self.open), self.columns) };
        gone
    }

    /// Lets the rows take so many columns.
    pub(crate) fn resize(&mut self, columns: usize) {
        let columns = columns.max(1);
        if columns == self.columns {
            return;
        }
        self.columns = columns;
        let wrapped: Vec<Vec<String>> = self.lines.iter().map(|line| wrap(line, columns)).collect();
        self.heights = wrapped.iter().map(Vec::len).collect();
        self.rows = wrapped.into_iter().flatten().collect();
        self.open_rows = if self.open.is_empty() { Vec::new() } else { wrap(&tabs(&self.open), columns) };
    }

    fn push(&mut self, line: String) -> usize {
        let rows = wrap(&line, self.columns);
        self.heights.push_back(rows.len());
        self.rows.extend(rows);
        self.bytes += line.len();
        self.lines.push_back(line);
        let mut gone = 0;
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let Some(first) = self.lines.pop_front() else { break };
            self.bytes -= first.len();
            let height = self.heights.pop_front().unwrap_or(0);
            self.rows.drain(..height.min(self.rows.len()));
            gone += height;
            self.is_cut = true;
        }
        gone
    }

    /// Number of columns of a row.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.open_rows.len()
    }

    /// Up to so many rows from one on.
    pub(crate) fn rows(&self, from: usize, number: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().chain(&self.open_rows).skip(from).take(number).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &Lines) -> Vec<&str> {
        lines.rows(0, usize::MAX).collect()
    }

    #[test]
    fn lines_come_in_pieces_and_are_wrapped() {
        let mut lines = Lines::new(4);
        lines.add("abc");
        assert_eq!(all(&lines), ["abc"]);
        lines.add("def\n\x1b[3");
        lines.add("1mx\r\n\n");
        assert_eq!(all(&lines), ["abcd", "ef", "x", ""]);
        lines.resize(10);
        assert_eq!(all(&lines), ["abcdef", "x", ""]);
    }

    #[test]
    fn a_carriage_return_hides_nothing() {
        let text = "SECRET deed\rnice\r\n\r10 %\r20 %\r\r\n\nend\r\n\r\nopen\r";
        let expected = ["SECRET deed", "nice", "10 %", "20 %", "", "end", "", "open"];
        for piece in 1..=text.len() {
            let mut lines = Lines::new(80);
            for piece in text.as_bytes().chunks(piece) {
                lines.add(std::str::from_utf8(piece).unwrap());
            }
            assert_eq!(all(&lines), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut lines = Lines::new(80);
        let gone: usize = (0..MOST_LINES + 10).map(|n| lines.add(&format!("{n}\n"))).sum();
        assert!(gone == 10 && lines.is_cut && lines.len() == MOST_LINES);
        assert_eq!(all(&lines)[0], "10");
        lines.add(&"x".repeat(10 * LONGEST));
        assert!(lines.open.len() <= LONGEST);
        lines.add(&format!("{}\nend\n", "y".repeat(LONGEST - 1)));
        assert_eq!(all(&lines).last(), Some(&"end"));
        for _ in 0..20 {
            lines.add(&"世".repeat(100_000));
        }
        assert!(lines.bytes <= MOST_BYTES);
    }
}
