//! What has to be true once all has come to its end.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::{
    MOST_ATTEMPTS,
    faults::Rounds,
    load::Acknowledged,
    witness::{Line, Word, overlaps},
};

/// A task as it is stored.
struct Task {
    id: String,
    state: String,
    reason: String,
    launch: u32,
    attempts: u32,
    result: String,
    error: String,
    event: Option<u64>,
    prompt: String,
    /// The id of the host of its last run.
    host: String,
}

/// What was found, for people, and all that is wrong.
#[derive(Default)]
pub(super) struct Found {
    pub(super) words: Vec<String>,
    pub(super) wrong: Vec<String>,
}

impl Found {
    fn check(&mut self, is_so: bool, words: impl FnOnce() -> String) {
        if !is_so {
            self.wrong.push(words());
        }
    }
}

/// Looks at the store, beside the daemons, and at what the agents have noted.
pub(super) fn check(rounds: &Rounds, acknowledged: &Acknowledged) -> Found {
    let mut found = Found::default();
    let (events, tasks) = (events(rounds), tasks(rounds));
    check_events(&mut found, &events, &tasks, acknowledged);
    check_tasks(&mut found, rounds, &tasks, acknowledged);
    check_ends(&mut found, &events, &tasks);
    check_runs(&mut found, rounds, &tasks);
    let lines = rounds.witness.lines();
    check_witness(&mut found, rounds, &tasks, &lines);
    check_order(&mut found, &tasks, acknowledged, &lines);
    found
}

fn rows(rounds: &Rounds, sql: &str) -> Vec<Value> {
    let text = rounds.network.cluster.psql(&format!(
        "SET search_path = aiwg_fleet; SELECT coalesce(json_agg(found), '[]') FROM ({sql}) AS found"
    ));
    serde_json::from_str(&text).unwrap()
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Each event: its number, topic and payload.
fn events(rounds: &Rounds) -> Vec<(u64, String, Value)> {
    rows(rounds, "SELECT seq, topic, payload FROM event ORDER BY seq")
        .iter()
        .map(|row| {
            let payload = serde_json::from_str(row["payload"].as_str().unwrap()).unwrap();
            (row["seq"].as_u64().unwrap(), text(&row["topic"]), payload)
        })
        .collect()
}

fn tasks(rounds: &Rounds) -> BTreeMap<String, Task> {
    let sql = "SELECT no, state, reason, launch, attempts, result, error, rule, event, prompt, \
               (SELECT host FROM run WHERE task = no ORDER BY n DESC LIMIT 1) AS host FROM task ORDER BY no";
    let task = |row: &Value| {
        let count = |name: &str| u32::try_from(row[name].as_u64().unwrap()).unwrap();
        Task {
            id: format!("task-{:04}", row["no"].as_u64().unwrap()),
            state: text(&row["state"]),
            reason: text(&row["reason"]),
            launch: count("launch"),
            attempts: count("attempts"),
            result: text(&row["result"]),
            error: text(&row["error"]),
            event: number(&row["event"]).filter(|_| row["rule"] == "load"),
            prompt: text(&row["prompt"]),
            host: text(&row["host"]),
        }
    };
    rows(rounds, sql).iter().map(task).map(|task| (task.id.clone(), task)).collect()
}

/// No event is lost, doubled or out of its sender's order, and each has made what it is to make, once.
fn check_events(
    found: &mut Found,
    events: &[(u64, String, Value)],
    tasks: &BTreeMap<String, Task>,
    acknowledged: &Acknowledged,
) {
    let by_seq: HashMap<u64, &Value> = events.iter().map(|(seq, _, payload)| (*seq, payload)).collect();
    for emitted in &acknowledged.events {
        let payload = json!({ "sender": emitted.sender, "number": emitted.number });
        found.check(by_seq.get(&emitted.seq) == Some(&&payload), || {
            format!("lost: event {} {payload}", emitted.seq)
        });
    }
    let mut last: HashMap<u64, u64> = HashMap::new();
    let mut of_load = 0;
    for (seq, _, payload) in events.iter().filter(|(_, topic, _)| topic.starts_with("load:")) {
        of_load += 1;
        let (sender, number) = (payload["sender"].as_u64().unwrap(), payload["number"].as_u64().unwrap());
        let before = last.insert(sender, number).unwrap_or(0);
        found.check(number == before + 1, || {
            format!("sender {sender}: event {seq} is {number}, after {before}")
        });
    }
    found.check(of_load == acknowledged.events.len(), || {
        format!("{of_load} events are stored, and {} were acknowledged", acknowledged.events.len())
    });
    let mut made: HashMap<u64, Vec<&str>> = HashMap::new();
    for task in tasks.values() {
        if let Some(event) = task.event {
            made.entry(event).or_default().push(&task.id);
        }
    }
    let mut matches = 0;
    for (seq, topic, _) in events {
        let by_it = made.remove(seq).unwrap_or_default();
        let is_match = topic == "load:go";
        matches += usize::from(is_match);
        found.check(by_it.len() == usize::from(is_match), || {
            format!("event {seq}, {topic}, has made {by_it:?}")
        });
    }
    found.check(made.is_empty(), || format!("tasks of events that are not there: {made:?}"));
    found.words.push(format!("{of_load} events, {matches} matches of the rule"));
}

/// No task is lost or made twice, and none has ended for a reason that nobody has given.
fn check_tasks(
    found: &mut Found,
    rounds: &Rounds,
    tasks: &BTreeMap<String, Task>,
    acknowledged: &Acknowledged,
) {
    let submitted = acknowledged.tasks.iter().map(|(id, _)| id).chain(&rounds.slow);
    let known: HashSet<&String> = submitted.collect();
    for id in &known {
        found.check(tasks.contains_key(*id), || format!("lost: {id}"));
    }
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    for task in tasks.values() {
        *ends.entry(format!("{} ({})", task.state, task.reason)).or_default() += 1;
        let id = &task.id;
        found.check(task.event.is_some() || known.contains(id), || format!("nobody has submitted {id}"));
        found.check(task.attempts <= MOST_ATTEMPTS, || format!("{id}: {} attempts", task.attempts));
        let is_right = match (task.state.as_str(), task.reason.as_str()) {
            ("completed", "done") => !task.prompt.contains("fails=1"),
            ("failed", "failed") => task.prompt.contains("fails=1"),
            ("failed", "lost") => task.attempts == MOST_ATTEMPTS,
            ("cancelled", _) => !task.prompt.contains("slow_successor"),
            _ => false,
        };
        found.check(is_right, || {
            format!(
                "{id} is {} ({}) after {} attempts: {}",
                task.state, task.reason, task.attempts, task.error
            )
        });
    }
    for (id, state) in &acknowledged.cancelled {
        // An agent whose end is only to be stored has ended before.
        let ended = tasks.get(id).map(|task| task.state.as_str());
        found.check(ended == Some("cancelled") || state == "running" && ended.is_some(), || {
            format!("{id} was cancelled ({state}), and is {ended:?}")
        });
    }
    found.words.push(format!("{} tasks: {ends:?}", tasks.len()));
}

/// Each task has one outcome, and its event says the same.
fn check_ends(found: &mut Found, events: &[(u64, String, Value)], tasks: &BTreeMap<String, Task>) {
    let mut ends: HashMap<&str, Vec<&str>> = HashMap::new();
    for (_, topic, payload) in events {
        let Some(state) = topic.strip_prefix("task:") else { continue };
        if ["completed", "failed", "cancelled", "timeout"].contains(&state) {
            ends.entry(payload["taskId"].as_str().unwrap()).or_default().push(state);
        }
    }
    for task in tasks.values() {
        let said = ends.remove(task.id.as_str()).unwrap_or_default();
        found.check(said == [task.state.as_str()], || {
            format!("{} is {}, and its ends are {said:?}", task.id, task.state)
        });
    }
    found.check(ends.is_empty(), || format!("ends of tasks that are not there: {ends:?}"));
}

/// Each run has ended, and only the last of a task's has an outcome.
fn check_runs(found: &mut Found, rounds: &Rounds, tasks: &BTreeMap<String, Task>) {
    let mut runs: HashMap<String, Vec<(u64, String)>> = HashMap::new();
    for row in rows(rounds, "SELECT task, n, reason FROM run WHERE ended_at IS NOT NULL ORDER BY task, n") {
        let task = format!("task-{:04}", row["task"].as_u64().unwrap());
        runs.entry(task).or_default().push((row["n"].as_u64().unwrap(), text(&row["reason"])));
    }
    let (mut lost, mut most) = (0, 0);
    for task in tasks.values() {
        let its = runs.remove(&task.id).unwrap_or_default();
        let is_whole = its.iter().map(|(n, _)| *n).eq(1..=u64::from(task.launch));
        found.check(is_whole, || format!("{}: {} launches, and the runs {its:?}", task.id, task.launch));
        let before = &its[..its.len().saturating_sub(1)];
        found.check(
            before.iter().all(|(_, reason)| ["lost", "not_started"].contains(&reason.as_str())),
            || format!("{}: an outcome before the last one: {its:?}", task.id),
        );
        lost += before.len();
        most = most.max(task.launch);
    }
    found.check(runs.is_empty(), || format!("runs of tasks that are not there: {runs:?}"));
    found
        .words
        .push(format!("{lost} runs were lost or not started, {most} launches of one task at the most"));
}

/// The token of the agent whose result a task has.
fn token(task: &Task) -> &str {
    task.result.lines().find_map(|line| line.strip_prefix("token ")).unwrap_or_default()
}

/// What the agents have noted fits what is stored.
fn check_witness(found: &mut Found, rounds: &Rounds, tasks: &BTreeMap<String, Task>, lines: &[Line]) {
    let mut begun: HashMap<&str, Vec<&Line>> = HashMap::new();
    for line in lines.iter().filter(|line| line.word == Word::Begin) {
        begun.entry(&line.task).or_default().push(line);
    }
    for task in tasks.values() {
        let its = begun.remove(task.id.as_str()).unwrap_or_default();
        let attempts = usize::try_from(task.attempts).unwrap();
        found.check(its.len() <= attempts, || format!("{}: {attempts} attempts, and {its:?}", task.id));
        let launches: HashSet<u32> = its.iter().map(|line| line.launch).collect();
        found.check(launches.len() == its.len(), || format!("{}: a launch ran twice: {its:?}", task.id));
        if task.state != "completed" {
            continue;
        }
        // Its result is that of its last launch.
        let token = token(task);
        let host = rounds.ids.iter().position(|id| *id == task.host).map(|n| rounds.hosts[n].name.as_str());
        let is_its = |line: &&&Line| {
            line.token == token && line.launch == task.launch && Some(line.host.as_str()) == host
        };
        found.check(its.iter().find(is_its).is_some(), || {
            format!(
                "{} has the result of {token:?}, launch {} on {host:?}, and began {its:?}",
                task.id, task.launch
            )
        });
        let has_ended = lines.iter().any(|line| line.token == token && line.word == Word::End);
        found.check(has_ended, || format!("{} is completed, and its agent has not come to its end", task.id));
    }
    found.check(begun.is_empty(), || format!("agents of tasks that are not there: {begun:?}"));
    let overlaps = overlaps(lines, &rounds.thaws);
    found.words.push(format!(
        "{} agents went on for a while after their host had been given up while it was frozen, {:.1} s at the most",
        overlaps.allowed, overlaps.longest
    ));
    found.wrong.extend(overlaps.others.into_iter().map(|words| format!("two agents at once: {words}")));
}

/// What comes after another task has begun after its end, and only if that has completed.
fn check_order(
    found: &mut Found,
    tasks: &BTreeMap<String, Task>,
    acknowledged: &Acknowledged,
    lines: &[Line],
) {
    for (id, before) in &acknowledged.tasks {
        let (Some(task), Some(before)) =
            (tasks.get(id), before.as_ref().and_then(|before| tasks.get(before)))
        else {
            continue;
        };
        let begin = lines.iter().position(|line| line.task == *id && line.word == Word::Begin);
        if before.state == "completed" {
            let end = lines.iter().position(|line| line.token == token(before) && line.word == Word::End);
            found.check(begin.is_none_or(|begin| end.is_some_and(|end| begin > end)), || {
                format!("{id} has begun before the end of {}", before.id)
            });
        } else {
            found.check(begin.is_none() && task.state == "cancelled", || {
                format!("{id} is {}, after {}, which is {}", task.state, before.id, before.state)
            });
        }
    }
}
