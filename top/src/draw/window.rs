//! What stands over the rest: the keys, questions to the person, requests.

use aiwg_client::types::TaskState;
use ratatui::{
    layout::Rect,
    text::Line,
    widgets::{Block, Clear, Widget},
};

use super::Canvas;
use crate::{
    layout::Size,
    message::Key,
    state::{Over, State, Text},
    text::wrap_words,
};

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(over) = &state.over else { return };
    match over {
        Over::Help(text) | Over::Facts(text) => long(state, text, canvas),
        Over::Cancel(task) => cancel(state, *task, canvas),
        Over::Retry(task) => {
            let said = format!("Submit {} again, as a new task?", task.task_id());
            question(state, "Retry", said, *task, canvas);
        }
        Over::Decision(decision) => match &decision.request {
            Some(request) => long(state, request, canvas),
            None => {
                let title = state.of(decision.key.project) + &decision.key.approval_id();
                frame(state.areas().window(50, 5), &title, canvas);
            }
        },
    }
}

fn cancel(state: &State, task: Key, canvas: &mut Canvas<'_>) {
    let runs = state.tasks.get(&task).is_some_and(|row| row.state == TaskState::Running);
    let more = if runs { " Its agent is ended, with all that it has started." } else { "" };
    question(state, "Cancel", format!("Cancel {}?{more}", task.task_id()), task, canvas);
}

/// A question about a task.
fn question(state: &State, title: &str, said: String, task: Key, canvas: &mut Canvas<'_>) {
    let row = state.tasks.get(&task);
    let prompt =
        format!("{}{}", state.of(task.project), row.map(|row| row.prompt.as_str()).unwrap_or_default());
    let window = state.areas().window(60, 9);
    let columns = usize::from(window.width.saturating_sub(4));
    let mut rows = wrap_words(&said, columns);
    rows.push(String::new());
    let room = usize::from(window.height).saturating_sub(rows.len() + 5);
    let mut prompt = wrap_words(&prompt, columns);
    if prompt.len() > room {
        prompt.truncate(room.saturating_sub(1));
        prompt.push("…".to_owned());
    }
    rows.extend(prompt);
    let answer = usize::from(window.height).saturating_sub(4);
    rows.resize(answer.max(1), String::new());
    rows.push("y yes   n no".to_owned());
    let within = frame(window, title, canvas);
    fill(within, rows.iter().map(String::as_str), canvas);
}

/// A text that may be longer than there is room for. One that is a diff has its colours.
fn long(state: &State, text: &Text, canvas: &mut Canvas<'_>) {
    let (window, room) = state.areas().text_window();
    let Size { columns, rows: height } = room;
    let rows = text.rows(columns.into());
    let last = rows.len().saturating_sub(height.into());
    let top = text.top.min(last);
    let needed = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(3);
    let window = state.areas().window(window.width, needed.min(window.height));
    let more = if rows.len() > usize::from(height) {
        let end = (top + usize::from(height)).min(rows.len());
        format!("{} ({end}/{})", text.title, rows.len())
    } else {
        text.title.clone()
    };
    let within = frame(window, &more, canvas);
    let theme = canvas.theme;
    for (row, line) in (0..).zip(rows.iter().skip(top).take(height.into())) {
        let style = match line.chars().next() {
            Some('+') if text.is_diff => theme.good,
            Some('-') if text.is_diff => theme.bad,
            Some('@') if text.is_diff => theme.dim,
            _ => theme.plain,
        };
        canvas.line(within, row, &Line::styled(line.clone(), style));
    }
}

/// Draws the frame of a window, and gives the room within.
fn frame(window: Rect, title: &str, canvas: &mut Canvas<'_>) -> Rect {
    let window = window.intersection(canvas.buffer.area);
    Clear.render(window, canvas.buffer);
    let title = crate::text::shorten(title, usize::from(window.width).saturating_sub(6));
    Block::bordered()
        .title(Line::styled(format!(" {title} "), canvas.theme.strong))
        .render(window, canvas.buffer);
    let (x, y) = (2.min(window.width), 2.min(window.height));
    let width = window.width.saturating_sub(4);
    Rect::new(window.x + x, window.y + y, width, window.height.saturating_sub(3))
}

fn fill<'a>(within: Rect, rows: impl Iterator<Item = &'a str>, canvas: &mut Canvas<'_>) {
    for (row, text) in (0..).zip(rows) {
        canvas.line(within, row, &Line::raw(text.to_owned()));
    }
}
