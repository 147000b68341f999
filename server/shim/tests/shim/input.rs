//! An input that stays open.

use std::{fs::OpenOptions, io::Write};

use aiwg_shim::{EndedFor, INPUT_FILE, Signal};

use crate::support::{Shim, Task, until};

/// An agent that says when it begins, and writes an answer for each line that it reads; with `reports`, it says what it has read as well. It
/// stays until its input ends.
fn agent(reports: bool) -> Task {
    let lifecycle = r#"echo '{"type":"command_lifecycle","command_uuid":"'$n'","state":"started"}'; "#;
    let script = format!(
        r#"n=0
        while IFS= read -r line; do
            n=$((n + 1))
            printf '%s\n' "$line" >>read
            {}
            echo '{{"type":"assistant"}}'
            while [ -e "wait-$n" ]; do sleep 0.01; done
            echo '{{"type":"result"}}'
        done
        echo over >>read"#,
        if reports { lifecycle } else { "" }
    );
    let mut task = Task::sh(&script);
    task.spec.live_input = true;
    task
}

fn add(task: &Task, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(task.file(INPUT_FILE)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn an_agent_without_messages_ends_with_its_result() {
    let task = agent(true);
    add(&task, "prompt\n");
    let exit = task.run();
    assert_eq!((exit.code, exit.end_requested, exit.processes_ended), (Some(0), false, 0));
    assert_eq!(task.text("read"), "prompt\nover\n");
}

#[test]
fn messages_reach_it_while_it_works_and_as_long_as_there_are_some() {
    let task = agent(true);
    task.touch("wait-1");
    add(&task, "prompt\n");
    let mut shim = task.start();
    task.lines("read", 1);
    add(&task, "second\nthird\nhalf of the ");
    std::fs::remove_file(task.file("wait-1")).unwrap();
    task.touch("wait-4");
    add(&task, "fourth\n");
    task.lines("read", 4);
    add(&task, "fifth\n");
    std::fs::remove_file(task.file("wait-4")).unwrap();
    shim.wait();
    assert_eq!(task.text("read"), "prompt\nsecond\nthird\nhalf of the fourth\nfifth\nover\n");
}

#[test]
fn a_prompt_that_the_pipe_does_not_hold_arrives_whole() {
    let task = agent(true);
    let long = "x".repeat(3 * 1024 * 1024);
    add(&task, &format!("{long}\n"));
    task.run();
    assert_eq!(task.text("read"), format!("{long}\nover\n"));
}

#[test]
fn one_that_reports_on_nothing_gets_its_prompt_and_the_end() {
    let task = agent(false);
    task.touch("wait-1");
    add(&task, "prompt\n");
    let (mut shim, agent) = task.started();
    let pipe = std::fs::read_link(format!("/proc/{}/fd/0", agent.pid)).unwrap();
    let fds = || std::fs::read_dir(format!("/proc/{}/fd", shim.pid())).unwrap().flatten();
    let is_open = || fds().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|link| link == pipe));
    until("its input is closed", || (!is_open()).then_some(()));
    add(&task, "second\n");
    std::fs::remove_file(task.file("wait-1")).unwrap();
    shim.wait();
    assert_eq!(task.text("read"), "prompt\nover\n");
}

#[test]
fn it_ends_with_its_shim_and_on_request() {
    let task = agent(true);
    task.touch("wait-1");
    add(&task, "prompt\n");
    let mut shim = task.start();
    task.lines("read", 1);
    shim.signal(Signal::TERM);
    shim.wait();
    let exit = task.exit();
    assert!(exit.end_requested && exit.signal == Some(15), "{exit:?}");
    assert_eq!(task.text("read"), "prompt\n");
}

#[test]
fn an_input_that_is_not_there_keeps_it_from_starting() {
    let task = agent(true);
    let exit = task.run();
    assert!(exit.spawn_error.unwrap().message.contains(INPUT_FILE));
}

/// One whose output has no end that a reader would come to: 15 TiB, which take no room on the disk.
fn flooding() -> Task {
    let mut task = Task::sh("truncate -s 15T stdout.log; exec sleep 1000");
    task.spec.live_input = true;
    task.spec.leftover_grace_ms = 300;
    add(&task, "prompt\n");
    task
}

/// Waits until this shim is in the midst of reading what its agent floods it with.
fn flooded(shim: &Shim) {
    until("it has read much", || {
        let all = std::fs::read_to_string(format!("/proc/{}/io", shim.pid())).unwrap();
        let read = all.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
        (read.parse::<u64>().unwrap() > 4 * 1024 * 1024).then_some(())
    });
}

#[test]
fn one_that_floods_its_shim_is_ended_on_request() {
    let task = flooding();
    let mut shim = task.start();
    flooded(&shim);
    shim.signal(Signal::TERM);
    shim.wait();
    assert!(task.exit().end_requested);
}

#[test]
fn one_that_floods_its_shim_is_ended_for_its_output_and_for_its_time() {
    for (most, time, why) in [(Some(10_000), None, EndedFor::Output), (None, Some(1500), EndedFor::TimeLimit)]
    {
        let mut task = flooding();
        (task.spec.max_output_bytes, task.spec.time_limit_ms) = (most, time);
        task.start().wait();
        assert_eq!(task.exit().ended_for, Some(why));
    }
}
