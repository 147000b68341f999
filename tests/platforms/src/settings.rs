//! Values of the platforms, which a test may change where it has no time for them.

use std::time::Duration;

use serde::Serialize;

/// Number of requests in a time, per channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RateLimit {
    /// Number of requests.
    pub requests: u32,
    /// The time in which so many are allowed.
    pub window: Duration,
}

/// Values of the platforms. The default is what each of them documents, but that only Discord limits its requests.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Port on 127.0.0.1; by default 0, a free one.
    pub port: u16,
    /// Time in which Slack wants an envelope acknowledged, by default 3 seconds.
    /// <https://docs.slack.dev/apis/events-api/using-socket-mode>
    pub slack_acknowledge_within: Duration,
    /// Waits before Slack's first, second and third retry of an event that nobody acknowledged, by default 0, 1 and 5
    /// minutes. <https://docs.slack.dev/apis/events-api/#retries>
    pub slack_retry_after: Vec<Duration>,
    /// Time between Slack's pings, by default 10 seconds: `@slack/socket-mode` gives up after 30 without one
    /// (`serverPingTimeoutMS`).
    pub slack_ping_every: Duration,
    /// Discord's `heartbeat_interval`, by default 41.25 seconds.
    pub discord_heartbeat: Duration,
    /// Time in which Discord wants an interaction answered, by default 3 seconds.
    /// <https://docs.discord.com/developers/interactions/receiving-and-responding>
    pub discord_answer_within: Duration,
    /// Discord's limit of messages in a channel, by default 5 in 5 seconds.
    pub discord_messages: RateLimit,
    /// Slack's limit of messages in a channel, by default none; really about one a second.
    /// <https://docs.slack.dev/apis/web-api/rate-limits>
    pub slack_messages: Option<RateLimit>,
    /// Telegram's limit of messages in a chat, by default none; really about one a second, 20 a minute in groups.
    /// <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>
    pub telegram_messages: Option<RateLimit>,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            port: 0,
            slack_acknowledge_within: seconds(3),
            slack_retry_after: vec![seconds(0), seconds(60), seconds(300)],
            slack_ping_every: seconds(10),
            discord_heartbeat: Duration::from_millis(41_250),
            discord_answer_within: seconds(3),
            discord_messages: RateLimit { requests: 5, window: seconds(5) },
            slack_messages: None,
            telegram_messages: None,
        }
    }
}
