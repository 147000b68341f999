//! Each sample was written by the real program: `samples/1.18.33/README.md` says how.

use super::*;
use crate::{
    evaluation::{Evaluation, Tokens, Unknown},
    lines::Log,
    program::AgentProgram,
};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/1.18.33/", $name))
    };
}

fn evaluated(text: &str, exit: &Exit<'_>) -> Evaluation {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let command = ["opencode", "run", "--format", "json"].map(str::to_owned);
    Opencode.evaluate(&command, file.path(), exit, &mut |_| None).unwrap()
}

fn of(code: i32, text: &str) -> Evaluation {
    evaluated(text, &Exit { code: Some(code), ..Exit::default() })
}

#[test]
fn each_sample_has_its_reason() {
    for (code, reason, text) in [
        (0, Reason::Done, sample!("say.jsonl")),
        (0, Reason::Done, sample!("resumed.jsonl")),
        (0, Reason::Done, sample!("tool.jsonl")),
        (0, Reason::Refused, sample!("denied.jsonl")),
        (0, Reason::Failed, sample!("refused.jsonl")),
        (1, Reason::Auth, sample!("401.jsonl")),
        (1, Reason::Billing, sample!("400c.jsonl")),
        (1, Reason::Failed, sample!("400.jsonl")),
    ] {
        let evaluation = of(code, text);
        assert_eq!(evaluation.reason, reason, "{:?}", evaluation.error);
        let is_done = matches!(reason, Reason::Done | Reason::Refused);
        assert_eq!(evaluation.answer.as_deref(), is_done.then_some("hello from the model"));
        assert_eq!(evaluation.error.is_none(), is_done);
        assert_eq!(evaluation.unknown, Unknown::default());
        assert!(evaluation.usage.session_id.unwrap().starts_with("ses_"));
    }
}

#[test]
fn a_refused_tool_that_ends_the_work_is_no_success() {
    let evaluation = of(0, sample!("refused.jsonl"));
    let error = evaluation.error.unwrap();
    assert!(error.contains("\"tool-calls\"") && error.contains("refused bash (touch made)"), "{error}");
    assert_eq!(evaluation.usage.permission_denials[0].what, "touch made");
}

#[test]
fn a_tool_that_is_not_there_was_refused() {
    let denials = of(0, sample!("denied.jsonl")).usage.permission_denials;
    assert_eq!(denials.iter().map(|denial| denial.tool_name.as_str()).collect::<Vec<_>>(), ["bash"]);
}

#[test]
fn each_run_costs_its_own() {
    let tokens = Tokens { input: 100, output: 10, cache_read: 30, cache_creation: 20 };
    for text in [sample!("say.jsonl"), sample!("resumed.jsonl")] {
        let usage = of(0, text).usage;
        assert_eq!((usage.cost_usd, usage.tokens, usage.turns), (Some(0.000_534), tokens, 1));
    }
    let two = of(0, sample!("tool.jsonl")).usage;
    assert_eq!((two.turns, two.tokens.input), (2, 200));
    assert!((two.cost_usd.unwrap() - 0.001_068).abs() < 1e-9);
}

#[test]
fn a_silent_retry_tells_nothing() {
    assert_eq!(sample!("429.jsonl"), "");
    assert_eq!(evaluated("", &Exit { signal: Some(15), ..Exit::default() }).reason, Reason::Crashed);
}

#[test]
fn statuses_and_names_of_errors_tell_the_reason() {
    let error = |name: &str, status: u64, message: &str| {
        let error = serde_json::json!({
            "type": "error", "sessionID": "ses_1",
            "error": {"name": name, "data": {"statusCode": status, "message": message}}
        });
        of(1, &error.to_string()).reason
    };
    assert_eq!(error("ProviderAuthError", 0, "no key"), Reason::Auth);
    assert_eq!(error("APIError", 529, "Overloaded"), Reason::Overloaded);
    assert_eq!(error("APIError", 402, "pay"), Reason::Billing);
    assert_eq!(error("APIError", 429, "slow down"), Reason::Overloaded);
    assert_eq!(error("APIError", 429, "You\u{2019}ve hit your usage limit"), Reason::Limited);
    assert_eq!(error("UnknownError", 0, "odd"), Reason::Failed);
}

#[test]
fn a_session_that_is_not_there_is_told_whatever_the_exit() {
    for code in [0, 1] {
        let stderr = "\u{1b}[91m\u{1b}[1mError: \u{1b}[0mSession not found\n";
        let lost = evaluated("", &Exit { code: Some(code), stderr, ..Exit::default() });
        assert_eq!((lost.reason, lost.is_session_lost), (Reason::Failed, true));
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_is_never_done() {
    let text = sample!("tool.jsonl").trim_end();
    for end in (0..text.len()).step_by(13) {
        assert_eq!(of(0, &text[..end]).reason, Reason::Failed);
    }
    assert_eq!(of(0, text).reason, Reason::Done);
}

#[test]
fn an_exit_after_the_end_counts() {
    let killed = Exit { signal: Some(9), ..Exit::default() };
    assert_eq!(evaluated(sample!("say.jsonl"), &killed).reason, Reason::Crashed);
    let ended = Exit { ended_after_result: true, ..killed };
    assert_eq!(evaluated(sample!("say.jsonl"), &ended).reason, Reason::Done);
}

#[test]
fn a_watch_follows_the_steps_and_the_cost() {
    let mut log = OpencodeLog::default();
    let mut seen = Vec::new();
    for line in sample!("tool.jsonl").lines() {
        log.take(&serde_json::from_str(line).unwrap());
        seen.push((log.done().is_some(), (log.spent().told_usd * 1e6).round()));
    }
    assert_eq!(
        seen,
        [(false, 0.0), (false, 0.0), (false, 534.0), (false, 534.0), (false, 534.0), (true, 1068.0)]
    );
}

#[test]
fn the_form_is_known_by_its_option() {
    let is = |command: &str| is_json(&command.split(' ').map(str::to_owned).collect::<Vec<_>>());
    assert!(is("opencode run --format json") && is("opencode run --format=json"));
    assert!(
        !is("opencode run") && !is("opencode run --format default") && !is("opencode run -- --format json")
    );
}

#[test]
fn without_json_its_words_are_read() {
    let of = |code, stderr| {
        let exit = Exit { code: Some(code), stderr, ..Exit::default() };
        Opencode
            .evaluate(
                &["opencode".to_owned(), "run".to_owned()],
                std::path::Path::new("-"),
                &exit,
                &mut |_| None,
            )
            .unwrap()
    };
    let limited = of(1, "Error: You've hit your usage limit. Try again in 2 h.");
    assert_eq!(
        (limited.reason, limited.limit.unwrap().resets_in.unwrap().as_secs()),
        (Reason::Limited, 7200)
    );
    assert_eq!(of(1, "Error: insufficient_quota").reason, Reason::Billing);
    assert_eq!((of(1, "odd").reason, of(0, "overloaded").reason), (Reason::Failed, Reason::Done));
}
