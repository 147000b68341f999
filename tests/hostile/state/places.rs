//! The daemon's files, as other users and git see them.

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

#[test]
fn a_queue_of_another_daemon_that_is_no_file_holds_up_no_start() {
    type Plant = fn(&Path);
    let pipe: Plant = |file| assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
    let endless: Plant = |file| fs::File::create(file).unwrap().set_len(1 << 40).unwrap();
    for (said, plant) in
        [("it is no regular file but a named pipe", pipe), ("it has 1099511627776 bytes", endless)]
    {
        let project = Project::new(json!({}));
        fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
        let file = project.file(".aiwg/daemon/tasks.json");
        plant(&file);
        project.start();
        let issues = project.wire().call("daemon.status", json!({}))["issues"].to_string();
        assert!(issues.contains(said) && issues.contains("tasks.json.not-imported"), "{issues}");
        assert!(project.file(".aiwg/daemon/tasks.json.not-imported").symlink_metadata().is_ok());
        assert_eq!(project.ended(&project.submit("true"))["state"], "completed");
        until("its own copy", || {
            fs::metadata(&file).is_ok_and(|file| file.is_file() && file.len() < 1 << 20)
        });
        // Whoever asks for it hears the same.
        project.stop();
        let asked = project.run(&["daemon", "import"]);
        assert!(asked.code == 1 && asked.err.contains(said), "{}{}", asked.out, asked.err);
    }
}
