//! The schema of `.aiwg/daemon.json`, with which editors complete and check it.

use schemars::generate::{Contract, SchemaSettings};
use serde_json::Value;

use super::types::{AbsentIsNotNull, Paragraphs};
use crate::config::Config;

/// The schema, draft-07: the one that every editor knows.
pub fn config_schema() -> Value {
    SchemaSettings::draft07()
        .with(|settings| settings.contract = Contract::Deserialize)
        .with_transform(AbsentIsNotNull)
        .with_transform(Paragraphs)
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value()
}
