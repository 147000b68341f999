//! The names of profiles and their fallbacks: which profile a task gets.

use std::{collections::BTreeMap, sync::Arc};

use aiwg_protocol::config::{AgentConfig, Config};

/// The fallbacks of all profiles, by their names. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles {
    named: Arc<BTreeMap<String, Vec<String>>>,
    /// Those of the section `agent`.
    of_section: Arc<Vec<String>>,
}

impl Profiles {
    /// The profiles of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let fallback = |(name, profile): (&String, &aiwg_protocol::config::AgentProfile)| {
            (name.clone(), profile.fallback.clone())
        };
        Self {
            named: Arc::new(config.agents.iter().map(fallback).collect()),
            of_section: Arc::new(config.agent.fallback.clone()),
        }
    }

    /// The profile that an agent's name means; none where no profile has the name: then it is a role of the section `agent`.
    #[must_use]
    pub fn profile_of<'a>(&self, agent: Option<&'a str>) -> Option<&'a str> {
        agent.filter(|name| self.named.contains_key(*name))
    }

    /// The profiles that may do the tasks for this agent, the one that is asked for first. None stands for the section `agent`.
    #[must_use]
    pub fn candidates(&self, agent: Option<&str>) -> Vec<Option<String>> {
        let mut all = Vec::new();
        let mut next = vec![self.profile_of(agent).map(str::to_owned)];
        while let Some(profile) = next.pop() {
            if all.contains(&profile) {
                continue;
            }
            let fallback = match &profile {
                None => Some(&*self.of_section),
                Some(name) => self.named.get(name),
            };
            let names = fallback.into_iter().flatten().rev().map(|name| Some(name.clone()));
            next.extend(names.map(|name| name.filter(|name| name != AgentConfig::NAME)));
            all.push(profile);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles() -> Profiles {
        let text = r#"{"agent": {"fallback": ["c"]}, "agents": {"a": {"fallback": ["b", "agent"]}, "b": {"fallback": ["d"]}, "c": {}, "d": {}}}"#;
        Profiles::of(&serde_json::from_str(text).unwrap())
    }

    fn candidates(agent: Option<&str>) -> Vec<String> {
        let all = profiles().candidates(agent);
        all.into_iter().map(|name| name.unwrap_or_else(|| AgentConfig::NAME.to_owned())).collect()
    }

    #[test]
    fn fallbacks_come_in_their_order_each_with_its_own() {
        assert_eq!(candidates(Some("a")), ["a", "b", "d", "agent", "c"]);
        assert_eq!(candidates(None), ["agent", "c"]);
        assert_eq!(candidates(Some("d")), ["d"]);
    }

    #[test]
    fn a_name_that_no_profile_has_is_a_role() {
        assert_eq!(profiles().profile_of(Some("reviewer")), None);
        assert_eq!(profiles().profile_of(Some("a")), Some("a"));
        assert_eq!(candidates(Some("reviewer")), ["agent", "c"]);
    }
}
