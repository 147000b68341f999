//! The daemon's own topics: a rule on one that does not exist waits for ever, since no client may publish it.

use std::collections::HashSet;

use aiwg_model::names::reserved;
use aiwg_patterns::{Pattern, PatternSet, alternatives, is_glob};
use aiwg_protocol::{
    config::{Config, Trigger},
    topics::TOPICS,
};

use super::schedule_topic;
use crate::config::nearest;

/// The beginning of the topics of schedules.
const SCHEDULE: &str = "schedule:";

/// The number of alternatives of a glob that are examined one by one.
pub(super) const ALTERNATIVES: usize = 64;

/// The number of topics that a message names.
const SHOWN: usize = 8;

/// A topic that no real schedule is likely to have: a pattern that matches this one matches those of all schedules.
const ANY_SCHEDULE: &str = "schedule:9-any.name/of_it";

/// The reason for which no event can ever have this topic, with this configuration; none if one can.
pub(crate) fn cannot_occur(topic: &str, config: &Config) -> Option<String> {
    reserved(topic)?;
    Published::by(config).cannot_occur(topic)
}

/// All topics of the daemon's own that there can be, made ready to be asked about many others.
pub(crate) struct Published {
    topics: Vec<String>,
    known: HashSet<String>,
}

impl Published {
    /// The topics that are published with this configuration.
    pub(crate) fn by(config: &Config) -> Self {
        let topics = published(config);
        Self { known: topics.iter().cloned().collect(), topics }
    }

    fn beginning_with(&self, prefix: &str) -> Vec<&str> {
        self.topics.iter().map(String::as_str).filter(|known| known.starts_with(prefix)).collect()
    }

    fn cannot_occur(&self, topic: &str) -> Option<String> {
        let prefix = reserved(topic)?;
        if self.known.contains(topic) {
            return None;
        }
        let known = self.beginning_with(prefix);
        let there_are = there_are(&known);
        let (near, there_are) = match nearest(topic, &known) {
            Some(near) => {
                (format!("; did you mean {near:?}?"), there_are.replacen("; there are", " There are", 1))
            }
            None => (String::new(), there_are),
        };
        let why = if prefix == SCHEDULE {
            "no job, and no rule with a schedule, has this topic"
        } else {
            "the daemon publishes no such topic, and clients may not"
        };
        Some(format!("no event can be {topic:?}: {why}{near}{there_are}"))
    }

    /// The reason for which a topic of a rule or a notice, or an alternative of it, matches no event; none if it can match.
    pub(crate) fn in_vain(&self, topic: &str) -> Option<String> {
        alternatives(topic, ALTERNATIVES).iter().find_map(|alternative| {
            if !is_glob(alternative) {
                return self.cannot_occur(alternative);
            }
            let fixed = alternative.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default();
            let prefix = reserved(fixed)?;
            let set = PatternSet::new([Pattern::topic(alternative).ok()?]).ok()?;
            if set.is_match(ANY_SCHEDULE) || self.topics.iter().any(|known| set.is_match(known)) {
                return None;
            }
            Some(format!(
                "{alternative:?} matches none of the topics that begin with {prefix:?}{}",
                there_are(&self.beginning_with(prefix))
            ))
        })
    }
}

fn there_are(known: &[&str]) -> String {
    match known {
        [] => String::new(),
        known if known.len() > SHOWN => format!(
            "; there are {} and more",
            known.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ")
        ),
        known => format!("; there are {}", known.join(", ")),
    }
}

/// All topics of the daemon's own that there can be.
fn published(config: &Config) -> Vec<String> {
    let own = TOPICS.iter().map(|topic| topic.name).filter(|name| !is_glob(name)).map(str::to_owned);
    let jobs = config.schedule.jobs.iter().map(|job| schedule_topic(&job.name));
    let rules = config.rules.iter().filter(|rule| matches!(rule.trigger, Trigger::Schedule { .. }));
    own.chain(jobs).chain(rules.map(|rule| schedule_topic(&rule.id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        serde_json::from_value(serde_json::json!({
            "schedule": { "jobs": [{ "name": "nightly build", "cron": "@daily", "action": "x" }] }
        }))
        .unwrap()
    }

    #[test]
    fn a_topic_that_the_daemon_does_not_publish_cannot_occur() {
        let why = |topic| cannot_occur(topic, &config()).unwrap();
        assert!(why("task:complete").contains("did you mean \"task:completed\"?"));
        assert!(why("file:changed").contains("file:created, file:modified"), "{}", why("file:changed"));
        assert!(why("schedule:nightly").contains("did you mean \"schedule:nightly-build\"?"));
        assert!(why("chat:message").ends_with("and clients may not"));
        for topic in
            ["task:completed", "schedule:nightly-build", "health:ok", "deploy:done", "tasks:complete"]
        {
            assert_eq!(cannot_occur(topic, &config()), None, "{topic}");
        }
    }

    #[test]
    fn a_glob_that_matches_none_of_them_is_in_vain() {
        for topic in [
            "task:complet",
            "task:complete[xyz]",
            "task:{completed,faild}",
            "{task,file}:modified",
            "schedule:night",
            "schedule:weekly-*",
            "chat:*",
            "daemon:st*",
            "file:[xyz]*",
        ] {
            assert!(Published::by(&config()).in_vain(topic).is_some(), "{topic}");
        }
        for topic in [
            "task:complete*",
            "task:*",
            "*",
            "*:complete",
            "task:{completed,failed}",
            "schedule:*",
            "schedule:nightly*",
            "tas?:complete",
            "file:{created,deleted}",
            "deploy:{a,b}",
            "health:d*",
        ] {
            assert_eq!(Published::by(&config()).in_vain(topic), None, "{topic}");
        }
    }
}
