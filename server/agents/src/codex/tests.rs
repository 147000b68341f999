//! Each sample was written by the real program: `samples/0.171.0/README.md` says how.

use super::*;
use crate::{
    evaluation::{Evaluation, Unknown},
    limit::LocalTime,
    lines::Log,
    program::AgentProgram,
};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/0.171.0/", $name))
    };
}

const COMMAND: [&str; 3] = ["codex", "exec", "--json"];

fn evaluated(command: &[&str], text: &str, exit: &Exit<'_>) -> Evaluation {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    Codex.evaluate(&command, file.path(), exit, &mut |_| None).unwrap()
}

fn of(code: i32, text: &str) -> Evaluation {
    evaluated(&COMMAND, text, &Exit { code: Some(code), ..Exit::default() })
}

#[test]
fn each_sample_has_its_reason() {
    for (code, reason, text) in [
        (0, Reason::Done, sample!("say.jsonl")),
        (0, Reason::Done, sample!("tool.jsonl")),
        (1, Reason::Limited, sample!("limit.jsonl")),
        (1, Reason::Limited, sample!("limitfar.jsonl")),
        (1, Reason::Limited, sample!("limitnone.jsonl")),
        (1, Reason::Overloaded, sample!("429.jsonl")),
        (1, Reason::Overloaded, sample!("500.jsonl")),
        (1, Reason::Overloaded, sample!("503.jsonl")),
        (1, Reason::Overloaded, sample!("rlfail.jsonl")),
        (1, Reason::Overloaded, sample!("cut.jsonl")),
        (1, Reason::Auth, sample!("401.jsonl")),
        (1, Reason::Auth, sample!("nologin.jsonl")),
        (1, Reason::Billing, sample!("quota.jsonl")),
        (1, Reason::Failed, sample!("400.jsonl")),
    ] {
        let evaluation = of(code, text);
        assert_eq!(evaluation.reason, reason, "{:?}", evaluation.error);
        assert_eq!(evaluation.error.is_none(), reason == Reason::Done);
        assert_eq!(evaluation.answer.as_deref(), (reason == Reason::Done).then_some("hello from the model"));
        assert_eq!(evaluation.unknown, Unknown::default());
        assert_eq!(evaluation.usage.session_id.unwrap().len(), 36);
    }
}

#[test]
fn a_limit_comes_with_its_time() {
    let reset = |text| of(1, text).limit.unwrap().resets_local;
    assert_eq!(reset(sample!("limit.jsonl")), Some(LocalTime { date: None, hour: 8, minute: 48 }));
    let far = LocalTime { date: Some((Some(2026), 12, 4)), hour: 6, minute: 48 };
    assert_eq!(reset(sample!("limitfar.jsonl")), Some(far));
    assert_eq!(reset(sample!("limitnone.jsonl")), None);
    let in_words = sample!("limit.jsonl").replace("try again at 8:48 AM", "try again in 3 hours 12 minutes");
    assert_eq!(of(1, &in_words).limit.unwrap().resets_in.unwrap().as_secs(), 11_520);
}

#[test]
fn without_json_its_words_are_read() {
    let of = |code, stderr| evaluated(&["codex", "exec", "-"], "", &Exit { code, stderr, ..Exit::default() });
    let limited = of(Some(1), "ERROR: You\u{2019}ve hit your usage limit, try again at 5:36 PM.");
    assert_eq!((limited.reason, limited.limit.unwrap().resets_local.unwrap().hour), (Reason::Limited, 17));
    assert_eq!(of(Some(1), "Not logged in").reason, Reason::Auth);
    assert_eq!(of(Some(1), "no such file").reason, Reason::Failed);
    assert_eq!(of(Some(137), "rate limit").reason, Reason::Crashed);
    assert_eq!(of(Some(0), "Not logged in").reason, Reason::Done);
}

#[test]
fn words_of_the_model_hold_no_account_back() {
    let text = "I changed the refresh token. You have to log in again: it said Not logged in.";
    for exit in [
        Exit { code: Some(1), stdout: Some(text), ..Exit::default() },
        Exit { code: Some(1), stdout: Some("ERROR: not logged in"), ..Exit::default() },
        Exit { code: Some(1), stderr: text, ..Exit::default() },
        Exit { code: Some(1), stderr: "exec\nERROR: log in again\nERROR: no such file", ..Exit::default() },
        Exit { code: Some(1), stderr: "the page says: you have hit your usage limit", ..Exit::default() },
    ] {
        for command in [&["codex", "exec", "-"][..], &COMMAND] {
            assert_eq!(evaluated(command, "", &exit).reason, Reason::Failed, "{exit:?}");
        }
    }
    let own = "the refresh token is changed\n\u{1b}[31mERROR: \u{1b}[0mYour refresh token has expired\ntokens used\n5";
    for command in [&["codex", "exec", "-"][..], &COMMAND] {
        let exit = Exit { code: Some(1), stderr: own, ..Exit::default() };
        assert_eq!(evaluated(command, "", &exit).reason, Reason::Auth);
    }
}

#[test]
fn tokens_add_up_over_resumes_and_are_not_counted_twice() {
    let first = of(0, sample!("say.jsonl")).usage;
    let tokens = Tokens { input: 70, output: 10, cache_read: 30, cache_creation: 0 };
    assert_eq!((first.tokens, first.session_tokens), (tokens, Some(tokens)));
    let exit = Exit { code: Some(0), ..Exit::default() };
    let resumed =
        evaluated(&["codex", "exec", "--json", "resume", "x"], sample!("resumed.jsonl"), &exit).usage;
    let both = Tokens { input: 140, output: 20, cache_read: 60, cache_creation: 0 };
    assert_eq!((resumed.tokens, resumed.session_tokens), (Tokens::default(), Some(both)));
    assert_eq!(both.without(tokens), tokens);
    assert_eq!(resumed.session_id, first.session_id);
}

#[test]
fn a_new_attempt_is_no_failure() {
    let lines = sample!("say.jsonl");
    let (first, rest) = lines.split_once('\n').unwrap();
    let again = r#"{"type":"error","message":"Reconnecting... 1/5 (high demand)"}"#;
    assert_eq!(of(0, &format!("{first}\n{again}\n{rest}")).reason, Reason::Done);
}

#[test]
fn a_session_that_is_not_there_is_told() {
    let stderr =
        "Error: thread/resume: thread/resume failed: no rollout found for thread id 0 (code -32600)\n";
    let lost = evaluated(&COMMAND, "", &Exit { code: Some(1), stderr, ..Exit::default() });
    assert_eq!((lost.reason, lost.is_session_lost), (Reason::Failed, true));
    assert!(!of(1, "").is_session_lost);
}

#[test]
fn a_stream_that_is_cut_anywhere_is_never_done() {
    let text = sample!("tool.jsonl").trim_end();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
        assert_eq!(of(0, &text[..end]).reason, Reason::Failed);
        assert_eq!(of(137, &text[..end]).reason, Reason::Crashed);
    }
    assert_eq!(of(0, text).reason, Reason::Done);
}

#[test]
fn what_it_declined_was_refused() {
    // Not recorded: the status is one of those that the program's own schema names.
    let declined = r#"{"type":"item.completed","item":{"type":"command_execution","command":"rm x","status":"declined"}}"#;
    let evaluation = of(0, &format!("{declined}\n{}", sample!("say.jsonl")));
    assert_eq!((evaluation.reason, evaluation.usage.permission_denial_count), (Reason::Refused, 1));
}

#[test]
fn an_exit_after_a_completed_turn_counts() {
    let exit = Exit { signal: Some(9), ..Exit::default() };
    assert_eq!(evaluated(&COMMAND, sample!("say.jsonl"), &exit).reason, Reason::Crashed);
    let ended = Exit { ended_after_result: true, ..exit };
    assert_eq!(evaluated(&COMMAND, sample!("say.jsonl"), &ended).reason, Reason::Done);
}

#[test]
fn without_json_the_exit_decides() {
    let exit = Exit { code: Some(0), stdout: Some("hello"), ..Exit::default() };
    let evaluation = evaluated(&["codex", "exec", "--", "--json"], sample!("401.jsonl"), &exit);
    assert_eq!((evaluation.reason, evaluation.answer.as_deref()), (Reason::Done, Some("hello")));
}

#[test]
fn messages_that_are_not_known_are_counted() {
    let evaluation = of(0, &format!("{{\"type\":\"odd\"}}\n{}", sample!("say.jsonl")));
    assert_eq!((evaluation.reason, evaluation.unknown.count), (Reason::Done, 1));
}

#[test]
fn a_watch_sees_the_end_of_the_turn() {
    let mut log = CodexLog::default();
    let ends: Vec<_> = sample!("say.jsonl")
        .lines()
        .map(|line| {
            log.take(&serde_json::from_str(line).unwrap());
            log.done().is_some()
        })
        .collect();
    assert_eq!(ends, [false, false, false, false, true]);
    assert_eq!(log.spent().untold[MODEL].output, 10);
}
