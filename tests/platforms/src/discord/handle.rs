//! Discord in the hands of a test.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::channels::Channel;
use super::{State, gateway};
use crate::server::Shared;
use crate::speech::{Speech, Spoken};

/// Discord, as a test drives it. Ids are numbers in text.
#[derive(Clone)]
pub struct Discord {
    shared: Arc<Shared>,
}

impl Discord {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        self.shared.discord.change(change)
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.shared.discord.read(|state| state.token.clone())
    }

    /// Gives the bot another token; the old one is refused from then on.
    pub fn set_token(&self, token: &str) {
        self.change(|state| state.token = token.to_owned());
    }

    /// Id of the application and of its user.
    pub fn application(&self) -> String {
        self.shared.discord.read(|state| state.application.clone())
    }

    /// Id of the guild that the bot is in.
    pub fn guild(&self) -> String {
        self.shared.discord.read(|state| state.guild.clone())
    }

    /// Adds a text channel of the guild.
    pub fn add_channel(&self, id: &str) {
        self.change(|state| {
            let channel = Channel::text(id, &state.guild);
            let json = channel.json();
            state.channels.insert(id.to_owned(), channel);
            gateway::tell_of_channel(state, "CHANNEL_CREATE", json);
        });
    }

    /// Adds a thread to a channel.
    pub fn add_thread(&self, id: &str, parent: &str) {
        self.change(|state| {
            let thread = Channel::thread(id, &state.guild, parent);
            let json = thread.json();
            state.channels.insert(id.to_owned(), thread);
            gateway::tell_of_channel(state, "THREAD_CREATE", json);
        });
    }

    /// A person opens a thread in a channel: Discord tells of it there by a message.
    pub fn open_thread(&self, id: &str, parent: &str, person: &str) {
        self.add_thread(id, parent);
        self.change(|state| state.tell_of_thread(id, parent, person));
    }

    /// The channel of direct messages with a person; it is made where there is none.
    pub fn direct_channel(&self, person: &str) -> String {
        self.change(|state| state.direct_channel(person))
    }

    /// Takes the bot's access to a channel, or gives it.
    pub fn set_access(&self, channel: &str, is_accessible: bool) {
        self.change(|state| state.channel(channel).is_accessible = is_accessible);
    }

    /// Intents, as bits, with which the bot may not identify: 4014.
    pub fn disallow_intents(&self, bits: u64) {
        self.change(|state| state.disallowed_intents = bits);
    }

    /// Somebody says something.
    pub fn say(&self, speech: &Speech) -> Spoken {
        self.change(|state| state.say(speech))
    }

    /// Sends the event of a message once more, with another number.
    pub fn repeat(&self, channel: &str, message: &str) -> Vec<String> {
        self.change(|state| state.repeat(channel, message))
    }

    /// A person edits a message of theirs.
    pub fn edit(&self, channel: &str, message: &str, text: &str) -> Spoken {
        self.change(|state| state.edit_by_person(channel, message, text))
    }

    /// A person types a command of the application with options that are texts. The id is the interaction's.
    pub fn command(&self, channel: &str, from: &str, name: &str, options: &[(&str, &str)]) -> Spoken {
        self.change(|state| state.command(channel, from, name, options))
    }

    /// A person presses the button with this `custom_id`. The id is the interaction's.
    pub fn press(&self, channel: &str, message: &str, from: &str, custom_id: &str) -> Spoken {
        self.change(|state| state.press(channel, message, from, custom_id))
    }

    /// Body of the bot's first answer to an interaction, and the milliseconds that it took.
    pub fn answer_to(&self, interaction: &str) -> Option<(Value, u64)> {
        self.shared.discord.read(|state| {
            let found = state.interactions.values().find(|one| one.id == interaction)?;
            Some((found.response.clone()?, found.answered_after_ms?))
        })
    }

    /// The messages of a channel, the bot's and people's; the bot's with their `nonce` and `allowed_mentions`.
    /// `mention_everyone` is true where one pinged everyone.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        self.change(|state| state.channel(channel).messages.clone())
    }

    /// The bot's messages in a channel.
    pub fn sent(&self, channel: &str) -> Vec<Value> {
        let bot = self.application();
        self.messages(channel).into_iter().filter(|message| message["author"]["id"] == bot).collect()
    }

    /// Blocks until a channel has a message (of anyone) for which the function holds, and returns it.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for(&self, channel: &str, what: &str, mut holds: impl FnMut(&Value) -> bool) -> Value {
        self.shared
            .discord
            .wait(what, |state| state.channels.get(channel)?.messages.iter().find(|one| holds(one)).cloned())
    }

    /// Channels in which the bot was seen typing, once for each request.
    pub fn typing(&self) -> Vec<String> {
        self.shared.discord.read(|state| state.typing.clone())
    }

    /// Commands that are registered, of a guild or of everywhere.
    pub fn commands(&self, guild: Option<&str>) -> Vec<Value> {
        self.shared
            .discord
            .read(|state| state.commands.get(guild.unwrap_or_default()).cloned().unwrap_or_default())
    }

    /// Blocks until the bot is identified, or has resumed, on so many sockets.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_for_sockets(&self, count: usize) {
        self.shared
            .discord
            .wait(&format!("{count} sockets"), |state| (state.ready_sockets() == count).then_some(()));
    }

    /// Number of sessions that can be resumed or are in use.
    pub fn sessions(&self) -> usize {
        self.shared.discord.read(|state| state.sessions.len())
    }

    /// Identifies that are left of the day's 1,000.
    pub fn identifies_left(&self) -> u64 {
        self.shared.discord.read(|state| state.identifies_left)
    }

    /// Forgets by which number each message was made, as Discord does after some minutes.
    pub fn forget_nonces(&self) {
        self.change(|state| {
            let messages = state.channels.values_mut().flat_map(|channel| &mut channel.messages);
            messages.filter_map(Value::as_object_mut).for_each(|message| {
                message.remove("nonce");
            });
        });
    }

    /// Uses up the day's identifies.
    pub fn use_up_identifies(&self) {
        self.change(|state| state.identifies_left = 0);
    }

    /// Address at which sessions that begin from then on are told that they can be resumed.
    pub fn set_resume_url(&self, url: &str) {
        self.change(|state| state.resume_url = Some(url.to_owned()));
    }

    /// Number of guilds that the bot is in, as its application tells it.
    pub fn set_guild_count(&self, count: u64) {
        self.change(|state| state.guild_count = count);
    }

    fn to_sockets(&self, frame: &Value) {
        self.shared
            .discord
            .read(|state| state.sockets.values().for_each(|socket| socket.send(frame.clone())));
    }

    /// Sends opcode 7: the bot is to reconnect and resume.
    pub fn reconnect(&self) {
        self.to_sockets(&json!({ "op": 7, "d": null }));
    }

    /// Sends opcode 9. Where the session is not resumable, it is forgotten.
    pub fn invalidate(&self, is_resumable: bool) {
        self.to_sockets(&json!({ "op": 9, "d": is_resumable }));
        if !is_resumable {
            self.forget_sessions();
        }
    }

    /// Asks for a heartbeat at once (opcode 1).
    pub fn request_heartbeat(&self) {
        self.to_sockets(&json!({ "op": 1, "d": null }));
    }

    /// Forgets all sessions, as Discord does minutes after their sockets have gone: a resume is answered with opcode 9.
    pub fn forget_sessions(&self) {
        self.change(|state| state.sessions.clear());
    }

    /// Closes each socket with a code, such as 4014.
    pub fn close_sockets(&self, code: u16) {
        self.shared.discord.read(|state| state.sockets.values().for_each(|socket| socket.close(code)));
    }

    /// Leaves each socket half-open: it answers nothing, not even a heartbeat, and does not close.
    pub fn freeze_sockets(&self) {
        self.shared.discord.read(|state| state.sockets.values().for_each(gateway::Socket::freeze));
    }

    /// Cuts each socket's connection. The sessions stay.
    pub fn cut_sockets(&self) {
        self.change(State::cut_sockets);
    }

    /// Holds events back, until `release`.
    pub fn hold(&self) {
        self.change(|state| {
            state.held.get_or_insert_default();
        });
    }

    /// Delivers what was held back, in its order or the reverse one.
    pub fn release(&self, is_reversed: bool) {
        self.change(|state| {
            let mut held = state.held.take().unwrap_or_default();
            if is_reversed {
                held.reverse();
            }
            for event in held {
                state.dispatch(event);
            }
        });
    }

    /// All of its state, for scripts.
    pub(crate) fn state(&self) -> Value {
        self.shared.discord.read(|state| {
            let messages = state.channels.iter().map(|(id, channel)| (id.clone(), channel.messages.clone().into()));
            let interactions = state.interactions.values().map(|one| {
                json!({ "id": one.id, "channel": one.channel, "response": one.response, "afterMs": one.answered_after_ms })
            });
            json!({
                "token": state.token,
                "application": state.application,
                "guild": state.guild,
                "channels": messages.collect::<Map<_, _>>(),
                "sockets": state.ready_sockets(),
                "sessions": state.sessions.len(),
                "identifiesLeft": state.identifies_left,
                "interactions": interactions.collect::<Vec<_>>(),
                "commands": state.commands,
                "typing": state.typing,
            })
        })
    }
}
