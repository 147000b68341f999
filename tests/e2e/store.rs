//! A daemon whose store is in a PostgreSQL.

use std::{process::Command, time::Duration};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{
    Cli, Project, Wire, is_dead, kill,
    postgres::{Cluster, PASSWORD},
    processes_of, until,
};

/// A project whose store is in this server.
struct Elsewhere<'c> {
    project: Project,
    cluster: &'c Cluster,
}

impl<'c> Elsewhere<'c> {
    fn new(cluster: &'c Cluster, name: &str, more: Value) -> Self {
        let mut config = json!({ "store": cluster.url(name) });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Self { project: Project::new(config), cluster }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command();
        command.env_remove("AIWG_STORE").env("PGPASSWORD", PASSWORD).args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Cli {
        Cli::of(self.command(args).output().unwrap())
    }

    fn start(&self) {
        let done = self.run(&["daemon", "start"]);
        assert_eq!(done.code, 0, "{}", done.err);
    }

    /// The message of a start that must not succeed.
    fn refused(&self, set: &[(&str, &str)]) -> String {
        let mut command = self.command(&["daemon", "start"]);
        let done = Cli::of(command.envs(set.iter().copied()).output().unwrap());
        assert_eq!(done.code, 1, "{}{}", done.out, done.err);
        done.err
    }
}

/// The last line of a task's result: before it the stand-in says what it was asked.
fn said(task: &Value) -> &str {
    task["result"].as_str().unwrap_or_default().lines().last().unwrap_or_default()
}

/// Copies a directory of a server that does not run.
fn copy(cluster: &Cluster, from: &str, to: &str) {
    let (from, to) = (cluster.path(from), cluster.path(to));
    let _ = std::fs::remove_dir_all(&to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn issues(wire: &mut Wire) -> String {
    wire.call("daemon.status", json!({}))["issues"].to_string()
}

#[test]
fn a_daemon_has_its_store_in_a_postgres_and_its_agents_know_nothing_of_it() {
    let Some(cluster) = Cluster::start() else { return };
    let elsewhere =
        Elsewhere::new(&cluster, "shop", json!({ "rules": [Project::rule("r", "a:b", "do: true")] }));
    let project = &elsewhere.project;
    elsewhere.start();
    let status = elsewhere.run(&["daemon", "status"]).out;
    assert!(status.contains("(project shop)") && !status.contains(PASSWORD), "{status}");
    let id =
        project.submit("env > env-of-agent; tr '\\0' '\\n' < /proc/$PPID/environ > env-of-shim; echo done");
    let ended = project.ended(&id);
    assert_eq!((ended["state"].as_str(), said(&ended)), (Some("completed"), "done"), "{ended}");
    for file in ["env-of-agent", "env-of-shim"] {
        let env = project.read(file);
        assert!(
            env.contains("PATH=") && !env.contains("AIWG_STORE") && !env.contains("PGPASS"),
            "{file}: {env}"
        );
    }
    // It is there, and nowhere else.
    assert_eq!(cluster.psql("SELECT state FROM aiwg_shop.task"), "completed");
    project.json(&["event", "emit", "a:b"]);
    until("the task of the rule", || {
        cluster.psql("SELECT count(*) FROM aiwg_shop.task WHERE state = 'completed'") == "2"
    });

    // A crash: the agent goes on, and the next daemon with it.
    let id = project.submit("until [ -e go ]; do sleep 0.05; done; echo late");
    until("its start", || project.task(&id)["state"] == "running");
    project.kill_daemon();
    elsewhere.start();
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(said(&project.ended(&id)), "late");
    assert_eq!(project.task(&id)["attempts"], 1);

    // A restart in place, and a reload that changes something else.
    let done = elsewhere.run(&["daemon", "restart"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let mut config: Value = serde_json::from_str(&project.read(".aiwg/daemon.json")).unwrap();
    config["daemon"] = json!({ "max_queued": 7 });
    project.configure(&config.to_string());
    let done = elsewhere.run(&["daemon", "reload"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    // It is in force over a start that nobody asks for.
    config["daemon"] = json!({ "max_queued": 8 });
    project.configure(&config.to_string());
    project.stop();
    let done = elsewhere.run(&["daemon", "start", "--unattended"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let health = elsewhere.run(&["daemon", "status"]).out;
    assert!(health.contains("max_queued"), "{health}");

    // Another store takes a start.
    let own = json!({ "agent": config["agent"] });
    project.configure(&own.to_string());
    let refused = elsewhere.run(&["daemon", "reload"]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    let words = format!("{}{}", refused.out, refused.err);
    assert!(words.contains("that of this directory, and not postgres://"), "{words}");
    project.stop();
    let unasked = Cli::of(
        elsewhere
            .command(&["daemon", "start", "--unattended"])
            .env("AIWG_STORE", cluster.url("else"))
            .output()
            .unwrap(),
    );
    assert!(unasked.code == 1 && unasked.err.contains("no person has asked"), "{}", unasked.err);
    let started = elsewhere.run(&["daemon", "start"]);
    assert_eq!(started.code, 0, "{}", started.err);
    assert!(
        format!("{}{}", started.out, started.err).contains("what is queued there stays there"),
        "{}",
        started.err
    );
    let first = project.submit("sleep 600");
    assert_eq!(first, "task-0004", "no number is given twice");
    // And none changes under tasks that have not ended.
    project.configure(&config.to_string());
    project.json(&["daemon", "pause"]);
    let waiting = project.submit("true");
    let refused = elsewhere.run(&["daemon", "restart"]);
    let words = format!("{}{}", refused.out, refused.err);
    assert!(refused.code == 1 && words.contains("takes a new start"), "{words}");
    project.stop();
    let refused = elsewhere.refused(&[]);
    assert!(refused.contains("have not ended") || refused.contains("has not ended"), "{refused}");
    project.configure(&own.to_string());
    elsewhere.start();
    project.json(&["task", "cancel", "--all"]);
    let _ = waiting;
    project.stop();
    project.configure(&config.to_string());
    elsewhere.start();
    // One that has never run has left nothing in the directory.
    assert_eq!(project.submit("true"), "task-0005");
    assert_eq!(issues(&mut project.wire()), "[]", "what the other store has had is not missed here");
}

#[test]
fn a_store_that_is_away_is_waited_for() {
    let Some(mut cluster) = Cluster::start() else { return };
    // It is borrowed by nobody: it is stopped under way.
    let url = cluster.url("one");
    let project = Project::new(json!({ "store": url }));
    let run = |args: &[&str]| {
        let mut command = project.command();
        Cli::of(command.env_remove("AIWG_STORE").env("PGPASSWORD", PASSWORD).args(args).output().unwrap())
    };
    let started = run(&["daemon", "start"]);
    assert_eq!(started.code, 0, "{}", started.err);
    let long = project.submit("until [ -e go ]; do sleep 0.05; done; echo late");
    until("its start", || project.task(&long)["state"] == "running");
    cluster.stop("QUIT");
    let mut wire = project.wire();
    let refused = wire.try_call("task.submit", json!({ "prompt": "do: true" }));
    assert_eq!(refused["error"]["data"]["kind"], "storage_unavailable", "{refused}");
    until("the word of it", || issues(&mut wire).contains("does not answer"));
    // An agent ends meanwhile, and its result waits.
    std::fs::write(project.file("go"), "").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    cluster.run();
    assert_eq!(said(&project.ended(&long)), "late");
    until("the end of the issue", || issues(&mut wire) == "[]");
    let id = project.submit("echo again");
    assert_eq!(said(&project.ended(&id)), "again");
    assert_eq!(cluster.psql("SELECT count(*) FROM aiwg_one.task"), "2", "what was refused has not happened");
    assert_eq!(wire.call("daemon.status", json!({}))["stats"]["completed"], 2);
    // It can be stopped without its store.
    cluster.stop("QUIT");
    let stopped = run(&["daemon", "stop"]);
    assert_eq!(stopped.code, 0, "{}", stopped.err);
}

#[test]
fn a_directory_whose_state_was_removed_is_known_in_its_store() {
    let Some(cluster) = Cluster::start() else { return };
    let more = json!({ "daemon": { "heartbeat_interval_seconds": 1 } });
    let elsewhere = Elsewhere::new(&cluster, "one", more);
    let project = &elsewhere.project;
    elsewhere.start();
    let id = project.submit("echo before");
    assert_eq!(said(&project.ended(&id)), "before");
    let pid = project.pid();
    // As `git clean` does; the daemon may be writing there at that moment.
    until("it to be removed", || std::fs::remove_dir_all(project.file(".aiwg/daemon")).is_ok());
    until("the daemon's end", || is_dead(pid));
    elsewhere.start();
    assert_eq!(said(&project.task(&id)), "before");
    let id = project.submit("echo after");
    assert_eq!(said(&project.ended(&id)), "after");
}

#[test]
fn a_store_that_has_lost_something_takes_a_restart() {
    let Some(mut cluster) = Cluster::start() else { return };
    let project = Project::new(json!({ "store": cluster.url("one") }));
    let run = |args: &[&str]| {
        let mut command = project.command();
        let done = Cli::of(
            command.env_remove("AIWG_STORE").env("PGPASSWORD", PASSWORD).args(args).output().unwrap(),
        );
        assert_eq!(done.code, 0, "{}", done.err);
    };
    run(&["daemon", "start"]);
    let long = project.submit("until [ -e go ]; do sleep 0.05; done; echo late");
    until("its start", || project.task(&long)["state"] == "running");
    cluster.stop("INT");
    copy(&cluster, "data", "backup");
    cluster.run();
    project.json(&["event", "emit", "a:b"]);
    cluster.stop("QUIT");
    copy(&cluster, "backup", "data");
    cluster.run();
    let mut wire = project.wire();
    until("the word of it", || {
        let refused = wire.try_call("task.submit", json!({ "prompt": "do: true" }))["error"].to_string();
        refused.contains("has lost what was stored")
    });
    assert!(issues(&mut wire).contains("aiwg daemon restart"), "{}", issues(&mut wire));
    run(&["daemon", "restart"]);
    let mut wire = project.wire();
    assert!(issues(&mut wire).contains("event"), "{}", issues(&mut wire));
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(said(&project.ended(&long)), "late");
}

#[test]
fn a_start_says_what_is_the_matter_with_the_store() {
    let Some(cluster) = Cluster::start() else { return };
    let elsewhere = Elsewhere::new(&cluster, "one", json!({}));
    let project = &elsewhere.project;
    let refused = elsewhere.refused(&[("PGPASSWORD", "another")]);
    assert!(
        refused.contains("password authentication failed") && refused.contains("PGPASSFILE"),
        "{refused}"
    );
    let refused = elsewhere.refused(&[("AIWG_STORE", "postgres://tester@127.0.0.1:1/postgres")]);
    assert!(refused.contains("refused") && refused.contains("psql"), "{refused}");
    let none = format!("postgres://tester@127.0.0.1:{}/none", cluster.port);
    let refused = elsewhere.refused(&[("AIWG_STORE", &none)]);
    assert!(refused.contains("\"none\" does not exist") && refused.contains("createdb"), "{refused}");
    let refused = elsewhere.refused(&[("AIWG_STORE", "mysql://x")]);
    assert!(refused.contains("AIWG_STORE must be the address of a PostgreSQL"), "{refused}");
    // The file may have no password, and says where.
    project.configure("{\n  \"store\": \"postgres://tester:geheim@db/work\"\n}");
    let wrong = elsewhere.run(&["config", "check"]);
    assert_eq!(wrong.code, 1);
    let words = format!("{}{}", wrong.out, wrong.err);
    assert!(
        words.contains("daemon.json:2:3") && words.contains("PGPASSFILE") && !words.contains("geheim"),
        "{words}"
    );
    project.configure(&Project::config(json!({ "store": cluster.url("one") })).to_string());
    elsewhere.start();

    // Another directory with the same project joins it.
    let other = Elsewhere::new(&cluster, "one", json!({}));
    other.start();
    let list = other.run(&["host", "list"]).out;
    assert!(list.lines().count() == 3 && list.contains("(this one)"), "{list}");
    // A copy of the first one has its id: the last that is started writes.
    let local =
        |project: &Project| rusqlite::Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    let id = "SELECT value FROM cursor WHERE source = 'host' AND key = 'id'";
    let id: String = local(project).query_row(id, [], |row| row.get(0)).unwrap();
    other.project.stop();
    let own = local(&other.project);
    let set = "UPDATE cursor SET value = ?1 WHERE source = 'host' AND key = 'id'";
    assert_eq!(own.execute(set, [&id]).unwrap(), 1);
    drop(own);
    other.start();
    let id = other.project.submit("echo mine");
    assert_eq!(said(&other.project.ended(&id)), "mine");
    let error = project.wire().try_call("task.submit", json!({ "prompt": "do: true" }))["error"].clone();
    assert!(error["message"].to_string().contains("another daemon has opened this store"), "{error}");
    assert!(issues(&mut project.wire()).contains("another daemon"), "{}", issues(&mut project.wire()));
    other.cluster.psql("UPDATE aiwg_one.project SET tables = 999");
    other.project.stop();
    let refused = other.refused(&[]);
    assert!(refused.contains("newer aiwg"), "{refused}");
}

/// A machine that is gone with all that is on it, and one that is frozen: what ran there goes on elsewhere once it is given up, and never before its agents have
/// ended.
#[test]
fn what_ran_on_a_host_that_is_not_heard_of_goes_on_elsewhere() {
    let Some(cluster) = Cluster::start() else { return };
    let more = |labels: Value| json!({ "fleet": { "lost_after_seconds": 60 }, "host": { "labels": labels }, "daemon": { "max_parallel_actions": 2 } });
    let hosts = [json!([]), json!(["gone", "both"]), json!(["frozen", "both"])];
    let [left, gone, frozen] = hosts.map(|labels| Elsewhere::new(&cluster, "fleet", more(labels)));
    for host in [&left, &gone, &frozen] {
        host.start();
    }
    let submit = |label: &str| {
        let script = "do: date +%s%N >> starts; sleep 300";
        let done = left.run(&["task", "submit", script, "--runs-on", label, "--json"]);
        let task: Value = serde_json::from_str(&done.out).unwrap();
        task["taskId"].as_str().unwrap().to_owned()
    };
    let (of_gone, of_frozen) = (submit("gone"), submit("frozen"));
    until("their agents", || [&gone, &frozen].iter().all(|host| !host.project.read("starts").is_empty()));
    // The one: daemon, shim and agent. The other: its daemon alone, and its agents go on.
    gone.project.kill_daemon();
    for (pid, _) in processes_of(gone.project.path()) {
        kill(pid, Signal::KILL);
    }
    let pid = frozen.project.pid();
    kill(pid, Signal::STOP);
    let agents =
        || processes_of(frozen.project.path()).iter().filter(|(_, line)| line.contains("sleep 300")).count();
    assert!(agents() > 0);
    let began = std::time::Instant::now();
    until_within(Duration::from_secs(50), "the agent to end by itself", || agents() == 0);
    assert!(began.elapsed() > Duration::from_secs(10), "{:?}", began.elapsed());
    let state = |id: &str| left.project.task(id)["state"].clone();
    assert_eq!(
        (state(&of_gone), state(&of_frozen)),
        (json!("running"), json!("running")),
        "nobody else has them yet"
    );
    until_within(Duration::from_secs(60), "both to be given up", || {
        state(&of_gone) == "queued" && state(&of_frozen) == "queued"
    });
    let list = left.run(&["host", "list"]).out;
    assert_eq!(list.matches("lost").count(), 2, "{list}");
    // The frozen one goes on, finds that out, and takes part again: with the task that only it can run.
    kill(pid, Signal::CONT);
    // A start before the store has heard of it again is none, and is no attempt.
    until_within(Duration::from_secs(30), "its return", || {
        let task = left.project.task(&of_frozen);
        task["state"] == "running" && task["attempts"] == 2
    });
    left.project.json(&["task", "cancel", "--all"]);
    until("the end of all", || {
        ["cancelled"].iter().all(|end| state(&of_gone) == *end && state(&of_frozen) == *end)
    });
}

fn until_within(time: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + time;
    while !is_so() {
        assert!(std::time::Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
