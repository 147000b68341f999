//! The agent's streams, and the record of its exit.

use std::os::unix::fs::PermissionsExt;

use aiwg_shim::{EXIT_FILE, LOCK_FILE, ON_RECORD, RUN_FILE, STDERR_FILE, STDOUT_FILE, Started};

use crate::support::{Task, until};

#[test]
fn output_goes_to_files_and_the_exit_is_on_record() {
    let task = Task::sh("echo out; echo err >&2; exit 3");
    let mut shim = task.start();
    assert!(matches!(shim.says(), Some(Started::Started(_))));
    assert_eq!(shim.says_after(), format!("{ON_RECORD}\n"));
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.task_id.as_str(), exit.launch), ("task-0001", 1));
    assert_eq!((exit.code, exit.signal, &exit.spawn_error), (Some(3), None, &None));
    assert_eq!((exit.end_requested, exit.processes_ended, exit.processes_left), (false, 0, 0));
    assert!(exit.started_at_ms > 1_700_000_000_000 && exit.ended_at_ms >= exit.started_at_ms, "{exit:?}");
    assert_eq!((task.text(STDOUT_FILE), task.text(STDERR_FILE)), ("out\n".to_owned(), "err\n".to_owned()));
}

#[test]
fn what_it_writes_is_its_owners_alone() {
    let task = Task::sh("true");
    task.run();
    for name in [LOCK_FILE, RUN_FILE, EXIT_FILE, STDOUT_FILE, STDERR_FILE] {
        let mode = std::fs::metadata(task.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(!task.file("run.tmp").exists() && !task.file("exit.tmp").exists());
}

#[test]
fn a_signal_is_reported_as_one() {
    let exit = Task::sh("kill -KILL $$").run();
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    assert_eq!((exit.end_requested, exit.processes_ended), (false, 0));
}

#[test]
fn the_prompt_is_standard_input_and_ends() {
    let prompt = "- not an option\n".repeat(100_000);
    let mut task = Task::sh("cat; echo end");
    std::fs::write(task.file("prompt.txt"), &prompt).unwrap();
    task.spec.prompt_file = Some(task.file("prompt.txt"));
    assert_eq!(task.run().code, Some(0));
    assert!(task.text(STDOUT_FILE) == prompt + "end\n");
}

#[test]
fn without_a_prompt_the_input_is_empty() {
    let task = Task::sh("cat; echo end");
    assert_eq!(task.run().code, Some(0));
    assert_eq!(task.text(STDOUT_FILE), "end\n");
}

#[test]
fn another_launch_adds_to_the_output() {
    let mut task = Task::sh("echo line");
    task.run();
    task.spec.launch = 2;
    assert_eq!(task.run().launch, 2);
    assert_eq!(task.text(STDOUT_FILE), "line\nline\n");
}

#[test]
fn much_output_does_not_pass_through_the_shim() {
    let task = Task::sh("mkfifo go; read _ <go; head -c 100000000 /dev/zero; echo >done; read _ <go");
    let (mut shim, _) = task.started();
    until("the agent waits", || task.file("go").exists().then_some(()));
    let before = shim.status("VmHWM").unwrap();
    std::fs::write(task.file("go"), "\n").unwrap();
    task.lines("done", 1);
    let after = shim.status("VmHWM").unwrap();
    std::fs::write(task.file("go"), "\n").unwrap();
    shim.wait();
    assert_eq!(std::fs::metadata(task.file(STDOUT_FILE)).unwrap().len(), 100_000_000);
    assert!(after <= before + 64, "from {before} KiB to {after} KiB");
    assert!(after < 8 * 1024, "{after} KiB");
}

#[test]
fn the_processor_time_of_the_whole_tree_is_on_record() {
    let exit = Task::sh("python3 -c 'for _ in range(3_000_000): pass'; true").run();
    assert!(exit.user_ms > Some(20), "{exit:?}");
}
