//! A disk that is full, cannot be written or does not answer: a real one, in a name space of its own.

use std::process::Command;

use crate::support::{Project, may_unshare, repository};

/// A user, mounts and processes of its own: there anyone may mount a disk.
const NAME_SPACES: [&str; 7] =
    ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Runs a script of `tests/disk/` with a small disk mounted at its project.
fn on_a_small_disk(script: &str) {
    if !may_unshare(&NAME_SPACES) {
        return;
    }
    // The mount point; what is mounted is seen by the script and its children only.
    let project = Project::empty();
    let aiwg = std::path::Path::new(env!("CARGO_BIN_EXE_aiwg"));
    let done = Command::new("unshare")
        .args(NAME_SPACES)
        .arg(repository().join("tests/disk").join(script))
        .args([aiwg, project.path(), &repository().join("tests/agents/stand-in-agent")])
        .env_remove("AIWG_DAEMON_SOCKET")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    assert!(out.ends_with("as it should be\n"), "{out}{err}");
}

#[test]
fn a_full_disk_loses_nothing_and_ends_nothing() {
    on_a_small_disk("full.sh");
}

#[test]
fn on_a_full_disk_what_runs_can_be_ended_and_stays_ended() {
    on_a_small_disk("ending.sh");
}

#[test]
fn file_systems_that_never_answer_keep_no_daemon_from_answering_and_ending() {
    on_a_small_disk("stuck.sh");
}

#[test]
fn a_disk_that_cannot_be_written_is_said() {
    on_a_small_disk("read-only.sh");
}
