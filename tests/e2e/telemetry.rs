//! Metrics: what `promtool`, the official parser of OpenMetrics and a collector over HTTP make of them, and what the documents say of them.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Project, repository, until};

/// A project in which there is something of most that is counted.
fn busy() -> Project {
    let sources = json!([{ "path": "/open", "kind": "json", "topic": "open:{event}" }]);
    let project = Project::started(json!({
        "rules": [Project::rule("on-deploy", "deploy:*", "do: exit 0"), { "enabled": false, "id": "off \"quoted\" \\ \u{e4}",
            "trigger": { "type": "event", "topic": "deploy:*" }, "action": { "type": "submit_task", "prompt": "x" } }],
        "lanes": { "docs": { "max_parallel": 1 } },
        "budget": { "day_usd": 5, "rules": { "on-deploy": { "day_usd": 1 } } },
        "gateway": { "webhooks": { "listen": "127.0.0.1:0", "sources": sources } },
        "telemetry": { "listen": "127.0.0.1:0" }
    }));
    let done = project.run(&["event", "emit", "deploy:done", "{}"]);
    assert_eq!(done.code, 0, "{}", done.err);
    project.ended("task-0001");
    project.ended(&project.submit("exit 3"));
    let held = project.json(&["task", "submit", "do: exit 0", "--lane", "docs", "--delay", "1h"]);
    assert_eq!(held["state"], "queued", "{held}");
    project
}

fn printed(project: &Project, format: &str) -> String {
    let done = project.run(&["metrics", "--format", format]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    done.out
}

/// Has a program read a text, and gives its exit code and all that it says.
fn fed(command: &mut Command, text: &str) -> (i32, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}: see scripts/oracles"));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap_or(-1), String::from_utf8(said).unwrap())
}

fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series))?;
    line.rsplit_once(' ').unwrap().1.parse().ok()
}

/// The names of all metrics in a text: those of histograms with what their parts are called.
fn names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        names.insert(name.to_owned());
        if kind == "histogram" {
            names.extend(["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")));
        }
    }
    names
}

/// The names of metrics that a document uses.
fn used(document: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = document.split(|c| !is_of_name(c)).filter(|word| word.starts_with("aiwg_"));
    words.map(str::to_owned).collect()
}

fn document(name: &str) -> String {
    std::fs::read_to_string(repository().join("docs").join(name)).unwrap()
}

#[test]
fn promtool_and_the_official_parser_find_nothing_wrong() {
    let project = busy();
    let text = printed(&project, "prometheus");
    let (code, said) = fed(Command::new("promtool").args(["check", "metrics"]), &text);
    assert_eq!((code, said.as_str()), (0, ""), "{text}");
    let open = printed(&project, "openmetrics");
    let folder = repository().join("target/oracles/telemetry");
    let mut python = Command::new(folder.join("bin/python3"));
    let (code, said) = fed(python.arg(repository().join("tests/telemetry/openmetrics.py")), &open);
    assert_eq!(code, 0, "{said}\n{open}");
    for family in
        ["aiwg_build info - 1", "aiwg_cost_usd counter usd", "aiwg_commit_seconds histogram seconds 4"]
    {
        assert!(said.lines().any(|line| line.starts_with(family)), "{family}: {said}");
    }
    assert_eq!(said.lines().count(), open.lines().filter(|line| line.starts_with("# TYPE ")).count());
    assert!(open.ends_with("\n# EOF\n"));
}

#[test]
fn metrics_say_what_there_is() {
    let project = busy();
    let text = printed(&project, "prometheus");
    let expect =
        |series: &str, expected: f64| assert_eq!(value(&text, series), Some(expected), "{series}\n{text}");
    expect("aiwg_up", 1.0);
    expect("aiwg_starts_total", 1.0);
    expect("aiwg_queued_tasks{lane=\"docs\",waiting=\"delay\"}", 1.0);
    expect("aiwg_running_tasks", 0.0);
    expect("aiwg_task_ends_total{reason=\"done\"}", 1.0);
    expect("aiwg_run_ends_total{kind=\"agent\",reason=\"failed\"}", 1.0);
    expect("aiwg_rule_task_ends_total{rule=\"on-deploy\",state=\"completed\"}", 1.0);
    // Prometheus sees no increase of a series that begins with its first failure.
    expect("aiwg_rule_task_ends_total{rule=\"on-deploy\",state=\"failed\"}", 0.0);
    expect("aiwg_rule_firings_total{rule=\"on-deploy\"}", 1.0);
    expect("aiwg_rule_refusals_total{rule=\"off \\\"quoted\\\" \\\\ \u{e4}\",reason=\"off\"}", 1.0);
    expect("aiwg_events_total{topic=\"deploy\"}", 1.0);
    expect("aiwg_queue_wait_seconds_count", 2.0);
    expect("aiwg_run_seconds_count", 2.0);
    expect("aiwg_check_seconds_count", 0.0);
    expect("aiwg_budget_limit_usd{span=\"day\",rule=\"\"}", 5.0);
    expect("aiwg_budget_limit_usd{span=\"day\",rule=\"on-deploy\"}", 1.0);
    expect("aiwg_webhook_deliveries_total{path=\"/open\",result=\"accepted\"}", 0.0);
    expect("aiwg_connections", 1.0);
    assert!(value(&text, "aiwg_commit_seconds_sum").unwrap() > 0.0);
    assert!(value(&text, "aiwg_process_resident_memory_bytes").unwrap() > 1e6);
    let method = project.json(&["metrics"]);
    assert_eq!(method["contentType"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(
        method["text"].as_str().unwrap().contains("\naiwg_events_created{topic=\"deploy\"} "),
        "{method}"
    );
}

#[test]
fn the_documents_use_only_metrics_that_there_are_and_the_table_has_all() {
    let project = busy();
    let text = printed(&project, "prometheus");
    let known = names(&text);
    assert!(known.len() > 40, "{known:?}");
    for name in
        ["telemetry/grafana.json", "telemetry/alerts.yml", "telemetry/alerts.test.yml", "telemetry.md"]
    {
        let used = used(&document(name));
        assert!(used.len() > 5, "{name}");
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
    let families: BTreeSet<String> = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("# TYPE ")?.split(' ').next()?.to_owned()))
        .collect();
    let missing: Vec<_> = families.difference(&used(&document("telemetry.md"))).cloned().collect();
    assert!(missing.is_empty(), "docs/telemetry.md lacks {missing:?}");
    let not_drawn: Vec<_> = families
        .difference(&used(&document("telemetry/grafana.json")).iter().map(|name| base(name)).collect())
        .cloned()
        .collect();
    assert_eq!(
        not_drawn,
        ["aiwg_automation_enabled", "aiwg_time_seconds", "aiwg_watched_files"],
        "what no panel shows"
    );
}

/// The family of a part of a histogram.
fn base(name: &str) -> String {
    let part = ["_bucket", "_sum", "_count"].into_iter().find_map(|part| name.strip_suffix(part));
    part.unwrap_or(name).to_owned()
}

#[test]
fn promtool_accepts_the_alerting_rules_and_they_fire_when_they_should() {
    for (verb, file) in [("check", "telemetry/alerts.yml"), ("test", "telemetry/alerts.test.yml")] {
        let path = repository().join("docs").join(file);
        let (code, said) = fed(Command::new("promtool").args([verb, "rules"]).arg(path), "");
        assert_eq!(code, 0, "{said}");
    }
}

/// The answer to a request: its status, its head, and its body.
fn ask(address: &str, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{request}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
}

fn address(project: &Project) -> Option<String> {
    let status = project.json(&["daemon", "status"]);
    status["subsystems"]["telemetry"]["address"].as_str().map(str::to_owned)
}

#[test]
fn a_collector_gets_them_over_http() {
    let project = busy();
    until("the listener", || address(&project).is_some());
    let address = address(&project).unwrap();
    let (status, head, body) = ask(&address, &format!("GET /metrics HTTP/1.1\r\nHost: {address}"));
    assert_eq!(status, 200, "{body}");
    assert!(
        head.contains("content-type: text/plain; version=0.0.4") && head.contains("cache-control: no-store")
    );
    assert!(body.contains("aiwg_events_total{topic=\"deploy\"} 1\n"), "{body}");
    let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let (_, head, body) = ask(&address, &format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{accept}"));
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(body.ends_with("# EOF\n"), "{body}");
    let status = |request: &str| ask(&address, request).0;
    assert_eq!(status("GET /metrics HTTP/1.1\r\nHost: evil.example"), 421);
    assert_eq!(status("GET /metrics HTTP/1.0"), 421);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: localhost"), 404);
    assert_eq!(status("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0"), 405);
    // Of what a HEAD is told the length, a GET is given.
    let length = |head: &str| -> usize {
        let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        line.expect("a length").parse().unwrap()
    };
    for (path, slack) in [("/metrics", 200), ("/nothing", 0)] {
        let [got, head] = ["GET", "HEAD"]
            .map(|method| ask(&address, &format!("{method} {path} HTTP/1.1\r\nHost: localhost")));
        assert_eq!((head.0, head.2.as_str()), (got.0, ""), "{path}");
        assert!(length(&head.1).abs_diff(got.2.len()) <= slack, "{path}: {} {}", head.1, got.2.len());
    }
}

#[test]
fn a_reload_moves_the_address_and_a_taken_one_is_an_issue() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at_taken = json!({ "telemetry": { "listen": taken.local_addr().unwrap().to_string() } });
    let project = Project::started(json!({}));
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["telemetry"], Value::Null);
    let reload = |more: Value| {
        project.configure(&Project::config(more).to_string());
        let done = project.run(&["daemon", "reload"]);
        assert_eq!(done.code, 0, "{}", done.err);
    };
    reload(at_taken);
    let issue = || {
        let status = project.json(&["daemon", "status"]);
        let issues = status["issues"].as_array().unwrap().clone();
        issues.iter().find(|issue| issue["kind"] == "metrics").map(|issue| issue["message"].to_string())
    };
    until("the issue", || issue().is_some());
    assert!(issue().unwrap().contains("set telemetry.listen to another one"), "{:?}", issue());
    drop(taken);
    until("the listener", || address(&project).is_some() && issue().is_none());
    let old = address(&project).unwrap();
    reload(json!({}));
    until("its end", || address(&project).is_none());
    assert!(TcpStream::connect(old).is_err());
    let wrong = project.run(&["config", "check", "--json"]);
    assert_eq!(wrong.code, 0, "{}", wrong.err);
    project.configure(&Project::config(json!({ "telemetry": { "listen": "everywhere" } })).to_string());
    let wrong = project.run(&["config", "check"]);
    assert!(wrong.code != 0 && wrong.out.contains("127.0.0.1:9464"), "{} {}", wrong.out, wrong.err);
    project.configure(&Project::config(json!({ "telemetry": { "listen": "0.0.0.0:9464" } })).to_string());
    let notice = project.run(&["config", "check"]);
    assert!([notice.out, notice.err].concat().contains("from another machine"));
}

/// node_exporter drops a series that another file has, too, and says that both have a family with other words.
#[test]
fn the_files_of_two_projects_have_no_series_in_common_and_say_the_same_of_each_family() {
    let projects = [(); 2].map(|()| Project::started(json!({ "telemetry": { "textfile": true } })));
    let texts = projects.each_ref().map(|project| {
        let file = ".aiwg/daemon/metrics.prom";
        until("the file", || project.file(file).exists());
        project.read(file)
    });
    let parts = |text: &str, of: fn(&str) -> bool| -> BTreeSet<String> {
        let series = |line: &str| line.rsplit_once(' ').unwrap().0.to_owned();
        text.lines()
            .filter(|line| of(line))
            .map(|line| if line.starts_with('#') { line.to_owned() } else { series(line) })
            .collect()
    };
    let [one, other] = texts.each_ref().map(|text| parts(text, |line| line.starts_with('#')));
    assert_eq!(one, other);
    let [one, other] = texts.each_ref().map(|text| parts(text, |line| !line.starts_with('#')));
    assert!(one.len() > 50 && one.is_disjoint(&other), "{:?}", one.intersection(&other));
    let folder = projects[0].path().file_name().unwrap().to_str().unwrap().to_owned();
    let label = format!("{{project=\"{folder}\"");
    assert!(one.iter().all(|series| series.contains(&label)), "{label} {one:?}");
}

#[test]
fn a_file_has_them_until_the_daemon_ends_and_none_is_left_by_one_that_does_not_write_it() {
    let project = Project::started(json!({ "telemetry": { "textfile": true, "project": "the shop" } }));
    let file = ".aiwg/daemon/metrics.prom";
    until("the file", || project.read(file).contains("\naiwg_up{project=\"the shop\"} 1\n"));
    let (code, said) = fed(Command::new("promtool").args(["check", "metrics"]), &project.read(file));
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["telemetry"]["textfile"], true);
    project.stop();
    let left = project.read(file);
    assert!(left.contains("\naiwg_up{project=\"the shop\"} 0\n"), "{left}");
    project.configure(&Project::config(json!({})).to_string());
    project.start();
    until("the end of the file", || !project.file(file).exists());
}

#[test]
fn what_begins_anew_says_so_and_starts_are_counted_over_a_crash() {
    let project = busy();
    let created = |text: &str| value(text, "aiwg_events_created{topic=\"deploy\"}");
    let before = printed(&project, "openmetrics");
    project.kill_daemon();
    project.start();
    let done = project.run(&["event", "emit", "deploy:again", "{}"]);
    assert_eq!(done.code, 0, "{}", done.err);
    until("the count", || value(&printed(&project, "prometheus"), "aiwg_starts_total") == Some(2.0));
    let after = printed(&project, "openmetrics");
    assert!(created(&after).unwrap() > created(&before).unwrap(), "{after}");
    assert_eq!(value(&after, "aiwg_events_total{topic=\"deploy\"}"), Some(1.0));
    assert_eq!(value(&after, "aiwg_task_ends_total{reason=\"failed\"}"), Some(1.0), "the store's go on");
    assert!(!after.contains("aiwg_task_ends_created"));
}

#[test]
fn there_are_so_many_series_however_many_names_there_are() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    for n in 0..300 {
        wire.call("event.emit", json!({ "topic": format!("topic-{n}:x") }));
    }
    let text = printed(&project, "prometheus");
    let series: Vec<_> = text.lines().filter(|line| line.starts_with("aiwg_events_total")).collect();
    assert_eq!(series.len(), 101);
    let all: f64 = series.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum();
    assert_eq!(all, 300.0);
    assert!(value(&text, "aiwg_events_total{topic=\"other\"}").unwrap() >= 200.0);
}
