//! Telegram when things go wrong: nothing is lost, and nothing counts twice.

use aiwg_platforms_stand_in::{ChatKind, Fault, FaultKind, Platform, Speech};
use serde_json::{Value, json};

use super::{Bot, CHAT};
use crate::support::{postgres, until};

#[test]
fn a_message_counts_once_however_often_the_daemon_dies() {
    let bot = Bot::started();
    for round in 0..8 {
        bot.ann(&format!("/run round {round}."));
        // Between the poll's answer, the commit, and the next poll, which confirms it: whenever that is.
        std::thread::sleep(std::time::Duration::from_millis(round * 7));
        bot.restart_killed();
    }
    bot.stand_in.telegram().wait_until_confirmed();
    until("all tasks", || bot.project.json(&["task", "list"]).as_array().unwrap().len() >= 8);
    let tasks = bot.project.json(&["task", "list"]);
    let prompts: Vec<&str> =
        tasks.as_array().unwrap().iter().map(|task| task["prompt"].as_str().unwrap()).collect();
    for round in 0..8 {
        let wanted = format!("round {round}.");
        assert_eq!(prompts.iter().filter(|prompt| **prompt == wanted).count(), 1, "{prompts:?}");
    }
    bot.is_conformant();
}

#[test]
fn what_may_have_been_sent_is_sent_again_and_says_so() {
    let bot = Bot::started();
    bot.fault(Fault::new(FaultKind::CutAfter).of("sendMessage").times(1));
    bot.ann("/mute 0");
    until("the repetition", || bot.all_said(CHAT, "Notices are sent again.").len() == 2);
    let said = bot.all_said(CHAT, "Notices are sent again.");
    assert!(said[1].starts_with("(This may be sent a second time.)"), "{said:?}");
    // A connection that is cut before has no effect, but nobody can know that.
    bot.fault(Fault::new(FaultKind::CutBefore).of("sendMessage").times(1));
    bot.ann("/automation on");
    bot.said(CHAT, "(This may be sent a second time.)\nAutomation is on.");
    // The daemon dies while the answer to the request is on its way.
    bot.fault(Fault::new(FaultKind::Hang).of("sendMessage").times(1));
    let before =
        bot.stand_in.requests(Platform::Telegram).iter().filter(|one| one.call == "sendMessage").count();
    bot.ann("/automation off");
    bot.stand_in.wait_for_request(Platform::Telegram, "sendMessage", before + 1);
    bot.restart_killed();
    bot.said(CHAT, "(This may be sent a second time.)\nAutomation is off.");
    until("nothing to wait", || bot.platform()["waiting"] == 0);
    bot.is_conformant();
}

/// The messages of the chat that have buttons.
fn with_buttons(bot: &Bot) -> Vec<Value> {
    let sent = bot.stand_in.telegram().sent(CHAT);
    let has =
        |one: &Value| one["reply_markup"]["inline_keyboard"].as_array().is_some_and(|all| !all.is_empty());
    sent.into_iter().filter(has).collect()
}

#[test]
fn what_is_asked_for_twice_has_its_buttons_once() {
    let bot = Bot::started();
    let submit = || bot.project.wire().call("task.submit", json!({ "prompt": "Deploy", "approval": true }));
    submit();
    bot.said(CHAT, "May task-0001 start?");
    // The second is sent twice, and the first keeps its buttons.
    bot.fault(Fault::new(FaultKind::CutAfter).of("sendMessage").times(1));
    submit();
    bot.said(CHAT, "(This may be sent a second time.)");
    until("that nothing waits", || bot.platform()["waiting"] == 0);
    let asking = with_buttons(&bot);
    let texts: Vec<&str> = asking.iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert!(texts.len() == 2 && texts[0].contains("May task-0001"), "{texts:?}");
    assert!(texts[1].starts_with("(This may be") && texts[1].contains("May task-0002"), "{texts:?}");
    // Where the buttons of a copy could not be taken away, whoever presses one sees the decision.
    bot.fault(Fault::new(FaultKind::ServerError).of("editMessageReplyMarkup"));
    bot.fault(Fault::new(FaultKind::CutAfter).of("sendMessage").times(1));
    submit();
    until("that nothing waits", || with_buttons(&bot).len() == 4 && bot.platform()["waiting"] == 0);
    let copy = &with_buttons(&bot)[2];
    assert!(
        copy["text"].as_str().unwrap().starts_with("task-0003")
            || copy["text"].as_str().unwrap().contains("May task-0003")
    );
    bot.project.json(&["approval", "reject", "3"]);
    until("that the second copy says so", || with_buttons(&bot).len() == 3);
    bot.stand_in.telegram().press(CHAT, &copy["message_id"].to_string(), super::ANN, "a:approval-0003");
    let settled = bot.stand_in.telegram().wait_for(CHAT, "the decision", |one| {
        one["message_id"] == copy["message_id"] && one["text"].as_str().unwrap().contains("Rejected by")
    });
    assert!(settled["text"].as_str().unwrap().contains("May task-0003 start?"), "{settled}");
    assert_eq!(with_buttons(&bot).len(), 2);
    assert_eq!(bot.project.json(&["approval", "show", "3"])["state"], "rejected");
    bot.is_conformant();
}

#[test]
fn what_was_said_while_nobody_listened_is_heard_in_its_order() {
    let bot = Bot::started();
    bot.stand_in.set_outage(Platform::Telegram, true);
    for n in 0..5 {
        bot.ann(&format!("/run {n}"));
    }
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("that it is not reached", || bot.platform()["state"] == "retrying");
    until("a notice that waits", || bot.platform()["waiting"] == 1);
    bot.stand_in.set_outage(Platform::Telegram, false);
    bot.said(CHAT, "task-0001 failed");
    until("all answers", || bot.all_said(CHAT, "failed: ").len() == 6);
    let tasks = bot.project.json(&["task", "list"]);
    let mut prompts: Vec<&str> =
        tasks.as_array().unwrap().iter().map(|task| task["prompt"].as_str().unwrap()).collect();
    prompts.reverse();
    assert_eq!(prompts, ["x", "0", "1", "2", "3", "4"]);
    until("that all is well", || bot.platform()["state"] == "connected" && bot.platform()["waiting"] == 0);
    bot.is_conformant();
}

#[test]
fn a_platform_that_asks_for_a_pause_gets_one() {
    let bot = Bot::started();
    bot.fault(Fault::new(FaultKind::TooManyRequests { retry_after: 1.0 }).of("sendMessage").times(2));
    bot.ann("/mute 0");
    bot.said(CHAT, "Notices are sent again.");
    assert_eq!(
        bot.all_said(CHAT, "Notices are sent again.").len(),
        1,
        "and it is not marked: it was not sent before"
    );
    assert!(!bot.all_said(CHAT, "").iter().any(|text| text.contains("second time")));
    let statuses = || -> Vec<Option<u16>> {
        let all = bot.stand_in.requests(Platform::Telegram);
        all.iter().filter(|one| one.call == "sendMessage").map(|one| one.status).collect()
    };
    until("the third answer", || statuses().len() == 3 && statuses()[2].is_some());
    assert_eq!(statuses(), [Some(429), Some(429), Some(200)]);
    bot.is_conformant();
}

#[test]
fn pages_and_errors_in_place_of_answers_stop_nothing() {
    let bot = Bot::started();
    for kind in [FaultKind::ServerError, FaultKind::Html, FaultKind::HtmlOk] {
        bot.fault(Fault::new(kind).of("getUpdates").times(1));
        bot.stand_in.telegram().cut_polls();
    }
    bot.ann("/mute 0");
    bot.said(CHAT, "Notices are sent again.");
    bot.is_conformant();
}

#[test]
fn it_is_connected_once_a_poll_was_answered() {
    let bot = Bot::new(json!({}));
    bot.fault(Fault::new(FaultKind::Hang).of("getUpdates").times(1));
    assert_eq!(bot.command(&["daemon", "start"]).code, 0);
    bot.stand_in.wait_for_request(Platform::Telegram, "getUpdates", 1);
    let platform = bot.platform();
    assert_eq!(platform["state"], "connecting", "{platform}");
    assert_eq!(platform["account"], json!(bot.stand_in.telegram().bot().1));
    bot.stand_in.telegram().cut_polls();
}

#[test]
fn a_platform_that_takes_a_poll_and_goes_silent_is_left_and_said() {
    let bot = Bot::new(json!({ "digest": { "window_seconds": 0 } }));
    bot.start_with(&[("AIWG_TELEGRAM_POLL_SECONDS", "1")]);
    let heard = || bot.platform()["lastReceivedAt"].as_str().map(str::to_owned);
    until("an answer", || heard().is_some());
    let first = heard();
    // Round trips are completed though nobody says anything.
    until("another answer", || heard() > first);
    assert_eq!((bot.platform()["state"].as_str(), bot.issue()), (Some("connected"), None));
    // The connection stays and says nothing more, and the next one does so for a while.
    bot.fault(Fault::new(FaultKind::Slow(6000)).of("getUpdates").times(1));
    bot.stand_in.telegram().freeze_polls();
    let is_said = |issue: &str| issue.contains("nothing was heard of Telegram for 4 seconds");
    until("that the silence is said", || bot.issue().as_deref().is_some_and(is_said));
    let platform = bot.platform();
    assert_eq!(platform["state"], "retrying", "{platform}");
    assert!(is_said(platform["error"].as_str().unwrap_or_default()), "{platform}");
    let last = heard();
    assert!(bot.command(&["messaging", "status"]).out.contains("nothing was heard of Telegram"));
    // What is said meanwhile is heard once it answers again.
    bot.ann("/mute 0");
    bot.said(CHAT, "Notices are sent again.");
    until("that all is well", || bot.platform()["state"] == "connected" && bot.issue().is_none());
    assert!(heard() > last);
    assert_eq!(bot.all_said(CHAT, "Notices are sent again.").len(), 1);
    bot.is_conformant();
}

#[test]
fn someone_else_who_polls_is_named() {
    let bot = Bot::started();
    bot.stand_in.telegram().set_webhook("https://hooks.example.org/secret-path");
    until("that a webhook is named", || bot.issue().is_some_and(|issue| issue.contains("hooks.example.org")));
    let issue = bot.issue().unwrap();
    assert!(!issue.contains("secret-path") && issue.contains("deleteWebhook"), "{issue}");
    assert_eq!(bot.platform()["state"], "taken");
    // It deletes nothing.
    let calls = bot.stand_in.requests(Platform::Telegram);
    assert!(calls.iter().all(|one| one.call != "deleteWebhook"));
    bot.is_conformant();
}

#[test]
fn a_group_that_becomes_another_one_is_the_same_chat() {
    let bot = Bot::new(json!({ "telegram": { "chat": "-55" }, "digest": { "window_seconds": 0 } }));
    bot.stand_in.telegram().add_chat("-55", ChatKind::Group);
    bot.start();
    bot.stand_in.telegram().migrate("-55", "-10055");
    bot.project.json(&["event", "emit", "x:y"]);
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    bot.said("-10055", "task-0001 failed");
    bot.stand_in.telegram().say(&Speech::new("-10055", super::ANN, "/mute 0"));
    bot.said("-10055", "Notices are sent again.");
    bot.restart_killed();
    bot.stand_in.telegram().say(&Speech::new("-10055", super::ANN, "/automation on"));
    bot.said("-10055", "Automation is on.");
    assert_eq!(bot.platform()["chat"], "-10055");
    until("that it is said", || {
        bot.issue().is_some_and(|issue| issue.contains("has the id -10055 from now on"))
    });
}

#[test]
fn a_chat_that_the_bot_was_thrown_out_of_is_named() {
    let bot = Bot::started();
    bot.stand_in.telegram().forbid(CHAT, Some("bot was kicked from the supergroup chat"));
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("add it again")));
    assert_eq!((&bot.platform()["dead"], &bot.platform()["waiting"]), (&json!(0), &json!(1)));
    bot.stand_in.telegram().forbid(CHAT, None);
    bot.said(CHAT, "task-0001 failed");
    bot.ann("/mute 0");
    bot.said(CHAT, "Notices are sent again.");
    until("that all is well again", || bot.issue().is_none());
}

#[test]
fn ids_that_start_anew_are_taken_in() {
    let bot = Bot::started();
    bot.ann("/mute 0");
    bot.said(CHAT, "Notices are sent again.");
    bot.stand_in.telegram().wait_until_confirmed();
    bot.project.stop();
    // Eight days go by.
    let execute = |sql: &str| postgres::execute(bot.project.path(), sql);
    let found = execute("SELECT value FROM cursor WHERE source = 'platform'");
    let [row] = &found[..] else { panic!("{found:?}") };
    let mut cursor: Value = serde_json::from_str(&row[0]).unwrap();
    cursor["at"] = json!(cursor["at"].as_i64().unwrap() - 8 * 86_400_000);
    execute(&format!("UPDATE cursor SET value = '{cursor}' WHERE source = 'platform'"));
    bot.stand_in.telegram().restart_ids(7);
    bot.ann("/automation off");
    bot.start();
    bot.said(CHAT, "Automation is off.");
    bot.ann("/automation on");
    bot.said(CHAT, "Automation is on.");
    assert_eq!(bot.all_said(CHAT, "Automation is off.").len(), 1);
    bot.is_conformant();
}

#[test]
fn a_second_daemon_hears_whose_the_bot_is() {
    let bot = Bot::started();
    let other = Bot::new(json!({}));
    let mut command = other.project.command();
    for (name, value) in
        bot.stand_in.environment().into_iter().filter(|(name, _)| name.starts_with("AIWG_TELEGRAM"))
    {
        command.env(name, value);
    }
    command.env("XDG_RUNTIME_DIR", bot.project.file("run"));
    assert!(command.args(["daemon", "start"]).status().unwrap().success());
    until("that the other project is named", || {
        other.issue().is_some_and(|issue| issue.contains(&bot.project.path().display().to_string()))
    });
    assert_eq!(other.platform()["state"], "taken");
    bot.ann("/mute 0");
    bot.said(CHAT, "Notices are sent again.");
}

#[test]
fn a_flood_is_answered_in_its_order() {
    let bot = Bot::started();
    for n in 0..300 {
        bot.ann(&format!("/task {}", 1000 + n));
    }
    until("all answers", || bot.all_said(CHAT, "There is no task-1").len() == 300);
    let said = bot.all_said(CHAT, "There is no task-1");
    for (n, text) in said.iter().enumerate() {
        assert!(text.contains(&format!("task-{}", 1000 + n)), "{n}: {text}");
    }
    bot.is_conformant();
}

#[test]
fn without_a_token_nothing_is_there() {
    let bot = Bot::new(json!({ "telegram": { "chat": CHAT } }));
    bot.project.start();
    assert_eq!(bot.project.json(&["messaging", "status"]), json!({ "platforms": [] }));
    let status = bot.project.json(&["daemon", "status"]);
    assert_eq!(status["subsystems"]["messaging"], json!({ "enabled": false, "adapters": [] }));
    assert_eq!(bot.project.run(&["messaging", "test"]).code, 1);
    assert!(bot.stand_in.requests(Platform::Telegram).is_empty());
}

#[test]
fn what_is_muted_is_shown_and_comes_once_that_is_ended() {
    let bot = Bot::started();
    bot.ann("/mute 600");
    bot.said(CHAT, "`/mute 0` ends that.");
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("a notice that waits", || bot.platform()["waiting"] == 1);
    let status = bot.project.json(&["messaging", "status"]);
    assert!(status["mutedUntil"].is_string() && status["quietUntil"].is_null(), "{status}");
    assert!(bot.command(&["daemon", "status"]).out.contains("; muted until "));
    assert!(bot.command(&["messaging", "status"]).out.contains("Notices are muted until "));
    bot.ann("/status");
    bot.said(CHAT, "Notices are muted until ");
    bot.ann("/mute 0");
    bot.said(CHAT, "task-0001 failed");
    assert!(bot.project.json(&["messaging", "status"])["mutedUntil"].is_null());
    bot.is_conformant();
}

#[test]
fn a_message_that_cannot_be_sent_is_named_with_its_reason() {
    let bot = Bot::started();
    bot.fault(
        Fault::new(FaultKind::Error("400 Bad Request: message is too long".to_owned()))
            .of("sendMessage")
            .times(1),
    );
    bot.ann("/mute 0");
    until("that it is given up", || bot.platform()["dead"] == 1);
    bot.ann("/automation on");
    bot.said(CHAT, "Automation is on.");
    let error = bot.platform()["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("to the chat -1001 could not be sent (\"Notices are sent again.\")"), "{error}");
    assert!(error.contains("too long") && bot.issue().is_none(), "{error}");
}
