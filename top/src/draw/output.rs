//! The output of a task.

use aiwg_client::types::{OutputStream, TaskState};
use ratatui::text::{Line, Span};

use super::Canvas;
use crate::{
    format::{moment, money, words},
    state::{Link, Output, State},
    text::{padded, shorten, width},
};

pub(super) fn draw(state: &State, output: &Output, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    let theme = canvas.theme;
    let columns = usize::from(areas.output_head.width);
    canvas.line(areas.output_head, 0, &facts(state, output, canvas));
    let row = state.tasks.get(&output.key);
    let prompt = row.map(|row| row.prompt.as_str()).unwrap_or_default();
    canvas.line(areas.output_head, 1, &Line::raw(format!(" {}", shorten(prompt, columns.saturating_sub(2)))));
    let style = if away(state, output).is_some() { theme.attention } else { theme.dim };
    canvas.line(areas.output_head, 2, &Line::styled(rule(state, output, columns), style));
    for (row, text) in (0..).zip(output.lines.rows(output.top(), areas.output.height.into())) {
        canvas.line(areas.output, row, &Line::raw(text));
    }
    if output.lines.len() == 0 {
        let text = match (&output.error, row.map(|row| (row.state, row.why(state)))) {
            (Some(error), _) => error.clone(),
            (None, Some((TaskState::Queued, why))) => format!("It has not begun: it waits for {why}."),
            (None, _) if output.is_ended => "It has written nothing.".to_owned(),
            (None, Some((TaskState::Running, _))) => "It has written nothing yet.".to_owned(),
            (None, _) => String::new(),
        };
        for (row, text) in (0..).zip(crate::text::wrap_words(&text, columns.saturating_sub(2))) {
            canvas.line(areas.output, row, &Line::styled(format!(" {text}"), theme.dim));
        }
    }
}

/// The task, in short.
fn facts(state: &State, output: &Output, canvas: &Canvas<'_>) -> Line<'static> {
    let theme = canvas.theme;
    let mut spans = vec![Span::styled(format!(" {}", output.key.task_id()), theme.strong)];
    if state.is_all {
        spans.push(Span::raw(format!(" of {}", state.name_of(output.key.project))));
    }
    let Some(row) = state.tasks.get(&output.key) else { return Line::from(spans) };
    spans.push(Span::styled(format!("  {}", row.state), theme.state(row.state)));
    let why = row.why(state);
    let mut more = Vec::new();
    if !why.is_empty() {
        more.push(if row.state == TaskState::Queued { format!("waits for {why}") } else { why });
    }
    if let Some(time) = row.duration(state.now) {
        more.push(words(time));
    }
    more.extend(row.cost.map(money));
    more.extend(row.rule.as_ref().map(|rule| format!("rule {rule}")));
    more.extend(row.agent.as_ref().map(|agent| format!("agent {agent}")));
    more.extend(row.lane.as_ref().map(|lane| format!("lane {lane}")));
    more.extend((row.priority != 0).then(|| format!("priority {}", row.priority)));
    more.extend(row.error.clone());
    spans.extend(more.into_iter().map(|text| Span::raw(format!(" · {text}"))));
    Line::from(spans)
}

/// That nothing can come, since its daemon is away: what is shown of the task is from before.
fn away(state: &State, output: &Output) -> Option<String> {
    let Link::Away { since, .. } = &state.projects.get(output.key.project)?.link else { return None };
    // What has ended has.
    (!output.is_ended)
        .then(|| format!("no daemon since {}, waiting for it", moment(*since, state.now, &state.zone)))
}

fn rule(state: &State, output: &Output, columns: usize) -> String {
    let name = match output.stream {
        OutputStream::Stdout => "Output",
        OutputStream::Stderr => "Standard error",
    };
    let cut = if output.lines.is_cut { ", its end" } else { "" };
    let place = match (output.is_following(), output.is_ended) {
        (true, true) => "all of it".to_owned(),
        (true, false) => "following".to_owned(),
        (false, _) => format!("row {} of {}, f follows", output.top() + 1, output.lines.len()),
    };
    let place = away(state, output).unwrap_or(place);
    let left = format!("── {name}{cut} ");
    let right = format!(" {place} ──");
    let between = columns.saturating_sub(width(&left) + width(&right));
    padded(&format!("{left}{}{right}", "─".repeat(between)), columns)
}
