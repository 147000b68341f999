//! The methods of the Web API.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{APP, BOT, BOT_USER, State, TEAM, error, history, messages, ok, parsed};
use crate::answer::Answer;
use crate::server::{Call, Shared};

pub(super) fn carry_out(shared: &Arc<Shared>, call: &Call) -> Answer {
    let params = &call.params;
    match call.name.as_str() {
        "chat.postMessage" => return messages::post(shared, call),
        "chat.update" => return messages::update(shared, params),
        _ => {}
    }
    shared.slack.change(|state| match call.name.as_str() {
        "auth.test" => ok(json!({
            "url": "https://stand-in.slack.com/", "team": "Stand-in", "user": "aiwg", "team_id": TEAM, "user_id": BOT_USER,
            "bot_id": BOT, "is_enterprise_install": false,
        })),
        "bots.info" => ok(json!({ "bot": { "id": BOT, "app_id": APP, "user_id": BOT_USER, "name": "aiwg", "deleted": false } })),
        "team.info" => ok(json!({ "team": { "id": TEAM, "name": "Stand-in", "domain": "stand-in" } })),
        "users.info" => ok(json!({ "user": user(params["user"].as_str().unwrap_or_default()) })),
        "chat.delete" => messages::delete(state, params),
        "chat.postEphemeral" => messages::post_ephemeral(state, params),
        "chat.getPermalink" => permalink(state, params),
        "conversations.info" => in_channel(state, params, |state, id| ok(json!({ "channel": state.channels[id].json() }))),
        "conversations.list" => list(state),
        "conversations.members" => in_channel(state, params, |_, _| {
            ok(json!({ "members": [BOT_USER, "U0PERSON01"], "response_metadata": { "next_cursor": "" } }))
        }),
        "conversations.open" => open(state, params),
        "conversations.history" => in_channel(state, params, |state, id| history::history(&state.channels[id], params)),
        "conversations.replies" => in_channel(state, params, |state, id| history::replies(&state.channels[id], params)),
        "reactions.add" => react(state, params),
        "reactions.remove" => ok(json!({})),
        "views.open" | "views.update" => view(state, params),
        _ => error("unknown_method"),
    })
}

/// Runs with the id of a channel that the bot is in.
pub(super) fn in_channel(
    state: &mut State,
    params: &Value,
    run: impl FnOnce(&mut State, &str) -> Answer,
) -> Answer {
    let id = params["channel"].as_str().unwrap_or_default();
    match state.channels.get(id) {
        None => error("channel_not_found"),
        Some(channel) if !channel.is_member => error("not_in_channel"),
        Some(channel) if channel.is_archived => error("is_archived"),
        Some(_) => run(state, id),
    }
}

fn user(id: &str) -> Value {
    let is_bot = id == BOT_USER;
    json!({ "id": id, "team_id": TEAM, "name": id.to_lowercase(), "real_name": id, "deleted": false, "is_bot": is_bot, "tz_offset": 0 })
}

fn permalink(state: &mut State, params: &Value) -> Answer {
    in_channel(state, params, |state, id| {
        let ts = params["message_ts"].as_str().unwrap_or_default();
        match state.channels[id].message(ts) {
            Some(_) => {
                let link = format!("https://stand-in.slack.com/archives/{id}/p{}", ts.replace('.', ""));
                ok(json!({ "channel": id, "permalink": link }))
            }
            None => error("message_not_found"),
        }
    })
}

fn list(state: &State) -> Answer {
    let channels = state.channels.values().filter(|channel| !channel.is_direct());
    let channels: Vec<Value> = channels.map(super::channels::Channel::json).collect();
    ok(json!({ "channels": channels, "response_metadata": { "next_cursor": "" } }))
}

/// A direct message to one person; its channel's id is made of theirs.
fn open(state: &mut State, params: &Value) -> Answer {
    let users = match &params["users"] {
        Value::Array(users) => users.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        users => users.as_str().unwrap_or_default().to_owned(),
    };
    if !users.starts_with(['U', 'W']) {
        return error("user_not_found");
    }
    let id = format!("D{}", &users[1..]);
    state.channel(&id);
    ok(json!({ "channel": { "id": id }, "no_op": false, "already_open": false }))
}

fn react(state: &mut State, params: &Value) -> Answer {
    in_channel(state, params, |state, id| {
        if state.channels[id].message(params["timestamp"].as_str().unwrap_or_default()).is_none() {
            return error("message_not_found");
        }
        if state.reactions.contains(params) {
            return error("already_reacted");
        }
        state.reactions.push(params.clone());
        ok(json!({}))
    })
}

fn view(state: &mut State, params: &Value) -> Answer {
    let mut view = parsed(&params["view"]);
    if !matches!(view["type"].as_str(), Some("modal" | "home")) || !view["title"].is_object() {
        return error("invalid_arguments");
    }
    view["id"] = format!("V{:09}", state.next_id()).into();
    state.views.push(view.clone());
    ok(json!({ "view": view }))
}
