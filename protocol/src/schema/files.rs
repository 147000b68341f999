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

/// The schema of `.aiwg/daemon.json`, with which editors complete and check it, and the daemon as well: it says all that can be said
/// of a place alone. `x-aliases` are other names of a key or a word that are understood.
///
/// Null may stand where it is understood: of some keys it means something else than leaving them out.
pub fn config_schema() -> Value {
    emit::<Config>(draft07(Contract::Deserialize))
}

/// The schema of `.aiwg/daemon/state.json`: what `daemon.status` answers.
pub fn state_schema() -> Value {
    schema::<DaemonStatus>(Contract::Serialize)
}

/// The schema of `.aiwg/daemon/heartbeat`.
pub fn heartbeat_schema() -> Value {
    schema::<Heartbeat>(Contract::Serialize)
}

fn schema<T: JsonSchema>(contract: Contract) -> Value {
    emit::<T>(draft07(contract).with_transform(AbsentIsNotNull))
}

/// The one that every editor knows.
fn draft07(contract: Contract) -> SchemaSettings {
    SchemaSettings::draft07().with(|settings| settings.contract = contract)
}

fn emit<T: JsonSchema>(settings: SchemaSettings) -> Value {
    settings.with_transform(Paragraphs).into_generator().into_root_schema_for::<T>().to_value()
}
