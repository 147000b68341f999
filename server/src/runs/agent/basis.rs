//! The basis of a run: the configuration of its beginning, and the profile by which its agent was started.

use std::{io, sync::Arc};

use aiwg_protocol::config::DaemonConfig;
use tokio::time::timeout;

use super::{Agent, unstarted::no_profile};
use crate::{
    beside::beside,
    config::Loaded,
    profiles::Profile,
    runs::{
        cost::{PriceList, prices},
        shim::ANSWERS_WITHIN,
    },
};

/// The basis of a run. It holds from the run's beginning to its end, whatever is reloaded meanwhile.
pub(super) struct Basis {
    pub(super) loaded: Arc<Loaded>,
    /// The profile by which its agent was started.
    pub(super) profile: Profile,
}

impl Basis {
    pub(super) fn daemon(&self) -> &DaemonConfig {
        &self.loaded.config.daemon
    }

    /// True if something bounds what its agent may cost.
    pub(super) fn is_cost_bounded(&self) -> bool {
        let config = &self.loaded.config;
        let profile = self.profile.name.as_ref().and_then(|name| config.agents.get(name));
        config.budget.is_set() || profile.is_some_and(|profile| profile.cap_usd.is_some())
    }

    /// The prices of tokens: those of the profile come before those of the budgets.
    pub(super) fn prices(&self) -> PriceList {
        let mut all = prices(&self.loaded.config.budget.prices);
        all.extend(prices(&self.profile.prices));
        all
    }
}

impl Agent {
    /// The basis of its run: an agent that was started by an earlier daemon goes by the profile of that time.
    pub(super) async fn basis(&self, loaded: Arc<Loaded>, is_ours: bool) -> io::Result<Arc<Basis>> {
        let config = &loaded.config;
        let dir = self.dir.clone();
        let kept = match is_ours {
            true => None,
            // A directory that does not answer says nothing of its profile; its agent can be ended all the same.
            false => timeout(ANSWERS_WITHIN, beside(move || Profile::kept(&dir))).await.ok().flatten(),
        };
        let profile = match (kept, Profile::named(config, self.profile.as_deref())) {
            // Its environment is not kept: it decides by which login the agent works.
            (Some(kept), named) => Profile { env: named.map(|named| named.env).unwrap_or_default(), ..kept },
            (None, Some(named)) => named,
            (None, None) if is_ours => return Err(no_profile(self.profile.as_deref())),
            // Of an agent that may have ended long ago, the section knows best.
            (None, None) => Profile::of_section(config),
        };
        Ok(Arc::new(Basis { loaded, profile }))
    }
}
