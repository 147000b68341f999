//! Messages, edits, commands and presses of people.

use std::sync::Arc;

use serde_json::{Value, json};

use super::channels::Channel;
use super::{BOT_USER, State, TEAM, envelopes};
use crate::server::Shared;
use crate::speech::{Speaker, Speech, Spoken};

const OTHER_TEAM: &str = "T0ELSEWHER";

/// As Slack writes text in messages: <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl State {
    /// A message as the event `message`.
    pub(super) fn message_event(&self, channel: &str, message: &Value) -> Value {
        let mut event = message.clone();
        event["channel"] = channel.into();
        event["channel_type"] = self.channels.get(channel).map_or("channel", Channel::kind).into();
        event["event_ts"] = message["ts"].clone();
        event
    }

    fn hear(&mut self, speech: &Speech) -> Value {
        let ts = self.next_ts();
        let text = escaped(&speech.text);
        let text = if speech.mention { format!("<@{BOT_USER}> {text}") } else { text };
        let mut message = json!({
            "type": "message", "user": speech.from, "text": text, "ts": ts, "team": TEAM,
            "client_msg_id": format!("c0ffee00-0000-4000-8000-{:012}", self.next_id()),
        });
        if let Some(thread) = &speech.thread {
            message["thread_ts"] = thread.clone().into();
        }
        speak_as(speech, &mut message);
        let channel = self.channel(&speech.chat);
        channel.messages.push(message.clone());
        if let Some(thread) = &speech.thread {
            channel.count_reply(thread);
        }
        message
    }
}

fn speak_as(speech: &Speech, message: &mut Value) {
    match speech.speaker {
        Speaker::Person => {}
        Speaker::Bot => {
            message["bot_id"] = format!("B{}", &speech.from[1..]).into();
            message["app_id"] = "A0SOMEBODY".into();
            message.as_object_mut().expect("a message").remove("client_msg_id");
        }
        Speaker::Forwarder => {
            message["attachments"] = json!([{
                "is_share": true, "is_msg_unfurl": true, "text": message["text"], "author_id": "U0SOMEBODY", "ts": "1.000001",
            }]);
            message["text"] = "".into();
        }
        Speaker::External => {
            for name in ["team", "user_team", "source_team"] {
                message[name] = OTHER_TEAM.into();
            }
        }
        Speaker::AnonymousAdmin => panic!("Slack has no anonymous administrators"),
    }
}

/// A message; a mention outside of a direct message comes a second time, as `app_mention`.
pub(super) fn say(shared: &Arc<Shared>, speech: &Speech) -> Spoken {
    let (message, events) = shared.slack.change(|state| {
        let message = state.hear(speech);
        let event = state.message_event(&speech.chat, &message);
        let mut mention = event.clone();
        mention["type"] = "app_mention".into();
        mention.as_object_mut().expect("an event").remove("channel_type");
        let is_mention = speech.mention && !speech.chat.starts_with('D');
        (message, if is_mention { vec![event, mention] } else { vec![event] })
    });
    let deliveries = events.into_iter().map(|event| envelopes::send_event(shared, event)).collect();
    Spoken { message: message["ts"].as_str().unwrap_or_default().to_owned(), deliveries }
}

/// A person edits a message of theirs: the event `message_changed`.
pub(super) fn edit(shared: &Arc<Shared>, channel: &str, ts: &str, text: &str) -> Spoken {
    let event = shared.slack.change(|state| {
        let event_ts = state.next_ts();
        let message = state.channel(channel).message_mut(ts).expect("the message to edit");
        let previous = message.clone();
        message["text"] = escaped(text).into();
        message["edited"] = json!({ "user": message["user"], "ts": event_ts });
        let message = message.clone();
        json!({
            "type": "message", "subtype": "message_changed", "hidden": true, "message": message, "previous_message": previous,
            "channel": channel, "channel_type": state.channel(channel).kind(), "ts": event_ts, "event_ts": event_ts,
        })
    });
    Spoken { message: ts.to_owned(), deliveries: vec![envelopes::send_event(shared, event)] }
}

/// A person types a slash command: <https://docs.slack.dev/interactivity/implementing-slash-commands>.
pub(super) fn command(shared: &Arc<Shared>, channel: &str, from: &str, command: &str, text: &str) -> Spoken {
    let payload = shared.slack.change(|state| {
        state.channel(channel);
        let response_url = state.response_url(shared, channel, from, None);
        json!({
            "token": "verification-token", "team_id": TEAM, "team_domain": "stand-in", "channel_id": channel,
            "channel_name": if channel.starts_with('D') { "directmessage" } else { "channel" }, "user_id": from,
            "user_name": from.to_lowercase(), "command": command, "text": text, "api_app_id": super::APP,
            "is_enterprise_install": "false", "response_url": response_url, "trigger_id": format!("{}.stand-in", state.next_id()),
        })
    });
    let id = envelopes::send(shared, "slash_commands", payload, true);
    Spoken { message: id.clone(), deliveries: vec![id] }
}

/// A person presses a button: <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>.
pub(super) fn press(shared: &Arc<Shared>, channel: &str, ts: &str, from: &str, action_id: &str) -> Spoken {
    let payload = shared.slack.change(|state| {
        let response_url = state.response_url(shared, channel, from, Some(ts));
        let action_ts = state.next_ts();
        let message = state.channel(channel).message(ts).expect("the message with the button").clone();
        let mut action = button(&message, action_id);
        action["action_ts"] = action_ts.into();
        json!({
            "type": "block_actions", "user": { "id": from, "username": from.to_lowercase(), "name": from, "team_id": TEAM },
            "api_app_id": super::APP, "token": "verification-token", "trigger_id": format!("{}.stand-in", state.next_id()),
            "team": { "id": TEAM, "domain": "stand-in" }, "enterprise": null, "is_enterprise_install": false,
            "channel": { "id": channel, "name": "channel" }, "message": message,
            "container": { "type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false },
            "state": { "values": {} }, "response_url": response_url, "actions": [action],
        })
    });
    let id = envelopes::send(shared, "interactive", payload, false);
    Spoken { message: id.clone(), deliveries: vec![id] }
}

fn button(message: &Value, action_id: &str) -> Value {
    let blocks = message["blocks"].as_array().into_iter().flatten();
    for block in blocks {
        let elements = block["elements"].as_array().into_iter().flatten().chain(block.get("accessory"));
        if let Some(found) = elements.into_iter().find(|element| element["action_id"] == action_id) {
            let mut action = found.clone();
            action["block_id"] = block.get("block_id").cloned().unwrap_or_else(|| "b1".into());
            return action;
        }
    }
    panic!("no button of the message has the action_id {action_id}: {message}");
}
