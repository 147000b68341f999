//! Tables without lines, which fit the terminal.

use std::io;

use aiwg_client::types::TaskState;
use comfy_table::{
    Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table as Layout, presets,
};
use terminal_size::{Width, terminal_size_of};

use super::{Page, shorten, visible::visible};

/// What stands between two columns.
const GAP: u16 = 2;

/// The longest cell, in columns: no name and no path is longer.
const LONGEST: usize = 4096;

/// A column, by its heading.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    /// Never cut: names, which are copied.
    Whole(&'static str),
    /// Never cut, and aligned by its end.
    Number(&'static str),
    /// Text on one line. On a terminal these share what is left of its width; elsewhere it is cut to so many columns.
    Text(&'static str, usize),
}

use Column::{Number, Text, Whole};

impl Column {
    fn heading(self) -> &'static str {
        match self {
            Whole(heading) | Number(heading) | Text(heading, _) => heading,
        }
    }
}

/// What is shown in a table: text of others cannot act on the terminal.
pub(crate) struct Shown {
    text: String,
    color: Option<Color>,
}

impl Shown {
    fn colored(text: impl ToString, color: Color) -> Self {
        Self { text: text.to_string(), color: Some(color) }
    }

    /// Good news, or bad.
    pub(crate) fn judged(text: &str, is_good: bool) -> Self {
        Self::colored(text, if is_good { Color::DarkGreen } else { Color::DarkRed })
    }

    /// The state of a task, under a name for people.
    pub(crate) fn state(state: TaskState, name: &str) -> Self {
        match state {
            TaskState::Running => Self::colored(name, Color::DarkCyan),
            TaskState::Completed => Self::judged(name, true),
            TaskState::Failed | TaskState::Timeout => Self::judged(name, false),
            TaskState::Cancelled => Self::colored(name, Color::DarkYellow),
            // Queued, or one that this version does not know.
            _ => name.into(),
        }
    }
}

impl<T: ToString> From<T> for Shown {
    fn from(text: T) -> Self {
        Self { text: text.to_string(), color: None }
    }
}

/// A table, its columns aligned.
pub(crate) struct Table<const N: usize> {
    columns: [Column; N],
    width: Option<u16>,
    layout: Layout,
}

impl<const N: usize> Table<N> {
    /// One that fits standard output.
    pub(crate) fn new(columns: [Column; N]) -> Self {
        Self::within(terminal_size_of(io::stdout()).map(|(Width(width), _)| width), columns)
    }

    /// One of this width; as wide as it takes where there is none.
    fn within(width: Option<u16>, columns: [Column; N]) -> Self {
        let mut layout = Layout::new();
        // What is written to is asked whether it shows colours, and takes them out otherwise.
        layout.load_style(presets::NOTHING).set_header(columns.map(Column::heading)).enforce_styling();
        layout.set_truncation_indicator("…");
        if let Some(width) = width {
            // The last column's gap is never written.
            layout.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_add(GAP));
        }
        for (column, kind) in layout.column_iter_mut().zip(columns) {
            column.set_padding((0, GAP));
            match kind {
                Whole(_) => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                Number(_) => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                    column.set_cell_alignment(CellAlignment::Right);
                }
                // It is cut where it must be, and not at the last blank before.
                Text(..) => {
                    column.set_delimiter('\0');
                }
            }
        }
        Self { columns, width, layout }
    }

    pub(crate) fn add(&mut self, cells: [Shown; N]) {
        let width = self.width.map(usize::from);
        let cells = self.columns.iter().zip(cells).map(|(column, Shown { text, color })| {
            let text = match column {
                Text(_, limit) => shorten(&text, width.unwrap_or(*limit).min(LONGEST)),
                _ if text.len() > LONGEST => shorten(&text, LONGEST),
                _ => visible(&text).into_owned(),
            };
            let cell = Cell::new(text);
            color.map_or(cell.clone(), |color| cell.fg(color))
        });
        let mut row = Row::from(cells.collect::<Vec<_>>());
        row.max_height(1);
        self.layout.add_row(row);
    }

    /// Writes it without the blanks at the end of its lines.
    pub(crate) fn write(&self, out: &mut Page) -> io::Result<()> {
        self.lines().try_for_each(|line| out.own(&line))
    }

    /// The same without its headings.
    pub(crate) fn write_rows(&self, out: &mut Page) -> io::Result<()> {
        self.lines().skip(1).try_for_each(|line| out.own(&line))
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.layout.lines().map(|line| without_blanks(&line))
    }
}

/// What ends a colour may stand behind the blanks: all that is escaped here is ours.
fn without_blanks(line: &str) -> String {
    let (mut text, mut end) = (line.trim_end(), String::new());
    while let Some(at) = text.rfind('\x1b').filter(|at| text[*at..].find('m') == Some(text.len() - at - 1)) {
        end.insert_str(0, &text[at..]);
        text = text[..at].trim_end();
    }
    format!("{text}{end}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(width: Option<u16>, prompt: &str) -> Vec<String> {
        let columns = [Whole("ID"), Whole("STATE"), Number("PRIO"), Text("AGENT", 9), Text("PROMPT", 50)];
        let mut table = Table::within(width, columns);
        let state = Shown::state(TaskState::Failed, "failed");
        table.add(["task-0001".into(), state, 10.into(), "me\nand you".into(), prompt.into()]);
        table.lines().map(|line| line.trim_end_matches('\n').to_owned()).collect()
    }

    #[test]
    fn numbers_end_where_they_should_and_lines_without_blanks() {
        let lines = lines(None, "");
        assert_eq!(lines[0], "ID         STATE   PRIO  AGENT      PROMPT");
        assert_eq!(lines[1], "task-0001  \x1b[38;5;1mfailed  \x1b[39m  10  me and y…");
        let trimmed = without_blanks("Health  \x1b[mok   \x1b[m  \x1b[0m");
        assert_eq!(trimmed, "Health  \x1b[mok\x1b[m\x1b[0m\n");
    }

    #[test]
    fn a_row_is_one_line_of_the_terminal() {
        use unicode_width::UnicodeWidthStr;
        for prompt in [
            "Look at all of it, and then at all the rest of it as well",
            "世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界",
        ] {
            for width in [50, 60, 80] {
                let lines = lines(Some(width), &prompt.repeat(3));
                assert_eq!(lines.len(), 2, "{lines:?}");
                let row = anstream::adapter::strip_str(&lines[1]).to_string();
                assert!(
                    row.width() <= usize::from(width) && row.width() > usize::from(width) - 12,
                    "{row:?}"
                );
                assert!(row.ends_with('…') && row.starts_with("task-0001  failed"), "{row}");
            }
        }
    }
}
