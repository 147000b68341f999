//! `kill -9` in the middle of a step of git, with several tasks at once: none of them fails for it.

use std::{
    env,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use crate::{
    crash::rounds_or,
    support::Project,
    workspaces::{git, killed, repository},
};

/// Number of tasks that begin at once.
const AT_ONCE: u32 = 6;

/// Number of files in the repository: git takes a while with them.
const FILES: usize = 300;

/// The gits that are at work for the daemon of a project: they are told the repository, or a tree of it, by variables.
fn gits(project: &Project) -> Vec<u32> {
    let root = project.path().canonicalize().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|pid| is_git_of(*pid, &root)).collect()
}

fn is_git_of(pid: u32, root: &Path) -> bool {
    let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let of = format!("GIT_COMMON_DIR={}/.git", root.display());
    read("comm").starts_with(b"git")
        && read("environ").split(|byte| *byte == 0).any(|name| name == of.as_bytes())
}

#[test]
fn a_kill_in_the_middle_of_a_step_of_git_fails_no_task() {
    let more =
        json!({ "workspace": "worktree", "daemon": { "max_attempts": 9, "max_parallel_actions": AT_ONCE } });
    let files: Vec<(String, String)> = (0..FILES).map(|n| (format!("f{n}"), format!("{n}\n"))).collect();
    let rounds = rounds_or(4);
    let mut failed = Vec::new();
    for round in 0..rounds {
        let project = repository(more.clone(), &files, false);
        let mut wire = project.wire();
        let ids: Vec<String> = (0..AT_ONCE)
            .map(|n| {
                let submitted =
                    wire.call("task.submit", json!({ "prompt": format!("do: echo {n} >new{n}") }));
                submitted["taskId"].as_str().unwrap().to_owned()
            })
            .collect();
        drop(wire);
        // First the trees are made, then what is in them is kept.
        for strike in 0..3 {
            std::thread::sleep(Duration::from_millis(((round * 37 + strike * 61) % 240).into()));
            match (round + strike) % 3 {
                0 => gits(&project).into_iter().for_each(killed),
                1 => {
                    // Git is ended with its daemon; killed first it has no time to clear up.
                    gits(&project).into_iter().for_each(killed);
                    project.kill_daemon();
                    project.start();
                }
                _ => {
                    project.kill_daemon();
                    project.start();
                }
            }
        }
        for (n, id) in ids.iter().enumerate() {
            let task = project.ended(id);
            if task["state"] != "completed" {
                failed.push(format!("round {round}: {task}"));
                continue;
            }
            let kept = task["workspace"]["result"]["commit"].as_str().unwrap();
            assert_eq!(git(&project, &["show", &format!("{kept}:new{n}")]), format!("{n}\n"));
        }
    }
    assert!(failed.is_empty(), "{} of {} tasks have failed: {failed:#?}", failed.len(), rounds * AT_ONCE);
}

/// A project whose daemon has a git that makes no work tree the first `times` times; and the file in which it counts them.
fn with_failing_git(times: u32) -> (Project, PathBuf) {
    let project =
        repository(json!({ "workspace": "worktree" }), &[("a".to_owned(), "one\n".to_owned())], false);
    project.stop();
    let bin = project.file("state-home/bin");
    let counted = bin.join("counted");
    std::fs::create_dir_all(&bin).unwrap();
    let git =
        env::split_paths(&env::var_os("PATH").unwrap()).map(|dir| dir.join("git")).find(|git| git.exists());
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' worktree add '*)\n  echo x >>'{counted}'\n  \
         [ $(wc -l <'{counted}') -gt {times} ] || {{ echo 'fatal: no' >&2; exit 128; }};;\nesac\nexec '{git}' \"$@\"\n",
        counted = counted.display(),
        git = git.unwrap().display()
    );
    std::fs::write(bin.join("git"), script).unwrap();
    std::fs::set_permissions(bin.join("git"), PermissionsExt::from_mode(0o755)).unwrap();
    let path =
        env::join_paths([bin].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap()))).unwrap();
    let started = project.command().args(["daemon", "start"]).env("PATH", path).output().unwrap();
    assert!(started.status.success(), "{started:?}");
    (project, counted)
}

#[test]
fn where_git_fails_another_work_tree_is_tried_and_not_for_ever() {
    let (project, counted) = with_failing_git(3);
    let task = project.ended(&project.submit("cat a"));
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)), "{task}");
    assert_eq!(std::fs::read_to_string(counted).unwrap().lines().count(), 4);
    let (project, counted) = with_failing_git(1000);
    let task = project.ended(&project.submit("cat a"));
    assert_eq!(task["state"], "failed", "{task}");
    let said = task["error"].as_str().unwrap();
    assert!(said.contains("git cannot make a work tree") && said.contains("fatal: no"), "{said}");
    assert_eq!(std::fs::read_to_string(counted).unwrap().lines().count(), 6);
    let trees = project.json(&["workspace", "list"]);
    assert_eq!(trees["trees"], json!([]), "nothing of it is left: {trees}");
}
