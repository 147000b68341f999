//! The methods besides `getUpdates`.

use serde_json::{Value, json};

use super::send::{delete, edit_markup, edit_text, send};
use super::{State, bad_request, error, ok};
use crate::answer::Answer;
use crate::server::Shared;

pub(super) fn carry_out(shared: &Shared, method: &str, params: &Value) -> Answer {
    let limit = shared.settings.telegram_messages;
    shared.telegram.change(|state| match method {
        "getMe" => ok(get_me(state)),
        "sendMessage" => send(state, params, limit),
        "editMessageText" => edit_text(state, params),
        "editMessageReplyMarkup" => edit_markup(state, params),
        "deleteMessage" => delete(state, params),
        "sendChatAction" => send_chat_action(state, params),
        // A draft is shown while it is written, and is no message.
        "sendMessageDraft" | "setMessageReaction" => in_chat(state, params, |_, _| ok(true)),
        "answerCallbackQuery" => answer_callback_query(state, params),
        "setMyCommands" => set_my_commands(state, params),
        "getMyCommands" => ok(state.commands.get(&scope(params)).cloned().unwrap_or_else(|| json!([]))),
        "deleteMyCommands" => {
            state.commands.remove(&scope(params));
            ok(true)
        }
        "getWebhookInfo" => ok(webhook_info(state)),
        "setWebhook" => set_webhook(state, params),
        "deleteWebhook" => {
            state.webhook = None;
            ok(true)
        }
        "getChat" => in_chat(state, params, |state, id| ok(full_chat(state, id))),
        _ => error(404, "Not Found: method not found"),
    })
}

fn get_me(state: &State) -> Value {
    let mut me = state.bot();
    for (name, value) in [
        ("can_join_groups", true),
        // Privacy mode, as bots have it by default: of a group they get mentions, answers and commands.
        ("can_read_all_group_messages", false),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
    ] {
        me[name] = value.into();
    }
    me
}

/// Runs with the chat's id if the bot may write there. `Client::check_chat_access` has these errors.
pub(super) fn in_chat(
    state: &mut State,
    params: &Value,
    run: impl FnOnce(&mut State, i64) -> Answer,
) -> Answer {
    let id = params["chat_id"].as_i64().or_else(|| params["chat_id"].as_str()?.parse().ok());
    let Some(chat) = id.and_then(|id| state.chats.get(&id)) else { return bad_request("chat not found") };
    if let Some(to) = chat.migrated_to {
        let description = "Bad Request: group chat was upgraded to a supergroup chat";
        let parameters = json!({ "migrate_to_chat_id": to });
        let body =
            json!({ "ok": false, "error_code": 400, "description": description, "parameters": parameters });
        return Answer::json(400, &body);
    }
    if let Some(reason) = &chat.forbidden {
        return error(403, &format!("Forbidden: {reason}"));
    }
    let id = chat.id;
    run(state, id)
}

fn send_chat_action(state: &mut State, params: &Value) -> Answer {
    in_chat(state, params, |state, _| {
        state.actions.push(params.clone());
        ok(true)
    })
}

fn answer_callback_query(state: &mut State, params: &Value) -> Answer {
    let id = params["callback_query_id"].as_str().unwrap_or_default();
    match state.presses.get_mut(id) {
        Some(answer) => {
            *answer = Some(params.clone());
            ok(true)
        }
        None => bad_request("query is too old and response timeout expired or query ID is invalid"),
    }
}

fn scope(params: &Value) -> String {
    let scope = params.get("scope").cloned().unwrap_or_else(|| json!({ "type": "default" }));
    format!("{scope} {}", params["language_code"].as_str().unwrap_or_default())
}

/// Bot API, BotCommand: "1-32 characters. Can contain only lowercase English letters, digits and underscores."
fn set_my_commands(state: &mut State, params: &Value) -> Answer {
    let commands = params["commands"].as_array().cloned().unwrap_or_default();
    let is_name = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !commands.iter().all(|command| command["command"].as_str().is_some_and(is_name)) {
        return bad_request("BOT_COMMAND_INVALID");
    }
    if commands.len() > 100 {
        return bad_request("BOT_COMMANDS_TOO_MUCH");
    }
    state.commands.insert(scope(params), commands.into());
    ok(true)
}

fn set_webhook(state: &mut State, params: &Value) -> Answer {
    state.webhook = params["url"].as_str().filter(|url| !url.is_empty()).map(str::to_owned);
    state.queue.interrupt();
    ok(true)
}

fn webhook_info(state: &State) -> Value {
    json!({
        "url": state.webhook.clone().unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": state.queue.waiting().len(),
    })
}

fn full_chat(state: &State, id: i64) -> Value {
    let mut chat = state.chats[&id].json();
    chat["accent_color_id"] = 0.into();
    chat["max_reaction_count"] = 11.into();
    chat["accepted_gift_types"] = json!({
        "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false, "premium_subscription": false,
        "gifts_from_channels": false,
    });
    chat
}
