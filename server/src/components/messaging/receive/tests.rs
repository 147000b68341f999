use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use aiwg_messaging::{Place, Platform, rights::PersonId, words::Form};
use aiwg_platforms::{
    Account, Inbound, Outbound, PlatformClient, Received, SendFailure, Sent, Trouble, What,
};
use aiwg_protocol::types::{PlatformState, Verify};
use futures::future::{BoxFuture, ready};

use super::{
    super::{Messaging, line::Line, plan::Plan},
    receive,
};
use crate::{component::Components, engine::Effect, health::Health, messaging::Environment};

/// A platform that says nothing any more, until its line is begun again.
#[derive(Default)]
struct Silent {
    is_open: AtomicBool,
    begun_again: AtomicU32,
}

impl PlatformClient for Silent {
    fn platform(&self) -> Platform {
        Platform::Discord
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Trouble>> {
        Box::pin(ready(Ok(account())))
    }

    fn receive<'a>(&'a self, _position: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Received>, Trouble>> {
        if self.begun_again.load(Ordering::Relaxed) == 0 {
            return Box::pin(std::future::pending());
        }
        self.is_open.store(true, Ordering::Relaxed);
        Box::pin(ready(Ok(Vec::new())))
    }

    fn longest_silence(&self) -> Duration {
        Duration::from_millis(20)
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    fn begin_again(&self) -> BoxFuture<'_, ()> {
        self.is_open.store(false, Ordering::Relaxed);
        self.begun_again.fetch_add(1, Ordering::Relaxed);
        Box::pin(ready(()))
    }

    fn acknowledge<'a>(&'a self, _ack: &'a str, _said: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }

    fn send<'a>(&'a self, _message: &'a Outbound) -> BoxFuture<'a, Result<Sent, SendFailure>> {
        Box::pin(ready(Ok(Sent::default())))
    }
}

fn account() -> Account {
    Account { id: "1".to_owned(), name: "aiwg".to_owned(), lacks: None }
}

/// The issue of the health about the platform.
fn issue(line: &Line) -> Option<String> {
    let health = Health::default();
    line.report(&health, None);
    health.issues().first().map(|issue| issue.message.clone())
}

#[test]
fn a_line_is_connected_once_it_stands_and_no_longer() {
    let client = Arc::new(Silent::default());
    let line = Line::new(client.clone(), String::new());
    let state = || line.standing().state;
    line.note_account(account());
    line.note_answer();
    assert_eq!((state(), line.standing().last_received_at), (PlatformState::Connecting, None));
    assert!(line.checked().unwrap_err().starts_with("connecting since "));
    client.is_open.store(true, Ordering::Relaxed);
    assert_eq!(state(), PlatformState::Connected);
    line.note_answer();
    assert!(line.standing().last_received_at.is_some() && line.checked().is_ok());
    // It ends while the client waits for the next one.
    client.is_open.store(false, Ordering::Relaxed);
    assert_eq!(state(), PlatformState::Connecting);
    // What is in trouble is not made better by an answer that came before.
    line.note_trouble(&Trouble::Taken("another program".to_owned()));
    line.note_answer();
    assert_eq!(state(), PlatformState::Taken);
    client.is_open.store(true, Ordering::Relaxed);
    line.note_answer();
    assert_eq!((state(), line.standing().trouble), (PlatformState::Connected, None));
}

#[tokio::test]
async fn a_platform_that_is_silent_is_begun_again_and_the_health_says_so() {
    let client = Arc::new(Silent::default());
    client.is_open.store(true, Ordering::Relaxed);
    let line = Line::new(client.clone(), String::new());
    line.note_answer();
    let Err(trouble) = receive(&line, None).await else { panic!("it has received") };
    assert_eq!(client.begun_again.load(Ordering::Relaxed), 1);
    line.note_trouble(&trouble);
    assert_eq!(line.standing().state, PlatformState::Retrying);
    // At once: it has lasted for long enough.
    assert!(issue(&line).unwrap().contains("nothing was heard of Discord for "));
    assert_eq!(receive(&line, None).await, Ok(Vec::new()));
    line.note_answer();
    assert_eq!((line.standing().state, issue(&line)), (PlatformState::Connected, None));
    // Another trouble may pass by.
    line.note_trouble(&Trouble::Later { why: "no network".to_owned(), after: None });
    assert_eq!(issue(&line), None);
}

#[test]
fn what_comes_before_the_first_configure_is_for_those_who_are_set_up() {
    let variables = [
        ("AIWG_TELEGRAM_TOKEN", "1:x"),
        ("AIWG_DISCORD_TOKEN", "x"),
        ("AIWG_SLACK_TOKEN", "xoxb-x"),
        ("AIWG_SLACK_APP_TOKEN", "xapp-x"),
    ];
    let environment = Environment::of(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    });
    let config = r#"{"messaging": {"telegram": {"chat": "-1"}, "slack": {"channel": "C0AB12"}, "discord": {"channel": "1300000000000000001"},
        "users": {"write": ["telegram:77", "slack:U012", "discord:1000000000000000042"]}}}"#;
    let messaging = Messaging::of(environment, Components::default(), &serde_json::from_str(config).unwrap());
    for (platform, chat, person) in [
        (Platform::Telegram, "-1", "77"),
        (Platform::Slack, "C0AB12", "U012"),
        (Platform::Discord, "1300000000000000001", "1000000000000000042"),
    ] {
        let inbound = Inbound {
            place: Place { platform, chat: chat.to_owned(), thread: None },
            is_direct: false,
            person: Some(PersonId { platform, id: person.to_owned() }),
            name: None,
            message: None,
            what: What::Text { text: "/run it".to_owned(), form: Form::Slash },
        };
        let plan = messaging.plan_for(&inbound, "bot", &Verify::default());
        assert!(matches!(plan, Plan::Do(Effect::Run { .. })), "{platform}: {plan:?}");
    }
}
