//! The load of the rounds: clients that emit, submit and cancel all the time, through any host that answers, and repeat each call until it is acknowledged.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

use super::host::ask;
use crate::crash_kills::Chance;

/// An event that was acknowledged.
pub(super) struct Emitted {
    pub(super) sender: u64,
    pub(super) number: u64,
    pub(super) seq: u64,
}

/// What was acknowledged.
#[derive(Default)]
pub(super) struct Acknowledged {
    pub(super) events: Vec<Emitted>,
    /// The tasks that were submitted, with the one that each comes after.
    pub(super) tasks: Vec<(String, Option<String>)>,
    /// The tasks that were cancelled, with the state that the answer named.
    pub(super) cancelled: Vec<(String, String)>,
    /// The kinds of the errors that clients got, with their numbers.
    pub(super) errors: BTreeMap<String, u64>,
    /// The calls that got no answer at all.
    pub(super) unanswered: u64,
}

/// The load while it goes on.
pub(super) struct Load {
    pub(super) acknowledged: Arc<Mutex<Acknowledged>>,
    /// True while no more is to be begun: enough waits.
    pub(super) is_enough: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

/// One client.
struct Client {
    sockets: Vec<PathBuf>,
    chance: Chance,
    acknowledged: Arc<Mutex<Acknowledged>>,
    is_enough: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    /// The number of the host that has answered last.
    host: usize,
}

/// How agents of the rounds work.
pub(super) fn prompt(more: &str, script: &str) -> String {
    format!("do: {more} . {script}")
}

impl Load {
    /// Begins it.
    pub(super) fn begin(sockets: &[PathBuf], seed: u64, script: &str) -> Self {
        let mut load = Self {
            acknowledged: Arc::default(),
            is_enough: Arc::default(),
            stop: Arc::default(),
            clients: Vec::new(),
        };
        for sender in 0..3 {
            load.add(sockets, seed + sender, move |client| client.emit(sender));
        }
        let script = script.to_owned();
        load.add(sockets, seed + 10, move |client| client.submit(&script));
        load.add(sockets, seed + 20, Client::cancel);
        load
    }

    fn add(&mut self, sockets: &[PathBuf], seed: u64, work: impl FnOnce(&mut Client) + Send + 'static) {
        let mut client = Client {
            sockets: sockets.to_vec(),
            chance: Chance(seed),
            acknowledged: Arc::clone(&self.acknowledged),
            is_enough: Arc::clone(&self.is_enough),
            stop: Arc::clone(&self.stop),
            host: 0,
        };
        self.clients.push(thread::spawn(move || work(&mut client)));
    }

    /// Ends it: each client once its last call is acknowledged.
    pub(super) fn end(self) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        Arc::into_inner(self.acknowledged).unwrap().into_inner().unwrap()
    }
}

impl Client {
    /// Emits numbered events with keys: each third one is nobody's, the others make a task each.
    fn emit(&mut self, sender: u64) {
        let mut number = 0;
        while self.goes_on(700) {
            number += 1;
            let topic = if number % 3 == 0 { "load:note" } else { "load:go" };
            let payload = json!({ "sender": sender, "number": number });
            let key = format!("event-{sender}-{number}");
            let params = json!({ "topic": topic, "payload": payload, "idempotencyKey": key });
            let answer = self.until_acknowledged("event.emit", &params).unwrap();
            let seq = answer["seq"].as_u64().unwrap();
            self.acknowledged.lock().unwrap().events.push(Emitted { sender, number, seq });
        }
    }

    /// Submits chains of up to three tasks, of which some fail.
    fn submit(&mut self, script: &str) {
        let mut number = 0;
        while self.goes_on(1_500) {
            let mut before: Option<String> = None;
            for _ in 0..=self.chance.below(3) {
                number += 1;
                let more = if self.chance.below(6) == 0 { "fails=1;" } else { "" };
                let mut params =
                    json!({ "prompt": prompt(more, script), "idempotencyKey": format!("task-{number}") });
                if let Some(before) = &before {
                    params["after"] = json!([before]);
                }
                let answer = self.until_acknowledged("task.submit", &params).unwrap();
                let id = answer["taskId"].as_str().unwrap().to_owned();
                self.acknowledged.lock().unwrap().tasks.push((id.clone(), before.replace(id)));
            }
        }
    }

    /// Cancels one of the tasks that were submitted last.
    fn cancel(&mut self) {
        while self.goes_on(3_000) {
            let task = {
                let acknowledged = self.acknowledged.lock().unwrap();
                let back = usize::try_from(self.chance.below(6)).unwrap();
                acknowledged.tasks.iter().rev().nth(back).map(|(id, _)| id.clone())
            };
            let Some(task) = task else { continue };
            if let Some(answer) = self.until_acknowledged("task.cancel", &json!({ "taskId": task })) {
                let state = answer["state"].as_str().unwrap().to_owned();
                self.acknowledged.lock().unwrap().cancelled.push((task, state));
            }
        }
    }

    /// Waits for a time of up to so many milliseconds, and while enough waits to be done. False once it is to end.
    fn goes_on(&mut self, milliseconds: u64) -> bool {
        thread::sleep(Duration::from_millis(100 + self.chance.below(milliseconds)));
        while self.is_enough.load(Ordering::Relaxed) && !self.stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(50));
        }
        !self.stop.load(Ordering::Relaxed)
    }

    /// Repeats a call, at whichever host, until it is acknowledged. None where what is asked has no sense any more.
    fn until_acknowledged(&mut self, method: &str, params: &Value) -> Option<Value> {
        loop {
            if self.chance.below(4) == 0 {
                self.host += 1;
            }
            let socket = &self.sockets[self.host % self.sockets.len()];
            // The longest one is longer than a daemon waits for its PostgreSQL.
            let patience =
                Duration::from_millis([1_000, 4_000, 8_000][usize::try_from(self.chance.below(3)).unwrap()]);
            let Some(mut answer) = ask(socket, patience, method, params) else {
                self.acknowledged.lock().unwrap().unanswered += 1;
                self.host += 1;
                thread::sleep(Duration::from_millis(20));
                continue;
            };
            if answer["error"].is_null() {
                return Some(answer["result"].take());
            }
            let kind = answer["error"]["data"]["kind"].as_str().unwrap_or("none").to_owned();
            *self.acknowledged.lock().unwrap().errors.entry(format!("{method}: {kind}")).or_default() += 1;
            match kind.as_str() {
                "storage_unavailable" | "shutting_down" => self.host += 1,
                // A repeated cancel meets the first one, and others come too late.
                "task_ended" | "task_not_cancellable" if method == "task.cancel" => return None,
                _ => panic!("{method} {params}: {answer}"),
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
