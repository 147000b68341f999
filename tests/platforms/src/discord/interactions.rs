//! Interactions: <https://docs.discord.com/developers/interactions/receiving-and-responding>.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{State, error, messages};
use crate::answer::Answer;

/// "You must send an initial response within 3 seconds of receiving the event."
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
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

pub(super) fn callback(state: &mut State, id: &str, token: &str, body: &Value, query: &Value) -> Answer {
    let Some(interaction) = state.interactions.get(token).filter(|one| one.id == id) else {
        return unknown();
    };
    if interaction.response.is_some() {
        return error(400, 40_060, "Interaction has already been acknowledged.");
    }
    if interaction.began.elapsed() > ANSWER_WITHIN {
        return unknown();
    }
    let (channel, pressed) = (interaction.channel.clone(), interaction.original.clone());
    let user = super::guild::person(&interaction.user);
    let data = &body["data"];
    let kind = body["type"].as_u64().unwrap_or(0);
    if let Some(refused) = messages::refused(data).filter(|_| kind == 4) {
        return refused;
    }
    let original = match kind {
        // 4: a message; 5: "is thinking", to be edited.
        4 | 5 => {
            let mut message = state.own_message(&channel, data);
            if kind == 5 {
                message["flags"] = (message["flags"].as_u64().unwrap_or(0) | LOADING).into();
            }
            message["interaction_metadata"] = json!({
                "id": id, "type": 2, "user": user, "authorizing_integration_owners": {},
            });
            state.add_message(&channel, &message);
            message["id"].as_str().map(str::to_owned)
        }
        // 7: the message with the button becomes this one.
        7 => {
            let Some(pressed) = &pressed else { return unknown() };
            let edited = messages::edit(state, &channel, pressed, data);
            if edited.status != 200 {
                return edited;
            }
            Some(pressed.clone())
        }
        _ => pressed,
    };
    let message = original.as_deref().and_then(|id| state.channels[&channel].message(id)).cloned();
    let interaction = state.interactions.get_mut(token).expect("found above");
    interaction.response = Some(body.clone());
    interaction.answered_after_ms = u64::try_from(interaction.began.elapsed().as_millis()).ok();
    interaction.original = original;
    if query["with_response"] != "true" && query["with_response"] != "1" {
        return Answer::empty(204);
    }
    Answer::json(200, &with_response(id, kind, message))
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
