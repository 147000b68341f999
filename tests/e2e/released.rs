//! The clients of each release, as they were packed then, against the daemon of today; and the calls of each release, as they were promised then.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{
    clients::{clients, in_project, succeeded},
    support::{Project, repository},
};

/// The folders of the releases: `tests/released/README.md` says what is in them.
fn releases() -> Vec<PathBuf> {
    let entries =
        fs::read_dir(repository().join("tests/released")).unwrap().map(|entry| entry.unwrap().path());
    let releases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert!(!releases.is_empty(), "no release is kept");
    releases
}

/// The files of a folder whose names end so, sorted.
fn files(folder: &Path, end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().into_os_string().into_string().unwrap());
    let mut files: Vec<String> = entries.filter(|path| path.ends_with(end)).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no {end}", folder.display());
    files
}

/// A daemon that the vectors are for.
fn daemon() -> Project {
    Project::started(json!({ "rules": [Project::rule("vector-rule", "vector:rule", "vector")] }))
}

#[test]
fn released_javascript_clients_work_with_the_daemon_of_today() {
    for release in releases() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("package.json"), r#"{"private": true}"#).unwrap();
        fs::copy(release.join("calls.mjs"), home.path().join("calls.mjs")).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["install", "--offline", "--omit=optional", "--no-audit", "--no-fund", "--silent"])
            .args(files(&release, ".tgz"));
        succeeded(&npm.current_dir(home.path()).output().unwrap());
        let mut node = Command::new("node");
        node.arg(home.path().join("calls.mjs")).args(files(&release.join("vectors"), ".json"));
        assert!(succeeded(&in_project(&daemon(), node)).contains("as they should be"));
    }
}

#[test]
fn released_python_clients_work_with_the_daemon_of_today() {
    for release in releases() {
        let home = tempfile::tempdir().unwrap();
        let mut pip = Command::new(clients().join("python/bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-index",
            "--no-deps",
            "--target",
        ]);
        succeeded(&pip.arg(home.path()).args(files(&release, ".whl")).output().unwrap());
        // What is named there comes before what is installed.
        let mut python = Command::new(clients().join("python/bin/python"));
        python.env("PYTHONPATH", home.path()).env("PYTHONDONTWRITEBYTECODE", "1");
        python.arg(release.join("calls.py")).args(files(&release.join("vectors"), ".json"));
        assert!(succeeded(&in_project(&daemon(), python)).contains("as they should be"));
    }
}

#[test]
fn the_calls_of_each_release_are_answered_as_they_were() {
    for release in releases() {
        let mut node = Command::new("node");
        let copy = tempfile::Builder::new().suffix(".mjs").tempfile_in(clients().join("node")).unwrap();
        fs::copy(repository().join("tests/clients/calls.mjs"), copy.path()).unwrap();
        node.arg(copy.path()).args(files(&release.join("vectors"), ".json"));
        assert!(succeeded(&in_project(&daemon(), node)).contains("as they should be"));
    }
}
