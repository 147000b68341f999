//! Telegram in the hands of a test.

use std::sync::Arc;

use serde_json::{Value, json};

use super::chats::{Chat, ChatKind};
use crate::server::Shared;
use crate::speech::{Speech, Spoken};

/// Telegram, as a test drives it. Ids are numbers in text.
#[derive(Clone)]
pub struct Telegram {
    shared: Arc<Shared>,
}

fn number(id: impl ToString) -> i64 {
    let text = id.to_string();
    text.parse().unwrap_or_else(|_| panic!("ids of Telegram are numbers, not {text:?}"))
}

impl Telegram {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.shared.telegram.read(|state| state.token.clone())
    }

    /// Gives the bot another token; the old one is refused from then on.
    pub fn set_token(&self, token: &str) {
        self.shared.telegram.change(|state| state.token = token.to_owned());
    }

    /// The bot's id and its name after the `@`.
    pub fn bot(&self) -> (String, String) {
        self.shared.telegram.read(|state| (state.bot_id.to_string(), state.username.clone()))
    }

    /// Makes the token that of another bot.
    pub fn set_bot(&self, id: i64, username: &str) {
        self.shared.telegram.change(|state| (state.bot_id, state.username) = (id, username.to_owned()));
    }

    /// Adds a chat that the bot is in. Private ones need none.
    pub fn add_chat(&self, id: impl ToString, kind: ChatKind) {
        let id = number(id);
        self.shared.telegram.change(|state| state.chats.insert(id, Chat::new(id, kind)));
    }

    /// Adds a topic to a chat.
    pub fn add_topic(&self, chat: impl ToString, topic: i64) {
        self.shared.telegram.change(|state| state.chat(number(chat)).topics.insert(topic));
    }

    /// Forbids the bot to write to a chat (`bot was kicked from the supergroup chat`), or allows it again.
    pub fn forbid(&self, chat: impl ToString, reason: Option<&str>) {
        self.shared.telegram.change(|state| state.chat(number(chat)).forbidden = reason.map(str::to_owned));
    }

    /// Makes a supergroup of a group.
    pub fn migrate(&self, from: impl ToString, to: impl ToString) -> Spoken {
        self.shared.telegram.change(|state| state.migrate(number(from), number(to)))
    }

    /// Somebody says something.
    pub fn say(&self, speech: &Speech) -> Spoken {
        self.shared.telegram.change(|state| state.say(speech))
    }

    /// A person edits a message of theirs.
    pub fn edit(&self, chat: &str, message: &str, text: &str) -> Spoken {
        self.shared.telegram.change(|state| state.edit_by_person(chat, message, text))
    }

    /// A person presses the button with this callback data of a message of the bot.
    pub fn press(&self, chat: &str, message: &str, from: &str, data: &str) -> Spoken {
        self.shared.telegram.change(|state| state.press(chat, message, from, data))
    }

    /// The messages of a chat, as the Bot API writes them, the bot's and people's.
    pub fn messages(&self, chat: &str) -> Vec<Value> {
        self.shared.telegram.change(|state| state.chat(number(chat)).messages.clone())
    }

    /// The bot's messages in a chat.
    pub fn sent(&self, chat: &str) -> Vec<Value> {
        let bot = number(self.bot().0);
        self.messages(chat).into_iter().filter(|message| message["from"]["id"] == bot).collect()
    }

    /// Blocks until a chat has a message (of anyone) for which the function holds, and returns it.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for(&self, chat: &str, what: &str, mut holds: impl FnMut(&Value) -> bool) -> Value {
        let id = number(chat);
        self.shared
            .telegram
            .wait(what, |state| state.chats.get(&id)?.messages.iter().find(|one| holds(one)).cloned())
    }

    /// Blocks until the bot has a poll waiting.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for_poll(&self) {
        self.shared.telegram.wait("a poll", |state| state.queue.is_polled().then_some(()));
    }

    /// The updates that the bot has not confirmed.
    pub fn unconfirmed(&self) -> Vec<Value> {
        self.shared.telegram.read(|state| state.queue.waiting())
    }

    /// Blocks until the bot has confirmed all updates.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_until_confirmed(&self) {
        self.shared.telegram.wait("no update", |state| state.queue.waiting().is_empty().then_some(()));
    }

    /// The bot's answer to a press, by its id; none if there was none.
    pub fn answer_to(&self, press: &str) -> Option<Value> {
        self.shared.telegram.read(|state| state.presses.get(press).cloned().flatten())
    }

    /// The chat actions ("typing") that the bot sent.
    pub fn actions(&self) -> Vec<Value> {
        self.shared.telegram.read(|state| state.actions.clone())
    }

    /// The commands that are registered, of all scopes.
    pub fn commands(&self) -> Vec<Value> {
        self.shared.telegram.read(|state| state.commands.values().cloned().collect())
    }

    /// Holds updates back, until `release`.
    pub fn hold(&self) {
        self.shared.telegram.change(|state| state.queue.hold());
    }

    /// Delivers what was held back, in its order or the reverse one. Returns the ids of the updates.
    pub fn release(&self, is_reversed: bool) -> Vec<String> {
        let ids = self.shared.telegram.change(|state| state.queue.release(is_reversed));
        ids.iter().map(ToString::to_string).collect()
    }

    /// Begins ids of updates anew, at random in life, as after a week of silence.
    pub fn restart_ids(&self, first: i64) {
        self.shared.telegram.change(|state| state.queue.restart_ids(first));
    }

    /// Sets a webhook, as another program would: polls are answered 409. An empty address takes it away.
    pub fn set_webhook(&self, url: &str) {
        self.shared.telegram.change(|state| {
            state.webhook = Some(url.to_owned()).filter(|url| !url.is_empty());
            state.queue.interrupt();
        });
    }

    /// Ends the poll that waits with 409, as a second poller does.
    pub fn poll_from_elsewhere(&self) {
        self.shared.telegram.change(|state| state.queue.interrupt());
    }

    /// Cuts the connections of polls that wait.
    pub fn cut_polls(&self) {
        self.shared.telegram.change(super::State::cut_polls);
    }

    /// Leaves the connections of polls that wait half-open: there is no answer on them, and no end.
    pub fn freeze_polls(&self) {
        self.shared.telegram.read(super::State::freeze_polls);
    }

    /// All of its state, for scripts.
    pub(crate) fn state(&self) -> Value {
        self.shared.telegram.read(|state| {
            let chats =
                state.chats.iter().map(|(id, chat)| (id.to_string(), Value::from(chat.messages.clone())));
            json!({
                "token": state.token,
                "bot": state.bot(),
                "chats": chats.collect::<serde_json::Map<_, _>>(),
                "isPolled": state.queue.is_polled(),
                "unconfirmed": state.queue.waiting(),
                "webhook": state.webhook,
                "commands": state.commands,
                "presses": state.presses,
                "actions": state.actions,
            })
        })
    }
}
