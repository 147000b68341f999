//! `kill -9` of the daemon, of shims, agents and hooks while people decide what agents may do: also in the moment between the
//! commit of a decision that was used and the answer to the hook.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    crash::{all_tasks, calls, rounds_or, script, stored_runs},
    crash_kills::{Chance, Victims, until_all_have_ended},
    support::Project,
};

/// The file by which an answer is held back, and the one that says so: see `tests/agents/hook_relay.py`.
const HOLD: &str = ".hold-answer";
const HELD: &str = ".held-answer";

/// Time for which such an answer is waited for: none may be due.
const HELD_WITHIN: Duration = Duration::from_secs(1);

/// Number of rounds, unless another one is wanted: they take longer than others.
const ROUNDS: u32 = 15;

/// One call of so many is refused.
const REFUSED: u64 = 5;

/// The tasks that were acknowledged, with their call.
type Tasks = Arc<Mutex<BTreeMap<String, u64>>>;

fn start(project: &Project, wait: u64) {
    let wait = wait.to_string();
    let done =
        project.command().args(["daemon", "start"]).env("AIWG_PERMISSION_WAIT", wait).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn command(number: u64) -> String {
    format!("echo {number} >>made")
}

/// The number of a call, by a text with its command.
fn number_of(text: &str) -> u64 {
    let (_, rest) = text.split_once("echo ").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

fn is_refused(number: u64) -> bool {
    number.is_multiple_of(REFUSED)
}

/// A client that submits tasks whose agents make a call of their own several times, each of which needs a person.
fn submits(project: &Project, stop: &Arc<AtomicBool>, tasks: &Tasks) -> JoinHandle<()> {
    let tasks = Arc::clone(tasks);
    let last: Arc<Mutex<u64>> = Arc::default();
    let submitted = Arc::clone(&last);
    let next = move |number: u64| {
        std::thread::sleep(Duration::from_millis(400));
        *last.lock().unwrap() = number;
        let call = json!({ "calls": [command(number)] });
        let steps = json!([call, call, call, { "text": "Over." }]);
        let retry = json!({ "max": 100, "on": ["exit"], "delay": "1ms" });
        ("task.submit", json!({ "prompt": format!("SCRIPT {steps}"), "retry": retry }))
    };
    let note = move |result: &Value| {
        let id = result["taskId"].as_str().unwrap().to_owned();
        tasks.lock().unwrap().insert(id, *submitted.lock().unwrap());
    };
    script(project.socket(), Arc::clone(stop), next, note)
}

/// A person who decides on all that waits, now quickly, now not.
fn decides(project: &Project, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let waiting: Arc<Mutex<Vec<Value>>> = Arc::default();
    let listed = Arc::clone(&waiting);
    let next = move |number: u64| match waiting.lock().unwrap().pop() {
        Some(approval) => {
            let number = number_of(approval["summary"].as_str().unwrap());
            let verb = if is_refused(number) { "approval.reject" } else { "approval.approve" };
            (verb, json!({ "approvalId": approval["id"] }))
        }
        None => {
            std::thread::sleep(Duration::from_millis(number % 7 * 50));
            ("approval.list", json!({}))
        }
    };
    let hear = move |answer: &Value| match answer["result"].as_array() {
        Some(list) => *listed.lock().unwrap() = list.clone(),
        None if answer["error"] == Value::Null => {}
        // It was decided before, by a call whose answer was lost, or its task has ended meanwhile.
        None => {
            let kind = answer["error"]["data"]["kind"].as_str().unwrap();
            assert!(["approval_decided", "approval_expired"].contains(&kind), "{answer}");
        }
    };
    calls(project.socket(), Arc::clone(stop), next, hear)
}

/// The numbers of calls that were made, one for each time.
fn made(project: &Project) -> BTreeMap<u64, usize> {
    counted(project.read(".calls").lines().map(number_of))
}

fn counted(numbers: impl Iterator<Item = u64>) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for number in numbers {
        *counts.entry(number).or_default() += 1;
    }
    counts
}

/// The number of times that each call was allowed, and that this was used.
fn used(project: &Project) -> BTreeMap<u64, usize> {
    let sql = "SELECT json_extract(request, '$.input.command') FROM approval \
               WHERE state = 'approved' AND used_by IS NOT NULL";
    counted(project.sql(sql).iter().map(|row| number_of(&row[0])))
}

/// Fails if a call was made more often than a person has let it.
fn no_call_is_made_without_an_approval(project: &Project) {
    // What was made first: each was allowed before.
    let made = made(project);
    let used = used(project);
    for (number, times) in &made {
        assert!(times <= used.get(number).unwrap_or(&0), "{number} was made {times} times: {used:?}");
        assert!(!is_refused(*number), "{number} was refused");
    }
    let hooks = project.read(".hooks");
    assert!(!hooks.contains("one at a time"), "no agent makes two calls at once: {hooks}");
}

/// Waits until an answer with this verdict is held back; false if none is due.
fn is_held(project: &Project, verdict: &str) -> bool {
    std::fs::write(project.file(".hold"), verdict).unwrap();
    std::fs::rename(project.file(".hold"), project.file(HOLD)).unwrap();
    let until = Instant::now() + HELD_WITHIN;
    while Instant::now() < until {
        if project.file(HELD).exists() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    // A relay may rename it just now.
    std::fs::remove_file(project.file(HOLD)).is_err()
}

#[test]
fn no_permission_is_used_twice_and_nothing_waits_for_ever() {
    let project = Project::new(json!({
        "daemon": { "max_parallel_actions": 4, "max_attempts": 1000 },
        "agent": aiwg_testing::asking()
    }));
    std::fs::write(project.file(".relayed"), "").unwrap();
    start(&project, 1);
    let (stop, decider_stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let tasks = Tasks::default();
    let submitter = submits(&project, &stop, &tasks);
    let decider = decides(&project, &decider_stop);
    let mut chance = Chance(2_917);
    let mut held = 0;
    for _ in 0..rounds_or(ROUNDS) {
        std::thread::sleep(Duration::from_millis(50 + chance.below(300)));
        let verdict = [None, Some("allow"), Some("allow"), Some("defer")][chance.below(4) as usize];
        let is_held = verdict.is_some_and(|verdict| is_held(&project, verdict));
        held += u32::from(is_held);
        let victims = Victims::any(&mut chance);
        victims.kill(&project, &mut chance);
        // Where whoever waits for it was spared, the answer comes in the end.
        let _ = std::fs::remove_file(project.file(HELD));
        if victims.daemon {
            start(&project, chance.below(2));
        }
        no_call_is_made_without_an_approval(&project);
    }
    stop.store(true, Ordering::Relaxed);
    submitter.join().unwrap();
    // What was lost under a daemon rests for a while; the next one does not wait for that.
    project.kill_daemon();
    start(&project, 1);
    until_all_have_ended(&project);
    decider_stop.store(true, Ordering::Relaxed);
    decider.join().unwrap();

    no_call_is_made_without_an_approval(&project);
    assert_eq!(project.json(&["approval", "list"]), json!([]), "what nobody waits for is not asked");
    let all = all_tasks(&mut project.wire());
    let tasks = tasks.lock().unwrap();
    let made = made(&project);
    for (id, number) in tasks.iter() {
        let task = &all[id];
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("Over.")), "{task}");
        // Where nobody could be asked about any of its calls, since the daemon was away, they were refused, and the task says so.
        let (is_made, says_so) = (made.contains_key(number), task["reason"] == "refused");
        assert!(if is_refused(*number) { !is_made } else { is_made || says_so }, "{number}: {task}");
    }
    let refused: BTreeSet<&u64> = tasks.values().filter(|number| is_refused(**number)).collect();
    project.stop();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for reason in stored_runs(&project).into_values().flatten() {
        *reasons.entry(reason).or_default() += 1;
    }
    let (made, used): (usize, usize) = (made.values().sum(), used(&project).values().sum());
    eprintln!(
        "{} rounds, {held} between commit and answer: {} tasks, {} refused, {used} approvals used, {made} calls made; runs: {reasons:?}",
        rounds_or(ROUNDS),
        all.len(),
        refused.len(),
    );
    assert!(tasks.len() > 5 && held > 3 && made > 5, "too little happened to show anything");
}
