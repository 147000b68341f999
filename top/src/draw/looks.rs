//! Colours and letters, as far as the terminal has them: the 16 colours whose shades are the person's own choice.

use aiwg_client::types::TaskState;
use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
};

use crate::state::Looks;

/// Looks of things. Without colours, each is told from the others by words, and by what is bold or dim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    pub(super) plain: Style,
    pub(super) strong: Style,
    pub(super) dim: Style,
    pub(super) good: Style,
    pub(super) bad: Style,
    pub(super) busy: Style,
    pub(super) attention: Style,
    pub(super) chosen: Style,
}

impl Theme {
    pub(super) fn of(looks: Looks) -> Self {
        let plain = Style::new();
        let in_color = |color: Color| if looks.is_colored { plain.fg(color) } else { plain };
        Self {
            plain,
            strong: plain.add_modifier(Modifier::BOLD),
            dim: plain.add_modifier(Modifier::DIM),
            good: in_color(Color::Green),
            bad: in_color(Color::Red).add_modifier(Modifier::BOLD),
            busy: in_color(Color::Cyan),
            attention: in_color(Color::Yellow).add_modifier(Modifier::BOLD),
            // It is seen on every background, whatever the colours are.
            chosen: plain.add_modifier(Modifier::REVERSED),
        }
    }

    pub(super) fn state(&self, state: TaskState) -> Style {
        match state {
            TaskState::Running => self.busy,
            TaskState::Completed => self.good,
            TaskState::Failed | TaskState::Timeout => self.bad,
            TaskState::Cancelled => self.dim,
            _ => self.plain,
        }
    }
}

/// Puts ASCII in place of what a terminal of another encoding would show as something else.
pub(super) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let instead = match cell.symbol() {
            "─" => "-",
            "│" => "|",
            "┌" | "┐" | "└" | "┘" => "+",
            "·" => "-",
            "…" => "~",
            "▸" => ">",
            "↑" => "^",
            "↓" => "v",
            _ => "?",
        };
        cell.set_symbol(instead);
    }
}
