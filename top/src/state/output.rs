//! The output of a task, as it comes.

use aiwg_client::types::OutputStream;

use super::lines::Lines;
use crate::{
    layout::Size,
    message::{self, Key},
};

/// The output that is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) key: Key,
    /// The number under which it is followed.
    pub(crate) follow: u64,
    pub(crate) stream: OutputStream,
    pub(crate) lines: Lines,
    /// Number of rows above the window; none while it follows the end.
    top: Option<usize>,
    height: usize,
    pub(crate) is_ended: bool,
    pub(crate) error: Option<String>,
}

impl Output {
    pub(crate) fn new(key: Key, follow: u64, stream: OutputStream, size: Size) -> Self {
        Self {
            key,
            follow,
            stream,
            lines: Lines::new(size.columns.into()),
            top: None,
            height: size.rows.into(),
            is_ended: false,
            error: None,
        }
    }

    /// Takes in what is heard of it.
    pub(crate) fn take(&mut self, heard: message::Output) {
        match heard {
            message::Output::Text(text) => {
                self.error = None;
                let gone = self.lines.add(&text);
                self.top = self.top.map(|top| top.saturating_sub(gone));
            }
            message::Output::Anew => {
                self.lines = Lines::new(self.lines.columns());
                (self.top, self.is_ended) = (None, false);
            }
            message::Output::Skipped(bytes) => {
                self.lines.add(&format!(
                    "\n… {bytes} bytes are not shown here; `aiwg task logs` has all of it …\n"
                ));
            }
            message::Output::Ended => self.is_ended = true,
            message::Output::Failed(why) => self.error = Some(crate::text::one_line(&why, 1000)),
        }
    }

    pub(crate) fn resize(&mut self, size: Size) {
        self.lines.resize(size.columns.into());
        self.height = size.rows.into();
        self.scroll(0);
    }

    fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.height)
    }

    /// True if the window is at the end, and stays there.
    pub(crate) fn is_following(&self) -> bool {
        self.top.is_none()
    }

    /// Number of rows above the window.
    pub(crate) fn top(&self) -> usize {
        self.top.unwrap_or(usize::MAX).min(self.last_top())
    }

    /// Number of rows of the window.
    pub(crate) fn page(&self) -> isize {
        isize::try_from(self.height.saturating_sub(1)).unwrap_or(1).max(1)
    }

    /// Moves the window. At the end it follows what comes.
    pub(crate) fn scroll(&mut self, by: isize) {
        if by == 0 && self.top.is_none() {
            return;
        }
        let top = self.top().saturating_add_signed(by);
        self.top = (top < self.last_top()).then_some(top);
    }

    /// Moves it to the beginning of what is kept.
    pub(crate) fn go_to_start(&mut self) {
        self.top = (self.last_top() > 0).then_some(0);
    }

    /// Moves it to the end, where it stays.
    pub(crate) fn go_to_end(&mut self) {
        self.top = None;
    }

    /// Stays where it is, or follows the end.
    pub(crate) fn toggle_following(&mut self) {
        self.top = if self.top.is_none() { Some(self.last_top()) } else { None };
    }
}
