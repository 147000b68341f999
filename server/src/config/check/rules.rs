//! The sections `rules` and `actions`.

use std::collections::{BTreeMap, HashSet};

use aiwg_patterns::is_glob;
use aiwg_protocol::config::{Action, Config, Rule, Trigger};

use super::{Check, Step, topics, vain};
use crate::{
    names::{AGENT_RULE, NAME_RULE, TOPIC_RULE, is_agent, is_in_topics, is_name, is_topic, is_variable},
    rules::{RuleIndex, compile, template},
    supervisor::is_closed,
};

impl Check<'_, '_, '_> {
    pub(super) fn rules(&mut self, config: &Config) {
        let rules = &config.rules;
        // The jobs are rules as well.
        let mut seen: HashSet<String> =
            compile(config).split_off(rules.len()).into_iter().map(|rule| rule.id).collect();
        for (place, rule) in rules.iter().enumerate() {
            let at = [Step::Key("rules"), Step::Place(place)];
            let id = [at[0], at[1], Step::Key("id")];
            if !is_name(&rule.id) {
                self.wrong(&id, NAME_RULE);
            }
            if !seen.insert(rule.id.clone()) {
                self.wrong(&id, format!("another rule, or a job, has the id {:?} already", rule.id));
            }
            self.trigger(config, rule, &at);
            self.action(&rule.action, &[at[0], at[1], Step::Key("action")]);
        }
    }

    pub(super) fn actions(&mut self, actions: &BTreeMap<String, Action>) {
        for (name, action) in actions {
            let at = [Step::Key("actions"), Step::Key(name)];
            if !is_name(name) {
                self.wrong(&at, NAME_RULE);
            }
            self.action(action, &at);
        }
    }

    fn trigger(&mut self, config: &Config, rule: &Rule, at: &[Step<'_>]) {
        let (key, wrong) = match &rule.trigger {
            Trigger::FileChange { pattern } => ("pattern", vain::wrong_pattern(pattern)),
            Trigger::Event { topic } => ("topic", wrong_topic(topic)),
            // Looked at with the other schedules.
            Trigger::Schedule { .. } => return,
        };
        let wrong = wrong
            .or_else(|| RuleIndex::new(vec![rule.clone()]).err().map(|error| error.why()))
            .or_else(|| match &rule.trigger {
                Trigger::FileChange { pattern } => vain::unwatched(self.project, config, pattern),
                Trigger::Event { topic } => topics::in_vain(topic, config),
                Trigger::Schedule { .. } => None,
            });
        if let Some(why) = wrong {
            self.wrong(&[at, &[Step::Key("trigger"), Step::Key(key)]].concat(), why);
        }
    }

    fn action(&mut self, action: &Action, at: &[Step<'_>]) {
        let Action::SubmitTask { prompt, agent, env, .. } = action;
        let member = |key| [at, &[Step::Key(key)]].concat();
        if prompt.trim().is_empty() {
            self.wrong(&member("prompt"), "must not be empty: say what the agent is to do");
        }
        if let Err(error) = template::check(prompt) {
            self.wrong(&member("prompt"), error.to_string());
        }
        if agent.as_ref().is_some_and(|agent| !is_agent(agent)) {
            self.wrong(&member("agent"), AGENT_RULE);
        }
        for (name, value) in env {
            let at = [at, &[Step::Key("env"), Step::Key(name)]].concat();
            if !is_variable(name) {
                self.wrong(&at, format!("{name:?} is no name of a variable"));
            }
            if value.contains('\0') {
                self.wrong(&at, "must not have a null character");
            }
            if !is_closed(value) {
                self.wrong(
                    &at,
                    "a ${ has no } after it: ${NAME} stands for a variable of the daemon's environment",
                );
            }
        }
    }
}

/// Why no event can have such a topic.
fn wrong_topic(topic: &str) -> Option<String> {
    let can_be = if is_glob(topic) {
        topic.chars().all(|c| is_in_topics(c) || is_glob(c.encode_utf8(&mut [0; 4])) || ",^".contains(c))
    } else {
        is_topic(topic)
    };
    (!can_be).then(|| format!("no event can have such a topic: {TOPIC_RULE}"))
}
