//! The keys, as `?` shows them.

/// The keys, each with what it does.
const KEYS: [(&str, &str); 20] = [
    ("↑ ↓  k j", "choose; in text, move by a line"),
    ("PgUp PgDn", "by a page; Space and Ctrl-F, Ctrl-B as well"),
    ("Home End  g G", "to the first and the last"),
    ("Tab  1 to 6", "another list of tasks, the approvals, the events"),
    ("Enter", "the output of a task; an approval or an event as a whole"),
    ("o", "the output of the task that an approval or event is about"),
    ("i", "all that is known of the task"),
    ("d", "what the task has changed in its work tree"),
    ("c", "cancel the task, once you have said yes"),
    ("r", "submit the task again, once you have said yes"),
    ("a", "approve what the task waits for, or answer"),
    ("x", "reject it, with a reason if you like"),
    ("/", "only what has a text; Esc shows all again"),
    ("s S", "another order"),
    ("e", "the latest events, or not; in an output: standard error"),
    ("f", "in an output: follow the end, or stay"),
    ("", ""),
    ("Ctrl-L", "draw the screen again"),
    ("Ctrl-Z", "to the shell; fg comes back"),
    ("q  Ctrl-C", "leave; q and Esc leave an output first"),
];

/// A line for each.
pub(crate) fn lines() -> Vec<String> {
    KEYS.iter()
        .map(|(keys, does)| crate::text::padded(keys, 15) + does)
        .map(|line| line.trim_end().to_owned())
        .collect()
}
