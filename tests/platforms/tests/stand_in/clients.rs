//! The platforms' own clients accept the stand-in, unmodified: each receives a message, answers it, has a command and a
//! button pressed, and goes through a reconnect without losing or doubling a message.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aiwg_platforms_stand_in::{ChatKind, Fault, FaultKind, Platform, Settings, Speech, StandIn};
use serde_json::{Value, json};

/// Folder into which `scripts/oracles` puts the clients.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracles/platforms");
    assert!(folder.join("python").exists(), "run scripts/oracles first, or scripts/test, which does");
    folder
}

/// A bot in a process of its own, ended with its test.
struct Bot {
    process: Child,
}

impl Bot {
    /// Starts a script of `clients/` against the stand-in.
    fn start(stand_in: &StandIn, script: &str) -> Self {
        let (folder, node) = (installed(), installed().join("node"));
        let python = folder.join("python/bin/python");
        let mut command = if script.ends_with(".py") { Command::new(python) } else { Command::new("node") };
        if script.ends_with(".py") {
            command.arg("-B");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script);
        command.arg(script).envs(stand_in.environment()).env("PLATFORMS_PACKAGES", node);
        command.env("DISCORD_GATEWAY", format!("ws://{}/discord/gateway/", stand_in.address()));
        Self { process: command.stdin(Stdio::null()).spawn().unwrap() }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A stand-in that waits for as long as a busy machine takes: nothing comes a second time because of it.
fn patient() -> StandIn {
    let minute = Duration::from_secs(60);
    StandIn::start_with(Settings {
        slack_acknowledge_within: minute,
        discord_answer_within: minute,
        ..Settings::default()
    })
}

/// The texts of messages, sorted.
fn texts(messages: &[Value], member: &str) -> Vec<String> {
    let mut texts: Vec<String> =
        messages.iter().map(|one| one[member].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

fn is(member: &'static str, text: &'static str) -> impl FnMut(&Value) -> bool {
    move |message| message[member] == text
}

fn assert_fits(stand_in: &StandIn) {
    assert_eq!(stand_in.violations(), []);
}

/// Asserts that a client sends just these things that Discord's document does not have, and Discord takes: `call: reason`, without its values.
fn assert_deviates(stand_in: &StandIn, wanted: &[&str]) {
    let violations = stand_in.violations();
    let found: Vec<String> = violations.iter().map(|one| format!("{}: {}", one.call, one.reason)).collect();
    for one in &found {
        assert!(wanted.iter().any(|wanted| one.contains(wanted)), "{one}, of {found:#?}");
    }
    for wanted in wanted {
        assert!(found.iter().any(|one| one.contains(wanted)), "{wanted}: {found:#?}");
    }
}

const SLACK_CHANNEL: &str = "C0GENERAL1";

fn slack(script: &str) {
    let stand_in = patient();
    let slack = stand_in.slack();
    slack.add_channel(SLACK_CHANNEL);
    let _bot = Bot::start(&stand_in, script);
    slack.wait_for_sockets(1);

    let ping = slack.say(&Speech::new(SLACK_CHANNEL, "U0PERSON01", "ping 1").mention());
    let pong = slack.wait_for(SLACK_CHANNEL, "an answer", is("text", "pong 1"));
    assert_eq!(pong["thread_ts"], ping.message.as_str());
    assert_eq!(pong["metadata"]["event_payload"]["text"], "pong 1");
    for delivery in &ping.deliveries {
        assert_eq!(slack.wait_for_acknowledgement(delivery).response, None);
    }

    let ts = pong["ts"].as_str().unwrap();
    slack.press(SLACK_CHANNEL, ts, "U0PERSON01", "approve");
    let approved = slack.wait_for(SLACK_CHANNEL, "an edit", is("text", "approved by U0PERSON01"));
    assert_eq!(approved["ts"], ts);

    let command = slack.command(SLACK_CHANNEL, "U0PERSON01", "/aiwg", "status");
    let acknowledged = slack.wait_for_acknowledgement(&command.message);
    assert_eq!(acknowledged.response, Some(json!({ "text": "at once" })));
    slack.wait_for(SLACK_CHANNEL, "an answer to the command", is("text", "you said status"));

    // The next socket before the old one is left; then without a word.
    slack.disconnect("refresh_requested");
    slack.wait_for_sockets(1);
    slack.say(&Speech::new(SLACK_CHANNEL, "U0PERSON01", "ping 2").mention());
    slack.wait_for(SLACK_CHANNEL, "an answer after the refresh", is("text", "pong 2"));
    stand_in
        .add_fault(Platform::Slack, Fault::new(FaultKind::ServerError).of("apps.connections.open").times(1));
    slack.cut_sockets();
    slack.wait_for_sockets(1);
    slack.say(&Speech::new(SLACK_CHANNEL, "U0PERSON01", "ping 3").mention());
    slack.wait_for(SLACK_CHANNEL, "an answer after the cut", is("text", "pong 3"));

    let sent = texts(&slack.sent(SLACK_CHANNEL), "text");
    assert_eq!(sent, ["approved by U0PERSON01", "pong 2", "pong 3", "you said status"]);
    assert!(
        stand_in.requests(Platform::Slack).iter().filter(|one| one.call == "apps.connections.open").count()
            >= 3
    );
    assert_fits(&stand_in);
}

#[test]
fn slack_sdk() {
    slack("slack_sdk_bot.py");
}

#[test]
fn slack_socket_mode() {
    slack("slack_socket_mode_bot.mjs");
}

const TELEGRAM_GROUP: &str = "-1001234567890";

/// Returns with the bot still running, for what only one of them survives.
fn telegram(script: &str) -> (Bot, StandIn) {
    let stand_in = patient();
    let telegram = stand_in.telegram();
    telegram.add_chat(TELEGRAM_GROUP, ChatKind::Forum);
    telegram.add_topic(TELEGRAM_GROUP, 7);
    let bot = Bot::start(&stand_in, script);
    telegram.wait_for_poll();
    assert_eq!(telegram.commands(), [json!([{ "command": "status", "description": "The state of things" }])]);

    let ping = telegram.say(&Speech::new("77", "77", "ping 1"));
    let pong = telegram.wait_for("77", "an answer", is("text", "pong 1"));
    assert_eq!(pong["reply_to_message"]["message_id"].to_string(), ping.message);
    assert_eq!(pong["entities"], json!([{ "type": "bold", "offset": 0, "length": 4 }]));
    assert_eq!(telegram.actions()[0]["action"], "typing");

    let press = telegram.press("77", &pong["message_id"].to_string(), "77", "approve");
    let approved = telegram.wait_for("77", "an edit", is("text", "approved by 77"));
    assert_eq!(approved["message_id"], pong["message_id"]);
    assert_eq!(telegram.answer_to(&press.message).unwrap()["text"], "noted");
    telegram.say(&Speech::new("77", "77", "/status"));
    telegram.wait_for("77", "an answer to the command", is("text", "status: well"));

    // The connection is cut within a poll; what is said meanwhile comes once, and so does what came before.
    telegram.wait_for_poll();
    telegram.cut_polls();
    telegram.say(&Speech::new("77", "77", "ping 2"));
    telegram.wait_for("77", "an answer after the cut", is("text", "pong 2"));
    // The answer of a poll is lost: its updates come again.
    stand_in.add_fault(Platform::Telegram, Fault::new(FaultKind::CutAfter).of("getUpdates").times(1));
    telegram.wait_until_confirmed();
    telegram.say(&Speech::new(TELEGRAM_GROUP, "77", "ping 3").in_thread(7));
    let pong = telegram.wait_for(TELEGRAM_GROUP, "an answer after the lost one", is("text", "pong 3"));
    assert_eq!(pong["message_thread_id"], 7);

    assert_eq!(texts(&telegram.sent("77"), "text"), ["approved by 77", "pong 2", "status: well"]);
    assert_eq!(texts(&telegram.sent(TELEGRAM_GROUP), "text"), ["pong 3"]);
    telegram.wait_until_confirmed();
    assert_fits(&stand_in);
    (bot, stand_in)
}

/// After 409 it tries again. (grammY ends: `handlePollingError` of its bot.ts throws at 401 and 409.)
#[test]
fn python_telegram_bot() {
    let (_bot, stand_in) = telegram("telegram_ptb_bot.py");
    let telegram = stand_in.telegram();
    telegram.wait_for_poll();
    telegram.poll_from_elsewhere();
    telegram.say(&Speech::new("77", "77", "ping 4"));
    telegram.wait_for("77", "an answer after the conflict", is("text", "pong 4"));
    assert_fits(&stand_in);
}

#[test]
fn grammy() {
    telegram("telegram_grammy_bot.mjs");
}

const DISCORD_CHANNEL: &str = "1300000000000000001";
const PERSON: &str = "1000000000000000042";

fn discord(script: &str, deviations: &[&str]) {
    let stand_in = patient();
    let discord = stand_in.discord();
    discord.add_channel(DISCORD_CHANNEL);
    let _bot = Bot::start(&stand_in, script);
    discord.wait_for_sockets(1);
    stand_in.wait_for_request(Platform::Discord, "PUT /applications/{application_id}/commands", 1);

    let ask = |text: &str| discord.say(&Speech::new(DISCORD_CHANNEL, PERSON, text).mention());
    let ping = ask("ping 1");
    let pong = discord.wait_for(DISCORD_CHANNEL, "an answer", is("content", "pong 1"));
    assert_eq!(pong["message_reference"]["message_id"], ping.message.as_str());
    assert_eq!(discord.typing(), [DISCORD_CHANNEL]);

    let press = discord.press(DISCORD_CHANNEL, pong["id"].as_str().unwrap(), PERSON, "approve");
    let approved = discord.wait_for(DISCORD_CHANNEL, "an edit", |one| {
        one["content"] == format!("approved by {PERSON}").as_str()
    });
    assert_eq!((&approved["id"], &approved["components"]), (&pong["id"], &json!([])));
    assert_eq!(discord.answer_to(&press.message).unwrap().0["type"], 7);
    discord.command(DISCORD_CHANNEL, PERSON, "status", &[]);
    discord.wait_for(DISCORD_CHANNEL, "an answer to the command", is("content", "status: well"));

    // Opcode 7: what is said while the bot is away comes with the resume.
    let resumes = |count| stand_in.wait_for_request(Platform::Discord, "gateway resume", count);
    discord.reconnect();
    ask("ping 2");
    resumes(1);
    discord.wait_for(DISCORD_CHANNEL, "an answer after opcode 7", is("content", "pong 2"));
    discord.wait_for_sockets(1);
    discord.cut_sockets();
    ask("ping 3");
    resumes(2);
    discord.wait_for(DISCORD_CHANNEL, "an answer after the cut", is("content", "pong 3"));
    discord.wait_for_sockets(1);
    // Opcode 9: the session is lost.
    discord.invalidate(false);
    stand_in.wait_for_request(Platform::Discord, "gateway identify", 2);
    discord.wait_for_sockets(1);
    ask("ping 4");
    discord.wait_for(DISCORD_CHANNEL, "an answer in a new session", is("content", "pong 4"));

    let wanted = [&format!("approved by {PERSON}"), "pong 2", "pong 3", "pong 4", "status: well"];
    assert_eq!(texts(&discord.sent(DISCORD_CHANNEL), "content"), wanted);
    assert_eq!(discord.identifies_left(), 998);
    assert_deviates(&stand_in, deviations);
}

#[test]
fn discord_py() {
    // Ids as numbers, a member of responses in requests, one of new messages in every body.
    let deviations = [
        "body/0: Additional properties are not allowed ('nsfw'",
        "is not of type \"string\"",
        "('tts' was unexpected)",
    ];
    discord("discord_py_bot.py", &deviations);
}

#[test]
fn discord_js() {
    // Its members of a new message in every body.
    discord("discord_js_bot.mjs", &["('tts', 'enforce_nonce' were unexpected)"]);
}
