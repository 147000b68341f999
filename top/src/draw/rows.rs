//! The list, and the latest events below it.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::Canvas;
use crate::{
    format::{clock, money, short},
    message::Key,
    state::{Asked, Heard, Link, Row, State, View},
    text::{padded, padded_left, shorten, width},
};

/// A cell of a row: its text, its look, and how wide it is. The last one has what is left.
struct Cell {
    name: &'static str,
    text: String,
    style: Style,
    columns: usize,
    is_number: bool,
}

impl Cell {
    fn text(name: &'static str, text: impl Into<String>, style: Style, columns: usize) -> Self {
        Self { name, text: text.into(), style, columns, is_number: false }
    }

    fn number(name: &'static str, text: impl Into<String>, style: Style, columns: usize) -> Self {
        Self { is_number: true, ..Self::text(name, text, style, columns) }
    }

    fn shown(&self, text: &str) -> String {
        if self.is_number { padded_left(text, self.columns) } else { padded(text, self.columns) }
    }
}

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    let list = &state.list;
    let width = usize::from(areas.list.width);
    let shown = list.shown.iter().enumerate().skip(list.top).take(areas.list.height.into());
    let mut has_names = false;
    for (row, (at, key)) in (0..).zip(shown) {
        let Some(cells) = cells(state, *key, canvas, width) else { continue };
        if !has_names {
            has_names = true;
            let names = cells.iter().flat_map(|cell| [cell.shown(cell.name), " ".to_owned()]);
            let names = format!(" {}", names.collect::<String>());
            canvas.line(areas.names, 0, &Line::styled(names, canvas.theme.dim));
        }
        let is_chosen = at == list.at;
        let mark = if is_chosen { "▸" } else { " " };
        let mut spans = vec![Span::raw(mark)];
        for cell in &cells {
            let style = if is_chosen { Style::new() } else { cell.style };
            spans.extend([Span::styled(cell.shown(&cell.text), style), Span::raw(" ")]);
        }
        let line = Line::from(spans);
        let line = if is_chosen { line.style(canvas.theme.chosen) } else { line };
        canvas.bar(areas.list, row, &line);
    }
    if list.shown.is_empty() {
        let rows = nothing(state);
        for (row, text) in
            (1..).zip(rows.iter().flat_map(|text| crate::text::wrap_words(text, width.saturating_sub(4))))
        {
            canvas.line(areas.list, row, &Line::styled(format!("  {text}"), canvas.theme.dim));
        }
    }
}

fn cells(state: &State, key: Key, canvas: &Canvas<'_>, width: usize) -> Option<Vec<Cell>> {
    match state.list.view {
        View::Approvals => Some(of_approval(state, state.approvals.get(&key)?, canvas, width)),
        View::Events => {
            // They stand as they came, the oldest first.
            let heard = state.events.iter().rev().find(|heard| heard.key == key)?;
            Some(of_event(state, heard, canvas, width))
        }
        _ => Some(of_task(state, state.tasks.get(&key)?, canvas, width)),
    }
}

fn project(state: &State, key: Key, canvas: &Canvas<'_>, width: usize) -> Option<Cell> {
    let has_room = state.is_all && width >= 60;
    let columns = (width / 8).clamp(8, 20);
    has_room.then(|| Cell::text("PROJECT", state.name_of(key.project), canvas.theme.plain, columns))
}

/// Lets the last cell have what is left.
fn fitted(mut cells: Vec<Cell>, width: usize) -> Vec<Cell> {
    let taken: usize = 1 + cells.iter().map(|cell| cell.columns + 1).sum::<usize>();
    if let Some(last) = cells.last_mut() {
        last.columns = width.saturating_sub(taken);
    }
    cells
}

fn of_task(state: &State, row: &Row, canvas: &Canvas<'_>, width: usize) -> Vec<Cell> {
    let theme = canvas.theme;
    let mut cells: Vec<Cell> = project(state, row.key, canvas, width).into_iter().collect();
    let id = row.key.task_id();
    cells.push(Cell::text("TASK", &id, theme.plain, id.len().max(10)));
    cells.push(Cell::text("STATE", row.state.name(), theme.state(row.state), 9));
    if width >= 50 {
        cells.push(Cell::number("FOR", short(row.age(state.now)), theme.plain, 4));
    }
    if width >= 66 {
        cells.push(Cell::number("COST", row.cost.map(money).unwrap_or_default(), theme.plain, 8));
    }
    if width >= 56 {
        let is_asked = state.asked_of(row.key).is_some();
        let style = if is_asked { theme.attention } else { theme.plain };
        let columns = if width >= 100 { 20 } else { 15 };
        cells.push(Cell::text("WHY", row.why(state), style, columns));
    }
    if width >= 110 {
        cells.push(Cell::text("RULE", row.rule.as_deref().unwrap_or("-"), theme.plain, 16));
    }
    let text = match &row.error {
        Some(error) if width >= 130 => format!("{} ({error})", row.prompt),
        _ => row.prompt.clone(),
    };
    cells.push(Cell::text("PROMPT", text, theme.plain, 0));
    fitted(cells, width)
}

fn of_approval(state: &State, asked: &Asked, canvas: &Canvas<'_>, width: usize) -> Vec<Cell> {
    let theme = canvas.theme;
    let mut cells: Vec<Cell> = project(state, asked.key, canvas, width).into_iter().collect();
    cells.push(Cell::text("APPROVAL", asked.key.approval_id(), theme.plain, 13));
    if width >= 50 {
        cells.push(Cell::text("KIND", asked.kind.name(), theme.attention, 10));
    }
    if width >= 60 {
        let task = asked.task.map(Key::task_id).unwrap_or_default();
        cells.push(Cell::text("TASK", task, theme.plain, 10));
    }
    if width >= 70 {
        let age = crate::format::between(asked.requested_at, state.now);
        cells.push(Cell::number("FOR", short(age), theme.plain, 4));
        let left = asked.expires_at.map(|at| short(crate::format::between(state.now, at)));
        cells.push(Cell::number("LEFT", left.unwrap_or_default(), theme.plain, 4));
    }
    cells.push(Cell::text("WHAT", &asked.summary, theme.plain, 0));
    fitted(cells, width)
}

fn of_event(state: &State, heard: &Heard, canvas: &Canvas<'_>, width: usize) -> Vec<Cell> {
    let theme = canvas.theme;
    let mut cells: Vec<Cell> = project(state, heard.key, canvas, width).into_iter().collect();
    if width >= 50 {
        cells.push(Cell::text("TIME", clock(heard.at, &state.zone), theme.dim, 8));
    }
    cells.push(Cell::text("TOPIC", &heard.topic, look(heard, canvas), (width / 3).clamp(12, 32)));
    if width >= 100 {
        cells.push(Cell::text("FROM", &heard.source, theme.plain, 12));
    }
    let text = if heard.topic.starts_with("task:") { heard.short() } else { heard.payload.clone() };
    cells.push(Cell::text("PAYLOAD", text, theme.plain, 0));
    fitted(cells, width)
}

fn look(heard: &Heard, canvas: &Canvas<'_>) -> Style {
    let theme = canvas.theme;
    match heard.topic.as_str() {
        "task:failed" | "task:timeout" | "health:degraded" | "budget:exhausted" => theme.bad,
        "approval:requested" | "automation:tripped" | "budget:warning" | "agent:limited" => theme.attention,
        "task:completed" | "task:verified" => theme.good,
        _ => theme.plain,
    }
}

/// What is said where nothing is listed.
fn nothing(state: &State) -> Vec<String> {
    if !state.list.filter.is_empty() {
        return vec![format!("Nothing here has {:?} in it. Esc shows all.", state.list.filter)];
    }
    if let [project] = &state.projects[..]
        && !state.is_all
        && let Link::Away { why, .. } = &project.link
    {
        return vec![format!("Waiting for the daemon: {why}")];
    }
    let is_known = state.projects.iter().any(|project| project.overview.is_some());
    let text = match state.list.view {
        _ if state.projects.is_empty() => {
            "Waiting for a daemon: `aiwg daemon start` starts one for a project."
        }
        _ if !is_known => "",
        View::All => "No tasks. `aiwg task submit \"...\"` submits one.",
        View::Running => "No task runs.",
        View::Waiting => "No task waits.",
        View::Ended => "No task has ended.",
        View::Approvals => "Nothing waits for a decision.",
        View::Events => "Nothing has happened.",
    };
    vec![text.to_owned()]
}

/// The latest events, the newest last.
pub(super) fn tail(state: &State, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    let Some(rows) = areas.tail.height.checked_sub(1) else { return };
    let columns = usize::from(areas.tail.width);
    let rule = padded("── Events ", 10) + &"─".repeat(columns.saturating_sub(10));
    canvas.line(areas.tail, 0, &Line::styled(rule, canvas.theme.dim));
    let from = state.events.len().saturating_sub(rows.into());
    for (row, heard) in (1..).zip(state.events.iter().skip(from)) {
        let mut spans = vec![Span::styled(format!(" {} ", clock(heard.at, &state.zone)), canvas.theme.dim)];
        if state.is_all {
            spans.push(Span::raw(format!("{} ", shorten(state.name_of(heard.key.project), 16))));
        }
        spans.push(Span::styled(heard.topic.clone(), look(heard, canvas)));
        let taken: usize = spans.iter().map(|span| width(&span.content)).sum();
        spans.push(Span::raw(format!(" {}", shorten(&heard.short(), columns.saturating_sub(taken + 1)))));
        canvas.line(areas.tail, row, &Line::from(spans));
    }
}
