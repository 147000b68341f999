//! The verbs of Discord.

use std::collections::BTreeMap;

use super::{Arguments, Outcome, done};
use crate::discord::Discord;
use crate::speech::Speech;

pub(super) fn act(discord: &Discord, verb: &str, arguments: &Arguments) -> Outcome {
    let text = |name| arguments.get::<String>(name);
    match verb {
        "say" => done(discord.say(&arguments.whole::<Speech>()?)),
        "repeat" => done(discord.repeat(&text("channel")?, &text("message")?)),
        "edit" => done(discord.edit(&text("channel")?, &text("message")?, &text("text")?)),
        "command" => {
            let options = arguments.get::<BTreeMap<String, String>>("options")?;
            let options: Vec<_> =
                options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            done(discord.command(&text("channel")?, &text("from")?, &text("name")?, &options))
        }
        "press" => {
            done(discord.press(&text("channel")?, &text("message")?, &text("from")?, &text("customId")?))
        }
        "addChannel" => done(discord.add_channel(&text("channel")?)),
        "addThread" => done(discord.add_thread(&text("thread")?, &text("parent")?)),
        "directChannel" => done(discord.direct_channel(&text("person")?)),
        "setAccess" => done(discord.set_access(&text("channel")?, arguments.get("isAccessible")?)),
        "setToken" => done(discord.set_token(&text("token")?)),
        "disallowIntents" => done(discord.disallow_intents(arguments.get("bits")?)),
        "reconnect" => done(discord.reconnect()),
        "invalidate" => done(discord.invalidate(arguments.get("isResumable")?)),
        "requestHeartbeat" => done(discord.request_heartbeat()),
        "forgetSessions" => done(discord.forget_sessions()),
        "closeSockets" => done(discord.close_sockets(arguments.get("code")?)),
        "freezeSockets" => done(discord.freeze_sockets()),
        "cutSockets" => done(discord.cut_sockets()),
        "hold" => done(discord.hold()),
        "release" => done(discord.release(arguments.get("isReversed")?)),
        _ => Err(format!("Discord has no {verb}")),
    }
}
