//! Text in a window, which can be moved.

use crate::text::{wrap, wrap_words};

/// What stands before a row of a line of a diff that is none of its beginning: else it could be taken for another line.
const GOES_ON: &str = "  ";

/// Text that may be longer than its window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    /// Number of rows above the window.
    pub(crate) top: usize,
    /// True if it is a diff, in which the first letter of a line says what it is.
    pub(crate) is_diff: bool,
}

impl Text {
    pub(crate) fn new(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, top: 0, is_diff: false }
    }

    pub(crate) fn diff(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { is_diff: true, ..Self::new(title, lines) }
    }

    /// Its rows where there are so many columns.
    pub(crate) fn rows(&self, columns: usize) -> Vec<String> {
        if !self.is_diff {
            return self.lines.iter().flat_map(|line| wrap_words(line, columns)).collect();
        }
        let rows = |line: &String| {
            let rows = wrap(line, columns.saturating_sub(GOES_ON.len())).into_iter().enumerate();
            rows.map(|(number, row)| if number == 0 { row } else { format!("{GOES_ON}{row}") })
                .collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(rows).collect()
    }

    /// True if its end is in the window.
    pub(crate) fn is_at_end(&self, columns: usize, height: usize) -> bool {
        self.rows(columns).len() <= self.top.saturating_add(height)
    }

    /// Moves the window by so many rows, within the text.
    pub(crate) fn scroll(&mut self, by: isize, columns: usize, height: usize) {
        let last = self.rows(columns).len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(last);
    }
}
