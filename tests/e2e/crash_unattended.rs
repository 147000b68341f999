//! `kill -9` of the daemon, again and again, under loops, budgets, limits and approvals.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    crash::{all_events, all_tasks, rounds, script, stored_runs},
    support::{Project, until},
};

/// An agent that meets the limit of its account in the first run of each task, and goes on in its session in the second. The lines are
/// those of the real `claude` (`server/agents/src/claude/samples`), without what nobody reads.
const LIMITED_AGENT: &str = r#"
session=session-of-$AIWG_TASK_ID
resumed=
for argument in "$@"; do
    [ "$last" = --resume ] && resumed=$argument
    last=$argument
done
cat >/dev/null
echo "$AIWG_TASK_ID $resumed" >>.limited-runs
echo "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"$session\"}"
if [ -z "$resumed" ]; then
    at=$(($(date +%s) + 1))
    echo "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":$at,\"rateLimitType\":\"five_hour\"},\"session_id\":\"$session\"}"
    echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"api_error_status\":429,\"api_error\":\"usage_limit_reached\",\"terminal_reason\":\"api_error\",\"total_cost_usd\":0,\"result\":\"You've hit your 5-hour limit\",\"session_id\":\"$session\"}"
    exit 1
fi
echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"total_cost_usd\":0.125,\"result\":\"done\",\"session_id\":\"$session\"}"
"#;

/// An agent that does a bit of its work in each run, whatever it is asked, in one session, whose cost adds up.
const LOOPING_AGENT: &str = r#"
session=session-of-$AIWG_TASK_ID
cat >/dev/null
echo x >>"loop-$AIWG_TASK_ID"
total=$(awk 'END { print NR * 0.0625 }' "loop-$AIWG_TASK_ID")
echo "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"$session\"}"
echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"total_cost_usd\":$total,\"result\":\"done\",\"session_id\":\"$session\"}"
"#;

const PAID_USD: f64 = 0.25;
const ROUND_USD: f64 = 0.0625;
const LIMITED_USD: f64 = 0.125;

/// Pause of each client after a call.
const PAUSE: Duration = Duration::from_millis(120);

/// The command of one of these agents, whose output is that of `claude` with the format `stream-json`.
fn streaming(script: &str) -> [&str; 6] {
    ["sh", script, "-p", "--output-format", "stream-json", "--verbose"]
}

fn config(project: &Project, paid_a_day: u32) -> Value {
    json!({
        "daemon": { "max_parallel_actions": 4 },
        "agent": aiwg_testing::claude_stand_in(),
        "agents": {
            "looping": { "program": "claude", "command": streaming("looping-agent") },
            "limited": {
                "program": "claude",
                "command": streaming("limited-agent"),
                "env": { "CLAUDE_CONFIG_DIR": project.file("other-login") }
            }
        },
        "budget": { "day_usd": 10_000, "unknown_cost_usd": 1, "rules": { "paid": { "day_usd": paid_a_day } } },
        "rules": [Project::rule("paid", "work:paid", &format!("do: cost {PAID_USD}; echo $AIWG_TASK_ID >>paid"))]
    })
}

/// The tasks that were acknowledged, by the kind of their client.
type Submitted = Arc<Mutex<BTreeMap<&'static str, Vec<String>>>>;

/// A client that submits a task like this, again and again.
fn submits(
    project: &Project,
    stop: &Arc<AtomicBool>,
    seen: &Submitted,
    kind: &'static str,
    params: Value,
) -> JoinHandle<()> {
    let seen = Arc::clone(seen);
    let next = move |_| {
        std::thread::sleep(PAUSE);
        ("task.submit", params.clone())
    };
    let note = move |result: &Value| {
        let id = result["taskId"].as_str().unwrap().to_owned();
        seen.lock().unwrap().entry(kind).or_default().push(id);
    };
    script(project.socket(), Arc::clone(stop), next, note)
}

/// A person who approves all that waits.
fn approves(project: &Project, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let waiting: Arc<Mutex<Vec<Value>>> = Arc::default();
    let listed = Arc::clone(&waiting);
    let next = move |_| match waiting.lock().unwrap().pop() {
        Some(id) => ("approval.approve", json!({ "approvalId": id })),
        None => ("approval.list", json!({})),
    };
    let note = move |result: &Value| {
        if let Some(list) = result.as_array().or(result["approvals"].as_array()) {
            // Of those that a killed daemon may have decided no decision was heard: the list is asked each time.
            *listed.lock().unwrap() = list.iter().take(1).map(|approval| approval["id"].clone()).collect();
        }
    };
    script(project.socket(), Arc::clone(stop), next, note)
}

/// Waits until there are none of these, for as long as they become fewer: each of the tasks of one account waits for its limit.
fn until_none(what: &str, mut count: impl FnMut() -> usize) {
    let mut fewest = usize::MAX;
    while fewest > 0 {
        until(what, || {
            let before = fewest;
            fewest = fewest.min(count());
            fewest < before
        });
    }
}

#[test]
fn no_round_no_cent_and_no_decision_is_lost_or_counted_twice() {
    let project = Project::empty();
    project.configure(&config(&project, 2).to_string());
    std::fs::write(project.file("limited-agent"), LIMITED_AGENT).unwrap();
    std::fs::write(project.file("looping-agent"), LOOPING_AGENT).unwrap();
    project.start();
    let (stop, approver_stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let submitted = Submitted::default();
    let events: Arc<Mutex<Vec<u64>>> = Arc::default();
    let check = json!({ "command": "test $(wc -l <loop-$AIWG_TASK_ID) -ge 2", "maxRounds": 5 });
    let emitted = Arc::clone(&events);
    let clients = [
        submits(
            &project,
            &stop,
            &submitted,
            "loop",
            json!({ "prompt": "x", "agent": "looping", "verify": check }),
        ),
        submits(&project, &stop, &submitted, "limited", json!({ "prompt": "x", "agent": "limited" })),
        submits(
            &project,
            &stop,
            &submitted,
            "approved",
            json!({ "prompt": "x", "agent": "looping", "approval": true }),
        ),
        script(
            project.socket(),
            Arc::clone(&stop),
            |number| {
                std::thread::sleep(PAUSE);
                ("event.emit", json!({ "topic": "work:paid", "payload": number }))
            },
            move |result| emitted.lock().unwrap().push(result["seq"].as_u64().unwrap()),
        ),
    ];
    let approver = approves(&project, &approver_stop);
    let mut seed = 4_711_u64;
    for _ in 0..rounds() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(100 + (seed >> 33) % 500));
        project.kill_daemon();
        project.start();
    }
    stop.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().unwrap());

    let waits_for_budget = |task: &&Value| task["waiting"] == "budget";
    until_none("only the budget to keep tasks waiting", || {
        let tasks = all_tasks(&mut project.wire());
        let open = tasks.values().filter(|task| task["state"] == "queued" || task["state"] == "running");
        open.filter(|task| !waits_for_budget(task)).count()
    });
    let bounds = project.json(&["budget"])["bounds"].clone();
    let paid = bounds.as_array().unwrap().iter().find(|bound| bound["rule"] == "paid").unwrap();
    assert!(paid["spentUsd"].as_f64().unwrap() <= 2.0, "{paid}");
    project.configure(&config(&project, 10_000).to_string());
    project.json(&["daemon", "reload"]);
    until_none("the end of all tasks", || {
        let stats = project.json(&["task", "stats"]);
        ["queued", "running"].iter().filter_map(|state| stats[*state].as_u64()).sum::<u64>() as usize
    });
    approver_stop.store(true, Ordering::Relaxed);
    approver.join().unwrap();

    let mut wire = project.wire();
    let (stored_events, tasks) = (all_events(&mut wire), all_tasks(&mut wire));
    drop(wire);
    for task in tasks.values() {
        assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)), "{task}");
    }
    let submitted = submitted.lock().unwrap();
    let lines = |file: &str| project.read(file).lines().map(str::to_owned).collect::<Vec<_>>();
    for id in &submitted["loop"] {
        let task = &tasks[id];
        assert_eq!(
            (task["rounds"].as_array().map(Vec::len), &task["verified"]),
            (Some(2), &json!(true)),
            "{task}"
        );
        assert_eq!(lines(&format!("loop-{id}")).len(), 2, "{id}: a round is its agent's one run");
    }
    let mut limited: HashMap<String, Vec<bool>> = HashMap::new();
    for line in lines(".limited-runs") {
        let (id, session) = line.split_once(' ').unwrap();
        limited.entry(id.to_owned()).or_default().push(!session.is_empty());
    }
    assert!(limited.values().all(|runs| runs == &[false, true]), "parked once, and resumed: {limited:?}");
    assert!(submitted["limited"].iter().all(|id| limited.contains_key(id)));
    let of = |topic: &str, task: &str| {
        stored_events
            .iter()
            .filter(|event| event["topic"] == topic && event["payload"]["taskId"] == task)
            .count()
    };
    let approved: Vec<&String> = tasks.keys().filter(|id| of("approval:requested", id) > 0).collect();
    assert!(submitted["approved"].iter().all(|id| approved.contains(&id)));
    for id in &approved {
        assert_eq!((of("approval:requested", id), of("approval:approved", id)), (1, 1), "{id}");
        assert_eq!(lines(&format!("loop-{id}")).len(), 1, "{id}");
    }
    let paid = lines("paid");
    let emitted: Vec<&Value> = stored_events.iter().filter(|event| event["topic"] == "work:paid").collect();
    assert!(events.lock().unwrap().iter().all(|seq| emitted.iter().any(|event| event["seq"] == *seq)));
    assert_eq!(paid.len(), emitted.len(), "each event has one task, which ran once");

    // Every run has cost something, and each is counted once.
    let loops = tasks
        .values()
        .filter(|task| task["rounds"].as_array().is_some_and(|rounds| !rounds.is_empty()))
        .count();
    let runs = loops * 2 + approved.len();
    let cost = PAID_USD * paid.len() as f64 + ROUND_USD * runs as f64 + LIMITED_USD * limited.len() as f64;
    let spent = project.json(&["budget"])["bounds"][0]["spentUsd"].as_f64().unwrap();
    assert!((spent - cost).abs() < 1e-6, "{spent} is counted, {cost} was spent");
    assert!(paid.len() > 8 && loops > 5 && limited.len() > 5 && approved.len() > 5, "too little happened");
    eprintln!(
        "{} rounds: {} paid, {loops} loops, {} limited, {} approved",
        rounds(),
        paid.len(),
        limited.len(),
        approved.len()
    );
    project.stop();
    for (no, reasons) in stored_runs(&project) {
        let allowed = ["done", "check_failed", "limited", "not_started"];
        assert!(reasons.iter().all(|reason| allowed.contains(&reason.as_str())), "task {no}: {reasons:?}");
    }
}
