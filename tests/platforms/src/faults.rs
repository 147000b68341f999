//! Faults that a test puts in.

use serde::{Deserialize, Serialize};

use crate::platform::Platform;

/// Kind of a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429, in the platform's own form.
    TooManyRequests {
        /// Seconds until it may be tried again. Telegram and Slack tell whole ones.
        retry_after: f64,
    },
    /// 500, in the platform's own form.
    ServerError,
    /// 502 with a page in HTML, as a proxy in front of the platform answers.
    Html,
    /// 200 with a page in HTML, as a captive portal answers.
    HtmlOk,
    /// The token is refused: 401, or Slack's `invalid_auth`.
    Unauthorized,
    /// An error of the platform: Slack's `error`, Telegram's `description` (its first three digits are the status),
    /// Discord's `code` and `message`, such as `50001 Missing Access`.
    Error(String),
    /// There is never an answer, and the connection stays open.
    Hang,
    /// The request has its effect, but there is never an answer.
    HangAfter,
    /// The connection is cut before the request has an effect.
    CutBefore,
    /// The request has its effect, then the connection is cut without an answer.
    CutAfter,
    /// The request has its effect; the answer comes after so many milliseconds.
    Slow(u64),
}

/// A fault for requests that are yet to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// The call it meets, as in [`crate::Received::call`]; by default every one.
    #[serde(default)]
    pub call: Option<String>,
    /// Number of requests that it lets pass before; by default 0.
    #[serde(default)]
    pub skip: u32,
    /// Number of requests that it meets; by default until the faults are cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Fault {
    /// A fault of every request, until it is cleared.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, call: None, skip: 0, times: None }
    }

    /// The same, for one call only.
    pub fn of(self, call: &str) -> Self {
        Self { call: Some(call.to_owned()), ..self }
    }

    /// The same, for so many requests.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same, after so many requests.
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }
}

/// The faults of all platforms.
#[derive(Default)]
pub(crate) struct Faults {
    planned: Vec<(Platform, Fault)>,
    outages: Vec<Platform>,
}

impl Faults {
    pub(crate) fn add(&mut self, platform: Platform, fault: Fault) {
        self.planned.push((platform, fault));
    }

    pub(crate) fn clear(&mut self, platform: Platform) {
        self.planned.retain(|(of, _)| *of != platform);
    }

    pub(crate) fn set_outage(&mut self, platform: Platform, is_out: bool) {
        self.outages.retain(|of| *of != platform);
        if is_out {
            self.outages.push(platform);
        }
    }

    /// The fault of the next request, in the order in which they were put in.
    pub(crate) fn take(&mut self, platform: Platform, call: &str) -> Option<FaultKind> {
        if self.outages.contains(&platform) {
            return Some(FaultKind::CutBefore);
        }
        for (of, fault) in &mut self.planned {
            if *of != platform || fault.call.as_deref().is_some_and(|of| of != call) || fault.times == Some(0)
            {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            return Some(fault.kind.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_call_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(Platform::Slack, Fault::new(FaultKind::ServerError).of("auth.test").after(1).times(2));
        let mut take = |call| faults.take(Platform::Slack, call).is_some();
        assert!(!take("chat.postMessage"));
        assert_eq!([(); 4].map(|()| take("auth.test")), [false, true, true, false]);
        assert_eq!(faults.take(Platform::Discord, "auth.test"), None);
    }

    #[test]
    fn an_outage_meets_everything() {
        let mut faults = Faults::default();
        faults.set_outage(Platform::Discord, true);
        assert_eq!(faults.take(Platform::Discord, "GET /gateway"), Some(FaultKind::CutBefore));
        faults.set_outage(Platform::Discord, false);
        assert_eq!(faults.take(Platform::Discord, "GET /gateway"), None);
    }
}
