//! Slack: the Web API and Socket Mode, as <https://docs.slack.dev> and Slack's own clients have them.

mod channels;
mod envelopes;
mod handle;
mod history;
mod messages;
mod methods;
mod respond;
mod socket;
mod speak;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

pub use envelopes::SlackEnvelope;
pub use handle::Slack;
pub(crate) use socket::open_socket;

use crate::answer::Answer;
use crate::check::{Part, SLACK, check_blocks};
use crate::faults::FaultKind;
use crate::incoming::{Body, Incoming, segments};
use crate::limiter::Limiter;
use crate::server::{Call, Shared};

pub(crate) const TEAM: &str = "T0STANDIN1";
const APP: &str = "A0STANDIN1";
const BOT_USER: &str = "U0AIWGBOT1";
const BOT: &str = "B0AIWGBOT1";

/// The scopes that an app of this kind has: <https://docs.slack.dev/reference/scopes>.
const SCOPES: &str = "chat:write,app_mentions:read,im:history,commands,channels:history,groups:history";

/// Name of the call by which a bot answers to a `response_url`.
const RESPONSE_URL: &str = "response_url";

/// All that Slack knows of the app.
pub(crate) struct State {
    bot_token: String,
    app_token: String,
    /// The scopes of the bot's token, as answers tell them.
    scopes: String,
    channels: BTreeMap<String, channels::Channel>,
    sockets: BTreeMap<u64, socket::Socket>,
    /// Addresses that no socket has used yet.
    tickets: Vec<String>,
    /// Sockets of other programs with the same app, which take their share of the envelopes.
    other_sockets: usize,
    /// The next envelope's place in the round of sockets.
    round: usize,
    envelopes: Vec<SlackEnvelope>,
    held: Option<Vec<usize>>,
    responses: BTreeMap<String, respond::ResponseUrl>,
    /// Messages that only one person sees.
    ephemeral: Vec<Value>,
    reactions: Vec<Value>,
    views: Vec<Value>,
    latest_ts: u64,
    ids: u64,
    limiter: Limiter,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            bot_token: "xoxb-100000000001-200000000002-standinTokenOfSlack".to_owned(),
            app_token: "xapp-1-A0STANDIN1-300000000003-standinappleveltoken".to_owned(),
            scopes: SCOPES.to_owned(),
            channels: BTreeMap::new(),
            sockets: BTreeMap::new(),
            tickets: Vec::new(),
            other_sockets: 0,
            round: 0,
            envelopes: Vec::new(),
            held: None,
            responses: BTreeMap::new(),
            ephemeral: Vec::new(),
            reactions: Vec::new(),
            views: Vec::new(),
            latest_ts: 0,
            ids: 0,
            limiter: Limiter::default(),
        }
    }

    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }
}

/// Reads a request: `/slack/api/METHOD`, with its arguments in the query, a form or JSON, or a `response_url`.
pub(crate) fn read(incoming: &Incoming) -> Call {
    let segments = segments(&incoming.path);
    if segments.get(1).is_some_and(|segment| segment == "respond") {
        return respond::read(incoming);
    }
    let name = segments.get(2).cloned().unwrap_or_default();
    let mut misfits = Vec::new();
    let mut params = Map::new();
    let mut add = |value: Value| params.extend(value.as_object().cloned().unwrap_or_default());
    add(SLACK.read_form(&name, &incoming.query));
    match &incoming.body {
        Body::None => {}
        Body::Json(value) if value.is_object() => add(value.clone()),
        Body::Json(_) => misfits.push("body: no object".to_owned()),
        Body::Form(form) => add(SLACK.read_form(&name, form)),
        Body::Unreadable(reason) => misfits.push(reason.clone()),
    }
    let token = incoming.token("Bearer").or_else(|| params.get("token")?.as_str().map(str::to_owned));
    params.remove("token");
    let params = Value::Object(params);
    if SLACK.knows(&name) {
        misfits.extend(SLACK.check(&name, Part::Body, &params));
        misfits.extend(params.get("blocks").map(|blocks| check_blocks(&parsed(blocks))).unwrap_or_default());
    } else {
        misfits.push(format!("{name} is no method that the stand-in has"));
    }
    Call { path: incoming.path.clone(), name, token, params, misfits, number: 0 }
}

/// A list or an object that may have come as its text.
fn parsed(value: &Value) -> Value {
    value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}

pub(crate) fn carry_out(shared: &Arc<Shared>, call: &Call) -> Answer {
    if call.name == RESPONSE_URL {
        return respond::carry_out(shared, call);
    }
    let Some(token) = &call.token else { return error("not_authed") };
    let (bot, app) = shared.slack.read(|state| (state.bot_token.clone(), state.app_token.clone()));
    let is_opening = call.name == "apps.connections.open";
    if *token != bot && *token != app {
        return error("invalid_auth");
    }
    // Each token is for its own: the app's opens sockets, the bot's does all else.
    if is_opening != (*token == app) {
        return error("not_allowed_token_type");
    }
    if is_opening {
        return socket::open(shared);
    }
    let scopes = shared.slack.read(|state| state.scopes.clone());
    methods::carry_out(shared, call).with("x-oauth-scopes", scopes)
}

fn ok(mut body: Value) -> Answer {
    body["ok"] = true.into();
    Answer::json(200, &body)
}

fn error(code: &str) -> Answer {
    Answer::json(200, &json!({ "ok": false, "error": code }))
}

/// <https://docs.slack.dev/apis/web-api/rate-limits>: 429, and whole seconds in `Retry-After`.
fn rate_limited(retry_after: f64) -> Answer {
    Answer::json(429, &json!({ "ok": false, "error": "ratelimited" })).with("retry-after", retry_after.ceil())
}

pub(crate) fn refusal(fault: &FaultKind) -> Answer {
    match fault {
        FaultKind::TooManyRequests { retry_after } => rate_limited(*retry_after),
        FaultKind::Unauthorized => error("invalid_auth"),
        FaultKind::Error(code) => error(code),
        _ => Answer::json(500, &json!({ "ok": false, "error": "internal_error" })),
    }
}
