//! Agents that try to decide what runs, by what they may do: edit files, run `aiwg`, signal processes of theirs.

use serde_json::json;

use super::configuration::{changed_by_an_agent, end, issue, marking, runs, unattended};
use crate::support::{Project, may_unshare, postgres::is_about_sqlite, until};

const AIWG: &str = env!("CARGO_BIN_EXE_aiwg");

/// A project whose agent has killed the daemon and then carried out this attack; what runs then is `good` or nothing.
fn after_a_crash(attack: &str) -> Project {
    let project = changed_by_an_agent();
    std::fs::write(project.file("forge"), FORGES).unwrap();
    let pid = project.pid();
    project.submit(&format!(
        "kill -9 {pid}; while kill -0 {pid}; do sleep 0.01; done; ({attack}; echo $? >code) >said 2>&1 & while [ ! -e seen ]; do sleep 0.01; done"
    ));
    until("a daemon, or the refusal", || {
        (project.run(&["daemon", "ping"]).code == 0 && project.pid() != pid)
            || !project.read("code").is_empty()
    });
    project
}

/// The agent's daemon has put nothing in force.
fn goes_on(attack: &str) {
    let project = after_a_crash(attack);
    assert_eq!(project.read("code"), "", "{attack}: {}", project.read("said"));
    assert!(issue(&project).is_some(), "{attack}");
    assert_eq!(runs(&project), ["good"], "{attack}");
    std::fs::write(project.file("seen"), "").unwrap();
}

/// Takes the lock, notes in it what a daemon would have noted of a person's wish, and becomes the command with the lock as its standard input.
const FORGES: &str = "import fcntl, json, os, sys
lock = os.open('.aiwg/daemon/.lock', os.O_RDWR)
if sys.argv[1] == 'locked':
    fcntl.flock(lock, fcntl.LOCK_EX)
start_time = int(open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19])
note = {'process': {'pid': os.getpid(), 'start_time': start_time}, 'config': None, 'detached': False, 'attended': True, 'phase': 'begins_anew'}
os.truncate(lock, 0)
os.write(lock, f'{os.getpid()}\\n{json.dumps(note)}\\n'.encode())
os.dup2(lock, 0)
os.execve(sys.argv[2], sys.argv[2:], {'PATH': os.environ['PATH']})
";

#[test]
fn a_forged_lock_makes_no_restart_of_a_start() {
    if is_about_sqlite("its daemons are started without the environment that names the store") {
        return;
    }
    let start = "daemon start --foreground --attended";
    for (how, words) in [("locked", start), ("open", start), ("locked", "__daemon .")] {
        goes_on(&format!("python3 forge {how} {AIWG} {words}"));
    }
}

#[test]
fn the_hidden_roles_are_a_daemons_alone() {
    if is_about_sqlite("its daemons are started without the environment that names the store") {
        return;
    }
    let options = r#"{"project": "'$PWD'", "config": null, "detached": true, "attended": true, "again": false, "adopt_state": false, "import": false}"#;
    goes_on(&format!("echo '{options}' | env -i PATH=$PATH {AIWG} __daemon ."));
    let order = r#"{"task_id": "x", "attempt": 1, "command": ["touch", "evil"], "cwd": ".", "dir": "d"}"#;
    for shim in [AIWG, env!("CARGO_BIN_EXE_aiwg-shim")] {
        let project = Project::started(json!({}));
        // At once, and left behind, so that the agent's own shim takes it in.
        let task = project.submit(&format!(
            "mkdir d; echo '{order}' >order; {shim} __shim x <order; echo $? >code; (setsid {shim} __shim x <order >orphan 2>&1 &); sleep 0.5"
        ));
        assert_eq!(project.ended(&task)["state"], "completed");
        assert_eq!(project.read("code"), "1\n", "{shim}");
        assert!(!project.file("evil").exists() && !project.file("d/exit.json").exists(), "{shim}");
    }
}

#[test]
fn a_name_space_of_processes_makes_no_person_of_an_agent() {
    if is_about_sqlite("its daemons are started without the environment that names the store") {
        return;
    }
    let unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if may_unshare(&unshare) {
        let unshare = unshare.join(" ");
        goes_on(&format!(
            "env -i PATH=$PATH unshare {unshare} {AIWG} --project . daemon start --foreground --attended"
        ));
    }
}

#[test]
fn what_an_agent_names_no_later_reload_reads() {
    if is_about_sqlite("its daemons are started without the environment that names the store") {
        return;
    }
    let project = after_a_crash(&format!(
        "echo '{}' >other.json; env -i PATH=$PATH {AIWG} --project . daemon start --foreground --config other.json",
        marking("evil")
    ));
    project.configure(&project.read(".aiwg/daemon.json").replace("evil", "good"));
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    assert_eq!(runs(&project), ["good"]);
    std::fs::write(project.file("seen"), "").unwrap();
}

#[test]
fn an_agent_begins_no_project_of_its_own() {
    let project = Project::started(json!({}));
    std::fs::create_dir_all(project.file("inner/.aiwg")).unwrap();
    std::fs::write(project.file("inner/.aiwg/daemon.json"), marking("evil")).unwrap();
    for words in
        ["start --foreground", "start --foreground --attended", "start --foreground --adopt-state", "import"]
    {
        let task = project
            .ended(&project.submit(&format!("env -i PATH=$PATH {AIWG} --project inner daemon {words} 2>&1")));
        assert_eq!(task["state"], "failed", "{words}: {task}");
    }
    assert!(!project.file("inner/.aiwg/daemon/daemon.db").exists());
}

#[test]
fn an_agent_ends_no_daemon_that_does_not_answer() {
    let project = Project::started(json!({}));
    let pid = project.pid();
    let task = project.submit(&format!(
        "kill -STOP {pid}; {AIWG} --request-timeout 0.2 daemon stop >said 2>&1; echo $? >code; kill -CONT {pid}"
    ));
    assert_eq!(project.ended(&task)["state"], "completed");
    assert_eq!(project.read("code"), "1\n");
    assert!(project.read("said").contains("an agent may not end it"), "{}", project.read("said"));
    assert_eq!(project.pid(), pid);
}

#[test]
fn a_log_that_is_lost_puts_nothing_in_force() {
    let project = changed_by_an_agent();
    let log = project.file(".aiwg/daemon/daemon.db-wal");
    project.kill_daemon();
    assert!(log.metadata().unwrap().len() > 0);
    // In place, as an editor without a new file does it.
    std::fs::write(&log, "what any editor can write").unwrap();
    for words in [&["daemon", "start", "--foreground"][..], &["daemon", "start", "--unattended"]] {
        let done = project.run_to_its_end(words);
        assert!(done.code == 1 && done.err.contains("was written over"), "{}", done.err);
    }
    // Without it, the database still knows.
    std::fs::remove_file(&log).unwrap();
    let mut daemon = unattended(&project, &[]);
    assert_eq!(runs(&project), ["good"]);
    project.kill_daemon();
    daemon.wait().unwrap();
    std::fs::write(&log, "what any editor can write").unwrap();
    // A person is shown it.
    project.start();
    let status = project.json(&["daemon", "status"]);
    let issues = status["issues"].as_array().unwrap();
    let said = issues.iter().find(|issue| issue["kind"] == "damage").unwrap_or_else(|| panic!("{status}"));
    assert!(said["message"].as_str().unwrap().contains("the changes stored last are lost"), "{said}");
    assert!(project.read(".aiwg/daemon/daemon.log").contains("the changes stored last are lost"));
}

#[test]
fn what_a_log_takes_along_is_missed_and_no_number_comes_again() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    for put_back in [None, Some(true), Some(false)] {
        let project = Project::started(json!({}));
        project.json(&["event", "emit", "a:before"]);
        let log = project.file(".aiwg/daemon/daemon.db-wal");
        let before = std::fs::read(&log).unwrap();
        let task = project.submit("true");
        project.ended(&task);
        let last = project.json(&["event", "emit", "a:after"])["seq"].as_u64().unwrap();
        let day = || {
            let files = std::fs::read_dir(project.file(".aiwg/daemon/events")).unwrap().flatten();
            files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect::<String>()
        };
        until("the copy of the event", || day().contains("a:after"));
        project.kill_daemon();
        match put_back {
            None => std::fs::remove_file(&log).unwrap(),
            Some(true) => std::fs::write(&log, &before).unwrap(),
            Some(false) => std::fs::write(&log, "").unwrap(),
        }
        let mut daemon = unattended(&project, &[]);
        let status = project.json(&["daemon", "status"]);
        let issues = status["issues"].as_array().unwrap();
        let said =
            issues.iter().find(|issue| issue["kind"] == "damage").unwrap_or_else(|| panic!("{status}"));
        assert!(said["message"].as_str().unwrap().contains("the changes stored last are lost"), "{said}");
        assert!(project.json(&["event", "emit", "a:new"])["seq"].as_u64().unwrap() > last, "{put_back:?}");
        assert_ne!(project.submit("true"), task);
        project.stop();
        daemon.wait().unwrap();
        project.start();
        assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
    }
}

#[test]
fn a_damaged_store_puts_nothing_in_force() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    for damage in ["", "what any editor can write, over and over; ".repeat(100).as_str()] {
        let project = changed_by_an_agent();
        project.kill_daemon();
        // In place, as an editor without a new file does it.
        std::fs::write(project.file(".aiwg/daemon/daemon.db"), damage).unwrap();
        for words in [&["daemon", "start", "--foreground"][..], &["daemon", "start", "--unattended"]] {
            let done = project.run_to_its_end(words);
            assert!(
                done.code == 1 && done.err.contains("`aiwg daemon start` renames the database"),
                "{}",
                done.err
            );
        }
        project.start();
        assert_eq!(runs(&project), ["evil"]);
        project.stop();
        // From then on it is known again.
        project.configure(&marking("good"));
        let daemon = unattended(&project, &[]);
        assert_eq!(runs(&project), ["evil"]);
        end(&project, daemon);
    }
}
