//! Tokens are in the daemon, and nowhere else.

use std::process::{Command, Stdio};

use aiwg_platforms_stand_in::{ChatKind, StandIn};
use serde_json::json;

use super::find_in;
use crate::support::{Cli, Project, until};

/// A project whose daemon has the tokens of all platforms.
struct Planted {
    project: Project,
    stand_in: StandIn,
}

impl Planted {
    fn new() -> Self {
        let project = Project::new(json!({}));
        let agent =
            "#!/bin/sh\nenv >>environments.txt\ntr '\\0' '\\n' </proc/$PPID/environ >>environments.txt\n";
        std::fs::write(project.file("agent"), agent).unwrap();
        std::fs::create_dir(project.file("run")).unwrap();
        let rule = json!({
            "id": "thief", "trigger": { "type": "event", "topic": "test:steal" },
            "action": { "type": "submit_task", "prompt": "x", "env": { "STOLEN": "a${SLACK_BOT_TOKEN}b" } },
        });
        let kept = json!(["AIWG_*", "SLACK_BOT_TOKEN", "BOT_ADDRESS", "*"]);
        let config = json!({
            "agent": { "command": ["sh", project.file("agent")], "env": { "keep": kept } }, "rules": [rule],
            "daemon": { "log": { "level": "debug" } },
        });
        project.configure(&config.to_string());
        let stand_in = StandIn::start();
        stand_in.telegram().add_chat("-1001", ChatKind::Supergroup);
        Self { project, stand_in }
    }

    /// The secrets, as they stand in the tokens.
    fn secrets(&self) -> Vec<String> {
        let tokens = self.stand_in.environment().into_iter().filter(|(name, _)| name.ends_with("_TOKEN"));
        // Telegram's begins with the bot's id, which is none.
        tokens
            .map(|(_, token)| token.split_once(':').map_or(token.clone(), |(_, secret)| secret.to_owned()))
            .collect()
    }

    fn token(&self, name: &str) -> String {
        self.stand_in.environment().into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// Starts the daemon, in an environment that lets every process leave a core.
    fn start(&self) {
        let command = self.project.command();
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""]).arg(command.get_program());
        shell.args(["daemon", "start"]).current_dir(self.project.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
            .envs(self.stand_in.environment())
            .env("AIWG_TELEGRAM_CHAT_ID", "-1001")
            // The same tokens under other names, whole and as a part of something else.
            .env("SLACK_BOT_TOKEN", self.token("AIWG_SLACK_TOKEN"))
            .env("BOT_ADDRESS", format!("https://x/bot{}/", self.token("AIWG_TELEGRAM_TOKEN")))
            .env("AIWG_SLACK_CHANNEL", "C0HOME");
        shell.env("XDG_RUNTIME_DIR", self.project.file("run"));
        let started = Cli::of(shell.stdin(Stdio::null()).output().unwrap());
        assert_eq!(started.code, 0, "{}", started.err);
    }

    fn platforms(&self) -> Vec<(String, String)> {
        let status = self.project.json(&["messaging", "status"]);
        let platforms = status["platforms"].as_array().unwrap().iter();
        platforms.map(|one| (one["state"].as_str().unwrap().to_owned(), one["error"].to_string())).collect()
    }

    /// The outputs of everything that shows how the daemon is.
    fn shown(&self) -> Vec<String> {
        let commands: [&[&str]; 9] = [
            &["messaging", "status", "--json"],
            &["messaging", "test"],
            &["daemon", "status", "--json"],
            &["why", "task-0002"],
            &["config", "show"],
            &["config", "check"],
            &["event", "list", "--json"],
            &["task", "list", "--json"],
            &["daemon", "logs"],
        ];
        let shown = commands.iter().map(|args| self.project.run(args));
        shown.flat_map(|shown| [shown.out, shown.err]).collect()
    }
}

#[test]
fn a_configuration_that_hands_a_token_on_is_refused_with_its_place() {
    let project = Project::new(json!({}));
    let config = "{\n  \"agent\": {\"env\": {\"keep\": [\"AIWG_SLACK_TOKEN\"]}},\n  \"agents\": {\n    \"bot\": {\"program\": \"claude\", \"env\": \
                  {\"BOT\": \"${AIWG_TELEGRAM_TOKEN}\"}}\n  }\n}";
    project.configure(config);
    let checked = project.run(&["config", "check"]);
    assert_eq!(checked.code, 1, "{}{}", checked.out, checked.err);
    let said = format!("{}{}", checked.out, checked.err);
    for place in [
        "daemon.json:2:30: agent.env.keep[0]: AIWG_SLACK_TOKEN is",
        "daemon.json:4:42: agents.bot.env.BOT: ${AIWG_TELEGRAM_TOKEN} is",
    ] {
        assert!(said.contains(place), "{said}");
    }
}

#[test]
fn planted_tokens_are_in_the_daemon_alone() {
    let planted = Planted::new();
    planted.start();
    until("all connections", || planted.platforms().iter().all(|(state, _)| state == "connected"));
    assert_eq!(planted.platforms().len(), 3);
    planted.project.json(&["task", "submit", "x"]);
    until("the end of a task", || planted.project.task("task-0001")["state"] == "completed");
    // A rule and a task that ask for a token.
    planted.project.json(&["event", "emit", "test:steal"]);
    planted
        .project
        .wire()
        .call("task.submit", json!({ "prompt": "x", "env": { "S": "${AIWG_DISCORD_TOKEN}" } }));
    until("the end of those who want a token", || {
        ["task-0002", "task-0003"].iter().all(|id| planted.project.task(id)["state"] == "failed")
    });
    let environments = planted.project.read("environments.txt");
    assert!(environments.contains("AIWG_TASK_ID=task-0001") && !environments.contains("AIWG_SLACK_TOKEN"));
    let mut shown = planted.shown();
    // Tokens that are refused, each in the words of its platform.
    let secrets = planted.secrets();
    planted.stand_in.telegram().set_token("1:other");
    planted.stand_in.telegram().cut_polls();
    planted.stand_in.discord().set_token("other");
    planted.stand_in.discord().close_sockets(4004);
    planted.stand_in.slack().set_tokens("xoxb-other", "xapp-other");
    planted.stand_in.slack().cut_sockets();
    until("that all are refused", || planted.platforms().iter().all(|(state, _)| state == "stopped"));
    shown.extend(planted.shown());
    // A crash leaves no core.
    let pid = planted.project.pid();
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core")).unwrap().split_whitespace().collect();
    assert_eq!(core[4], "0", "{limits}");
    assert!(Command::new("kill").args(["-ABRT", &pid.to_string()]).status().unwrap().success());
    until("its end", || crate::support::is_dead(pid));
    assert_eq!(secrets.len(), 4);
    for secret in &secrets {
        for text in &shown {
            assert!(!text.contains(secret), "{text}");
        }
        let mut found = Vec::new();
        find_in(planted.project.path(), secret, &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
