//! Messages over the real store, whatever becomes of them and whenever the daemon dies.

use std::{collections::BTreeMap, path::Path};

use aiwg_model::{MessageState, TaskNo};
use aiwg_store::Store;
use proptest::prelude::*;

use super::{
    Effect, Outgoing, Received,
    tests::{Fate, Machine, event, receive},
};

/// A step of a platform and the daemon that talk.
#[derive(Debug, Clone)]
enum Op {
    /// The message of this number comes, perhaps not for the first time.
    Message(u64, Fate),
    /// An event of which there is to be a notice.
    Event(Fate),
    /// The next message is sent, and this becomes of it.
    Send(Sending),
    /// Time goes by, in milliseconds.
    Wait(i64),
    /// The daemon dies.
    Crash,
}

#[derive(Debug, Clone, Copy)]
enum Sending {
    /// It arrives, and that is noted.
    Sent,
    /// The daemon dies after it is noted as being sent, before the request.
    DiesBefore,
    /// The daemon dies after the request, before its answer is noted.
    DiesAfter,
    /// The request fails before it reaches the platform.
    Unreached,
    /// Nobody knows what became of the request, which has arrived.
    UnknownSent,
    /// Nobody knows what became of the request, which was lost.
    UnknownLost,
}

fn op() -> impl Strategy<Value = Op> {
    let fate = || prop_oneof![4 => Just(Fate::Committed), 1 => Just(Fate::RolledBack)];
    let sending = prop_oneof![
        6 => Just(Sending::Sent),
        1 => Just(Sending::DiesBefore),
        1 => Just(Sending::DiesAfter),
        1 => Just(Sending::Unreached),
        1 => Just(Sending::UnknownSent),
        1 => Just(Sending::UnknownLost),
    ];
    prop_oneof![
        3 => (0u64..12, fate()).prop_map(|(key, fate)| Op::Message(key, fate)),
        3 => fate().prop_map(Op::Event),
        5 => sending.prop_map(Op::Send),
        2 => (0i64..90_000).prop_map(Op::Wait),
        1 => Just(Op::Crash),
    ]
}

/// The expected state.
#[derive(Debug, Default)]
struct Model {
    /// The numbers of the messages that were taken in.
    taken_in: Vec<u64>,
    /// Lines that are to arrive, in their order, for answers and for notices.
    replies: Vec<String>,
    notices: Vec<String>,
    events: u64,
    /// Number of times that each line has arrived, and true if a message in which it did was marked.
    arrived: BTreeMap<String, (u32, bool)>,
    /// The order of first arrivals.
    order: Vec<String>,
}

impl Model {
    fn arrives(&mut self, out: &Outgoing) {
        for line in out.part.text.text.lines().filter(|line| !line.is_empty()) {
            let (count, is_marked) = self.arrived.entry(line.to_owned()).or_default();
            *count += 1;
            *is_marked |= out.is_repeat;
            if *count == 1 {
                self.order.push(line.to_owned());
            }
        }
    }

    fn check(&self, machine: &mut Machine) {
        let view = machine.store.view().unwrap();
        for key in 0..12u64 {
            let prompt = format!("p{key}.");
            let (_, last) = view.last_numbers().unwrap();
            let tasks =
                (1..=last).filter(|no| view.task(TaskNo(*no)).unwrap().unwrap().spec.prompt == prompt);
            assert_eq!(tasks.count(), usize::from(self.taken_in.contains(&key)), "{key}");
        }
    }

    fn check_end(&self) {
        for line in self.replies.iter().chain(&self.notices) {
            let (count, is_marked) = self.arrived.get(line).copied().unwrap_or_default();
            assert!(count >= 1, "{line} has not arrived: {self:?}");
            assert!(count == 1 || is_marked, "{line} has arrived {count} times, and is not marked");
        }
        assert_eq!(self.arrived.len(), self.replies.len() + self.notices.len());
        for expected in [&self.replies, &self.notices] {
            let order: Vec<&String> = self.order.iter().filter(|line| expected.contains(line)).collect();
            assert_eq!(order, expected.iter().collect::<Vec<_>>());
        }
    }
}

/// Sends the messages again of which nobody knows whether they were sent, as a daemon does at its start.
fn resolve(machine: &mut Machine) {
    let sending = machine.store.view().unwrap().messages_sending().unwrap();
    for row in sending {
        assert_eq!(row.state, MessageState::Sending);
        machine.done(|tx| tx.send_again(row.no, true, "unknown").unwrap());
    }
}

fn send(mut machine: Machine, how: Sending, model: &mut Model, path: &Path) -> Machine {
    let Some(out) = machine.take() else { return machine };
    match how {
        Sending::Sent => {
            model.arrives(&out);
            machine.done(|tx| tx.message_sent(out.no, Some("1")).unwrap());
        }
        Sending::DiesBefore | Sending::DiesAfter => {
            if matches!(how, Sending::DiesAfter) {
                model.arrives(&out);
            }
            machine = machine.restart(path);
            resolve(&mut machine);
        }
        Sending::Unreached => machine.done(|tx| tx.send_again(out.no, false, "no network").unwrap()),
        Sending::UnknownSent | Sending::UnknownLost => {
            if matches!(how, Sending::UnknownSent) {
                model.arrives(&out);
            }
            machine.done(|tx| tx.send_again(out.no, true, "closed").unwrap());
        }
    }
    machine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_counts_twice(
        window_ms in prop_oneof![Just(0i64), Just(30_000)],
        operations in prop::collection::vec(op(), 1..60),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.db");
        let mut machine = Machine::open(&path, 1_000_000_000_000, window_ms);
        let mut model = Model::default();
        for op in operations {
            machine.now += 1;
            match op {
                Op::Message(key, fate) => {
                    let effect = Effect::Run { prompt: format!("p{key}."), verify: None };
                    let received = machine.with(fate, |tx| receive(tx, key, effect, &[]));
                    if let Some(Received { is_new: true, said }) = received {
                        model.taken_in.push(key);
                        model.replies.extend(said);
                    }
                }
                Op::Event(fate) => {
                    model.events += 1;
                    let new = event("test:x", &model.events.to_string());
                    let done = machine.with(fate, |tx| assert!(tx.publish_from_outside(&new, None).is_ok()));
                    model.notices.extend(done.map(|()| format!("test:x: {}", model.events)));
                }
                Op::Send(how) => machine = send(machine, how, &mut model, &path),
                Op::Wait(ms) => machine.now += ms,
                Op::Crash => {
                    machine = machine.restart(&path);
                    resolve(&mut machine);
                }
            }
            model.check(&mut machine);
        }
        machine.now += 200_000;
        while let Some(out) = machine.take() {
            model.arrives(&out);
            machine.done(|tx| tx.message_sent(out.no, Some("1")).unwrap());
        }
        model.check_end();
    }
}
