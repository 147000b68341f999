//! The time that the shim takes. Not a test: `cargo test --release -p aiwg-shim --test shim -- --ignored --nocapture`.

use std::{
    fs::File,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::Task;

const RUNS: usize = 200;

/// To open the pipe for reading returns when the agent opens it for writing: it runs.
const AGENT: &str = "exec 3>pipe";

fn quartiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let [low, median, high] = [1, 2, 3].map(|quarter| times[times.len() * quarter / 4].as_micros());
    format!("median {median} µs (quartiles {low} to {high})")
}

#[test]
#[ignore = "a measurement"]
fn from_spawn_to_the_agent_running() {
    let (mut bare, mut shimmed, mut reported) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // In turns, so that both meet the same machine.
        let task = Task::sh(AGENT);
        assert!(Command::new("mkfifo").arg(task.file("pipe")).status().unwrap().success());
        let begin = Instant::now();
        let mut child = Command::new("sh")
            .args(["-c", AGENT])
            .current_dir(task.dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        File::open(task.file("pipe")).unwrap();
        bare.push(begin.elapsed());
        child.wait().unwrap();

        let begin = Instant::now();
        let mut shim = task.start();
        File::open(task.file("pipe")).unwrap();
        shimmed.push(begin.elapsed());
        shim.agent();
        reported.push(begin.elapsed());
        shim.wait();
    }
    println!("bare fork and exec: {}", quartiles(bare));
    println!("under a shim:       {}", quartiles(shimmed));
    println!("and reported:       {}", quartiles(reported));
}
