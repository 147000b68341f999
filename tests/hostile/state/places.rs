//! What others find, and what git sees, where the daemon keeps its files.

use std::{fs, os::unix::net::UnixListener, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{Project, Wire, until};

fn git(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(done.status.success(), "{args:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_daemon_leaves_nothing_for_git_to_take() {
    let project = Project::empty();
    git(project.path(), &["init", "-q", "."]);
    project.start();
    project.ended(&project.submit("true"));
    assert_eq!(git(project.path(), &["status", "--short", "-uall"]), "");
    git(project.path(), &["add", "-A"]);
    assert_eq!(git(project.path(), &["ls-files"]), "");
    // The project's own file takes its place, and is the project's.
    project.stop();
    assert_eq!(project.run(&["init"]).code, 0);
    let listed = git(project.path(), &["status", "--short", "-uall"]);
    assert!(
        listed.contains(".aiwg/.gitignore")
            && listed.contains("daemon.json")
            && !listed.contains("daemon.pid"),
        "{listed}"
    );
    // What somebody has written there stays.
    fs::write(project.file(".aiwg/.gitignore"), "*\n").unwrap();
    project.start();
    assert_eq!(project.read(".aiwg/.gitignore"), "*\n");
}

#[test]
fn a_socket_that_is_replaced_is_noticed() {
    let project = Project::started(json!({}));
    let socket = project.socket();
    fs::remove_file(&socket).unwrap();
    let _other = UnixListener::bind(&socket).unwrap();
    until("it answers again", || project.read(".aiwg/daemon/daemon.log").contains("removed or replaced"));
    Wire::connect(&socket).is_alive();
}

#[test]
fn init_offers_to_keep_agents_out_and_adds_to_what_is_there() {
    let project = Project::empty();
    let said = project.run(&["init"]);
    assert!(said.out.contains("Edit(/.aiwg/**)") && said.out.contains("--claude-settings"), "{}", said.out);
    assert!(!project.file(".claude").exists());
    fs::create_dir(project.file(".claude")).unwrap();
    let settings = project.file(".claude/settings.json");
    fs::write(&settings, r#"{"model": "x", "permissions": {"deny": ["Read(.env)"]}}"#).unwrap();
    for _ in 0..2 {
        assert_eq!(project.run(&["init", "--claude-settings"]).code, 0);
        let found: Value = serde_json::from_str(&fs::read_to_string(&settings).unwrap()).unwrap();
        assert_eq!(
            found,
            json!({ "model": "x", "permissions": { "deny": ["Read(.env)", "Edit(/.aiwg/**)"] } })
        );
    }
    fs::write(&settings, "{ broken").unwrap();
    let refused = project.run(&["init", "--claude-settings"]);
    assert!(refused.code == 1 && refused.err.contains("by hand"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&settings).unwrap(), "{ broken");
}
