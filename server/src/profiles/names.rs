//! Profiles as the engine knows them: their names, which of them a task gets, and the most that a run of each may cost.

use std::{collections::BTreeMap, sync::Arc};

use aiwg_protocol::config::{AgentConfig, AgentProfile, Config};

use super::{BUILT_IN, Profile, program};

/// All profiles, by their names. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    named: Arc<BTreeMap<String, Named>>,
    /// The section `agent`.
    of_section: Arc<Named>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Named {
    fallback: Vec<String>,
    cap_usd: Option<f64>,
    /// The name of its program.
    program: &'static str,
}

impl Profiles {
    /// The profiles of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let named = |(name, profile): (&String, &AgentProfile)| {
            let agent = Profile::named(config, Some(name)).map(|profile| profile.agent).unwrap_or_default();
            let program = program(&agent).name();
            (name.clone(), Named { fallback: profile.fallback.clone(), cap_usd: profile.cap_usd, program })
        };
        let built_in = BUILT_IN.map(|name| (name.to_owned(), Named::default()));
        Self {
            named: Arc::new(config.agents.iter().map(named).chain(built_in).collect()),
            of_section: Arc::new(Named {
                fallback: config.agent.fallback.clone(),
                cap_usd: None,
                program: program(&config.agent).name(),
            }),
        }
    }

    /// The profile that an agent's name means; none where no profile has the name: then it is a role of the section `agent`.
    #[must_use]
    pub fn profile_of<'a>(&self, agent: Option<&'a str>) -> Option<&'a str> {
        agent.filter(|name| self.named.contains_key(*name))
    }

    /// The most that a run of this profile may cost, in US dollars; none for no cap, and for the section `agent`, where there is no name.
    #[must_use]
    pub fn cap_usd(&self, name: Option<&str>) -> Option<f64> {
        self.named.get(name?)?.cap_usd
    }

    /// The profiles that may do the tasks for this agent, the one that is asked for first. None stands for the section `agent`.
    #[must_use]
    pub fn candidates(&self, agent: Option<&str>) -> Vec<Option<String>> {
        let profile = self.profile_of(agent);
        self.able(profile, agent.is_some() && profile.is_none())
    }

    /// The profiles that may do the tasks for this profile, which comes first. Where these have a role of the section `agent`, only the profiles of the
    /// same program may: another one has no such role.
    #[must_use]
    pub(crate) fn able(&self, profile: Option<&str>, has_role: bool) -> Vec<Option<String>> {
        let mut all = Vec::new();
        let mut next = vec![profile.map(str::to_owned)];
        while let Some(profile) = next.pop() {
            if all.contains(&profile) {
                continue;
            }
            let fallback = self.get(profile.as_deref()).map(|named| &named.fallback);
            let names = fallback.into_iter().flatten().rev().map(|name| Some(name.clone()));
            next.extend(names.map(|name| name.filter(|name| name != AgentConfig::NAME)));
            all.push(profile);
        }
        if has_role {
            let program = |name: &Option<String>| self.get(name.as_deref()).map(|named| named.program);
            all.retain(|name| program(name) == Some(self.of_section.program));
        }
        all
    }

    /// The profile of this name; the section `agent` where there is none.
    fn get(&self, name: Option<&str>) -> Option<&Named> {
        match name {
            None => Some(&self.of_section),
            Some(name) => self.named.get(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles() -> Profiles {
        let text = r#"{"agent": {"fallback": ["c", "e"]}, "agents": {"a": {"fallback": ["b", "agent"]}, "b": {"fallback": ["d"]},
                       "c": {"program": "codex"}, "d": {"cap_usd": 2}, "e": {"program": "claude"}}}"#;
        Profiles::of(&serde_json::from_str(text).unwrap())
    }

    fn candidates(agent: Option<&str>) -> Vec<String> {
        let all = profiles().candidates(agent);
        all.into_iter().map(|name| name.unwrap_or_else(|| AgentConfig::NAME.to_owned())).collect()
    }

    #[test]
    fn fallbacks_come_in_their_order_each_with_its_own() {
        assert_eq!(candidates(Some("a")), ["a", "b", "d", "agent", "c", "e"]);
        assert_eq!(candidates(None), ["agent", "c", "e"]);
        assert_eq!(candidates(Some("d")), ["d"]);
    }

    #[test]
    fn a_name_that_no_profile_has_is_a_role() {
        assert_eq!(profiles().profile_of(Some("reviewer")), None);
        assert_eq!(profiles().profile_of(Some("a")), Some("a"));
        let caps = [Some("d"), Some("a"), Some("reviewer"), None].map(|name| profiles().cap_usd(name));
        assert_eq!(caps, [Some(2.0), None, None, None]);
        assert_eq!(candidates(Some("reviewer")), ["agent", "e"], "another program has no such role");
    }
}
