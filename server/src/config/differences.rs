//! The differences between two configurations, as people see them: what only a person may put in force comes first.

use aiwg_protocol::config::Config;

use super::{
    changes::{Change, changes, places},
    persons::of_a_person,
};

/// The number of differences that are shown besides those that only a person may put in force.
const SHOWN: usize = 20;

/// The differences between two configurations.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Those that only a person may put in force. All of them are shown, so that no others can hide them.
    of_a_person: Vec<Change>,
    /// All others, in the order of the file.
    others: Vec<Change>,
}

impl Differences {
    /// The differences of `new` to `old`.
    pub(crate) fn between(old: &Config, new: &Config) -> Self {
        let of_a_person = of_a_person(old, new);
        let is_listed = |change: &Change| of_a_person.iter().any(|listed| listed.path == change.path);
        let others = changes(old, new).into_iter().filter(|change| !is_listed(change)).collect();
        Self { of_a_person, others }
    }

    /// True if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_a_person.is_empty() && self.others.is_empty()
    }

    /// The differences, a line each, with their values.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.listed(ToString::to_string)
    }

    /// Their places, a line each. Without the values: those may be secret from readers of an event.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.listed(|change| change.path.clone())
    }

    /// Their places, in one line.
    pub(crate) fn places(&self) -> String {
        places(self.of_a_person.iter().chain(&self.others))
    }

    fn listed(&self, shown: impl Fn(&Change) -> String) -> Vec<String> {
        let others = self.others.iter().take(SHOWN);
        let mut lines: Vec<String> = self.of_a_person.iter().chain(others).map(shown).collect();
        if self.others.len() > SHOWN {
            lines.push(format!("and {} more", self.others.len() - SHOWN));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(value: Value) -> Config {
        serde_json::from_value(value).unwrap()
    }

    fn rule(no: usize) -> Value {
        json!({ "id": format!("r{no}"), "trigger": { "type": "event", "topic": "a" }, "action": { "type": "submit_task", "prompt": "x" } })
    }

    #[test]
    fn what_only_a_person_may_put_in_force_cannot_be_hidden() {
        let harmless = json!({
            "daemon": { "max_queued": 7, "max_task_depth": 2, "agents_may": ["*"] },
            "watch": { "debounce_ms": 5 },
            "rules": (0..30).map(rule).collect::<Vec<_>>(),
            "messaging": { "users": { "write": ["telegram:42"] } },
            "budget": { "day_usd": 500 }
        });
        let differences = Differences::between(&Config::default(), &config(harmless));
        let lines = differences.lines();
        let places: Vec<&str> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
        let mut first = places[..3].to_vec();
        first.sort_unstable();
        assert_eq!(first, ["budget.day_usd", "daemon.agents_may", "messaging.users.write"], "{places:?}");
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (3 + SHOWN + 1, "and 13 more"));
        for place in first {
            assert!(differences.places().contains(place), "{}", differences.places());
            assert!(
                differences.paths().iter().any(|path| path == place),
                "no values: {:?}",
                differences.paths()
            );
        }
        // However many they are.
        let agents: serde_json::Map<String, Value> =
            (0..50).map(|no| (format!("a{no}"), json!({ "program": "claude" }))).collect();
        let many = Differences::between(&Config::default(), &config(json!({ "agents": agents })));
        assert_eq!(many.lines().len(), 50);
    }

    #[test]
    fn what_is_within_a_new_rule_is_named_by_itself() {
        let mut new = rule(1);
        new["action"]["prompt"] = json!("x".repeat(500));
        new["action"]["verify"] = json!({ "command": "touch evil" });
        let lines = Differences::between(&Config::default(), &config(json!({ "rules": [new] }))).lines();
        assert_eq!(lines[0], r#"rules.r1.action.verify.command: added: "touch evil""#);
        assert!(lines[1].starts_with("rules.r1: added: {"), "{lines:?}");
    }
}
