//! The commands that set a project up, without a daemon.

use serde_json::{Value, json};

use crate::support::{Project, repository};

#[test]
fn the_configuration_to_begin_with_is_good_and_is_never_written_over() {
    let project = Project::empty();
    assert_eq!(project.run(&["init"]).code, 0);
    let written = project.read(".aiwg/daemon.json");
    let checked = project.json(&["config", "check"]);
    assert_eq!((&checked["ok"], checked["notices"].as_array().unwrap().len()), (&Value::Bool(true), 0));
    let again = project.run(&["init"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(project.read(".aiwg/daemon.json"), written);
    // The file beside it is the one that it names.
    let schema: Value = serde_json::from_str(&project.read(".aiwg/daemon.schema.json")).unwrap();
    assert_eq!(schema["title"], "aiwg daemon configuration");
    project.start();
}

#[test]
fn a_planted_link_is_replaced_and_not_followed() {
    let project = Project::empty();
    std::fs::create_dir(project.file(".aiwg")).unwrap();
    let victim = project.file("victim");
    std::fs::write(&victim, "mine").unwrap();
    std::os::unix::fs::symlink(&victim, project.file(".aiwg/daemon.schema.json")).unwrap();
    assert_eq!(project.run(&["init"]).code, 0);
    assert_eq!(project.read("victim"), "mine");
    assert!(project.read(".aiwg/daemon.schema.json").contains("$schema"));
}

#[test]
fn a_directory_that_others_can_change_gets_no_configuration() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::empty();
    let dir = project.file(".aiwg");
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    let done = project.run(&["init"]);
    assert!(done.code == 1 && done.err.contains("not to be trusted"), "{}", done.err);
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_written_is_named() {
    let project = Project::empty();
    std::fs::write(project.file(".aiwg"), "").unwrap();
    let done = project.run(&["init"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains(".aiwg/daemon.json: "), "{}", done.err);
    let done = project.run(&["--project", "nowhere", "init"]);
    assert_eq!((done.code, done.err.contains("there is no directory nowhere")), (2, true), "{}", done.err);
}

#[test]
fn git_sees_the_configuration_and_nothing_that_the_daemon_keeps() {
    let project = Project::empty();
    let git = |args: &[&str]| {
        let done =
            std::process::Command::new("git").arg("-C").arg(project.path()).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    git(&["init", "-q"]);
    assert_eq!(project.run(&["init"]).code, 0);
    project.start();
    let mut untracked: Vec<String> =
        git(&["status", "--porcelain", "-uall"]).lines().map(|line| line[3..].to_owned()).collect();
    untracked.sort();
    assert_eq!(untracked, [".aiwg/.gitignore", ".aiwg/daemon.json", ".aiwg/daemon.schema.json"]);
}

#[test]
fn the_documents_are_those_that_are_checked_in() {
    let project = Project::empty();
    for (kind, file) in [("openrpc", "openrpc.json"), ("config", "config.schema.json")] {
        let printed: Value = serde_json::from_str(&project.run(&["schema", kind]).out).unwrap();
        let file = std::fs::read_to_string(repository().join("schema").join(file)).unwrap();
        assert_eq!(printed, serde_json::from_str::<Value>(&file).unwrap());
    }
}

#[test]
fn shells_and_manuals_know_every_verb() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = project.run(&["completions", shell]).out;
        assert!(script.contains("automation") && script.contains("follow"), "{shell}");
    }
    assert_eq!(project.run(&["man", "pages"]).code, 0);
    let page = std::fs::read_to_string(project.file("pages/aiwg-task-submit.1")).unwrap();
    assert!(page.contains("priority") && page.contains("after"), "{page}");
    // Title, section, day, source and manual: of a program that does not know its day, that is blank.
    let title = page.lines().find_map(|line| line.strip_prefix(".TH aiwg-task-submit 1 ")).unwrap();
    let (day, rest) = title.split_once(" \"aiwg ").unwrap();
    assert!(
        (day == "\" \"" || day.len() == "2026-11-29".len()) && rest.ends_with("\" \"aiwg manual\""),
        "{title}"
    );
}

#[test]
fn units_name_this_project_and_this_program() {
    let project = Project::empty();
    let systemd = project.run(&["daemon", "service"]).out;
    let path = project.path().canonicalize().unwrap();
    let path = path.to_str().unwrap();
    assert!(systemd.contains("daemon start --foreground --project") && systemd.contains(path), "{systemd}");
    // An agent that takes all memory is ended alone.
    assert!(systemd.contains("OOMPolicy=continue"), "{systemd}");
    assert!(systemd.contains("Environment=\"PATH="), "{systemd}");
    let launchd = project.run(&["daemon", "service", "--launchd"]).out;
    // As another implementation reads it.
    let read = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.argv[1].encode())))";
    let read = std::process::Command::new("python3").args(["-c", read, &launchd]).output().unwrap();
    let list: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!((&list["WorkingDirectory"], &list["ProgramArguments"][5]), (&json!(path), &json!(path)));
    let label = list["Label"].as_str().unwrap();
    assert!(label.starts_with("io.aiwg.daemon.") && launchd.contains(&format!("{label}.plist")), "{label}");
    assert_eq!(list["EnvironmentVariables"]["PATH"], std::env::var("PATH").unwrap());
}
