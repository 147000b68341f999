//! Work trees through the binary: many at once, `kill -9` at any moment, the command line, and daemons in work trees.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process},
};
use serde_json::{Value, json};

use crate::{
    clients::{python, run_node, succeeded},
    crash::shims,
    support::{Cli, Project, until_some},
};

/// Number of moments at which something is killed.
const KILLS: u64 = 10;

/// Number of tasks in one repository.
const TASKS: usize = 50;

pub(crate) fn git(project: &Project, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").arg("-C").arg(project.path()).args(who).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A project in a repository, with these files, whose tasks have work trees.
pub(crate) fn repository(more: Value, files: &[(String, String)], tracked: bool) -> Project {
    let project = Project::new(more);
    let ignored = if tracked { ".aiwg/daemon/\n.aiwg/daemon.pid\n.aiwg/.gitignore\n" } else { ".aiwg\n" };
    std::fs::write(project.file(".gitignore"), format!("{ignored}.stand-in-runs\nstate-home/\n")).unwrap();
    for (name, text) in files {
        std::fs::write(project.file(name), text).unwrap();
    }
    git(&project, &["init", "-q", "-b", "main"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "first"]);
    project.start();
    project
}

pub(crate) fn brought(project: &Project, id: &str) -> Value {
    let ended = project.ended(id);
    until_some(&format!("its changes to be back: {ended}"), || {
        let task = project.task(id);
        let result = task["workspace"]["result"].clone();
        ["branch", "applied", "conflict"].iter().any(|way| result.get(*way).is_some()).then_some(task)
    })
}

#[test]
fn fifty_agents_in_one_repository_are_all_applied_and_nothing_else_is_ever_there() {
    let name = |n: usize| format!("file-{n:02}");
    let files: Vec<(String, String)> = (1..=TASKS).map(|n| (name(n), "one\n".to_owned())).collect();
    let more = json!({ "workspace": { "mode": "worktree", "back": "apply" }, "daemon": { "max_parallel_actions": 6 } });
    let project = repository(more, &files, false);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut looks = 0;
            while !is_over.load(Ordering::Relaxed) {
                for line in git(&project, &["status", "--porcelain"]).lines() {
                    let changed = line.strip_prefix(" M ").unwrap_or_else(|| panic!("{line:?} is there"));
                    assert!(changed.starts_with("file-"), "{line:?} is there");
                    assert_eq!(project.read(changed), "one\ntwo\n", "{changed} is whole");
                }
                looks += 1;
            }
            looks
        });
        let mut wire = project.wire();
        let ids: Vec<String> = (1..=TASKS)
            .map(|n| {
                let prompt = format!("do: echo two >>{}; echo x >other; rm other", name(n));
                wire.call("task.submit", json!({ "prompt": prompt }))["taskId"].as_str().unwrap().to_owned()
            })
            .collect();
        for id in &ids {
            let task = brought(&project, id);
            assert_eq!(
                (&task["state"], &task["workspace"]["result"]["files"]),
                (&json!("completed"), &json!(1)),
                "{task}"
            );
            assert!(task["workspace"]["result"]["applied"].is_string(), "{task}");
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(watching.join().unwrap() > 5);
    });
    assert_eq!(git(&project, &["diff", "--name-only"]).lines().count(), TASKS);
    let trees = project.json(&["workspace", "list"])["trees"].as_array().unwrap().len();
    assert!((1..=12).contains(&trees), "{trees}");
    assert_eq!(git(&project, &["diff", "--cached", "--name-only"]), "");
}

/// Kills a process, which may have ended by itself.
pub(crate) fn killed(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    match kill_process(pid, Signal::KILL) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => panic!("{error}"),
    }
}

/// What the runs of a task have printed: the words with which each began.
fn begun(project: &Project, id: &str) -> Vec<String> {
    let dirs = std::fs::read_dir(project.file(&format!(".aiwg/daemon/actions/{id}"))).unwrap();
    let said = dirs.filter_map(|dir| std::fs::read_to_string(dir.unwrap().path().join("stdout.log")).ok());
    said.flat_map(|said| said.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with("begun "))
        .collect()
}

#[test]
fn no_kill_of_the_daemon_or_a_shim_loses_what_was_made() {
    let more = json!({ "workspace": "worktree", "daemon": { "max_attempts": 9, "max_parallel_actions": 2 } });
    let project = repository(more, &[("a".to_owned(), "one\n".to_owned())], false);
    let work = "echo \"begun $$\" >>work; echo \"begun $$\"; sleep 0.25; echo \"over $$\" >>work";
    let mut ids = Vec::new();
    for moment in 0..KILLS {
        let id = project.submit(work);
        std::thread::sleep(Duration::from_millis(moment * 47));
        if moment % 3 != 0 {
            shims(&project).into_iter().for_each(killed);
        }
        if moment % 3 != 1 {
            project.kill_daemon();
            // Sometimes the agent ends while nobody is there.
            std::thread::sleep(Duration::from_millis(moment * 40));
            project.start();
        }
        ids.push(id);
    }
    for id in &ids {
        let task = brought(&project, id);
        assert_eq!(task["state"], "completed", "{task}");
        let made = git(&project, &["show", &format!("aiwg/{id}:work")]);
        assert!(made.contains("over "), "{made}");
        let begun = begun(&project, id);
        assert!(!begun.is_empty() && begun.iter().all(|line| made.contains(line)), "{begun:?} in {made:?}");
        // And of each run that had begun there is a result.
        let kept = git(&project, &["for-each-ref", "--format=%(refname)", &format!("refs/aiwg/tasks/{id}")]);
        assert!(kept.lines().count() >= begun.len(), "{begun:?} in {kept:?}");
    }
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
}

#[test]
fn what_was_to_come_back_when_the_daemon_was_killed_comes_back_once() {
    let more = json!({ "workspace": { "mode": "worktree", "back": "apply" } });
    let files: Vec<(String, String)> = (0..KILLS).map(|n| (format!("f{n}"), "one\n".to_owned())).collect();
    let project = repository(more, &files, false);
    for moment in 0..KILLS {
        let id = project.submit(&format!("echo two >>f{moment}"));
        project.ended(&id);
        std::thread::sleep(Duration::from_millis(moment * 7));
        project.kill_daemon();
        project.start();
        let task = brought(&project, &id);
        assert!(task["workspace"]["result"]["applied"].is_string(), "{task}");
        assert_eq!(project.read(&format!("f{moment}")), "one\ntwo\n");
    }
}

#[test]
fn changes_are_shown_and_applied_on_the_command_line_and_by_each_client() {
    let files: Vec<(String, String)> =
        ["a", "b", "c"].map(|name| (name.to_owned(), "one\n".to_owned())).to_vec();
    let project = repository(json!({}), &files, false);
    let submit = |script: &str, more: &[&str]| {
        let prompt = format!("do: {script}");
        let submitted = project.json(&[&["task", "submit", &prompt, "--worktree"], more].concat());
        submitted["taskId"].as_str().unwrap().to_owned()
    };
    let id = submit("echo two >>a; printf '\\0\\1' >binary", &[]);
    brought(&project, &id);
    let diff = project.run(&["task", "diff", &id]);
    assert!(diff.code == 0 && diff.out.contains("+two\n") && diff.err.is_empty(), "{}{}", diff.out, diff.err);
    assert!(diff.out.contains("Binary files") && !diff.out.contains('\u{1b}'), "{}", diff.out);
    let stat = project.run(&["task", "diff", &id, "--stat"]).out;
    assert!(stat.contains("a       +1 -0") && stat.contains("binary  binary"), "{stat}");
    assert!(stat.contains("2 files changed, +1 -0"), "{stat}");
    assert_eq!(project.json(&["task", "diff", "1", "--run", "1"])["launch"], 1);
    let shown = project.run(&["task", "get", &id]).out;
    for part in ["Work tree", "refs/aiwg/tasks/task-0001/1: 2 files changed, +1 -0", "branch aiwg/task-0001"]
    {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    std::fs::write(project.file("a"), "mine\n").unwrap();
    let conflict = project.run(&["task", "apply", &id]);
    assert!(
        conflict.code == 1 && conflict.out.contains("is not applied") && conflict.out.contains("  a\n"),
        "{}",
        conflict.out
    );
    assert!(!project.file("binary").exists());
    std::fs::write(project.file("a"), "one\n").unwrap();
    let applied = project.run(&["task", "apply", &id]);
    assert!(
        applied.code == 0 && applied.out.contains("2 files changed, and nothing is committed"),
        "{}",
        applied.out
    );
    assert_eq!(std::fs::read(project.file("binary")).unwrap(), [0, 1]);
    for (name, of) in [("b", "node"), ("c", "python")] {
        let id = submit(&format!("echo two >>{name}"), &["--base", "head"]);
        brought(&project, &id);
        let said = match of {
            "node" => {
                let text = "import { DaemonClient } from 'aiwg';\n\
                    const client = new DaemonClient();\n\
                    await client.connect();\n\
                    const diff = await client.task.diff({ taskId: process.argv[2] });\n\
                    const applied = await client.task.apply({ taskId: process.argv[2] });\n\
                    console.log(diff.files[0].path, diff.isCut, applied.applied);\n\
                    await client.close();";
                succeeded(&run_node(&project, text, &[&id]))
            }
            _ => {
                let text = "import sys\nfrom aiwg.daemon import DaemonClient\nwith DaemonClient() as client:\n    \
                    diff = client.task.diff(task_id=sys.argv[1])\n    \
                    applied = client.task.apply(task_id=sys.argv[1])\n    \
                    print(diff.files[0].path, str(diff.is_cut).lower(), str(applied.applied).lower())\n";
                succeeded(&python(&project, &["-c", text, &id]))
            }
        };
        assert_eq!(said.trim(), format!("{name} false true"), "{of}");
        assert_eq!(project.read(name), "one\ntwo\n");
    }
    let other = submit("echo three >>c", &["--base", "head", "--back", "apply"]);
    let task = brought(&project, &other);
    assert_eq!(task["workspace"]["result"]["conflict"]["paths"], json!(["c"]), "{task}");
    let pruned = project.run(&["workspace", "prune"]);
    assert!(pruned.code == 0 && pruned.out.contains("1 work tree removed."), "{}", pruned.out);
    assert!(project.run(&["workspace", "list"]).out.contains("There are no work trees"));
    assert_eq!(project.run(&["task", "submit", "x", "--worktree", "--shared"]).code, 2);
}

#[test]
fn in_a_work_tree_commands_reach_the_projects_daemon_and_no_other_one_starts() {
    if crate::support::postgres::is_about_sqlite("both of its projects are started with the one address") {
        return;
    }
    let rule = Project::rule("r", "from:tree", "do: true");
    let project = repository(json!({ "rules": [rule] }), &[], true);
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let work =
        format!("{aiwg} event emit from:tree && {aiwg} task list --json >listed; {aiwg} daemon start; true");
    let submitted = project.json(&["task", "submit", &format!("do: {work}"), "--worktree"]);
    let task = brought(&project, submitted["taskId"].as_str().unwrap());
    assert_eq!(task["workspace"]["result"]["files"], 1, "{task}");
    project.ended("task-0002");
    assert_eq!(project.task("task-0002")["causedBy"]["rule"], "r");
    // A person there is told whose it is.
    let dir = PathBuf::from(task["workspace"]["dir"].as_str().unwrap());
    assert!(dir.join(".aiwg/daemon.json").exists(), "the trap is set");
    let there = |arguments: &[&str]| {
        let mut command = project.command();
        Cli::of(command.args(arguments).current_dir(&dir).output().unwrap())
    };
    let root = project.path().canonicalize().unwrap();
    let said = there(&["task", "list"]);
    assert!(
        said.code == 3 && said.err.contains(&format!("a work tree of {}", root.display())),
        "{}",
        said.err
    );
    let refused = there(&["daemon", "start"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused.err.contains("--in-worktree") && refused.err.contains("linked work tree"),
        "{}",
        refused.err
    );
    assert!(!dir.join(".aiwg/daemon").exists());
    let started = there(&["daemon", "start", "--in-worktree"]);
    assert_eq!(started.code, 0, "{}", started.err);
    assert_eq!(there(&["daemon", "restart"]).code, 0);
    assert_eq!(there(&["daemon", "stop"]).code, 0);
    // It is a project of its own by now.
    assert_eq!(there(&["daemon", "start"]).code, 0);
    assert_eq!(there(&["daemon", "stop"]).code, 0);
}

#[test]
fn a_person_works_in_the_work_tree_of_a_task_that_was_taken_over() {
    let agent = json!({ "agent": aiwg_testing::claude_stand_in() });
    let project = repository(agent, &[("a".to_owned(), "one\n".to_owned())], false);
    let work = "do: echo agent >>a; sleep 600";
    let submitted = project.json(&["task", "submit", work, "--worktree"]);
    let id = submitted["taskId"].as_str().unwrap();
    let dir = until_some("the agent's work", || {
        let dir = PathBuf::from(project.task(id)["workspace"]["dir"].as_str()?);
        (std::fs::read_to_string(dir.join("a")).ok()? == "one\nagent\n").then_some(dir)
    });
    let taken = project.run(&["task", "take", id, "--now", "--no-open"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert_eq!(project.task(id)["takeover"]["dir"], dir.to_str().unwrap());
    std::fs::write(dir.join("a"), "one\nagent\nperson\n").unwrap();
    // Nobody else gets it meanwhile, also with no other one.
    let other = project.json(&["task", "submit", "do: cat a", "--worktree"]);
    assert_ne!(brought_or_ended(&project, &other)["workspace"]["dir"], dir.to_str().unwrap());
    assert_eq!(project.run(&["task", "give", id, "--done"]).code, 0);
    let task = brought(&project, id);
    assert_eq!((&task["state"], &task["reason"]), (&json!("completed"), &json!("by_hand")), "{task}");
    assert_eq!(git(&project, &["show", &format!("aiwg/{id}:a")]), "one\nagent\nperson\n");
}

fn brought_or_ended(project: &Project, submitted: &Value) -> Value {
    let id = submitted["taskId"].as_str().unwrap();
    project.ended(id);
    project.task(id)
}

#[test]
fn a_persons_files_and_index_stay_as_they_are() {
    let project = repository(json!({}), &[("a".to_owned(), "one\n".to_owned())], false);
    std::fs::write(project.file("staged"), "staged\n").unwrap();
    git(&project, &["add", "staged"]);
    std::fs::write(project.file("staged"), "and changed\n").unwrap();
    std::fs::write(project.file("a"), "dirty\n").unwrap();
    let look = || {
        let names = ["a", "staged", ".git/HEAD"].map(|name| (name.to_owned(), project.read(name)));
        let mut all = BTreeMap::from(names);
        all.insert("index".to_owned(), git(&project, &["ls-files", "--stage"]));
        all.insert("status".to_owned(), git(&project, &["status", "--porcelain"]));
        all
    };
    let before = look();
    let id = project.json(&[
        "task",
        "submit",
        "do: cat a staged; git add .; git commit -qm x; git checkout -q -b x",
        "--worktree",
    ]);
    let id = id["taskId"].as_str().unwrap();
    let task = project.ended(id);
    assert!(task["result"].as_str().unwrap().contains("\ndirty\nand changed\n"), "{task}");
    assert_eq!(look(), before);
}
