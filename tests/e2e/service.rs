//! Under a service manager, and as process 1 of a container.

use std::{
    os::unix::net::UnixDatagram,
    process::{Child, Stdio},
    sync::Mutex,
};

use rustix::process::{Signal, geteuid};
use serde_json::json;

use crate::support::{
    Project, is_dead, kill, may_unshare,
    postgres::{Cluster, PASSWORD},
    until, until_some,
};

/// A service manager as sd_notify(3) has it: a socket that takes messages.
struct Manager {
    socket: UnixDatagram,
    reported: Mutex<String>,
}

impl Manager {
    fn new(project: &Project) -> Self {
        let socket = UnixDatagram::bind(project.file("notify")).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket, reported: Mutex::default() }
    }

    /// Hears what was reported since.
    fn hear(&self, reported: &mut String) {
        let mut buffer = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            reported.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
            reported.push('\n');
        }
    }

    /// Forgets all that was reported.
    fn forget(&self) {
        let mut reported = self.reported.lock().unwrap();
        self.hear(&mut reported);
        reported.clear();
    }

    /// Waits until this has been reported, and forgets all up to it.
    fn until(&self, what: &str) {
        let mut reported = self.reported.lock().unwrap();
        until_some(&format!("{what} to be reported"), || {
            self.hear(&mut reported);
            let at = reported.find(what)?;
            Some(reported.drain(..at + what.len()).count())
        });
    }
}

fn foreground(project: &Project, more: &[(&str, &str)]) -> Child {
    let mut command = project.command();
    command.args(["daemon", "start", "--foreground"]).env("NOTIFY_SOCKET", project.file("notify"));
    command.envs(more.iter().copied()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_service_manager_knows_how_the_daemon_is() {
    let project = Project::new(json!({}));
    let manager = Manager::new(&project);
    let mut daemon = foreground(&project, &[("WATCHDOG_USEC", "100000")]);
    manager.until("READY=1");
    // It answers from that moment on.
    assert_eq!(project.run(&["daemon", "ping"]).code, 0);
    manager.until("WATCHDOG=1");
    kill(daemon.id(), Signal::HUP);
    manager.until("RELOADING=1");
    manager.until("MONOTONIC_USEC=");
    manager.until("READY=1");
    // None of this is an agent's business.
    let task = project.submit("env | grep -E 'NOTIFY|WATCHDOG' || echo none of it");
    assert!(project.ended(&task)["result"].as_str().unwrap().contains("none of it"));
    kill(daemon.id(), Signal::TERM);
    manager.until("STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}

#[test]
fn a_store_that_is_away_is_no_reason_for_a_service_manager_to_end_the_daemon() {
    let Some(mut cluster) = Cluster::start() else { return };
    let project = Project::new(json!({}));
    let manager = Manager::new(&project);
    let store = [("AIWG_STORE", &*cluster.url("one")), ("PGPASSWORD", PASSWORD)];
    let mut daemon = foreground(&project, &[&[("WATCHDOG_USEC", "100000")], &store[..]].concat());
    manager.until("READY=1");
    cluster.stop("QUIT");
    let mut wire = project.wire();
    until("the word of it", || {
        wire.call("daemon.status", json!({}))["issues"].to_string().contains("does not answer")
    });
    for _ in 0..3 {
        manager.forget();
        manager.until("WATCHDOG=1");
    }
    kill(daemon.id(), Signal::TERM);
    assert!(daemon.wait().unwrap().success());
}

#[test]
fn a_service_manager_that_takes_no_report_keeps_nobody_waiting() {
    let project = Project::new(json!({}));
    let manager = Manager::new(&project);
    let mut daemon = foreground(&project, &[("WATCHDOG_USEC", "2000")]);
    manager.until("READY=1");
    let sender = UnixDatagram::unbound().unwrap();
    sender.set_nonblocking(true).unwrap();
    until("a full socket", || sender.send_to(b"full\n", project.file("notify")).is_err());
    let mut wire = project.wire();
    wire.call("daemon.status", json!({}));
    // More often than is kept.
    for _ in 0..50 {
        wire.call("daemon.reload", json!({}));
    }
    wire.call("daemon.status", json!({}));
    // What it is to know comes in its order when it listens again.
    manager.until("RELOADING=1");
    manager.until("READY=1");
    manager.until("WATCHDOG=1");
    kill(daemon.id(), Signal::TERM);
    manager.until("STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}

#[test]
#[cfg(target_os = "linux")]
fn a_service_manager_may_have_a_socket_without_a_file() {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    let project = Project::new(json!({}));
    let name = format!("aiwg-test-{}-notify", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let manager = Manager { socket, reported: Mutex::default() };
    let mut daemon = foreground(&project, &[("NOTIFY_SOCKET", &format!("@{name}"))]);
    manager.until("READY=1");
    kill(daemon.id(), Signal::TERM);
    manager.until("STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}

#[test]
fn a_restart_is_no_end_to_a_service_manager() {
    let config = |slots: u32| json!({ "daemon": { "max_parallel_actions": slots } });
    let project = Project::new(config(1));
    let manager = Manager::new(&project);
    let mut daemon = foreground(&project, &[]);
    manager.until("READY=1");
    let task = project.submit("echo begun; while [ ! -e go ]; do sleep 0.01; done");
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let before = project.json(&["daemon", "status"]);
    let agent = project.task(&task)["pid"].clone();

    project.configure("{ broken");
    let refused = project.run(&["daemon", "restart"]);
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("daemon.json:1:"), "{}", refused.out);
    assert_eq!(project.json(&["daemon", "status"])["started_at"], before["started_at"]);

    project.configure(&Project::config(config(7)).to_string());
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    manager.until("RELOADING=1");
    manager.until("READY=1");
    assert!(!manager.reported.lock().unwrap().contains("STOPPING"));
    let after = project.json(&["daemon", "status"]);
    assert_eq!(after["pid"], daemon.id());
    assert_ne!(after["started_at"], before["started_at"]);
    assert_eq!(after["subsystems"]["supervisor"]["maxConcurrency"], 7);
    until("its process", || project.task(&task)["pid"] == agent);
    std::fs::write(project.file("go"), "").unwrap();
    let task = project.ended(&task);
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)));
    assert_eq!(project.runs().len(), 1);
    // The shim is a child of the process as it was: nobody else can reap it.
    until("no child", || {
        let children = format!("/proc/{0}/task/{0}/children", daemon.id());
        std::fs::read_to_string(children).unwrap().trim().is_empty()
    });
    kill(daemon.id(), Signal::TERM);
    manager.until("STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}

#[test]
fn one_in_the_background_can_restart_as_well() {
    let project = Project::started(json!({}));
    let limits = || std::fs::read_to_string(format!("/proc/{}/limits", project.pid())).unwrap();
    let open_files = |task: &str| project.ended(task)["result"].as_str().unwrap().to_owned();
    let (pid, limits_before, files) = (project.pid(), limits(), open_files(&project.submit("ulimit -n")));
    let before = project.json(&["daemon", "status"]);
    // As through a socket that leads to another machine.
    let done = project.wire().call("daemon.restart", json!({}));
    assert_eq!(done, json!({ "restarting": true, "pid": pid, "errors": [], "changes": [] }));
    until("the new beginning", || {
        let status = project.run(&["daemon", "status", "--json"]);
        status.code == 0 && !status.out.contains(before["started_at"].as_str().unwrap())
    });
    let after = project.json(&["daemon", "status"]);
    assert_eq!((&after["pid"], &after["detached"]), (&json!(pid), &json!(true)));
    assert_eq!((limits(), open_files(&project.submit("ulimit -n"))), (limits_before, files));
}

#[test]
fn a_forking_service_has_a_main_process_by_its_pid_file() {
    let project = Project::new(json!({}));
    let manager = Manager::new(&project);
    let mut starter = project.command();
    let mut starter =
        starter.args(["daemon", "start"]).env("NOTIFY_SOCKET", project.file("notify")).spawn().unwrap();
    let starter_pid = starter.id();
    // What systemd looks at with Type=forking: the starter exits with 0, and then the file names another process, which lives.
    assert!(starter.wait().unwrap().success());
    assert!(project.pid() != starter_pid && !is_dead(project.pid()));
    // The starter is the service's process; what it has detached does not speak for it.
    assert!(manager.socket.recv(&mut [0; 64]).is_err());
    kill(project.pid(), Signal::TERM);
    until("its end", || project.run(&["daemon", "ping"]).code == 3);
    until("the file to go", || !project.file(".aiwg/daemon.pid").exists());
}

#[test]
fn the_units_are_of_the_kinds_that_are_tested_here() {
    let project = Project::new(json!({}));
    let unit = project.run(&["daemon", "service", "--systemd"]).out;
    assert!(unit.contains("Type=notify\n") && unit.contains("WatchdogSec="), "{unit}");
    let reload = unit.lines().find_map(|line| line.strip_prefix("ExecReload=")).unwrap();
    let reload: Vec<&str> = reload.split(' ').skip(1).collect();
    project.start();
    project.configure("{ broken");
    assert_eq!(project.run(&reload).code, 1);
}

#[test]
fn it_is_a_good_process_1() {
    let mut name_spaces = vec!["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !geteuid().is_root() {
        name_spaces.extend(["--user", "--map-current-user"]);
    }
    if !may_unshare(&name_spaces) {
        return;
    }
    let project = Project::new(json!({}));
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(name_spaces).arg(env!("CARGO_BIN_EXE_aiwg"));
    unshare.args(["daemon", "start", "--foreground"]).current_dir(project.path());
    unshare.env_remove("AIWG_DAEMON_SOCKET").stdout(Stdio::null());
    let mut container = unshare.spawn().unwrap();
    until("an answer", || project.run(&["daemon", "ping"]).code == 0);
    // What an agent leaves behind in a session of its own would stay a zombie if nobody reaped it.
    let task = project
        .submit("setsid sh -c 'sleep 0.05 & exit' & ps -e -o pid= -o comm= | head -1; echo $$ >in-there");
    let task = project.ended(&task);
    assert_eq!(task["state"], "completed", "{task}");
    assert!(task["result"].as_str().unwrap().contains("1 aiwg"), "{task}");
    let zombies = || {
        let list = project.submit("ps -e -o stat= | grep -c Z || true");
        project.ended(&list)["result"].as_str().unwrap().trim().rsplit('\n').next().unwrap().to_owned()
    };
    until("no zombie", || zombies() == "0");
    // A restart is none of process 1.
    let started_at = project.json(&["daemon", "status"])["started_at"].clone();
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    assert_ne!(project.json(&["daemon", "status"])["started_at"], started_at);
    assert!(container.try_wait().unwrap().is_none());
    // SIGTERM to process 1 ends the daemon in good order, and the container with it.
    let init = until_some("process 1", || {
        let children = format!("/proc/{0}/task/{0}/children", container.id());
        std::fs::read_to_string(children).ok()?.trim().parse::<u32>().ok()
    });
    kill(init, Signal::TERM);
    assert!(container.wait().unwrap().success());
    assert!(project.read(".aiwg/daemon/daemon.log").contains("the daemon has stopped"));
}
