//! Tasks with a check through the binary: `kill -9` of the daemon in each phase, and the loop on the command line.

use serde_json::json;

use crate::support::{Project, processes_of, until, until_some};

/// Number of times that the daemon is killed in each phase.
const KILLS: usize = 3;

#[test]
fn no_crash_in_any_phase_loses_or_doubles_a_round() {
    let project = Project::started(json!({}));
    let work = "do: until [ -e worked ]; do sleep 0.01; done";
    let check = "echo $AIWG_ROUND >>checks; until [ -e go ]; do sleep 0.01; done; test $AIWG_ROUND = 3";
    let submitted = project.json(&["task", "submit", work, "--verify", check, "--max-rounds", "4"]);
    let id = submitted["taskId"].as_str().unwrap();
    let phase = || project.task(id)["phase"].clone();
    until("the agent", || project.runs().len() == 1);
    for _ in 0..KILLS {
        assert_eq!(phase(), "working");
        project.kill_daemon();
        project.start();
    }
    std::fs::write(project.file("worked"), "").unwrap();
    until("the check", || project.read("checks") == "1\n");
    for _ in 0..KILLS {
        assert_eq!(phase(), "checking");
        project.kill_daemon();
        project.start();
    }
    // It ends while there is no daemon.
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    until("its end", || project.file(&format!(".aiwg/daemon/actions/{id}/2/exit.json")).exists());
    project.start();
    let task = project.ended(id);
    assert_eq!((&task["state"], &task["verified"]), (&json!("completed"), &json!(true)), "{task}");
    let exits: Vec<_> =
        task["rounds"].as_array().unwrap().iter().map(|round| &round["verify"]["exit"]).collect();
    assert_eq!(exits, [1, 1, 0]);
    assert_eq!(project.read("checks"), "1\n2\n3\n");
    assert_eq!(project.runs().len(), 3);
    let events = project.json(&["event", "list", "task:round"]);
    let rounds: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["payload"]["round"]["n"].clone()).collect();
    assert_eq!(rounds, [1, 2, 3]);
}

#[test]
fn a_loop_tells_of_each_round_and_of_its_end() {
    let project = Project::started(json!({}));
    let second = "echo x >>checks; [ $(wc -l <checks) -ge 2 ]";
    let done = project.run(&["loop", "Make it so", "--verify", second]);
    assert_eq!(done.code, 0, "{}", done.err);
    for part in [
        "Round 1 of 5: the check has failed (exit code 1)",
        "Round 2 of 5: the check has succeeded",
        "is completed",
    ] {
        assert!(done.err.contains(part), "{part} is not in {}", done.err);
    }
    let failed = project.run(&["loop", "Make it so", "--verify", "exit 7", "--max-rounds", "1", "--json"]);
    assert_eq!(failed.code, 1);
    let task: serde_json::Value = serde_json::from_str(&failed.out).unwrap();
    assert_eq!((&task["reason"], &task["rounds"][0]["verify"]["exit"]), (&json!("rounds"), &json!(7)));
    let shown = project.run(&["task", "get", "task-0002"]).out;
    assert!(
        shown.contains("exit 7") && shown.contains("1 of 1: the check has failed (exit code 7)"),
        "{shown}"
    );
    let refused = project.run(&["loop", "x", "--verify", "true", "--max-rounds", "0"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    // Without a command, and without one in the configuration, nothing says when it is done.
    let without = project.run(&["loop", "x"]);
    assert!(without.code == 1 && without.err.contains("verify.command"), "{}", without.err);
}

#[test]
fn a_loop_goes_on_when_its_daemon_was_killed() {
    let project = Project::started(json!({}));
    std::thread::scope(|scope| {
        let work = "do: until [ -e go ]; do sleep 0.01; done";
        let looped = scope.spawn(|| project.run(&["loop", work, "--verify", "true", "--wait-timeout", "60"]));
        until("the agent", || project.runs().len() == 1);
        project.kill_daemon();
        // So that both of its calls are connecting again.
        std::thread::sleep(std::time::Duration::from_secs(1));
        project.start();
        std::fs::write(project.file("go"), "").unwrap();
        let looped = looped.join().unwrap();
        assert_eq!(looped.code, 0, "{}", looped.err);
        assert!(looped.err.contains("Round 1 of 5: the check has succeeded"), "{}", looped.err);
    });
}

#[test]
fn an_agent_does_not_choose_the_command_of_a_check() {
    let project = Project::started(json!({ "defaults": { "verify": { "command": "exit 0" } } }));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let own = project.submit(&format!(
        "{aiwg} task submit x --verify 'touch escaped' >own 2>&1; {aiwg} loop x >by-default 2>&1"
    ));
    let task = project.ended(&own);
    assert_eq!(task["state"], "completed", "{task}");
    assert!(project.read("own").contains("may not choose the command of a check"), "{}", project.read("own"));
    assert!(project.read("by-default").contains("is completed"), "{}", project.read("by-default"));
    assert!(!project.file("escaped").exists());
}

#[test]
fn the_end_of_a_failed_check_and_the_one_before_the_first_round_are_shown() {
    let project = Project::started(json!({}));
    let check = "echo three tests fail; exit 3";
    let looped =
        project.run(&["loop", "Make it so", "--verify", check, "--max-rounds", "1", "--verify-before"]);
    assert_ne!(looped.code, 0);
    let shown = project.run(&["task", "get", "task-0001"]).out;
    for part in [
        "before: the check has failed (exit code 3)",
        "1 of 1: the check has failed (exit code 3)",
        "\nthree tests fail\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn a_loop_takes_the_command_of_the_configuration_with_other_options_of_its_own() {
    let project = Project::started(json!({ "defaults": { "verify": { "command": "exit 3" } } }));
    let looped = project.run(&[
        "loop",
        "Make it so",
        "--max-rounds",
        "2",
        "--verify-timeout",
        "1",
        "--protect",
        "x/**",
    ]);
    assert!(looped.err.contains("Round 2 of 2: the check has failed (exit code 3)"), "{}", looped.err);
    let submitted = project.json(&["task", "submit", "Make it so", "--max-rounds", "1"]);
    let task = project.ended(submitted["taskId"].as_str().unwrap());
    assert_eq!((&task["reason"], &task["verify"]["command"]), (&json!("rounds"), &json!("exit 3")), "{task}");
}

/// True while git is asked about a project's files, and not by the watcher about its settings.
pub(crate) fn is_git_asked(project: &Project) -> bool {
    let is_asked = |line: &String| line.contains("--no-pager") && !line.contains("^core");
    processes_of(project.path()).iter().any(|(_, line)| is_asked(line))
}

#[test]
fn a_task_whose_agent_has_git_wait_for_ever_ends_when_it_is_to_and_git_with_it() {
    let project = Project::started(json!({}));
    let git = |arguments: &[&str]| {
        let done = std::process::Command::new("git").arg("-C").arg(project.path()).args(arguments).status();
        assert!(done.unwrap().success());
    };
    git(&["init", "-q"]);
    let submit = |work: &str, options: &[&str]| {
        let task = project.json(&[&["task", "submit", work, "--verify", "true"], options].concat());
        task["taskId"].as_str().unwrap().to_owned()
    };
    // Before an agent has set the trap git is asked, too, but does not wait.
    let is_trap_set = || {
        let found = std::fs::metadata(project.path().join(".git/config"));
        found.is_ok_and(|config| std::os::unix::fs::FileTypeExt::is_fifo(&config.file_type()))
    };
    let asked = || until("git to be asked", || is_trap_set() && is_git_asked(&project));
    let not_asked = || until("git to be gone", || !is_git_asked(&project));
    let cancelled = |task: &str| {
        let done = project.run(&["task", "cancel", task]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(project.ended(task)["state"], "cancelled");
        not_asked();
    };
    let trap = "do: rm -f .git/config; mkfifo .git/config";
    // After the agent's run.
    let task = submit(trap, &[]);
    asked();
    cancelled(&task);
    // Before it, since the pipe is still there.
    let task = submit("echo", &[]);
    asked();
    cancelled(&task);
    let task = submit("echo", &["--timeout", "0.1"]);
    assert_eq!(project.ended(&task)["state"], "timeout");
    not_asked();
    // The daemon ends, one way and the other.
    submit("echo", &[]);
    asked();
    project.kill_daemon();
    not_asked();
    project.start();
    asked();
    assert_eq!(project.run(&["daemon", "stop"]).code, 0);
    not_asked();
}

#[test]
fn the_time_of_a_check_does_not_run_while_a_person_is_asked_and_its_questions_are_those_of_its_round() {
    let project = Project::started(json!({}));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    // It asks the same each time, and leaves another question behind that nobody waits for.
    let check =
        format!("({aiwg} ask Other? &) ; test \"$({aiwg} ask Good? --option yes --option no)\" = yes");
    let submitted = project.json(&[
        "task",
        "submit",
        "x",
        "--verify",
        &check,
        "--verify-timeout",
        "0.03",
        "--max-rounds",
        "2",
    ]);
    let id = submitted["taskId"].as_str().unwrap();
    let asked = |what: &str| {
        let all = project.json(&["approval", "list"]);
        let all: Vec<_> =
            all.as_array().unwrap().iter().filter(|one| one["summary"] == what).cloned().collect();
        (all.len() == 1).then(|| all[0]["id"].as_str().unwrap().to_owned())
    };
    let mut earlier = None;
    for answer in ["no", "yes"] {
        let no = until_some("the question", || asked("Good?").filter(|no| Some(no) != earlier.as_ref()));
        // Longer than the check may take, and than its end is waited for.
        std::thread::sleep(std::time::Duration::from_secs(5));
        assert_eq!(project.task(id)["phase"], "checking");
        assert!(asked("Other?").is_some(), "the one of the round before is withdrawn");
        project.run(&["approval", "answer", &no, answer]);
        earlier = Some(no);
    }
    let task = project.ended(id);
    assert_eq!((&task["state"], &task["verified"]), (&json!("completed"), &json!(true)), "{task}");
    assert_eq!(project.json(&["approval", "list"]), json!([]));
}
