//! Interactions: <https://docs.discord.com/developers/interactions/receiving-and-responding>.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{State, error, messages};
use crate::answer::Answer;

/// "Interaction tokens are valid for 15 minutes."
const TOKEN_LIVES: Duration = Duration::from_secs(15 * 60);

const LOADING: u64 = 1 << 7;

pub(super) struct Interaction {
    pub(super) id: String,
    pub(super) channel: String,
    /// Id of the person.
    pub(super) user: String,
    pub(super) began: Instant,
    /// Body of the callback.
    pub(super) response: Option<Value>,
    /// Milliseconds until it came.
    pub(super) answered_after_ms: Option<u64>,
    /// The message with the button, or the one that answered a command.
    pub(super) original: Option<String>,
}

fn unknown() -> Answer {
    error(404, 10_062, "Unknown interaction")
}

pub(super) fn callback(state: &mut State, id: &str, token: &str, params: &Value, within: Duration) -> Answer {
    let (body, query) = (&params["body"], &params["query"]);
    let Some(interaction) = state.interactions.get(token).filter(|one| one.id == id) else {
        return unknown();
    };
    if interaction.response.is_some() {
        return error(400, 40_060, "Interaction has already been acknowledged.");
    }
    if interaction.began.elapsed() > within {
        return unknown();
    }
    let answered_after_ms = u64::try_from(interaction.began.elapsed().as_millis()).ok();
    let channel = interaction.channel.clone();
    let original = match carry_out(state, token, body) {
        Ok(original) => original,
        Err(refused) => return refused,
    };
    let message = original.as_deref().and_then(|id| state.channels[&channel].message(id)).cloned();
    let interaction = state.interactions.get_mut(token).expect("found above");
    interaction.response = Some(body.clone());
    interaction.answered_after_ms = answered_after_ms;
    interaction.original = original;
    if query["with_response"] != "true" && query["with_response"] != "1" {
        return Answer::empty(204);
    }
    Answer::json(200, &with_response(id, body["type"].as_u64().unwrap_or(0), message))
}

/// Does what a callback says. Returns the id of the message that is the interaction's from then on.
fn carry_out(state: &mut State, token: &str, body: &Value) -> Result<Option<String>, Answer> {
    let interaction = &state.interactions[token];
    let (channel, pressed) = (interaction.channel.clone(), interaction.original.clone());
    let data = &body["data"];
    match body["type"].as_u64().unwrap_or(0) {
        4 => messages::refused(data).map_or_else(|| Ok(Some(respond(state, token, data, 0))), Err),
        // "is thinking": to be edited.
        5 => Ok(Some(respond(state, token, data, LOADING))),
        // The message with the button becomes this one.
        7 => {
            let pressed = pressed.ok_or_else(unknown)?;
            let edited = messages::edit(state, &channel, &pressed, data);
            if edited.status == 200 { Ok(Some(pressed)) } else { Err(edited) }
        }
        _ => Ok(pressed),
    }
}

/// Adds the message that answers an interaction, with a flag besides its own.
fn respond(state: &mut State, token: &str, data: &Value, flag: u64) -> String {
    let interaction = &state.interactions[token];
    let (id, channel) = (interaction.id.clone(), interaction.channel.clone());
    let user = super::guild::person(&interaction.user);
    let mut message = state.own_message(&channel, data);
    message["flags"] = (message["flags"].as_u64().unwrap_or(0) | flag).into();
    message["interaction_metadata"] =
        json!({ "id": id, "type": 2, "user": user, "authorizing_integration_owners": {} });
    state.add_message(&channel, &message);
    message["id"].as_str().unwrap_or_default().to_owned()
}

fn with_response(id: &str, kind: u64, message: Option<Value>) -> Value {
    let message_id = message.as_ref().map(|message| message["id"].clone());
    json!({
        "interaction": {
            "id": id, "type": 2, "response_message_id": message_id, "response_message_loading": kind == 5,
            "response_message_ephemeral": false,
        },
        "resource": { "type": kind, "message": message },
    })
}

/// Runs with the channel and the id of the message that answers an interaction.
pub(super) fn original(
    state: &mut State,
    token: &str,
    run: impl FnOnce(&mut State, &str, &str) -> Answer,
) -> Answer {
    let Some(interaction) = state.interactions.get(token) else {
        return error(404, 10_015, "Unknown Webhook");
    };
    if interaction.began.elapsed() > TOKEN_LIVES {
        return error(401, 50_027, "Invalid Webhook Token");
    }
    match (interaction.channel.clone(), interaction.original.clone()) {
        (channel, Some(id)) => run(state, &channel, &id),
        _ => error(404, 10_008, "Unknown Message"),
    }
}

pub(super) fn edit_original(state: &mut State, token: &str, body: &Value) -> Answer {
    original(state, token, |state, channel, id| {
        let answer = messages::edit(state, channel, id, body);
        if let Some(message) = state.channel(channel).message_mut(id).filter(|_| answer.status == 200) {
            message["flags"] = (message["flags"].as_u64().unwrap_or(0) & !LOADING).into();
            return Answer::json(200, message);
        }
        answer
    })
}

pub(super) fn follow_up(state: &mut State, token: &str, body: &Value) -> Answer {
    let Some(interaction) = state.interactions.get(token) else {
        return error(404, 10_015, "Unknown Webhook");
    };
    if interaction.began.elapsed() > TOKEN_LIVES {
        return error(401, 50_027, "Invalid Webhook Token");
    }
    let channel = interaction.channel.clone();
    if let Some(refused) = messages::refused(body) {
        return refused;
    }
    let message = state.own_message(&channel, body);
    state.add_message(&channel, &message);
    Answer::json(200, &message)
}
