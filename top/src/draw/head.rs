//! The first rows: the daemons, what they do, money, and the lists that there are.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::Canvas;
use crate::{
    format::{clock, moment, money},
    state::{Link, Project, State, View},
    text::{padded, shorten, width},
};

/// Number of columns of the clock, and of the blank before it.
const CLOCK: usize = 9;

/// Share of a bound from which on it is worth a look.
const MUCH: f64 = 0.8;

/// Parts of a line, each with its look; those for which there is no room are left out.
struct Parts {
    spans: Vec<Span<'static>>,
    left: usize,
}

impl Parts {
    fn new(columns: usize) -> Self {
        Self { spans: vec![Span::raw(" ")], left: columns.saturating_sub(1) }
    }

    fn add(&mut self, text: impl Into<String>, style: Style) {
        let text = text.into();
        let between = if self.spans.len() > 1 { " · " } else { "" };
        if text.is_empty() || self.left <= width(between) {
            return;
        }
        let text = shorten(&text, self.left - width(between));
        self.left -= width(between) + width(&text);
        self.spans.extend([Span::raw(between), Span::styled(text, style)]);
    }

    fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    let columns = usize::from(areas.head.width);
    let mut first = daemons(state, canvas, columns.saturating_sub(CLOCK));
    let taken: usize = first.spans.iter().map(|span| width(&span.content)).sum();
    let blanks = columns.saturating_sub(taken + CLOCK);
    first.spans.push(Span::raw(" ".repeat(blanks)));
    first.spans.push(Span::styled(format!(" {}", clock(state.now, &state.zone)), canvas.theme.dim));
    canvas.line(areas.head, 0, &first);
    canvas.line(areas.head, 1, &costs(state, canvas, columns));
    canvas.line(areas.views, 0, &views(state, canvas, columns));
}

/// The daemons, and what they do.
fn daemons(state: &State, canvas: &Canvas<'_>, columns: usize) -> Line<'static> {
    let theme = canvas.theme;
    let mut parts = Parts::new(columns);
    match &state.projects[..] {
        [project] if !state.is_all => {
            parts.add(&project.name, theme.strong);
            link(state, project, canvas, &mut parts);
        }
        [] => parts.add("no daemon of yours runs", theme.attention),
        projects => {
            let up = projects.iter().filter(|project| project.is_up()).count();
            let is_whole = up == projects.len();
            let count = crate::format::count(i64::try_from(projects.len()).unwrap_or(0), "daemon");
            parts.add(
                if is_whole { count } else { format!("{up} of {count} answer") },
                match is_whole {
                    true => theme.strong,
                    false => theme.attention,
                },
            );
        }
    }
    let known = || {
        state
            .projects
            .iter()
            .filter(|project| project.is_up())
            .filter_map(|project| project.overview.as_ref())
    };
    if known().next().is_some() {
        let (running, slots) =
            known().fold((0, 0), |(running, slots), of| (running + of.running, slots + of.slots));
        let queued: u64 = known().map(|of| of.queued).sum();
        parts.add(format!("{running} of {slots} run"), if running > 0 { theme.busy } else { theme.plain });
        let elsewhere: u32 = known().map(|of| of.elsewhere).sum();
        if elsewhere > 0 {
            parts.add(format!("{elsewhere} on other hosts"), theme.busy);
        }
        parts.add(format!("{queued} wait"), theme.plain);
        if !state.approvals.is_empty() {
            parts.add(format!("{} to decide", state.approvals.len()), theme.attention);
        }
        let paused = known().filter(|of| of.is_paused || of.is_draining).count();
        match (paused, known().any(|of| of.is_draining), state.is_all) {
            (0, ..) => {}
            (_, true, false) => parts.add("drains", theme.attention),
            (_, false, false) => parts.add("paused", theme.attention),
            (paused, _, true) => parts.add(format!("{paused} paused"), theme.attention),
        }
    }
    parts.line()
}

fn link(state: &State, project: &Project, canvas: &Canvas<'_>, parts: &mut Parts) {
    match &project.link {
        Link::Connecting => parts.add("connecting", canvas.theme.dim),
        Link::Up => {}
        Link::Away { since, .. } => {
            let since = moment(*since, state.now, &state.zone);
            parts.add(format!("no daemon since {since}, waiting for it"), canvas.theme.attention);
        }
    }
}

/// Money, and what needs a person.
fn costs(state: &State, canvas: &Canvas<'_>, columns: usize) -> Line<'static> {
    let theme = canvas.theme;
    let mut parts = Parts::new(columns);
    for project in &state.projects {
        match &project.link {
            Link::Away { .. } if state.is_all => {
                parts.add(format!("{} does not answer", project.name), theme.attention);
            }
            // Where nothing is listed, there is room for all of it.
            Link::Away { why, .. } if !state.tasks.is_empty() => parts.add(why, theme.attention),
            _ => {}
        }
    }
    let budgets: Vec<_> = state.projects.iter().filter_map(|project| project.budget.as_ref()).collect();
    if let [budget] = budgets[..] {
        let bounds: Vec<_> = state.projects.iter().flat_map(Project::bounds).collect();
        let has_day = bounds.iter().any(|bound| bound.span.name() == "day");
        if !has_day {
            parts.add(format!("today {}", money(budget.spent_usd)), theme.plain);
        }
        for bound in bounds {
            let taken = bound.spent_usd + bound.reserved_usd;
            let style = match bound.left_usd {
                left if left <= 0.0 => theme.bad,
                _ if taken >= MUCH * bound.limit_usd => theme.attention,
                _ => theme.plain,
            };
            let span = if bound.span.name() == "day" { "today" } else { bound.span.name() };
            parts.add(format!("{span} {} of {}", money(bound.spent_usd), money(bound.limit_usd)), style);
        }
        if budget.reserved_usd > 0.0 {
            parts.add(format!("{} set aside", money(budget.reserved_usd)), theme.plain);
        }
        parts.add(format!("{} expected", money(budget.forecast_usd)), theme.dim);
    } else if !budgets.is_empty() {
        let spent: f64 = budgets.iter().map(|budget| budget.spent_usd).sum();
        let expected: f64 = budgets.iter().map(|budget| budget.forecast_usd).sum();
        parts.add(format!("today {} in {} projects", money(spent), budgets.len()), theme.plain);
        parts.add(format!("{} expected", money(expected)), theme.dim);
        let full =
            state.projects.iter().filter(|project| project.bounds().any(|bound| bound.left_usd <= 0.0));
        for project in full {
            parts.add(format!("{}: budget used up", project.name), theme.bad);
        }
    }
    for project in &state.projects {
        for rule in project.exhausted_rules() {
            parts.add(format!("budget of {} used up", crate::text::one_line(rule, 100)), theme.bad);
        }
    }
    for project in state.projects.iter().filter(|project| project.is_up()) {
        for issue in project.overview.iter().flat_map(|overview| &overview.issues) {
            let of = if state.is_all { format!("{}: ", project.name) } else { "degraded: ".to_owned() };
            parts.add(format!("{of}{issue}"), theme.attention);
        }
    }
    parts.line()
}

/// The lists that there are, and how the one that is shown is narrowed and sorted.
fn views(state: &State, canvas: &Canvas<'_>, columns: usize) -> Line<'static> {
    let theme = canvas.theme;
    let mut spans = Vec::new();
    let mut left = columns;
    let is_narrow = columns < 66;
    for (number, view) in (1..).zip(View::ALL) {
        let count = match view {
            View::Approvals if !state.approvals.is_empty() => format!(" {}", state.approvals.len()),
            _ => String::new(),
        };
        let is_shown = view == state.list.view;
        // Where there is little room, the others have their numbers only.
        let text = match is_narrow && !is_shown {
            true => format!(" {number}{count} "),
            false => format!(" {number} {}{count} ", view.name()),
        };
        let style = match (is_shown, count.is_empty()) {
            (true, _) => theme.chosen,
            (false, false) => theme.attention,
            (false, true) => theme.plain,
        };
        let text = shorten(&text, left);
        left -= width(&text);
        spans.push(Span::styled(text, style));
    }
    let shown = state.list.shown.len();
    let more = if state.may_have_more() { "+" } else { "" };
    let place = format!("{}/{shown}{more}", if shown == 0 { 0 } else { state.list.at + 1 });
    let filter = match state.list.filter.is_empty() || state.typing.is_some() {
        true => String::new(),
        false => format!("/{}", state.list.filter),
    };
    let sort = match state.list.view.is_of_tasks() {
        true => format!("by {}", state.list.sort.name()).replace("by as", "as"),
        false => String::new(),
    };
    // A filter is seen wherever there is room at all: what is left out would seem not to be there.
    let joined =
        |parts: &[&str]| parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let ways = [joined(&[&filter, &sort, &place]), joined(&[&filter, &place])];
    let notes = ways.into_iter().find(|notes| width(notes) < left);
    let notes = notes.unwrap_or_else(|| shorten(&filter, left.saturating_sub(1)));
    if width(&notes) < left {
        let blanks = padded("", left - width(&notes) - 1);
        spans.push(Span::raw(blanks));
        spans.push(Span::styled(notes, theme.dim));
    }
    Line::from(spans)
}
