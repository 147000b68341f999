//! The words of a report: short enough for the screen of a phone.

use serde_json::Value;

use super::words::{member, minute};
use crate::text::{Style, Styled, line};

/// The most of a prompt, of an error and of a reason, in characters.
const LONGEST: usize = 120;

/// The most entries of a list.
const MOST: usize = 5;

/// The notice of a report: what sums it up, and then what a person may have to do something about.
pub(super) fn of_report(payload: &Value) -> Styled {
    let mut text = Styled::default();
    text.push_with("Report", Style::Bold);
    let since = member(payload, "since").and_then(|at| at.parse().ok());
    let since = since.map(|at| format!(" since {}", minute(at))).unwrap_or_default();
    let summary = member(payload, "summary").map(|summary| format!(": {}", line(summary, LONGEST * 2)));
    text.push_plain(&format!("{since}{}", summary.unwrap_or_default()));
    if payload.get("isCut") == Some(&Value::Bool(true)) {
        text.push_plain(" There is more than can be counted at once.");
    }
    let number = |name: &str| payload.get(name).and_then(Value::as_u64).unwrap_or_default();
    push_list(&mut text, "Failed", payload, "failures", number("failed"), |task| {
        (about(task, member(task, "reason")), member(task, "error").or(member(task, "prompt")))
    });
    push_list(&mut text, "Waiting", payload, "waits", 0, |task| {
        let until = member(task, "waitingUntil").and_then(|at| at.parse().ok());
        let until = until.map(|at| format!(" until {}", minute(at))).unwrap_or_default();
        let what = member(task, "waiting").map(|what| format!("{what}{until}"));
        (about(task, what.as_deref()), member(task, "prompt"))
    });
    push_list(&mut text, "Tripped", payload, "tripped", 0, |rule| {
        (line(member(rule, "rule").unwrap_or("?"), LONGEST), member(rule, "why"))
    });
    text
}

/// The task, with its rule and what else there is to say.
fn about(task: &Value, what: Option<&str>) -> String {
    let parts = [member(task, "rule"), what];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| line(part, 60)).collect();
    let id = line(member(task, "id").unwrap_or("a task"), 40);
    if parts.is_empty() { id } else { format!("{id} ({})", parts.join(", ")) }
}

/// A list under a title, of which there may be more entries than it has.
fn push_list<'p>(
    text: &mut Styled,
    title: &str,
    payload: &'p Value,
    name: &str,
    all: u64,
    entry: impl Fn(&'p Value) -> (String, Option<&'p str>),
) {
    let entries = payload.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return;
    }
    text.push_plain("\n\n");
    text.push_with(title, Style::Bold);
    for one in entries.iter().take(MOST) {
        let (about, said) = entry(one);
        let said = said.map(|said| format!(": {}", line(said, LONGEST))).unwrap_or_default();
        text.push_plain(&format!("\n{about}{said}"));
    }
    let all = all.max(u64::try_from(entries.len()).unwrap_or(u64::MAX));
    let more = all.saturating_sub(u64::try_from(entries.len().min(MOST)).unwrap_or(0));
    if more > 0 {
        text.push_plain(&format!("\nand {more} more"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_read_at_a_glance() {
        let failed = json!({"id": "task-0007", "prompt": "Fix it", "rule": "nightly", "reason": "auth", "error": "API Error: 401\nmore"});
        let payload = json!({
            "since": "2026-11-29T08:00:00Z",
            "summary": "3 tasks completed, 2 of them verified, 8 failed; 1 running, 2 waiting; $1.20.",
            "failed": 8,
            "failures": vec![failed; 6],
            "waits": [
                {"id": "task-0008", "prompt": "Deploy", "rule": null, "waiting": "approval"},
                {"id": "task-0009", "prompt": "Update\nall", "waiting": "limit", "waitingUntil": "2026-11-30T08:02:11Z"}
            ],
            "tripped": [{"rule": "fc", "why": "it has fired 20 times within 10 minutes"}],
            "isCut": false
        });
        let task = "task-0007 (nightly, auth): API Error: 401\n";
        assert_eq!(
            of_report(&payload).text,
            format!(
                "Report since 2026-11-29 08:00 UTC: 3 tasks completed, 2 of them verified, 8 failed; 1 running, 2 waiting; $1.20.\n\n\
                 Failed\n{}and 3 more\n\n\
                 Waiting\ntask-0008 (approval): Deploy\ntask-0009 (limit until 2026-11-30 08:02 UTC): Update\n\n\
                 Tripped\nfc: it has fired 20 times within 10 minutes",
                task.repeat(5)
            )
        );
        for odd in [json!(null), json!([1]), json!({"failures": [null, 7], "waits": {"a": 1}, "summary": 3})]
        {
            assert!(of_report(&odd).text.starts_with("Report"));
        }
    }
}
