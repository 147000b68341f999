//! Telegram: the Bot API, as its server (github.com/tdlib/telegram-bot-api) answers it.

mod chats;
mod handle;
mod methods;
mod polling;
mod queue;
mod send;
mod speak;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use serde_json::{Map, Value, json};

use chats::Chat;
pub use chats::ChatKind;
pub use handle::Telegram;
use queue::Queue;

use crate::answer::Answer;
use crate::check::{Part, TELEGRAM};
use crate::faults::FaultKind;
use crate::incoming::{Body, Incoming, segments};
use crate::limiter::Limiter;
use crate::server::{Call, Connection, Shared};

/// All that Telegram knows of the bot.
pub(crate) struct State {
    token: String,
    bot_id: i64,
    username: String,
    chats: BTreeMap<i64, Chat>,
    queue: Queue,
    /// Address of a webhook, where one is set.
    webhook: Option<String>,
    /// Commands by their scope and language.
    commands: BTreeMap<String, Value>,
    /// Presses of buttons by id, with what the bot answered.
    presses: BTreeMap<String, Option<Value>>,
    /// Chat actions ("typing"), as they came.
    actions: Vec<Value>,
    polls: Vec<Weak<Connection>>,
    limiter: Limiter,
}

impl State {
    pub(crate) fn new() -> Self {
        let bot_id = 7_000_000_001;
        Self {
            token: format!("{bot_id}:AAstand-in-token-of-Telegram-0123456789"),
            bot_id,
            username: "aiwg_stand_in_bot".to_owned(),
            chats: BTreeMap::new(),
            queue: Queue::new(),
            webhook: None,
            commands: BTreeMap::new(),
            presses: BTreeMap::new(),
            actions: Vec::new(),
            polls: Vec::new(),
            limiter: Limiter::default(),
        }
    }

    fn bot(&self) -> Value {
        json!({ "id": self.bot_id, "is_bot": true, "first_name": "aiwg", "username": self.username })
    }

    /// Cuts the connections whose polls wait.
    pub(crate) fn cut_polls(&mut self) {
        for connection in self.polls.drain(..).filter_map(|poll| poll.upgrade()) {
            connection.cut();
        }
    }

    fn freeze_polls(&self) {
        self.polls.iter().filter_map(Weak::upgrade).for_each(|connection| connection.freeze());
    }

    fn add_poll(&mut self, connection: &Arc<Connection>) {
        self.polls.retain(|poll| poll.strong_count() > 0);
        self.polls.push(Arc::downgrade(connection));
    }
}

/// Reads a request: `/telegram/bot<token>/<method>`, with its parameters in the query, a form or JSON.
pub(crate) fn read(incoming: &Incoming) -> Call {
    let segments = segments(&incoming.path);
    let token = segments.get(1).and_then(|segment| segment.strip_prefix("bot")).map(str::to_owned);
    let name = segments.get(2).cloned().unwrap_or_default();
    let mut misfits = Vec::new();
    let mut params = Map::new();
    let mut add = |value: Value| params.extend(value.as_object().cloned().unwrap_or_default());
    add(TELEGRAM.read_form(&name, &incoming.query));
    match &incoming.body {
        Body::None => {}
        Body::Json(value) if value.is_object() => add(value.clone()),
        Body::Json(_) => misfits.push("body: no object".to_owned()),
        Body::Form(form) => add(TELEGRAM.read_form(&name, form)),
        Body::Unreadable(reason) => misfits.push(reason.clone()),
    }
    let params = Value::Object(params);
    if TELEGRAM.knows(&name) {
        misfits.extend(TELEGRAM.check(&name, Part::Body, &params));
    } else {
        misfits.push(format!("{name} is no method that the stand-in has"));
    }
    let path = format!("/telegram/bot<token>/{name}");
    Call { name, path, token, params, misfits, number: 0 }
}

pub(crate) async fn carry_out(shared: &Shared, incoming: &Incoming, call: &Call) -> Answer {
    if call.token != Some(shared.telegram.read(|state| state.token.clone())) {
        return error(401, "Unauthorized");
    }
    if call.name == "getUpdates" {
        return polling::get_updates(shared, incoming, &call.params).await;
    }
    methods::carry_out(shared, &call.name, &call.params)
}

fn ok(result: impl Into<Value>) -> Answer {
    Answer::json(200, &json!({ "ok": true, "result": result.into() }))
}

fn error(code: u16, description: &str) -> Answer {
    Answer::json(code, &json!({ "ok": false, "error_code": code, "description": description }))
}

fn bad_request(reason: &str) -> Answer {
    error(400, &format!("Bad Request: {reason}"))
}

/// "Too Many Requests", with the header that `HttpConnection.cpp` adds.
fn too_many_requests(retry_after: f64) -> Answer {
    let seconds = retry_after.ceil();
    let body = json!({
        "ok": false, "error_code": 429, "description": format!("Too Many Requests: retry after {seconds}"),
        "parameters": { "retry_after": seconds as u64 },
    });
    Answer::json(429, &body).with("retry-after", seconds)
}

pub(crate) fn refusal(fault: &FaultKind) -> Answer {
    match fault {
        FaultKind::TooManyRequests { retry_after } => too_many_requests(*retry_after),
        FaultKind::Unauthorized => error(401, "Unauthorized"),
        FaultKind::Error(text) => {
            let (code, _) = text.split_once(' ').unwrap_or_default();
            error(
                code.parse().expect("an error of Telegram begins with its code: `400 Bad Request: ...`"),
                &text[4..],
            )
        }
        _ => error(500, "Internal Server Error"),
    }
}
