//! Other users, planted links, secrets.

use std::{
    fs,
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rustix::process::{Signal, geteuid};
use serde_json::{Value, json};

use crate::support::{Project, kill, until};

/// Runs a command as the user `nobody`. Only root can; the tests' own script runs them as root where it is one.
fn as_nobody(program: &str, args: &[&str]) -> Option<Output> {
    if !geteuid().is_root() {
        eprintln!("NOT TESTED: becoming another user takes root");
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", program]).args(args);
    Some(command.current_dir("/").output().unwrap())
}

/// All files and directories below one.
fn all_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn nobody_else_can_read_or_enter_anything() {
    let project = Project::started(json!({}));
    project.ended(&project.submit("echo hello"));
    project.json(&["event", "emit", "a:b"]);
    until("the readable files", || {
        project.file(".aiwg/daemon/tasks.json").exists() && project.file(".aiwg/daemon/state.json").exists()
    });
    let state = project.file(".aiwg/daemon");
    assert_eq!(fs::metadata(&state).unwrap().mode() & 0o7777, 0o700);
    let all = all_below(&state);
    assert!(all.len() > 10, "{all:?}");
    for path in all {
        let file = fs::symlink_metadata(&path).unwrap();
        let wanted = if file.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(file.mode() & 0o777, wanted, "{}", path.display());
    }
    assert_eq!(fs::metadata(project.file(".aiwg/daemon.pid")).unwrap().mode() & 0o077, 0);
}

#[test]
fn another_user_is_refused_even_where_the_files_would_let_him_in() {
    let project = Project::started(json!({}));
    let socket = project.socket();
    let text = socket.to_str().unwrap();
    let ping = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die \"refused: $!\\n\";\n\
                print $s '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}', \"\\n\"; $s->flush; print readline $s";
    let Some(refused) = as_nobody("/usr/bin/perl", &["-e", ping, text]) else { return };
    assert!(String::from_utf8_lossy(&refused.stderr).contains("refused: Permission denied"), "{refused:?}");
    // Somebody has opened the doors: now the daemon itself looks who it is.
    for path in [project.path(), &project.file(".aiwg"), &project.file(".aiwg/daemon")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let refused = as_nobody("/usr/bin/perl", &["-e", ping, text]).unwrap();
    let answer =
        String::from_utf8_lossy(&refused.stdout).into_owned() + &String::from_utf8_lossy(&refused.stderr);
    assert!(!answer.contains("pong"), "{answer}");
    assert_eq!(project.run(&["daemon", "ping"]).code, 0);
    assert!(project.read(".aiwg/daemon/daemon.log").contains("65534"), "the log does not say so");
}

#[test]
fn whoever_may_not_look_learns_where() {
    let project = Project::started(json!({}));
    fs::set_permissions(project.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where it was built, another user may not even be allowed to run it.
    let program = project.file("aiwg");
    fs::copy(env!("CARGO_BIN_EXE_aiwg"), &program).unwrap();
    let (program, root) = (program.to_str().unwrap(), project.path().to_str().unwrap());
    let in_the_project = ["-C", root, program, "task", "list"];
    let Some(refused) = as_nobody("/usr/bin/env", &in_the_project) else { return };
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(error.contains(".aiwg/daemon/daemon.sock cannot be opened: Permission denied"), "{error}");
}

#[test]
fn planted_links_are_not_followed() {
    for name in [
        "daemon.log",
        "heartbeat",
        "state.json",
        "tasks.json",
        "daemon.db",
        ".lock",
        "daemon.sock",
        "../daemon.pid",
    ] {
        let project = Project::new(json!({}));
        let treasure = project.file("treasure");
        fs::write(&treasure, "precious").unwrap();
        fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
        let planted = project.file(".aiwg/daemon").join(name);
        symlink(&treasure, &planted).unwrap();
        let started = project.run(&["daemon", "start"]);
        if started.code == 0 {
            project.ended(&project.submit("echo hello"));
            project.stop();
        } else {
            // It says which file is in its way.
            let said = Path::new(name).file_name().unwrap().to_str().unwrap();
            assert!(started.err.contains(said), "{name}: {}", started.err);
        }
        assert_eq!(fs::read_to_string(&treasure).unwrap(), "precious", "through {name}");
        assert_eq!(fs::metadata(&treasure).unwrap().mode() & 0o777, 0o644, "through {name}");
    }
}

#[test]
fn planted_directories_are_not_entered() {
    if !geteuid().is_root() {
        eprintln!("NOT TESTED: planting as another user takes root");
        return;
    }
    for name in ["daemon", "daemon/actions", "daemon/events"] {
        let project = Project::new(json!({}));
        let treasure = project.file("treasure");
        fs::create_dir(&treasure).unwrap();
        let planted = project.file(".aiwg").join(name);
        fs::create_dir_all(planted.parent().unwrap()).unwrap();
        symlink(&treasure, &planted).unwrap();
        std::os::unix::fs::lchown(&planted, Some(65534), Some(65534)).unwrap();
        let started = project.run(&["daemon", "start"]);
        assert_eq!(started.code, 1, "with a planted {name:?}: {}", started.out);
        assert!(started.err.contains("is a link"), "{name}: {}", started.err);
        assert_eq!(fs::read_dir(&treasure).unwrap().count(), 0, "through {name:?}");
        // One's own is refused as well: a clone can bring it.
        fs::remove_file(&planted).unwrap();
        symlink(&treasure, &planted).unwrap();
        let started = project.run(&["daemon", "start"]);
        assert!(started.code == 1 && started.err.contains("is a link"), "{name}: {}", started.err);
        assert_eq!(fs::read_dir(&treasure).unwrap().count(), 0, "through {name:?}");
    }
}

/// Gives all of a directory to the user `nobody`; false where this user cannot.
fn give_away(path: &Path) -> bool {
    if !geteuid().is_root() {
        eprintln!("NOT TESTED: giving files away takes root");
        return false;
    }
    let mut all = vec![path.to_owned()];
    all.extend(if path.is_dir() { all_below(path) } else { Vec::new() });
    all.iter().try_for_each(|path| std::os::unix::fs::lchown(path, Some(65534), Some(65534))).unwrap();
    true
}

#[test]
fn nobody_is_drawn_into_another_users_project() {
    let shared = Project::new(json!({ "agent": { "command": ["touch", "/nowhere/hacked"] } }));
    let own = shared.file("own");
    fs::create_dir(&own).unwrap();
    let run = |args: &[&str], safe: &str| {
        let mut command = shared.command();
        command.args(args).current_dir(&own).env("AIWG_SAFE_DIRECTORY", safe).output().unwrap()
    };
    let said = |done: &Output| String::from_utf8_lossy(&done.stderr).into_owned();
    if give_away(&shared.file(".aiwg")) {
        for args in [&["daemon", "start"][..], &["task", "submit", "a secret"], &["daemon", "logs"]] {
            let done = run(args, "");
            assert_eq!(done.status.code(), Some(1), "{args:?}");
            let why = said(&done);
            assert!(why.contains("belongs to user 65534") && why.contains("AIWG_SAFE_DIRECTORY"), "{why}");
        }
        // Nor by name: whose configuration it is matters most where it is acted upon.
        let named = run(&["daemon", "start", "--project", shared.path().to_str().unwrap()], "");
        assert!(said(&named).contains("belongs to user 65534"), "{named:?}");
        assert!(!shared.file(".aiwg/daemon").exists());
        // Whoever means it can say so.
        let safe = shared.path().to_str().unwrap();
        assert_eq!(run(&["daemon", "ping"], safe).status.code(), Some(3));
        assert!(run(&["daemon", "start"], safe).status.success());
        assert!(run(&["daemon", "stop"], safe).status.success());
        give_back(&shared.file(".aiwg"));
    }
    fs::set_permissions(shared.file(".aiwg"), fs::Permissions::from_mode(0o777)).unwrap();
    for args in [&["daemon", "start"][..], &["task", "submit", "a secret"]] {
        let done = run(args, "");
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert!(said(&done).contains("chmod o-w"), "{done:?}");
    }
}

fn give_back(path: &Path) {
    let us = geteuid().as_raw();
    let mut all = all_below(path);
    all.push(path.to_owned());
    all.iter().try_for_each(|path| std::os::unix::fs::lchown(path, Some(us), None)).unwrap();
}

#[test]
fn a_configuration_of_another_user_is_not_acted_upon() {
    let project = Project::new(json!({}));
    let config = project.file(".aiwg/daemon.json");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 1 && done.err.contains("chmod o-w"), "{}", done.err);
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    if !give_away(&config) {
        return;
    }
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 1 && done.err.contains("belongs to user 65534"), "{}", done.err);
    // Nor through a link of his to a file of mine.
    let elsewhere = project.file("elsewhere.json");
    fs::remove_file(&config).unwrap();
    fs::write(&elsewhere, "{}").unwrap();
    symlink(&elsewhere, &config).unwrap();
    give_away(&config);
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 1 && done.err.contains("belongs to user 65534"), "{}", done.err);
    fs::remove_file(&config).unwrap();
    symlink(&elsewhere, &config).unwrap();
    project.start();
}

#[test]
fn a_pipe_as_the_configuration_keeps_nobody_waiting() {
    let project = Project::empty();
    fs::create_dir(project.file(".aiwg")).unwrap();
    assert!(Command::new("mkfifo").arg(project.file(".aiwg/daemon.json")).status().unwrap().success());
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 1 && done.err.contains("no regular file"), "{}", done.err);
}

#[test]
fn nothing_is_said_to_another_users_socket() {
    let project = Project::empty();
    let socket = project.socket();
    let state = socket.parent().unwrap();
    fs::create_dir_all(state).unwrap();
    fs::set_permissions(project.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if !give_away(state) {
        return;
    }
    let listen = "use IO::Socket::UNIX; my $l = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die $!; chmod 0666, $ARGV[0];\n\
                  while (my $c = $l->accept) { print \"heard: \", scalar(readline $c), \"\\n\"; }";
    let mut fake = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", "/usr/bin/perl", "-e", listen])
        .arg(&socket)
        .current_dir("/")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    until("the socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    // The way there is another's.
    let planted = project.run(&["task", "submit", "a secret", "--json"]);
    // The way is one's own, as it is where he has taken the place of a socket, and the kernel says who answers.
    give_back(state);
    let taken = project.run(&["task", "submit", "a secret", "--json"]);
    let named =
        project.command().args(["daemon", "ping"]).env("AIWG_DAEMON_SOCKET", &socket).spawn().unwrap();
    kill(fake.id(), Signal::TERM);
    let _ = named.wait_with_output();
    let mut heard = String::new();
    fake.stdout.take().unwrap().read_to_string(&mut heard).unwrap();
    fake.wait().unwrap();
    for (done, words) in [(planted, "belongs to user 65534"), (taken, "answered by user 65534")] {
        let said: Value = serde_json::from_str(&done.err).unwrap();
        assert_eq!((done.code, &said["error"]["data"]["kind"]), (1, &json!("not_allowed")), "{said}");
        assert!(said["error"]["message"].as_str().unwrap().contains(words), "{said}");
    }
    assert!(!heard.contains("a secret"), "{heard}");
}

#[test]
fn a_secret_is_in_the_agents_environment_and_nowhere_else() {
    const SECRET: &str = "tr0ub4dor-and-3-planted-secrets";
    let mut rule =
        Project::rule("r", "a:*", "do: [ \"$HOOK\" = \"https://hook/$PLANTED\" ] && [ -n \"$PLANTED\" ]");
    rule["action"]["env"] = json!({ "HOOK": "https://hook/${PLANTED}" });
    let mut failing = Project::rule("f", "b:*", "do: exit 3");
    failing["action"]["env"] = rule["action"]["env"].clone();
    let mut slow = Project::rule("t", "c:*", "do: sleep 100");
    slow["action"]["env"] = rule["action"]["env"].clone();
    slow["action"]["timeoutMinutes"] = json!(0.005);
    let project =
        Project::new(json!({ "rules": [rule, failing, slow], "daemon": { "log": { "level": "trace" } } }));
    let start = || {
        let done = project
            .command()
            .args(["daemon", "start"])
            .env("PLANTED", SECRET)
            .env("AIWG_LOG", "trace")
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    start();
    for topic in ["a:1", "b:1", "c:1"] {
        project.json(&["event", "emit", topic]);
    }
    let ended = ["task-0001", "task-0002", "task-0003"].map(|id| project.ended(id)["state"].clone());
    assert_eq!(ended, [json!("completed"), json!("failed"), json!("timeout")]);
    let again = project.json(&["task", "retry", "task-0001"]);
    assert_eq!(project.ended(again["taskId"].as_str().unwrap())["state"], "completed");
    project.kill_daemon();
    start();
    let mut answers = String::new();
    for args in [
        &["daemon", "status"][..],
        &["task", "list"],
        &["task", "get", "task-0001"],
        &["task", "get", "task-0002"],
        &["automation", "status"],
        &["event", "list"],
        &["task", "stats"],
        &["daemon", "logs", "--lines", "10000"],
        &["automation", "test", "--topic", "a:1"],
    ] {
        answers.push_str(&project.json(args).to_string());
    }
    assert!(!answers.contains(SECRET), "an answer has it");
    project.stop();
    let mut searched = 0;
    for path in all_below(project.path()) {
        if let Ok(content) = fs::read(&path) {
            let has = content.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!has, "{} has it", path.display());
            searched += 1;
        }
    }
    assert!(searched > 10);
}

#[test]
fn agents_inherit_no_descriptor() {
    let project = Project::started(json!({}));
    let task = project.submit("ls -l /proc/self/fd");
    let result = project.ended(&task)["result"].as_str().unwrap().to_owned();
    let left = |line: &&str| {
        !["0 ->", "1 ->", "2 ->", "/proc/"].iter().any(|known| line.contains(known)) && line.contains("->")
    };
    assert_eq!(result.lines().filter(left).count(), 0, "{result}");
}

#[test]
fn what_runs_below_the_daemon_and_below_no_shim_counts_as_an_agent_while_none_runs() {
    let project = Project::new(json!({ "watch": { "ignore": ["one/"] } }));
    // It stands in for a filter that git would start, which the daemon had asked: it leaves a process that is orphaned.
    let programs = project.file("programs");
    fs::create_dir(&programs).unwrap();
    let calls = "import json, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rw')
def call(method, params):
    print(json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': method, 'params': params}), file=f, flush=True)
    return json.loads(f.readline())
answers = [call('approval.approve', {'approvalId': 'approval-0001'}), call('daemon.stop', {}), call('event.emit', {'topic': 'a:b'})]
open('answers.new', 'w').write(json.dumps(answers))
os.rename('answers.new', 'answers')
";
    fs::write(programs.join("calls.py"), calls).unwrap();
    let here = project.path().display();
    let git = format!(
        "#!/bin/sh\ncd {here} && [ -e armed ] && rm armed && setsid -f python3 programs/calls.py {} </dev/null >/dev/null 2>&1\nexit 1\n",
        project.socket().display()
    );
    fs::write(programs.join("git"), git).unwrap();
    fs::set_permissions(programs.join("git"), PermissionsExt::from_mode(0o755)).unwrap();
    fs::create_dir(project.file(".git")).unwrap();
    fs::write(project.file(".git/config"), "[core]\n\texcludesFile = x\n").unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    assert!(project.command().args(["daemon", "start"]).env("PATH", path).status().unwrap().success());
    let task = project.json(&["task", "submit", "true", "--approval"])["taskId"].as_str().unwrap().to_owned();
    fs::write(project.file("armed"), "").unwrap();
    let config = Project::config(json!({ "watch": { "ignore": ["two/"] } }));
    project.configure(&config.to_string());
    project.json(&["daemon", "reload"]);
    until("its answers", || project.file("answers").exists());
    let answers: Vec<serde_json::Value> = serde_json::from_str(&project.read("answers")).unwrap();
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["supervisor"]["running"], 0);
    for refused in &answers[..2] {
        assert_eq!(refused["error"]["data"]["kind"], "not_allowed", "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("below the daemon"), "{refused}");
    }
    assert_eq!(project.task(&task)["state"], "queued");
    // What it publishes is as deep in a chain as can be: no rule fires for it.
    let seq = &answers[2]["result"]["seq"];
    let events = project.json(&["event", "list", "a:b"]);
    assert_eq!(&events[0]["seq"], seq, "{events}");
}
