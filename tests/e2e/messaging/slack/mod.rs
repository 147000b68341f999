//! Slack, with the stand-in that Slack's own clients have accepted.

mod faults;
mod people;

use std::process::Stdio;

use aiwg_platforms_stand_in::{Fault, Platform, Settings, Slack, Speech, Spoken, StandIn};
use serde_json::{Value, json};

use super::AGENT;
use crate::support::{Cli, Project};

/// The channel for notices, the person who may write, and the conversation with her alone.
pub(super) const CHANNEL: &str = "C0HOME";
const ANN: &str = "U0ANN";
pub(super) const ANN_ALONE: &str = "D0ANN";

/// A project whose daemon speaks with the stand-in.
pub(super) struct Bot {
    project: Project,
    stand_in: StandIn,
}

impl Bot {
    /// A project whose daemon is not started.
    fn new(settings: Settings) -> Self {
        Self::with_users(settings, &json!({}))
    }

    /// The same, with these people besides Ann.
    fn with_users(settings: Settings, users: &Value) -> Self {
        let project = Project::new(json!({}));
        let messaging = json!({
            "chat": { "command": ["sh", "./agent"] }, "digest": { "window_seconds": 0 }, "users": users,
        });
        let agent = json!({ "command": ["sh", project.file("agent")] });
        project.configure(&json!({ "agent": agent, "messaging": messaging }).to_string());
        std::fs::write(project.file("agent"), AGENT).unwrap();
        std::fs::create_dir(project.file("run")).unwrap();
        let stand_in = StandIn::start_with(settings);
        stand_in.slack().add_channel(CHANNEL);
        Self { project, stand_in }
    }

    /// One whose daemon has connected.
    pub(super) fn started() -> Self {
        let bot = Self::new(Settings::default());
        bot.start();
        bot
    }

    pub(super) fn slack(&self) -> Slack {
        self.stand_in.slack()
    }

    /// Runs the command with the bot's environment, and with this besides.
    fn command_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Cli {
        let mut command = self.project.command();
        for (name, value) in self.stand_in.environment() {
            if name.starts_with("AIWG_SLACK") {
                command.env(name, value);
            }
        }
        command.env("AIWG_SLACK_CHANNEL", CHANNEL).env("AIWG_WRITE_USERS", ANN);
        // The locks of bots are the test's own, too.
        command.env("XDG_RUNTIME_DIR", self.project.file("run"));
        command.envs(variables.iter().copied());
        Cli::of(command.args(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Starts the daemon without waiting for its socket.
    fn launch(&self) {
        let started = self.command_with(&["daemon", "start"], &[]);
        assert_eq!(started.code, 0, "{}", started.err);
    }

    fn start(&self) {
        self.launch();
        self.slack().wait_for_sockets(1);
        crate::support::until("that it is connected", || self.platform()["state"] == "connected");
    }

    fn restart_killed(&self) {
        self.project.kill_daemon();
        self.slack().wait_for_sockets(0);
        self.start();
    }

    /// Waits until the bot has said something in a channel, and returns the message.
    pub(super) fn said(&self, channel: &str, part: &str) -> Value {
        let me = self.slack().bot_user();
        self.slack().wait_for(channel, part, |message| {
            message["user"] == me && message["text"].as_str().unwrap_or_default().contains(part)
        })
    }

    /// The texts that the bot has sent to a channel and that have this part.
    fn all_said(&self, channel: &str, part: &str) -> Vec<String> {
        let sent = self.slack().sent(channel);
        let texts = sent.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned());
        texts.filter(|text| text.contains(part)).collect()
    }

    /// Ann types a command in the channel.
    pub(super) fn ann(&self, text: &str) -> Spoken {
        self.slack().command(CHANNEL, ANN, "/aiwg", text)
    }

    /// Ann mentions the bot in the channel.
    fn ann_mentions(&self, text: &str) -> Spoken {
        self.slack().say(&Speech::new(CHANNEL, ANN, text).mention())
    }

    /// Ann writes to the bot alone.
    pub(super) fn ann_alone(&self, text: &str) -> Spoken {
        self.slack().say(&Speech::new(ANN_ALONE, ANN, text))
    }

    /// The prompts of all tasks, the oldest first.
    fn prompts(&self) -> Vec<String> {
        let tasks = self.project.json(&["task", "list"]);
        let prompt = |task: &Value| task["prompt"].as_str().unwrap().to_owned();
        let mut prompts: Vec<String> = tasks.as_array().unwrap().iter().map(prompt).collect();
        prompts.reverse();
        prompts
    }

    fn platform(&self) -> Value {
        self.project.json(&["daemon", "status"])["subsystems"]["messaging"]["platforms"][0].clone()
    }

    /// The message of the health about Slack.
    fn issue(&self) -> Option<String> {
        let status = self.project.json(&["daemon", "status"]);
        let issues = status["issues"].as_array().unwrap();
        let issue = issues.iter().find(|issue| issue["kind"] == "slack");
        issue.map(|issue| issue["message"].as_str().unwrap().to_owned())
    }

    fn fault(&self, fault: Fault) {
        self.stand_in.add_fault(Platform::Slack, fault);
    }

    /// The number of calls of a method.
    fn calls(&self, method: &str) -> usize {
        self.stand_in.requests(Platform::Slack).iter().filter(|one| one.call == method).count()
    }

    /// Every request was as the Web API is published, and every envelope was acknowledged.
    pub(super) fn is_conformant(&self) {
        assert_eq!(self.stand_in.violations(), []);
    }
}
