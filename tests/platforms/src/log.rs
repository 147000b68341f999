//! The requests that came in, and those that do not fit.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use crate::platform::Platform;

/// A request or a frame of a socket that the bot sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// Its place among all, from 0.
    pub number: usize,
    /// Microseconds since the stand-in started, when its body had arrived.
    pub at_us: u64,
    /// The platform.
    pub platform: Platform,
    /// The call: `sendMessage`, `chat.postMessage`, `POST /channels/{channel_id}/messages`; of a socket
    /// `socket acknowledge`, `gateway identify` and so on.
    pub call: String,
    /// Path of the address, without the token.
    pub path: String,
    /// The token it was sent with.
    pub token: Option<String>,
    /// Body (and Telegram's query) as JSON; of a form, texts that the description knows as numbers or objects are read.
    pub params: Value,
    /// Status of the answer; none while it is not answered, where the connection was cut, and for frames.
    pub status: Option<u16>,
    /// The fault that met it.
    pub fault: Option<String>,
}

/// A request that does not fit the platform's description, or breaks a rule that its documents state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// Number of the request, as in [`Received::number`].
    pub request: usize,
    /// The platform.
    pub platform: Platform,
    /// The call, as in [`Received::call`].
    pub call: String,
    /// The place, and the reason why it does not fit.
    pub reason: String,
}

pub(crate) struct Log {
    started: Instant,
    pub(crate) received: Vec<Received>,
    pub(crate) violations: Vec<Violation>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), received: Vec::new(), violations: Vec::new() }
    }

    /// Microseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Adds a request, and returns its number.
    pub(crate) fn add(
        &mut self,
        platform: Platform,
        call: &str,
        path: &str,
        token: Option<String>,
        params: Value,
    ) -> usize {
        let number = self.received.len();
        self.received.push(Received {
            number,
            at_us: self.now(),
            platform,
            call: call.to_owned(),
            path: path.to_owned(),
            token,
            params,
            status: None,
            fault: None,
        });
        number
    }

    pub(crate) fn violate(&mut self, request: usize, reason: impl Into<String>) {
        let Received { platform, ref call, .. } = self.received[request];
        self.violations.push(Violation { request, platform, call: call.clone(), reason: reason.into() });
    }
}
