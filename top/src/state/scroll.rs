//! Text in a window, which can be moved.

use crate::text::wrap_words;

/// Text that may be longer than its window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    /// Number of rows above the window.
    pub(crate) top: usize,
}

impl Text {
    pub(crate) fn new(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, top: 0 }
    }

    /// Its rows where there are so many columns.
    pub(crate) fn rows(&self, columns: usize) -> Vec<String> {
        self.lines.iter().flat_map(|line| wrap_words(line, columns)).collect()
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
