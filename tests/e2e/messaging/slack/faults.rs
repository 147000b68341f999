//! Slack when things go wrong: nothing is lost, and nothing counts twice.

use std::time::Duration;

use aiwg_platforms_stand_in::{Fault, FaultKind, Platform, RateLimit, Settings, Speech};
use serde_json::json;

use super::{ANN, ANN_ALONE, Bot, CHANNEL};
use crate::support::until;

/// A Slack that has given up what nobody has acknowledged: only the messages themselves are left.
fn without_retries() -> Settings {
    Settings { slack_retry_after: Vec::new(), ..Settings::default() }
}

#[test]
fn a_message_counts_once_however_often_the_daemon_dies() {
    let bot = Bot::started();
    for round in 0..8 {
        bot.ann_mentions(&format!("run round {round}."));
        // Between the envelope, the commit, and the acknowledgement: whenever that is.
        std::thread::sleep(Duration::from_millis(round * 5));
        bot.restart_killed();
    }
    until("all tasks", || bot.prompts().len() >= 8);
    let prompts = bot.prompts();
    for round in 0..8 {
        let wanted = format!("round {round}.");
        assert_eq!(prompts.iter().filter(|prompt| **prompt == wanted).count(), 1, "{prompts:?}");
    }
    bot.is_conformant();
}

#[test]
fn a_mention_that_comes_twice_late_and_in_reverse_counts_once() {
    let bot = Bot::started();
    let slack = bot.slack();
    slack.hold();
    // Each of them comes as a message and as a mention.
    let first = bot.ann_mentions("run first");
    let second = bot.ann_mentions("run second");
    slack.release(true);
    let deliveries: Vec<&String> = first.deliveries.iter().chain(&second.deliveries).collect();
    assert_eq!(deliveries.len(), 4);
    for delivery in &deliveries {
        slack.wait_for_acknowledgement(delivery);
        slack.redeliver(delivery);
    }
    bot.restart_killed();
    for delivery in deliveries {
        slack.redeliver(delivery);
        slack.wait_for_acknowledgement(delivery);
    }
    let pressed = bot.ann("run third");
    slack.wait_for_acknowledgement(&pressed.message);
    slack.redeliver(&pressed.message);
    bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    let mut prompts = bot.prompts();
    prompts.sort();
    assert_eq!(prompts, ["first", "second", "third"]);
    bot.is_conformant();
}

#[test]
fn what_may_have_been_sent_is_looked_for_and_not_sent_twice() {
    let bot = Bot::started();
    let once = |part: &str| {
        bot.said(CHANNEL, part);
        until("nothing to wait", || bot.platform()["waiting"] == 0 && bot.platform()["unknown"] == 0);
        assert_eq!(bot.all_said(CHANNEL, part).len(), 1, "{part}");
    };
    bot.fault(Fault::new(FaultKind::CutAfter).of("chat.postMessage").times(1));
    bot.ann("mute 0");
    once("Notices are sent again.");
    bot.fault(Fault::new(FaultKind::CutBefore).of("chat.postMessage").times(1));
    bot.ann("automation on");
    once("Automation is on.");
    for kind in [FaultKind::ServerError, FaultKind::Html, FaultKind::HtmlOk] {
        bot.fault(Fault::new(kind).of("chat.postMessage").times(1));
    }
    bot.ann("mute 9");
    once("Notices wait for 9 minutes");
    // In a thread as well.
    bot.fault(Fault::new(FaultKind::CutAfter).of("chat.postMessage").times(1));
    bot.ann_mentions("mute 8");
    once("Notices wait for 8 minutes");
    // As long as it cannot be seen whether it was sent, it waits.
    bot.fault(Fault::new(FaultKind::CutAfter).of("chat.postMessage").times(1));
    bot.fault(
        Fault::new(FaultKind::TooManyRequests { retry_after: 1.0 }).of("conversations.history").times(1),
    );
    bot.ann("mute 6");
    once("Notices wait for 6 minutes");
    // The daemon dies while the answer to the request is on its way: with its effect, and without.
    for (kind, word, part) in [
        (FaultKind::HangAfter, "automation off", "Automation is off."),
        (FaultKind::Hang, "mute 7", "Notices wait for 7 minutes"),
    ] {
        bot.fault(Fault::new(kind).of("chat.postMessage").times(1));
        let before = bot.calls("chat.postMessage");
        bot.ann(word);
        bot.stand_in.wait_for_request(Platform::Slack, "chat.postMessage", before + 1);
        bot.restart_killed();
        once(part);
    }
    bot.is_conformant();
}

#[test]
fn what_was_said_while_nobody_listened_is_heard_in_its_order() {
    let bot = Bot::new(without_retries());
    bot.start();
    let question = bot.ann_mentions("what is it?");
    bot.said(CHANNEL, "The *answer* is 42.");
    let others = bot.slack().say(&Speech::new(CHANNEL, "U0EVE", "a thread of others"));
    bot.slack().say(&Speech::new(CHANNEL, "U0EVE", "go on").in_thread(&others.message));
    bot.ann_alone("status");
    bot.said(ANN_ALONE, "is healthy");
    bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    bot.ann_mentions("status");
    until("the next answer", || bot.all_said(CHANNEL, "is healthy").len() == 2);
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    bot.ann_mentions("run 0");
    // Between the lines of others, pages of them; and the second page is not to be had at first.
    for n in 0..700 {
        bot.slack().say(&Speech::new(CHANNEL, "U0EVE", format!("line {n}")));
    }
    bot.fault(
        Fault::new(FaultKind::TooManyRequests { retry_after: 1.0 })
            .of("conversations.history")
            .after(1)
            .times(1),
    );
    bot.ann_mentions("run 1");
    // In threads that are older than the gap, of which one was none of the bot's, and in one that began in it.
    bot.slack().say(&Speech::new(CHANNEL, ANN, "run 1.5").in_thread(&others.message).mention());
    bot.slack().say(&Speech::new(CHANNEL, ANN, "run 2").in_thread(&question.message).mention());
    let parent = bot.slack().say(&Speech::new(CHANNEL, "U0EVE", "what do you think?"));
    bot.slack().say(&Speech::new(CHANNEL, ANN, "run 3").in_thread(&parent.message).mention());
    let edited = bot.ann_mentions("run 4");
    bot.slack().edit(CHANNEL, &edited.message, &format!("<@{}> run rm -rf /", bot.slack().bot_user()));
    bot.slack().say(&Speech::new(CHANNEL, "U0EVE", "run 5").mention());
    bot.ann_alone("run 6");
    bot.start();
    until("all tasks", || bot.prompts().len() == 7);
    let mut prompts = bot.prompts();
    assert_eq!(prompts.remove(0), "what is it?");
    // Of each channel in its order.
    let alone = prompts.iter().position(|prompt| prompt == "6").unwrap();
    prompts.remove(alone);
    assert_eq!(prompts, ["0", "1", "1.5", "2", "3"]);
    bot.ann("status");
    until("an answer", || bot.all_said(CHANNEL, "is healthy").len() == 3);
    // A second start finds nothing new.
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    bot.start();
    bot.ann("status");
    until("a second answer", || bot.all_said(CHANNEL, "is healthy").len() == 4);
    assert_eq!(bot.prompts().len(), 7);
    bot.is_conformant();
}

#[test]
fn what_comes_again_and_is_read_as_well_counts_once() {
    let bot = Bot::new(without_retries());
    bot.start();
    bot.ann_alone("run first");
    until("the first task", || bot.prompts().len() == 1);
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    let mut deliveries = Vec::new();
    for n in 0..4 {
        deliveries.extend(bot.ann_mentions(&format!("run {n}")).deliveries);
        deliveries.extend(bot.ann_alone(&format!("run alone {n}")).deliveries);
    }
    bot.launch();
    bot.slack().wait_for_sockets(1);
    // While the channels are read.
    deliveries.iter().for_each(|delivery| bot.slack().redeliver(delivery));
    for delivery in &deliveries {
        bot.slack().wait_for_acknowledgement(delivery);
    }
    until("all tasks", || bot.prompts().len() >= 9);
    deliveries.iter().for_each(|delivery| bot.slack().redeliver(delivery));
    bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    let mut prompts = bot.prompts();
    prompts.sort();
    assert_eq!(prompts, ["0", "1", "2", "3", "alone 0", "alone 1", "alone 2", "alone 3", "first"]);
    bot.is_conformant();
}

#[test]
fn what_was_said_before_the_first_start_does_not_count() {
    let bot = Bot::new(without_retries());
    bot.ann_mentions("run before");
    bot.start();
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    // Nobody had said anything to the bot yet: the channel of notices is looked at all the same.
    bot.ann_mentions("run after");
    bot.start();
    until("the task", || bot.prompts() == ["after"]);
    bot.is_conformant();
}

#[test]
fn no_command_waits_for_what_was_missed() {
    let bot = Bot::started();
    bot.ann_mentions("status");
    bot.said(CHANNEL, "is healthy");
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    bot.ann_mentions("run what was said meanwhile");
    let asked = || {
        let all = bot.stand_in.requests(Platform::Slack);
        all.iter().filter(|one| one.call == "conversations.history").count()
    };
    let before = asked();
    bot.fault(Fault::new(FaultKind::Hang).of("conversations.history"));
    bot.start();
    until("that it reads what was missed", || asked() > before);
    // There is no answer to that.
    bot.slack().command(CHANNEL, ANN, "/aiwg", "run at once");
    until("the task", || bot.prompts().contains(&"at once".to_owned()));
    bot.stand_in.clear_faults(Platform::Slack);
    bot.project.stop();
    bot.start();
    until("all tasks", || bot.prompts().len() == 2);
    let mut prompts = bot.prompts();
    prompts.sort();
    assert_eq!(prompts, ["at once", "what was said meanwhile"]);
    bot.is_conformant();
}

#[test]
fn a_history_that_is_not_to_be_had_yet_is_read_later() {
    let bot = Bot::started();
    bot.ann_mentions("run 0");
    until("the first task", || bot.prompts().len() == 1);
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    bot.ann_mentions("run 1");
    bot.fault(
        Fault::new(FaultKind::TooManyRequests { retry_after: 1.0 }).of("conversations.history").times(1),
    );
    bot.fault(Fault::new(FaultKind::CutBefore).of("conversations.history").times(1));
    bot.start();
    // What comes meanwhile passes over nothing.
    bot.ann_mentions("run 2");
    until("all tasks", || bot.prompts().len() == 3);
    let mut prompts = bot.prompts();
    prompts.sort();
    assert_eq!(prompts, ["0", "1", "2"]);
    // One that will not be had is named.
    bot.project.stop();
    bot.slack().wait_for_sockets(0);
    bot.fault(Fault::new(FaultKind::Error("missing_scope".to_owned())).of("conversations.history").times(1));
    bot.start();
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("cannot be read")));
    bot.is_conformant();
}

#[test]
fn the_next_socket_is_open_before_one_is_left() {
    let bot = Bot::started();
    let slack = bot.slack();
    // What was said before there was a socket is read once: the channel, and its older threads.
    until("that it is read", || bot.calls("conversations.history") == 2);
    let before = 2;
    for (n, reason) in ["warning", "refresh_requested"].into_iter().enumerate() {
        let opened = bot.calls("apps.connections.open");
        slack.disconnect(reason);
        bot.stand_in.wait_for_request(Platform::Slack, "apps.connections.open", opened + 1);
        // The old one is still there, and is listened to.
        until("a second socket", || slack.sockets() == 2);
        let asked = bot.ann(&format!("mute {}", n + 1));
        assert_eq!(slack.wait_for_acknowledgement(&asked.message).attempts, 1);
        // It is left when the other is there.
        slack.wait_for_sockets(1);
        assert_eq!(bot.issue(), None, "our own sockets are no others");
    }
    assert_eq!(bot.calls("conversations.history"), before, "there was no gap");
    bot.is_conformant();
}

#[test]
fn sockets_that_follow_each_other_are_nobody_elses() {
    let bot = Bot::started();
    let slack = bot.slack();
    until("that three have followed the first", || {
        slack.disconnect("refresh_requested");
        bot.calls("apps.connections.open") >= 4
    });
    // All but the last one are left.
    slack.wait_for_sockets(1);
    assert_eq!((&bot.platform()["state"], &bot.platform()["error"]), (&json!("connected"), &json!(null)));
    assert_eq!(bot.issue(), None);
    bot.is_conformant();
}

#[test]
fn it_is_connected_once_a_socket_is_open() {
    let bot = Bot::new(Settings::default());
    bot.fault(Fault::new(FaultKind::Hang).of("apps.connections.open").times(1));
    bot.launch();
    bot.stand_in.wait_for_request(Platform::Slack, "apps.connections.open", 1);
    let platform = bot.platform();
    assert_eq!(
        (&platform["state"], &platform["account"]),
        (&json!("connecting"), &json!("aiwg")),
        "{platform}"
    );
    let status = bot.project.json(&["daemon", "status"]);
    assert_eq!(status["subsystems"]["messaging"]["adapters"], json!([]));
    assert!(bot.project.run(&["messaging", "status"]).out.contains("connecting"));
}

#[test]
fn a_socket_that_ends_or_answers_nothing_is_replaced() {
    let bot = Bot::started();
    let slack = bot.slack();
    let ends: [(&str, &dyn Fn()); 3] = [
        ("cut", &|| slack.cut_sockets()),
        ("closed", &|| slack.close_sockets(1011)),
        // Half-open: only an unanswered ping tells.
        ("frozen", &|| slack.freeze_sockets()),
    ];
    for (n, (how, end)) in ends.into_iter().enumerate() {
        let opened = bot.calls("apps.connections.open");
        end();
        bot.stand_in.wait_for_request(Platform::Slack, "apps.connections.open", opened + 1);
        until("a socket", || slack.sockets() >= 1);
        let said = format!("run {how}");
        bot.ann_mentions(&said);
        until(how, || bot.prompts().len() == n + 1);
    }
    until("that all is well", || bot.platform()["state"] == "connected" && bot.issue().is_none());
    bot.is_conformant();
}

#[test]
fn what_is_said_during_an_outage_is_heard_after_it() {
    let bot = Bot::started();
    bot.stand_in.set_outage(Platform::Slack, true);
    bot.slack().cut_sockets();
    for n in 0..3 {
        bot.ann_mentions(&format!("run {n}"));
    }
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("that it is not reached", || bot.platform()["state"] == "retrying");
    bot.stand_in.set_outage(Platform::Slack, false);
    bot.said(CHANNEL, "*task-0001* failed");
    until("all tasks", || bot.prompts().len() == 4);
    assert_eq!(bot.prompts(), ["x", "0", "1", "2"]);
    until("that all is well", || bot.platform()["state"] == "connected" && bot.platform()["waiting"] == 0);
    bot.is_conformant();
}

#[test]
fn a_pause_that_is_asked_for_holds_back_that_channel_alone() {
    let limit = RateLimit { requests: 1, window: Duration::from_secs(1) };
    let bot = Bot::new(Settings { slack_messages: Some(limit), ..Settings::default() });
    bot.start();
    for n in 1..=4 {
        bot.ann(&format!("mute {n}"));
    }
    bot.ann_alone("status");
    bot.said(ANN_ALONE, "is healthy");
    until("all answers", || bot.all_said(CHANNEL, "Notices wait").len() == 4);
    let said = bot.all_said(CHANNEL, "Notices wait");
    for (n, text) in said.iter().enumerate() {
        assert!(text.contains(&format!("for {} minute", n + 1)), "{said:?}");
    }
    let statuses = bot.stand_in.requests(Platform::Slack);
    assert!(statuses.iter().any(|one| one.status == Some(429)), "the limit was met");
    bot.is_conformant();
}

#[test]
fn who_else_is_connected_with_the_app_is_named() {
    let bot = Bot::started();
    let slack = bot.slack();
    slack.set_other_sockets(1);
    slack.disconnect("refresh_requested");
    until("that it is named", || {
        bot.issue().is_some_and(|issue| issue.contains("another program is connected with the same app"))
    });
    let platform = bot.platform();
    assert_eq!(platform["state"], "connected");
    assert!(platform["error"].as_str().unwrap().contains("another program"), "{platform}");
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    assert!(tested.out.contains("but does not hear all: another program"), "{}", tested.out);
    slack.set_other_sockets(0);
    slack.wait_for_sockets(1);
    slack.disconnect("refresh_requested");
    until("that all is well again", || bot.issue().is_none());
    bot.is_conformant();
}

#[test]
fn socket_mode_that_is_switched_off_and_a_token_that_is_refused_are_named() {
    let bot = Bot::started();
    bot.slack().disconnect("link_disabled");
    until("that it is named", || {
        bot.issue().is_some_and(|issue| issue.contains("Socket Mode was switched off"))
    });
    assert_eq!(bot.platform()["state"], "stopped");
    bot.project.stop();
    bot.fault(Fault::new(FaultKind::Unauthorized).of("auth.test"));
    bot.launch();
    until("that it is refused", || bot.platform()["state"] == "stopped");
    let issue = bot.issue().unwrap();
    assert!(issue.contains("AIWG_SLACK_TOKEN") && issue.contains("OAuth & Permissions"), "{issue}");
    // It does not go on asking.
    assert_eq!(bot.calls("apps.connections.open"), 1);
}

#[test]
fn pages_and_errors_in_place_of_a_socket_stop_nothing() {
    let bot = Bot::new(Settings::default());
    for kind in [FaultKind::ServerError, FaultKind::HtmlOk, FaultKind::TooManyRequests { retry_after: 1.0 }] {
        bot.fault(Fault::new(kind).of("apps.connections.open").times(1));
    }
    bot.start();
    bot.ann("mute 0");
    bot.said(CHANNEL, "Notices are sent again.");
    bot.is_conformant();
}

#[test]
fn a_sign_of_work_that_an_earlier_daemon_left_is_taken_away() {
    let bot = Bot::started();
    std::fs::write(bot.project.file("busy"), "").unwrap();
    bot.ann_mentions("what is it?");
    bot.said(CHANNEL, "An agent works on it");
    bot.project.kill_daemon();
    bot.slack().wait_for_sockets(0);
    std::fs::remove_file(bot.project.file("busy")).unwrap();
    bot.start();
    until("that no sign is left", || bot.all_said(CHANNEL, "An agent works on it").is_empty());
    bot.is_conformant();
}

#[test]
fn a_second_daemon_hears_whose_the_bot_is() {
    let bot = Bot::started();
    let other = Bot::new(Settings::default());
    let mut command = other.project.command();
    for (name, value) in
        bot.stand_in.environment().into_iter().filter(|(name, _)| name.starts_with("AIWG_SLACK"))
    {
        command.env(name, value);
    }
    command.env("XDG_RUNTIME_DIR", bot.project.file("run"));
    assert!(command.args(["daemon", "start"]).status().unwrap().success());
    until("that the other project is named", || {
        other.issue().is_some_and(|issue| issue.contains(&bot.project.path().display().to_string()))
    });
    assert_eq!(other.platform()["state"], "taken");
    assert_eq!(bot.slack().sockets(), 1);
}

#[test]
fn a_flood_is_answered_in_its_order() {
    let bot = Bot::started();
    for n in 0..200 {
        bot.ann(&format!("task {}", 1000 + n));
    }
    until("all answers", || bot.all_said(CHANNEL, "There is no task-1").len() == 200);
    let said = bot.all_said(CHANNEL, "There is no task-1");
    for (n, text) in said.iter().enumerate() {
        assert!(text.contains(&format!("task-{}", 1000 + n)), "{n}: {text}");
    }
    bot.is_conformant();
}

#[test]
fn without_both_tokens_nothing_is_there() {
    let bot = Bot::new(Settings::default());
    bot.project.start();
    assert_eq!(bot.project.json(&["messaging", "status"]), json!({ "platforms": [] }));
    assert!(bot.stand_in.requests(Platform::Slack).is_empty());
}
