//! The last row: what is typed, a word to the person, or the keys.

use ratatui::{
    layout::Position,
    text::{Line, Span},
};

use super::Canvas;
use crate::{
    state::{Choice, Over, State, View},
    text::{shorten, width},
};

/// A key, and what it does.
type Hint = (&'static str, &'static str);

/// Number of columns below which there are fewer words.
const NARROW: usize = 40;

/// The least columns for what is typed.
const ROOM_TO_TYPE: usize = 16;

/// Gives the place of the cursor, where something is typed here.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) -> Option<Position> {
    let area = state.areas().foot;
    let columns = usize::from(area.width);
    if let (Some(input), None) = (&state.typing, &state.over) {
        return Some(typed(["/"; 2], &input.text, canvas, state));
    }
    if let Some(Over::Decision(decision)) = &state.over
        && decision.can_be_made()
    {
        match decision.choice {
            Some(Choice::Reject) => {
                let what = ["Reason, or just Enter to reject: ", "Reason: "];
                return Some(typed(what, &decision.input.text, canvas, state));
            }
            Some(Choice::Answer) => {
                let is_seen = decision.is_end_seen(state.areas().text_window().1);
                let what = if is_seen {
                    ["Your answer, then Enter: ", "Answer: "]
                } else {
                    ["Your answer; ↓ to the end, then Enter: ", "↓, answer: "]
                };
                return Some(typed(what, &decision.input.text, canvas, state));
            }
            _ => {}
        }
    }
    if let (Some(notice), None) = (&state.notice, &state.over) {
        let style = if notice.is_bad { canvas.theme.bad } else { canvas.theme.strong };
        canvas.line(
            area,
            0,
            &Line::styled(format!(" {}", shorten(&notice.text, columns.saturating_sub(2))), style),
        );
        return None;
    }
    let mut spans = vec![Span::raw(" ")];
    let mut left = columns.saturating_sub(1);
    for (key, does) in hints(state, columns < NARROW) {
        let needed = width(key) + 1 + width(does);
        // Of the first one, as much is said as there is room for: without it, nobody knows what is waited for.
        if needed > left && spans.len() > 1 {
            break;
        }
        spans.push(Span::styled(shorten(key, left), canvas.theme.strong));
        spans.push(Span::styled(
            format!(" {}  ", shorten(does, left.saturating_sub(width(key) + 1))),
            canvas.theme.dim,
        ));
        left = left.saturating_sub(needed + 2);
    }
    canvas.line(area, 0, &Line::from(spans));
    None
}

fn hints(state: &State, is_narrow: bool) -> &'static [Hint] {
    match (&state.over, &state.output, state.list.view) {
        (Some(Over::Cancel(_) | Over::Retry(_)), ..) => &[("y", "yes"), ("n", "no")],
        (Some(Over::Decision(decision)), ..) => match (decision.can_be_made(), decision.choice) {
            (false, _) => &[("Esc", "back")],
            (true, Some(_)) if is_narrow && decision.is_cut => &[("n", "no"), ("Esc", "back")],
            (true, Some(_)) if decision.is_cut => {
                &[("y", "does not count: see `aiwg task get`"), ("n", "no"), ("Esc", "back"), ("↑↓", "move")]
            }
            (true, Some(_)) if !decision.is_end_seen(state.areas().text_window().1) => match is_narrow {
                true => &[("↓", "then y"), ("n", "no"), ("Esc", "back")],
                false => &[("↓", "to the end, then y"), ("n", "no"), ("Esc", "back")],
            },
            (true, Some(_)) => &[("y", "approve"), ("n", "no"), ("Esc", "back"), ("↑↓", "move")],
            (true, None) => &[("a", "approve"), ("x", "reject"), ("Esc", "back"), ("↑↓", "move")],
        },
        (Some(_), ..) => &[("Esc", "back"), ("↑↓", "move")],
        (None, Some(_), _) => &[
            ("q", "back"),
            ("f", "follow"),
            ("e", "standard error"),
            ("c", "cancel"),
            ("r", "retry"),
            ("a", "approve"),
            ("x", "reject"),
            ("?", "keys"),
        ],
        (None, None, View::Approvals) => &[
            ("?", "keys"),
            ("q", "quit"),
            ("Enter", "look"),
            ("a", "approve"),
            ("x", "reject"),
            ("o", "output"),
            ("/", "filter"),
        ],
        (None, None, View::Events) => {
            &[("?", "keys"), ("q", "quit"), ("Enter", "look"), ("o", "output"), ("/", "filter")]
        }
        (None, None, _) => &[
            ("?", "keys"),
            ("q", "quit"),
            ("Enter", "output"),
            ("c", "cancel"),
            ("r", "retry"),
            ("a", "approve"),
            ("x", "reject"),
            ("/", "filter"),
            ("s", "sort"),
            ("e", "events"),
        ],
    }
}

/// Shows a line that is typed, behind what it is, in many words or in few, and gives the place of the cursor.
fn typed(what: [&str; 2], text: &str, canvas: &mut Canvas<'_>, state: &State) -> Position {
    let area = state.areas().foot;
    let [what, in_short] = what;
    let has_room = width(what) + ROOM_TO_TYPE <= area.width.into();
    let what = if has_room { what } else { in_short };
    let room = usize::from(area.width).saturating_sub(width(what) + 1);
    // Of a long line, the end is shown: there it goes on.
    let mut from = 0;
    while width(&text[from..]) > room && from < text.len() {
        from = (from + 1..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    }
    let shown = format!("{what}{}", &text[from..]);
    canvas.line(area, 0, &Line::styled(shown.clone(), canvas.theme.strong));
    let column = u16::try_from(width(&shown)).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    Position { x: column, y: area.y }
}
