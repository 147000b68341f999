//! A store that is moved from the project's directory to a PostgreSQL, and back.

use std::{process::Command, time::SystemTime};

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value, json};

use crate::support::{
    Cli, Project,
    postgres::{Cluster, PASSWORD},
    until,
};

/// A project whose configuration names no store, or the one at this address.
pub(crate) struct Walk {
    pub(crate) project: Project,
    pub(crate) url: String,
}

impl Walk {
    pub(crate) fn new(url: String, more: Value) -> Self {
        let mut rule = Project::rule("on-edit", "a:b", "do: echo of a rule");
        rule["action"]["agent"] = json!("cheap");
        let mut config = json!({
            "rules": [rule],
            "agents": { "cheap": aiwg_testing::stand_in() },
            "budget": { "day_usd": 5 },
            "schedule": { "enabled": true, "jobs": [{ "name": "yearly", "cron": "0 0 1 1 *", "action": "do: true" }] }
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Self { project: Project::new(config), url }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command();
        command.env_remove("AIWG_STORE").env("PGPASSWORD", PASSWORD).args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Cli {
        Cli::of(self.command(args).output().unwrap())
    }

    /// Runs a command that must succeed, and gives what it says.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.code, 0, "{args:?}: {}{}", done.out, done.err);
        done.out
    }

    /// Runs a command that must fail, and gives why.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.code, 1, "{args:?}: {}{}", done.out, done.err);
        format!("{}{}", done.out, done.err)
    }

    /// Runs a command with the store named by the environment.
    pub(crate) fn with_store(&self, args: &[&str]) -> Cli {
        Cli::of(self.command(args).env("AIWG_STORE", &self.url).output().unwrap())
    }

    pub(crate) fn away(&self) -> Vec<&str> {
        vec!["store", "migrate", "--to", &self.url]
    }

    /// Emits events at once, under keys as clients make them, and gives the answers: they share rows of the store.
    fn emit_all(&self, made_at: u128) -> Vec<Value> {
        let call = |n: u128| {
            let key = format!("{:08x}-{:04x}-7000-8000-{n:012x}", made_at >> 16, made_at & 0xffff);
            let params = json!({ "topic": "many", "payload": { "n": n }, "idempotencyKey": key });
            json!({ "jsonrpc": "2.0", "id": n, "method": "event.emit", "params": params })
        };
        let calls: Vec<Value> = (1..=20).map(call).collect();
        let answers = self.project.wire().ask(json!(calls).to_string());
        let mut answers = answers.as_array().unwrap().clone();
        assert!(answers.iter().all(|answer| answer["result"]["seq"].is_u64()), "{answers:?}");
        answers.sort_by_key(|answer| answer["id"].as_u64());
        answers
    }

    /// What the daemon says of all that it has, but for moments that go on.
    fn seen(&self) -> Vec<Value> {
        let mut wire = self.project.wire();
        let mut seen = vec![
            wire.call("task.list", json!({ "limit": 100 })),
            wire.call("event.list", json!({ "since": 0, "limit": 1000 })),
            wire.call("approval.list", json!({})),
            wire.call("schedule.list", json!({})),
            wire.call("chat.history", json!({ "conversation": "talk" })),
        ];
        let mut budget = wire.call("budget.status", json!({}));
        budget
            .as_object_mut()
            .unwrap()
            .retain(|name, _| ["spentUsd", "byDay", "byAgent", "byRule"].contains(&name.as_str()));
        seen.push(budget);
        for task in seen[0].as_array().unwrap().clone() {
            let id = json!({ "taskId": task["id"] });
            seen.push(wire.call("task.get", id.clone()));
            seen.push(self.project.json(&["why", task["id"].as_str().unwrap()]));
        }
        // Where a run was is said only where several hosts may share the store.
        seen.iter_mut().for_each(without_hosts);
        // What a start says of itself is no part of what was there before.
        let is_of_a_start =
            |event: &Value| event["topic"].as_str().is_some_and(|topic| topic.starts_with("daemon:"));
        seen[1].as_array_mut().unwrap().retain(|event| !is_of_a_start(event));
        seen
    }
}

fn without_hosts(seen: &mut Value) {
    match seen {
        Value::Object(members) => {
            members.remove("host");
            members.values_mut().for_each(without_hosts);
        }
        Value::Array(values) => values.iter_mut().for_each(without_hosts),
        _ => {}
    }
}

/// All rows of the tables in the directory's database, but what is about the directory itself.
pub(crate) fn dump(project: &Project) -> Vec<String> {
    let database = Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    let tables: Vec<String> = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('made_here', 'config_in_force') AND name NOT LIKE 'sqlite%' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut all = Vec::new();
    for table in tables {
        let kept = if table == "cursor" { "WHERE source NOT IN ('host', 'store')" } else { "" };
        let mut select = database.prepare(&format!("SELECT * FROM {table} {kept}")).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let held: Vec<String> = (0..columns)
                .map(|at| match row.get_ref(at).unwrap() {
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    other => format!("{other:?}"),
                })
                .collect();
            all.push(format!("{table}: {}", held.join(" | ")));
        }
    }
    all.sort();
    all
}

/// The store that the directory's database says is in force; none for its own.
pub(crate) fn in_force(project: &Project) -> Option<String> {
    let database = Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    database
        .query_row("SELECT value FROM cursor WHERE source = 'host' AND key = 'store'", [], |row| row.get(0))
        .ok()
}

#[test]
fn a_store_moves_to_a_postgres_and_back_and_loses_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let walk = Walk::new(cluster.url("shop"), json!({}));
    let project = &walk.project;
    walk.done(&["daemon", "start"]);
    assert_eq!(project.ended(&project.submit("echo done"))["state"], "completed");
    assert_eq!(project.ended(&project.submit("exit 3"))["state"], "failed");
    walk.done(&["chat", "send", "do: echo said", "--conversation", "talk"]);
    walk.done(&["daemon", "pause"]);
    let first = project.submit("echo first");
    walk.done(&["task", "submit", "do: echo second", "--after", &first]);
    walk.done(&["task", "submit", "do: echo held", "--approval"]);
    walk.done(&["task", "hold", &first]);
    let gone = project.submit("true");
    walk.done(&["task", "cancel", &gone]);
    let keyed = |what: &[&str]| {
        let key = format!("release {}", what[0]);
        project.json(&[what, &["--idempotency-key", &key]].concat())
    };
    let by_uuid =
        ["event", "emit", "a:b", "{\"n\": 1}", "--idempotency-key", "019a2b3c-4d5e-7f00-8123-456789abcdef"];
    let emitted = (keyed(&["event", "emit", "a:b", "{\"n\": 2}"]), project.json(&by_uuid));
    let made_at = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let many = walk.emit_all(made_at);
    let answered = keyed(&["task", "submit", "do: echo once"]);
    let before = walk.seen();

    // A daemon runs.
    let against = walk.refused(&[&walk.away()[..], &["--dry-run"]].concat());
    assert!(against.contains("aiwg daemon stop") && against.contains("tasks"), "{against}");
    let refused = walk.refused(&walk.away());
    assert!(refused.contains("aiwg daemon stop"), "{refused}");
    project.stop();
    let was = dump(project);
    let look = walk.done(&[&walk.away()[..], &["--dry-run"]].concat());
    assert!(look.contains("Nothing is changed") && look.contains("add to"), "{look}");
    assert_eq!(cluster.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'aiwg_shop'"), "0");
    let typed = walk.run(&["store", "migrate", "--to", "sqlit"]);
    assert!(typed.code == 2 && typed.err.contains("or \"sqlite\""), "{}", typed.err);

    let moved = walk.done(&walk.away());
    assert!(moved.contains("The store has moved") && moved.contains("same on both sides"), "{moved}");
    assert!(moved.contains("add to") && moved.contains(&format!("\"store\": \"{}\"", walk.url)), "{moved}");
    assert_eq!(dump(project), was, "the source is left as it was");
    // The old start says where it has gone, whoever asks.
    for args in [&["daemon", "start"][..], &["daemon", "start", "--unattended"]] {
        let refused = walk.refused(args);
        assert!(refused.contains("was moved to postgres://") && refused.contains("--to sqlite"), "{refused}");
    }
    let mut config: Value = serde_json::from_str(&project.read(".aiwg/daemon.json")).unwrap();
    config["store"] = json!(walk.url);
    project.configure(&config.to_string());
    walk.done(&["daemon", "start"]);
    assert_eq!(walk.seen(), before);
    // A key that is repeated gets its first answer.
    assert_eq!((keyed(&["event", "emit", "a:b", "{\"n\": 2}"]), project.json(&by_uuid)), emitted);
    assert_eq!(keyed(&["task", "submit", "do: echo once"]), answered);
    assert_eq!(walk.emit_all(made_at), many);
    assert_ne!(cluster.psql("SELECT count(*) FROM aiwg_shop.answer_group"), "0");
    assert_eq!(walk.seen(), before);
    // The queue goes on, with the next number.
    walk.done(&["task", "release", &first]);
    walk.done(&["daemon", "resume"]);
    let next = project.submit("echo next");
    assert_eq!(next, "task-0011", "{}", before[0]);
    until("the end of all that can run", || {
        cluster.psql("SELECT count(*) FROM aiwg_shop.task WHERE state IN ('queued', 'running')") == "1"
    });
    assert_eq!(project.task(&next)["state"], "completed");
    let there = walk.seen();

    // Back, with the address that the configuration has. What is there of the output of what has run on another host comes along.
    project.stop();
    std::fs::remove_dir_all(project.file(&format!(".aiwg/daemon/actions/{next}"))).unwrap();
    let moved = walk.done(&["store", "migrate", "--to", "sqlite"]);
    assert!(
        moved.contains("The store has moved: postgres://") && moved.contains("take \"store\" out of"),
        "{moved}"
    );
    // Whether or not there are tasks that would be left behind.
    let refused = walk.refused(&["daemon", "start"]);
    assert!(refused.contains("was moved to that of this directory"), "{refused}");
    config.as_object_mut().unwrap().remove("store");
    project.configure(&config.to_string());
    walk.done(&["daemon", "start"]);
    assert_eq!(walk.seen(), there);
    let output = walk.done(&["task", "logs", "--follow", &next]);
    assert!(output.ends_with("next\n"), "{output}");
    assert_eq!((keyed(&["event", "emit", "a:b", "{\"n\": 2}"]), project.json(&by_uuid)), emitted);
    assert_eq!(walk.emit_all(made_at), many);
    let last = project.submit("echo last");
    assert_eq!(last, "task-0012");
    assert_eq!(project.ended(&last)["state"], "completed");
    let already = walk.refused(&["store", "migrate", "--to", "sqlite"]);
    assert!(already.contains("aiwg daemon stop"), "{already}");
    // No task is left there that only its own store would go on with, and what is there is of before all the same.
    walk.done(&["task", "cancel", "--all"]);
    project.stop();
    let already = walk.done(&["store", "migrate", "--to", "sqlite"]);
    assert!(already.contains("there already"), "{already}");
    let refused = walk.with_store(&["daemon", "start"]);
    assert!(
        refused.code == 1 && refused.err.contains("was moved to that of this directory"),
        "{}",
        refused.err
    );
}

#[test]
fn a_store_does_not_move_under_agents_nor_at_their_wish() {
    let Some(cluster) = Cluster::start() else { return };
    let walk = Walk::new(cluster.url("agents"), json!({}));
    let project = &walk.project;
    let never = walk.refused(&walk.away());
    assert!(never.contains("nothing to move"), "{never}");
    assert!(!project.file(".aiwg/daemon").exists());
    walk.done(&["daemon", "start"]);
    let id = project.submit(&format!("{} store migrate --to sqlite", env!("CARGO_BIN_EXE_aiwg")));
    let said = format!("{}{}", project.ended(&id), project.run(&["task", "logs", &id, "--stderr"]).out);
    assert!(said.contains("a process of an agent"), "{said}");
    let long = project.submit("until [ -e go ]; do sleep 0.05; done; echo late");
    until("its start", || project.task(&long)["state"] == "running");
    project.kill_daemon();
    for more in [&[][..], &["--dry-run"]] {
        let refused = walk.refused(&[&walk.away()[..], more].concat());
        assert!(refused.contains(&long) && refused.contains("aiwg daemon start"), "{refused}");
    }
    // One that ends without a daemon is no obstacle: its end is on record in the directory.
    std::fs::write(project.file("go"), "").unwrap();
    until("the end of the agent", || walk.run(&[&walk.away()[..], &["--dry-run"]].concat()).code == 0);
    walk.done(&walk.away());
    let started = walk.with_store(&["daemon", "start"]);
    assert_eq!(started.code, 0, "{}", started.err);
    let ended = project.ended(&long);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)), "{ended}");
    assert!(ended["result"].as_str().unwrap().contains("late"), "{ended}");
}

#[test]
fn after_a_move_a_start_takes_the_place_where_the_store_is_and_all_of_what_was_moved() {
    let Some(cluster) = Cluster::start() else { return };
    let walk = Walk::new(cluster.url("there"), json!({}));
    walk.done(&["daemon", "start"]);
    walk.done(&["task", "submit", "do: true", "--delay", "1d"]);
    walk.done(&["daemon", "stop"]);
    walk.done(&walk.away());
    // Another one, as by a typing mistake.
    let start = |url: &str, more: &[&str]| {
        let args = [&["daemon", "start"], more].concat();
        Cli::of(walk.command(&args).env("AIWG_STORE", url).output().unwrap())
    };
    let wrong = start(&cluster.url("else"), &[]);
    assert!(wrong.code == 1 && wrong.err.contains("was moved to"), "{}{}", wrong.out, wrong.err);
    // What was moved is gone.
    cluster.psql("CREATE SCHEMA kept; DROP SCHEMA aiwg_there CASCADE");
    let empty = start(&walk.url, &[]);
    assert!(empty.code == 1 && empty.err.contains("is less than that"), "{}{}", empty.out, empty.err);
    let adopted = Cli::of(walk.command(&["daemon", "start", "--adopt-state"]).output().unwrap());
    assert_eq!(adopted.code, 0, "{}", adopted.err);
    assert_eq!(walk.project.json(&["task", "stats"])["queued"], 1);
    walk.done(&["daemon", "stop"]);
    // Once it has been there, it is a store like any other.
    cluster.psql("DROP SCHEMA IF EXISTS aiwg_there CASCADE");
    walk.done(&walk.away());
    assert_eq!(start(&walk.url, &[]).code, 0);
    walk.done(&["task", "cancel", "--all"]);
    walk.done(&["daemon", "stop"]);
    let another = start(&cluster.url("else"), &[]);
    assert_eq!(another.code, 0, "{}", another.err);
    walk.done(&["daemon", "stop"]);
}

#[test]
fn a_look_says_that_another_host_is_there() {
    let Some(cluster) = Cluster::start() else { return };
    let config = json!({ "store": cluster.url("both") });
    let (one, other) =
        (Walk::new(cluster.url("both"), config.clone()), Walk::new(cluster.url("both"), config));
    one.done(&["daemon", "start"]);
    other.done(&["daemon", "start"]);
    one.done(&["daemon", "stop"]);
    for args in
        [&["store", "migrate", "--to", "sqlite", "--dry-run"][..], &["store", "migrate", "--to", "sqlite"]]
    {
        let why = one.refused(args);
        assert!(why.contains("another host of this one's"), "{why}");
    }
    other.done(&["daemon", "stop"]);
    one.done(&["store", "migrate", "--to", "sqlite", "--dry-run"]);
    // There and back again: what the other one has left there keeps nobody from that, and it takes part again.
    one.done(&["store", "migrate", "--to", "sqlite"]);
    one.done(&[&one.away()[..], &["--dry-run"]].concat());
    one.done(&one.away());
    for walk in [&one, &other] {
        walk.done(&["daemon", "start"]);
    }
    assert_eq!(one.project.json(&["host", "list"])["hosts"].as_array().unwrap().len(), 2);
    for walk in [&one, &other] {
        walk.done(&["daemon", "stop"]);
    }
}

#[test]
fn a_move_that_breaks_off_says_where_the_store_is() {
    let Some(cluster) = Cluster::start() else { return };
    let walk = Walk::new(cluster.url("there"), json!({}));
    walk.done(&["daemon", "start"]);
    walk.done(&["daemon", "stop"]);
    cluster.psql("CREATE ROLE poor LOGIN PASSWORD 'a pass:word'; CREATE SCHEMA aiwg_poor");
    let url = cluster.url("poor").replace("tester@", "poor@");
    for more in [&[][..], &["--dry-run"]] {
        let why = walk.refused(&[&["store", "migrate", "--to", &url], more].concat());
        assert!(why.contains("permission denied") && why.contains("It is where it was"), "{why}");
    }
}
