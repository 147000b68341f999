//! A daemon that speaks with Discord's stand-in.

mod faults;
mod people;

use std::{process::Stdio, time::Duration};

use aiwg_platforms_stand_in::{Discord, Fault, Platform, Settings, Speech, Spoken, StandIn};
use serde_json::{Value, json};

use super::{AGENT, Bot};
use crate::support::{Cli, Project, until, until_some};

/// The channel for notices, a thread in it, and the person who may write.
pub(super) const CHANNEL: &str = "1300000000000000001";
const THREAD: &str = "1300000000000000002";
const ANN: &str = "1000000000000000042";

/// The call that sends a message.
const CREATE: &str = "POST /channels/{channel_id}/messages";

/// A project whose daemon speaks with the stand-in.
pub(super) struct DiscordBot {
    project: Project,
    stand_in: StandIn,
}

impl DiscordBot {
    /// A project with this section `messaging`, whose daemon is not started.
    fn new(messaging: Value, settings: Settings) -> Self {
        let project = Project::new(json!({}));
        project.configure(&Bot::config(&project, messaging).to_string());
        std::fs::write(project.file("agent"), AGENT).unwrap();
        std::fs::create_dir(project.file("run")).unwrap();
        let stand_in = StandIn::start_with(settings);
        stand_in.discord().add_channel(CHANNEL);
        stand_in.discord().add_thread(THREAD, CHANNEL);
        Self { project, stand_in }
    }

    /// A project that is set up by the environment alone, and whose daemon has connected.
    fn started() -> Self {
        Self::started_with(Settings::default())
    }

    pub(super) fn started_with(settings: Settings) -> Self {
        let messaging =
            json!({ "chat": { "command": ["sh", "./agent"] }, "digest": { "window_seconds": 0 } });
        let bot = Self::new(messaging, settings);
        bot.start();
        // What was said before its first session was there is read: what is said from here on comes by the session.
        until("the end of the start", || {
            let all = bot.stand_in.requests(Platform::Discord);
            all.iter().any(|one| one.call == "GET /channels/{channel_id}/messages" && one.status == Some(200))
        });
        bot
    }

    /// Heartbeats that come often, so that a test need not wait for them.
    fn beating() -> Settings {
        Settings { discord_heartbeat: Duration::from_secs(2), ..Settings::default() }
    }

    fn discord(&self) -> Discord {
        self.stand_in.discord()
    }

    fn command(&self, args: &[&str]) -> Cli {
        let mut command = self.project.command();
        for (name, value) in self.stand_in.environment() {
            if name.starts_with("AIWG_DISCORD") {
                command.env(name, value);
            }
        }
        command.env("AIWG_DISCORD_CHANNEL", CHANNEL).env("AIWG_WRITE_USERS", ANN);
        // The locks of bots are the test's own, too.
        command.env("XDG_RUNTIME_DIR", self.project.file("run"));
        Cli::of(command.args(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Starts the daemon, which need not get to its session.
    fn launch(&self) {
        let started = self.command(&["daemon", "start"]);
        assert_eq!(started.code, 0, "{}", started.err);
    }

    fn start(&self) {
        self.launch();
        self.discord().wait_for_sockets(1);
    }

    fn kill(&self) {
        self.project.kill_daemon();
        self.discord().wait_for_sockets(0);
    }

    fn restart_killed(&self) {
        self.kill();
        self.start();
    }

    /// Waits until the bot has said something in a channel, and returns the message.
    pub(super) fn said(&self, channel: &str, part: &str) -> Value {
        let bot = self.discord().application();
        self.discord().wait_for(channel, part, |message| {
            message["author"]["id"] == bot.as_str()
                && message["content"].as_str().unwrap_or_default().contains(part)
        })
    }

    /// The texts that the bot has sent to a channel and that have this part.
    fn all_said(&self, channel: &str, part: &str) -> Vec<String> {
        let sent = self.discord().sent(channel);
        let texts = sent.iter().map(|message| message["content"].as_str().unwrap_or_default().to_owned());
        texts.filter(|text| text.contains(part)).collect()
    }

    fn say(&self, speech: &Speech) -> Spoken {
        self.discord().say(speech)
    }

    /// Ann says something to the bot in the channel.
    pub(super) fn ann(&self, text: &str) -> Spoken {
        self.say(&Speech::new(CHANNEL, ANN, text).mention())
    }

    /// Ann chooses a command in the channel.
    fn choose(&self, name: &str, options: &[(&str, &str)]) -> Spoken {
        self.discord().command(CHANNEL, ANN, name, options)
    }

    /// Waits for the first answer to an interaction.
    fn answer_to(&self, interaction: &Spoken) -> Value {
        until_some("an answer", || self.discord().answer_to(&interaction.message)).0
    }

    /// The prompts of all tasks, in their order.
    fn prompts(&self) -> Vec<String> {
        let tasks = self.project.json(&["task", "list"]);
        let tasks = tasks.as_array().unwrap().iter();
        let mut prompts: Vec<String> =
            tasks.map(|task| task["prompt"].as_str().unwrap().to_owned()).collect();
        prompts.reverse();
        prompts
    }

    fn platform(&self) -> Value {
        self.project.json(&["daemon", "status"])["subsystems"]["messaging"]["platforms"][0].clone()
    }

    /// The message of the health about Discord.
    fn issue(&self) -> Option<String> {
        let status = self.project.json(&["daemon", "status"]);
        let issues = status["issues"].as_array().unwrap();
        let issue = issues.iter().find(|issue| issue["kind"] == "discord");
        issue.map(|issue| issue["message"].as_str().unwrap().to_owned())
    }

    fn fault(&self, fault: Fault) {
        self.stand_in.add_fault(Platform::Discord, fault);
    }

    /// Number of times that a call has come.
    fn calls(&self, call: &str) -> usize {
        self.stand_in.requests(Platform::Discord).iter().filter(|one| one.call == call).count()
    }

    /// Every request was as the API is published, and no message calls everyone.
    pub(super) fn is_conformant(&self) {
        assert_eq!(self.stand_in.violations(), []);
        for message in self.discord().sent(CHANNEL) {
            assert_ne!(message["mention_everyone"], true, "{message}");
        }
    }
}
