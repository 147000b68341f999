//! Each sample was written by the real agent, version 2.1.330; paths are replaced.

use crate::{RefusedTasks, evaluation::Tokens};

use super::super::scanner::Scanner;
use super::*;

/// Cost of one answer of the model in the samples, in US dollars.
const ANSWER_USD: f64 = 0.000_706;

fn output(format: Format, text: &str) -> Output {
    let mut scanner = Scanner::new(format, std::path::Path::new("none"), 0);
    scanner.feed(text.as_bytes());
    scanner.finish();
    scanner.output
}

fn evaluation(format: Format, code: i32, text: &str) -> Evaluation {
    let exit = Exit { code: Some(code), stderr: "on stderr\n", ..Exit::default() };
    evaluate(&exit, &output(format, text), |_| None)
}

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/", $name))
    };
}

fn stream(code: i32, text: &str) -> Evaluation {
    evaluation(Format::StreamJson, code, text)
}

fn costs(evaluation: &Evaluation, answers: f64) {
    let cost = evaluation.usage.cost_usd.unwrap();
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
        let evaluation = evaluation(format, 0, text);
        assert!(evaluation.is_success(RefusedTasks::Complete), "{evaluation:?}");
        assert_eq!(evaluation.answer.as_deref(), Some("The answer."));
        assert_eq!((&evaluation.error, &evaluation.refused, evaluation.usage.turns), (&None, &None, 1));
        let tokens = Tokens { input: 100, output: 10, cache_read: 30, cache_creation: 20 };
        assert_eq!(evaluation.usage.tokens, tokens);
        assert_eq!(evaluation.usage.session_id.as_ref().unwrap().len(), 36);
        costs(&evaluation, 1.0);
    }
}

#[test]
fn the_use_of_a_tool() {
    let evaluation = stream(0, sample!("tool.jsonl"));
    assert_eq!(
        (evaluation.is_success(RefusedTasks::Complete), evaluation.answer.as_deref()),
        (true, Some("It said one."))
    );
    assert_eq!((evaluation.usage.turns, evaluation.usage.tokens.output), (2, 20));
    costs(&evaluation, 2.0);
}

#[test]
fn a_refused_tool_is_reported_though_the_agent_succeeded() {
    let evaluation = stream(0, sample!("refused.jsonl"));
    assert!(evaluation.is_success(RefusedTasks::Complete) && evaluation.error.is_none());
    assert!(evaluation.refused.unwrap().starts_with("it was refused Bash (touch x)"));
    assert_eq!(evaluation.usage.permission_denials.len(), 1);
}

#[test]
fn an_error_of_the_model() {
    let evaluation = stream(1, sample!("api-error.jsonl"));
    assert_eq!((evaluation.is_success(RefusedTasks::Complete), evaluation.answer), (false, None));
    let error = evaluation.error.unwrap();
    assert_eq!(error, "the agent reported an error: Failed to authenticate. API Error: 403 not for this key");
}

#[test]
fn an_interrupted_agent_exits_with_0_and_has_not_succeeded() {
    let evaluation = stream(0, sample!("interrupted.jsonl"));
    assert_eq!((evaluation.is_success(RefusedTasks::Complete), evaluation.answer), (false, None));
    let error = evaluation.error.unwrap();
    assert_eq!(error, "the agent reported an error: error_during_execution, aborted_tools");
}

#[test]
fn an_agent_ended_in_the_middle_leaves_its_session() {
    let evaluation = stream(143, sample!("terminated.jsonl"));
    assert!(!evaluation.is_success(RefusedTasks::Complete) && evaluation.usage.session_id.is_some());
    assert_eq!(evaluation.error.as_deref(), Some("the agent exited with code 143: on stderr"));
    assert_eq!(evaluation.usage.cost_usd, None);
}

#[test]
fn errors_are_reported_in_the_agents_words() {
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
        let none = evaluation(format, 0, "");
        assert_eq!(
            none.error.as_deref(),
            Some("the agent exited with code 0, but gave no result: on stderr")
        );
        let flag = evaluation(format, 1, "");
        assert_eq!(flag.error.as_deref(), Some("the agent exited with code 1: on stderr"));
    }
}

#[test]
fn a_failed_exit_after_a_result_is_a_failure_unless_the_daemon_caused_it() {
    let output = output(Format::StreamJson, sample!("success.jsonl"));
    let mut exit = Exit { signal: Some(9), ..Exit::default() };
    let evaluation = evaluate(&exit, &output, |_| None);
    assert_eq!(evaluation.error.as_deref(), Some("the agent was ended by signal 9"));
    exit.ended_after_result = true;
    assert!(evaluate(&exit, &output, |_| None).is_success(RefusedTasks::Complete));
    exit = Exit { code: Some(143), ended_after_result: true, ..Exit::default() };
    assert!(evaluate(&exit, &output, |_| None).is_success(RefusedTasks::Complete));
}

#[test]
fn text_is_evaluated_by_the_exit_code() {
    let exit = Exit { code: Some(0), stdout: Some("The answer.\n"), ..Exit::default() };
    let evaluation = evaluate(&exit, &Output::new(Format::Text), |_| None);
    assert_eq!(
        (evaluation.is_success(RefusedTasks::Complete), evaluation.answer.as_deref()),
        (true, Some("The answer.\n"))
    );
    assert_eq!(evaluation.usage, Usage::default());
    let failed = Exit { code: Some(1), stderr: "why", ..exit };
    assert_eq!(
        evaluate(&failed, &Output::new(Format::Text), |_| None).error.as_deref(),
        Some("the agent exited with code 1: why")
    );
    let said =
        Exit { code: Some(1), stdout: Some("Not logged in · Please run /login\n"), ..Exit::default() };
    assert_eq!(
        evaluate(&said, &Output::new(Format::Text), |_| None).error.as_deref(),
        Some("the agent exited with code 1: Not logged in · Please run /login")
    );
}

#[test]
fn a_resumed_session_costs_only_what_came_to_it() {
    for text in [sample!("resumed.jsonl"), sample!("forked.jsonl")] {
        // A stream says it by itself: nobody has to know what the session, or the one it was forked from, cost before.
        let evaluation = stream(0, text);
        assert!(evaluation.usage.session_total_usd > evaluation.usage.cost_usd);
        costs(&evaluation, 1.0);
    }
    // It was resumed twice before this.
    let output = output(Format::Json, sample!("resumed.json"));
    let exit = Exit { code: Some(0), ..Exit::default() };
    let total = output.last.as_ref().and_then(|result| result.session_total_usd).unwrap();
    let after = |previous| evaluate(&exit, &output, |session| (session.len() == 36).then_some(previous));
    costs(&after(total - ANSWER_USD), 1.0);
    costs(&after(total + 1.0), 0.0);
}

#[test]
fn work_that_waited_for_the_background_is_summed_up() {
    let evaluation = stream(0, sample!("background.jsonl"));
    assert_eq!(
        (evaluation.is_success(RefusedTasks::Complete), evaluation.answer.as_deref()),
        (true, Some("It has finished."))
    );
    assert_eq!((evaluation.usage.turns, evaluation.usage.tokens.input), (3, 300));
    costs(&evaluation, 3.0);
    let document = self::evaluation(Format::Json, 0, sample!("background.json"));
    assert_eq!((document.usage.turns, document.usage.tokens.input), (1, 100));
    costs(&document, 3.0);
}

#[test]
fn no_later_turn_makes_a_failed_one_good() {
    let failed = [
        (401, r#""result":"Failed to authenticate""#, Reason::Auth),
        (529, r#""result":"API Error: 529 Overloaded""#, Reason::Overloaded),
        (429, r#""api_error":"usage_limit_reached","result":"You've hit your limit""#, Reason::Limited),
        (400, r#""result":"broken""#, Reason::Failed),
    ];
    let rejected = r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795888905,"rateLimitType":"five_hour"}}"#;
    let allowed =
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"allowed","rateLimitType":"five_hour"}}"#;
    for (status, words, reason) in failed {
        let error = format!(
            r#"{{"type":"result","subtype":"success","is_error":true,"terminal_reason":"api_error","api_error_status":{status},{words}}}"#
        );
        let good = r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"well"}"#;
        let first = stream(0, &[rejected, &error, allowed, good].join("\n"));
        assert_eq!((first.reason, first.answer.as_deref()), (reason, None), "{first:?}");
        assert!(first.error.is_some() && !first.is_success(RefusedTasks::Complete));
        let resets_at = first.limit.map(|limit| limit.resets_at);
        assert_eq!(resets_at, (reason == Reason::Limited).then_some(Some(1_795_888_905)));
        let last = stream(0, &[good, &error].join("\n"));
        assert_eq!(last.reason, reason);
    }
}
