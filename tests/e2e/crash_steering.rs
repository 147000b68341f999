//! `kill -9` of the daemon, of shims and of agents while people send messages to agents that work.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    crash::{all_tasks, calls, rounds, script, stored_runs},
    crash_kills::{Chance, Victims, until_all_have_ended},
    support::Project,
};

/// Stands before a message that an agent may have got already.
const UNSURE: &str = "(You may have read this already: you were interrupted at that moment.)";

/// The work of each agent: tools, between which it takes messages in, and a time in which it does not.
const WORK: &str = "do: tool sleep 0.2 next: think sleep 0.1 next: tool sleep 0.2 next: answer first";

/// Number of the latest tasks to which messages are sent.
const LATEST: usize = 4;

/// The tasks that were acknowledged.
type Tasks = Arc<Mutex<Vec<String>>>;

/// The messages that were acknowledged: their texts, with the task and the number in it.
type Sent = Arc<Mutex<BTreeMap<String, (String, u64)>>>;

/// A client that submits tasks, every other one with a check.
fn submits(project: &Project, stop: &Arc<AtomicBool>, tasks: &Tasks) -> JoinHandle<()> {
    let tasks = Arc::clone(tasks);
    let next = |number: u64| {
        std::thread::sleep(Duration::from_millis(400));
        let mut params = json!({ "prompt": WORK, "retry": { "max": 100, "on": ["exit"], "delay": "1ms" } });
        if number.is_multiple_of(2) {
            params["verify"] = json!({ "command": "sleep 0.1" });
        }
        ("task.submit", params)
    };
    let note =
        move |result: &Value| tasks.lock().unwrap().push(result["taskId"].as_str().unwrap().to_owned());
    script(project.socket(), Arc::clone(stop), next, note)
}

/// A client that sends messages to the latest tasks. Its texts are its own.
fn sends(
    project: &Project,
    stop: &Arc<AtomicBool>,
    tasks: &Tasks,
    sent: &Sent,
    name: char,
) -> JoinHandle<()> {
    let (tasks, sent) = (Arc::clone(tasks), Arc::clone(sent));
    let last: Arc<Mutex<(String, String)>> = Arc::default();
    let asked = Arc::clone(&last);
    let next = move |number: u64| {
        std::thread::sleep(Duration::from_millis(40));
        let latest: Vec<String> = tasks.lock().unwrap().iter().rev().take(LATEST).cloned().collect();
        let task = latest.get(number as usize % LATEST).or(latest.first()).cloned().unwrap_or_default();
        let work = if number.is_multiple_of(3) { " do: tool sleep 0.1" } else { "" };
        let message = format!("{name}{number};{work}");
        *last.lock().unwrap() = (task.clone(), message.clone());
        ("task.send", json!({ "taskId": task, "message": message }))
    };
    let hear = move |answer: &Value| {
        let (task, message) = asked.lock().unwrap().clone();
        match answer["result"]["n"].as_u64() {
            Some(n) => drop(sent.lock().unwrap().insert(message, (task, n))),
            // There is none yet, or it has ended.
            None => {
                let kind = answer["error"]["data"]["kind"].as_str().unwrap();
                assert!(kind == "task_ended" || task.is_empty(), "{answer}");
            }
        }
    };
    calls(project.socket(), Arc::clone(stop), next, hear)
}

/// The messages that became part of each session, prompts among them, in their order.
fn conversations(project: &Project) -> HashMap<String, Vec<String>> {
    let mut sessions: HashMap<String, Vec<String>> = HashMap::new();
    for line in
        project.read(".stand-in-conversations").split_inclusive('\n').filter(|line| line.ends_with('\n'))
    {
        let (session, text): (String, String) = serde_json::from_str(line).unwrap();
        sessions.entry(session).or_default().push(text);
    }
    sessions
}

/// True for that by which a message begins: its sender and its number.
fn is_name(text: &str) -> bool {
    text.strip_prefix(['a', 'b']).is_some_and(|number| number.parse::<u64>().is_ok())
}

/// Fails if a message came into a session again without a word on that.
fn nothing_is_said_again_as_if_it_were_new(project: &Project) {
    for (session, texts) in conversations(project) {
        let mut known: BTreeSet<String> = BTreeSet::new();
        for text in &texts {
            let mut before = "";
            for line in text.lines().filter(|line| !line.is_empty()) {
                let is_message = |line: &str| line.split_once(';').is_some_and(|(name, _)| is_name(name));
                let bare = line.strip_prefix("> ").unwrap_or(line);
                if is_message(bare) && !known.insert(bare.to_owned()) {
                    assert_eq!(before, UNSURE, "{bare} in {session}: {texts:#?}");
                }
                before = line;
            }
        }
    }
}

#[test]
fn no_message_is_lost_or_said_again_as_if_it_were_new() {
    let project = Project::started(json!({
        "daemon": { "max_parallel_actions": 4, "max_attempts": 1000 },
        "agent": aiwg_testing::live_stand_in()
    }));
    let stop = Arc::new(AtomicBool::new(false));
    let (tasks, sent) = (Tasks::default(), Sent::default());
    let clients = [
        submits(&project, &stop, &tasks),
        sends(&project, &stop, &tasks, &sent, 'a'),
        sends(&project, &stop, &tasks, &sent, 'b'),
    ];
    let mut chance = Chance(1_109);
    for _ in 0..rounds() {
        std::thread::sleep(Duration::from_millis(100 + chance.below(400)));
        let victims = Victims::any(&mut chance);
        victims.kill(&project, &mut chance);
        if victims.daemon {
            project.start();
        }
        nothing_is_said_again_as_if_it_were_new(&project);
    }
    stop.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().unwrap());
    // What was lost under a daemon rests for a while; the next one does not wait for that.
    project.kill_daemon();
    project.start();
    until_all_have_ended(&project);

    nothing_is_said_again_as_if_it_were_new(&project);
    let mut wire = project.wire();
    let all = all_tasks(&mut wire);
    let acknowledged = sent.lock().unwrap();
    assert!(tasks.lock().unwrap().iter().all(|id| all.contains_key(id)), "a task is lost");
    let sessions = conversations(&project);
    let mut stored: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for id in all.keys() {
        let task = wire.call("task.get", json!({ "taskId": id }));
        assert_eq!(task["state"], "completed", "{task}");
        if task["verified"] != Value::Null {
            assert_eq!(task["verified"], true, "{task}");
        }
        // An agent that was killed before its first word has none, and its check may succeed all the same.
        let session = task["usage"]["sessionId"].as_str().unwrap_or_default();
        let said = sessions.get(session).map(|texts| texts.join("\n")).unwrap_or_default();
        for message in task["messages"].as_array().into_iter().flatten() {
            let text = message["message"].as_str().unwrap().to_owned();
            assert_eq!(message["state"], "delivered", "{task}");
            if !said.contains(&text) {
                drop(wire);
                project.stop();
                let runs = stored_runs(&project);
                panic!("{text} of {id} is not part of {session}: {said}\n{task}\nruns by task: {runs:?}");
            }
            let n = message["n"].as_u64().unwrap();
            assert_eq!(stored.insert(text, (id.clone(), n)), None, "{message} was sent once");
        }
    }
    for (text, place) in acknowledged.iter() {
        assert_eq!(stored.get(text), Some(place), "{text} is lost");
    }
    drop(wire);
    project.stop();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for reason in stored_runs(&project).into_values().flatten() {
        *reasons.entry(reason).or_default() += 1;
    }
    let marked = sessions.values().flatten().map(|text| text.matches(UNSURE).count()).sum::<usize>();
    eprintln!(
        "{} rounds: {} tasks, {} messages, {} of them acknowledged, {marked} marked, {} sessions; runs: {reasons:?}",
        rounds(),
        all.len(),
        stored.len(),
        acknowledged.len(),
        sessions.len(),
    );
    assert!(all.len() > 5 && acknowledged.len() > 20, "too little happened to show anything");
}
