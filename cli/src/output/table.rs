//! Tables without lines, which fit the terminal.

use std::io;

use aiwg_client::types::TaskState;
use anstyle::{AnsiColor, Style};
use comfy_table::{
    Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table as Layout, presets,
};
use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthStr;

use super::{Page, shorten};
use crate::visible::visible;

/// Width between two columns.
const GAP: u16 = 2;

/// The longest cell, in columns: no name and no path is longer.
const LONGEST: usize = 4096;

/// The least of a text that is worth a column, in columns of the terminal.
const LEAST_TEXT: usize = 8;

/// Beginning of the lines of a paragraph, all but the first.
const INDENT: &str = "  ";

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

/// Text shown in a table: text of others cannot act on the terminal.
pub(crate) struct Shown {
    text: String,
    color: Option<AnsiColor>,
}

impl Shown {
    fn colored(text: impl ToString, color: AnsiColor) -> Self {
        Self { text: text.to_string(), color: Some(color) }
    }

    fn is_empty(&self) -> bool {
        matches!(self.text.as_str(), "" | "-")
    }

    /// Good news, or bad.
    pub(crate) fn marked(text: &str, is_good: bool) -> Self {
        Self::colored(text, if is_good { AnsiColor::Green } else { AnsiColor::Red })
    }

    /// The state of a task, under a name for people.
    pub(crate) fn state(state: TaskState, name: &str) -> Self {
        match state {
            TaskState::Running => Self::colored(name, AnsiColor::Cyan),
            TaskState::Completed => Self::marked(name, true),
            TaskState::Failed | TaskState::Timeout => Self::marked(name, false),
            TaskState::Cancelled => Self::colored(name, AnsiColor::Yellow),
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

/// A table, its columns aligned; where the terminal is too narrow for that, a paragraph for each row.
pub(crate) struct Table<const N: usize> {
    columns: [Column; N],
    width: Option<u16>,
    rows: Vec<[Shown; N]>,
}

impl<const N: usize> Table<N> {
    /// One that fits standard output.
    pub(crate) fn new(columns: [Column; N]) -> Self {
        Self::within(terminal_size_of(io::stdout()).map(|(Width(width), _)| width), columns)
    }

    /// One of this width; as wide as it takes where there is none.
    fn within(width: Option<u16>, columns: [Column; N]) -> Self {
        Self { columns, width, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, mut cells: [Shown; N]) {
        let width = self.width.map(usize::from);
        for (column, cell) in self.columns.iter().zip(&mut cells) {
            cell.text = match column {
                Text(_, limit) => shorten(&cell.text, width.unwrap_or(*limit).min(LONGEST)),
                _ if cell.text.len() > LONGEST => shorten(&cell.text, LONGEST),
                _ => visible(&cell.text).into_owned(),
            };
        }
        self.rows.push(cells);
    }

    /// Writes it without the blanks at the end of its lines.
    pub(crate) fn write(&self, out: &mut Page) -> io::Result<()> {
        self.lines().iter().try_for_each(|line| out.own(line))
    }

    /// The same without its headings.
    pub(crate) fn write_rows(&self, out: &mut Page) -> io::Result<()> {
        layout(&self.columns, self.width, &self.rows).skip(1).try_for_each(|line| out.own(&line))
    }

    fn lines(&self) -> Vec<String> {
        match self.width.map(usize::from) {
            Some(width) if self.least_width() > width => {
                self.rows.iter().flat_map(|row| paragraph(&self.columns, row, width)).collect()
            }
            _ => layout(&self.columns, self.width, &self.rows).collect(),
        }
    }

    /// Width that a terminal needs for columns that can be read.
    fn least_width(&self) -> usize {
        let column = |(at, column): (usize, &Column)| {
            let cells = self.rows.iter().map(|row| row[at].text.width());
            let widest = cells.max().unwrap_or(0);
            let needed = if matches!(column, Text(..)) { widest.min(LEAST_TEXT) } else { widest };
            needed.max(column.heading().width())
        };
        let gaps = N.saturating_sub(1) * usize::from(GAP);
        self.columns.iter().enumerate().map(column).sum::<usize>() + gaps
    }
}

/// The lines of a table with its columns.
fn layout<const N: usize>(
    columns: &[Column; N],
    width: Option<u16>,
    rows: &[[Shown; N]],
) -> impl Iterator<Item = String> {
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
    for cells in rows {
        let cells = cells.iter().map(|Shown { text, color }| {
            let cell = Cell::new(text);
            color.map_or(cell.clone(), |color| cell.fg(Color::AnsiValue(color as u8)))
        });
        let mut row = Row::from(cells.collect::<Vec<_>>());
        row.max_height(1);
        layout.add_row(row);
    }
    let lines: Vec<String> = layout.lines().map(|line| without_blanks(&line)).collect();
    lines.into_iter()
}

/// A row where there is no room for columns: its cells one after the other, all lines but the first indented. Numbers are named, and what is empty is
/// left out.
fn paragraph<const N: usize>(columns: &[Column; N], row: &[Shown; N], width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (column, Shown { text, color }) in columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
        let text = match column {
            Number(heading) => format!("{} {text}", heading.to_lowercase()),
            // A line of its own holds more of it than the rest of one.
            Text(..) => shorten(text, width.saturating_sub(INDENT.len()).max(LEAST_TEXT)),
            Whole(_) => text.clone(),
        };
        let wide = text.width();
        if used > 0 && used + usize::from(GAP) + wide > width {
            lines.push(INDENT.to_owned());
            used = INDENT.len();
        } else if used > 0 {
            lines.last_mut().into_iter().for_each(|line| line.push_str("  "));
            used += usize::from(GAP);
        }
        used += wide;
        let style = Style::new().fg_color(color.map(Into::into));
        lines.last_mut().into_iter().for_each(|line| line.push_str(&format!("{style}{text}{style:#}")));
    }
    lines.iter_mut().for_each(|line| line.push('\n'));
    lines
}

/// The line without blanks at its end. What ends a colour may stand behind them: all that is escaped here is ours.
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
        table.lines().iter().map(|line| line.trim_end_matches('\n').to_owned()).collect()
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

    #[test]
    fn where_columns_have_no_room_a_row_is_a_paragraph() {
        let lines = lines(Some(40), "Look at all of it, and then at all the rest of it as well");
        let plain: Vec<String> =
            lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(
            plain,
            ["task-0001  failed  prio 10  me and you", "  Look at all of it, and then at all th…"]
        );
        assert!(plain.iter().all(|line| line.width() <= 40));
    }
}
