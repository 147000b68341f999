//! Limits of the accounts that agents work with: a pause, and not a failure.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use aiwg_client::types::Timestamp;
use aiwg_testing::{TestDaemon, repository, scripted, until, until_some};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

/// The lines that the real `claude` printed when the limit of five hours was used up, with another time of its reset.
fn limited(resets_in: Duration) -> Vec<String> {
    let at = SystemTime::now() + resets_in;
    let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    sample("oauth.LIM5H", "exit 1").iter().map(|line| line.replace("1795888905", &at.to_string())).collect()
}

/// The lines that the real `claude` printed in this case.
fn sample(name: &str, exit: &str) -> Vec<String> {
    let path = repository().join(format!("server/agents/src/claude/samples/2.1.332/{name}.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).chain([exit.to_owned()]).collect()
}

fn script(daemon: &TestDaemon, lines: &[String]) {
    daemon.script(lines.iter().map(String::as_str));
}

/// A daemon whose agent prints these lines.
fn with(lines: &[String], more: Value) -> TestDaemon {
    let mut daemon = TestDaemon::stopped(config(more));
    script(&daemon, lines);
    daemon.start();
    daemon
}

fn config(more: Value) -> Value {
    let mut config = json!({ "agent": scripted() });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

fn waits(daemon: &TestDaemon, task: &str) -> Value {
    until_some(&format!("{task} to wait for a limit"), || {
        let task = daemon.task(task);
        (task["state"] == "queued" && task["waiting"] == "limit").then_some(task)
    })
}

fn account(daemon: &TestDaemon) -> Value {
    daemon.call("account.list", json!({}))["accounts"][0].clone()
}

fn topics(daemon: &TestDaemon, prefix: &str) -> Vec<String> {
    let events = daemon.call("event.list", json!({ "topics": [format!("{prefix}*")], "limit": 100 }));
    let events = events.as_array().unwrap();
    let mut topics: Vec<(u64, String)> = events
        .iter()
        .map(|event| (event["seq"].as_u64().unwrap(), event["topic"].as_str().unwrap().to_owned()))
        .collect();
    topics.sort();
    topics.into_iter().map(|(_, topic)| topic).collect()
}

#[test]
fn a_limited_task_waits_and_goes_on_in_its_session() {
    let daemon = with(&limited(Duration::from_secs(3)), json!({}));
    let task = daemon.submit("anything");
    let waiting = waits(&daemon, &task);
    assert!(waiting["waitingUntil"].is_string() && waiting["attempts"] == 0, "{waiting}");
    assert_eq!(account(&daemon)["state"], "limited");
    assert_eq!(account(&daemon)["window"], "five_hour");
    let chain = daemon.call("task.why", json!({ "id": task }))["nodes"].clone();
    let wait = chain.as_array().unwrap().iter().find(|node| node["kind"] == "wait").unwrap().clone();
    assert_eq!((&wait["reason"], &wait["until"]), (&json!("limit"), &waiting["waitingUntil"]));
    let other = daemon.submit("something else");
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    let done = daemon.wait_for_task(&task, "completed");
    assert_eq!((&done["attempts"], &done["reason"]), (&json!(1), &json!("done")));
    daemon.wait_for_task(&other, "completed");
    let events = until_some("the events", || {
        let events = topics(&daemon, "agent:");
        (events.len() > 1).then_some(events)
    });
    assert_eq!(events, ["agent:limited", "agent:resumed"]);
    assert_eq!(account(&daemon)["state"], "ready");
}

#[test]
fn the_daemons_of_a_user_share_what_they_know() {
    let one = with(&limited(Duration::from_secs(3600)), json!({}));
    let other = TestDaemon::beside(&one, config(json!({})));
    script(&other, &sample("oauth.SAY", "exit 0"));
    let first = one.submit("anything");
    waits(&one, &first);
    until("the other to know of it", || account(&other)["state"] == "limited");
    let task = other.submit("anything");
    let waiting = waits(&other, &task);
    assert_eq!(waiting["attempts"], 0);
    assert!(other.runs().is_empty(), "it is not tried");
    assert_eq!(account(&other), account(&one));
    // Another user's daemons know nothing of it.
    let stranger = with(&sample("oauth.SAY", "exit 0"), json!({}));
    stranger.wait_for_task(&stranger.submit("anything"), "completed");
    let id = account(&one)["id"].clone();
    script(&one, &sample("oauth.SAY", "exit 0"));
    assert_eq!(other.call("account.resume", json!({}))["resumed"], json!([id]));
    other.wait_for_task(&task, "completed");
    one.wait_for_task(&first, "completed");
    assert_eq!(account(&one)["state"], "ready");
    assert_eq!(one.call("account.resume", json!({}))["resumed"], json!([]));
    let unknown = one.error("account.resume", json!({ "account": "no-such" }));
    assert_eq!(unknown["data"]["kind"], "account_not_found");
}

#[test]
fn a_limit_outlasts_the_daemon_and_its_file() {
    let mut daemon = with(&limited(Duration::from_secs(3600)), json!({}));
    let task = daemon.submit("anything");
    waits(&daemon, &task);
    daemon.restart();
    assert_eq!(waits(&daemon, &task)["attempts"], 0);
    assert_eq!(daemon.runs().len(), 1);
    assert_eq!(topics(&daemon, "agent:"), ["agent:limited"]);
    // Without what is known of it, the limit is met once more.
    daemon.stop();
    std::fs::write(daemon.shared().join("accounts.json"), "damaged").unwrap();
    daemon.start();
    until("the second run", || daemon.runs().len() == 2);
    assert_eq!(waits(&daemon, &task)["attempts"], 0);
}

/// The lock of the file that the daemons of a user share, which somebody holds until this is dropped.
fn locked(daemon: &TestDaemon) -> File {
    let lock = File::create(daemon.shared().join("accounts.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    lock
}

#[test]
fn nobody_waits_for_the_lock_of_the_shared_file() {
    let mut one = with(&limited(Duration::from_secs(3600)), json!({}));
    let other = TestDaemon::beside(&one, config(json!({})));
    script(&other, &sample("oauth.SAY", "exit 0"));
    let lock = locked(&one);
    let task = one.submit("anything");
    waits(&one, &task);
    assert_eq!(account(&one)["state"], "limited");
    assert!(!one.shared().join("accounts.json").exists(), "the lock is held");
    // Whoever calls is answered meanwhile, and what is learnt counts.
    one.emit("a:b", json!({}));
    waits(&one, &one.submit("more"));
    assert_eq!(one.runs().len(), 1);
    // The next daemon knows of it, though nobody could be told.
    one.restart();
    assert_eq!(waits(&one, &task)["attempts"], 0);
    assert_eq!((one.runs().len(), account(&one)["state"].clone()), (1, json!("limited")));
    // Once the lock is free, the others hear of it.
    drop(lock);
    until("the other to know of it", || account(&other)["state"] == "limited");
    let held_back = other.submit("anything");
    waits(&other, &held_back);
    assert!(other.runs().is_empty());
}

#[test]
fn a_limit_that_is_over_is_tried_though_nobody_can_be_asked() {
    let daemon = with(&limited(Duration::from_secs(2)), json!({}));
    let _lock = locked(&daemon);
    let task = daemon.submit("anything");
    waits(&daemon, &task);
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    daemon.wait_for_task(&task, "completed");
    assert_eq!(account(&daemon)["state"], "ready");
}

#[test]
fn a_share_is_left_to_people() {
    let mut warning = sample("oauth.WARN", "exit 0");
    let soon = SystemTime::now() + Duration::from_secs(3600);
    let soon = soon.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for line in &mut warning {
        *line = line.replace("1795888904", &soon.to_string());
    }
    let reserve = |percent: u64| json!({ "accounts": { "reserve": { "five_hour": percent } } });
    let daemon = with(&warning, reserve(20));
    daemon.wait_for_task(&daemon.submit("anything"), "completed");
    let task = daemon.submit("more");
    assert!(waits(&daemon, &task)["waitingUntil"].is_string());
    assert_eq!(account(&daemon)["state"], "reserved");
    let limited = daemon.call("event.list", json!({ "topics": ["agent:limited"] }))[0]["payload"].clone();
    assert_eq!(
        (&limited["state"], &limited["window"]),
        (&json!("reserved"), &json!("five_hour")),
        "{limited}"
    );
    assert!(limited["until"].is_string(), "{limited}");
    daemon.reload(config(reserve(5)));
    daemon.wait_for_task(&task, "completed");
    assert_eq!(topics(&daemon, "agent:"), ["agent:limited", "agent:resumed"]);
}

#[test]
fn a_refused_login_holds_all_until_a_person_acts() {
    let daemon = with(&sample("oauth.E401", "exit 1"), json!({}));
    let first = daemon.wait_for_task(&daemon.submit("anything"), "failed");
    assert_eq!(first["reason"], "auth");
    let task = daemon.submit("more");
    assert!(waits(&daemon, &task)["waitingUntil"].is_null());
    let issues = daemon.status()["issues"].clone();
    let issue = issues.as_array().unwrap().iter().find(|issue| issue["kind"] == "account").unwrap();
    assert!(issue["message"].as_str().unwrap().contains("`aiwg account resume`"), "{issue}");
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    daemon.call("account.resume", json!({}));
    daemon.wait_for_task(&task, "completed");
    assert_eq!(daemon.status()["health"], "healthy");
    let limited = daemon.call("event.list", json!({ "topics": ["agent:limited"] }));
    assert!(limited.to_string().contains("\"state\":\"auth\""), "{limited}");
}

#[test]
fn a_task_with_a_login_of_its_own_holds_up_no_other() {
    let daemon = with(&limited(Duration::from_secs(3600)), json!({}));
    let own = json!({ "prompt": "anything", "env": { "CLAUDE_CODE_OAUTH_TOKEN": "its-own" } });
    let own = daemon.submit_with(own);
    assert!(waits(&daemon, &own)["waitingUntil"].is_string());
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    daemon.wait_for_task(&daemon.submit("more"), "completed");
    assert_eq!(account(&daemon)["state"], "ready");
    assert_eq!(topics(&daemon, "agent:"), [""; 0]);
}

#[test]
fn a_task_with_a_login_of_its_own_does_not_wait_for_the_account_of_the_project() {
    let daemon = with(&limited(Duration::from_secs(3600)), json!({}));
    let of_project = daemon.submit("anything");
    waits(&daemon, &of_project);
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    for (name, value) in [("ANTHROPIC_API_KEY", "its-own"), ("CLAUDE_CONFIG_DIR", "/nowhere")] {
        let own = daemon.submit_with(json!({ "prompt": "anything", "env": { name: value } }));
        daemon.wait_for_task(&own, "completed");
    }
    waits(&daemon, &of_project);
    assert_eq!(account(&daemon)["state"], "limited", "and says nothing of it");
}

#[test]
fn a_limit_of_a_tasks_own_login_lasts_as_long_as_its_agent_says_or_until_a_person_lifts_it() {
    let daemon = with(&limited(Duration::from_secs(4 * 3600)), json!({}));
    let own =
        || daemon.submit_with(json!({ "prompt": "anything", "env": { "ANTHROPIC_API_KEY": "its-own" } }));
    let (one, other) = (own(), own());
    for task in [&one, &other] {
        let until: Timestamp = waits(&daemon, task)["waitingUntil"].as_str().unwrap().parse().unwrap();
        let wait_ms = until.as_millis() - Timestamp::now().as_millis();
        assert!((14_000_000..14_500_000).contains(&wait_ms), "{wait_ms}");
    }
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    assert_eq!(daemon.call("task.release", json!({ "taskId": one }))["released"], true);
    daemon.wait_for_task(&one, "completed");
    waits(&daemon, &other);
    assert_eq!(daemon.call("account.resume", json!({})), json!({ "resumed": [], "tasks": [other] }));
    daemon.wait_for_task(&other, "completed");
}

#[test]
fn a_key_of_any_service_is_a_tasks_own_login() {
    let daemon = with(&sample("oauth.E401", "exit 1"), json!({}));
    for name in ["AWS_ACCESS_KEY_ID", "ANTHROPIC_FOUNDRY_API_KEY", "GROQ_API_KEY"] {
        let own = daemon.submit_with(json!({ "prompt": "anything", "env": { name: "bad" } }));
        assert_eq!(daemon.wait_for_task(&own, "failed")["reason"], "auth");
        assert_eq!(account(&daemon)["state"], "ready", "{name}");
    }
}

#[test]
fn a_login_that_was_mended_is_tried_by_one_task_first() {
    let refused = sample("oauth.E401", "exit 1");
    let daemon = with(&refused, json!({ "daemon": { "max_parallel_actions": 2 } }));
    daemon.wait_for_task(&daemon.submit("anything"), "failed");
    let waiting: Vec<String> = (0..2).map(|_| daemon.submit("more")).collect();
    daemon.call("account.resume", json!({}));
    daemon.wait_for_task(&waiting[0], "failed");
    waits(&daemon, &waiting[1]);
    assert_eq!((daemon.runs().len(), &account(&daemon)["state"]), (2, &json!("auth")));
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    daemon.call("account.resume", json!({}));
    daemon.wait_for_task(&waiting[1], "completed");
    assert_eq!(account(&daemon)["state"], "ready");
}

/// A profile with a login of its own, whose agents print the lines of this file.
fn profile(script: &str, fallback: &[&str]) -> Value {
    let mut profile = scripted();
    let members = profile.as_object_mut().unwrap();
    members
        .insert("env".to_owned(), json!({ "CLAUDE_CONFIG_DIR": format!("/x/{script}"), "SCRIPT": script }));
    members.insert("fallback".to_owned(), json!(fallback));
    profile
}

fn with_two_profiles(one: &[String], two: &[String]) -> TestDaemon {
    let agents = json!({ "one": profile("one", &["two"]), "two": profile("two", &[]) });
    let mut daemon = TestDaemon::stopped(json!({ "agents": agents }));
    daemon.write("one", one.join("\n"));
    daemon.write("two", two.join("\n"));
    daemon.start();
    daemon
}

#[test]
fn a_fallback_that_was_limited_is_tried_when_its_own_limit_is_over() {
    let daemon = with_two_profiles(&limited(Duration::from_secs(3600)), &limited(Duration::from_secs(3)));
    let task = daemon.submit_with(json!({ "prompt": "Tidy up.", "agent": "one" }));
    until("both to be limited", || daemon.runs().len() == 2);
    let waiting = waits(&daemon, &task);
    let until: Timestamp = waiting["waitingUntil"].as_str().unwrap().parse().unwrap();
    assert!(until < Timestamp::now().after_ms(3_000_000), "{waiting}");
    daemon.write("two", sample("oauth.SAY", "exit 0").join("\n"));
    let done = daemon.wait_for_task(&task, "completed");
    assert_eq!(done["profiles"], json!(["one", "two", "two"]));
    let asked = daemon.read(".stand-in-asked");
    assert!(asked.contains("--resume") && asked.contains("Go on where you stopped"), "{asked}");
}

#[test]
fn a_profile_whose_limit_is_over_is_tried_though_its_fallback_is_free() {
    let say = sample("oauth.SAY", "exit 0");
    let daemon = with_two_profiles(&limited(Duration::from_secs(2)), &say);
    let first = daemon.submit_with(json!({ "prompt": "x", "agent": "one" }));
    assert_eq!(daemon.ended(&first)["profiles"], json!(["one", "two"]));
    // It counts for the one whose account pays.
    let spent = daemon.call("budget.status", json!({}))["byAgent"].clone();
    assert_eq!(spent[0]["agent"], "two", "{spent}");
    daemon.write("one", say.join("\n"));
    until("the end of the limit", || {
        let accounts = daemon.call("account.list", json!({}))["accounts"].clone();
        accounts.as_array().unwrap().iter().any(|account| account["state"] == "probing")
    });
    let next = daemon.submit_with(json!({ "prompt": "x", "agent": "one" }));
    assert_eq!(daemon.ended(&next)["profiles"], json!(["one"]));
}

#[test]
fn a_task_that_was_changed_while_it_waited_is_told_so() {
    let daemon = with(&limited(Duration::from_secs(3600)), json!({}));
    let task = daemon.submit_with(json!({ "prompt": "Old words." }));
    waits(&daemon, &task);
    daemon.call("task.edit", json!({ "taskId": task, "prompt": "New words." }));
    let overloaded = sample("oauth.OVER529", "exit 1");
    script(&daemon, &overloaded);
    daemon.call("account.resume", json!({}));
    until("the second run", || daemon.runs().len() == 2);
    daemon.until_task(&task, "to wait again", |task| task["state"] == "queued");
    let asked = daemon.read(".stand-in-asked");
    assert!(asked.contains("--resume") && asked.contains("New words."), "{asked}");
    assert!(!asked.contains("Go on where you stopped"), "{asked}");
}

#[test]
fn the_event_of_an_end_has_its_reason() {
    let rule = aiwg_testing::rule("r", "task:failed", "why: {{ event.payload.reason }}");
    let daemon = with(&sample("oauth.E401", "exit 1"), json!({ "rules": [rule] }));
    let failed = daemon.wait_for_task(&daemon.submit("anything"), "failed");
    let event = daemon.call("event.list", json!({ "topics": ["task:failed"] }))[0]["payload"].clone();
    assert_eq!((&failed["reason"], &event["reason"]), (&json!("auth"), &json!("auth")), "{event}");
    let prompt = daemon.until_task("task-0002", "to be there", |_| true)["prompt"].clone();
    assert!(prompt.as_str().unwrap().starts_with("why: \"auth\"\n"), "{prompt}");
}

#[test]
fn a_limit_that_cannot_be_shared_outlasts_the_daemon_and_is_said_in_the_health() {
    let mut daemon = TestDaemon::stopped(config(json!({})));
    script(&daemon, &limited(Duration::from_secs(3600)));
    // Nothing can be written in its place.
    std::fs::create_dir_all(daemon.shared().join("accounts.json/x")).unwrap();
    daemon.start();
    let task = daemon.submit("anything");
    waits(&daemon, &task);
    let issue = |daemon: &TestDaemon| {
        let issues = daemon.status()["issues"].clone();
        issues.as_array().unwrap().iter().find(|issue| issue["kind"] == "accounts_file").cloned()
    };
    let message = until_some("the issue", || issue(&daemon))["message"].as_str().unwrap().to_owned();
    assert!(message.contains("accounts.json cannot be written"), "{message}");
    daemon.restart();
    assert_eq!(waits(&daemon, &task)["attempts"], 0);
    assert_eq!((daemon.runs().len(), &account(&daemon)["state"]), (1, &json!("limited")));
    std::fs::remove_dir_all(daemon.shared().join("accounts.json")).unwrap();
    until("the end of the issue", || {
        issue(&daemon).is_none() && daemon.shared().join("accounts.json").is_file()
    });
}

#[test]
fn a_person_may_be_asked_before_work_goes_on() {
    let daemon = with(&limited(Duration::from_secs(1)), json!({ "accounts": { "resume": "ask" } }));
    let task = daemon.submit("anything");
    let waiting = waits(&daemon, &task);
    assert!(waiting["waitingUntil"].is_null());
    let resets_at = waiting["limitResetsAt"].as_str().unwrap();
    let chain = daemon.call("task.why", json!({ "id": task })).to_string();
    assert!(chain.contains(&format!("the limit of its agent's account resets at {resets_at}")), "{chain}");
    script(&daemon, &sample("oauth.SAY", "exit 0"));
    let status = daemon.status();
    assert_eq!(status["health"], "degraded");
    assert!(status["issues"].to_string().contains("should have reset by 20"), "{status}");
    daemon.call("account.resume", json!({}));
    daemon.wait_for_task(&task, "completed");
}

#[test]
fn a_fallback_begins_afresh_where_another_profile_was_interrupted() {
    let stand_in = repository().join("tests/agents/stand-in-agent");
    let mut agent = scripted();
    agent.as_object_mut().unwrap().insert("fallback".to_owned(), json!(["other"]));
    let agents = json!({ "other": { "command": [stand_in] }, "apart": scripted() });
    let daemon = with(&limited(Duration::from_secs(3600)), json!({ "agent": agent, "agents": agents }));
    let interrupted = daemon.ended(&daemon.submit_with(json!({ "prompt": "Tidy up." })));
    assert_eq!((&interrupted["state"], &interrupted["agent"]), (&json!("completed"), &Value::Null));
    assert_eq!(interrupted["profiles"], json!(["agent", "other"]));
    let prompt = interrupted["result"].as_str().unwrap();
    assert!(prompt.contains("Another agent has begun") && prompt.contains("Tidy up."), "{prompt}");
    // One that has not begun gets the fallback at once, and is asked what it asks.
    let fresh = daemon.ended(&daemon.submit_with(json!({ "prompt": "Write it down." })));
    assert_eq!(fresh["profiles"], json!(["other"]));
    let prompt = fresh["result"].as_str().unwrap();
    assert!(prompt.contains("Write it down.") && !prompt.contains("Another agent"), "{prompt}");
    // A profile without one waits: it works with the same account.
    let apart = daemon.submit_with(json!({ "prompt": "x", "agent": "apart" }));
    waits(&daemon, &apart);
}

#[test]
fn a_fallback_whose_program_is_missing_is_passed_over() {
    let stand_in = repository().join("tests/agents/stand-in-agent");
    let missing = json!({ "program": "gemini", "command": ["/nonexistent/gemini"] });
    for (fallback, profiles) in
        [(json!(["none", "other"]), json!(["agent", "none", "other"])), (json!(["none"]), Value::Null)]
    {
        let mut agent = scripted();
        agent.as_object_mut().unwrap().insert("fallback".to_owned(), fallback);
        let agents = json!({ "none": missing, "other": { "command": [stand_in] } });
        let daemon = with(&limited(Duration::from_secs(3600)), json!({ "agent": agent, "agents": agents }));
        let task = daemon.submit_with(json!({ "prompt": "Tidy up." }));
        if profiles.is_null() {
            until("the fallback to be tried", || daemon.task(&task)["profiles"] == json!(["agent", "none"]));
            assert_eq!(waits(&daemon, &task)["attempts"], 0);
            // It is tried once, and not for each task.
            let second = waits(&daemon, &daemon.submit_with(json!({ "prompt": "Write it down." })));
            assert_eq!(second["profiles"], Value::Null);
        } else {
            let done = daemon.ended(&task);
            assert_eq!((&done["state"], &done["profiles"]), (&json!("completed"), &profiles), "{done}");
            let prompt = done["result"].as_str().unwrap();
            assert!(prompt.contains("Another agent has begun") && prompt.contains("Tidy up."), "{prompt}");
        }
    }
}
