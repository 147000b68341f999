//! Telegram as people use it.

use aiwg_platforms_stand_in::{Speaker, Speech};
use serde_json::json;

use super::{ANN, Bot, CHAT, find_in};
use crate::support::{until, until_some};

#[test]
fn tokens_in_the_environment_are_enough() {
    let bot = Bot::started();
    let platform = bot.platform();
    assert_eq!((&platform["state"], &platform["chat"]), (&json!("connected"), &json!(CHAT)), "{platform}");
    assert_eq!(
        (&platform["account"], &platform["people"]),
        (&json!(bot.stand_in.telegram().bot().1), &json!(1))
    );
    let shown = bot.project.run(&["messaging", "status"]);
    assert!(shown.out.contains("connected since"), "{}", shown.out);
    let tested = bot.project.run(&["messaging", "test", "telegram"]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    bot.said(CHAT, "A test by aiwg");
    until("the commands", || {
        let commands = bot.stand_in.telegram().commands();
        commands.iter().any(|all| all.to_string().contains("\"approve\""))
    });
    bot.ann("/status");
    let said = bot.said(CHAT, "is healthy");
    assert!(said["text"].as_str().unwrap().contains("Automation is on"), "{said}");
    bot.ann("/whoami");
    bot.said(CHAT, "You are telegram:77");
    bot.is_conformant();
}

#[test]
fn notices_say_what_happened() {
    let bot = Bot::started();
    std::fs::write(bot.project.file("fails"), "").unwrap();
    let id = bot.project.json(&["task", "submit", "x"])["taskId"].as_str().unwrap().to_owned();
    let said = bot.said(CHAT, &format!("{id} failed"));
    assert!(said["text"].as_str().unwrap().contains("out of luck"), "{said}");
    assert_eq!(said["entities"][0]["type"], "bold");
    bot.is_conformant();
}

#[test]
fn a_conversation_goes_on_where_it_was_begun() {
    let bot = Bot::started();
    std::fs::write(bot.project.file("busy"), "").unwrap();
    let direct = |text: &str| bot.stand_in.telegram().say(&Speech::new(ANN, ANN, text));
    let asked = direct("what is it?");
    until("a sign that the agent works", || {
        bot.stand_in.telegram().actions().iter().any(|action| action["chat_id"].to_string().contains(ANN))
    });
    direct("and why?");
    bot.said(ANN, "It waits for the answer before it");
    std::fs::remove_file(bot.project.file("busy")).unwrap();
    let answer = bot.said(ANN, "The answer is 42.");
    assert_eq!(answer["reply_to_message"]["message_id"].to_string(), asked.message);
    until("the second answer", || bot.all_said(ANN, "The answer is 42.").len() == 2);
    let prompts = bot.project.read("prompts.txt");
    assert!(
        prompts.contains(r#""from": "telegram:77""#) && prompts.contains(r#""message": "what is it?""#),
        "{prompts}"
    );
    assert!(
        prompts.contains(r#""you": "The **answer** is 42.""#),
        "the second turn knows of the first: {prompts}"
    );
    let task = bot.project.json(&["task", "get", "task-0002"]);
    assert_eq!(task["conversation"], "telegram:77");
    let why = bot.project.run(&["why", "task-0002"]);
    assert!(why.out.contains("telegram:77") && why.out.contains("in the chat telegram:77"), "{}", why.out);
    direct("/new");
    bot.said(ANN, "A new conversation begins here.");
    direct("once more");
    until("the third answer", || bot.all_said(ANN, "The answer is 42.").len() == 3);
    assert_eq!(bot.project.json(&["task", "get", "task-0003"])["conversation"], "telegram:77#2");
    bot.is_conformant();
}

#[test]
fn those_who_may_write_give_work_and_take_it_back() {
    let bot = Bot::started();
    bot.ann("/run make it so");
    bot.said(CHAT, "task-0001 is under way.");
    bot.said(CHAT, "task-0001 is done:");
    assert!(bot.project.read("prompts.txt").contains("This person may give you work"));
    bot.ann("/task 1");
    bot.said(CHAT, "task-0001 completed");
    bot.ann("/retry 1");
    bot.said(CHAT, "task-0001 is carried out again, as task-0002.");
    std::fs::write(bot.project.file("busy"), "").unwrap();
    bot.ann("/run wait --verify true");
    bot.said(CHAT, "task-0003 is under way.");
    bot.ann("/loops");
    bot.said(CHAT, "(0 of 5 rounds)");
    bot.ann("/cancel 3");
    bot.said(CHAT, "task-0003 is being ended.");
    bot.said(CHAT, "task-0003 was cancelled");
    bot.ann("/automation off");
    bot.said(CHAT, "Automation is off.");
    assert_eq!(bot.project.json(&["automation", "status"])["enabled"], false);
    bot.ann("/cancel 99");
    bot.said(CHAT, "there is no task");
    bot.ann("/cancl 3");
    bot.said(CHAT, "did you mean /cancel?");
    bot.is_conformant();
}

#[test]
fn buttons_decide_and_are_gone_then() {
    let bot = Bot::new(json!({ "users": { "read": ["telegram:78"] }, "digest": { "window_seconds": 0 } }));
    bot.start();
    let submit = || bot.project.wire().call("task.submit", json!({ "prompt": "Deploy", "approval": true }));
    submit();
    let telegram = bot.stand_in.telegram();
    let asked = bot.said(CHAT, "May task-0001 start?");
    let message = asked["message_id"].to_string();
    // A stranger, who hears nothing, and one who may not decide.
    let stranger = telegram.press(CHAT, &message, "5", "a:approval-0001");
    let answer = until_some("an answer", || telegram.answer_to(&stranger.message));
    assert_eq!(answer.get("text"), None, "{answer}");
    let reader = telegram.press(CHAT, &message, "78", "a:approval-0001");
    let answer = until_some("an answer", || telegram.answer_to(&reader.message));
    assert_eq!(answer["text"], "You may not decide that.");
    assert_eq!(bot.project.json(&["approval", "show", "1"])["state"], "pending");
    let pressed = telegram.press(CHAT, &message, ANN, "a:approval-0001");
    let answer = until_some("an answer", || telegram.answer_to(&pressed.message));
    assert_eq!(answer["text"], "approval-0001 was approved.");
    let shown = bot.project.json(&["approval", "show", "1"]);
    assert_eq!(shown["decision"]["by"]["via"], "chat");
    assert!(shown["decision"]["by"]["user"].as_str().unwrap().starts_with("telegram:77"), "{shown}");
    let edited = telegram.wait_for(CHAT, "the decision", |message| {
        message["text"].as_str().is_some_and(|text| text.contains("Approved by telegram:77"))
    });
    assert_eq!(edited["message_id"], asked["message_id"]);
    let keyboard = &edited["reply_markup"]["inline_keyboard"];
    assert!(keyboard.as_array().is_none_or(Vec::is_empty), "{edited}");
    // Decided elsewhere, and by a word.
    submit();
    bot.said(CHAT, "May task-0002 start?");
    bot.project.json(&["approval", "reject", "2"]);
    bot.said(CHAT, "Rejected by");
    submit();
    bot.said(CHAT, "May task-0003 start?");
    bot.ann("/reject 3 not on a Friday");
    bot.said(CHAT, "approval-0003 was rejected.");
    bot.is_conformant();
}

#[test]
fn nobody_else_is_obeyed() {
    let bot = Bot::started();
    let say = |speech: Speech| bot.stand_in.telegram().say(&speech);
    for speech in [
        Speech::new(CHAT, "5", "/run rm -rf /"),
        Speech::new(CHAT, "5", "/whoami"),
        Speech::new(CHAT, ANN, "/run x").by(Speaker::Bot),
        Speech::new(CHAT, ANN, "/run x").by(Speaker::Forwarder),
        Speech::new(CHAT, ANN, "/run x").by(Speaker::AnonymousAdmin),
        Speech::new("5", "5", "/run x"),
        Speech::new("5", "5", "let me in"),
    ] {
        say(speech);
    }
    bot.said("5", "Your id is telegram:5");
    let edited = bot.ann("nothing for the bot");
    bot.stand_in.telegram().edit(CHAT, &edited.message, "/run x");
    bot.ann("/status");
    bot.said(CHAT, "is healthy");
    assert_eq!(bot.stand_in.telegram().sent(CHAT).len(), 1, "strangers hear nothing in the group");
    assert_eq!(bot.stand_in.telegram().sent("5").len(), 1, "and are answered once");
    assert_eq!(bot.project.json(&["task", "list"]), json!([]));
    bot.is_conformant();
}

#[test]
fn the_token_is_nowhere() {
    let bot = Bot::started();
    let token = bot.stand_in.telegram().token();
    bot.ann("/run x");
    bot.said(CHAT, "task-0001 is done");
    bot.project
        .wire()
        .call("task.submit", json!({ "prompt": "x", "env": { "STOLEN": "${AIWG_TELEGRAM_TOKEN}" } }));
    until("the end of a task that asks for the token", || bot.project.task("task-0002")["state"] == "failed");
    let failed = bot.project.task("task-0002");
    assert!(failed["error"].as_str().unwrap().contains("which no agent gets"), "{failed}");
    // With errors as well: of a refused token, of an address that nobody answers.
    bot.stand_in.telegram().set_token("1:other");
    bot.stand_in.telegram().cut_polls();
    until("that the token is refused", || bot.platform()["state"] == "stopped");
    assert!(bot.issue().unwrap().contains("@BotFather"));
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    let status = bot.project.json(&["daemon", "status"]).to_string();
    let (_, secret) = token.split_once(':').unwrap();
    for text in [status, tested.out, tested.err, bot.project.read("environments.txt")] {
        assert!(!text.contains(secret), "{text}");
    }
    let mut found = Vec::new();
    find_in(bot.project.path(), secret, &mut found);
    assert_eq!(found, Vec::<String>::new());
}
