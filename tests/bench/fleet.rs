//! Several hosts on one PostgreSQL, beside pgbench's script of a transaction under the same row's lock, on the same server; and what becomes of that lock with
//! up to 1,000 hosts, by what a turn takes that comes after another host's commit.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, ChildStdin, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    SUBMIT,
    daemon::BenchDaemon,
    load::{Load, Until, measure},
    start::{FIRST_ACT, median, times_to_first_act},
    table,
};

#[allow(dead_code, unreachable_pub, clippy::print_stderr)]
#[path = "../postgres/cluster.rs"]
mod cluster;

use cluster::{Cluster, PASSWORD};

/// Time for which pgbench goes on, in seconds, and for which tasks are submitted.
const TIME: Duration = Duration::from_secs(5);

/// Numbers of hosts that work off one queue, each with so many agents at once.
const HOSTS: [usize; 3] = [1, 4, 8];
const AGENTS: usize = 8;

/// Tasks that they work off.
const TASKS: usize = 1500;

/// Starts on another host, and cancels, of which the 99th of a hundred counts.
const STARTS: usize = 200;
const CANCELS: usize = 100;

/// The most that these may take, in milliseconds.
const START_MS: f64 = 50.0;
const CANCEL_MS: f64 = 1000.0;

/// The least submits in a second.
const SUBMITS: f64 = 10_000.0;

/// Numbers of hosts of the simulation, and how long each of their agents works, in seconds.
const FLEETS: [usize; 4] = [2, 10, 100, 1000];
const WORKS_FOR: f64 = 300.0;

/// pgbench's tables: a queue in its simplest form.
const TABLES: &str = "CREATE SCHEMA bench;
CREATE TABLE bench.project (id INT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO bench.project VALUES (0, 0);
CREATE TABLE bench.task (no BIGSERIAL PRIMARY KEY, state TEXT NOT NULL, prompt TEXT NOT NULL, started_at BIGINT, ended_at BIGINT, result TEXT);
CREATE INDEX queued ON bench.task (no) WHERE state = 'queued';
CREATE INDEX running ON bench.task (no) WHERE state = 'running';
CREATE TABLE bench.run (task BIGINT, n INT, started_at BIGINT, ended_at BIGINT, PRIMARY KEY (task, n));
CREATE TABLE bench.event (seq BIGSERIAL PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL);
INSERT INTO bench.task (state, prompt) SELECT 'queued', 'Run the test suite and report results' FROM generate_series(1, 300000);";

/// Claims so many tasks in a transaction under the lock, and finishes as many in another one.
const CLAIM_AND_FINISH: &str = "BEGIN;
SELECT version FROM bench.project WHERE id = 0 FOR UPDATE;
WITH next AS (SELECT no FROM bench.task WHERE state = 'queued' ORDER BY no LIMIT :k),
     claimed AS (UPDATE bench.task SET state = 'running', started_at = 1 FROM next WHERE task.no = next.no RETURNING task.no),
     runs AS (INSERT INTO bench.run SELECT no, 1, 1, NULL FROM claimed)
INSERT INTO bench.event (topic, payload) SELECT 'started', 'x' FROM claimed;
UPDATE bench.project SET version = version + 1 WHERE id = 0;
COMMIT;
BEGIN;
SELECT version FROM bench.project WHERE id = 0 FOR UPDATE;
WITH next AS (SELECT no FROM bench.task WHERE state = 'running' ORDER BY no LIMIT :k),
     done AS (UPDATE bench.task SET state = 'completed', ended_at = 2, result = 'done' FROM next WHERE task.no = next.no RETURNING task.no),
     runs AS (UPDATE bench.run SET ended_at = 2 FROM done WHERE run.task = done.no)
INSERT INTO bench.event (topic, payload) SELECT 'completed', 'x' FROM done;
UPDATE bench.project SET version = version + 1 WHERE id = 0;
COMMIT;
";

pub(crate) fn run(aiwg: &Path) {
    let Some(mut server) = Cluster::start() else { return };
    server.stop("INT");
    server.run_with(&["fsync=on", "shared_buffers=256MB", "max_wal_size=1GB"]);
    server.psql(TABLES);

    table::head("tasks claimed and finished, per second", "aiwg", "pgbench");
    // Their directories stay until the end: ext4 looks past each inode that was deleted in the last minutes before it gives a file a new one.
    let mut ended = Vec::new();
    for hosts in HOSTS {
        let one_by_one = pgbench(&server, hosts, 1);
        let eight = pgbench(&server, hosts, AGENTS);
        let rate = throughput(aiwg, &server, hosts, &mut ended);
        table::row(
            &format!("{hosts} hosts of {AGENTS} agents, beside one in a transaction"),
            rate,
            one_by_one,
        );
        table::row(&format!("the same, beside {AGENTS} in a transaction"), rate, eight);
    }
    table::head("two hosts", "aiwg", "bound");
    table::row("task.submit, 64 in flight, per second (at least)", submits(aiwg, &server), SUBMITS);
    let (start, cancel) = elsewhere(aiwg, &server);
    table::row("task.submit to the first act on another host, 99 %, ms", start, START_MS);
    table::row("task.cancel to the end there, 99 %, ms", cancel, CANCEL_MS);
    simulate(aiwg, &server);
}

/// Tasks that pgbench claims and finishes in a second, with so many clients.
fn pgbench(server: &Cluster, clients: usize, tasks: usize) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script.sql");
    std::fs::write(&script, CLAIM_AND_FINISH).unwrap();
    let output = server
        .client("pgbench")
        .args(["-n", "-M", "prepared", "-f"])
        .arg(&script)
        .args(["-D", &format!("k={tasks}"), "-c", &clients.to_string(), "-j", "2"])
        .args(["-T", &TIME.as_secs().to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap();
    tps.split(' ').next().unwrap().parse::<f64>().unwrap() * tasks as f64
}

/// A host of this project in the server's database.
fn host(aiwg: &Path, server: &Cluster, project: &str, config: &Value) -> BenchDaemon {
    let environment = [("AIWG_STORE", server.url(project)), ("PGPASSWORD", PASSWORD.to_owned())];
    BenchDaemon::start_in(aiwg, config, &environment)
}

/// Tasks that so many hosts work off in a second, with `true` as the agent.
fn throughput(aiwg: &Path, server: &Cluster, hosts: usize, ended: &mut Vec<BenchDaemon>) -> f64 {
    let config = json!({
        "daemon": { "max_parallel_actions": AGENTS }, "agent": { "command": ["true"] }, "watch": { "enabled": false }
    });
    let project = format!("rate-{hosts}");
    let hosts: Vec<BenchDaemon> = (0..hosts).map(|_| host(aiwg, server, &project, &config)).collect();
    let first = hosts.first().unwrap();
    let began = Instant::now();
    first.submit(TASKS);
    while first.count("completed") < TASKS as u64 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let rate = TASKS as f64 / began.elapsed().as_secs_f64();
    for host in hosts {
        host.cli(&["daemon", "stop"]);
        ended.push(host);
    }
    rate
}

fn submits(aiwg: &Path, server: &Cluster) -> f64 {
    let config =
        json!({ "daemon": { "max_parallel_actions": 1 }, "agent": { "command": ["sleep", "3600"] } });
    let hosts = [(); 2].map(|()| host(aiwg, server, "submits", &config));
    let load = Load { line: SUBMIT, in_flight: 64, together: true, until: Until::Time(TIME) };
    measure(&hosts[0].socket, &load).per_second
}

/// The times of a start and of a cancel whose agent is on another host than the one that is asked.
fn elsewhere(aiwg: &Path, server: &Cluster) -> (f64, f64) {
    let labelled = |label: &str| {
        let act = format!("{FIRST_ACT}; [ ! -e stay ] || exec sleep 3600");
        json!({ "host": { "labels": [label] }, "agent": { "command": ["sh", "-c", act] }, "watch": { "enabled": false } })
    };
    let [here, there] = ["here", "there"].map(|label| host(aiwg, server, "elsewhere", &labelled(label)));
    let submit = json!({ "prompt": "x", "runsOn": ["there"] });
    let started = there.file("started");
    let mut asks = Client::of(&here);
    let starts = times_to_first_act(&started, STARTS, || drop(asks.ask("task.submit", &submit)));
    std::fs::write(there.file("stay"), "").unwrap();
    let mut cancels: Vec<f64> = (0..CANCELS)
        .map(|_| {
            let _ = std::fs::remove_file(&started);
            let id = asks.ask("task.submit", &submit)["taskId"].clone();
            while !started.exists() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let began = Instant::now();
            asks.ask("task.cancel", &json!({ "taskId": id }));
            while asks.ask("task.get", &json!({ "taskId": id }))["state"] != "cancelled" {
                std::thread::sleep(Duration::from_millis(1));
            }
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    cancels.sort_by(f64::total_cmp);
    (starts[STARTS * 99 / 100], cancels[CANCELS * 99 / 100])
}

/// What a turn takes on a host that shares its queue with others, each with its agents, right after one of them has committed something; and how much of its
/// time the project's row is locked then. A task takes two turns, one that claims it and one that finishes it.
fn simulate(aiwg: &Path, server: &Cluster) {
    let config = json!({
        "daemon": { "max_parallel_actions": 1 }, "agent": { "command": ["sleep", "3600"] },
        "watch": { "enabled": false }
    });
    let daemon = host(aiwg, server, "fleet", &config);
    let mut asks = Client::of(&daemon);
    asks.ask("task.submit", &json!({ "prompt": "Run the test suite and report results" }));
    while daemon.count("running") == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut other = Other::of(server);
    let bare = 1e3 / (2.0 * pgbench(server, 1, 1));
    table::head("a turn after another host's commit, median ms", "aiwg", "pgbench");
    let mut turns = Vec::new();
    for fleet in FLEETS {
        other.runs(fleet * AGENTS);
        let turn = median(51, || {
            other.commits();
            asks.ask("task.submit", &json!({ "prompt": "x" }));
        });
        table::row(&format!("with {fleet} hosts, {} running tasks", fleet * AGENTS), turn, bare);
        turns.push((fleet, turn));
    }
    println!();
    for (fleet, turn) in turns {
        let tasks = (fleet * AGENTS) as f64 / WORKS_FOR;
        table::figure(&format!("{fleet} hosts: tasks of {WORKS_FOR} s ended"), tasks, "per second");
        table::figure("  the row is locked for", 2.0 * tasks * turn / 10.0, "% of the time");
    }
}

/// Another host, by hand: its commits, and what runs there.
struct Other {
    psql: Child,
    asks: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
}

impl Other {
    fn of(server: &Cluster) -> Self {
        let mut psql = server
            .client("psql")
            .args(["-XAtq"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asks, answers) = (psql.stdin.take().unwrap(), BufReader::new(psql.stdout.take().unwrap()));
        let mut other = Self { psql, asks, answers };
        other.does("SET search_path = aiwg_fleet;");
        other
    }

    /// Executes statements, and returns once they are done.
    fn does(&mut self, sql: &str) {
        writeln!(self.asks, "{sql}\nSELECT 'done';").unwrap();
        let mut line = String::new();
        while line.trim() != "done" {
            line.clear();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "psql has ended");
        }
    }

    fn commits(&mut self) {
        self.does("UPDATE project SET version = version + 1;");
    }

    /// So many tasks run elsewhere: copies of the one that runs here.
    fn runs(&mut self, tasks: usize) {
        self.does(&format!("DELETE FROM run WHERE task > {OWN}; DELETE FROM task WHERE no > {OWN};"));
        self.does(&copies("task", "no", &[("no", "copy")], tasks));
        self.does(&copies("run", "task", &[("task", "copy"), ("host", "''another''")], tasks));
        self.commits();
    }
}

/// Numbers of tasks up to this one are the daemon's own.
const OWN: usize = 1_000_000;

/// A statement that copies the row of the first task, with other values in some columns; those are texts within a text, and `copy` is the number of one.
fn copies(table: &str, key: &str, given: &[(&str, &str)], many: usize) -> String {
    let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    let values: Vec<&str> = given.iter().map(|(_, value)| *value).collect();
    let (names, values, last) = (names.join(", "), values.join(", "), OWN + many);
    let but = names.replace(", ", "', '");
    format!(
        "DO $$ DECLARE same TEXT; BEGIN
             SELECT string_agg(quote_ident(column_name), ', ') INTO same FROM information_schema.columns
                 WHERE table_schema = 'aiwg_fleet' AND table_name = '{table}' AND column_name NOT IN ('{but}');
             EXECUTE 'INSERT INTO {table} ({names}, ' || same || ') SELECT {values}, ' || same ||
                 ' FROM {table}, generate_series({OWN} + 1, {last}) AS copy WHERE {table}.{key} = 1';
         END $$;"
    )
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

/// A connection that asks.
struct Client(BufReader<UnixStream>);

impl Client {
    fn of(daemon: &BenchDaemon) -> Self {
        Self(BufReader::new(UnixStream::connect(&daemon.socket).unwrap()))
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.0.get_mut().write_all(format!("{call}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }
}
