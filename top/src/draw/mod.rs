//! The screen: a pure function of the state.

mod foot;
mod head;
mod looks;
mod output;
mod rows;
#[cfg(test)]
mod tests;
mod window;

use ratatui::{Frame, buffer::Buffer, layout::Rect, text::Line};

use self::looks::Theme;
use crate::state::{State, View};

/// Draws all of it. The state must be settled. False if nothing was drawn.
pub(crate) fn draw(state: &State, frame: &mut Frame<'_>) -> bool {
    let areas = state.areas();
    let theme = Theme::of(state.looks);
    let mut canvas = Canvas { buffer: frame.buffer_mut(), theme };
    // A terminal that has become smaller since is drawn again in a moment.
    if canvas.buffer.area.area() < areas.all.area() {
        return false;
    }
    match &state.output {
        Some(output) => output::draw(state, output, &mut canvas),
        None => {
            head::draw(state, &mut canvas);
            rows::draw(state, &mut canvas);
            if state.list.view != View::Events {
                rows::tail(state, &mut canvas);
            }
        }
    }
    let cursor = foot::draw(state, &mut canvas);
    window::draw(state, &mut canvas);
    if !state.looks.is_utf8 {
        looks::to_ascii(canvas.buffer);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    true
}

/// Where it is drawn, and how things look.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
}

impl Canvas<'_> {
    /// Puts a line into a row of an area; nothing where there is no such row.
    fn line(&mut self, area: Rect, row: u16, line: &Line<'_>) {
        let area = area.intersection(self.buffer.area);
        if row < area.height {
            self.buffer.set_line(area.x, area.y + row, line, area.width);
        }
    }

    /// The same with one look from edge to edge.
    fn bar(&mut self, area: Rect, row: u16, line: &Line<'_>) {
        self.line(area, row, line);
        let area = area.intersection(self.buffer.area);
        if row < area.height {
            let bar = Rect { y: area.y + row, height: 1, ..area };
            self.buffer.set_style(bar, line.style);
        }
    }
}
