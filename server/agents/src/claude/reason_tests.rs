//! Each sample was written by the real agent, version 2.1.332: `samples/2.1.332/README.md` says how.

use serde_json::{Value, json};

use super::super::{evaluate, scanner::Scanner};
use super::*;
use crate::evaluation::{DeferredTool, Evaluation};

/// The time of the reset in the samples, in seconds since 1970.
const RESET: u64 = 1_795_888_905;

fn evaluated(format: Format, code: i32, text: &str) -> Evaluation {
    let mut scanner = Scanner::new(format, std::path::Path::new("none"), 0);
    scanner.feed(text.as_bytes());
    scanner.finish();
    evaluate(&Exit { code: Some(code), ..Exit::default() }, &scanner.output, |_| None)
}

fn stream(code: i32, text: &str) -> Evaluation {
    evaluated(Format::StreamJson, code, text)
}

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/2.1.332/", $name))
    };
}

#[test]
fn each_sample_has_its_reason() {
    for (code, reason, text) in [
        (0, Reason::Done, sample!("key.SAY.jsonl")),
        (0, Reason::Done, sample!("oauth.SAY.jsonl")),
        (0, Reason::Done, sample!("oauth.WARN.jsonl")),
        (0, Reason::Done, sample!("key.TOOL.jsonl")),
        (0, Reason::Refused, sample!("key.REFUSED.jsonl")),
        (0, Reason::Deferred, sample!("key.DEFER.jsonl")),
        (0, Reason::Deferred, sample!("key.DEFER2.jsonl")),
        (0, Reason::Done, sample!("key.RESUMED.jsonl")),
        (1, Reason::Limited, sample!("oauth.LIM5H.jsonl")),
        (1, Reason::Limited, sample!("oauth.LIM7D.jsonl")),
        (1, Reason::Limited, sample!("key.LIM5H.jsonl")),
        (1, Reason::Limited, sample!("key.PLAIN429.jsonl")),
        (1, Reason::Overloaded, sample!("oauth.PLAIN429.jsonl")),
        (1, Reason::Overloaded, sample!("key.OVER529.jsonl")),
        (1, Reason::Overloaded, sample!("oauth.OVER529.jsonl")),
        (1, Reason::Overloaded, sample!("oauth.E500.jsonl")),
        (1, Reason::Overloaded, sample!("key.CONN.jsonl")),
        (1, Reason::Auth, sample!("key.E401.jsonl")),
        (1, Reason::Auth, sample!("oauth.E401.jsonl")),
        (1, Reason::Auth, sample!("key.NOLOGIN.jsonl")),
        (1, Reason::Billing, sample!("oauth.E400C.jsonl")),
        (1, Reason::Billing, sample!("key.E402.jsonl")),
        (1, Reason::Budget, sample!("key.BUDGET.jsonl")),
        (1, Reason::Failed, sample!("key.E400.jsonl")),
        (1, Reason::Failed, sample!("key.NOMODEL.jsonl")),
        (1, Reason::Failed, sample!("key.NOSESSION.jsonl")),
        (1, Reason::Failed, sample!("key.TURNS.jsonl")),
    ] {
        let evaluation = stream(code, text);
        assert_eq!(evaluation.reason, reason, "{:?}", evaluation.error);
        let is_done = matches!(reason, Reason::Done | Reason::Refused);
        assert_eq!(evaluation.error.is_none(), is_done, "{:?}", evaluation.error);
        assert_eq!(evaluation.unknown, Unknown::default());
        assert_eq!(evaluation.limit.is_some(), reason == Reason::Limited);
        assert_eq!(evaluation.is_session_lost, text == sample!("key.NOSESSION.jsonl"));
    }
}

/// The last line of a stream, as `--output-format json` has it alone.
fn result_of(text: &str) -> &str {
    text.lines().last().unwrap()
}

#[test]
fn the_result_alone_tells_the_reason() {
    for (reason, text) in [
        (Reason::Limited, sample!("oauth.LIM5H.jsonl")),
        (Reason::Limited, sample!("key.PLAIN429.jsonl")),
        (Reason::Overloaded, sample!("oauth.PLAIN429.jsonl")),
        (Reason::Overloaded, sample!("oauth.OVER529.jsonl")),
        (Reason::Overloaded, sample!("key.CONN.jsonl")),
        (Reason::Auth, sample!("oauth.E401.jsonl")),
        (Reason::Auth, sample!("key.NOLOGIN.jsonl")),
        (Reason::Billing, sample!("oauth.E400C.jsonl")),
        (Reason::Budget, sample!("key.BUDGET.jsonl")),
    ] {
        assert_eq!(evaluated(Format::Json, 1, result_of(text)).reason, reason, "{}", result_of(text));
    }
}

#[test]
fn a_limit_comes_with_its_time_and_its_window() {
    for (text, resets_at, window) in [
        (sample!("oauth.LIM5H.jsonl"), Some(RESET), Some("five_hour")),
        (sample!("oauth.LIM7D.jsonl"), Some(RESET + 1), Some("seven_day")),
        (sample!("key.LIM5H.jsonl"), None, None),
    ] {
        let limit = stream(1, text).limit.unwrap();
        assert_eq!((limit.resets_at, limit.window.as_deref()), (resets_at, window));
    }
    let near = stream(0, sample!("oauth.WARN.jsonl"));
    let [warning] = near.limit_warnings.as_slice() else { panic!("{:?}", near.limit_warnings) };
    assert_eq!((warning.window.as_str(), warning.utilization), ("five_hour", 0.91));
    assert_eq!((warning.surpassed_threshold, warning.resets_at), (Some(0.9), Some(RESET - 1)));
}

#[test]
fn a_deferred_tool_is_named_with_its_session() {
    for (format, text) in
        [(Format::StreamJson, sample!("key.DEFER.jsonl")), (Format::Json, sample!("key.DEFER.json"))]
    {
        let evaluation = evaluated(format, 0, text);
        assert_eq!(evaluation.reason, Reason::Deferred);
        assert!(evaluation.error.unwrap().contains("put off the use of a tool"));
        assert_eq!(evaluation.usage.session_id.unwrap().len(), 36);
        let DeferredTool { id, name, input } = evaluation.deferred.unwrap();
        assert!(id.starts_with("toolu_"), "{id}");
        assert_eq!(
            (name.as_str(), input.as_str()),
            ("Bash", r#"{"command":"touch made","description":"x"}"#)
        );
    }
}

/// A stream with these events before a result of status 429.
fn too_many(events: &[Value], more: Value) -> Evaluation {
    let mut result = json!({
        "type": "result", "subtype": "success", "is_error": true, "terminal_reason": "api_error",
        "api_error_status": 429, "api_error_type": "rate_limit_error"
    });
    result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let events = events.iter().map(|info| json!({"type": "rate_limit_event", "rate_limit_info": info}));
    stream(1, &events.chain([result]).map(|line| format!("{line}\n")).collect::<String>())
}

#[test]
fn a_rejected_event_alone_is_no_limit() {
    let rejected = json!({"status": "rejected", "resetsAt": RESET, "rateLimitType": "five_hour"});
    let allowed = json!({"status": "allowed", "resetsAt": RESET, "rateLimitType": "five_hour"});
    // It went on by what is paid for by use.
    let success = json!({"type": "result", "is_error": false, "terminal_reason": "completed"});
    let event = json!({"type": "rate_limit_event", "rate_limit_info": rejected});
    assert_eq!(stream(0, &format!("{event}\n{success}\n")).reason, Reason::Done);
    // The plan's limit had reset, and one by the minute was hit after that.
    assert_eq!(
        too_many(&[rejected.clone(), json!({"status": "rejected"})], json!({})).reason,
        Reason::Overloaded
    );
    let after = too_many(&[rejected.clone(), allowed], json!({}));
    assert_eq!((after.reason, after.limit), (Reason::Limited, Some(Limit::default())));
    assert_eq!(too_many(&[rejected], json!({})).limit.unwrap().resets_at, Some(RESET));
}

#[test]
fn a_time_that_is_none_leaves_the_limit_one() {
    let usage = json!({"api_error": "usage_limit_reached"});
    for odd in [json!("soon"), json!(null), json!(-5), json!({})] {
        let event = json!({"status": "rejected", "resetsAt": odd, "rateLimitType": "seven_day"});
        let limit = too_many(&[event], usage.clone()).limit.unwrap();
        assert_eq!((limit.resets_at, limit.window.as_deref()), (None, Some("seven_day")));
    }
    for far in [json!(RESET * 1000), json!(1e300), json!(0)] {
        let event = json!({"status": "rejected", "resetsAt": far});
        let limit = too_many(&[event], usage.clone()).limit.unwrap();
        assert!(limit.resets_at.is_some() && limit.resets_after(RESET).is_none());
    }
}

#[test]
fn the_error_of_a_subagent_is_not_the_agents() {
    let lines = |parent: Value| {
        let error = json!({"type": "assistant", "error": "billing_error", "parent_tool_use_id": parent});
        let result = json!({
            "type": "result", "is_error": true, "terminal_reason": "api_error", "api_error_status": 500
        });
        stream(1, &format!("{error}\n{result}\n")).reason
    };
    assert_eq!((lines(json!("toolu_1")), lines(json!(null))), (Reason::Overloaded, Reason::Billing));
}

#[test]
fn a_stream_that_is_cut_anywhere_is_never_done() {
    for (text, whole) in [
        (sample!("key.SAY.jsonl"), Reason::Done),
        (sample!("key.REFUSED.jsonl"), Reason::Refused),
        (sample!("key.DEFER.jsonl"), Reason::Deferred),
    ] {
        let text = text.trim_end();
        assert_eq!(stream(0, text).reason, whole);
        let bytes = text.as_bytes();
        for end in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
            let cut = String::from_utf8_lossy(&bytes[..end]);
            assert_eq!(stream(0, &cut).reason, Reason::Failed, "{cut}");
            assert_eq!(stream(137, &cut).reason, Reason::Crashed, "{cut}");
        }
    }
}

#[test]
fn what_is_not_known_is_a_failure_and_is_counted() {
    let result = |more: Value| {
        let mut result = json!({"type": "result", "is_error": false, "terminal_reason": "completed"});
        result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stream(0, &result.to_string())
    };
    let odd_end = result(json!({"terminal_reason": "odd_end"}));
    assert_eq!(
        (odd_end.reason, odd_end.unknown.first.as_deref()),
        (Reason::Failed, Some("terminal_reason \"odd_end\""))
    );
    let odd_error = result(
        json!({"is_error": true, "terminal_reason": "api_error", "api_error": "odd", "api_error_status": 529}),
    );
    assert_eq!((odd_error.reason, odd_error.unknown.count), (Reason::Overloaded, 1));
    let odd_type = stream(0, "{\"type\":\"odd\"}\n{\"type\":\"odder\"}\n{\"no\":\"type\"}\nsome text\n");
    assert_eq!(odd_type.reason, Reason::Failed);
    assert_eq!(odd_type.unknown, Unknown { count: 2, first: Some("type \"odd\"".to_owned()) });
}

#[test]
fn a_signal_is_a_crash_unless_the_daemon_sent_it() {
    let evaluation = |exit: Exit<'_>| {
        let mut scanner = Scanner::new(Format::StreamJson, std::path::Path::new("none"), 0);
        scanner.feed(sample!("key.SAY.jsonl").as_bytes());
        evaluate(&exit, &scanner.output, |_| None).reason
    };
    let killed = Exit { signal: Some(9), ..Exit::default() };
    assert_eq!(evaluation(killed), Reason::Crashed);
    assert_eq!(evaluation(Exit { ended_after_result: true, ..killed }), Reason::Done);
    assert_eq!(evaluation(Exit { code: Some(3), ..Exit::default() }), Reason::Failed);
    assert_eq!(evaluation(Exit::default()), Reason::Failed);
}

#[test]
fn a_result_with_the_subtype_of_an_error_is_never_done() {
    let of = |more: Value| {
        let mut result = json!({ "type": "result", "is_error": false, "result": "x" });
        result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stream(0, &result.to_string())
    };
    for done in [json!({}), json!({"subtype": "success"}), json!({"subtype": null, "terminal_reason": null})]
    {
        assert_eq!(of(done.clone()).reason, Reason::Done, "{done}");
    }
    for subtype in ["error_max_turns", "error_during_execution"] {
        let failed = of(json!({ "subtype": subtype, "terminal_reason": "completed" }));
        assert_eq!((failed.reason, failed.unknown.count), (Reason::Failed, 0));
        assert!(failed.error.as_deref().unwrap().contains(subtype), "{:?}", failed.error);
    }
    assert_eq!(of(json!({ "subtype": "error_max_budget_usd" })).reason, Reason::Budget);
    for odd in
        [json!({"subtype": "error_new_thing"}), json!({"subtype": 5}), json!({"terminal_reason": {"a": 1}})]
    {
        let failed = of(odd.clone());
        assert_eq!((failed.reason, failed.unknown.count), (Reason::Failed, 1), "{odd}");
        assert!(failed.error.is_some(), "{odd}");
    }
}

#[test]
fn text_for_people_tells_the_reason_as_well() {
    let of = |code: i32, text: &str| {
        let exit = Exit { code: Some(code), stdout: Some(text), ..Exit::default() };
        evaluate(&exit, &Scanner::new(Format::Text, std::path::Path::new("none"), 0).output, |_| None)
    };
    for (text, reason) in [
        ("Not logged in \u{b7} Please run /login\n", Reason::Auth),
        ("Failed to authenticate. API Error: 401 OAuth token has expired.", Reason::Auth),
        ("Credit balance is too low\n", Reason::Billing),
        ("API Error: 402 pay", Reason::Billing),
        ("API Error: 529 Overloaded. This is a server-side issue", Reason::Overloaded),
        ("API Error: Connection refused", Reason::Overloaded),
        ("API Error: Server is temporarily limiting requests (not your usage limit)", Reason::Overloaded),
        (
            "API Error: Request rejected (429) \u{b7} This request would exceed your account's rate limit.",
            Reason::Limited,
        ),
        ("API Error: 400 bad", Reason::Failed),
        ("I could not do it: Credit balance is too low, says the log.", Reason::Failed),
        ("Not logged in is what the page says.\nI could not mend that.", Reason::Failed),
        ("You've hit your limit of tries\n\nThat is what the test prints.", Reason::Failed),
        ("API Error: 401 is what the server answers\nto the test.", Reason::Failed),
    ] {
        let evaluation = of(1, text);
        assert_eq!(evaluation.reason, reason, "{text}");
        assert!(evaluation.error.is_some() && of(0, text).reason == Reason::Done, "{text}");
    }
    let limit =
        of(1, "You\u{2019}ve hit your 5-hour limit \u{b7} resets 6:01pm (Europe/Berlin)\n").limit.unwrap();
    assert_eq!(limit.resets_zone.as_deref(), Some("europe/berlin"));
    assert_eq!(limit.resets_local.map(|time| (time.hour, time.minute)), Some((18, 1)));
    assert_eq!(of(1, "Claude AI usage limit reached|1795888905").limit.unwrap().resets_at, Some(RESET));
    assert_eq!(of(137, "Not logged in").reason, Reason::Crashed);
}
