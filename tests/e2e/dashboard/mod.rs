//! `aiwg dashboard`: the real binary, real sockets, and browsers by hand.

mod frames;
mod many;
mod site;
mod way_in;

use std::{
    os::unix::{fs::PermissionsExt, net::UnixStream},
    process::{Command, Stdio},
};

use rustix::process::Signal;
use serde_json::json;

use self::site::{Site, ask, has};
use crate::{
    clients::{in_project, succeeded},
    support::{Project, repository, until},
};

#[test]
fn a_browser_comes_in_by_the_address_and_then_speaks_to_the_daemon() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let browser = site.browser();
    let page = site.ask("GET /", &browser.headers());
    assert_eq!((page.status, page.header("content-encoding")), (200, Some("gzip")));
    let list = browser.list(&site);
    let root = project.path().canonicalize().unwrap().display().to_string();
    assert_eq!(
        (&list["readonly"], &list["all"], &list["agent"], &list["protocolVersion"]),
        (&json!(false), &json!(false), &json!(false), &json!("1.0"))
    );
    let only = &list["projects"][0];
    assert_eq!((&only["path"], &only["ws"], &only["notice"]), (&json!(root), &json!("/ws"), &json!(null)));
    let mut socket = browser.open(&site, "/ws");
    assert_eq!(socket.call("ping", json!({}))["result"]["pong"], true);
    let submitted = socket.call("task.submit", json!({ "prompt": "do: true" }));
    let ended = socket.call("task.wait", json!({ "taskId": submitted["result"]["taskId"] }));
    assert_eq!(ended["result"]["state"], "completed", "{ended}");
    // A second browser has an address of its own.
    let other = site.browser_with(&site.next_secret());
    assert_eq!(other.open(&site, "/ws").call("ping", json!({}))["result"]["pong"], true);
}

#[test]
fn it_outlives_its_daemon_and_ends_by_a_signal_at_once() {
    let project = Project::new(json!({}));
    let mut site = Site::start(&project, &[]);
    let browser = site.browser();
    let (code, reason) = browser.open(&site, "/ws").closed();
    assert_eq!(code, 4000, "{reason}");
    assert!(browser.list(&site)["projects"][0]["notice"].as_str().unwrap().contains("away"));
    project.start();
    let mut socket = browser.open(&site, "/ws");
    assert_eq!(socket.call("ping", json!({}))["result"]["pong"], true);
    project.kill_daemon();
    assert_eq!(socket.closed().0, 4000);
    project.start();
    let mut socket = browser.open(&site, "/ws");
    assert_eq!(socket.call("ping", json!({}))["result"]["pong"], true);
    assert_eq!(site.end(Signal::INT), Some(0));
    assert_eq!(socket.closed().0, 1001);
}

#[test]
fn a_port_that_is_taken_is_an_error_and_a_closed_pipe_is_none() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let done = project.run(&["dashboard", "--port", &site.port.to_string()]);
    assert!(done.code == 1 && done.err.contains("is taken: name another one"), "{}", done.err);
    for wrong in [&["--listen", "/tmp/x"][..], &["--listen", "unix:"], &["--listen", "unix:/x", "--open"]] {
        assert_eq!(project.run_to_its_end(&[&["dashboard"], wrong].concat()).code, 2, "{wrong:?}");
    }
    assert_eq!(project.run(&["dashboard", "--all", "--project", "."]).code, 2);
    // Its reader has gone; it serves on.
    let mut child = project
        .command()
        .args(["dashboard", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    until("its signals", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap_or("0");
        u64::from_str_radix(caught, 16).is_ok_and(|caught| caught & (1 << 14) != 0)
    });
    crate::support::kill(child.id(), Signal::TERM);
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_secret_is_in_no_process_list_no_environment_and_no_file() {
    let project = Project::started(json!({}));
    let runtime = tempfile::tempdir().unwrap();
    // The browser that is opened: it notes what it gets, and comes.
    let bin = project.file("bin");
    std::fs::create_dir(&bin).unwrap();
    let noted = project.file("noted");
    let opener = bin.join("xdg-open");
    let script = format!(
        "#!/bin/sh\ncp -p \"$1\" {0}.html\ntr '\\0' ' ' < /proc/$$/cmdline > {0}.part\nmv {0}.part {0}\n",
        noted.display()
    );
    std::fs::write(&opener, script).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = project.command();
    command.args(["dashboard", "--port", "0", "--open"]).env("PATH", path);
    command.env("AIWG_RUNTIME_DIR", runtime.path());
    let site = Site::run(command);
    until("the browser", || noted.exists());
    let typed = std::fs::read_to_string(&noted).unwrap();
    let kept = typed.split_whitespace().last().unwrap().to_owned();
    assert!(!typed.contains("token"), "{typed}");
    let copy = noted.with_extension("html");
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&copy).unwrap();
    let secret = text.split_once("?token=").unwrap().1.split('"').next().unwrap();
    assert!(secret != site.secret && std::path::Path::new(&kept).exists());
    for (file, text) in
        [("cmdline", secret), ("environ", secret), ("cmdline", &site.secret), ("environ", &site.secret)]
    {
        assert!(!has(format!("/proc/{}/{file}", site.pid()).as_ref(), text), "{file}");
    }
    site.browser_with(secret);
    until("the end of the file", || !std::path::Path::new(&kept).exists());
    // The address that is shown counts as before.
    site.browser();
    std::fs::remove_file(&copy).unwrap();
    for entry in [project.path(), runtime.path()] {
        for secret in [secret, &site.secret] {
            let found = Command::new("grep").args(["-rl", secret]).arg(entry).output().unwrap();
            assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
        }
    }
}

#[test]
fn a_socket_serves_as_a_port_does() {
    let project = Project::started(json!({}));
    let path = project.file("dashboard.sock");
    let mut command = project.command();
    command.args(["dashboard", "--listen", &format!("unix:{}", path.display())]);
    let mut site = Site::run(command);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // As through `ssh -L 8000:PATH`.
    let enter = ask(
        UnixStream::connect(&path).unwrap(),
        &format!("GET /?token={}", site.secret),
        &[("Host", "localhost:8000")],
    );
    assert_eq!(enter.status, 303);
    assert!(enter.header("set-cookie").unwrap().starts_with("aiwg-dashboard-8000="));
    // Nobody looks into its memory, and no crash leaves it.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", site.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    assert_eq!(site.end(Signal::TERM), Some(0));
    assert!(!path.exists());
}

#[test]
fn an_agents_page_on_another_port_gets_the_cookie_and_comes_to_nothing() {
    let modules = repository().join("target/oracles/dashboard");
    assert!(modules.exists(), "run scripts/oracles first, or scripts/test, which does");
    let project = Project::started(json!({}));
    let mut node = Command::new("node");
    node.arg(repository().join("tests/dashboard/neighbour.mjs"))
        .env("AIWG", env!("CARGO_BIN_EXE_aiwg"))
        .env("MODULES", modules)
        .env("XDG_STATE_HOME", project.file("state-home"))
        .env_remove("AIWG_TASK_ID");
    assert!(succeeded(&in_project(&project, node)).contains("all as it should be"));
}

#[test]
fn a_dashboard_that_an_agent_starts_decides_nothing() {
    let project = Project::started(json!({}));
    let waiting = project.json(&["task", "submit", "do: true", "--approval"]);
    let line = project.file("line");
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    project.submit(&format!("{aiwg} dashboard --json > {}", line.display()));
    until("its dashboard", || has(&line, "token"));
    let shown: serde_json::Value =
        serde_json::from_str(project.read("line").lines().next().unwrap()).unwrap();
    let secret = shown["address"].as_str().unwrap().split_once("?token=").unwrap().1;
    let site = Site::of(shown["port"].as_u64().unwrap().try_into().unwrap(), secret);
    let browser = site.browser();
    assert_eq!(browser.list(&site)["agent"], true);
    let mut socket = browser.open(&site, "/ws");
    let refused = socket.call("approval.approve", json!({ "approvalId": "approval-0001" }));
    assert_eq!(refused["error"]["data"]["kind"], "not_allowed", "{refused}");
    // By a person's it is decided.
    let own = Site::start(&project, &[]);
    let person = own.browser();
    let approved =
        person.open(&own, "/ws").call("approval.approve", json!({ "approvalId": "approval-0001" }));
    assert_eq!(approved["result"]["state"], "approved", "{approved}");
    assert_eq!(project.ended(waiting["taskId"].as_str().unwrap())["state"], "completed");
}
