//! The hosts that share a project's store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Timestamp, open::open_enum};

open_enum! {
    /// The states of a host.
    pub enum HostState {
        /// It works.
        Up = "up",
        /// It works, and is given no new tasks.
        Draining = "draining",
        /// It has not been heard of for a minute.
        Silent = "silent",
        /// It was given up: what ran there counts as interrupted.
        Lost = "lost",
        /// Its daemon has ended in order.
        Stopped = "stopped",
    }
}

/// The host of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskHost {
    /// Its id.
    pub id: String,
    /// The name of its machine.
    pub name: String,
}

/// The hosts of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostList {
    /// All that have the project's store, or have had it, in the order of their starts.
    pub hosts: Vec<HostStatus>,
}

/// A host: a daemon, its directory and its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostStatus {
    /// Its id, a UUID; `local` for the one host of a store in the project's own directory.
    pub id: String,
    /// The name of its machine.
    pub name: String,
    /// Its place, for people: the directory and the machine.
    pub place: String,
    /// Its labels: `host.labels` of its configuration.
    pub labels: Vec<String>,
    /// The state.
    pub state: HostState,
    /// True for the host of the daemon that answers.
    pub is_this: bool,
    /// The version of its aiwg.
    pub version: String,
    /// Number of tasks that run there.
    pub running: u32,
    /// Time at which its daemon has started.
    pub started_at: Timestamp,
    /// Time at which it was heard of last.
    pub seen_at: Timestamp,
    /// Time since which it is given no new tasks; absent if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draining_since: Option<Timestamp>,
    /// Time at which it was given up; absent if it was not, or has come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_at: Option<Timestamp>,
}

/// The params of `host.drain`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostDrainParams {
    /// The host's id, the beginning of it, or its name.
    #[schemars(length(min = 1, max = 200))]
    pub host: String,
    /// True to give it new tasks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub resume: Option<bool>,
}

/// The params of `host.lost`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostLostParams {
    /// The host's id, the beginning of it, or its name.
    #[schemars(length(min = 1, max = 200))]
    pub host: String,
}

/// What became of a host that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostLost {
    /// The host.
    pub host: HostStatus,
    /// The tasks that ran there: interrupted, as after a crash of its machine.
    pub tasks: Vec<String>,
}
