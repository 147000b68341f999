//! The output of agents: much of it, and bytes that are no text; and agents that handle their streams in odd ways.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::support::{Project, processes_of, until};

/// A figure of the daemon's `/proc/PID/status`, in KiB.
fn memory_kib(project: &Project, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", project.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_hundred_megabytes_cost_the_daemon_next_to_no_memory() {
    let project = Project::started(json!({}));
    // Warm: what any task takes.
    project.ended(&project.submit("head -c 1000000 /dev/zero"));
    let before = memory_kib(&project, "VmRSS:");
    let task = project.ended(&project.submit("yes 'a line of the output of an agent' | head -c 100000000"));
    assert_eq!(task["state"], "completed");
    let grown = memory_kib(&project, "VmHWM:").saturating_sub(before);
    assert!(grown <= 2048, "{grown} KiB more at the highest");
    assert_eq!(task["result"].as_str().unwrap().len(), 64 * 1024);
    let file = project.file(".aiwg/daemon/actions/task-0002/stdout.log");
    assert!(file.metadata().unwrap().len() > 100_000_000);
}

#[test]
fn every_byte_survives() {
    let project = Project::started(json!({}));
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    std::fs::write(project.file("bytes"), &bytes).unwrap();
    let task = project.ended(&project.submit("cat bytes >&2; printf 'half a character: \\303'"));
    assert_eq!(task["state"], "completed");
    assert_eq!(std::fs::read(project.file(".aiwg/daemon/actions/task-0001/stderr.log")).unwrap(), bytes);
    let mut read = Vec::new();
    let mut wire = project.wire();
    loop {
        let params =
            json!({ "taskId": "task-0001", "stream": "stderr", "encoding": "base64", "offset": read.len() });
        let chunk = wire.call("task.output", params);
        read.extend(BASE64_STANDARD.decode(chunk["data"].as_str().unwrap()).unwrap());
        if chunk["ended"] == true {
            break;
        }
    }
    assert_eq!(read, bytes);
    assert!(task["result"].as_str().unwrap().ends_with("half a character: \u{fffd}"), "{task}");
}

#[test]
fn one_that_closes_its_output_early_is_waited_for() {
    let project = Project::started(json!({}));
    let task = project.submit("echo said; exec >&- 2>&-; while [ ! -e go ]; do sleep 0.01; done; exit 4");
    until("its output", || project.read(".aiwg/daemon/actions/task-0001/stdout.log").ends_with("said\n"));
    assert_eq!(project.task(&task)["state"], "running");
    std::fs::write(project.file("go"), "").unwrap();
    let task = project.ended(&task);
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(4)));
}

#[test]
fn one_whose_children_keep_its_output_open_ends_when_it_exits() {
    let project = Project::started(json!({}));
    // The child ignores what would end it, and has left its session.
    let task = project
        .ended(&project.submit("setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.1; done' & echo done"));
    assert_eq!((&task["state"], &task["processesLeft"]), (&json!("completed"), &json!(0)));
    assert!(task["processesEnded"].as_u64().unwrap() >= 1, "{task}");
    assert!(processes_of(project.path()).iter().all(|(_, line)| !line.contains("trap")));
}

#[test]
fn who_follows_an_output_sees_the_next_attempts_from_its_beginning() {
    let project = Project::started(json!({}));
    let script = "if [ -e again ]; then echo second; else touch again; echo a long line of the first; kill -9 $PPID; sleep 1000; fi";
    let task = project.submit(script);
    let followed = project.run(&["task", "logs", "--follow", &task]);
    assert_eq!(followed.code, 0, "{}", followed.err);
    let prompt = format!("stand-in agent: do: {script}\n");
    assert_eq!(followed.out, format!("{prompt}a long line of the first\n{prompt}second\n"));
    let chunk = project.wire().call("task.output", json!({ "taskId": task }));
    assert_eq!((&chunk["attempt"], &chunk["offset"], &chunk["ended"]), (&json!(2), &json!(0), &json!(true)));
}
