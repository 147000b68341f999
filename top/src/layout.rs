//! The places of what is shown.

use ratatui::layout::Rect;

/// Size of a terminal, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

/// The least rows for the latest events to be shown, and for more of them.
const ROWS_FOR_TAIL: u16 = 14;
const ROWS_FOR_MORE: u16 = 22;

/// Rows of the head of an output.
const OUTPUT_HEAD: u16 = 3;

/// The places. One for which there is no room is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    pub(crate) all: Rect,
    pub(crate) head: Rect,
    pub(crate) views: Rect,
    /// The names of the columns.
    pub(crate) names: Rect,
    pub(crate) list: Rect,
    /// The latest events.
    pub(crate) tail: Rect,
    pub(crate) foot: Rect,
    /// The facts about the task whose output is looked at.
    pub(crate) output_head: Rect,
    pub(crate) output: Rect,
}

impl Areas {
    pub(crate) fn of(size: Size, has_tail: bool) -> Self {
        let all = Rect::new(0, 0, size.columns, size.rows);
        let tail = match size.rows {
            rows if !has_tail || rows < ROWS_FOR_TAIL => 0,
            rows if rows < ROWS_FOR_MORE => 4,
            rows => 6 + (rows - ROWS_FOR_MORE) / 6,
        };
        let mut left = all;
        let foot = take_below(&mut left, 1);
        let mut rest = left;
        let head = take(&mut rest, if size.rows < 8 { 1 } else { 2 });
        let views = take(&mut rest, if size.rows < 6 { 0 } else { 1 });
        let tail = take_below(&mut rest, tail);
        let names = take(&mut rest, if size.rows < 7 { 0 } else { 1 });
        let mut output = left;
        let output_head = take(&mut output, if size.rows < 8 { 1 } else { OUTPUT_HEAD });
        Self { all, head, views, names, list: rest, tail, foot, output_head, output }
    }

    pub(crate) fn output_size(&self) -> Size {
        Size { columns: self.output.width, rows: self.output.height }
    }

    /// A window in the middle, over the rest.
    pub(crate) fn window(&self, columns: u16, rows: u16) -> Rect {
        let width = columns.min(self.all.width);
        let height = rows.min(self.all.height.saturating_sub(self.foot.height));
        let x = (self.all.width - width) / 2;
        let y = (self.all.height.saturating_sub(self.foot.height) - height) / 2;
        Rect::new(x, y, width, height)
    }

    /// The window for a text, and the room for it within.
    pub(crate) fn text_window(&self) -> (Rect, Size) {
        let rows = self.all.height.saturating_sub(self.foot.height);
        let window = self.window(76.max(self.all.width.saturating_sub(12)).min(100), rows);
        let room = Size { columns: window.width.saturating_sub(4), rows: window.height.saturating_sub(3) };
        (window, room)
    }
}

fn take(from: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(from.height);
    let taken = Rect { height: rows, ..*from };
    from.y += rows;
    from.height -= rows;
    taken
}

fn take_below(from: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(from.height);
    from.height -= rows;
    Rect { y: from.y + from.height, height: rows, ..*from }
}
