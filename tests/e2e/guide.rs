//! The guide, from top to bottom, in one fresh project: what it shows is what happens.

use std::{
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{Project, repository};

/// The code blocks of one language in the guide, in their order.
fn blocks(language: &str) -> Vec<String> {
    blocks_of("docs/guide.md", language)
}

/// The same of another document.
fn blocks_of(document: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join(document)).unwrap();
    let begin = format!("```{language}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Runs bash in a project, where `aiwg` is this one and `claude` the stand-in; it must succeed. Gives what it showed.
fn shell(project: &Project, args: &[&str]) -> String {
    let programs = project.file("bin");
    std::fs::create_dir(&programs).unwrap();
    for (name, file) in
        [("claude", "stand-in-agent"), ("stand-in-words", "stand-in-words"), ("live-agent", "live-agent")]
    {
        symlink(repository().join("tests/agents").join(file), programs.join(name)).unwrap();
    }
    let aiwg = Path::new(env!("CARGO_BIN_EXE_aiwg")).parent().unwrap();
    let path = format!("{}:{}:{}", programs.display(), aiwg.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(args)
        .current_dir(project.path())
        .env("PATH", path)
        .env("XDG_STATE_HOME", project.file("state-home"));
    let done = bash.env_remove("AIWG_DAEMON_SOCKET").stdin(Stdio::null()).output().unwrap();
    let shown =
        format!("{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{shown}");
    shown
}

#[test]
fn the_users_own_guide_from_top_to_bottom() {
    let walk = repository().join("tests/guide/walk.sh");
    let shown = shell(&Project::empty(), &[walk.to_str().unwrap()]);
    assert!(shown.contains("The whole guide works."), "{shown}");
}

#[test]
fn every_command_of_the_guide_does_what_it_says() {
    let project = Project::empty();
    let blocks = blocks("bash");
    assert!(blocks.len() > 8, "{}", blocks.len());
    // One shell for all, which stops at the first that fails and shows each command before.
    let script = format!("set -eux\n{}", blocks.join("\n"));
    let shown = shell(&project, &["-c", &script]);
    for part in ["on-deployment-complete", "pong", "The daemon has stopped", "Type=notify", "is completed"] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn every_command_about_workspaces_does_what_it_says() {
    let project = Project::empty();
    std::fs::write(project.file(".gitignore"), "bin/\nstate-home/\n").unwrap();
    let blocks = blocks_of("docs/workspaces.md", "bash");
    let git = "git init -q; git add .; git -c user.name=a -c user.email=a@b commit -qm first; aiwg init; aiwg daemon start";
    let script = format!("set -eux\n{git}\n{}\naiwg task get $next", blocks.join("\n"));
    let shown = shell(&project, &["-c", &script]);
    for part in
        ["branch aiwg/task-0001", "refs/aiwg/tasks/task-0001/1", "is applied", "forgotten", "task-0003"]
    {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn every_configuration_of_the_guide_is_right() {
    let project = Project::empty();
    // A rule of the guide protects what is in it, and a pattern that protects nothing is worth a notice.
    std::fs::create_dir(project.file("tests")).unwrap();
    let blocks = [blocks("json"), blocks_of("docs/workspaces.md", "json")].concat();
    assert!(blocks.len() >= 2);
    for block in blocks {
        std::fs::write(project.file("block.json"), &block).unwrap();
        let done = project.run(&["config", "check", "block.json"]);
        assert_eq!(done.code, 0, "{block}\n{}", done.out);
        assert!(!done.out.contains('!'), "{}", done.out);
    }
}
