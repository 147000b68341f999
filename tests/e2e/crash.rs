//! `kill -9` of the daemon, again and again, under load.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    support::{Project, is_dead, kill, processes_of, until},
    verify::is_git_asked,
};

/// Number of times that something is killed; `AIWG_CRASH_ROUNDS` sets another number.
pub(crate) fn rounds() -> u32 {
    rounds_or(20)
}

/// The same where it is another one if nobody sets it.
pub(crate) fn rounds_or(usual: u32) -> u32 {
    std::env::var("AIWG_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

/// Everything that was acknowledged.
#[derive(Default)]
struct Acknowledged {
    events: Vec<u64>,
    tasks: Vec<String>,
}

/// A script that calls one method after the other, whatever becomes of the daemon. Each call must succeed that is answered.
pub(crate) fn script(
    socket: PathBuf,
    stop: Arc<AtomicBool>,
    next: impl FnMut(u64) -> (&'static str, Value) + Send + 'static,
    mut acknowledge: impl FnMut(&Value) + Send + 'static,
) -> JoinHandle<()> {
    calls(socket, stop, next, move |answer| {
        assert_eq!(answer.get("error"), None);
        acknowledge(&answer["result"]);
    })
}

/// The same, but it hears whole answers, be they errors.
pub(crate) fn calls(
    socket: PathBuf,
    stop: Arc<AtomicBool>,
    mut next: impl FnMut(u64) -> (&'static str, Value) + Send + 'static,
    mut hear: impl FnMut(&Value) + Send + 'static,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let Ok(mut stream) = UnixStream::connect(&socket) else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            let mut answers = BufReader::new(stream.try_clone().unwrap());
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                let (method, params) = next(number);
                let line = json!({ "jsonrpc": "2.0", "id": number, "method": method, "params": params });
                let mut answer = String::new();
                if writeln!(stream, "{line}").is_err() || !matches!(answers.read_line(&mut answer), Ok(1..)) {
                    break;
                }
                // A line that the kill cut short is no acknowledgement.
                let Ok(answer) = serde_json::from_str::<Value>(&answer) else { break };
                hear(&answer);
                std::thread::sleep(Duration::from_millis(30));
            }
        }
    })
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_runs_twice() {
    let project = Project::started(json!({
        "daemon": { "max_parallel_actions": 4 },
        "rules": [Project::rule("on-work", "work:todo", "do: sleep 0.05; echo done")]
    }));
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let stop = Arc::new(AtomicBool::new(false));
    // Four clients at once: two emit, two submit.
    let scripts: Vec<_> = (0..4)
        .map(|client| {
            let (socket, stop, seen) = (project.socket(), Arc::clone(&stop), Arc::clone(&acknowledged));
            if client % 2 == 0 {
                let emit = |number| ("event.emit", json!({ "topic": "work:todo", "payload": number }));
                let note =
                    move |result: &Value| seen.lock().unwrap().events.push(result["seq"].as_u64().unwrap());
                script(socket, stop, emit, note)
            } else {
                let submit = |_| ("task.submit", json!({ "prompt": "do: sleep 0.05; echo done" }));
                let note = move |result: &Value| {
                    seen.lock().unwrap().tasks.push(result["taskId"].as_str().unwrap().to_owned());
                };
                script(socket, stop, submit, note)
            }
        })
        .collect();
    // A sequence that looks random and is the same every time.
    let mut seed = 12_345_u64;
    let mut longest_start = Duration::ZERO;
    for _ in 0..rounds() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(20 + (seed >> 33) % 250));
        project.kill_daemon();
        let began = Instant::now();
        project.start();
        longest_start = longest_start.max(began.elapsed());
    }
    // For people: a start under load is to take less than a second.
    eprintln!("{} rounds; the longest start took {longest_start:?}", rounds());
    stop.store(true, Ordering::Relaxed);
    for script in scripts {
        script.join().unwrap();
    }

    until("the end of all tasks", || {
        let stats = project.json(&["task", "stats"]);
        stats["queued"] == 0 && stats["running"] == 0
    });
    let mut wire = project.wire();
    let (events, tasks) = (all_events(&mut wire), all_tasks(&mut wire));
    let mut runs: HashMap<String, u32> = HashMap::new();
    for id in project.runs() {
        *runs.entry(id).or_default() += 1;
    }
    let acknowledged = acknowledged.lock().unwrap();
    assert!(
        acknowledged.events.len() > 20 && acknowledged.tasks.len() > 20,
        "too little happened to show anything"
    );
    for seq in &acknowledged.events {
        assert!(
            events.iter().any(|event| event["seq"] == *seq && event["topic"] == "work:todo"),
            "event {seq} is lost"
        );
    }
    for event in events.iter().filter(|event| event["topic"] == "work:todo") {
        let made = tasks.values().filter(|task| task["causedBy"]["event"] == event["seq"]).count();
        assert_eq!(made, 1, "{event}");
    }
    for id in &acknowledged.tasks {
        assert!(tasks.contains_key(id), "{id} is lost");
    }
    for (id, task) in &tasks {
        assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)), "{task}");
        assert!(task["result"].as_str().unwrap().ends_with("done\n"), "{task}");
        assert_eq!(runs.get(id), Some(&1), "{id} did not run once");
    }
    drop(wire);
    project.stop();
    let stored = stored_runs(&project);
    assert_eq!(stored.len(), tasks.len());
    for (no, reasons) in &stored {
        let (last, before) = reasons.split_last().unwrap();
        assert_eq!(last, "done", "task {no}: {reasons:?}");
        assert!(before.iter().all(|reason| reason == "not_started"), "task {no}: {reasons:?}");
    }
}

/// The end reason of each run of each task, by the task's number, in the order of the runs. Each has ended, and none
/// is missing.
pub(crate) fn stored_runs(project: &Project) -> BTreeMap<u64, Vec<String>> {
    let rows = project.sql("SELECT task, n, reason FROM run WHERE ended_at >= started_at ORDER BY task, n");
    let mut runs: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for row in rows {
        let (task, n): (u64, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        let reason = row[2].clone();
        let runs = runs.entry(task).or_default();
        runs.push(reason);
        assert_eq!(runs.len(), n, "a run of task {task} is missing");
    }
    runs
}

pub(crate) fn all_events(wire: &mut crate::support::Wire) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    loop {
        let since = events.last().map_or(json!(0), |event| event["seq"].clone());
        let page = wire.call("event.list", json!({ "since": since, "limit": 1000 }));
        let page = page.as_array().unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page.iter().cloned());
    }
}

pub(crate) fn all_tasks(wire: &mut crate::support::Wire) -> HashMap<String, Value> {
    let mut tasks = HashMap::new();
    let mut params = json!({ "limit": 1000 });
    loop {
        let page = wire.call("task.list", params.clone());
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { return tasks };
        params["cursor"] = last["id"].clone();
        tasks.extend(page.iter().map(|task| (task["id"].as_str().unwrap().to_owned(), task.clone())));
    }
}

#[test]
fn an_agent_that_runs_at_the_crash_is_adopted() {
    let project = Project::started(json!({}));
    let task = project.submit("echo before; while [ ! -e go ]; do sleep 0.01; done; echo after");
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("before")));
    let pid = project.task(&task)["pid"].clone();
    project.kill_daemon();
    project.start();
    assert_eq!(project.task(&task)["state"], "running");
    // Its shim is asked while the daemon answers already.
    until("the same agent", || project.task(&task)["pid"] == pid);
    std::fs::write(project.file("go"), "").unwrap();
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)));
    assert!(ended["result"].as_str().unwrap().ends_with("before\nafter\n"));
}

#[test]
fn an_agent_that_ended_while_no_daemon_ran_is_taken_in() {
    let project = Project::started(json!({}));
    let task = project.submit("while [ ! -e go ]; do sleep 0.01; done; echo after; touch gone");
    until("the agent", || project.runs().len() == 1);
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    until("the exit record", || project.file(&format!(".aiwg/daemon/actions/{task}/1/exit.json")).exists());
    project.start();
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)));
}

/// Kills the daemon and all its shims at once, as a power cut would: they have no time to leave a record.
fn lose_power(project: &Project) {
    project.kill_daemon();
    for pid in shims(project) {
        kill(pid, Signal::KILL);
    }
}

#[test]
fn a_shim_that_was_never_told_what_to_start_is_no_agent_whose_files_are_gone() {
    let project = Project::started(json!({}));
    let in_project = |program: &str, arguments: &[&str]| {
        let done = std::process::Command::new(program).current_dir(project.path()).args(arguments).status();
        assert!(done.unwrap().success(), "{program} {arguments:?}");
    };
    in_project("git", &["init", "-q"]);
    in_project("mv", &[".git/config", "config"]);
    // Git is asked about protected files before the shim is told, and waits.
    in_project("mkfifo", &[".git/config"]);
    let submitted = project.json(&["task", "submit", "do: echo done", "--verify", "true"]);
    until("git to be asked", || is_git_asked(&project));
    let idle = shims(&project);
    assert!(!idle.is_empty());
    // Or it would see that its daemon is gone, and end before the next one looks.
    idle.iter().for_each(|pid| kill(*pid, Signal::STOP));
    project.kill_daemon();
    in_project("mv", &["config", ".git/config"]);
    project.start();
    let ended = project.ended(submitted["taskId"].as_str().unwrap());
    assert_eq!((&ended["state"], &ended["error"]), (&json!("completed"), &json!(null)), "{ended}");
    until("it to be gone", || idle.iter().all(|pid| is_dead(*pid)));
}

/// The shims of a project.
pub(crate) fn shims(project: &Project) -> Vec<u32> {
    let processes = processes_of(project.path()).into_iter();
    processes.filter(|(_, line)| line.contains("__shim")).map(|(pid, _)| pid).collect()
}

/// The script of an agent that is lost in its first attempt only.
const LOST_ONCE: &str = "if [ -e second ]; then echo second; else touch second; sleep 1000; fi";

#[test]
fn an_agent_that_died_with_the_machine_is_queued_again() {
    let project = Project::started(json!({}));
    let task = project.submit(LOST_ONCE);
    until("the agent", || project.file("second").exists());
    lose_power(&project);
    project.start();
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)));
    assert!(processes_of(project.path()).iter().all(|(_, line)| !line.contains("sleep 1000")));
}

#[test]
fn its_second_attempt_can_be_ended_like_any_other() {
    let project = Project::started(json!({}));
    let tasks: Vec<String> = (0..3).map(|_| project.submit("sleep 1000")).collect();
    until("the agents", || project.runs().len() == 3);
    lose_power(&project);
    project.start();
    until("their second attempts", || project.runs().len() == 6);
    for task in &tasks {
        project.json(&["task", "cancel", task]);
        let ended = project.ended(task);
        assert_eq!((&ended["state"], &ended["attempts"]), (&json!("cancelled"), &json!(2)));
    }
}

#[test]
fn an_agent_that_someone_else_has_had_ended_is_queued_again() {
    let project = Project::started(json!({}));
    let task = project.submit(LOST_ONCE);
    until("the agent", || project.file("second").exists());
    for pid in shims(&project) {
        kill(pid, Signal::TERM);
    }
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)));
}

#[test]
fn a_task_that_kills_what_keeps_it_is_not_tried_for_ever() {
    let project = Project::started(json!({ "daemon": { "max_attempts": 2 } }));
    let ended = project.ended(&project.submit("kill -9 $PPID; sleep 1000"));
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("failed"), &json!(2)));
    assert!(ended["error"].as_str().unwrap().contains("daemon.max_attempts"), "{ended}");
    assert_eq!(project.runs().len(), 2);
}

#[test]
fn a_task_that_waits_for_its_next_attempt_can_be_cancelled() {
    let project = Project::started(json!({}));
    let task = project.submit("kill -9 $PPID; sleep 1000");
    until("its shim's end", || project.runs().len() == 1 && shims(&project).is_empty());
    project.json(&["task", "cancel", &task]);
    assert_eq!(project.ended(&task)["state"], "cancelled");
    assert_eq!(project.runs().len(), 1);
}

#[test]
fn whether_an_agent_still_runs_is_asked_until_it_is_known() {
    let project = Project::started(json!({}));
    let task = project.submit(LOST_ONCE);
    until("the agent", || project.file("second").exists());
    lose_power(&project);
    // As with a full disk, it cannot be noted that the first attempt is given up.
    let lock = project.file(&format!(".aiwg/daemon/actions/{task}/1/lock"));
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    project.start();
    until("the warning", || project.read(".aiwg/daemon/daemon.log").contains("cannot be settled yet"));
    assert_eq!(project.task(&task)["state"], "running");
    std::fs::remove_dir(&lock).unwrap();
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)));
}

#[test]
fn a_clock_that_is_set_makes_no_task_older() {
    let project = Project::started(json!({ "daemon": { "action_timeout_minutes": 30 } }));
    let task = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    until("the agent", || project.runs().len() == 1);
    project.kill_daemon();
    // As after a clock that was set an hour ahead.
    project.sql("UPDATE task SET started_at = started_at - 3600000");
    project.start();
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&task)["state"], "completed");
}
