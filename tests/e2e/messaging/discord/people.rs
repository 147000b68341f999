//! Discord as people use it.

use aiwg_platforms_stand_in::{Settings, Speaker, Speech};
use serde_json::json;

use super::{super::find_in, ANN, CHANNEL, DiscordBot, THREAD};
use crate::support::until;

#[test]
fn tokens_in_the_environment_are_enough() {
    let bot = DiscordBot::started();
    until("the connection", || bot.platform()["state"] == "connected");
    let platform = bot.platform();
    assert_eq!((&platform["name"], &platform["chat"]), (&json!("discord"), &json!(CHANNEL)), "{platform}");
    assert_eq!((&platform["account"], &platform["people"]), (&json!("aiwg"), &json!(1)));
    let tested = bot.project.run(&["messaging", "test", "discord"]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    bot.said(CHANNEL, "A test by aiwg");
    let commands = bot.discord().commands(None);
    assert!(commands.iter().any(|command| command["name"] == "approve"), "{commands:?}");
    bot.ann("status");
    assert!(bot.said(CHANNEL, "is healthy")["content"].as_str().unwrap().contains("Automation is on"));
    let asked = bot.choose("whoami", &[]);
    assert_eq!(bot.answer_to(&asked)["type"], 5);
    let answer = bot.said(CHANNEL, &format!("You are `discord:{ANN}`"));
    assert_eq!(
        answer["interaction_metadata"]["id"],
        asked.message.as_str(),
        "it is the answer that was waited for"
    );
    assert_eq!(answer["flags"], 4, "nobody waits any more, and no address is previewed: {answer}");
    bot.is_conformant();
}

#[test]
fn commands_are_offered_in_one_server_only_if_that_is_set() {
    let guild = "1100000000000000001";
    let bot =
        DiscordBot::new(json!({ "discord": { "channel": CHANNEL, "guild": guild } }), Settings::default());
    bot.start();
    assert_eq!(bot.discord().guild(), guild);
    let names = |guild: Option<&str>| -> Vec<String> {
        let commands = bot.discord().commands(guild);
        commands.iter().map(|command| command["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(Some(guild)).contains(&"approve".to_owned()));
    assert_eq!(names(None), Vec::<String>::new());
    bot.is_conformant();
}

#[test]
fn notices_say_what_happened_and_call_nobody() {
    let messaging = json!({
        "digest": { "window_seconds": 0 },
        "notify": [{ "topics": ["task:failed"] }, { "topics": ["deployment:*"], "text": "@everyone <@&1> {{ event.payload.version }}" }],
    });
    let bot = DiscordBot::new(messaging, Settings::default());
    bot.start();
    std::fs::write(bot.project.file("fails"), "").unwrap();
    let id = bot.project.json(&["task", "submit", "x"])["taskId"].as_str().unwrap().to_owned();
    let said = bot.said(CHANNEL, &format!("{id}** failed"));
    assert!(said["content"].as_str().unwrap().contains("out of luck"), "{said}");
    bot.project.json(&["event", "emit", "deployment:done", r#"{"version": "2.0"}"#]);
    let said = bot.said(CHANNEL, "2.0");
    assert!(said["content"].as_str().unwrap().contains("@everyone"), "{said}");
    assert_eq!(
        (&said["allowed_mentions"], &said["mention_everyone"]),
        (&json!({ "parse": [] }), &json!(false))
    );
    bot.is_conformant();
}

#[test]
fn a_conversation_goes_on_where_it_was_begun() {
    let bot = DiscordBot::started();
    std::fs::write(bot.project.file("busy"), "").unwrap();
    let direct = bot.discord().direct_channel(ANN);
    let asked = bot.say(&Speech::new(&direct, ANN, "what is it?"));
    until("a sign that the agent works", || bot.discord().typing().contains(&direct));
    bot.say(&Speech::new(&direct, ANN, "and why?"));
    bot.said(&direct, "It waits for the answer before it");
    std::fs::remove_file(bot.project.file("busy")).unwrap();
    let answer = bot.said(&direct, "The **answer** is 42.");
    assert_eq!(answer["message_reference"]["message_id"], asked.message.as_str());
    until("the second answer", || bot.all_said(&direct, "The **answer** is 42.").len() == 2);
    assert_eq!(bot.project.json(&["task", "get", "task-0002"])["conversation"], format!("discord:{direct}"));
    // A thread is a conversation of its own, in the channel that is set up.
    bot.say(&Speech::new(THREAD, ANN, "and here?").mention());
    bot.said(THREAD, "The **answer** is 42.");
    let thread = format!("discord:{CHANNEL}:{THREAD}");
    assert_eq!(bot.project.json(&["task", "get", "task-0003"])["conversation"], thread.as_str());
    let prompts = bot.project.read("prompts.txt");
    assert!(prompts.contains(r#""message": "and here?""#), "{prompts}");
    bot.discord().command(THREAD, ANN, "new", &[]);
    bot.said(THREAD, "A new conversation begins here.");
    // A question by a command is answered in the place of what shows that the bot thinks.
    let asked = bot.choose("ask", &[("question", "once more?")]);
    let answer = bot.said(CHANNEL, "The **answer** is 42.");
    assert_eq!(answer["interaction_metadata"]["id"], asked.message.as_str());
    assert_eq!(bot.all_said(CHANNEL, "").len(), 1);
    bot.is_conformant();
}

#[test]
fn those_who_may_write_give_work_and_take_it_back() {
    let bot = DiscordBot::started();
    let chosen = bot.choose("run", &[("prompt", "make it so")]);
    let taken = bot.said(CHANNEL, "task-0001 is under way.");
    assert_eq!(taken["interaction_metadata"]["id"], chosen.message.as_str());
    let done = bot.said(CHANNEL, "task-0001** is done");
    assert_eq!(done["message_reference"]["message_id"], taken["id"], "the result is a message of its own");
    bot.choose("task", &[("id", "1")]);
    bot.said(CHANNEL, "task-0001** completed");
    std::fs::write(bot.project.file("busy"), "").unwrap();
    bot.choose("run", &[("verify", "true"), ("prompt", "wait")]);
    bot.said(CHANNEL, "task-0002 is under way.");
    bot.ann("loops");
    bot.said(CHANNEL, "(0 of 5 rounds)");
    bot.ann("cancel 2");
    bot.said(CHANNEL, "task-0002 is being ended.");
    bot.said(CHANNEL, "task-0002** was cancelled");
    bot.choose("automation", &[("state", "off")]);
    bot.said(CHANNEL, "Automation is off.");
    assert_eq!(bot.project.json(&["automation", "status"])["enabled"], false);
    bot.choose("cancel", &[("id", "99")]);
    bot.said(CHANNEL, "there is no task");
    bot.is_conformant();
}

#[test]
fn buttons_decide_and_are_gone_then() {
    let reader = "1000000000000000043";
    let users = json!({ "read": [format!("discord:{reader}")] });
    let messaging = json!({ "users": users, "digest": { "window_seconds": 0 } });
    let bot = DiscordBot::new(messaging, Settings::default());
    bot.start();
    let submit = || bot.project.wire().call("task.submit", json!({ "prompt": "Deploy", "approval": true }));
    submit();
    let asked = bot.said(CHANNEL, "May task-0001 start?");
    let message = asked["id"].as_str().unwrap().to_owned();
    // A stranger, who hears nothing, and one who may not decide.
    let stranger = bot.discord().press(CHANNEL, &message, "1000000000000000005", "a:approval-0001");
    assert_eq!(bot.answer_to(&stranger), json!({ "type": 6 }));
    let pressed = bot.discord().press(CHANNEL, &message, reader, "a:approval-0001");
    let answer = bot.answer_to(&pressed);
    assert_eq!((&answer["type"], &answer["data"]["flags"]), (&json!(4), &json!(64)), "only they see it");
    assert_eq!(answer["data"]["content"], "You may not decide that.");
    assert_eq!(bot.project.json(&["approval", "show", "1"])["state"], "pending");
    let pressed = bot.discord().press(CHANNEL, &message, ANN, "a:approval-0001");
    assert_eq!(bot.answer_to(&pressed)["data"]["content"], "approval-0001 was approved.");
    let shown = bot.project.json(&["approval", "show", "1"]);
    assert_eq!(shown["decision"]["by"]["via"], "chat");
    assert!(
        shown["decision"]["by"]["user"].as_str().unwrap().starts_with(&format!("discord:{ANN}")),
        "{shown}"
    );
    let edited = bot.said(CHANNEL, &format!("Approved by discord:{ANN}"));
    assert_eq!((&edited["id"], &edited["components"]), (&asked["id"], &json!([])));
    assert_eq!(bot.all_said(CHANNEL, "approval-0001 was approved.").len(), 1, "only they see it");
    submit();
    bot.said(CHANNEL, "May task-0002 start?");
    bot.project.json(&["approval", "reject", "2"]);
    bot.said(CHANNEL, "Rejected by");
    submit();
    bot.said(CHANNEL, "May task-0003 start?");
    bot.choose("reject", &[("id", "3"), ("reason", "not on a Friday")]);
    bot.said(CHANNEL, "approval-0003 was rejected.");
    bot.is_conformant();
}

#[test]
fn nobody_else_is_obeyed() {
    let bot = DiscordBot::started();
    let (stranger, other) = ("1000000000000000005", "1300000000000000009");
    bot.discord().add_channel(other);
    let direct = bot.discord().direct_channel(stranger);
    for speech in [
        Speech::new(CHANNEL, stranger, "run rm -rf /").mention(),
        Speech::new(CHANNEL, stranger, "whoami").mention(),
        Speech::new(CHANNEL, ANN, "run x").mention().by(Speaker::Bot),
        Speech::new(CHANNEL, ANN, "run x").mention().by(Speaker::Forwarder),
        Speech::new(CHANNEL, ANN, "/run x"),
        Speech::new(other, ANN, "run x").mention(),
        Speech::new(&direct, stranger, "run x"),
        Speech::new(&direct, stranger, "let me in"),
    ] {
        bot.say(&speech);
    }
    bot.said(&direct, &format!("Your id is `discord:{stranger}`"));
    let edited = bot.say(&Speech::new(CHANNEL, ANN, "nothing for the bot"));
    bot.discord().edit(CHANNEL, &edited.message, &format!("<@{}> run x", bot.discord().application()));
    // Commands of strangers, and of other channels, are answered to those alone who have chosen them: Discord would show an error.
    for (channel, person) in [(CHANNEL, stranger), (other, ANN)] {
        let chosen = bot.discord().command(channel, person, "run", &[("prompt", "x")]);
        let answer = bot.answer_to(&chosen);
        assert_eq!((&answer["type"], &answer["data"]["flags"]), (&json!(4), &json!(64)), "{answer}");
    }
    bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    let seen = |channel: &str| {
        let sent = bot.discord().sent(channel);
        sent.iter().filter(|message| message["flags"].as_u64().unwrap_or(0) & 64 == 0).count()
    };
    assert_eq!((seen(CHANNEL), seen(other)), (1, 0), "strangers hear nothing in channels");
    assert_eq!(seen(&direct), 1, "and are answered once");
    bot.say(&Speech::new(other, ANN, "whoami").mention());
    bot.said(other, "it is not set up");
    assert_eq!(bot.project.json(&["task", "list"]), json!([]));
    bot.is_conformant();
}

#[test]
fn the_token_is_nowhere() {
    let bot = DiscordBot::started();
    let token = bot.discord().token();
    bot.choose("run", &[("prompt", "x")]);
    bot.said(CHANNEL, "task-0001** is done");
    bot.project
        .wire()
        .call("task.submit", json!({ "prompt": "x", "env": { "STOLEN": "${AIWG_DISCORD_TOKEN}" } }));
    until("the end of a task that asks for the token", || bot.project.task("task-0002")["state"] == "failed");
    // With errors as well: of a refused token.
    bot.discord().set_token("other");
    bot.discord().close_sockets(4004);
    until("that the token is refused", || bot.platform()["state"] == "stopped");
    assert!(bot.issue().unwrap().contains("Reset Token"));
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    let status = bot.project.json(&["daemon", "status"]).to_string();
    for text in [status, tested.out, tested.err, bot.project.read("environments.txt")] {
        assert!(!text.contains(&token), "{text}");
    }
    let mut found = Vec::new();
    find_in(bot.project.path(), &token, &mut found);
    // What answers a command is a secret for a while, too.
    find_in(bot.project.path(), "interaction-token-", &mut found);
    assert_eq!(found, Vec::<String>::new());
}
