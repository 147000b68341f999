//! Several projects and several pages.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixListener,
};

use serde_json::json;

use super::site::Site;
use crate::support::{Project, until};

#[test]
fn all_daemons_are_behind_one_dashboard_each_at_an_address_of_its_own() {
    let runtime = tempfile::tempdir().unwrap();
    let start = |project: &Project| {
        let started =
            project.command().env("AIWG_RUNTIME_DIR", runtime.path()).args(["daemon", "start"]).output();
        assert!(started.unwrap().status.success());
    };
    let projects = [Project::new(json!({})), Project::new(json!({}))];
    projects.iter().for_each(start);
    let mut command = projects[0].command();
    command.args(["dashboard", "--port", "0", "--all"]).env("AIWG_RUNTIME_DIR", runtime.path());
    let site = Site::run(command);
    let browser = site.browser();
    let list = browser.list(&site);
    assert_eq!((&list["all"], list["projects"].as_array().unwrap().len()), (&json!(true), 2));
    for project in &projects {
        let root = project.path().canonicalize().unwrap().display().to_string();
        let all = list["projects"].as_array().unwrap();
        let listed = all.iter().find(|listed| listed["path"] == root).unwrap();
        let page = site.ask(&format!("GET {}", listed["page"].as_str().unwrap()), &browser.headers());
        assert_eq!((page.status, listed["notice"].is_null()), (200, true));
        let mut socket = browser.open(&site, listed["ws"].as_str().unwrap());
        assert_eq!(socket.call("daemon.status", json!({}))["result"]["project"], root);
    }
    assert_eq!(browser.open(&site, "/ws/0000000000000000").closed().0, 4001);
    assert_eq!(browser.open(&site, "/ws").closed().0, 4001);
    projects[1].stop();
    until("its leaving", || browser.list(&site)["projects"].as_array().unwrap().len() == 1);
}

#[test]
fn two_pages_and_two_dashboards_do_not_spoil_each_other() {
    let project = Project::started(json!({}));
    let (one, other) = (Site::start(&project, &[]), Site::start(&project, &[]));
    let (first, second) = (one.browser(), other.browser());
    // One browser has the cookies of both.
    let both = format!("{}; {}", first.cookie(), second.cookie());
    for (site, browser) in [(&one, &first), (&other, &second)] {
        let origin = format!("http://{}", site.host());
        let open = || browser.try_open(site, "/ws", &origin, &both, &browser.key);
        let (mut tab, mut another) = (open().ok().unwrap(), open().ok().unwrap());
        tab.call("event.subscribe", json!({ "topics": ["a:*"] }));
        another.call("event.emit", json!({ "topic": "a:b" }));
        assert_eq!(tab.receive()["params"]["event"]["topic"], "a:b");
    }
}

#[test]
fn a_daemon_of_another_protocol_is_named_with_what_to_do() {
    let project = Project::new(json!({}));
    let socket = project.file("other.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            if reader.read_line(&mut line).is_ok() {
                let answer = json!({ "jsonrpc": "2.0", "id": "aiwg-dashboard", "result": { "protocol_version": "2.0" } });
                let _ = writeln!(reader.get_mut(), "{answer}");
            }
        }
    });
    let mut command = project.command();
    command.args(["dashboard", "--port", "0"]).env("AIWG_DAEMON_SOCKET", &socket);
    let site = Site::run(command);
    let browser = site.browser();
    let (code, reason) = browser.open(&site, "/ws").closed();
    assert!(
        code == 4002 && reason.contains("protocol 2.0") && reason.contains("upgrade aiwg here"),
        "{code} {reason}"
    );
    let listed = &browser.list(&site)["projects"][0];
    assert!(listed["notice"].as_str().unwrap().contains("upgrade aiwg here") && listed["path"].is_null());
}
