//! The output of agents: much of it, and several attempts of it.

use serde_json::json;

use crate::support::Project;

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
    // The highest so far is forgotten (proc(5)): it was that of the start.
    std::fs::write(format!("/proc/{}/clear_refs", project.pid()), "5").unwrap();
    let task = project.ended(&project.submit("yes 'a line of the output of an agent' | head -c 100000000"));
    assert_eq!(task["state"], "completed");
    let grown = memory_kib(&project, "VmHWM:").saturating_sub(before);
    assert!(grown <= 2048, "{grown} KiB more at the highest");
    let result = task["result"].as_str().unwrap();
    assert!(result.len() <= 64 * 1024 && result.len() > 60 * 1024, "{}", result.len());
    assert!(
        result.starts_with("… (the beginning is left out; `aiwg task logs task-0002` shows it)\na line of")
    );
    let file = project.file(".aiwg/daemon/actions/task-0002/1/stdout.log");
    assert!(file.metadata().unwrap().len() > 100_000_000);
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
