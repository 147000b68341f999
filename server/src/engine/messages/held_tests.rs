//! Notices that are held back, while they are muted and in quiet hours, however these end.

use std::sync::Arc;

use aiwg_messaging::notice::{Pace, Severity};
use aiwg_model::{NewApproval, TaskNo};
use aiwg_patterns::TopicFilter;
use aiwg_protocol::{
    config::Config,
    terms::OnTimeout,
    types::{ApprovalKind, ApprovalRequest, Timestamp},
};

use super::{
    Effect,
    tests::{Machine, machine, setup},
};
use crate::messaging::{Environment, Setup, Subscription};

/// Quiet hours around the machine's time, of which critical notices are excepted.
fn quiet(machine: &Machine) -> Setup {
    let at = |hours: i64| {
        let text = Timestamp::from_millis(machine.now + hours * 3_600_000).to_string();
        text[11..16].to_owned()
    };
    let quiet = format!(r#"{{"from": "{}", "to": "{}", "except": "critical"}}"#, at(-1), at(5));
    let config = format!(r#"{{"schedule": {{"timezone": "UTC"}}, "messaging": {{"quiet": {quiet}}}}}"#);
    let config: Config = serde_json::from_str(&config).unwrap();
    let environment = Environment::of(|name| (name == "AIWG_TELEGRAM_TOKEN").then(|| "1:x".to_owned()));
    let quiet = Setup::of(&config, &environment).unwrap().quiet.clone();
    let critical = Subscription {
        topics: TopicFilter::new(&["critical:*"]).unwrap(),
        severity: Some(Severity::Critical),
        to: None,
        text: None,
    };
    let usual = setup(30_000);
    let subscriptions = [critical].into_iter().chain(usual.subscriptions.clone()).collect();
    Setup { quiet, subscriptions, pace: Pace { window_ms: 0, max_per_minute: 60 }, ..usual }
}

pub(super) fn ask(machine: &mut Machine) {
    let asked = NewApproval {
        task: TaskNo(1),
        kind: ApprovalKind::Task,
        summary: "deploy".to_owned(),
        request: ApprovalRequest { prompt: Some("deploy".to_owned()), ..ApprovalRequest::default() },
        expires_at: None,
        on_timeout: OnTimeout::Reject,
    };
    machine.done(|tx| tx.ask_person(&asked, None).unwrap_or_else(|_| panic!("it asks")).no);
}

#[test]
fn what_was_muted_comes_in_order_once_someone_ends_that() {
    let (dir, mut machine) = machine();
    machine.receive(1, Effect::Run { prompt: "x".to_owned(), verify: None });
    machine.receive(2, Effect::Mute(600));
    assert_eq!(machine.sent().len(), 2);
    machine.event("test:x", "1");
    ask(&mut machine);
    machine.now += 40_000;
    machine.event("test:x", "2");
    let mut machine = machine.restart(&dir.path().join("db"));
    assert_eq!(machine.sent(), Vec::<String>::new());
    assert_eq!(machine.first_due(), Some(600 * 60_000 - 40_000), "nobody looks before");
    machine.receive(3, Effect::Mute(0));
    machine.event("test:x", "3");
    assert!(machine.first_due().unwrap() <= 0);
    let said = machine.sent();
    assert!(said[0].starts_with("May task-0001 start?"), "{said:?}");
    assert_eq!(said[1..], ["Notices are sent again.", "test:x: 1\ntest:x: 2"]);
    machine.now += 30_000;
    assert_eq!(machine.sent(), ["test:x: 3"]);
}

#[test]
fn a_mute_counts_from_the_latest_word_on() {
    let (_dir, mut machine) = machine();
    machine.receive(1, Effect::Mute(5));
    machine.event("test:x", "1");
    machine.receive(2, Effect::Mute(5 * 24 * 60));
    machine.sent();
    machine.now += 3 * 24 * 3_600_000;
    machine.receive(3, Effect::Mute(4 * 24 * 60));
    assert_eq!(machine.sent().len(), 1);
    machine.done(|tx| tx.prune_messages(9).unwrap());
    machine.now += 4 * 24 * 3_600_000;
    assert_eq!(machine.sent(), ["test:x: 1"], "the time for which it was muted does not count");
}

#[test]
fn quiet_hours_that_are_taken_out_hold_nothing_back() {
    let (_dir, mut machine) = machine();
    let usual = machine.state.config.messaging.clone();
    machine.state.config.messaging = Some(Arc::new(quiet(&machine)));
    machine.event("test:x", "1");
    machine.event("critical:x", "2");
    machine.event("test:x", "3");
    assert_eq!(machine.first_due(), Some(0), "it is found behind what is held back");
    assert_eq!(machine.sent(), ["critical:x: 2"]);
    assert!(machine.first_due().unwrap() > 4 * 3_600_000);
    machine.state.config.messaging = usual;
    assert_eq!(machine.sent(), ["test:x: 1\ntest:x: 3"]);
}

#[test]
fn what_could_not_be_sent_before_quiet_hours_waits_for_their_end() {
    let (_dir, mut machine) = machine();
    machine.event("test:x", "1");
    machine.state.config.messaging = Some(Arc::new(quiet(&machine)));
    assert_eq!(machine.sent(), Vec::<String>::new());
    // Nothing is too old that was held back for longer than messages are kept.
    let setup = Setup { expire_ms: 3_600_000, ..quiet(&machine) };
    machine.state.config.messaging = Some(Arc::new(setup));
    machine.event("test:x", "2");
    machine.now += 5 * 3_600_000;
    assert_eq!(machine.sent(), ["test:x: 1", "test:x: 2"], "nothing is gathered without a window");
}
