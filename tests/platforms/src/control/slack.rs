//! The verbs of Slack.

use super::{Arguments, Outcome, done};
use crate::slack::Slack;
use crate::speech::Speech;

pub(super) fn act(slack: &Slack, verb: &str, arguments: &Arguments) -> Outcome {
    let text = |name| arguments.get::<String>(name);
    match verb {
        "say" => done(slack.say(&arguments.whole::<Speech>()?)),
        "edit" => done(slack.edit(&text("channel")?, &text("ts")?, &text("text")?)),
        "command" => {
            done(slack.command(&text("channel")?, &text("from")?, &text("command")?, &text("text")?))
        }
        "press" => done(slack.press(&text("channel")?, &text("ts")?, &text("from")?, &text("actionId")?)),
        "addChannel" => done(slack.add_channel(&text("channel")?)),
        "addExternalChannel" => done(slack.add_external_channel(&text("channel")?)),
        "setMember" => done(slack.set_member(&text("channel")?, arguments.get("isMember")?)),
        "archive" => done(slack.archive(&text("channel")?)),
        "setTokens" => done(slack.set_tokens(&text("bot")?, &text("app")?)),
        "disconnect" => done(slack.disconnect(&text("reason")?)),
        "closeSockets" => done(slack.close_sockets(arguments.get("code")?)),
        "freezeSockets" => done(slack.freeze_sockets()),
        "cutSockets" => done(slack.cut_sockets()),
        "setOtherSockets" => done(slack.set_other_sockets(arguments.get("count")?)),
        "redeliver" => done(slack.redeliver(&text("envelope")?)),
        "hold" => done(slack.hold()),
        "release" => done(slack.release(arguments.get("isReversed")?)),
        _ => Err(format!("Slack has no {verb}")),
    }
}
