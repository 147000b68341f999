//! The application and its commands.

use serde_json::{Value, json};

use super::State;
use crate::answer::Answer;

pub(super) fn application(state: &State) -> Value {
    json!({
        "id": state.application, "name": "aiwg", "icon": null, "description": "", "summary": "", "bot_public": false,
        "bot_require_code_grant": false, "verify_key": "00", "flags": 0, "hook": true, "type": null,
        "owner": super::guild::person("1000000000000000001"), "team": null, "bot": state.bot(),
        "integration_types_config": {}, "redirect_uris": [], "interactions_endpoint_url": null,
        "role_connections_verification_url": null, "approximate_guild_count": state.guild_count, "approximate_user_install_count": 0,
    })
}

fn registered(state: &mut State, guild: &str, command: &Value) -> Value {
    let id = state.next_id();
    let mut command = command.clone();
    let defaults = json!({
        "id": id, "application_id": state.application, "version": id, "default_member_permissions": null, "type": 1,
        "description": "", "nsfw": false, "dm_permission": true, "contexts": null, "integration_types": [0],
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if command.get(name).is_none_or(Value::is_null) {
            command[name] = value.clone();
        }
    }
    if !guild.is_empty() {
        command["guild_id"] = guild.into();
    }
    command
}

/// Registers one command, in place of one of its name and type, or all of them at once.
pub(super) fn carry_out(state: &mut State, call: &str, guild: &str, body: &Value) -> Answer {
    match call.split(' ').next() {
        Some("PUT") => {
            let commands = body.as_array().cloned().unwrap_or_default();
            let commands: Vec<Value> =
                commands.iter().map(|command| registered(state, guild, command)).collect();
            state.commands.insert(guild.to_owned(), commands.clone());
            Answer::json(200, &commands.into())
        }
        Some("POST") => {
            let command = registered(state, guild, body);
            let commands = state.commands.entry(guild.to_owned()).or_default();
            commands.retain(|one| one["name"] != command["name"] || one["type"] != command["type"]);
            commands.push(command.clone());
            Answer::json(201, &command)
        }
        _ => Answer::json(200, &state.commands.get(guild).cloned().unwrap_or_default().into()),
    }
}
