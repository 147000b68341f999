//! The gateway's rules, without a socket: what a frame means, when a heartbeat is due, and why a connection is left.

use std::{hash::BuildHasher, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::position::{Position, Session};
use crate::{Token, Trouble};

/// Messages of servers, and direct messages: what mentions the bot has its text without the privileged intent.
pub(super) const INTENTS: u64 = (1 << 9) | (1 << 12);

/// Time until the gateway says hello, and then until the session is there.
const PATIENCE: Duration = Duration::from_secs(30);

/// The interval between heartbeats that is believed.
const INTERVALS: std::ops::RangeInclusive<u64> = 100..=600_000;

/// The code with which a connection is left whose session is to be resumed: neither 1000 nor 1001, which would end it.
pub(super) const LEAVE: u16 = 4000;

/// Why a connection is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    /// The session is resumed.
    Resume {
        /// The reason.
        why: String,
        /// True if that is not to be done at once.
        later: bool,
    },
    /// The session is lost: another begins.
    Anew(String),
    /// It does not work.
    Trouble(Trouble),
}

impl Leave {
    pub(super) fn resume(why: impl Into<String>) -> Self {
        Self::Resume { why: why.into(), later: false }
    }

    /// The consequence of the code with which the gateway has closed a connection.
    pub(super) fn of_code(code: Option<u16>, reason: &str) -> Self {
        let stop = |why: &str| {
            Self::Trouble(Trouble::Stop(format!(
                "{why} (code {}); then start the daemon again",
                code.unwrap_or(0)
            )))
        };
        match code {
            Some(4004) => Self::Trouble(Trouble::Stop(super::answer::refused("code 4004"))),
            Some(4010 | 4011) => stop(
                "Discord wants the bot's servers shared among several connections, for which it is in too many: use a bot of your own",
            ),
            Some(4012) => stop("Discord does not speak version 10 of its gateway any more: update aiwg"),
            Some(4013) => stop("Discord does not know the intents that are asked for: update aiwg"),
            Some(4014) => stop(
                "Discord does not allow the bot the intents for messages of servers and direct messages (4608): allow them in the developer \
                 portal, on the page Bot of the application, under Privileged Gateway Intents",
            ),
            Some(4007 | 4009) => Self::Anew("the session is too old".to_owned()),
            Some(code) => {
                let reason = aiwg_messaging::text::line(reason, 100);
                Self::Resume {
                    why: format!("Discord has closed the connection: code {code} {reason}"),
                    later: code == 4008,
                }
            }
            None => Self::resume("the connection to Discord has ended"),
        }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// Its kind, such as `MESSAGE_CREATE`.
    pub(super) kind: String,
    /// Its number in the session.
    pub(super) seq: u64,
    /// Its content.
    pub(super) data: Value,
}

/// The step that follows from a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// The gateway has said hello: it wants to know who we are.
    Greet,
    /// This is to be sent.
    Say(Value),
    /// The session is there: its number, and what it is if it is a new one.
    Up(u64, Option<Session>),
    /// Something has happened.
    Event(Event),
    /// A heartbeat was answered.
    Beat,
    /// The connection is to be left.
    Leave(Leave),
    /// Nothing.
    Nothing,
}

/// A connection to the gateway.
#[derive(Debug)]
pub(super) struct Gateway {
    interval: Option<Duration>,
    /// The time of the next heartbeat, of the hello before the first.
    due: Instant,
    /// False while a heartbeat waits for its answer.
    is_answered: bool,
    /// The number of the last event.
    seq: Option<u64>,
    /// The time until which the session must be there; none once it is.
    up_by: Option<Instant>,
}

impl Gateway {
    /// A connection that was just opened, for a session whose last event has this number.
    pub(super) fn new(seq: Option<u64>, now: Instant) -> Self {
        let by = now + PATIENCE;
        Self { interval: None, due: by, is_answered: true, seq, up_by: Some(by) }
    }

    /// True once the session is there.
    pub(super) fn is_up(&self) -> bool {
        self.up_by.is_none()
    }

    /// The interval between heartbeats, in milliseconds; 0 before the hello.
    pub(super) fn interval_ms(&self) -> u64 {
        self.interval.map_or(0, |interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX))
    }

    /// The time at which [`beat`](Self::beat) is to be called.
    pub(super) fn due(&self) -> Instant {
        self.up_by.map_or(self.due, |by| by.min(self.due))
    }

    /// Takes a frame. `random` is between 0 and 1.
    pub(super) fn take(&mut self, text: &str, now: Instant, random: f64) -> Step {
        let Ok(mut frame) = serde_json::from_str::<Value>(text) else { return Step::Nothing };
        let data = frame.get_mut("d").map(Value::take).unwrap_or_default();
        match frame.get("op").and_then(Value::as_u64) {
            Some(0) => self.event(&frame, data),
            Some(1) => Step::Say(self.heartbeat()),
            Some(7) => Step::Leave(Leave::resume("Discord asks for another connection")),
            Some(9) if data == Value::Bool(true) => Step::Leave(Leave::Resume {
                why: "Discord has not resumed the session yet".to_owned(),
                later: true,
            }),
            Some(9) => Step::Leave(Leave::Anew("Discord has forgotten the session".to_owned())),
            Some(10) => {
                let ms = data.get("heartbeat_interval").and_then(Value::as_u64).unwrap_or(*INTERVALS.end());
                let interval = Duration::from_millis(ms.clamp(*INTERVALS.start(), *INTERVALS.end()));
                self.interval = Some(interval);
                self.due = now + interval.mul_f64(random.clamp(0.0, 1.0));
                Step::Greet
            }
            Some(11) => {
                self.is_answered = true;
                Step::Beat
            }
            _ => Step::Nothing,
        }
    }

    fn event(&mut self, frame: &Value, data: Value) -> Step {
        let text = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_owned);
        let Some(seq) = frame.get("s").and_then(Value::as_u64) else { return Step::Nothing };
        self.seq = Some(seq);
        match frame.get("t").and_then(Value::as_str) {
            Some("READY") => {
                let (Some(id), Some(url)) = (text("session_id"), text("resume_gateway_url")) else {
                    return Step::Leave(Leave::Anew("Discord has begun a session without an id".to_owned()));
                };
                self.up_by = None;
                Step::Up(seq, Some(Session { id, url }))
            }
            Some("RESUMED") => {
                self.up_by = None;
                Step::Up(seq, None)
            }
            Some(kind) => Step::Event(Event { kind: kind.to_owned(), seq, data }),
            None => Step::Nothing,
        }
    }

    /// The heartbeat that is due.
    ///
    /// # Errors
    /// The connection is dead.
    pub(super) fn beat(&mut self, now: Instant) -> Result<Option<Value>, Leave> {
        if self.up_by.is_some_and(|by| by <= now) {
            return Err(Leave::resume("Discord has not let the bot in in time"));
        }
        let Some(interval) = self.interval.filter(|_| self.due <= now) else { return Ok(None) };
        if !self.is_answered {
            return Err(Leave::resume("Discord does not answer any more"));
        }
        self.is_answered = false;
        self.due = now + interval;
        Ok(Some(self.heartbeat()))
    }

    fn heartbeat(&self) -> Value {
        json!({"op": 1, "d": self.seq})
    }
}

/// The answer to a hello: the bot's name, or the session that it resumes.
pub(super) fn greeting(token: &Token, position: &Position) -> Value {
    match &position.session {
        Some(session) => {
            json!({"op": 6, "d": {"token": token.reveal(), "session_id": session.id, "seq": position.seq}})
        }
        None => {
            let properties = json!({"os": std::env::consts::OS, "browser": "aiwg", "device": "aiwg"});
            json!({"op": 2, "d": {"token": token.reveal(), "intents": INTENTS, "properties": properties}})
        }
    }
}

/// A random number between 0 and 1, so that many bots do not beat at once.
pub(super) fn random() -> f64 {
    // Its keys are random.
    let bits = std::hash::RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn hello(gateway: &mut Gateway, now: Instant, random: f64) {
        let frame = r#"{"op":10,"d":{"heartbeat_interval":10000}}"#;
        assert_eq!(gateway.take(frame, now, random), Step::Greet);
    }

    #[test]
    fn the_first_heartbeat_comes_at_random_and_the_others_in_their_interval() {
        let now = Instant::now();
        let mut gateway = Gateway::new(None, now);
        assert!(gateway.due() > now);
        hello(&mut gateway, now, 0.5);
        assert_eq!(gateway.due(), now + 5 * SECOND);
        assert_eq!(gateway.beat(now), Ok(None));
        let at = now + 5 * SECOND;
        assert_eq!(gateway.beat(at), Ok(Some(json!({"op": 1, "d": null}))));
        assert_eq!(gateway.take(r#"{"op":11}"#, at, 0.0), Step::Beat);
        gateway.take(r#"{"op":0,"s":4,"t":"X","d":{}}"#, at, 0.0);
        assert_eq!(gateway.beat(at + 10 * SECOND), Ok(Some(json!({"op": 1, "d": 4}))));
        let dead = gateway.beat(at + 20 * SECOND).unwrap_err();
        assert!(matches!(dead, Leave::Resume { later: false, .. }), "{dead:?}");
    }

    #[test]
    fn a_gateway_that_says_nothing_is_left() {
        let now = Instant::now();
        let mut gateway = Gateway::new(Some(3), now);
        assert!(gateway.beat(gateway.due()).is_err());
        hello(&mut gateway, now, 1.0);
        assert_eq!(gateway.beat(now + 10 * SECOND), Ok(Some(json!({"op": 1, "d": 3}))));
        gateway.take(r#"{"op":11}"#, now, 0.0);
        assert!(gateway.beat(now + PATIENCE).is_err(), "there is no session in time");
        assert_eq!(gateway.take(r#"{"op":0,"s":9,"t":"RESUMED","d":{}}"#, now, 0.0), Step::Up(9, None));
        assert!(gateway.is_up() && gateway.beat(now + PATIENCE).is_ok());
    }

    #[test]
    fn frames_are_told_apart() {
        let now = Instant::now();
        let mut gateway = Gateway::new(None, now);
        let mut take = |frame: &str| gateway.take(frame, now, 0.0);
        let ready = r#"{"op":0,"s":1,"t":"READY","d":{"session_id":"a","resume_gateway_url":"wss://b"}}"#;
        let session = Session { id: "a".to_owned(), url: "wss://b".to_owned() };
        assert_eq!(take(ready), Step::Up(1, Some(session)));
        assert_eq!(take(r#"{"op":1}"#), Step::Say(json!({"op": 1, "d": 1})));
        assert!(matches!(take(r#"{"op":7,"d":null}"#), Step::Leave(Leave::Resume { later: false, .. })));
        assert!(matches!(take(r#"{"op":9,"d":true}"#), Step::Leave(Leave::Resume { later: true, .. })));
        assert!(matches!(take(r#"{"op":9,"d":false}"#), Step::Leave(Leave::Anew(_))));
        assert!(matches!(take(r#"{"op":0,"s":1,"t":"READY","d":{}}"#), Step::Leave(Leave::Anew(_))));
        for odd in ["", "[]", "{}", "1", r#"{"op":"x"}"#, r#"{"op":0}"#, r#"{"op":0,"s":2}"#, r#"{"op":99}"#]
        {
            assert_eq!(take(odd), Step::Nothing, "{odd}");
        }
    }

    #[test]
    fn no_frame_is_too_odd() {
        let odd = ["null", "-1", "1e300", "18446744073709551615", "\"x\"", "[]", "{}", "true"];
        for op in ["0", "1", "7", "9", "10", "11", "x", "-1", "1e9"] {
            for one in odd {
                for other in odd {
                    let now = Instant::now();
                    let mut gateway = Gateway::new(None, now);
                    gateway.take(&format!(r#"{{"op":{op},"s":{one},"t":"READY","d":{other}}}"#), now, 2.0);
                    gateway.take(
                        &format!(r#"{{"op":{op},"s":1,"t":{one},"d":{{"heartbeat_interval":{other},"session_id":{one}}}}}"#),
                        now,
                        1.0,
                    );
                    assert!(gateway.beat(gateway.due()).is_ok() || gateway.due() <= now + PATIENCE);
                }
            }
        }
    }

    #[test]
    fn each_code_has_its_consequence() {
        let of = |code| Leave::of_code(Some(code), "x");
        for code in [4004, 4010, 4011, 4012, 4013, 4014] {
            let Leave::Trouble(Trouble::Stop(why)) = of(code) else { panic!("{code}") };
            assert!(why.contains(&code.to_string()) && why.contains("start the daemon again"), "{why}");
        }
        for code in [4007, 4009] {
            assert!(matches!(of(code), Leave::Anew(_)), "{code}");
        }
        for code in [1000, 1001, 1006, 4000, 4001, 4002, 4003, 4005] {
            assert!(matches!(of(code), Leave::Resume { later: false, .. }), "{code}");
        }
        assert!(matches!(of(4008), Leave::Resume { later: true, .. }));
        assert!(matches!(Leave::of_code(None, ""), Leave::Resume { .. }));
    }

    #[test]
    fn the_greeting_resumes_a_session_if_there_is_one() {
        let token = Token::new("secret");
        let mut position = Position::default();
        let new = greeting(&token, &position);
        assert_eq!(
            (&new["op"], &new["d"]["intents"], &new["d"]["token"]),
            (&json!(2), &json!(4608), &json!("secret"))
        );
        position.session = Some(Session { id: "a".to_owned(), url: String::new() });
        position.seq = 5;
        let resumed = greeting(&token, &position);
        assert_eq!(resumed, json!({"op": 6, "d": {"token": "secret", "session_id": "a", "seq": 5}}));
    }

    #[test]
    fn random_numbers_differ() {
        let numbers: Vec<f64> = (0..20).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(numbers.iter().any(|number| *number != numbers[0]));
    }
}
