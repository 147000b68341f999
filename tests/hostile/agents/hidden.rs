//! Agents that hide from their shim, stop or kill it, and take away what a daemon finds it by.

use serde_json::json;

use super::{DIR, TASK, after, is_left};
use crate::support::{Project, postgres::is_about_sqlite, until};

/// A process that no walk up or look into an environment leads to an agent from: in a session of its own, orphaned, without a variable.
const HIDE: &str =
    "setsid -f env -i sh -c 'touch hidden; exec sleep 1000'; until [ -e hidden ]; do sleep 0.01; done";

/// The shell's parent is the shim.
const STOP_THE_SHIM: &str = "kill -STOP $PPID";

#[test]
fn what_hides_from_a_killed_shim_is_ended_and_nothing_else() {
    let project = Project::started(json!({ "daemon": { "max_attempts": 1 } }));
    let other = project.submit("touch other; until [ -e go ]; do sleep 0.01; done; echo went on");
    until("the other agent", || project.file("other").exists());
    let task = project.ended(&project.submit(&format!("{HIDE}; kill -KILL $PPID; sleep 1000")));
    assert_eq!(task["state"], "failed");
    assert!(task["error"].as_str().unwrap().contains("was lost"), "{task}");
    std::fs::write(project.file("go"), "").unwrap();
    let other = project.ended(&other);
    assert_eq!((&other["state"], &other["attempts"]), (&json!("completed"), &json!(1)), "{other}");
    until("the end of what hid", || !is_left(&project));
}

#[test]
fn what_kills_its_shim_has_ended_before_its_task_is_tried_again() {
    let project = Project::started(json!({}));
    let again = format!("[ -e hidden ] && exit; {HIDE}; kill -KILL $PPID; sleep 1000");
    let task = project.ended(&project.submit(&again));
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(2)), "{task}");
    until("the end of what hid", || !is_left(&project));
}

#[test]
fn a_shim_that_is_stopped_again_and_again_keeps_nothing_alive() {
    let stopping = format!(
        "{HIDE}; shim=$PPID; setsid -f env -i sh -c \"trap '' TERM; while :; do kill -STOP $shim; done\" 2>/dev/null"
    );
    let project = after(&stopping, json!({}));
    let cancelled = project.json(&["task", "cancel", "task-0001"]);
    assert_eq!(cancelled["state"], "cancelled");
    until("its end", || !is_left(&project));
    // The shim itself was let go on, and has reported how it went.
    assert!(project.file(&format!("{DIR}/exit.json")).exists());
}

#[test]
fn the_next_daemon_ends_what_it_would_not_find() {
    for how in [
        format!("rm {DIR}/lock"),
        format!("rm {DIR}/lock; touch {DIR}/lock"),
        format!("rm -rf {DIR}"),
        format!("mv {DIR} away; mkdir {DIR}"),
        format!("rm -rf {TASK}"),
        format!("mv {TASK} away; mkdir {TASK}"),
        format!("mv {TASK} away; ln -s \"$PWD/away\" {TASK}"),
    ] {
        let project = after(&format!("{HIDE}; {STOP_THE_SHIM}; {how}"), json!({}));
        project.kill_daemon();
        project.start();
        let task = project.ended("task-0001");
        assert_eq!(task["state"], "failed", "{how}: {task}");
        assert!(task["error"].as_str().unwrap().contains("was removed or replaced"), "{how}: {task}");
        until("the end of what it started", || !is_left(&project));
        assert_eq!(project.runs().len(), 1, "{how}");
    }
}

#[test]
fn what_no_daemon_knows_of_any_more_is_ended() {
    if is_about_sqlite("it takes the state in the directory away, which does not have the store") {
        return;
    }
    // While one runs, and while none does.
    for while_it_runs in [true, false] {
        let project = after(
            &format!("{HIDE}; {STOP_THE_SHIM}"),
            json!({ "daemon": { "heartbeat_interval_seconds": 1 } }),
        );
        if !while_it_runs {
            project.kill_daemon();
        }
        std::fs::rename(project.file(".aiwg/daemon"), project.file(".aiwg/gone")).unwrap();
        if !while_it_runs {
            project.start();
        }
        until("its end", || !is_left(&project));
    }
}

#[test]
fn rights_that_an_agent_has_taken_are_given_back() {
    // Those that root has nobody can take.
    let files = [&format!("{DIR}/lock"), DIR, TASK, ".aiwg/daemon/actions", ".aiwg/daemon"];
    for what in files {
        let how = format!("{HIDE}; touch done; {STOP_THE_SHIM}; chmod 0 {what}; sleep 1000");
        let project = Project::started(json!({ "daemon": { "heartbeat_interval_seconds": 1 } }));
        project.submit(&how);
        until("the agent's work", || project.file("done").exists());
        project.kill_daemon();
        project.start();
        assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled", "{what}");
        until("its end", || !is_left(&project));
    }
}

/// Takes a lock in a process that hides, as soon as whoever holds it dies.
fn wait_for_the_lock(what: &str) -> String {
    format!(
        "setsid -f env -i sh -c 'exec 9<{what}; touch waits; flock 9; sleep 1000'; until [ -e waits ]; do sleep 0.01; done"
    )
}

#[test]
fn an_agent_that_takes_the_daemons_lock_keeps_none_from_starting() {
    for what in [".aiwg/daemon/.lock", ".aiwg"] {
        let project = after(&format!("{}; {STOP_THE_SHIM}", wait_for_the_lock(what)), json!({}));
        project.kill_daemon();
        project.start();
        assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled", "{what}");
        until("its end", || !is_left(&project));
    }
}

#[test]
fn an_agent_that_answers_in_the_daemons_place_keeps_none_from_starting() {
    let impostor = "setsid -f env -i python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); \
         s.bind(\".aiwg/daemon/daemon.sock\"); s.listen(9); open(\"answers\", \"w\").close(); time.sleep(1000)'";
    let script = format!(
        "touch runs; until [ -e go ]; do sleep 0.01; done; rm .aiwg/daemon/daemon.sock; {impostor}; sleep 1000"
    );
    let project = Project::started(json!({}));
    project.submit(&script);
    until("the agent", || project.file("runs").exists());
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    until("the impostor", || project.file("answers").exists());
    project.start();
    assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled");
    until("its end", || !is_left(&project));
}

#[test]
fn a_forged_lock_has_nobody_else_ended() {
    let mut innocent = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let forge = format!(
        "python3 -c 'import json, os; path = \".aiwg/daemon/.lock\"; holder = json.loads(open(path).read().splitlines()[1]); \
         start = int(open(\"/proc/{0}/stat\").read().rsplit(\")\", 1)[1].split()[19]); \
         holder[\"process\"] = {{\"pid\": {0}, \"start_time\": start}}; open(path, \"w\").write(\"{0}\\n\" + json.dumps(holder) + \"\\n\")'",
        innocent.id()
    );
    let project = after(&forge, json!({}));
    let daemon = project.pid();
    crate::support::kill(daemon, rustix::process::Signal::STOP);
    let done = project.run(&["daemon", "stop", "--request-timeout", "0.2"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(crate::support::is_dead(daemon) && innocent.try_wait().unwrap().is_none());
    until("its end", || !is_left(&project));
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}
