use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// This host, where several share the project's store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostConfig {
    /// Its labels. `home` is the one whose files are the project's.
    #[schemars(
        length(max = 50),
        inner(length(min = 1, max = 100), regex(pattern = r"^[A-Za-z0-9_.-]{1,100}$"))
    )]
    pub labels: Vec<String>,
}
