//! The words of notices.

use aiwg_protocol::types::{ApprovalKind, ApprovalRequest, Timestamp};
use serde_json::Value;

use super::{Notice, Severity, report::of_report};
use crate::{
    Platform,
    text::{Style, Styled, clean, is_blank, line, shortened},
    words::Button,
};

/// The most of an error that a notice shows, in characters.
const LONGEST_LINE: usize = 300;

/// The most of a question, of a prompt and of a tool's input, in characters.
const LONGEST_REQUEST: usize = 1500;

/// The most answers that get a button.
const MOST_OPTIONS: usize = 20;

/// The notice about an event of this topic, with this payload, which names commands as they are written on the platform. Of a question that was
/// answered, the member `answer` says how.
pub fn notice(topic: &str, payload: &Value, platform: Platform) -> Notice {
    let (severity, text) = match topic {
        "task:failed" => (Severity::Warning, of_task(payload, "failed")),
        "task:timeout" => (Severity::Warning, of_task(payload, "was ended: its time was over")),
        "task:stalled" => (Severity::Warning, of_task(payload, "has written nothing for long")),
        "task:completed" => (Severity::Info, of_task(payload, "is done")),
        "task:cancelled" => (Severity::Info, of_task(payload, "was cancelled")),
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

/// The notice about something that a person is asked for, with the buttons that decide it.
pub fn requested(
    id: &str,
    task: &str,
    kind: ApprovalKind,
    request: &ApprovalRequest,
    expires_at: Option<Timestamp>,
    platform: Platform,
) -> Notice {
    let mut text = Styled::default();
    let mut buttons = Vec::new();
    match kind {
        ApprovalKind::Question => {
            text.push_with(&format!("{task} asks"), Style::Bold);
            text.push_plain(&format!(" ({id}):\n\n"));
            let question = clean(request.question.as_deref().unwrap_or_default());
            text.push_with(&shortened(&question, LONGEST_REQUEST), Style::Quote);
            push_options(&mut text, &request.options);
            let options = request.options.iter().take(MOST_OPTIONS).enumerate();
            buttons.extend(options.map(|(place, option)| Button::option(id, place, option)));
            if request.options.is_empty() || request.options.len() > MOST_OPTIONS {
                let how = platform.command(&format!("answer {} TEXT", number(id)));
                text.push_plain("\n\nAnswer with: ");
                text.push_with(&how, Style::Code);
            }
        }
        ApprovalKind::Permission => {
            text.push_with(
                &format!("{task} may not use {}", line(request.tool.as_deref().unwrap_or("a tool"), 100)),
                Style::Bold,
            );
            text.push_plain(&format!(" without your permission ({id}):\n\n"));
            let input = request.input.as_ref().map(|input| input.as_str().to_owned()).unwrap_or_default();
            text.push_with(&shortened(&clean(&input), LONGEST_REQUEST), Style::Pre(None));
        }
        _ => {
            text.push_with(&format!("May {task} start?"), Style::Bold);
            let rule = request.rule.as_ref().map(|rule| format!(", of the rule {}", line(rule, 100)));
            text.push_plain(&format!(" ({id}{})\n\n", rule.unwrap_or_default()));
            text.push_with(
                &shortened(&clean(request.prompt.as_deref().unwrap_or_default()), LONGEST_REQUEST),
                Style::Quote,
            );
        }
    }
    if let Some(at) = expires_at {
        text.push_plain(&format!("\n\nUntil {}.", minute(at)));
    }
    if kind != ApprovalKind::Question {
        buttons.push(Button::approve(id));
    }
    buttons.push(Button::reject(id));
    Notice { severity: Severity::Warning, text, buttons }
}

/// Lists the options in full, if a button shows less of one than there is.
fn push_options(text: &mut Styled, options: &[String]) {
    let is_all = |option: &String| Button::option("", 0, option).label == *option;
    if options.len() <= MOST_OPTIONS && options.iter().all(is_all) {
        return;
    }
    let list = options.iter().enumerate().map(|(place, option)| {
        let option = if is_blank(option) { "(nothing that can be seen)" } else { option };
        format!("{}. {}", place + 1, shortened(clean(option).trim(), LONGEST_REQUEST))
    });
    text.push_plain("\n\nThe answers to choose from:\n\n");
    text.push_with(&list.collect::<Vec<_>>().join("\n"), Style::Quote);
}

fn number(id: &str) -> &str {
    id.rsplit('-').next().map_or(id, |digits| {
        let short = digits.trim_start_matches('0');
        if short.is_empty() { digits } else { short }
    })
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

fn of_task(payload: &Value, what: &str) -> Styled {
    let rule = member(payload, "rule").map(|rule| format!(" (of the rule {})", line(rule, 100)));
    let (rule, why) = (rule.unwrap_or_default(), because(payload, "error"));
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

    #[test]
    fn what_is_asked_has_buttons() {
        let request = ApprovalRequest {
            question: Some("Which?".into()),
            options: vec!["left".into(), "right".into()],
            ..ApprovalRequest::default()
        };
        let asked = requested(
            "approval-0012",
            "task-0003",
            ApprovalKind::Question,
            &request,
            None,
            Platform::Telegram,
        );
        let labels: Vec<_> = asked.buttons.iter().map(|button| button.label.as_str()).collect();
        assert_eq!(labels, ["left", "right", "Reject"]);
        assert_eq!(asked.text.text, "task-0003 asks (approval-0012):\n\nWhich?");
        let open = ApprovalRequest { options: Vec::new(), ..request };
        let asked =
            requested("approval-0012", "task-0003", ApprovalKind::Question, &open, None, Platform::Slack);
        assert!(asked.text.text.ends_with("Answer with: /aiwg answer 12 TEXT"));
        let asked =
            requested("approval-0012", "task-0003", ApprovalKind::Question, &open, None, Platform::Telegram);
        assert!(asked.text.text.ends_with("Answer with: /answer 12 TEXT"));
        assert!(asked.text.spans.iter().any(|span| span.style == Style::Quote));
        let start = ApprovalRequest { prompt: Some("deploy".into()), ..ApprovalRequest::default() };
        let at = "2026-11-29T12:30:00Z".parse().ok();
        let asked =
            requested("approval-0001", "task-0003", ApprovalKind::Task, &start, at, Platform::Telegram);
        assert_eq!(
            asked.text.text,
            "May task-0003 start? (approval-0001)\n\ndeploy\n\nUntil 2026-11-29 12:30 UTC."
        );
        assert_eq!(asked.buttons.len(), 2);
    }

    #[test]
    fn options_that_a_button_cannot_show_are_listed() {
        let asked = |options: Vec<String>| {
            let request =
                ApprovalRequest { question: Some("Which?".into()), options, ..ApprovalRequest::default() };
            requested(
                "approval-0012",
                "task-0003",
                ApprovalKind::Question,
                &request,
                None,
                Platform::Telegram,
            )
        };
        let long = format!("keep {} and delete the rest", "x".repeat(60));
        let made = asked(vec!["left".into(), long.clone(), "\u{200b}".into(), "a\nb".into()]);
        let said = "Which?\n\nThe answers to choose from:\n\n1. left\n2. ";
        assert!(made.text.text.contains(&format!("{said}{long}\n3. (nothing that can be seen)\n4. a\nb")));
        let labels: Vec<_> = made.buttons.iter().map(|button| button.label.as_str()).collect();
        assert_eq!((labels[0], labels[2], labels[3]), ("left", "3", "4. a"));
        assert!(labels[1].starts_with("2. keep xxx") && labels[1].ends_with('…'), "{}", labels[1]);
        let many = asked((0..25).map(|n| format!("option-{n}")).collect());
        assert!(many.text.text.contains("\n25. option-24\n\nAnswer with: /answer 12 TEXT"));
        let slack = crate::render::slack(&asked(vec!["a\n*task-0003 was approved*".into()]).text);
        assert!(slack.ends_with("> 1. a\n> ∗task-0003 was approved∗"), "{slack}");
    }
}
