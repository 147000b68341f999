//! Tasks and their processes.

use serde_json::{Value, json};

use crate::support::{Project, processes_of, until};

#[test]
fn cancelling_ends_every_process() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let running = project.submit("echo begun; (setsid sleep 1000 &) ; nohup sleep 1000 & sleep 1000");
    until("the agent", || project.task(&running)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let queued = project.submit("true");
    assert_eq!(project.json(&["task", "cancel", &queued])["state"], "cancelled");
    let cancelled = project.json(&["task", "cancel", &running]);
    assert_eq!((&cancelled["cancelled"], &cancelled["state"]), (&json!(true), &json!("cancelled")));
    assert_eq!(cancelled["processesLeft"], 0);
    // The agent's shell and its three sleeps, at least.
    assert!(cancelled["processesEnded"].as_u64().unwrap() >= 4, "{cancelled}");
    let events = project.json(&["event", "list", "task:cancelled"]);
    let payload = &events[1]["payload"];
    assert_eq!((&payload["taskId"], &payload["processesLeft"]), (&json!(running), &json!(0)));
    assert_eq!(payload["processesEnded"], cancelled["processesEnded"]);
    assert_eq!(project.runs(), std::slice::from_ref(&running));
    assert!(processes_of(project.path()).iter().all(|(_, line)| !line.contains("sleep")));
    let again = project.run(&["task", "cancel", &running]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("has ended already"), "{}", again.err);
}

#[test]
fn the_environment_is_resolved_at_the_start_and_stays_secret() {
    let project = Project::new(json!({}));
    let secret = "s3cret-0f-the-test";
    let start = project
        .command()
        .args(["daemon", "start"])
        .env("THE_SECRET", secret)
        .env("CLAUDECODE", "1")
        .output()
        .unwrap();
    assert!(start.status.success());
    let mut wire = project.wire();
    let script =
        "do: test \"$TOKEN\" = \"Bearer s3cret-0f-\"the-test && test -z \"$CLAUDECODE\" && echo as expected";
    let task =
        wire.call("task.submit", json!({ "prompt": script, "env": { "TOKEN": "Bearer ${THE_SECRET}" } }));
    let task = project.ended(task["taskId"].as_str().unwrap());
    assert_eq!((&task["state"], &task["error"]), (&json!("completed"), &Value::Null));
    let missing = wire.call("task.submit", json!({ "prompt": "x", "env": { "TOKEN": "${NOT_SET_HERE}" } }));
    let missing = project.ended(missing["taskId"].as_str().unwrap());
    assert!(missing["error"].as_str().unwrap().contains("NOT_SET_HERE"), "{missing}");
    project.stop();
    let found = std::process::Command::new("grep")
        .args(["-rl", secret, "."])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn an_agent_gets_nothing_of_a_service_manager() {
    let project = Project::new(json!({}));
    let names = ["INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDS", "LISTEN_PID", "SYSTEMD_EXEC_PID"];
    let mut start = project.command();
    start.args(["daemon", "start"]).envs(names.map(|name| (name, "1")));
    assert!(start.output().unwrap().status.success());
    let task =
        project.ended(&project.submit(&format!("env | grep -E '^({})=' || echo none", names.join("|"))));
    assert!(task["result"].as_str().unwrap().ends_with("\nnone\n"), "{task}");
}

/// A process that connects, emits and exits, while the daemon cannot look.
const EMITS_AND_IS_GONE: &str = "
import os, signal, socket, sys
daemon = int(open('.aiwg/daemon.pid').read())
connection = socket.socket(socket.AF_UNIX)
os.kill(daemon, signal.SIGSTOP)
child = os.fork()
if child == 0:
    connection.connect('.aiwg/daemon/daemon.sock')
    os._exit(0)
os.waitpid(child, 0)
connection.sendall(b'{\"jsonrpc\":\"2.0\",\"method\":\"event.emit\",\"params\":{\"topic\":\"gone:already\"}}\\n')
connection.close()
os.kill(daemon, signal.SIGCONT)
";

/// Emits without anything of the agent's environment, from a process whose parent is gone.
const EMITS_AS_AN_ORPHAN: &str = "
import os, socket, time
if os.fork(): os._exit(0)
while os.getppid() == parent: time.sleep(0.001)
connection = socket.socket(socket.AF_UNIX)
connection.connect('.aiwg/daemon/daemon.sock')
connection.sendall(b'{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"event.emit\",\"params\":{\"topic\":\"without:environment\"}}\\n')
connection.recv(1000)
open('emitted', 'w').close()
";

#[test]
fn whatever_an_agent_starts_is_known_as_its_own() {
    let project = Project::started(json!({}));
    std::fs::write(project.file("gone.py"), EMITS_AND_IS_GONE).unwrap();
    let orphan = format!("import os\nparent = os.getpid()\n{EMITS_AS_AN_ORPHAN}");
    std::fs::write(project.file("orphan.py"), orphan).unwrap();
    let python = "env -i \"$(command -v python3)\"";
    let task = project
        .submit(&format!("{python} orphan.py; while [ ! -e emitted ]; do sleep 0.01; done; python3 gone.py"));
    assert_eq!(project.ended(&task)["state"], "completed");
    for topic in ["without:environment", "gone:already"] {
        let event = crate::support::until_some("the event", || {
            project.json(&["event", "list", topic]).as_array().unwrap().first().cloned()
        });
        assert_eq!(
            (&event["causedBy"]["task"], &event["causedBy"]["depth"]),
            (&json!(task), &json!(1)),
            "{event}"
        );
    }
    // Nobody runs any more.
    project.json(&["event", "emit", "from:outside"]);
    assert_eq!(project.json(&["event", "list", "from:outside"])[0].get("causedBy"), None);
}

#[test]
fn an_agent_can_restart_the_daemon_and_nobody_else_notices() {
    let project = Project::started(json!({ "daemon": { "agents_may": ["default", "daemon.restart"] } }));
    let other = project.submit("echo begun; while [ ! -e go ]; do sleep 0.01; done");
    until("the other", || project.task(&other)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let pid = project.pid();
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let restart = project.submit(&format!("{aiwg} daemon restart && {aiwg} daemon start"));
    until("its end", || {
        let task = project.run(&["task", "get", &restart, "--json"]);
        task.code == 0 && !task.out.contains("\"running\"")
    });
    let ended = project.task(&restart);
    assert_eq!(ended["state"], "failed", "{ended}");
    assert!(ended["result"].as_str().unwrap().contains("The daemon runs as process"), "{ended}");
    // It is not to start one of its own.
    assert!(ended["error"].as_str().unwrap().contains("would be ended with it"), "{ended}");
    std::fs::write(project.file("go"), "").unwrap();
    let ended = project.ended(&other);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)));
    assert_eq!(project.pid(), pid);
}

#[test]
fn a_daemon_takes_nothing_over_from_an_agent_that_starts_it() {
    let project = Project::new(json!({}));
    let started = project
        .command()
        .args(["daemon", "start"])
        .env("AIWG_EVENT", "{}")
        .env("AIWG_EVENT_FILE", "/nowhere")
        .env("AIWG_TASK_ID", "task-0001")
        .env("PWD", "/elsewhere")
        .output()
        .unwrap();
    assert!(started.status.success(), "{started:?}");
    let environment = std::fs::read_to_string(format!("/proc/{}/environ", project.pid())).unwrap();
    assert!(!environment.contains("AIWG_EVENT") && !environment.contains("AIWG_TASK_ID"), "{environment}");
    let task = project.ended(&project.submit("env | grep -e ^PWD= -e ^AIWG_E[V]ENT; cat /proc/$PPID/comm"));
    let result = task["result"].as_str().unwrap();
    assert!(!result.contains("AIWG_EVENT"), "{result}");
    assert!(result.contains(&format!("PWD={}\n", project.path().display())), "{result}");
    assert!(result.contains("aiwg-shim\n"), "{result}");
}
