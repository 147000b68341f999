//! The accounts that agents work with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Timestamp, open::open_enum};

open_enum! {
    /// The states of an account.
    pub enum AccountState {
        /// Tasks start.
        Ready = "ready",
        /// A limit is used up: tasks wait for its reset, or for someone to resume them.
        Limited = "limited",
        /// The limit should be over: one task tries.
        Probing = "probing",
        /// The rest of a limit is people's share (`accounts.reserve`).
        Reserved = "reserved",
        /// The login was refused: tasks wait for a person.
        Auth = "auth",
        /// There is no credit: tasks wait for a person.
        Billing = "billing",
    }
}

/// The part of a window of an account's limits that is used up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountWindow {
    /// The window, such as `five_hour` or `seven_day`.
    pub name: String,
    /// The part that is used up, from 0 to 1.
    pub utilization: f64,
    /// Time of its reset; null if it is not known.
    pub resets_at: Option<Timestamp>,
    /// Time at which an agent reported it.
    pub seen_at: Timestamp,
}

/// An account, as far as the daemons of the user know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id: a hash of the program and its login.
    pub id: String,
    /// The program: `claude`.
    pub program: String,
    /// The names of the variables that decide its login; their values are kept nowhere.
    pub login: Vec<String>,
    /// True if agents of this project work with it.
    pub is_used: bool,
    /// The state.
    pub state: AccountState,
    /// Time at which that began; null if it is `ready` or `reserved`.
    pub since: Option<Timestamp>,
    /// Time at which it ends by itself, as far as it is known; null if a person must act.
    pub until: Option<Timestamp>,
    /// The window that is used up; null if the agent did not say, or none is.
    pub window: Option<String>,
    /// The windows of its limits, as agents reported them last.
    pub windows: Vec<AccountWindow>,
}

/// The answer to `account.list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountList {
    /// The accounts, those of this project first.
    pub accounts: Vec<Account>,
}

/// The params of `account.resume`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountResumeParams {
    /// The account's id, or the beginning of it; the accounts of this project when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub account: Option<String>,
}

/// The answer to `account.resume`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountResumed {
    /// The ids of the accounts that something held back; empty where nothing did.
    pub resumed: Vec<String>,
    /// The tasks with logins of their own that a limit held back: they are released where no account is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
}

/// The payload of `agent:limited` and `agent:resumed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountEvent {
    /// The account's id.
    pub account: String,
    /// The program: `claude`.
    pub program: String,
    /// The state that began: `limited`, `reserved`, `auth` or `billing`; `ready` when it is resumed.
    pub state: AccountState,
    /// The window that is used up; absent if the agent did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// Time at which one task tries again; absent if a person must act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
