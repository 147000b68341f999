//! Agents that cannot be started.

use aiwg_shim::{ON_RECORD, RUN_FILE, STDOUT_FILE, Signal, SpawnError, Started};

use crate::support::{Task, until};

/// The error, as the shim says it and as it is on record.
fn error_of(task: &Task) -> SpawnError {
    let mut shim = task.start();
    let Some(Started::Failed(error)) = shim.says() else { panic!("it was started") };
    assert_eq!(shim.says_after(), format!("{ON_RECORD}\n"));
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.code, exit.signal, exit.spawn_error.as_ref()), (None, None, Some(&error)));
    assert!(exit.ended_at_ms >= exit.started_at_ms && exit.started_at_ms > 0);
    error
}

#[test]
fn a_missing_program_is_reported_by_its_number() {
    let error = error_of(&Task::new(&["no-such-agent-anywhere"]));
    assert_eq!(error.errno, 2);
    assert!(error.message.contains("No such file"), "{error:?}");
}

#[test]
fn a_program_that_may_not_be_executed_is_reported_by_its_number() {
    let mut task = Task::sh("");
    task.touch("agent");
    task.spec.command = vec![task.file("agent").to_str().unwrap().to_owned()];
    assert_eq!(error_of(&task).errno, 13);
}

#[test]
fn other_missing_files_are_not_mistaken_for_a_missing_program() {
    let mut task = Task::sh("true");
    task.spec.cwd = "/no/such/directory".into();
    let error = error_of(&task);
    assert!(error.errno == 0 && error.message.contains("/no/such/directory"), "{error:?}");

    let mut task = Task::sh("true");
    task.spec.prompt_file = Some(task.file("no-prompt.txt"));
    let error = error_of(&task);
    assert!(error.errno == 0 && error.message.contains("no-prompt.txt"), "{error:?}");
}

#[test]
fn an_empty_command_and_an_impossible_one_are_errors() {
    assert!(error_of(&Task::new(&[])).message.contains("empty"));
    assert_eq!(error_of(&Task::new(&["echo", "a\0b"])).errno, 0);
}

#[test]
fn planted_links_are_not_followed() {
    let task = Task::sh("echo overwritten");
    task.touch("victim");
    std::os::unix::fs::symlink(task.file("victim"), task.file(STDOUT_FILE)).unwrap();
    assert!(error_of(&task).message.contains(STDOUT_FILE));
    assert_eq!(task.text("victim"), "");
}

#[test]
fn a_broken_specification_fails_without_quoting_secrets() {
    for spec in
        ["", "{", r#"{"task_id": 5}"#, r#"{"env": {"TOKEN": ["hunter2"]}}"#, r#"{"attempt": "hunter2"}"#]
    {
        let task = Task::sh("");
        let mut shim = task.shim();
        shim.give_text(spec.as_bytes());
        assert_eq!(shim.says(), None);
        assert!(!shim.succeeds());
        let said = task.text("shim.log");
        assert!(
            said.contains("the launch specification")
                && !said.contains("hunter2")
                && !said.contains("panicked"),
            "{said}"
        );
    }
}

#[test]
fn an_agent_whose_end_is_already_requested_is_never_started() {
    let task = Task::sh("echo ran >ran");
    let mut shim = task.shim();
    until("the shim takes signals", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", shim.pid())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        // SIGCHLD is the last that it takes.
        (u64::from_str_radix(mask, 16).unwrap() >> 16 & 1 == 1).then_some(())
    });
    shim.signal(Signal::TERM);
    shim.give(&task.spec);
    assert!(matches!(shim.says(), Some(Started::Failed(SpawnError { errno: 0, .. }))));
    shim.wait();
    assert!(task.exit().end_requested && !task.file("ran").exists() && task.file(RUN_FILE).exists());
}
