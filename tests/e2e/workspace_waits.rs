//! Work trees of tasks that wait for people: their agent's work is there again, whoever has had the tree meanwhile, and over the end of the daemon.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    permissions,
    support::{Project, postgres, until, until_some},
    workspaces::{brought, git, repository},
};

/// One work tree at a time is kept.
fn one_tree() -> Value {
    json!({ "mode": "worktree", "max_trees": 1 })
}

/// A project in a repository whose agents ask before what they do, and do not wait long in their place.
fn asking() -> Project {
    let more = json!({ "agent": aiwg_testing::asking(), "workspace": one_tree(), "daemon": { "max_parallel_actions": 2 } });
    let project = repository(more, &[("a".to_owned(), "one\n".to_owned())], false);
    project.stop();
    let ignored = project.read(".gitignore") + ".asking-*\n.calls\n.hooks\n.commands\n";
    std::fs::write(project.file(".gitignore"), ignored).unwrap();
    permissions::start(&project, 1);
    project
}

/// A task that changes `a`, notes what was there before, and then asks whether it may go on, twice as it is told to; once it waits without a process.
fn parked(project: &Project) -> String {
    let work = json!([
        { "calls": [{ "input": "cat a >>seen; echo agent >>a", "free": true }] },
        { "calls": ["echo allowed >>a"] },
        { "calls": ["echo allowed >>a"] },
        { "text": "Made." }
    ]);
    let id = permissions::submitted(project, work);
    let waits = || project.task(&id)["waiting"] == "approval" && project.task(&id)["pid"].is_null();
    until("the task to wait for a person", waits);
    assert_eq!(project.task(&id)["workspace"]["result"]["files"], 2, "its work is kept before anyone waits");
    id
}

/// A task that has the work tree of the other one until there is the file `go`.
fn tenant(project: &Project) -> (String, PathBuf) {
    let work = format!(
        "ls; until [ -e {} ]; do sleep 0.01; done; echo other >a",
        project.file("state-home/go").display()
    );
    let id = permissions::submitted(
        project,
        json!([{ "calls": [{ "input": work, "free": true }] }, { "text": "Other." }]),
    );
    let dir =
        until_some("its directory", || project.task(&id)["workspace"]["dir"].as_str().map(PathBuf::from));
    until("its agent", || !dir.join("seen").exists());
    (id, dir)
}

fn dir(project: &Project, id: &str) -> PathBuf {
    PathBuf::from(project.task(id)["workspace"]["dir"].as_str().unwrap())
}

fn crash(project: &Project) {
    project.kill_daemon();
    permissions::start(project, 1);
}

#[test]
fn a_task_that_is_put_off_finds_its_work_again_where_another_one_has_had_its_tree() {
    let project = asking();
    let id = parked(&project);
    let before = dir(&project, &id);
    let (other, there) = tenant(&project);
    assert_eq!(there, before, "there is no other one");
    crash(&project);
    std::fs::write(project.file("state-home/go"), "").unwrap();
    project.ended(&other);
    permissions::decide(&project, "approve", &permissions::pending(&project));
    // In the same directory its session goes on with the call that was put off.
    let task = brought(&project, &id);
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("Made.")), "{task}");
    assert_eq!(dir(&project, &id), before);
    let branch = |name: &str| git(&project, &["show", &format!("aiwg/{id}:{name}")]);
    assert_eq!((branch("a"), branch("seen")), ("one\nagent\nallowed\n".to_owned(), "one\n".to_owned()));
    assert_eq!(git(&project, &["show", &format!("aiwg/{other}:a")]), "other\n");
}

#[test]
fn a_task_that_is_put_off_goes_on_elsewhere_from_its_result_where_its_tree_is_in_use() {
    let project = asking();
    let id = parked(&project);
    let before = dir(&project, &id);
    let (other, there) = tenant(&project);
    assert_eq!(there, before);
    permissions::decide(&project, "approve", &permissions::pending(&project));
    let task = brought(&project, &id);
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("Made.")), "{task}");
    assert_ne!(dir(&project, &id), before);
    let branch = |name: &str| git(&project, &["show", &format!("aiwg/{id}:{name}")]);
    // Its session is another one, which was told that the work has begun, and the decision holds there.
    assert_eq!(branch("a"), "one\nagent\nagent\nallowed\n");
    assert_eq!(branch("seen"), "one\none\nagent\n");
    let asked = project.read(&format!(".aiwg/daemon/actions/{id}/2/prompt.txt"));
    assert!(asked.starts_with("Another agent has begun"), "{asked}");
    std::fs::write(project.file("state-home/go"), "").unwrap();
    project.ended(&other);
}

#[test]
fn an_agent_that_asks_has_its_tree_until_it_is_answered() {
    let more = json!({ "workspace": one_tree(), "daemon": { "max_parallel_actions": 1 } });
    let project = repository(more, &[("a".to_owned(), "one\n".to_owned())], false);
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let id =
        project.submit(&format!("echo asks >>a; answer=$({aiwg} ask 'Which colour?'); echo $answer >>a"));
    until("the question", || !project.json(&["approval", "list"]).as_array().unwrap().is_empty());
    // Its slot is lent, and its tree is not.
    let other = project.submit("cat a");
    let ended = project.ended(&other);
    assert!(ended["result"].as_str().unwrap().ends_with("\none\n"), "{ended}");
    assert_ne!(ended["workspace"]["dir"], project.task(&id)["workspace"]["dir"]);
    project.kill_daemon();
    project.start();
    project.json(&["approval", "answer", "1", "green"]);
    let task = brought(&project, &id);
    assert_eq!(task["state"], "completed", "{task}");
    assert_eq!(git(&project, &["show", &format!("aiwg/{id}:a")]), "one\nasks\ngreen\n");
}

#[test]
fn a_task_that_waits_for_its_approval_begins_with_the_files_as_they_are_then() {
    let project =
        repository(json!({ "workspace": one_tree() }), &[("a".to_owned(), "one\n".to_owned())], false);
    let submitted = project.json(&["task", "submit", "do: cat a", "--approval"]);
    let id = submitted["taskId"].as_str().unwrap();
    assert_eq!(project.task(id)["waiting"], "approval");
    assert!(!project.file("state-home/aiwg/worktrees").exists(), "nothing is made for what may be rejected");
    project.kill_daemon();
    std::fs::write(project.file("a"), "edited\n").unwrap();
    project.start();
    project.json(&["approval", "approve", "1"]);
    let ended = project.ended(id);
    assert!(ended["result"].as_str().unwrap().ends_with("\nedited\n"), "{ended}");
}

#[test]
fn a_person_gives_a_task_back_and_its_agent_goes_on_in_what_was_changed() {
    let agent = json!({ "agent": aiwg_testing::claude_stand_in(), "workspace": one_tree() });
    let project = repository(agent, &[("a".to_owned(), "one\n".to_owned())], false);
    let go = project.file("state-home/go");
    let work = format!(
        "do: echo agent >>a; until [ -e {} ]; do sleep 0.01; done; tool 'cat a'; answer Made.",
        go.display()
    );
    let submitted = project.json(&["task", "submit", &work]);
    let id = submitted["taskId"].as_str().unwrap();
    let there = until_some("the agent's work", || {
        let dir = PathBuf::from(project.task(id)["workspace"]["dir"].as_str()?);
        (std::fs::read_to_string(dir.join("a")).ok()? == "one\nagent\n").then_some(dir)
    });
    assert_eq!(project.run(&["task", "take", id, "--now", "--no-open"]).code, 0);
    until("it to be taken", || project.task(id)["waiting"] == "taken");
    std::fs::write(there.join("a"), "person\n").unwrap();
    project.kill_daemon();
    project.start();
    std::fs::write(&go, "").unwrap();
    assert_eq!(project.run(&["task", "give", id]).code, 0);
    let task = brought(&project, id);
    assert_eq!(task["state"], "completed", "{task}");
    assert_eq!(dir(&project, id), there);
    let made = git(&project, &["show", &format!("aiwg/{id}:a")]);
    assert!(made.starts_with("person\n"), "{made}");
}

#[test]
fn a_loop_works_and_checks_in_one_tree() {
    let project = repository(json!({}), &[("a".to_owned(), "one\n".to_owned())], false);
    let work = "do: echo $AIWG_ROUND >>tried; [ $AIWG_ROUND = 2 ] && touch ready; true";
    let check = "pwd; cat tried; test -e ready";
    let done = project.run(&["loop", work, "--worktree", "--verify", check, "--max-rounds", "3"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let task = brought(&project, "task-0001");
    let there = task["workspace"]["dir"].as_str().unwrap();
    assert_eq!(task["rounds"][0]["verify"]["tail"], format!("{there}\n1\n"), "{task}");
    assert_eq!(task["rounds"][1]["verify"]["exit"], 0);
    assert_eq!(git(&project, &["show", "aiwg/task-0001:tried"]), "1\n2\n");
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    let given_up = project.run(&["loop", "do: true", "--worktree", "--verify", "false", "--max-rounds", "2"]);
    assert_ne!(given_up.code, 0);
    assert_eq!(project.task("task-0002")["rounds"].as_array().unwrap().len(), 2);
}

#[test]
fn a_chain_goes_on_from_what_is_kept_though_the_trees_are_gone() {
    let project =
        repository(json!({ "workspace": one_tree() }), &[("a".to_owned(), "one\n".to_owned())], false);
    let go = project.file("state-home/go");
    // The daemon may be killed before it has made it.
    std::fs::create_dir_all(go.parent().unwrap()).unwrap();
    let first =
        project.submit(&format!("echo first >>a; until [ -e {} ]; do sleep 0.01; done", go.display()));
    let next = |after: &str, script: &str| {
        let submitted = project.json(&["task", "submit", &format!("do: {script}"), "--after", after]);
        submitted["taskId"].as_str().unwrap().to_owned()
    };
    let second = next(&first, "cat a; echo second >>a");
    let third = next(&second, "cat a; echo third >>a");
    project.kill_daemon();
    std::fs::write(&go, "").unwrap();
    project.start();
    project.ended(&third);
    project.json(&["workspace", "prune"]);
    let fourth = next(&third, "cat a");
    let ended = project.ended(&fourth);
    assert!(ended["result"].as_str().unwrap().ends_with("\none\nfirst\nsecond\nthird\n"), "{ended}");
    assert_eq!(project.read("a"), "one\n");
}

#[test]
fn results_are_forgotten_when_their_days_are_over_and_the_list_says_how_many_there_are() {
    let more = json!({ "workspace": "worktree", "retention": { "result_days": 2 } });
    let project = repository(more, &[("a".to_owned(), "one\n".to_owned())], false);
    let [old, young] = ["echo old >a", "echo young >a"].map(|script| {
        let id = project.submit(script);
        brought(&project, &id);
        id
    });
    let results = || project.json(&["workspace", "list"])["results"].clone();
    assert_eq!(results(), 2);
    assert!(project.run(&["workspace", "list"]).out.contains("2 results are kept"));
    project.stop();
    let three_days = 3 * 24 * 3600 * 1000;
    let aged = format!("UPDATE task SET completed_at = completed_at - {three_days} WHERE no = 1");
    postgres::execute(project.path(), &aged);
    project.start();
    until("the old one to be forgotten", || results() == 1);
    let refs = git(&project, &["for-each-ref", "--format=%(refname)", "refs/aiwg/"]);
    assert!(
        !refs.contains(&format!("/{old}/1")) && refs.contains(&format!("refs/aiwg/tasks/{young}/1")),
        "{refs}"
    );
    let diff = project.run(&["task", "diff", &old]);
    assert_eq!(diff.code, 0, "the branch still holds it: {}", diff.err);
    git(&project, &["branch", "-q", "-D", &format!("aiwg/{old}")]);
    git(&project, &["update-ref", "-d", &format!("refs/aiwg/branches/{old}")]);
    git(&project, &["worktree", "list"]);
    project.json(&["workspace", "prune"]);
    git(&project, &["reflog", "expire", "--expire=now", "--all"]);
    git(&project, &["gc", "-q", "--prune=now"]);
    let diff = project.run(&["task", "diff", &old]);
    assert!(diff.code == 1 && diff.err.contains("has been forgotten"), "{}", diff.err);
    assert_eq!(project.run(&["task", "diff", &young]).code, 0);
}
