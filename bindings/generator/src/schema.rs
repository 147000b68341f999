//! The documents that other tools read: the definition crate makes them, here they become files.

use aiwg_protocol::schema::{config_schema, heartbeat_schema, openrpc, state_schema};
use serde_json::Value;

use crate::{GenerateError, generated_file::Output};

pub(crate) fn outputs() -> Result<Vec<Output>, GenerateError> {
    Ok(vec![
        Output::new("schema/openrpc.json", pretty(&openrpc())?),
        Output::new("schema/config.schema.json", pretty(&config_schema())?),
        Output::new("schema/heartbeat.schema.json", pretty(&heartbeat_schema())?),
        Output::new("schema/state.schema.json", pretty(&state_schema())?),
    ])
}

fn pretty(document: &Value) -> Result<String, GenerateError> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
