//! Classes of the queue: which tasks are kept from starting together.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aiwg_protocol::config::{BudgetConfig, Config, LaneConfig};
use aiwg_store::{Classified, Placed};

use crate::profiles::BUILT_IN;

/// Separates the parts of a class's name: no lane, agent or rule has it in its name.
const SEPARATOR: char = '\u{1f}';

/// The part of the name of a class whose tasks no budget keeps from starting.
const IGNORES_BUDGET: &str = "!";

/// The part of the name of a class whose tasks have logins of their own.
const OWN_LOGIN: &str = "!";

/// The part of the name of a class whose tasks have roles.
const ROLE: &str = "!";

/// The configured classes: lanes, and whatever else keeps some tasks from starting and not others.
///
/// A project that uses none of it has one class, with an empty name, one for tasks with logins of their own, and one for each built-in profile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Classes {
    lanes: Arc<BTreeMap<String, LaneConfig>>,
    /// The rules that have a budget of their own.
    rules: Arc<BTreeSet<String>>,
    /// True if there is any budget.
    has_budget: bool,
    /// The names of the profiles.
    profiles: Arc<BTreeSet<String>>,
}

/// A class, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class<'a> {
    /// The lane; empty for none.
    pub(super) lane: &'a str,
    /// The rule that has a budget of its own; empty for none.
    pub(super) rule: &'a str,
    /// True if no budget keeps its tasks from starting.
    pub(super) ignores_budget: bool,
    /// The profile that its tasks ask for; empty for the section `agent`.
    pub(super) profile: &'a str,
    /// True if its tasks have logins of their own: no account keeps them from starting.
    pub(super) has_own_login: bool,
    /// The profile in whose session its tasks go on, whatever that one's account has met; empty where a fallback may do them.
    pub(super) stays_with: &'a str,
    /// True if its tasks have roles of the program of the section `agent`: no other program can do them.
    pub(super) has_role: bool,
    /// What its tasks demand of their host; empty for nothing.
    pub(super) demand: &'a str,
}

/// The lane of the class of this name; empty for none.
pub(crate) fn lane_of(class: &str) -> &str {
    Class::named(class).lane
}

impl<'a> Class<'a> {
    /// The class of this name.
    pub(super) fn named(name: &'a str) -> Self {
        let mut parts = name.split(SEPARATOR);
        let mut next = || parts.next().unwrap_or_default();
        Self {
            lane: next(),
            rule: next(),
            ignores_budget: next() == IGNORES_BUDGET,
            profile: next(),
            has_own_login: next() == OWN_LOGIN,
            stays_with: next(),
            has_role: next() == ROLE,
            demand: next(),
        }
    }

    /// The profile that its tasks ask for; none for the section `agent`.
    pub(super) fn profile(&self) -> Option<&'a str> {
        Some(self.profile).filter(|profile| !profile.is_empty())
    }

    /// Its name: the parts in their order, without the empty ones at the end.
    fn name(&self) -> String {
        let ignores_budget = if self.ignores_budget { IGNORES_BUDGET } else { "" };
        let own_login = if self.has_own_login { OWN_LOGIN } else { "" };
        let role = if self.has_role { ROLE } else { "" };
        let parts = [
            self.lane,
            self.rule,
            ignores_budget,
            self.profile,
            own_login,
            self.stays_with,
            role,
            self.demand,
        ];
        let used = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
        parts.get(..used).unwrap_or_default().join(&SEPARATOR.to_string())
    }
}

impl Classes {
    /// The classes of a configuration.
    pub fn of(config: &Config) -> Self {
        let budget: &BudgetConfig = &config.budget;
        Self {
            lanes: Arc::new(config.lanes.clone()),
            rules: Arc::new(budget.rules.keys().cloned().collect()),
            has_budget: budget.is_set(),
            profiles: Arc::new(config.agents.keys().cloned().collect()),
        }
    }

    /// True if tasks may be of other classes than the common one.
    pub(super) fn are_used(&self) -> bool {
        *self != Self::default()
    }

    /// The lane of this name; none if the configuration has no such lane.
    pub(super) fn lane(&self, name: &str) -> Option<&LaneConfig> {
        self.lanes.get(name)
    }

    /// The class of a task, and the number that its lane adds to its priority.
    pub(super) fn place_of(&self, task: &Classified<'_>) -> Placed {
        let lane_priority = task.lane.and_then(|lane| self.lane(lane)).map_or(0, |lane| lane.priority);
        Placed { class: self.class_of(task), lane_priority }
    }

    /// The name of the class of a task. A lane that the configuration no longer has counts for nothing.
    pub(super) fn class_of(&self, task: &Classified<'_>) -> String {
        let known = |name: Option<&'_ str>, is_known: &dyn Fn(&str) -> bool| {
            name.filter(|name| is_known(name)).unwrap_or_default().to_owned()
        };
        let lane = known(task.lane, &|lane| self.lanes.contains_key(lane));
        let rule = known(task.rule, &|rule| self.rules.contains(rule));
        let ignores_budget = self.has_budget && task.ignores_budget;
        // Those that are built in may have accounts of their own, and have no fallbacks.
        let is_profile = |agent: &str| self.profiles.contains(agent) || BUILT_IN.contains(&agent);
        let profile = known(task.agent, &is_profile);
        let has_own_login = task.has_own_login;
        // Where there are no profiles, there are no fallbacks.
        let may_fall_back = !self.profiles.is_empty();
        let stays_with = task.stays_with.filter(|_| may_fall_back).unwrap_or_default();
        let has_role = may_fall_back && task.agent.is_some_and(|agent| !is_profile(agent));
        let (lane, rule, profile) = (&lane, &rule, &profile);
        let demand = task.demand.unwrap_or_default();
        Class { lane, rule, ignores_budget, profile, has_own_login, stays_with, has_role, demand }.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_a_part_only_for_what_the_configuration_knows() {
        let config = |text: &str| serde_json::from_str::<Config>(text).unwrap();
        let all = config(
            r#"{"lanes": {"docs": {}}, "agents": {"p": {"program": "codex"}}, "budget": {"day_usd": 5, "rules": {"r": {"day_usd": 1}}}}"#,
        );
        let named = |config: &Config, lane, agent, rule, ignores_budget| {
            let (has_own_login, stays_with, demand) = (false, None, None);
            let task = Classified { lane, agent, rule, ignores_budget, has_own_login, stays_with, demand };
            Classes::of(config).class_of(&task)
        };
        let name = |config, lane, rule, ignores_budget| named(config, lane, None, rule, ignores_budget);
        for lane in ["", "docs"] {
            for rule in ["", "r"] {
                for ignores_budget in [false, true] {
                    let some = |name: &'static str| (!name.is_empty()).then_some(name);
                    for profile in ["", "p"] {
                        let name = named(&all, some(lane), some(profile), some(rule), ignores_budget);
                        let (has_own_login, stays_with, has_role, demand) = (false, "", false, "");
                        let class = Class {
                            lane,
                            rule,
                            ignores_budget,
                            profile,
                            has_own_login,
                            stays_with,
                            has_role,
                            demand,
                        };
                        assert_eq!(Class::named(&name), class, "{name:?}");
                        let own = Class { has_own_login: true, ..class };
                        assert_eq!(Class::named(&own.name()), own);
                        let staying = Class { stays_with: "p", ..class };
                        assert_eq!(Class::named(&staying.name()), staying);
                        let demanding = Class { demand: "label:gpu shared", ..class };
                        assert_eq!(Class::named(&demanding.name()), demanding);
                        let in_role = Class { has_role: true, ..class };
                        assert_eq!(Class::named(&in_role.name()), in_role);
                    }
                }
            }
        }
        assert_eq!(name(&all, Some("docs"), Some("other"), false), "docs");
        assert_eq!(name(&all, Some("gone"), Some("other"), false), "");
        let in_role = named(&all, None, Some("a-role"), None, false);
        assert!(Class::named(&in_role).has_role && Class::named(&in_role).profile.is_empty());
        let none = Config::default();
        assert_eq!(named(&none, None, Some("a-role"), None, false), "");
        for config in [&all, &none] {
            for built_in in BUILT_IN {
                assert_eq!(Class::named(&named(config, None, Some(built_in), None, false)).profile, built_in);
            }
        }
        assert_eq!(name(&none, Some("docs"), Some("r"), true), "");
        assert!(Classes::of(&all).are_used() && !Classes::of(&none).are_used());
    }
}
