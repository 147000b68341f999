//! Slack in the hands of a test.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::channels::Channel;
use super::envelopes::{SlackEnvelope, deliver};
use super::{BOT_USER, State, speak};
use crate::server::Shared;
use crate::speech::{Speech, Spoken};

/// Slack, as a test drives it. Channels begin with C (public), G (private) or D (direct), people with U.
#[derive(Clone)]
pub struct Slack {
    shared: Arc<Shared>,
}

impl Slack {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        self.shared.slack.change(change)
    }

    /// The bot's token (`xoxb-`) and the app's (`xapp-`).
    pub fn tokens(&self) -> (String, String) {
        self.shared.slack.read(|state| (state.bot_token.clone(), state.app_token.clone()))
    }

    /// Gives the bot other tokens; the old ones are refused from then on.
    pub fn set_tokens(&self, bot: &str, app: &str) {
        self.change(|state| (state.bot_token, state.app_token) = (bot.to_owned(), app.to_owned()));
    }

    /// Gives the bot's token other scopes, which its answers tell: `chat:write,commands`.
    pub fn set_scopes(&self, scopes: &str) {
        self.change(|state| scopes.clone_into(&mut state.scopes));
    }

    /// Id of the bot's user, as mentions have it.
    pub fn bot_user(&self) -> &'static str {
        BOT_USER
    }

    /// Adds a channel that the bot is in. Direct ones need none.
    pub fn add_channel(&self, id: &str) {
        self.change(|state| state.channels.insert(id.to_owned(), Channel::new(id)));
    }

    /// Adds a channel that the bot is in and that another organization shares.
    pub fn add_external_channel(&self, id: &str) {
        self.add_channel(id);
        self.change(|state| state.channel(id).is_external = true);
    }

    /// Takes the bot out of a channel, or invites it.
    pub fn set_member(&self, channel: &str, is_member: bool) {
        self.change(|state| state.channel(channel).is_member = is_member);
    }

    /// Archives a channel.
    pub fn archive(&self, channel: &str) {
        self.change(|state| state.channel(channel).is_archived = true);
    }

    /// Somebody says something. A mention in a channel has two deliveries: `message` and `app_mention`.
    pub fn say(&self, speech: &Speech) -> Spoken {
        speak::say(&self.shared, speech)
    }

    /// A person edits a message of theirs.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) -> Spoken {
        speak::edit(&self.shared, channel, ts, text)
    }

    /// A person types a slash command; the message's id is the `envelope_id`.
    pub fn command(&self, channel: &str, from: &str, command: &str, text: &str) -> Spoken {
        speak::command(&self.shared, channel, from, command, text)
    }

    /// A person presses the button with this `action_id` of a message of the bot; the id is the `envelope_id`.
    pub fn press(&self, channel: &str, ts: &str, from: &str, action_id: &str) -> Spoken {
        speak::press(&self.shared, channel, ts, from, action_id)
    }

    /// The messages of a channel, replies too, in the order of their `ts`.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        self.change(|state| state.channel(channel).messages.clone())
    }

    /// The bot's messages in a channel.
    pub fn sent(&self, channel: &str) -> Vec<Value> {
        self.messages(channel).into_iter().filter(|message| message["bot_id"] == super::BOT).collect()
    }

    /// Blocks until a channel has a message (of anyone) for which the function holds, and returns it.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for(&self, channel: &str, what: &str, mut holds: impl FnMut(&Value) -> bool) -> Value {
        self.shared
            .slack
            .wait(what, |state| state.channels.get(channel)?.messages.iter().find(|one| holds(one)).cloned())
    }

    /// The messages that only one person saw: `chat.postEphemeral` and answers to a `response_url`.
    pub fn ephemeral(&self) -> Vec<Value> {
        self.shared.slack.read(|state| state.ephemeral.clone())
    }

    /// The reactions that the bot added, as it sent them.
    pub fn reactions(&self) -> Vec<Value> {
        self.shared.slack.read(|state| state.reactions.clone())
    }

    /// An envelope.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn envelope(&self, id: &str) -> SlackEnvelope {
        self.envelopes().into_iter().find(|envelope| envelope.id == id).expect("an envelope that was sent")
    }

    /// All envelopes.
    pub fn envelopes(&self) -> Vec<SlackEnvelope> {
        self.shared.slack.read(|state| state.envelopes.clone())
    }

    /// Blocks until an envelope is acknowledged, and returns it.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for_acknowledgement(&self, id: &str) -> SlackEnvelope {
        self.shared.slack.wait(&format!("the acknowledgement of {id}"), |state| {
            let mut found =
                state.envelopes.iter().filter(|one| one.id == id && one.acknowledged_after_ms.is_some());
            found.next().cloned()
        })
    }

    /// Number of the bot's sockets that are open.
    pub fn sockets(&self) -> usize {
        self.shared.slack.read(|state| state.sockets.len())
    }

    /// Blocks until so many sockets are open, and none of them was told to leave.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for_sockets(&self, count: usize) {
        self.shared.slack.wait(&format!("{count} sockets"), |state| {
            let staying = state.sockets.values().filter(|socket| !socket.is_leaving).count();
            (staying == count && state.sockets.len() == count).then_some(())
        });
    }

    /// Says goodbye on each socket: `warning`, `refresh_requested` or `link_disabled`.
    pub fn disconnect(&self, reason: &str) {
        self.change(|state| state.disconnect(reason));
    }

    /// Closes each socket with a code of RFC 6455.
    pub fn close_sockets(&self, code: u16) {
        self.change(|state| state.close_sockets(code));
    }

    /// Leaves each socket half-open: it answers nothing, not even a ping, and does not close.
    pub fn freeze_sockets(&self) {
        self.change(|state| state.freeze_sockets());
    }

    /// Cuts each socket's connection.
    pub fn cut_sockets(&self) {
        self.change(State::cut_sockets);
    }

    /// Number of sockets that other programs have with the same app; they take their share of the envelopes.
    pub fn set_other_sockets(&self, count: usize) {
        self.change(|state| state.other_sockets = count);
    }

    /// Sends an envelope once more, as Slack does where it saw no acknowledgement in time: `retry_attempt` is 1.
    pub fn redeliver(&self, envelope: &str) {
        let index = self.shared.slack.read(|state| state.envelopes.iter().position(|one| one.id == envelope));
        deliver(&self.shared, index.expect("an envelope that was sent"), 1);
    }

    /// Holds envelopes back, until `release`.
    pub fn hold(&self) {
        self.change(|state| {
            state.held.get_or_insert_default();
        });
    }

    /// Delivers what was held back, in its order or the reverse one.
    pub fn release(&self, is_reversed: bool) {
        let mut held = self.change(|state| state.held.take().unwrap_or_default());
        if is_reversed {
            held.reverse();
        }
        held.into_iter().for_each(|index| deliver(&self.shared, index, 0));
    }

    /// All of its state, for scripts.
    pub(crate) fn state(&self) -> Value {
        self.shared.slack.read(|state| {
            let messages =
                state.channels.iter().map(|(id, channel)| (id.clone(), channel.messages.clone().into()));
            json!({
                "botToken": state.bot_token,
                "appToken": state.app_token,
                "botUser": BOT_USER,
                "channels": messages.collect::<Map<_, _>>(),
                "sockets": state.sockets.len(),
                "envelopes": state.envelopes,
                "ephemeral": state.ephemeral,
                "reactions": state.reactions,
                "views": state.views,
            })
        })
    }
}
