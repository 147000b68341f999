//! Under a service manager, and as process 1 of a container.

use std::{
    os::unix::net::UnixDatagram,
    process::{Child, Stdio},
    sync::Mutex,
};

use rustix::process::{Signal, geteuid};
use serde_json::json;

use crate::support::{Project, is_dead, kill, until, until_some};

/// A service manager as sd_notify(3) has it: a socket that takes messages.
struct Manager {
    socket: UnixDatagram,
    told: Mutex<String>,
}

impl Manager {
    fn new(project: &Project) -> Self {
        let socket = UnixDatagram::bind(project.file("notify")).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket, told: Mutex::default() }
    }

    /// Waits until this has been told, and forgets all up to it.
    fn until(&self, what: &str) {
        let mut told = self.told.lock().unwrap();
        until_some(&format!("{what} to be told"), || {
            let mut buffer = [0; 4096];
            while let Ok(length) = self.socket.recv(&mut buffer) {
                told.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
                told.push('\n');
            }
            let at = told.find(what)?;
            Some(told.drain(..at + what.len()).count())
        });
    }
}

fn foreground(project: &Project, more: &[(&str, &str)]) -> Child {
    let mut command = project.command();
    command.args(["daemon", "start", "--foreground"]).env("NOTIFY_SOCKET", project.file("notify"));
    command.envs(more.iter().copied()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_service_manager_is_told_how_the_daemon_is() {
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
}

#[test]
fn it_is_a_good_process_1() {
    let project = Project::new(json!({}));
    let mut unshare = std::process::Command::new("unshare");
    if !geteuid().is_root() {
        unshare.args(["--user", "--map-current-user"]);
    }
    unshare.args(["--pid", "--fork", "--mount-proc", "--kill-child", env!("CARGO_BIN_EXE_aiwg")]);
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
    // SIGTERM to process 1 ends the daemon in good order, and the container with it.
    let init = until_some("process 1", || {
        let children = format!("/proc/{0}/task/{0}/children", container.id());
        std::fs::read_to_string(children).ok()?.trim().parse::<u32>().ok()
    });
    kill(init, Signal::TERM);
    assert!(container.wait().unwrap().success());
    assert!(project.read(".aiwg/daemon/daemon.log").contains("the daemon has stopped"));
}
