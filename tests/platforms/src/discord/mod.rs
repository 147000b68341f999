//! Discord: the REST API and the gateway, version 10, as <https://docs.discord.com/developers> has them.

mod channels;
mod commands;
mod gateway;
mod guild;
mod handle;
mod interactions;
mod messages;
mod routes;
mod session;
mod speak;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(crate) use gateway::open_gateway;
pub use handle::Discord;
pub(crate) use routes::{carry_out, read};

use crate::answer::Answer;
use crate::faults::FaultKind;
use crate::limiter::Limiter;

/// All that Discord knows of the bot.
pub(crate) struct State {
    token: String,
    /// Id of the application and of its user: the same, as for applications of today.
    application: String,
    guild: String,
    channels: BTreeMap<String, channels::Channel>,
    sessions: BTreeMap<String, session::Session>,
    sockets: BTreeMap<u64, gateway::Socket>,
    held: Option<Vec<session::Event>>,
    /// Intents that the application may not have (4014), as bits.
    disallowed_intents: u64,
    /// Identifies that are left today: <https://docs.discord.com/developers/events/gateway#session-start-limit-object>.
    identifies_left: u64,
    /// Number of guilds that the bot is in, as its application tells it.
    guild_count: u64,
    /// Address at which new sessions are told that they can be resumed, if it is not the stand-in's.
    resume_url: Option<String>,
    interactions: BTreeMap<String, interactions::Interaction>,
    /// Commands by guild; the empty name is for those of everywhere.
    commands: BTreeMap<String, Vec<Value>>,
    /// Channels in which the bot was seen typing, in the order of the requests.
    typing: Vec<String>,
    limiter: Limiter,
    ids: u64,
}

impl State {
    pub(crate) fn new() -> Self {
        let application = "1200000000000000001".to_owned();
        Self {
            token: "MTIwMDAwMDAwMDAwMDAwMDAwMQ.Stand1.tokenOfDiscord-0123456789abcdefghij".to_owned(),
            guild: "1100000000000000001".to_owned(),
            channels: BTreeMap::new(),
            sessions: BTreeMap::new(),
            sockets: BTreeMap::new(),
            held: None,
            disallowed_intents: 0,
            identifies_left: 1_000,
            guild_count: 1,
            resume_url: None,
            interactions: BTreeMap::new(),
            commands: BTreeMap::new(),
            typing: Vec::new(),
            limiter: Limiter::default(),
            ids: 0,
            application,
        }
    }

    fn bot(&self) -> Value {
        let mut bot = guild::user(&self.application, "aiwg");
        bot["bot"] = true.into();
        bot
    }

    /// A new id: <https://docs.discord.com/developers/reference#snowflakes>.
    fn next_id(&mut self) -> String {
        const EPOCH_MS: i64 = 1_420_070_400_000;
        self.ids += 1;
        let ms = jiff::Timestamp::now().as_millisecond() - EPOCH_MS;
        ((u64::try_from(ms).unwrap_or(0) << 22) | (self.ids & 0x3f_ffff)).to_string()
    }
}

/// The time as Discord writes it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

fn error(status: u16, code: u32, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message, "code": code }))
}

fn rate_limited(retry_after: f64) -> Answer {
    let body =
        json!({ "message": "You are being rate limited.", "retry_after": retry_after, "global": false });
    Answer::json(429, &body).with("retry-after", retry_after.ceil()).with("x-ratelimit-scope", "user")
}

pub(crate) fn refusal(fault: &FaultKind) -> Answer {
    match fault {
        FaultKind::TooManyRequests { retry_after } => rate_limited(*retry_after),
        FaultKind::Unauthorized => error(401, 0, "401: Unauthorized"),
        FaultKind::Error(text) => {
            let (code, message) = text.split_once(' ').unwrap_or((text, ""));
            let code =
                code.parse().expect("an error of Discord begins with its code: `50001 Missing Access`");
            error(status_of(code), code, message)
        }
        _ => Answer::json(500, &json!({ "message": "500: Internal Server Error", "code": 0 })),
    }
}

/// The status that an error of JSON comes with.
fn status_of(code: u32) -> u16 {
    match code {
        10_000..=10_999 => 404,
        50_001 | 50_007 | 50_013 => 403,
        _ => 400,
    }
}
