//! Talking with agents in a terminal, as a person does.

use std::os::unix::fs::MetadataExt;

use serde_json::json;

use crate::support::{
    Project,
    Step::{Closes, Runs, Sees, Types},
};

/// Sequence that shows that the terminal is as it was before a line was typed: then Ctrl-C is a signal again.
const LINE_TAKEN: &str = "\x1b[?2004l";

#[test]
fn a_conversation_in_a_terminal() {
    let project = Project::started(json!({}));
    let waits = "do: echo wai''ting; while [ ! -e go ]; do sleep 0.01; done\r";
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[
            Sees("/help lists"),
            Types("hello\r"),
            Sees("stand-in agent: hello"),
            // Several lines, and completion.
            Types("one\\\rtwo\r"),
            Sees("Now the user says:"),
            Sees("one\r\ntwo"),
            Types("/hel\t\r"),
            Sees("/cancel ID"),
            Types("/status\r"),
            Sees("Process"),
            Types("/gates\r"),
            Sees("Nothing waits for a decision."),
            // What runs in the background says when it ends.
            Types("/run do: exit 3\r"),
            Sees("task-0003 is"),
            Sees("[task-0003 is failed"),
            Sees("\"do: exit 3\"; event"),
            Types("/clear\r"),
            Sees("2 turns are forgotten"),
            // Ctrl-C cancels the answer and not the conversation.
            Types(waits),
            Sees("waiting"),
            Types("\x03"),
            Sees("task-0004 is being cancelled"),
            Sees("> "),
            // At the prompt it gives up the line.
            Types("never said\x03"),
            Sees("> "),
            Types("/history\r"),
            Sees("(cancelled: cancelled while it was running, by user "),
            Sees("> "),
            Types("\x04"),
        ],
    );
    assert_eq!(code, 0, "{shown}");
    assert_eq!(project.json(&["task", "stats"])["total"], 4);
    // The next session has the lines of this one; nobody else can read them.
    let history = project.file("state-home/aiwg/chat-history");
    assert_eq!(std::fs::metadata(&history).unwrap().mode() & 0o777, 0o600);
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[Sees("/help lists"), Types("\x1b[A"), Sees("/history"), Types("\x03"), Sees("> "), Types("\x04")],
    );
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn what_is_typed_ahead_or_pasted_is_said_line_by_line() {
    let project = Project::started(json!({}));
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[
            Sees("/help lists"),
            Types("first\rsecond\rthird\r/quit\r"),
            Sees("stand-in agent: first"),
            Sees("Now the user says:\r\n\r\nsecond"),
            Sees("Now the user says:\r\n\r\nthird"),
        ],
    );
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn nothing_that_an_agent_writes_acts_on_the_terminal() {
    let project = Project::started(json!({}));
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[
            Sees("/help lists"),
            Types("do: printf '\\033[31mred\\033[2J'\r"),
            Sees("\x1b[31mred\\u{1b}[2J"),
            Sees("\x1b[0m"),
            Types("/history\r"),
            Sees("\x1b[31mred\\u{1b}[2J"),
            Types("/run do: printf '\\033[2Jerr' >&2; exit 1\r"),
            Sees("[task-0002 is failed"),
            Sees("\\u{1b}[2J"),
            Sees("; event"),
            Types("/quit\r"),
        ],
    );
    assert!(code == 0 && !shown.contains("\x1b[2J"), "{shown}");
}

#[test]
fn a_second_ctrl_c_leaves_a_stubborn_agent_alone() {
    let project = Project::started(json!({}));
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[
            Sees("/help lists"),
            Types("do: trap '' TERM INT; echo wai''ting; while [ ! -e go ]; do sleep 0.1; done\r"),
            Sees("waiting"),
            Types("\x03"),
            Sees("task-0001 is being cancelled"),
            Types("\x03"),
            Sees("task-0001 is still being ended"),
            Sees("> "),
            Runs("touch go"),
            Sees("[task-0001 is cancelled"),
            Sees("; said in this conversation: \"do: trap"),
            Types("/quit\r"),
        ],
    );
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_daemon_that_hangs_does_not_hold_the_person() {
    let project = Project::started(json!({}));
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[
            Sees("/help lists"),
            Runs("kill -STOP $(cat .aiwg/daemon.pid)"),
            Types("/tasks\r"),
            Sees(LINE_TAKEN),
            Types("\x03"),
            Sees("interrupted before the daemon answered"),
            Types("hello\r"),
            Sees(LINE_TAKEN),
            Types("\x03"),
            Sees("interrupted before the daemon answered"),
            Runs("kill -CONT $(cat .aiwg/daemon.pid)"),
            Types("hello\r"),
            Sees("stand-in agent: hello"),
            Types("/quit\r"),
        ],
    );
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn errors_are_shown_in_the_words_of_the_conversation() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat"],
        &[
            Sees("/help lists"),
            Types("/tasks\r"),
            Sees("No tasks. /run PROMPT makes one."),
            Types("/can\t9 task-0008\r"),
            Sees("there is no task task-0009; /tasks shows the latest"),
            Sees("there is no task task-0008; /tasks shows the latest"),
            // All slots are taken.
            Types("/run do: while [ ! -e go ]; do sleep 0.01; done\r"),
            Sees("task-0001 is"),
            Types("hello\r"),
            Sees("task-0002 is queued behind 1 running task."),
            Runs("touch go"),
            Sees("stand-in agent: hello"),
            // It has heard of the end as well.
            Sees("> "),
            // The daemon is gone, and comes back.
            Runs("$AIWG daemon stop >out"),
            Types("and now?\r"),
            Sees("no daemon answers"),
            Sees("aiwg daemon start"),
            Types("/tasks\r"),
            Sees("no daemon answers"),
            Runs("$AIWG daemon start >out"),
            Types("and now?\r"),
            Sees("Now the user says:\r\n\r\nand now?"),
            Types("/quit\r"),
        ],
    );
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_message_waits_for_an_earlier_one_of_its_conversation() {
    let project = Project::started(json!({}));
    let (code, shown) = project.in_a_terminal(
        &["daemon", "chat", "--conversation", "shared"],
        &[
            Sees("/help lists"),
            Runs("$AIWG chat send --conversation shared --no-wait 'do: while [ ! -e go ]; do sleep 0.01; done' >out"),
            Types("hello\r"),
            Sees("task-0002 is queued behind task-0001, an earlier message of this conversation."),
            Runs("touch go"),
            Sees("Now the user says:\r\n\r\nhello"),
            Types("/quit\r"),
        ],
    );
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_terminal_that_is_closed_loses_no_history() {
    let project = Project::started(json!({}));
    project.in_a_terminal(
        &["daemon", "chat"],
        &[Sees("/help lists"), Types("hello\r"), Sees("stand-in agent: hello"), Closes],
    );
    assert!(project.read("state-home/aiwg/chat-history").contains("hello"));
}

#[test]
fn ctrl_c_asks_what_is_to_become_of_one_message() {
    let project = Project::started(json!({}));
    let (code, shown) = project.in_a_terminal(
        &["chat", "send", "do: echo wai''ting; while [ ! -e go ]; do sleep 0.01; done"],
        &[
            Sees("waiting"),
            Types("\x03"),
            Sees("Cancel task-0001? [y/N]"),
            Types("y\r"),
            Sees("task-0001 is cancelled"),
        ],
    );
    assert_eq!(code, 1, "{shown}");
}
