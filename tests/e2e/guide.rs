//! The guide, from top to bottom, in one fresh project: what it shows is what happens.

use std::process::Command;

use crate::support::{Project, repository};

/// The code blocks of one language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("docs/guide.md")).unwrap();
    let begin = format!("```{language}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_command_of_the_guide_does_what_it_says() {
    let project = Project::empty();
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_aiwg")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    // An agent as the starting configuration names it: `claude` is the stand-in here.
    std::fs::create_dir(project.file("bin")).unwrap();
    std::os::unix::fs::symlink(repository().join("tests/agents/stand-in-agent"), project.file("bin/claude"))
        .unwrap();
    std::os::unix::fs::symlink(
        repository().join("tests/agents/stand-in-words"),
        project.file("bin/stand-in-words"),
    )
    .unwrap();
    let blocks = blocks("bash");
    assert!(blocks.len() > 8, "{}", blocks.len());
    // One shell for all, which stops at the first that fails and shows each command before.
    let script = format!("set -eux\n{}", blocks.join("\n"));
    let done = Command::new("bash")
        .args(["-c", &script])
        .current_dir(project.path())
        .env("PATH", format!("{}:{path}", project.file("bin").display()))
        .env_remove("AIWG_DAEMON_SOCKET")
        .output()
        .unwrap();
    let shown =
        format!("{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{shown}");
    for told in ["on-deployment-complete", "pong", "The daemon has stopped", "Type=notify", "is completed"] {
        assert!(shown.contains(told), "{told:?} is not in {shown}");
    }
}

#[test]
fn every_configuration_of_the_guide_is_right() {
    let project = Project::empty();
    let blocks = blocks("json");
    assert!(blocks.len() >= 2);
    for block in blocks {
        std::fs::write(project.file("block.json"), &block).unwrap();
        let done = project.run(&["config", "check", "block.json"]);
        assert_eq!(done.code, 0, "{block}\n{}", done.out);
        assert!(!done.out.contains('!'), "{}", done.out);
    }
}
