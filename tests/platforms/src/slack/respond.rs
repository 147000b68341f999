//! Answers to a `response_url`: <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{RESPONSE_URL, State, check_blocks};
use crate::answer::Answer;
use crate::incoming::{Body, Incoming, segments};
use crate::server::{Call, Shared};

/// "You can respond with a response_url up to 5 times within 30 minutes."
const MOST: usize = 5;

pub(super) struct ResponseUrl {
    pub(super) channel: String,
    pub(super) user: String,
    /// `ts` of the message whose button was pressed.
    pub(super) message: Option<String>,
    pub(super) answers: Vec<Value>,
}

const MEMBERS: [&str; 9] = [
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "metadata",
];

pub(super) fn read(incoming: &Incoming) -> Call {
    let mut misfits = Vec::new();
    let params = match &incoming.body {
        Body::Json(value) if value.is_object() => value.clone(),
        _ => {
            misfits.push("body: a response_url takes an object in JSON".to_owned());
            json!({})
        }
    };
    let unknown =
        params.as_object().into_iter().flatten().filter(|(name, _)| !MEMBERS.contains(&name.as_str()));
    misfits.extend(unknown.map(|(name, _)| format!("body: a response_url takes no {name}")));
    misfits.extend(params.get("blocks").map(check_blocks).unwrap_or_default());
    let name = RESPONSE_URL.to_owned();
    Call { name, path: incoming.path.clone(), token: None, params, misfits, number: 0 }
}

impl State {
    /// Makes an address for answers to a command or a press.
    pub(super) fn response_url(
        &mut self,
        shared: &Shared,
        channel: &str,
        user: &str,
        message: Option<&str>,
    ) -> String {
        let id = format!("r{}", self.next_id());
        let url = ResponseUrl {
            channel: channel.to_owned(),
            user: user.to_owned(),
            message: message.map(str::to_owned),
            answers: Vec::new(),
        };
        self.responses.insert(id.clone(), url);
        format!("http://{}/slack/respond/{id}", shared.address)
    }
}

pub(super) fn carry_out(shared: &Arc<Shared>, call: &Call) -> Answer {
    let id = segments(&call.path).get(2).cloned().unwrap_or_default();
    shared.slack.change(|state| {
        let Some(url) = state.responses.get_mut(&id) else { return failed("expired_url") };
        if url.answers.len() >= MOST {
            return failed("used_url");
        }
        url.answers.push(call.params.clone());
        let (channel, user, message) = (url.channel.clone(), url.user.clone(), url.message.clone());
        place(state, &call.params, &channel, &user, message.as_deref());
        Answer::text(200, "ok")
    })
}

fn failed(error: &str) -> Answer {
    Answer::json(404, &json!({ "ok": false, "error": error }))
}

/// Replaces the message, deletes it, or adds one; unless `in_channel` is said, only the person sees it.
fn place(state: &mut State, params: &Value, channel: &str, user: &str, message: Option<&str>) {
    let ts = state.next_ts();
    if let Some(message) = message {
        let channel = state.channel(channel);
        if params["delete_original"] == true {
            channel.messages.retain(|one| one["ts"] != message);
            return;
        }
        if params["replace_original"] == true {
            if let Some(original) = channel.message_mut(message) {
                for (name, value) in params.as_object().into_iter().flatten() {
                    original[name] = value.clone();
                }
            }
            return;
        }
    }
    let mut added = params.clone();
    added["ts"] = ts.into();
    if params["response_type"] == "in_channel" {
        added["bot_id"] = super::BOT.into();
        state.channel(channel).messages.push(added);
    } else {
        added["channel"] = channel.into();
        added["user"] = user.into();
        state.ephemeral.push(added);
    }
}
