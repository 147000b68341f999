//! News of an account: what this daemon has learnt of one, until it stands in the file that all daemons of the user share.

use std::collections::BTreeMap;

use aiwg_protocol::types::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::{Account, RunEnd},
    identity::Identity,
};

/// Something that was learnt of an account, or decided on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The end of a run of an agent.
    Ended(Identity, RunEnd),
    /// This daemon wants to try whether a limit is over.
    Claimed {
        /// The daemon's name.
        by: String,
    },
    /// Someone has lifted what held the account back.
    Resumed,
    /// A run that tried whether the pause is over has gone on for so long that it is.
    Passed {
        /// Time of its start.
        began: Timestamp,
    },
}

/// A piece of news.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct News {
    /// The account's id.
    pub(super) id: String,
    /// Time at which it was learnt.
    pub(super) at: Timestamp,
    pub(super) what: What,
    /// Its number among all that this process has learnt.
    #[serde(skip)]
    pub(super) number: u64,
}

impl News {
    /// Takes it into what is known; twice is the same as once.
    pub(super) fn take_into(&self, accounts: &mut BTreeMap<String, Account>) {
        match &self.what {
            What::Ended(identity, end) => {
                let account = accounts.entry(self.id.clone()).or_default();
                account.describe(identity, self.at);
                account.take_in(end, &self.id, self.at);
            }
            What::Claimed { by } => {
                if let Some(account) = accounts.get_mut(&self.id) {
                    account.claim_probe(by, self.at);
                }
            }
            What::Passed { began } => {
                if let Some(account) = accounts.get_mut(&self.id) {
                    account.pass(*began);
                }
            }
            What::Resumed => {
                if let Some(account) = accounts.get_mut(&self.id) {
                    account.resume(self.at);
                }
            }
        }
    }

    /// True if it is a claim of the probe.
    pub(super) fn is_claim(&self) -> bool {
        matches!(self.what, What::Claimed { .. })
    }

    /// True if this, which is later, says more of the same account than `earlier` does.
    pub(super) fn supersedes(&self, earlier: &Self) -> bool {
        let has_weight =
            |news: &Self| news.is_pause() || matches!(news.what, What::Resumed | What::Passed { .. });
        self.id == earlier.id && !self.is_claim() && (has_weight(self) || !has_weight(earlier))
    }

    /// True if it pauses its account.
    pub(super) fn is_pause(&self) -> bool {
        matches!(&self.what, What::Ended(_, end) if end.pause_reason().is_some())
    }
}
