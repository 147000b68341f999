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
    /// The account of the section `agent`; none where its program has no limits that are known here.
    pub default: Option<Identity>,
    /// The accounts of the profiles, by their names.
    pub by_profile: BTreeMap<String, Option<Identity>>,
}

impl InUse {
    /// The accounts of a configuration, whose agents work with these. The times of day are those of `zone`.
    pub fn of(
        config: &AccountsConfig,
        default: Option<Identity>,
        by_profile: BTreeMap<String, Option<Identity>>,
        zone: TimeZone,
    ) -> Self {
        let policy = Policy {
            reserve: config.reserve.clone(),
            asks: config.resume == ResumeBy::Ask,
            hours: config.hours.as_deref().and_then(Hours::parse),
            zone,
        };
        Self { policy, default, by_profile }
    }

    /// The account of the profile of this name; that of the section `agent` if none is given, or none has the name.
    pub fn of_profile(&self, profile: Option<&str>) -> Option<&Identity> {
        match profile.and_then(|profile| self.by_profile.get(profile)) {
            Some(account) => account.as_ref(),
            None => self.default.as_ref(),
        }
    }

    /// All of them, each once.
    pub fn all(&self) -> impl Iterator<Item = &Identity> {
        let all = self.default.iter().chain(self.by_profile.values().flatten());
        all.map(|account| (&account.id, account)).collect::<BTreeMap<_, _>>().into_values()
    }
}
