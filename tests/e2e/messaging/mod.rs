//! Messaging platforms, with a stand-in for them that the platforms' own clients have accepted.

mod attacker;
mod discord;
mod secrets;
mod slack;
mod telegram;
mod telegram_faults;

use std::{path::Path, process::Stdio};

use aiwg_platforms_stand_in::{Platform, StandIn};
use serde_json::{Value, json};

use crate::support::{Cli, Project};

/// The chat for notices, and the person who may write.
const CHAT: &str = "-1001";
const ANN: &str = "77";

/// An agent that keeps what it is asked and what it finds in its environment, works until nothing keeps it, and answers.
const AGENT: &str = "#!/bin/sh
cat >>prompts.txt; echo >>prompts.txt
env >>environments.txt
while [ -e busy ]; do sleep 0.02; done
[ -e fails ] && { echo 'out of luck' >&2; exit 3; }
printf 'The **answer** is 42.'
";

/// A project whose daemon speaks with the stand-in.
struct Bot {
    project: Project,
    stand_in: StandIn,
}

impl Bot {
    /// A project with this section `messaging`, whose daemon is not started.
    fn new(messaging: Value) -> Self {
        let project = Project::new(json!({}));
        project.configure(&Self::config(&project, messaging).to_string());
        std::fs::write(project.file("agent"), AGENT).unwrap();
        std::fs::create_dir(project.file("run")).unwrap();
        let stand_in = StandIn::start();
        stand_in.telegram().add_chat(CHAT, aiwg_platforms_stand_in::ChatKind::Supergroup);
        Self { project, stand_in }
    }

    fn config(project: &Project, messaging: Value) -> Value {
        let agent = json!({ "command": ["sh", project.file("agent")] });
        json!({ "agent": agent, "messaging": messaging })
    }

    /// A project that is set up by the environment alone, and whose daemon has connected.
    fn started() -> Self {
        let bot =
            Self::new(json!({ "chat": { "command": ["sh", "./agent"] }, "digest": { "window_seconds": 0 } }));
        bot.start();
        bot
    }

    fn command(&self, args: &[&str]) -> Cli {
        self.command_with(args, &[])
    }

    fn command_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Cli {
        let mut command = self.project.command();
        for (name, value) in self.stand_in.environment() {
            if name.starts_with("AIWG_TELEGRAM") {
                command.env(name, value);
            }
        }
        command.env("AIWG_TELEGRAM_CHAT_ID", CHAT).env("AIWG_WRITE_USERS", ANN);
        // The locks of bots are the test's own, too.
        command.env("XDG_RUNTIME_DIR", self.project.file("run"));
        command.envs(variables.iter().copied());
        Cli::of(command.args(args).stdin(Stdio::null()).output().unwrap())
    }

    fn start(&self) {
        self.start_with(&[]);
    }

    /// Starts the daemon with these variables besides.
    fn start_with(&self, variables: &[(&str, &str)]) {
        let started = self.command_with(&["daemon", "start"], variables);
        assert_eq!(started.code, 0, "{}", started.err);
        self.stand_in.telegram().wait_for_poll();
    }

    fn restart_killed(&self) {
        self.project.kill_daemon();
        self.start();
    }

    /// Waits until the bot has said something in a chat, and returns the message.
    fn said(&self, chat: &str, part: &str) -> Value {
        let (id, _) = self.stand_in.telegram().bot();
        let id: i64 = id.parse().unwrap();
        let is_it = |message: &Value| {
            message["from"]["id"] == id && message["text"].as_str().unwrap_or_default().contains(part)
        };
        self.stand_in.telegram().wait_for(chat, part, is_it)
    }

    /// The texts that the bot has sent to a chat and that have this part.
    fn all_said(&self, chat: &str, part: &str) -> Vec<String> {
        let sent = self.stand_in.telegram().sent(chat);
        let texts = sent.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned());
        texts.filter(|text| text.contains(part)).collect()
    }

    /// Ann says something in the chat.
    fn ann(&self, text: &str) -> aiwg_platforms_stand_in::Spoken {
        self.stand_in.telegram().say(&aiwg_platforms_stand_in::Speech::new(CHAT, ANN, text))
    }

    fn platform(&self) -> Value {
        self.project.json(&["daemon", "status"])["subsystems"]["messaging"]["platforms"][0].clone()
    }

    /// The message of the health about Telegram.
    fn issue(&self) -> Option<String> {
        let status = self.project.json(&["daemon", "status"]);
        let issues = status["issues"].as_array().unwrap();
        let issue = issues.iter().find(|issue| issue["kind"] == "telegram");
        issue.map(|issue| issue["message"].as_str().unwrap().to_owned())
    }

    fn fault(&self, fault: aiwg_platforms_stand_in::Fault) {
        self.stand_in.add_fault(Platform::Telegram, fault);
    }

    /// Every request was as the Bot API is published.
    fn is_conformant(&self) {
        assert_eq!(self.stand_in.violations(), []);
    }
}

/// Looks for a text in all files below a directory.
fn find_in(dir: &Path, text: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_in(&path, text, found);
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
}
