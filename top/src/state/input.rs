//! A line that is typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

use crate::text::pasted;

/// The longest line, in bytes.
const MOST: usize = 4000;

/// A line that is typed, at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) text: String,
}

impl Input {
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// Takes a key in. False if it is none of those with which a line is typed.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if is_control => self.text.clear(),
            KeyCode::Char('w') if is_control => {
                let kept = self.text.trim_end();
                self.text.truncate(kept.rfind(' ').map_or(0, |at| at + 1));
            }
            KeyCode::Char('h') if is_control => self.rub_out(),
            KeyCode::Backspace => self.rub_out(),
            KeyCode::Char(c) if !is_control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.add(&c.to_string());
            }
            _ => return false,
        }
        true
    }

    /// Takes text in that was pasted: as one line.
    pub(crate) fn paste(&mut self, text: &str) {
        self.add(&pasted(text, MOST));
    }

    fn add(&mut self, text: &str) {
        if self.text.len() + text.len() <= MOST {
            self.text.extend(text.chars().filter(|c| !c.is_control()));
        }
    }

    fn rub_out(&mut self) {
        let last = self.text.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
        self.text.truncate(last);
    }
}
