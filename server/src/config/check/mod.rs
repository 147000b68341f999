//! What types cannot say: ranges, names that must differ, patterns.

mod sources;

use std::collections::HashSet;

use aiwg_protocol::{
    config::{Action, Config, Rule, Trigger},
    limits::LONGEST_TASK_MINUTES,
};
use jsonc_parser::ast;

use crate::{
    config::{
        error::Problem,
        locate::{Source, Step, position},
    },
    rules::{RuleIndex, is_task_time, template},
};

/// All that is wrong.
pub(in crate::config) fn check(source: &Source<'_>, tree: &ast::Value<'_>, config: &Config) -> Vec<Problem> {
    let mut check = Check { source, tree, problems: Vec::new() };
    check.daemon(config);
    check.rules(&config.rules);
    check.watch(config);
    check.schedule(config);
    check.problems
}

struct Check<'a> {
    source: &'a Source<'a>,
    tree: &'a ast::Value<'a>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(&mut self, path: &[Step<'_>], message: impl Into<String>) {
        let at = position(self.tree, path.iter().copied());
        self.problems.push(self.source.problem(at, message.into()));
    }

    fn daemon(&mut self, config: &Config) {
        use Step::Key;
        let daemon = &config.daemon;
        if daemon.heartbeat_interval_seconds == 0 {
            self.report(&[Key("daemon"), Key("heartbeat_interval_seconds")], "must be at least 1");
        }
        if !(1..=1000).contains(&daemon.max_parallel_actions) {
            self.report(&[Key("daemon"), Key("max_parallel_actions")], "must be from 1 to 1000");
        }
        if !(1..=1024).contains(&daemon.max_message_mb) {
            self.report(&[Key("daemon"), Key("max_message_mb")], "must be from 1 to 1024");
        }
        self.task_time(&[Key("daemon"), Key("action_timeout_minutes")], daemon.action_timeout_minutes);
        if daemon.max_queued == Some(0) {
            self.report(&[Key("daemon"), Key("max_queued")], "must be at least 1, or null for no limit");
        }
        if daemon.max_task_depth == 0 {
            self.report(
                &[Key("daemon"), Key("max_task_depth")],
                "must be at least 1: tasks from outside have a depth of 0",
            );
        }
        if let Some(minutes) = daemon.stall_minutes {
            self.task_time(&[Key("daemon"), Key("stall_minutes")], minutes);
        }
        self.positive(&[Key("daemon"), Key("log"), Key("max_size_mb")], daemon.log.max_size_mb);
        if !(config.agent.exit_seconds.is_finite() && config.agent.exit_seconds >= 0.0) {
            self.report(&[Key("agent"), Key("exit_seconds")], "must be 0 or more");
        }
        if config.agent.command.first().is_none_or(String::is_empty) {
            self.report(
                &[Key("agent"), Key("command")],
                "names no program: [\"claude\", \"-p\"] is the default",
            );
        }
    }

    fn positive(&mut self, path: &[Step<'_>], value: f64) {
        if !(value.is_finite() && value > 0.0) {
            self.report(path, "must be more than 0");
        }
    }

    fn task_time(&mut self, path: &[Step<'_>], minutes: f64) {
        if !is_task_time(minutes) {
            self.report(path, format!("must be more than 0 and at most {LONGEST_TASK_MINUTES}"));
        }
    }

    fn rules(&mut self, rules: &[Rule]) {
        let mut seen = HashSet::new();
        for (place, rule) in rules.iter().enumerate() {
            let at = [Step::Key("rules"), Step::Place(place)];
            if rule.id.is_empty() {
                self.report(&[at[0], at[1], Step::Key("id")], "a rule's id must not be empty");
            }
            if !seen.insert(&rule.id) {
                self.report(
                    &[at[0], at[1], Step::Key("id")],
                    format!("another rule has the id {:?} already", rule.id),
                );
            }
            if let Err(error) = RuleIndex::new(vec![rule.clone()]) {
                let key = match rule.trigger {
                    Trigger::FileChange { .. } => "pattern",
                    Trigger::Schedule { .. } | Trigger::Event { .. } => "topic",
                };
                self.report(&[at[0], at[1], Step::Key("trigger"), Step::Key(key)], error.to_string());
            }
            let Action::SubmitTask { prompt, priority, timeout_minutes, .. } = &rule.action;
            let action = |key| [at[0], at[1], Step::Key("action"), Step::Key(key)];
            if prompt.trim().is_empty() {
                self.report(&action("prompt"), "a prompt must not be empty");
            }
            if let Err(error) = template::check(prompt) {
                self.report(&action("prompt"), error.to_string());
            }
            if rule.max_firings == Some(0) {
                let message = "must be at least 1; \"enabled\": false switches the rule off";
                self.report(&[at[0], at[1], Step::Key("max_firings")], message);
            }
            if !(-1000..=1000).contains(priority) {
                self.report(&action("priority"), "must be from -1000 to 1000");
            }
            if let Some(minutes) = timeout_minutes {
                self.task_time(&action("timeoutMinutes"), *minutes);
            }
        }
    }
}
