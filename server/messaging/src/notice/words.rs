//! The words of notices.

use aiwg_protocol::types::Timestamp;
use serde_json::Value;

use super::{Notice, Severity, report::of_report};
use crate::{
    Platform,
    text::{Style, Styled, line},
    words::in_chat,
};

/// The most of an error that a notice shows, in characters.
const LONGEST_LINE: usize = 300;

/// The notice about an event of this topic, with this payload, which names commands as they are written on the platform. Of a question that was
/// answered, the member `answer` says how.
pub fn notice(topic: &str, payload: &Value, platform: Platform) -> Notice {
    let (severity, text) = match topic {
        "task:failed" => (Severity::Warning, of_task(payload, "failed", platform)),
        "task:timeout" => (Severity::Warning, of_task(payload, "was ended: its time was over", platform)),
        "task:stalled" => (Severity::Warning, of_task(payload, "has written nothing for long", platform)),
        "task:completed" => (Severity::Info, of_task(payload, "is done", platform)),
        "task:cancelled" => (Severity::Info, of_task(payload, "was cancelled", platform)),
        "task:edited" => (Severity::Info, of_task(payload, "was changed", platform)),
        "task:held" => (Severity::Info, of_task(payload, "is held back", platform)),
        "task:released" => (Severity::Info, of_task(payload, "is no longer held back", platform)),
        "task:taken" => (Severity::Info, of_task(payload, "was taken over by a person", platform)),
        "task:given" => (Severity::Info, of_task(payload, "was given back", platform)),
        "approval:requested" => (Severity::Warning, of_approval(payload, "waits for a person")),
        "approval:approved" => (
            Severity::Info,
            of_approval(
                payload,
                if payload.get("answer").is_some() { "was answered" } else { "was approved" },
            ),
        ),
        "approval:rejected" => (Severity::Info, of_approval(payload, "was rejected")),
        "approval:timeout" => (Severity::Warning, of_approval(payload, "was decided by nobody in time")),
        "approval:withdrawn" => (Severity::Info, of_approval(payload, "is no longer asked for")),
        "daemon:paused" => (Severity::Warning, of_queue(payload, "is paused")),
        "daemon:resumed" => (Severity::Info, of_queue(payload, "goes on")),
        "budget:warning" => (Severity::Warning, of_budget(payload, "is nearly spent")),
        "budget:exhausted" => (Severity::Critical, of_budget(payload, "is spent: tasks wait until it ends")),
        "health:degraded" => (Severity::Warning, of_health(payload, platform)),
        "automation:tripped" => (Severity::Critical, of_rule(payload, platform)),
        "agent:limited" => (Severity::Warning, of_account(payload)),
        "daemon:report" => (Severity::Info, of_report(payload)),
        other => (Severity::Info, of_any(other, payload)),
    };
    Notice { severity, text, buttons: Vec::new() }
}

/// A moment to the minute, in UTC.
pub fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..16).map_or(text.clone(), |minute| format!("{} UTC", minute.replace('T', " ")))
}

pub(super) fn member<'a>(payload: &'a Value, name: &str) -> Option<&'a str> {
    payload.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A bold beginning, and what follows it.
fn said(subject: &str, rest: &str) -> Styled {
    let mut text = Styled::default();
    text.push_with(&line(subject, 120), Style::Bold);
    text.push_plain(rest);
    text
}

fn because(payload: &Value, name: &str) -> String {
    member(payload, name).map(|why| format!(": {}", line(why, LONGEST_LINE))).unwrap_or_default()
}

fn of_queue(payload: &Value, what: &str) -> Styled {
    let is_ending = payload.get("draining") == Some(&Value::Bool(true));
    let rest = if is_ending { ": the daemon ends once no task runs any more" } else { "" };
    said("the queue", &format!(" {what}{rest}"))
}

fn of_task(payload: &Value, what: &str, platform: Platform) -> Styled {
    let rule = member(payload, "rule").map(|rule| format!(" (of the rule {})", line(rule, 100)));
    let why =
        member(payload, "error").map(|why| format!(": {}", line(&in_chat(why, platform), LONGEST_LINE)));
    let (rule, why) = (rule.unwrap_or_default(), why.unwrap_or_default());
    said(member(payload, "taskId").unwrap_or("a task"), &format!("{rule} {what}{why}"))
}

fn of_approval(payload: &Value, what: &str) -> Styled {
    let by = member(payload, "by").map(|by| format!(" by {}", line(by, 100))).unwrap_or_default();
    if let Some(answer) = member(payload, "answer") {
        let asked = member(payload, "summary").map(|asked| format!(" ({})", line(asked, LONGEST_LINE)));
        let rest = format!(" {what}{by}: {}{}", line(answer, LONGEST_LINE), asked.unwrap_or_default());
        return said(member(payload, "approvalId").unwrap_or("a question"), &rest);
    }
    let (summary, why) = (because(payload, "summary"), member(payload, "reason"));
    let why = why.map(|why| format!(" ({})", line(why, LONGEST_LINE))).unwrap_or_default();
    said(member(payload, "approvalId").unwrap_or("an approval"), &format!(" {what}{by}{summary}{why}"))
}

fn of_budget(payload: &Value, what: &str) -> Styled {
    let usd = |name: &str| payload.get(name).and_then(Value::as_f64).unwrap_or_default();
    let rule = member(payload, "rule").map(|rule| format!(" of the rule {}", line(rule, 100)));
    let period = member(payload, "period").map(|period| format!(" for {}", line(period, 40)));
    let (rule, period) = (rule.unwrap_or_default(), period.unwrap_or_default());
    let money = format!("${:.2} of ${:.2} are spent", usd("spentUsd"), usd("limitUsd"));
    said("The budget", &format!("{rule}{period} {what}. {money}."))
}

fn of_health(payload: &Value, platform: Platform) -> Styled {
    let items = payload.get("checks").and_then(Value::as_array);
    let bad = items.into_iter().flatten().filter(|item| item.get("ok") == Some(&Value::Bool(false)));
    let lines: Vec<String> =
        bad.filter_map(|item| member(item, "message")).take(5).map(|why| line(why, LONGEST_LINE)).collect();
    let rest = if lines.is_empty() {
        format!("; `{}` says more", platform.command("health"))
    } else {
        format!(": {}", lines.join("; "))
    };
    said("Something is not well", &rest)
}

fn of_rule(payload: &Value, platform: Platform) -> Styled {
    let rule = line(member(payload, "rule").unwrap_or("?"), 100);
    let often =
        payload.get("firings").and_then(Value::as_u64).map(|count| format!(": it has fired {count} times"));
    let often = often.unwrap_or_else(|| because(payload, "reason"));
    said(
        &format!("The rule {rule} has tripped"),
        &format!("{often}. `{}` puts it in force again.", platform.command(&format!("automation on {rule}"))),
    )
}

fn of_account(payload: &Value) -> Styled {
    let program = line(member(payload, "program").unwrap_or("the agents"), 40);
    let what = match member(payload, "state") {
        Some("auth") => "login was refused: log in again",
        Some("billing") => "account has no credit",
        _ => "limit is reached: its tasks wait",
    };
    let until = member(payload, "until").and_then(|at| at.parse().ok());
    let until = until.map(|at| format!(" until {}", minute(at))).unwrap_or_default();
    said(&format!("The {program}"), &format!(" {what}{until}."))
}

fn of_any(topic: &str, payload: &Value) -> Styled {
    let data = match payload {
        Value::Null => String::new(),
        Value::String(text) => format!(": {}", line(text, LONGEST_LINE)),
        other => format!(": {}", line(&other.to_string(), LONGEST_LINE)),
    };
    said(topic, &data)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(topic: &str, payload: Value) -> String {
        notice(topic, &payload, Platform::Telegram).text.text
    }

    #[test]
    fn a_notice_says_what_happened_in_a_line() {
        let failed = json!({"taskId": "task-0007", "rule": "tests", "error": "\nexit 1\nmore\u{202e}"});
        assert_eq!(text("task:failed", failed), "task-0007 (of the rule tests) failed: exit 1");
        let by_check =
            json!({"taskId": "task-0007", "error": "not done; `aiwg task get task-0007` shows it"});
        assert_eq!(text("task:failed", by_check), "task-0007 failed: not done; `/task task-0007` shows it");
        let spent = json!({"period": "2026-11-29", "spentUsd": 24.5, "limitUsd": 25});
        assert_eq!(
            text("budget:exhausted", spent),
            "The budget for 2026-11-29 is spent: tasks wait until it ends. $24.50 of $25.00 are spent."
        );
        let tripped = json!({"rule": "tests", "firings": 30});
        assert!(
            text("automation:tripped", tripped)
                .ends_with("30 times. `/automation on tests` puts it in force again.")
        );
        let limited = json!({"program": "claude", "state": "limited", "until": "2026-11-29T12:30:00Z"});
        assert_eq!(
            text("agent:limited", limited),
            "The claude limit is reached: its tasks wait until 2026-11-29 12:30 UTC."
        );
        let answered =
            json!({"approvalId": "approval-0001", "by": "root", "summary": "Delete it?", "answer": "no"});
        assert_eq!(
            text("approval:approved", answered),
            "approval-0001 was answered by root: no (Delete it?)"
        );
        assert_eq!(text("deploy:done", json!({"v": 1})), "deploy:done: {\"v\":1}");
        for topic in super::super::USUAL_TOPICS {
            assert!(!text(topic, Value::Null).is_empty());
        }
    }
}
