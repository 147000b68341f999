//! Each sample was written by the real program: `samples/0.61.0/README.md` says how.

use super::*;
use crate::{
    evaluation::{Evaluation, Unknown},
    lines::Log,
    program::AgentProgram,
};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/0.61.0/", $name))
    };
}

fn evaluated(command: &str, text: &str, exit: &Exit<'_>) -> Evaluation {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
    Gemini.evaluate(&command, file.path(), exit, &mut |_| None).unwrap()
}

fn of(code: i32, text: &str) -> Evaluation {
    evaluated("gemini --output-format stream-json", text, &Exit { code: Some(code), ..Exit::default() })
}

#[test]
fn each_sample_has_its_reason() {
    for (code, reason, text) in [
        (0, Reason::Done, sample!("say.jsonl")),
        (0, Reason::Done, sample!("resumed.jsonl")),
        (0, Reason::Done, sample!("toolyolo.jsonl")),
        (0, Reason::Refused, sample!("tool.jsonl")),
        (144, Reason::Auth, sample!("400.jsonl")),
        (145, Reason::Auth, sample!("401.jsonl")),
        (147, Reason::Auth, sample!("403.jsonl")),
        (173, Reason::Limited, sample!("429.jsonl")),
        // SIGTERM had ended it.
        (0, Reason::Failed, sample!("terminated.jsonl")),
    ] {
        let evaluation = of(code, text);
        assert_eq!(evaluation.reason, reason, "{:?}", evaluation.error);
        let is_done = matches!(reason, Reason::Done | Reason::Refused);
        assert_eq!(evaluation.answer.as_deref(), is_done.then_some("hello from the model"));
        assert_eq!(evaluation.error.is_none(), is_done);
        assert_eq!(evaluation.limit.is_some(), reason == Reason::Limited);
        assert_eq!(evaluation.unknown, Unknown::default());
        assert_eq!(evaluation.usage.session_id.unwrap().len(), 36);
    }
}

#[test]
fn a_quota_that_is_full_again_in_hours_is_a_limit() {
    let error = |message: &str| {
        let result =
            serde_json::json!({ "type": "result", "status": "error", "error": { "message": message } });
        of(173, &result.to_string())
    };
    let limited =
        error("You have exhausted your capacity on this model. Your quota will reset after 10h23m5s.");
    let limit = limited.limit.unwrap();
    assert_eq!((limited.reason, limit.resets_in.unwrap().as_secs()), (Reason::Limited, 37_385));
    let soon = error("You have exhausted your capacity on this model. Your quota will reset after 43s.");
    assert_eq!((soon.reason, soon.limit), (Reason::Overloaded, None));
}

#[test]
fn the_exit_is_a_status_modulo_256() {
    for (status, reason) in [
        (401, Reason::Auth),
        (402, Reason::Billing),
        (429, Reason::Overloaded),
        (503, Reason::Overloaded),
        (400, Reason::Failed),
    ] {
        assert_eq!(of(status % 256, "").reason, reason, "{status}");
        let exit = Exit { code: Some(status % 256), ..Exit::default() };
        assert_eq!(evaluated("gemini -p", "", &exit).reason, reason, "{status}");
    }
    assert_eq!(
        (of(41, "").reason, of(42, "").reason, of(1, "").reason),
        (Reason::Auth, Reason::Failed, Reason::Failed)
    );
    assert_eq!(evaluated("gemini", "", &Exit { signal: Some(9), ..Exit::default() }).reason, Reason::Crashed);
}

#[test]
fn words_of_the_model_hold_no_account_back() {
    let text = "The API key not valid error is mended: it has exhausted your daily quota no more.";
    let of = |command: &str, exit: Exit<'_>| evaluated(command, "", &Exit { code: Some(1), ..exit }).reason;
    for command in ["gemini", "gemini -o stream-json"] {
        assert_eq!(of(command, Exit { stdout: Some(text), ..Exit::default() }), Reason::Failed);
        assert_eq!(of(command, Exit { stderr: text, ..Exit::default() }), Reason::Failed);
        let own = "[API Error: You have exhausted your daily quota on this model.]";
        assert_eq!(of(command, Exit { stderr: own, ..Exit::default() }), Reason::Limited);
    }
}

#[test]
fn tokens_are_those_of_the_run() {
    let tokens = Tokens { input: 140, output: 20, cache_read: 60, cache_creation: 0 };
    for text in [sample!("say.jsonl"), sample!("resumed.jsonl")] {
        let usage = of(0, text).usage;
        assert_eq!((usage.tokens, usage.cost_usd, usage.turns), (tokens, None, 1));
        assert_eq!(usage.tokens_by_model, [("gemini-2.5-pro".to_owned(), tokens)].into());
    }
}

#[test]
fn a_refused_tool_is_named() {
    let evaluation = of(0, sample!("tool.jsonl"));
    assert!(evaluation.refused.unwrap().starts_with("it was refused run_shell_command (touch made)"));
    assert_eq!(evaluation.usage.permission_denial_count, 1);
}

#[test]
fn an_answer_comes_in_pieces_and_the_last_counts() {
    let piece = |role: &str, text: &str| {
        serde_json::json!({"type": "message", "role": role, "content": text, "delta": true}).to_string()
    };
    let result = r#"{"type":"result","status":"success"}"#.to_owned();
    let lines = [
        piece("assistant", "I look. "),
        r#"{"type":"tool_use","tool_name":"x","tool_id":"1"}"#.to_owned(),
        piece("assistant", "It is "),
        piece("assistant", "done."),
        result,
    ];
    let evaluation = of(0, &lines.join("\n"));
    assert_eq!((evaluation.answer.as_deref(), evaluation.usage.turns), (Some("It is done."), 2));
    let mut log = GeminiLog::default();
    for _ in 0..100 {
        log.take(&serde_json::from_str(&piece("assistant", &"ä".repeat(100_000))).unwrap());
    }
    assert!(log.answer.len() <= 4 * 1024 * 1024);
}

#[test]
fn a_session_that_is_not_there_is_told() {
    let stderr = "Error resuming session: Invalid session identifier \"0\".\n";
    let lost = evaluated("gemini -o stream-json", "", &Exit { code: Some(42), stderr, ..Exit::default() });
    assert_eq!((lost.reason, lost.is_session_lost), (Reason::Failed, true));
}

#[test]
fn a_stream_that_is_cut_anywhere_is_never_done() {
    let text = sample!("toolyolo.jsonl").trim_end();
    for end in (0..text.len()).step_by(11) {
        assert_eq!(of(0, &text[..end]).reason, Reason::Failed);
    }
    assert_eq!(of(0, text).reason, Reason::Done);
}

#[test]
fn a_failed_exit_after_a_success_is_a_failure_unless_the_daemon_caused_it() {
    assert_eq!(of(1, sample!("say.jsonl")).reason, Reason::Failed);
    let killed = Exit { signal: Some(9), ..Exit::default() };
    let of_exit = |exit| evaluated("gemini -o stream-json", sample!("say.jsonl"), &exit).reason;
    assert_eq!(
        (of_exit(killed), of_exit(Exit { ended_after_result: true, ..killed })),
        (Reason::Crashed, Reason::Done)
    );
}

#[test]
fn a_watch_sees_the_result() {
    let mut log = GeminiLog::default();
    let ends = sample!("say.jsonl").lines().map(|line| {
        log.take(&serde_json::from_str(line).unwrap());
        log.done().is_some()
    });
    assert_eq!(ends.collect::<Vec<_>>(), [false, false, false, true]);
    assert_eq!(log.spent().untold.len(), 1);
}

#[test]
fn the_form_is_known_by_its_option() {
    let is = |command: &str| is_stream(&command.split(' ').map(str::to_owned).collect::<Vec<_>>());
    assert!(is("gemini -o stream-json") && is("gemini --output-format=stream-json -p x"));
    assert!(!is("gemini") && !is("gemini -o json") && !is("gemini -o stream-json -o text"));
}
