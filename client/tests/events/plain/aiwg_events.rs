// Generated from the topics of .aiwg/daemon.json by `aiwg generate rust`. Do not edit.
// The topics of the project, each a type that `DaemonClient::emit_event` of `aiwg-client` takes. It is a module: `mod aiwg_events;`.

use aiwg_client::Topic;
use aiwg_client::serde::{Deserialize, Serialize};
use aiwg_client::serde_json::Value;

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct AnythingGoes(pub Value);

impl Topic for AnythingGoes {
    const NAME: &'static str = "anything:goes";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
#[serde(transparent)]
pub struct BuildStarted(pub ());

impl Topic for BuildStarted {
    const NAME: &'static str = "build:started";
}

/// A deployment went live.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct DeploymentComplete {
    /// The version that is live. Not empty.
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<DeploymentCompleteEnvironment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<DeploymentCompleteHost>>,
    /// In seconds; null where nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<f64>,
}

impl Topic for DeploymentComplete {
    const NAME: &'static str = "deployment:complete";
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub enum DeploymentCompleteEnvironment {
    #[serde(rename = "staging")]
    Staging,
    #[serde(rename = "production")]
    Production,
}

#[allow(missing_docs, dead_code, unreachable_pub, clippy::all)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "aiwg_client::serde")]
pub struct DeploymentCompleteHost {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
}
