//! The parts of the daemon's process that an agent inherits, and those that it does not.

use std::{
    ffi::OsStr,
    fs::Permissions,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::Command,
};

use aiwg_shim::{STDOUT_FILE, Started};

use crate::support::{SHIM, Shim, Task};

/// A shim that is started by a shell after some preparation.
fn shim_after(task: &Task, preparation: &str) -> Shim {
    let mut shim = task.shim_by(Command::new("sh").arg("-c").arg(format!("{preparation}; exec {SHIM}")));
    shim.give(&task.spec);
    shim
}

#[test]
fn an_agent_has_three_descriptors() {
    let mut task = Task::python(LIST);
    task.touch("prompt.txt");
    task.spec.prompt_file = Some(task.file("prompt.txt"));
    shim_after(&task, "exec 3</dev/null 7</dev/null 9>/dev/null").wait();
    let dir = task.dir().display();
    let expected = format!("0 {dir}/prompt.txt\n1 {dir}/stdout.log\n2 {dir}/stderr.log\n");
    assert_eq!(task.text("list"), expected);
}

/// Lists its own descriptors, as they were before it opened any.
const LIST: &str = "
import os
held = []
for fd in range(1024):
    try: held.append((fd, os.readlink(f'/proc/self/fd/{fd}')))
    except OSError: pass
open('list', 'w').write(''.join(f'{fd} {to}\\n' for fd, to in held))
";

#[test]
fn an_agent_has_default_signals_and_a_group_of_its_own() {
    let task = Task::new(&["cat", "/proc/self/status", "/proc/self/stat"]);
    let mut shim = shim_after(&task, "trap '' HUP INT QUIT TERM USR1 TSTP CHLD PIPE XFSZ");
    let agent = shim.agent();
    let shim_pid = shim.pid();
    shim.wait();
    let text = task.text(STDOUT_FILE);
    for name in ["SigBlk:", "SigIgn:", "SigCgt:"] {
        let mask = text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        let mask = u64::from_str_radix(mask, 16).unwrap();
        // 32 and 33 are the C library's own: no program can set them, and the process that runs this test may have them ignored.
        assert_eq!(mask & !(0b11 << 31), 0, "{text}");
    }
    let stat: Vec<&str> = text.lines().last().unwrap().split(' ').collect();
    assert_eq!(stat[3], shim_pid.to_string(), "its parent");
    assert_eq!(stat[4], agent.pid.to_string(), "its process group");
    assert_eq!(stat[5], shim_pid.to_string(), "its session is the shim's, and not that of the daemon");
}

#[test]
fn variables_are_removed_and_added() {
    let mut task = Task::new(&["env", "-0"]);
    task.spec.env_remove = ["CLAUDECODE", "CLAUDE_CODE_*", "BACK"].map(str::to_owned).to_vec();
    task.spec.env.insert("BACK".to_owned(), "added a=b".to_owned());
    let mut command = Command::new(SHIM);
    command.env("CLAUDECODE", "1").env("CLAUDE_CODE_X", "1").env("CLAUDECODES", "kept").env("BACK", "old");
    command.env(OsStr::from_bytes(b"CLAUDE_CODE_\xff"), "1");
    let mut shim = task.shim_by(&mut command);
    shim.give(&task.spec);
    shim.wait();
    let output = std::fs::read(task.file(STDOUT_FILE)).unwrap();
    let has = |entry: &str| output.split(|byte| *byte == 0).any(|found| found == entry.as_bytes());
    assert!(has("BACK=added a=b") && has("CLAUDECODES=kept"));
    let text = String::from_utf8_lossy(&output);
    assert!(!text.contains("CLAUDECODE=") && !text.contains("CLAUDE_CODE_") && !text.contains("BACK=old"));
}

#[test]
fn the_program_is_looked_up_in_the_agents_own_path() {
    let mut task = Task::new(&["own-agent"]);
    std::fs::create_dir(task.file("bin")).unwrap();
    std::fs::write(task.file("bin/own-agent"), "#!/bin/sh\necho own\n").unwrap();
    std::fs::set_permissions(task.file("bin/own-agent"), Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", task.file("bin").display(), std::env::var("PATH").unwrap());
    task.spec.env.insert("PATH".to_owned(), path);
    assert_eq!(task.run().code, Some(0));
    assert_eq!(task.text(STDOUT_FILE), "own\n");
}

#[test]
fn the_agent_runs_in_its_directory() {
    let mut task = Task::new(&["pwd"]);
    task.spec.cwd = "/usr".into();
    let mut shim = task.start();
    assert!(matches!(shim.says(), Some(Started::Started(_))));
    shim.wait();
    assert_eq!(task.text(STDOUT_FILE), "/usr\n");
}

#[test]
fn the_agents_pwd_is_its_directory() {
    let mut task = Task::new(&["env"]);
    task.spec.cwd = "/usr".into();
    let mut shim = task.shim_by(Command::new(SHIM).env("PWD", "/elsewhere"));
    shim.give(&task.spec);
    shim.wait();
    assert!(task.text(STDOUT_FILE).lines().any(|line| line == "PWD=/usr"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_shim_has_a_name_that_says_what_it_is() {
    let task = Task::new(&["sleep", "1000"]);
    let (mut shim, _) = task.started();
    let name = std::fs::read_to_string(format!("/proc/{}/comm", shim.pid())).unwrap();
    assert_eq!(name, "aiwg-shim\n");
    shim.signal(aiwg_shim::Signal::TERM);
    shim.wait();
}
