//! An output as rows of the screen: as much of its end as is kept.

use std::collections::VecDeque;

use crate::text::{Stripper, shown, wrap};

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
        for part in stripped.split_inclusive('\n') {
            self.open.push_str(part);
            self.drop_overwritten();
            while self.open.len() > LONGEST + 1 {
                let rest = self.open.split_off(self.open.floor_char_boundary(LONGEST));
                let line = std::mem::replace(&mut self.open, rest);
                gone += self.push(shown(&line));
            }
            if self.open.ends_with('\n') {
                let line = std::mem::take(&mut self.open);
                gone += self.push(shown(line.trim_end_matches('\n')));
            }
        }
        self.open_rows =
            if self.open.is_empty() { Vec::new() } else { wrap(&shown(&self.open), self.columns) };
        gone
    }

    /// A progress bar can go on for hours on one line.
    fn drop_overwritten(&mut self) {
        if self.open.len() > LONGEST / 2
            && let Some(at) = self.open.trim_end_matches(['\r', '\n']).rfind('\r')
        {
            self.open.drain(..=at);
        }
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
        self.open_rows = if self.open.is_empty() { Vec::new() } else { wrap(&shown(&self.open), columns) };
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
        lines.add("10 %\r");
        lines.add("20 %\r");
        assert_eq!(all(&lines).last(), Some(&"20 %"));
        lines.add("30 %\r\n");
        assert_eq!(all(&lines).last(), Some(&"30 %"));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut lines = Lines::new(80);
        let gone: usize = (0..MOST_LINES + 10).map(|n| lines.add(&format!("{n}\n"))).sum();
        assert!(gone == 10 && lines.is_cut && lines.len() == MOST_LINES);
        assert_eq!(all(&lines)[0], "10");
        lines.add(&"x".repeat(10 * LONGEST));
        assert!(lines.open.len() <= LONGEST + 1);
        lines.add(&format!("{}\nend\n", "y".repeat(LONGEST - 1)));
        assert_eq!(all(&lines).last(), Some(&"end"));
        for _ in 0..20 {
            lines.add(&"世".repeat(100_000));
        }
        assert!(lines.bytes <= MOST_BYTES);
    }
}
