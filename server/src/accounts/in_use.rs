//! The accounts that the agents of a project work with.

use std::collections::BTreeMap;

use aiwg_protocol::config::{AccountsConfig, ResumeBy};
use jiff::tz::TimeZone;

use super::{Hours, Identity, Policy};

/// The accounts that the agents of a project work with, and the rules by which they are used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InUse {
    /// The rules.
    pub policy: Policy,
    /// The account of all agents that have none of their own; none where their program has no limits that are known here.
    pub default: Option<Identity>,
    /// The accounts of agents that have one of their own, by their names.
    pub by_agent: BTreeMap<String, Identity>,
}

impl InUse {
    /// The accounts of a configuration, whose agents work with this one. The times of day are those of `zone`.
    pub fn of(config: &AccountsConfig, default: Option<Identity>, zone: TimeZone) -> Self {
        let policy = Policy {
            reserve: config.reserve.clone(),
            asks: config.resume == ResumeBy::Ask,
            hours: config.hours.as_deref().and_then(Hours::parse),
            zone,
        };
        Self { policy, default, by_agent: BTreeMap::new() }
    }

    /// The account of the agent of this name; that of the default agent if none is given.
    pub fn of_agent(&self, agent: Option<&str>) -> Option<&Identity> {
        agent.and_then(|agent| self.by_agent.get(agent)).or(self.default.as_ref())
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Identity> {
        self.default.iter().chain(self.by_agent.values())
    }
}
