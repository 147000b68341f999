//! Each sample was written by the real agent, version 2.1.330; paths are replaced.

use super::super::scanner::Scanner;
use super::*;

/// What one answer of the model costs in the samples.
const ANSWER_USD: f64 = 0.000_706;

fn output(format: Format, text: &str) -> Output {
    let mut scanner = Scanner::new(format, std::path::Path::new("none"), 0);
    scanner.feed(text.as_bytes());
    scanner.finish();
    scanner.output
}

fn verdict(format: Format, code: i32, text: &str) -> Verdict {
    let exit = Exit { code: Some(code), stderr: "on stderr\n", ..Exit::default() };
    judge(&exit, &output(format, text), |_| None)
}

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/", $name))
    };
}

fn stream(code: i32, text: &str) -> Verdict {
    verdict(Format::StreamJson, code, text)
}

fn costs(verdict: &Verdict, answers: f64) {
    let cost = verdict.usage.cost_usd.unwrap();
    assert!((cost - answers * ANSWER_USD).abs() < 1e-9, "{cost}");
}

#[test]
fn success() {
    for (format, text) in [
        (Format::StreamJson, sample!("success.jsonl")),
        (Format::Json, sample!("success.json")),
        (Format::Json, sample!("verbose.json")),
        (Format::StreamJson, sample!("retried.jsonl")),
    ] {
        let verdict = verdict(format, 0, text);
        assert!(verdict.success, "{verdict:?}");
        assert_eq!(verdict.answer.as_deref(), Some("The answer."));
        assert_eq!((&verdict.error, &verdict.refused, verdict.usage.turns), (&None, &None, 1));
        let tokens = Tokens { input: 100, output: 10, cache_read: 30, cache_creation: 20 };
        assert_eq!(verdict.usage.tokens, tokens);
        assert_eq!(verdict.usage.session_id.as_ref().unwrap().len(), 36);
        costs(&verdict, 1.0);
    }
}

#[test]
fn the_use_of_a_tool() {
    let verdict = stream(0, sample!("tool.jsonl"));
    assert_eq!((verdict.success, verdict.answer.as_deref()), (true, Some("It said one.")));
    assert_eq!((verdict.usage.turns, verdict.usage.tokens.output), (2, 20));
    costs(&verdict, 2.0);
}

#[test]
fn a_refused_tool_is_told_though_the_agent_succeeded() {
    let verdict = stream(0, sample!("refused.jsonl"));
    assert!(verdict.success && verdict.error.is_none());
    assert!(verdict.refused.unwrap().starts_with("it was refused Bash (touch x)"));
    assert_eq!(verdict.usage.permission_denials.len(), 1);
}

#[test]
fn an_error_of_the_model() {
    let verdict = stream(1, sample!("api-error.jsonl"));
    assert_eq!((verdict.success, verdict.answer), (false, None));
    let error = verdict.error.unwrap();
    assert_eq!(error, "the agent reported an error: Failed to authenticate. API Error: 403 not for this key");
}

#[test]
fn an_interrupted_agent_exits_with_0_and_has_not_succeeded() {
    let verdict = stream(0, sample!("interrupted.jsonl"));
    assert_eq!((verdict.success, verdict.answer), (false, None));
    let error = verdict.error.unwrap();
    assert_eq!(error, "the agent reported an error: error_during_execution, aborted_tools");
}

#[test]
fn an_agent_ended_in_the_middle_leaves_its_session() {
    let verdict = stream(143, sample!("terminated.jsonl"));
    assert!(!verdict.success && verdict.usage.session_id.is_some());
    assert_eq!(verdict.error.as_deref(), Some("the agent exited with code 143: on stderr"));
    assert_eq!(verdict.usage.cost_usd, None);
}

#[test]
fn errors_are_told_in_the_agents_words() {
    let turns = stream(1, sample!("max-turns.jsonl"));
    assert_eq!(
        turns.error.as_deref(),
        Some("the agent reported an error: Reached maximum number of turns (1)")
    );
    let session = stream(1, sample!("unknown-session.jsonl"));
    assert!(session.error.unwrap().contains("No conversation found with session ID"));
}

#[test]
fn without_a_result_it_has_not_succeeded() {
    for format in [Format::Json, Format::StreamJson] {
        let none = verdict(format, 0, "");
        assert_eq!(
            none.error.as_deref(),
            Some("the agent exited with code 0, but gave no result: on stderr")
        );
        let flag = verdict(format, 1, "");
        assert_eq!(flag.error.as_deref(), Some("the agent exited with code 1: on stderr"));
    }
}

#[test]
fn a_failed_exit_after_a_result_is_a_failure_unless_the_daemon_caused_it() {
    let output = output(Format::StreamJson, sample!("success.jsonl"));
    let mut exit = Exit { signal: Some(9), ..Exit::default() };
    let verdict = judge(&exit, &output, |_| None);
    assert_eq!(verdict.error.as_deref(), Some("the agent was ended by signal 9"));
    exit.ended_after_result = true;
    assert!(judge(&exit, &output, |_| None).success);
    exit = Exit { code: Some(143), ended_after_result: true, ..Exit::default() };
    assert!(judge(&exit, &output, |_| None).success);
}

#[test]
fn text_is_judged_by_the_exit_code() {
    let exit = Exit { code: Some(0), stdout: Some("The answer.\n"), ..Exit::default() };
    let verdict = judge(&exit, &Output::new(Format::Text), |_| None);
    assert_eq!((verdict.success, verdict.answer.as_deref()), (true, Some("The answer.\n")));
    assert_eq!(verdict.usage, Usage::default());
    let failed = Exit { code: Some(1), stderr: "why", ..exit };
    assert_eq!(
        judge(&failed, &Output::new(Format::Text), |_| None).error.as_deref(),
        Some("the agent exited with code 1: why")
    );
    let said =
        Exit { code: Some(1), stdout: Some("Not logged in · Please run /login\n"), ..Exit::default() };
    assert_eq!(
        judge(&said, &Output::new(Format::Text), |_| None).error.as_deref(),
        Some("the agent exited with code 1: Not logged in · Please run /login")
    );
}

#[test]
fn a_resumed_session_costs_only_what_came_to_it() {
    for text in [sample!("resumed.jsonl"), sample!("forked.jsonl")] {
        // A stream tells it by itself: nobody has to know what the session, or the one it was forked from, cost before.
        let verdict = stream(0, text);
        assert!(verdict.usage.session_total_usd > verdict.usage.cost_usd);
        costs(&verdict, 1.0);
    }
    // It was resumed twice before this.
    let output = output(Format::Json, sample!("resumed.json"));
    let exit = Exit { code: Some(0), ..Exit::default() };
    let total = output.last.as_ref().and_then(|result| result.session_total_usd).unwrap();
    let after = |previous| judge(&exit, &output, |session| (session.len() == 36).then_some(previous));
    costs(&after(total - ANSWER_USD), 1.0);
    costs(&after(total + 1.0), 0.0);
}

#[test]
fn work_that_waited_for_the_background_is_summed_up() {
    let verdict = stream(0, sample!("background.jsonl"));
    assert_eq!((verdict.success, verdict.answer.as_deref()), (true, Some("It has finished.")));
    assert_eq!((verdict.usage.turns, verdict.usage.tokens.input), (3, 300));
    costs(&verdict, 3.0);
    let document = self::verdict(Format::Json, 0, sample!("background.json"));
    assert_eq!((document.usage.turns, document.usage.tokens.input), (1, 100));
    costs(&document, 3.0);
}
