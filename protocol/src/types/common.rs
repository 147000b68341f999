use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No members: `params` may be left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}
