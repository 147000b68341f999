//! The verbs of Telegram.

use super::{Arguments, Outcome, done};
use crate::speech::Speech;
use crate::telegram::{ChatKind, Telegram};

pub(super) fn act(telegram: &Telegram, verb: &str, arguments: &Arguments) -> Outcome {
    let text = |name| arguments.get::<String>(name);
    match verb {
        "say" => done(telegram.say(&arguments.whole::<Speech>()?)),
        "edit" => done(telegram.edit(&text("chat")?, &text("message")?, &text("text")?)),
        "press" => done(telegram.press(&text("chat")?, &text("message")?, &text("from")?, &text("data")?)),
        "addChat" => done(telegram.add_chat(text("chat")?, arguments.get::<ChatKind>("kind")?)),
        "addTopic" => done(telegram.add_topic(text("chat")?, arguments.get("topic")?)),
        "forbid" => {
            done(telegram.forbid(text("chat")?, arguments.get::<Option<String>>("reason")?.as_deref()))
        }
        "migrate" => done(telegram.migrate(text("from")?, text("to")?)),
        "setToken" => done(telegram.set_token(&text("token")?)),
        "setBot" => done(telegram.set_bot(arguments.get("id")?, &text("username")?)),
        "hold" => done(telegram.hold()),
        "release" => done(telegram.release(arguments.get("isReversed")?)),
        "restartIds" => done(telegram.restart_ids(arguments.get("first")?)),
        "setWebhook" => done(telegram.set_webhook(&text("url")?)),
        "pollFromElsewhere" => done(telegram.poll_from_elsewhere()),
        "freezePolls" => done(telegram.freeze_polls()),
        "cutPolls" => done(telegram.cut_polls()),
        _ => Err(format!("Telegram has no {verb}")),
    }
}
