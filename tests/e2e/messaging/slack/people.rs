//! Slack as people use it.

use aiwg_platforms_stand_in::{Settings, Speaker, Speech};
use serde_json::json;

use super::{ANN, ANN_ALONE, Bot, CHANNEL};
use crate::support::{until, until_some};

#[test]
fn tokens_in_the_environment_are_enough() {
    let bot = Bot::started();
    let platform = bot.platform();
    assert_eq!((&platform["state"], &platform["chat"]), (&json!("connected"), &json!(CHANNEL)), "{platform}");
    assert_eq!((&platform["account"], &platform["people"]), (&json!("aiwg"), &json!(1)));
    let tested = bot.project.run(&["messaging", "test", "slack"]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    bot.said(CHANNEL, "A test by aiwg");
    let asked = bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    let envelope = bot.slack().wait_for_acknowledgement(&asked.message);
    assert_eq!(envelope.attempts, 1);
    bot.ann("whoami");
    bot.said(CHANNEL, "You are `slack:U0ANN`");
    bot.ann("");
    let help = bot.said(CHANNEL, "/aiwg approve ID");
    assert!(help["text"].as_str().unwrap().contains("do without /aiwg"), "{help}");
    assert_eq!(bot.issue(), None);
    bot.is_conformant();
}

#[test]
fn notices_say_what_happened() {
    let bot = Bot::started();
    std::fs::write(bot.project.file("fails"), "").unwrap();
    let id = bot.project.json(&["task", "submit", "x <!channel>"])["taskId"].as_str().unwrap().to_owned();
    let said = bot.said(CHANNEL, &format!("*{id}* failed"));
    let text = said["text"].as_str().unwrap();
    assert!(text.contains("out of luck") && !text.contains("<!channel>"), "{said}");
    bot.is_conformant();
}

#[test]
fn a_thread_is_a_conversation() {
    let bot = Bot::started();
    let asked = bot.ann_mentions("what is it?");
    let answer = bot.said(CHANNEL, "The *answer* is 42.");
    assert_eq!(answer["thread_ts"], asked.message, "{answer}");
    let again = Speech::new(CHANNEL, ANN, "and why?").in_thread(&asked.message).mention();
    bot.slack().say(&again);
    until("the second answer", || bot.all_said(CHANNEL, "The *answer* is 42.").len() == 2);
    assert!(bot.slack().sent(CHANNEL).iter().all(|message| message["thread_ts"] == asked.message));
    let prompts = bot.project.read("prompts.txt");
    assert!(
        prompts.contains(r#""from": "slack:U0ANN""#) && prompts.contains(r#""message": "and why?""#),
        "{prompts}"
    );
    assert!(
        prompts.contains(r#""you": "The **answer** is 42.""#),
        "the second turn knows of the first: {prompts}"
    );
    let conversation = format!("slack:{CHANNEL}:{}", asked.message);
    assert_eq!(bot.project.json(&["task", "get", "2"])["conversation"], conversation.as_str());
    // Another thread is another conversation, and so is what is said to the bot alone.
    bot.ann_mentions("something else");
    until("the third answer", || bot.all_said(CHANNEL, "The *answer* is 42.").len() == 3);
    let other = bot.project.json(&["task", "get", "3"])["conversation"].clone();
    assert_ne!(other, conversation.as_str());
    bot.ann_alone("hello");
    let answer = bot.said(ANN_ALONE, "The *answer* is 42.");
    assert_eq!(answer.get("thread_ts"), None, "{answer}");
    assert_eq!(bot.project.json(&["task", "get", "4"])["conversation"], "slack:D0ANN");
    // A word to the bot alone is a command.
    bot.ann_alone("new");
    bot.said(ANN_ALONE, "A new conversation begins here.");
    bot.is_conformant();
}

#[test]
fn it_shows_that_an_agent_works_until_the_answer_comes() {
    let bot = Bot::started();
    std::fs::write(bot.project.file("busy"), "").unwrap();
    let asked = bot.ann_mentions("what is it?");
    let sign = bot.said(CHANNEL, "An agent works on it");
    assert_eq!(sign["thread_ts"], asked.message);
    bot.slack().say(&Speech::new(CHANNEL, ANN, "and why?").in_thread(&asked.message).mention());
    bot.said(CHANNEL, "It waits for the answer before it");
    std::fs::remove_file(bot.project.file("busy")).unwrap();
    until("both answers", || bot.all_said(CHANNEL, "The *answer* is 42.").len() == 2);
    until("that no sign is left", || bot.all_said(CHANNEL, "An agent works on it").is_empty());
    bot.is_conformant();
}

#[test]
fn those_who_may_write_give_work_and_take_it_back() {
    let bot = Bot::started();
    bot.ann("run make it &lt;so&gt; & more");
    bot.said(CHANNEL, "task-0001 is under way.");
    bot.said(CHANNEL, "*task-0001* is done:");
    assert_eq!(bot.prompts(), ["make it <so> & more"]);
    let asked = bot.ann_mentions("task 1");
    assert_eq!(bot.said(CHANNEL, "*task-0001* completed")["thread_ts"], asked.message);
    bot.ann_mentions("/retry 1");
    bot.said(CHANNEL, "task-0001 is carried out again, as task-0002.");
    std::fs::write(bot.project.file("busy"), "").unwrap();
    bot.ann_alone("run wait");
    bot.said(ANN_ALONE, "task-0003 is under way.");
    bot.ann("cancel 3");
    bot.said(CHANNEL, "task-0003 is being ended.");
    bot.said(ANN_ALONE, "*task-0003* was cancelled");
    bot.ann("automation off");
    bot.said(CHANNEL, "Automation is off.");
    bot.ann("cancl 3");
    bot.said(CHANNEL, "did you mean `/aiwg cancel`?");
    bot.is_conformant();
}

#[test]
fn buttons_decide_and_are_gone_then() {
    let reader = "U0READER";
    let bot = Bot::with_users(Settings::default(), &json!({ "read": [format!("slack:{reader}")] }));
    bot.start();
    let submit = || bot.project.wire().call("task.submit", json!({ "prompt": "Deploy", "approval": true }));
    submit();
    let slack = bot.slack();
    let asked = bot.said(CHANNEL, "May task-0001 start?");
    let ts = asked["ts"].as_str().unwrap().to_owned();
    assert_eq!(asked["blocks"][0]["text"]["text"], asked["text"], "{asked}");
    // A stranger, who hears nothing, and one who may not decide, who alone hears that.
    let stranger = slack.press(CHANNEL, &ts, "U0EVE", "a:approval-0001");
    slack.wait_for_acknowledgement(&stranger.message);
    let pressed = slack.press(CHANNEL, &ts, reader, "a:approval-0001");
    slack.wait_for_acknowledgement(&pressed.message);
    let heard = until_some("an answer", || slack.ephemeral().first().cloned());
    assert_eq!((&heard["text"], &heard["user"]), (&json!("You may not decide that."), &json!(reader)));
    assert_eq!(bot.project.json(&["approval", "show", "1"])["state"], "pending");
    let pressed = slack.press(CHANNEL, &ts, ANN, "a:approval-0001");
    slack.wait_for_acknowledgement(&pressed.message);
    bot.said(CHANNEL, "approval-0001 was approved.");
    let shown = bot.project.json(&["approval", "show", "1"]);
    assert_eq!(shown["decision"]["by"]["via"], "chat");
    assert!(shown["decision"]["by"]["user"].as_str().unwrap().starts_with("slack:U0ANN"), "{shown}");
    let edited = bot.said(CHANNEL, "Approved by slack:U0ANN");
    assert_eq!((&edited["ts"], &edited["blocks"]), (&asked["ts"], &json!([])), "{edited}");
    // Decided elsewhere, and by a word.
    submit();
    bot.said(CHANNEL, "May task-0002 start?");
    bot.project.json(&["approval", "reject", "2"]);
    bot.said(CHANNEL, "Rejected by");
    submit();
    bot.said(CHANNEL, "May task-0003 start?");
    bot.ann("reject 3 not on a Friday");
    bot.said(CHANNEL, "approval-0003 was rejected.");
    assert_eq!(slack.ephemeral().len(), 1, "who may decide sees it in the channel");
    bot.is_conformant();
}

#[test]
fn nobody_else_is_obeyed() {
    let bot = Bot::started();
    let slack = bot.slack();
    slack.add_channel("C0OTHER");
    slack.add_external_channel("C0SHARED");
    for speech in [
        Speech::new(CHANNEL, "U0EVE", "run rm -rf /").mention(),
        Speech::new(CHANNEL, "U0EVE", "whoami").mention(),
        Speech::new(CHANNEL, ANN, "run x").mention().by(Speaker::Bot),
        Speech::new(CHANNEL, ANN, "run x").mention().by(Speaker::External),
        Speech::new(CHANNEL, ANN, "run x").mention().by(Speaker::Forwarder),
        Speech::new(ANN_ALONE, ANN, "run x").by(Speaker::Forwarder),
        Speech::new(CHANNEL, ANN, "run x"),
        Speech::new("C0OTHER", ANN, "run x").mention(),
        Speech::new("C0SHARED", ANN, "run x").mention(),
        Speech::new("D0EVE", "U0EVE", "run x"),
        Speech::new("D0EVE", "U0EVE", "let me in"),
    ] {
        slack.say(&speech);
    }
    slack.command(CHANNEL, "U0EVE", "/aiwg", "run x");
    // Of a channel that is shared, once Slack has told that it is.
    slack.command("C0SHARED", ANN, "/aiwg", "whoami");
    bot.said("D0EVE", "Your id is `slack:U0EVE`");
    let edited = slack.say(&Speech::new(CHANNEL, ANN, "nothing for the bot"));
    slack.edit(CHANNEL, &edited.message, &format!("<@{}> run x", slack.bot_user()));
    let last = bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    slack.wait_for_acknowledgement(&last.message);
    assert_eq!(slack.sent(CHANNEL).len(), 1, "strangers hear nothing in the channel");
    assert_eq!(slack.sent("D0EVE").len(), 1, "and are answered once");
    assert_eq!((slack.sent("C0OTHER"), slack.sent("C0SHARED")), (vec![], vec![]));
    assert_eq!(bot.prompts(), Vec::<String>::new());
    // What is not obeyed is acknowledged all the same.
    for envelope in slack.envelopes() {
        slack.wait_for_acknowledgement(&envelope.id);
    }
    bot.is_conformant();
}

#[test]
fn a_channel_that_the_bot_is_not_in_is_named_and_commands_there_are_answered_to_their_person() {
    let bot = Bot::started();
    let slack = bot.slack();
    slack.add_channel("C0OTHER");
    slack.set_member("C0OTHER", false);
    slack.set_member(CHANNEL, false);
    slack.command("C0OTHER", ANN, "/aiwg", "whoami");
    let heard = until_some("an answer", || slack.ephemeral().first().cloned());
    assert!(heard["text"].as_str().unwrap().contains("This chat is `C0OTHER`"), "{heard}");
    assert_eq!((&heard["user"], &heard["channel"]), (&json!(ANN), &json!("C0OTHER")));
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    assert!(tested.out.contains("invite it there with /invite @aiwg"), "{}", tested.out);
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("/invite @aiwg")));
    assert_eq!((&bot.platform()["dead"], &bot.platform()["waiting"]), (&json!(0), &json!(1)));
    slack.set_member(CHANNEL, true);
    bot.said(CHANNEL, "*task-0001* failed");
    bot.ann("mute 0");
    bot.said(CHANNEL, "Notices are sent again.");
    until("that all is well again", || bot.issue().is_none());
    bot.is_conformant();
}

#[test]
fn the_manifest_of_an_app_is_printed_without_a_daemon() {
    let bot = Bot::new(aiwg_platforms_stand_in::Settings::default());
    let manifest = bot.project.json(&["messaging", "manifest", "slack"]);
    let scopes = manifest["oauth_config"]["scopes"]["bot"].as_array().unwrap();
    // An app with them lacks nothing.
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str().unwrap()).collect();
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    assert_eq!(manifest["features"]["slash_commands"][0]["command"], "/aiwg");
    bot.slack().set_scopes(&scopes.join(","));
    bot.start();
    assert_eq!(bot.issue(), None);
    assert_eq!(bot.project.run(&["messaging", "manifest", "telegram"]).code, 2);
}

#[test]
fn a_scope_that_is_missing_is_named() {
    let bot = Bot::new(aiwg_platforms_stand_in::Settings::default());
    bot.slack().set_scopes("chat:write,app_mentions:read,channels:history");
    bot.start();
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("im:history, commands")));
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    assert!(tested.out.contains("aiwg messaging manifest slack"), "{}", tested.out);
}

/// The commands of messaging say why Slack cannot be used, and not that there is no token.
fn is_said_to_be_unusable(bot: &Bot, why: &str) {
    let platforms = bot.project.json(&["messaging", "status"])["platforms"].clone();
    assert_eq!((&platforms[0]["name"], &platforms[0]["state"]), (&json!("slack"), &json!("stopped")));
    assert!(platforms[0]["error"].as_str().unwrap().contains(why), "{platforms}");
    let status = bot.project.json(&["daemon", "status"]);
    assert!(status["issues"].to_string().contains(why), "{status}");
    for test in [&["messaging", "test"][..], &["messaging", "test", "slack"]] {
        let tested = bot.project.run(test);
        assert!(tested.code == 1 && tested.out.contains(why), "{} {}", tested.out, tested.err);
    }
}

#[test]
fn tokens_that_are_none_of_their_kind_are_named() {
    let bot = Bot::new(aiwg_platforms_stand_in::Settings::default());
    let (token, app) = bot.slack().tokens();
    let started = bot
        .command_with(&["daemon", "start"], &[("AIWG_SLACK_TOKEN", &app), ("AIWG_SLACK_APP_TOKEN", &token)]);
    assert_eq!(started.code, 0, "{}", started.err);
    let status = bot.project.json(&["daemon", "status"]).to_string();
    assert!(status.contains("AIWG_SLACK_TOKEN is to be the token that begins with xoxb-"), "{status}");
    is_said_to_be_unusable(&bot, "AIWG_SLACK_TOKEN is to be the token that begins with xoxb-");
    bot.project.stop();
    let started = bot.command_with(&["daemon", "start"], &[("AIWG_SLACK_APP_TOKEN", "")]);
    assert_eq!(started.code, 0, "{}", started.err);
    let status = bot.project.json(&["daemon", "status"]).to_string();
    assert!(status.contains("it needs AIWG_SLACK_APP_TOKEN besides AIWG_SLACK_TOKEN"), "{status}");
    bot.project.stop();
    let started = bot.command_with(&["daemon", "start"], &[("AIWG_SLACK_TOKEN", "")]);
    assert_eq!(started.code, 0, "{}", started.err);
    is_said_to_be_unusable(&bot, "AIWG_SLACK_APP_TOKEN is of no use without AIWG_SLACK_TOKEN");
    bot.project.stop();
    // No token goes out unencrypted, to whomever.
    let started =
        bot.command_with(&["daemon", "start"], &[("AIWG_SLACK_API_URL", "http://slack.invalid/api/")]);
    assert_eq!(started.code, 0, "{}", started.err);
    is_said_to_be_unusable(&bot, "http");
    assert!(bot.stand_in.requests(aiwg_platforms_stand_in::Platform::Slack).is_empty());
}

#[test]
fn the_tokens_are_nowhere() {
    let bot = Bot::started();
    let (token, app) = bot.slack().tokens();
    bot.ann("run x");
    bot.said(CHANNEL, "*task-0001* is done");
    bot.slack().set_tokens("xoxb-other", "xapp-other");
    bot.slack().cut_sockets();
    until("that the token is refused", || bot.platform()["state"] == "stopped");
    assert!(bot.issue().unwrap().contains("AIWG_SLACK_APP_TOKEN"));
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    assert!(tested.out.contains("AIWG_SLACK_TOKEN"), "{}", tested.out);
    let status = bot.project.json(&["daemon", "status"]).to_string();
    let mut found = Vec::new();
    // The addresses of sockets are secrets, too.
    for secret in [token.as_str(), app.as_str(), "ticket-"] {
        for text in [&status, &tested.out, &tested.err, &bot.project.read("environments.txt")] {
            assert!(!text.contains(secret), "{text}");
        }
        super::super::find_in(bot.project.path(), secret, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_bot_that_is_invited_hears_all_again() {
    let bot = Bot::new(aiwg_platforms_stand_in::Settings::default());
    bot.start();
    // From here on it has a place in the channel, behind which it looks for what it has missed.
    bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    bot.project.stop();
    bot.slack().set_member(CHANNEL, false);
    bot.start();
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("cannot be read")));
    assert_eq!(bot.project.run(&["messaging", "test"]).code, 1);
    bot.slack().set_member(CHANNEL, true);
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 0, "{} {}", tested.out, tested.err);
    until("that all is well", || bot.issue().is_none());
    bot.is_conformant();
}

#[test]
fn a_bot_that_cannot_hear_says_so_without_a_channel() {
    let bot = Bot::new(aiwg_platforms_stand_in::Settings::default());
    let variables = [("AIWG_SLACK_APP_TOKEN", "xapp-wrong"), ("AIWG_SLACK_CHANNEL", "")];
    assert_eq!(bot.command_with(&["daemon", "start"], &variables).code, 0);
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("AIWG_SLACK_APP_TOKEN")));
    let tested = bot.project.run(&["messaging", "test"]);
    assert!(
        tested.code == 1 && tested.out.contains("does not accept AIWG_SLACK_APP_TOKEN"),
        "{}",
        tested.out
    );
}
