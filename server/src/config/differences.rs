//! The differences between two configurations, as people see them: what only a person may put in force comes first.

use std::collections::HashSet;

use aiwg_protocol::config::Config;

use super::{
    changes::{Change, changes, places},
    persons::of_a_person,
};

/// The number of differences that are shown besides those that only a person may put in force.
const SHOWN: usize = 20;

/// The number of differences that only a person may put in force which are shown: a file may have a million, and the answer and the stored event
/// have bounds.
const SHOWN_OF_A_PERSON: usize = 1000;

/// The differences between two configurations.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Those that only a person may put in force. They are shown first, so that no others can hide them.
    of_a_person: Vec<Change>,
    /// All others, in the order of the file.
    others: Vec<Change>,
}

impl Differences {
    /// The differences of `new` to `old`.
    pub(crate) fn between(old: &Config, new: &Config) -> Self {
        let of_a_person = of_a_person(old, new);
        let listed: HashSet<&str> = of_a_person.iter().map(|change| change.path.as_str()).collect();
        let others = changes(old, new).into_iter().filter(|change| !listed.contains(&*change.path)).collect();
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
        self.listed(Change::place)
    }

    /// The places, in one line, of those that only a person may put in force; none if there are none.
    pub(crate) fn places_of_a_person(&self) -> Option<String> {
        (!self.of_a_person.is_empty()).then(|| places(&self.of_a_person))
    }

    /// Their places, in one line.
    pub(crate) fn places(&self) -> String {
        places(self.of_a_person.iter().chain(&self.others))
    }

    fn listed(&self, shown: impl Fn(&Change) -> String) -> Vec<String> {
        let mut lines: Vec<String> = self.of_a_person.iter().take(SHOWN_OF_A_PERSON).map(&shown).collect();
        if self.of_a_person.len() > SHOWN_OF_A_PERSON {
            let more = self.of_a_person.len() - SHOWN_OF_A_PERSON;
            lines.push(format!("and {more} more that only a person may put in force: look at the file"));
        }
        lines.extend(self.others.iter().take(SHOWN).map(&shown));
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
    }

    /// This many agents, each of which only a person may put in force.
    fn agents(number: usize) -> Value {
        let agent = |no| (format!("a{no}"), json!({ "program": "claude" }));
        json!({ "agents": (0..number).map(agent).collect::<serde_json::Map<_, _>>(), "watch": { "debounce_ms": 5 } })
    }

    #[test]
    fn what_only_a_person_may_put_in_force_has_a_bound_that_is_said() {
        let lines = |number| Differences::between(&Config::default(), &config(agents(number))).lines();
        assert_eq!(lines(SHOWN_OF_A_PERSON).len(), SHOWN_OF_A_PERSON + 1);
        let many = Differences::between(&Config::default(), &config(agents(SHOWN_OF_A_PERSON + 7)));
        for shown in [many.lines(), many.paths()] {
            assert_eq!(shown.len(), SHOWN_OF_A_PERSON + 2);
            assert_eq!(
                shown[SHOWN_OF_A_PERSON],
                "and 7 more that only a person may put in force: look at the file"
            );
            assert!(shown.last().unwrap().starts_with("watch.debounce_ms"), "{:?}", shown.last());
        }
    }

    #[test]
    fn a_file_with_very_many_changes_is_compared() {
        // Each with each would be some 10^9 comparisons, and so would each with each rule that asks.
        let asking = |no: usize| {
            let mut rule = rule(no);
            rule["action"]["approval"] = json!(true);
            rule["action"]["env"] = json!({ "PATH": "." });
            rule
        };
        let old = config(json!({ "rules": (0..20_000).map(asking).collect::<Vec<_>>() }));
        let mut new = old.clone();
        for rule in &mut new.rules {
            let aiwg_protocol::config::Action::SubmitTask { env, prompt, .. } = &mut rule.action;
            env.insert("PATH".to_owned(), "/".to_owned());
            *prompt = "y".into();
        }
        let differences = Differences::between(&old, &new);
        assert_eq!((differences.of_a_person.len(), differences.others.len()), (40_000, 0));
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
