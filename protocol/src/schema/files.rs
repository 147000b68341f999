//! The schemas of the files that people and their tools read.

use schemars::{
    JsonSchema,
    generate::{Contract, SchemaSettings},
};
use serde_json::Value;

use super::types::{AbsentIsNotNull, Paragraphs};
use crate::{
    config::Config,
    types::{DaemonStatus, Heartbeat},
};

/// The schema of `.aiwg/daemon.json`, with which editors complete and check it.
pub fn config_schema() -> Value {
    schema::<Config>(Contract::Deserialize)
}

/// The schema of `.aiwg/daemon/state.json`: what `daemon.status` answers.
pub fn state_schema() -> Value {
    schema::<DaemonStatus>(Contract::Serialize)
}

/// The schema of `.aiwg/daemon/heartbeat`.
pub fn heartbeat_schema() -> Value {
    schema::<Heartbeat>(Contract::Serialize)
}

/// In draft-07: the one that every editor knows.
fn schema<T: JsonSchema>(contract: Contract) -> Value {
    SchemaSettings::draft07()
        .with(|settings| settings.contract = contract)
        .with_transform(AbsentIsNotNull)
        .with_transform(Paragraphs)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
