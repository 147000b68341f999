//! Messages over the real store.

use std::{path::Path, sync::Arc};

use super::{
    super::{EngineConfig, effects::Effects, state::State, transaction::Transaction, waits::Waits},
    Asked, Decision, Effect, Outgoing, Receipt, Received,
};
use crate::messaging::{Setup, Subscription};
use aiwg_messaging::{
    Place, Platform,
    notice::{Pace, USUAL_TOPICS},
    rights::{People, PersonId},
    text::Styled,
};
use aiwg_model::{ApprovalNo, Cursor, EndReason, NewApproval, NewEvent, Outcome, RunId, Sender, TaskNo};
use aiwg_patterns::TopicFilter;
use aiwg_protocol::{
    terms::OnTimeout,
    types::{ApprovalKind, ApprovalRequest, EventSource, Json, Origin, TaskState, Timestamp},
};
use aiwg_store::Store;
use aiwg_store_sqlite::SqliteStore;

pub(super) const CHAT: &str = "-100";

fn place(thread: Option<&str>) -> Place {
    Place { platform: Platform::Telegram, chat: CHAT.to_owned(), thread: thread.map(str::to_owned) }
}

pub(super) fn setup(window_ms: i64) -> Setup {
    let mut topics = USUAL_TOPICS.to_vec();
    topics.push("test:*");
    Setup {
        platforms: vec![Platform::Telegram],
        homes: vec![place(None)],
        people: People::default(),
        subscriptions: vec![Subscription {
            topics: TopicFilter::new(&topics).unwrap(),
            severity: None,
            to: None,
            text: None,
        }],
        pace: Pace { window_ms, max_per_minute: 60 },
        quiet: None,
        expire_ms: 24 * 3_600_000,
        answer_ms: 60_000,
    }
}

pub(super) struct Machine {
    pub(super) store: SqliteStore,
    pub(super) state: State,
    pub(super) now: i64,
    window_ms: i64,
}

impl Machine {
    pub(super) fn open(path: &Path, now: i64, window_ms: i64) -> Self {
        let mut store = SqliteStore::open(path).unwrap();
        let config = EngineConfig {
            max_parallel: 1,
            max_task_depth: 8,
            messaging: Some(Arc::new(setup(window_ms))),
            ..EngineConfig::default()
        };
        let mut state = State::new(config, Waits::default());
        state.load(&*store.view().unwrap()).unwrap();
        Self { store, state, now, window_ms }
    }

    /// Does something in a transaction, and commits it.
    pub(super) fn done<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> T) -> T {
        self.with(Fate::Committed, work).unwrap()
    }

    /// Does something in a transaction of this fate; none unless it is committed.
    pub(super) fn with<T>(&mut self, fate: Fate, work: impl FnOnce(&mut Transaction<'_>) -> T) -> Option<T> {
        let mut effects = Effects::default();
        let mut open = self.store.begin().unwrap();
        let now = Timestamp::from_millis(self.now);
        let mut tx = Transaction { state: &mut self.state, store: &mut *open, effects: &mut effects, now };
        let done = work(&mut tx);
        tx.take_new_events().unwrap();
        tx.settle().unwrap();
        if fate == Fate::Committed {
            open.commit().unwrap();
            return Some(done);
        }
        drop(open);
        let view = self.store.view().unwrap();
        self.state.load(&*view).unwrap();
        None
    }

    /// As after the death of the daemon.
    pub(super) fn restart(self, path: &Path) -> Self {
        let Self { store, now, window_ms, .. } = self;
        drop(store);
        Self::open(path, now, window_ms)
    }

    pub(super) fn take(&mut self) -> Option<Outgoing> {
        self.done(|tx| tx.take_to_send(Platform::Telegram, CHAT).unwrap())
    }

    /// Sends all that is due, and returns what was said.
    pub(super) fn sent(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(out) = self.take() {
            self.done(|tx| tx.message_sent(out.no, Some("9")).unwrap());
            said.push(out.part.text.text);
        }
        said
    }

    /// Sends all that waits, minute by minute, and returns what was said.
    fn sent_in_time(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            let now = self.sent();
            if now.is_empty() {
                return said;
            }
            said.extend(now);
            self.now += 60_000;
        }
    }

    /// Time after which the first message is due, in milliseconds.
    pub(super) fn first_due(&mut self) -> Option<i64> {
        let lanes = self.done(|tx| tx.look().outbox_lanes().unwrap());
        lanes.first().map(|lane| lane.due_at.as_millis() - self.now)
    }

    pub(super) fn receive(&mut self, key: u64, effect: Effect) -> Received {
        self.done(|tx| receive(tx, key, effect, &[]))
    }

    pub(super) fn event(&mut self, topic: &str, payload: &str) {
        let new = event(topic, payload);
        self.done(|tx| assert!(tx.publish_from_outside(&new, None).is_ok()));
    }

    fn end(&mut self, no: u64, outcome: &Outcome) {
        self.done(|tx| assert!(tx.ended(RunId { task: TaskNo(no), n: 1 }, outcome).is_ok()));
    }
}

pub(super) fn receive(tx: &mut Transaction<'_>, key: u64, effect: Effect, replies: &[&str]) -> Received {
    let person = PersonId::parse("telegram:77").unwrap();
    let asked = Asked {
        name: "telegram:77 (Ann)".to_owned(),
        place: place(None),
        message: Some(format!("m{key}")),
        is_press: false,
        sender: Arc::new(Sender::new(Origin::default())),
        person,
    };
    let receipt = Receipt {
        key: Some(format!("telegram:1:{key}")),
        position: Some(Cursor::moved("telegram", "1", key.to_string())),
        asked: Some(asked),
        effect,
        replies: replies.iter().map(|reply| Styled::plain(reply)).collect(),
        is_stranger: false,
    };
    tx.receive(&receipt).unwrap_or_else(|_| panic!("it is taken in"))
}

pub(super) fn event(topic: &str, payload: &str) -> NewEvent {
    NewEvent {
        topic: topic.to_owned(),
        payload: Json::from_text(payload).unwrap(),
        source: EventSource::Client,
        cause: None,
        happened_at: None,
        traceparent: None,
    }
}

fn turn(text: &str) -> Effect {
    Effect::Turn { text: text.to_owned(), is_ask: false, timeout_ms: 60_000 }
}

fn completed(result: &str) -> Outcome {
    Outcome {
        reason: EndReason::DONE,
        exit_code: Some(0),
        result: Some(result.to_owned()),
        ..Outcome::without_exit(TaskState::Completed, "")
    }
}

pub(super) fn machine() -> (tempfile::TempDir, Machine) {
    let dir = tempfile::tempdir().unwrap();
    let machine = Machine::open(&dir.path().join("db"), 1_000_000_000_000, 30_000);
    (dir, machine)
}

#[test]
fn an_answer_is_sent_where_it_was_asked() {
    let (_dir, mut machine) = machine();
    assert_eq!(machine.receive(1, turn("how many?")), Received { is_new: true, said: None });
    assert!(machine.sent().is_empty());
    let waits = machine.receive(2, turn("and why?")).said.unwrap();
    assert_eq!(waits, "This is task-0002. It waits for the answer before it.");
    assert_eq!(machine.sent(), [waits]);
    machine.end(1, &completed("**42**"));
    let out = machine.take().unwrap();
    assert_eq!((out.part.text.text.as_str(), out.part.reply_to.as_deref()), ("42", Some("m1")));
    assert_eq!((out.place, out.part.text.spans.len()), (place(None), 1));
    machine.done(|tx| tx.message_sent(out.no, Some("5")).unwrap());
    machine.end(2, &Outcome::without_exit(TaskState::Failed, "out of luck"));
    assert_eq!(machine.sent(), ["task-0002 failed: out of luck"], "and no notice besides");
    let view = machine.store.view().unwrap();
    let spec = view.task(TaskNo(2)).unwrap().unwrap().spec;
    assert_eq!(spec.conversation.as_deref(), Some("telegram:-100"));
}

#[test]
fn a_conversation_begins_again_where_someone_says_so() {
    let (_dir, mut machine) = machine();
    machine.receive(1, turn("a"));
    machine.receive(2, Effect::New);
    machine.receive(3, Effect::Turn { text: "b".to_owned(), is_ask: true, timeout_ms: 1 });
    let view = machine.store.view().unwrap();
    let spec = view.task(TaskNo(2)).unwrap().unwrap().spec;
    assert_eq!(spec.conversation.as_deref(), Some("telegram:-100#2"));
    assert_eq!(spec.agent.as_deref(), Some("chat:ask"));
}

#[test]
fn what_comes_again_counts_for_nothing_and_its_answers_are_not_repeated() {
    let (_dir, mut machine) = machine();
    let first =
        machine.done(|tx| receive(tx, 1, Effect::Run { prompt: "x".to_owned(), verify: None }, &["hello"]));
    let again =
        machine.done(|tx| receive(tx, 1, Effect::Run { prompt: "x".to_owned(), verify: None }, &["hello"]));
    assert_eq!((first.is_new, again.is_new, again.said), (true, false, None));
    assert_eq!(machine.sent(), ["hello", "task-0001 is under way."]);
}

#[test]
fn what_is_refused_is_answered_with_the_reason() {
    let (_dir, mut machine) = machine();
    let said = machine.receive(1, Effect::Cancel(TaskNo(9))).said.unwrap();
    assert!(said.contains("there is no task \"task-0009\""), "{said}");
    assert_eq!(machine.sent(), [said]);
    machine.done(|tx| tx.close().unwrap());
    let mut effects = Effects::default();
    let mut open = machine.store.begin().unwrap();
    let now = Timestamp::from_millis(machine.now);
    let mut tx = Transaction { state: &mut machine.state, store: &mut *open, effects: &mut effects, now };
    let receipt = Receipt {
        key: None,
        position: None,
        asked: None,
        effect: Effect::None,
        replies: Vec::new(),
        is_stranger: false,
    };
    assert!(tx.receive(&receipt).is_err(), "a daemon that stops takes nothing in");
}

#[test]
fn notices_are_gathered_and_wait_while_they_are_muted() {
    let (_dir, mut machine) = machine();
    for n in 0..5 {
        machine.event("test:x", &format!("{n}"));
    }
    assert_eq!(machine.sent(), ["test:x: 0"]);
    machine.now += 30_000;
    assert_eq!(machine.sent(), ["test:x: 1\ntest:x: 2\ntest:x: 3\ntest:x: 4"]);
    machine.receive(1, Effect::Mute(60));
    machine.event("test:x", "5");
    machine.now += 59 * 60_000;
    machine.event("test:x", "6");
    assert_eq!(machine.sent(), ["Notices wait for 60 minutes; `/mute 0` ends that."]);
    machine.now += 60_000;
    assert_eq!(machine.sent(), ["test:x: 5\ntest:x: 6"]);
}

#[test]
fn what_waited_for_the_morning_comes_at_the_pace() {
    let (dir, mut machine) = machine();
    machine.receive(1, Effect::Mute(600));
    machine.sent();
    let long = format!("\"{}\"", "x".repeat(3_000));
    for _ in 0..150 {
        machine.event("test:x", &long);
        machine.now += 30_000;
    }
    machine.now += 600 * 60_000;
    let mut sent = [0; 4];
    for minute in &mut sent {
        machine = machine.restart(&dir.path().join("db"));
        let pace = Pace { window_ms: 30_000, max_per_minute: 5 };
        machine.state.config.messaging = Some(Arc::new(Setup { pace, ..setup(30_000) }));
        *minute = machine.sent().len();
        // Answers do not wait behind them.
        machine.done(|tx| receive(tx, u64::try_from(tx.now.as_millis()).unwrap(), Effect::None, &["hello"]));
        assert_eq!(machine.sent(), ["hello"]);
        machine.now += 60_000;
    }
    assert_eq!(sent, [5, 5, 2, 0]);
}

#[test]
fn notices_that_wait_for_their_minute_are_left_as_they_are() {
    let (_dir, mut machine) = machine();
    let long = format!("\"{}\"", "x".repeat(3_000));
    machine.receive(1, Effect::Mute(1));
    machine.sent();
    for _ in 0..150 {
        machine.event("test:x", &long);
    }
    machine.now += 60_000;
    let pace = Pace { window_ms: 30_000, max_per_minute: 5 };
    machine.state.config.messaging = Some(Arc::new(Setup { pace, ..setup(30_000) }));
    let waiting = |machine: &mut Machine| {
        let view = machine.store.view().unwrap();
        let rows = view.due_messages("telegram", CHAT, Timestamp::from_millis(machine.now), 1, 999).unwrap();
        rows.into_iter().map(|row| (row.no, row.message.due_at)).collect::<Vec<_>>()
    };
    let before = waiting(&mut machine);
    assert_eq!(machine.sent().len(), 5);
    let after = waiting(&mut machine);
    assert!(before.ends_with(&after) && after.len() > 60, "not one of them is written anew: {}", after.len());
    // Nobody looks at them before.
    let lanes = |machine: &mut Machine| machine.first_due();
    assert_eq!(lanes(&mut machine), Some(60_000));
    machine.now += 1_000;
    assert_eq!(machine.sent(), Vec::<String>::new());
    machine.done(|tx| receive(tx, 7, Effect::None, &["hello"]));
    assert!(lanes(&mut machine).unwrap() <= 0, "answers do not wait");
    assert_eq!(machine.sent(), ["hello"]);
    assert_eq!(lanes(&mut machine), Some(59_000));
    machine.now += 59_000;
    assert_eq!(machine.sent().len(), 5);
}

#[test]
fn an_event_without_a_subscription_costs_no_row() {
    let (_dir, mut machine) = machine();
    machine.event("other:x", "1");
    assert!(machine.sent().is_empty());
    machine.state.config.messaging = None;
    machine.event("test:x", "1");
    assert!(machine.store.view().unwrap().outbox_lanes().unwrap().is_empty());
}

#[test]
fn what_is_asked_for_has_buttons_until_it_is_decided() {
    let (_dir, mut machine) = machine();
    machine.receive(1, turn("do it"));
    let asked = NewApproval {
        task: TaskNo(1),
        kind: ApprovalKind::Question,
        summary: "left or right?".to_owned(),
        request: ApprovalRequest {
            question: Some("left or right?".to_owned()),
            options: vec!["left".to_owned(), "right".to_owned()],
            ..ApprovalRequest::default()
        },
        expires_at: None,
        on_timeout: OnTimeout::Reject,
    };
    let (no, other) = machine.done(|tx| {
        let mut add =
            |asked: &NewApproval| tx.ask_person(asked, None).unwrap_or_else(|_| panic!("it asks")).no;
        let second =
            NewApproval { summary: "and?".to_owned(), request: ApprovalRequest::default(), ..asked.clone() };
        (add(&asked), add(&second))
    });
    let out = machine.take().unwrap();
    assert_eq!(out.part.buttons.len(), 3);
    // It is decided while it is being sent, and the other one before.
    let by_option = machine.receive(2, Effect::Decide(no, Decision::Option(1)));
    assert_eq!(by_option.said.as_deref(), Some("approval-0001 was answered."));
    machine.receive(3, Effect::Decide(other, Decision::Reject(Some("no".to_owned()))));
    let again = machine.receive(4, Effect::Decide(no, Decision::Approve)).said.unwrap();
    assert!(again.contains("was answered by telegram:77 (Ann)"), "{again}");
    machine.done(|tx| tx.message_sent(out.no, Some("55")).unwrap());
    let mut edits = Vec::new();
    while let Some(out) = machine.take() {
        machine.done(|tx| tx.message_sent(out.no, None).unwrap());
        edits.extend(out.part.edits.clone().map(|edits| (edits, out.part.text.text)));
    }
    let [(edited, text)] = &edits[..] else { panic!("{edits:?}") };
    assert_eq!(edited, "55");
    assert!(text.ends_with("left or right?\n\nAnswered by telegram:77 (Ann): right"), "{text}");
    assert!(machine.receive(5, Effect::Decide(ApprovalNo(99), Decision::Option(0))).said.is_some());
}

#[test]
fn what_is_too_old_becomes_a_line() {
    let (_dir, mut machine) = machine();
    for n in 0..14 {
        machine.done(|tx| receive(tx, n, Effect::None, &["x"]));
    }
    machine.now += 24 * 3_600_000;
    machine.done(|tx| receive(tx, 99, Effect::None, &["y"]));
    let said = machine.sent();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.contains(&"14 older messages were left out: nobody could be reached in time.".to_owned()));
}

#[test]
fn a_chat_that_has_another_id_gets_what_was_for_the_old_one() {
    let (dir, mut machine) = machine();
    machine.event("test:x", "1");
    machine.done(|tx| tx.chat_moved(Platform::Telegram, CHAT, "-200").unwrap());
    let mut machine = machine.restart(&dir.path().join("db"));
    machine.now += 60_000;
    machine.event("test:x", "2");
    let lanes = machine.store.view().unwrap().outbox_lanes().unwrap();
    assert_eq!(lanes.iter().map(|lane| lane.chat.as_str()).collect::<Vec<_>>(), ["-200"]);
    let out = machine.done(|tx| tx.take_to_send(Platform::Telegram, "-200").unwrap()).unwrap();
    assert_eq!(out.part.text.text, "test:x: 1\ntest:x: 2");
}

#[test]
fn what_cannot_be_read_is_no_reason_to_send_nothing() {
    let (_dir, mut machine) = machine();
    machine.done(|tx| receive(tx, 1, Effect::None, &["a"]));
    machine.done(|tx| receive(tx, 2, Effect::None, &["b"]));
    machine.done(|tx| {
        let mut row = tx.store.due_messages("telegram", CHAT, tx.now, 1, 1).unwrap().remove(0);
        row.message.content = Json::from_text("[]").unwrap();
        tx.store.set_message(&row).unwrap();
    });
    assert_eq!(machine.sent(), ["b"]);
}

#[test]
fn what_waits_in_vain_is_forgotten_though_nobody_sends() {
    let (_dir, mut machine) = machine();
    for n in 0..14 {
        machine.done(|tx| receive(tx, n, Effect::None, &["x"]));
    }
    machine.now += 24 * 3_600_000;
    let waiting =
        |tx: &mut Transaction<'_>| tx.store.due_messages("telegram", CHAT, tx.now, 1, 99).unwrap().len();
    assert_eq!(machine.done(waiting), 14);
    machine.done(|tx| tx.prune_messages(500).unwrap());
    assert_eq!(machine.done(waiting), 1, "a line says how many");
    // The platform is off from here on.
    machine.state.config.messaging = None;
    machine.now += 48 * 3_600_000;
    machine.done(|tx| tx.prune_messages(500).unwrap());
    assert_eq!(machine.done(waiting), 0);
}

#[test]
fn no_flood_of_events_fills_the_outbox() {
    let (dir, mut machine) = machine();
    machine.receive(1, Effect::Mute(1));
    machine.sent();
    machine.done(|tx| {
        for n in 0..20_500 {
            assert!(tx.publish_from_outside(&event("test:x", &format!("{n}")), None).is_ok());
        }
    });
    let mut machine = machine.restart(&dir.path().join("db"));
    machine.now += 60_000;
    let said = machine.sent_in_time();
    let all: Vec<&str> = said.iter().flat_map(|text| text.lines()).collect();
    let lines = all.iter().filter(|line| line.starts_with("test:x: ")).count();
    assert_eq!(lines, 20_000);
    assert!(all.contains(&"500 notices were left out: too many were waiting."), "{all:?}");
}

#[test]
fn ten_thousand_notices_fit_into_few_messages() {
    let (_dir, mut machine) = machine();
    machine.receive(1, Effect::Mute(1));
    machine.sent();
    machine.done(|tx| {
        for n in 0..10_000 {
            assert!(tx.publish_from_outside(&event("test:x", &format!("{n}")), None).is_ok());
        }
    });
    machine.now += 60_000;
    let said = machine.sent_in_time();
    let lines: Vec<&str> = said.iter().flat_map(|text| text.lines()).collect();
    assert_eq!(lines.len(), 10_000);
    assert!(lines.iter().enumerate().all(|(n, line)| *line == format!("test:x: {n}")));
    assert!(said.len() <= 101, "{}", said.len());
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Committed,
    RolledBack,
}
