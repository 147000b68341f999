//! Discord when things go wrong: nothing is lost, and nothing counts twice.

use aiwg_platforms_stand_in::{Fault, FaultKind, Platform, RateLimit, Settings, Speech};
use serde_json::json;

use super::{ANN, CHANNEL, CREATE, DiscordBot, THREAD};
use crate::support::until;

/// The call that acknowledges an interaction.
const CALLBACK: &str = "POST /interactions/{interaction_id}/{interaction_token}/callback";

#[test]
fn a_message_counts_once_however_often_the_daemon_dies() {
    let bot = DiscordBot::started();
    for round in 0..8 {
        bot.ann(&format!("run round {round}."));
        // Between the event, the commit, and the next heartbeat: whenever that is.
        std::thread::sleep(std::time::Duration::from_millis(round * 7));
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
fn a_restart_resumes_the_session() {
    let bot = DiscordBot::started();
    bot.ann("status");
    bot.said(CHANNEL, "is healthy");
    let left = bot.discord().identifies_left();
    bot.kill();
    let direct = bot.discord().direct_channel(ANN);
    bot.ann("run one");
    bot.choose("run", &[("prompt", "two")]);
    bot.say(&Speech::new(&direct, ANN, "run three"));
    bot.start();
    until("all tasks", || bot.prompts().len() == 3);
    assert_eq!(bot.prompts(), ["one", "two", "three"]);
    bot.said(CHANNEL, "task-0002** is done");
    bot.project.stop();
    bot.discord().wait_for_sockets(0);
    bot.ann("run four");
    bot.start();
    bot.said(CHANNEL, "task-0004** is done");
    assert_eq!(bot.discord().identifies_left(), left, "it has resumed all the time");
    bot.is_conformant();
}

#[test]
fn what_was_said_while_there_was_no_session_is_read() {
    let bot = DiscordBot::started();
    let direct = bot.discord().direct_channel(ANN);
    bot.say(&Speech::new(THREAD, ANN, "run zero").mention());
    bot.said(THREAD, "task-0001** is done");
    bot.stand_in.set_outage(Platform::Discord, true);
    for n in 1..=3 {
        bot.ann(&format!("run {n}"));
    }
    bot.say(&Speech::new(THREAD, ANN, "run in a thread").mention());
    let opened = "1300000000000000003";
    bot.discord().open_thread(opened, CHANNEL, ANN);
    bot.say(&Speech::new(opened, ANN, "run in a new thread").mention());
    bot.say(&Speech::new(&direct, ANN, "run directly"));
    bot.say(&Speech::new(CHANNEL, "1000000000000000005", "run rm").mention());
    let changed = bot.ann("run and undone");
    bot.discord().edit(CHANNEL, &changed.message, "run something else");
    // More than is read at once.
    for n in 0..5_200 {
        bot.say(&Speech::new(CHANNEL, ANN, format!("talk {n}")));
    }
    bot.ann("run last");
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("that it is not reached", || bot.platform()["state"] == "retrying");
    until("a notice that waits", || bot.platform()["waiting"] == 1);
    bot.discord().forget_sessions();
    bot.stand_in.set_outage(Platform::Discord, false);
    until("all tasks", || bot.prompts().len() >= 9);
    bot.said(CHANNEL, "task-0002** failed");
    let wanted = ["zero", "x", "1", "2", "3", "in a thread", "in a new thread", "directly", "last"];
    assert_eq!(bot.prompts(), wanted);
    // Nor is anything of it read once more.
    bot.discord().invalidate(false);
    bot.discord().wait_for_sockets(0);
    bot.discord().wait_for_sockets(1);
    bot.ann("run at the end");
    until("the task", || bot.prompts().len() >= 10);
    assert_eq!(bot.prompts()[9..], ["at the end"]);
    until("that all is well", || bot.platform()["state"] == "connected" && bot.platform()["waiting"] == 0);
    bot.is_conformant();
}

#[test]
fn no_command_waits_for_what_was_missed() {
    let bot = DiscordBot::started();
    until("the connection", || bot.platform()["state"] == "connected");
    let list = "GET /channels/{channel_id}/messages";
    let asked = || bot.stand_in.requests(Platform::Discord).iter().filter(|one| one.call == list).count();
    let before = asked();
    bot.fault(Fault::new(FaultKind::Hang).of(list));
    bot.discord().forget_sessions();
    bot.discord().invalidate(false);
    bot.discord().wait_for_sockets(0);
    bot.ann("run what was said meanwhile");
    until("that it reads what was missed", || asked() > before);
    // There is no answer to that.
    bot.choose("run", &[("prompt", "at once")]);
    until("the task", || bot.prompts().contains(&"at once".to_owned()));
    bot.said(CHANNEL, "is done");
    bot.stand_in.clear_faults(Platform::Discord);
    bot.discord().cut_sockets();
    until("what was missed", || bot.prompts().len() == 2);
    bot.ann("run later");
    until("all tasks", || bot.prompts().len() == 3);
    assert_eq!(bot.prompts(), ["at once", "what was said meanwhile", "later"]);
    bot.is_conformant();
}

#[test]
fn a_connection_is_left_as_discord_asks_and_the_session_is_kept() {
    let bot = DiscordBot::started();
    let identifies = bot.calls("gateway identify");
    let goes_on = |text: &str| {
        bot.ann(&format!("run {text}"));
        until(text, || bot.prompts().iter().any(|prompt| prompt == text));
    };
    bot.discord().reconnect();
    goes_on("after op 7");
    bot.discord().invalidate(true);
    goes_on("after op 9, which says that the session is still there");
    bot.discord().close_sockets(4000);
    goes_on("after a close");
    bot.discord().cut_sockets();
    goes_on("after a cut");
    bot.discord().request_heartbeat();
    goes_on("after a heartbeat that was asked for");
    assert_eq!(bot.calls("gateway identify"), identifies);
    bot.discord().close_sockets(4009);
    goes_on("after a session that timed out");
    bot.discord().invalidate(false);
    goes_on("after a session that was forgotten");
    assert_eq!(bot.calls("gateway identify"), identifies + 2);
    assert_eq!(bot.prompts().len(), 7);
    bot.is_conformant();
}

#[test]
fn a_session_that_cannot_be_reached_or_lies_elsewhere_is_given_up() {
    let messaging = json!({ "digest": { "window_seconds": 0 } });
    let bot = DiscordBot::new(messaging, Settings::default());
    // Nothing is sent there, least of all the token.
    bot.discord().set_resume_url("wss://gateway.example.org");
    bot.start();
    bot.discord().reconnect();
    bot.discord().wait_for_sockets(0);
    bot.ann("run x");
    until("the task", || bot.prompts() == ["x"]);
    assert_eq!((bot.calls("gateway identify"), bot.calls("gateway resume")), (2, 0));
    bot.is_conformant();
}

#[test]
fn another_program_that_works_as_the_bot_is_named() {
    let bot = DiscordBot::started();
    let answered = "40060 Interaction has already been acknowledged.";
    bot.fault(Fault::new(FaultKind::Error(answered.to_owned())).of(CALLBACK).times(1));
    bot.choose("mute", &[("minutes", "0")]);
    bot.said(CHANNEL, "Notices are sent again.");
    until("that it is named", || {
        bot.platform()["error"].as_str().is_some_and(|error| error.contains("another program"))
    });
    let tested = bot.project.run(&["messaging", "test"]);
    assert_eq!(tested.code, 1);
    assert!(
        format!("{}{}", tested.out, tested.err).contains("does not hear all"),
        "{}{}",
        tested.out,
        tested.err
    );
    bot.is_conformant();
}

#[test]
fn a_connection_that_answers_no_more_is_left() {
    let bot = DiscordBot::started_with(DiscordBot::beating());
    until("an answer to a heartbeat", || bot.platform()["lastReceivedAt"].is_string());
    bot.discord().freeze_sockets();
    bot.ann("run x");
    until("the task", || bot.prompts() == ["x"]);
    assert_eq!(bot.calls("gateway identify"), 1, "the session is resumed");
    bot.is_conformant();
}

#[test]
fn what_comes_twice_or_late_counts_once() {
    let bot = DiscordBot::started();
    let said = bot.ann("run once");
    bot.discord().repeat(CHANNEL, &said.message);
    bot.discord().hold();
    bot.ann("run second");
    let third = bot.ann("run third");
    bot.discord().repeat(CHANNEL, &third.message);
    bot.discord().release(true);
    bot.discord().repeat(CHANNEL, &said.message);
    bot.ann("run last");
    until("all tasks", || bot.prompts().iter().any(|prompt| prompt == "last"));
    assert_eq!(bot.prompts(), ["once", "third", "second", "last"]);
    bot.is_conformant();
}

#[test]
fn a_message_is_made_once_whatever_becomes_of_its_request() {
    let bot = DiscordBot::started();
    bot.fault(Fault::new(FaultKind::CutAfter).of(CREATE).times(1));
    bot.ann("mute 0");
    bot.said(CHANNEL, "Notices are sent again.");
    until("that nothing waits", || bot.platform()["waiting"] == 0);
    assert_eq!((bot.all_said(CHANNEL, "Notices are sent again.").len(), bot.calls(CREATE)), (1, 1));
    // Where it cannot be looked for, its number makes it one.
    let list = "GET /channels/{channel_id}/messages";
    bot.fault(Fault::new(FaultKind::CutAfter).of(CREATE).times(1));
    bot.fault(Fault::new(FaultKind::Error("50001 Missing Access".to_owned())).of(list).times(1));
    bot.ann("mute 1");
    until("that it is sent again", || bot.calls(CREATE) == 3 && bot.platform()["waiting"] == 0);
    assert_eq!(bot.all_said(CHANNEL, "Notices wait for 1 minute;").len(), 1);
    // Where it can be looked for only after Discord has forgotten the number, it is known by what it says.
    bot.fault(Fault::new(FaultKind::CutAfter).of(CREATE).times(1));
    bot.fault(Fault::new(FaultKind::Html).of(list).times(2));
    bot.ann("mute 2");
    bot.said(CHANNEL, "Notices wait for 2 minutes;");
    bot.discord().forget_nonces();
    until("that nothing waits", || bot.platform()["waiting"] == 0);
    assert_eq!((bot.all_said(CHANNEL, "Notices wait for 2 minutes;").len(), bot.calls(CREATE)), (1, 4));
    for kind in [FaultKind::CutBefore, FaultKind::ServerError, FaultKind::Html, FaultKind::HtmlOk] {
        bot.fault(Fault::new(kind).of(CREATE).times(1));
    }
    bot.ann("automation on");
    bot.said(CHANNEL, "Automation is on.");
    // The daemon dies while the answer to the request is on its way: the message is there, or it is not.
    for (kind, state) in
        [(FaultKind::HangAfter, "off"), (FaultKind::Hang, "on"), (FaultKind::HangAfter, "off")]
    {
        let (before, said) =
            (bot.calls(CREATE), bot.all_said(CHANNEL, &format!("Automation is {state}.")).len());
        bot.fault(Fault::new(kind).of(CREATE).times(1));
        bot.ann(&format!("automation {state}"));
        bot.stand_in.wait_for_request(Platform::Discord, CREATE, before + 1);
        bot.restart_killed();
        until("the message", || bot.all_said(CHANNEL, &format!("Automation is {state}.")).len() == said + 1);
        until("that nothing waits", || bot.platform()["waiting"] == 0);
        assert_eq!(bot.all_said(CHANNEL, &format!("Automation is {state}.")).len(), said + 1);
    }
    bot.is_conformant();
}

#[test]
fn a_command_that_could_not_be_acknowledged_is_answered_by_a_message() {
    let bot = DiscordBot::started();
    // The daemon dies before Discord hears that the command was taken in.
    bot.fault(Fault::new(FaultKind::Hang).of(CALLBACK).times(1));
    bot.choose("run", &[("prompt", "one")]);
    bot.stand_in.wait_for_request(Platform::Discord, CALLBACK, 1);
    bot.restart_killed();
    bot.said(CHANNEL, "task-0001 is under way.");
    bot.said(CHANNEL, "task-0001** is done");
    // Or Discord does not take it.
    bot.fault(Fault::new(FaultKind::Error("10062 Unknown interaction".to_owned())).of(CALLBACK).times(1));
    bot.choose("run", &[("prompt", "two")]);
    bot.said(CHANNEL, "task-0002 is under way.");
    // Or what takes its place is cut off.
    let answers = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original";
    bot.fault(Fault::new(FaultKind::CutAfter).of(answers).times(1));
    let chosen = bot.choose("run", &[("prompt", "three")]);
    let answer = bot.said(CHANNEL, "task-0003 is under way.");
    assert_eq!(answer["interaction_metadata"]["id"], chosen.message.as_str());
    until("that nothing waits", || bot.platform()["waiting"] == 0);
    for n in 1..=3 {
        assert_eq!(bot.all_said(CHANNEL, &format!("task-000{n} is under way.")).len(), 1, "{n}");
    }
    assert_eq!(bot.prompts(), ["one", "two", "three"]);
    bot.is_conformant();
}

#[test]
fn a_platform_that_asks_for_a_pause_gets_one() {
    let bot = DiscordBot::started();
    bot.fault(Fault::new(FaultKind::TooManyRequests { retry_after: 0.5 }).of(CREATE).times(2));
    bot.ann("mute 0");
    bot.said(CHANNEL, "Notices are sent again.");
    let statuses = || -> Vec<Option<u16>> {
        let all = bot.stand_in.requests(Platform::Discord);
        all.iter().filter(|one| one.call == CREATE).map(|one| one.status).collect()
    };
    until("the third answer", || statuses().len() == 3 && statuses()[2].is_some());
    assert_eq!(statuses(), [Some(429), Some(429), Some(200)]);
    bot.is_conformant();
}

#[test]
fn a_flood_is_answered_in_its_order_and_within_the_limits() {
    let limit = RateLimit { requests: 5, window: std::time::Duration::from_millis(200) };
    let bot = DiscordBot::started_with(Settings { discord_messages: limit, ..Settings::default() });
    for n in 0..60 {
        bot.ann(&format!("task {}", 1000 + n));
    }
    until("all answers", || bot.all_said(CHANNEL, "There is no task-1").len() == 60);
    for (n, text) in bot.all_said(CHANNEL, "There is no task-1").iter().enumerate() {
        assert!(text.contains(&format!("task-{}", 1000 + n)), "{n}: {text}");
    }
    let all = bot.stand_in.requests(Platform::Discord);
    assert!(all.iter().all(|one| one.status != Some(429)), "what is left is heeded before it is used up");
    bot.is_conformant();
}

#[test]
fn what_is_missing_is_named() {
    let bot = DiscordBot::started();
    until("the connection", || bot.platform()["state"] == "connected");
    let test = || bot.project.run(&["messaging", "test"]);
    bot.discord().set_access(CHANNEL, false);
    let tested = test();
    assert_eq!(tested.code, 1);
    let shown = format!("{}{}", tested.out, tested.err);
    assert!(shown.contains("View Channel") && shown.contains("client_id=1200000000000000001"), "{shown}");
    std::fs::write(bot.project.file("fails"), "").unwrap();
    bot.project.json(&["task", "submit", "x"]);
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("View Channel")));
    assert_eq!((&bot.platform()["dead"], &bot.platform()["waiting"]), (&json!(0), &json!(1)));
    bot.discord().set_access(CHANNEL, true);
    bot.said(CHANNEL, "task-0001** failed");
    bot.ann("mute 0");
    bot.said(CHANNEL, "Notices are sent again.");
    until("that all is well again", || bot.issue().is_none());
    bot.fault(Fault::new(FaultKind::Error("50013 Missing Permissions".to_owned())).of(CREATE).times(1));
    let tested = test();
    assert!(
        format!("{}{}", tested.out, tested.err).contains("Send Messages"),
        "{}{}",
        tested.out,
        tested.err
    );
    // The intents are asked for with the next session only.
    bot.discord().disallow_intents(1 << 12);
    bot.discord().invalidate(false);
    until("that it has stopped", || bot.platform()["state"] == "stopped");
    assert!(bot.issue().unwrap().contains("Privileged Gateway Intents"), "{:?}", bot.issue());
    let tested = test();
    assert_eq!(tested.code, 1);
    assert!(format!("{}{}", tested.out, tested.err).contains("4014"), "{}{}", tested.out, tested.err);
    assert_eq!(bot.calls("gateway identify"), 2, "it is not tried again and again");
    bot.is_conformant();
}

#[test]
fn it_is_connected_once_a_session_is_there() {
    let messaging = json!({ "digest": { "window_seconds": 0 } });
    let bot = DiscordBot::new(messaging, Settings::default());
    bot.fault(Fault::new(FaultKind::Hang).of("GET /gateway/bot").times(1));
    bot.launch();
    bot.stand_in.wait_for_request(Platform::Discord, "GET /gateway/bot", 1);
    let platform = bot.platform();
    assert_eq!(
        (&platform["state"], &platform["account"]),
        (&json!("connecting"), &json!("aiwg")),
        "{platform}"
    );
    assert_eq!(platform["lastReceivedAt"], json!(null));
}

#[test]
fn errors_while_it_reads_what_was_missed_do_not_give_that_up() {
    let bot = DiscordBot::started();
    until("the connection", || bot.platform()["state"] == "connected");
    let list = "GET /channels/{channel_id}/messages";
    for kind in [FaultKind::ServerError, FaultKind::Html] {
        bot.fault(Fault::new(kind).of(list).times(1));
    }
    let connections = || bot.calls("gateway identify") + bot.calls("gateway resume");
    let before = connections();
    bot.discord().forget_sessions();
    bot.discord().invalidate(false);
    bot.discord().wait_for_sockets(0);
    bot.ann("run meanwhile");
    until("the task", || bot.prompts() == ["meanwhile"]);
    assert_eq!(connections(), before + 1, "the connection is kept");
    bot.is_conformant();
}

#[test]
fn direct_messages_of_all_who_are_listed_are_read() {
    let people: Vec<String> =
        (0..27).map(|n| format!("discord:{}", 1_000_000_000_000_000_100_u64 + n)).collect();
    let messaging = json!({ "users": { "write": people }, "digest": { "window_seconds": 0 } });
    let bot = DiscordBot::new(messaging, Settings::default());
    bot.start();
    let asked = || bot.calls("POST /users/@me/channels");
    until("that it asks for as many as it may", || asked() == 25);
    until("the connection", || bot.platform()["state"] == "connected");
    bot.ann("run first");
    until("the first task", || bot.prompts() == ["first"]);
    // The last of them has not written before, and is beyond those who were asked for.
    let last = "1000000000000000126";
    let direct = bot.discord().direct_channel(last);
    bot.discord().forget_sessions();
    bot.discord().invalidate(false);
    bot.discord().wait_for_sockets(0);
    bot.say(&Speech::new(&direct, last, "run second"));
    until("the second task", || bot.prompts() == ["first", "second"]);
    assert_eq!(asked(), 28, "each of them once, with Ann");
    // From here on nobody is asked for any more.
    bot.discord().forget_sessions();
    bot.discord().invalidate(false);
    bot.discord().wait_for_sockets(0);
    bot.say(&Speech::new(&direct, last, "run third"));
    until("the third task", || bot.prompts() == ["first", "second", "third"]);
    assert_eq!(asked(), 28);
    bot.is_conformant();
}

#[test]
fn a_day_without_sessions_is_waited_for() {
    let bot = DiscordBot::started();
    until("the connection", || bot.platform()["state"] == "connected");
    bot.discord().use_up_identifies();
    bot.discord().invalidate(false);
    until("that it waits", || bot.platform()["state"] == "retrying");
    until("that it says why", || {
        bot.platform()["error"].as_str().is_some_and(|why| why.contains("in a day"))
    });
    assert_eq!(bot.calls("gateway identify"), 1);
    bot.is_conformant();
}

#[test]
fn a_bot_that_is_in_no_server_is_invited() {
    let messaging = json!({ "digest": { "window_seconds": 0 } });
    let bot = DiscordBot::new(messaging, Settings::default());
    bot.discord().set_guild_count(0);
    bot.start();
    until("that it is named", || bot.issue().is_some_and(|issue| issue.contains("is in no server")));
    bot.discord().set_guild_count(1);
    assert_eq!(bot.project.run(&["messaging", "test"]).code, 0);
    until("that all is well", || bot.issue().is_none());
    bot.is_conformant();
}

#[test]
fn without_a_token_nothing_is_there() {
    let bot = DiscordBot::new(json!({ "discord": { "channel": CHANNEL } }), Settings::default());
    bot.project.start();
    assert_eq!(bot.project.json(&["messaging", "status"]), json!({ "platforms": [] }));
    assert!(bot.stand_in.requests(Platform::Discord).is_empty());
}
