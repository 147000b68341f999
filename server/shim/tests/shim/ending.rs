//! Ending the whole tree, and what an agent leaves behind.

use aiwg_shim::{Signal, is_held};

use crate::support::{Task, until};

/// Starts daemons as the book says, each in a session of its own, and writes their numbers to `pids`.
const DAEMONS: &str = "
import os, signal, sys, time
def daemon(ignore):
    if os.fork(): return os.wait()
    os.setsid()
    if os.fork(): os._exit(0)
    if ignore: signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open('pids', 'a') as pids: pids.write(f'{os.getpid()}\\n')
    while True: time.sleep(1000)
";

fn daemons(then: &str) -> Task {
    Task::python(&format!("{DAEMONS}{then}"))
}

#[test]
fn an_agent_ends_at_sigterm() {
    let task = Task::new(&["sleep", "1000"]);
    let (mut shim, _) = task.started();
    shim.signal(Signal::TERM);
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.code, exit.signal, exit.end_requested), (None, Some(15), true));
    assert_eq!((exit.processes_ended, exit.processes_left), (1, 0));
}

#[test]
fn one_that_ignores_sigterm_is_killed_after_the_grace() {
    let mut task = Task::python(
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nopen('ready', 'w').write('\\n')\nwhile True: time.sleep(1000)",
    );
    task.spec.grace_ms = 300;
    let (mut shim, _) = task.started();
    task.lines("ready", 1);
    shim.signal(Signal::TERM);
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.signal, exit.end_requested, exit.processes_ended), (Some(9), true, 1));
    assert!(exit.ended_at_ms - exit.started_at_ms >= 300, "{exit:?}");
}

#[test]
fn daemonised_descendants_are_ended_and_counted() {
    let mut task = daemons("for n in range(4): daemon(ignore=n % 2)\ntime.sleep(1000)");
    task.spec.grace_ms = 300;
    let (mut shim, agent) = task.started();
    let daemons = task.processes("pids", 4);
    shim.signal(Signal::TERM);
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.signal, exit.processes_ended, exit.processes_left), (Some(15), 5, 0));
    assert!(!agent.is_alive() && daemons.iter().all(|daemon| !daemon.is_alive()));
}

#[test]
fn what_an_agent_leaves_behind_is_ended() {
    let mut task = daemons(
        "open('pids', 'w').close()\ndaemon(ignore=False)\ndaemon(ignore=True)\nwhile open('pids').read().count('\\n') < 2: pass\nsys.exit(7)",
    );
    task.spec.leftover_grace_ms = 300;
    let exit = task.run();
    assert_eq!((exit.code, exit.end_requested), (Some(7), false));
    assert_eq!((exit.processes_ended, exit.processes_left), (2, 0));
}

#[test]
fn a_grandchild_that_keeps_the_output_open_does_not_delay_the_end() {
    let task = Task::sh("sleep 1000 & echo $! >pids");
    let exit = task.run();
    assert_eq!((exit.code, exit.processes_ended, exit.processes_left), (Some(0), 1, 0));
    assert!(exit.ended_at_ms - exit.started_at_ms < 30_000, "{exit:?}");
}

#[test]
fn nothing_shortens_the_grace_and_nothing_else_ends_the_shim() {
    let task = Task::sh(
        "trap 'echo asked >>asked; until [ -e go ]; do sleep 0.01; done; exit 5' TERM; echo >ready; while :; do sleep 0.01; done",
    );
    let (mut shim, agent) = task.started();
    task.lines("ready", 1);
    shim.signal(Signal::INT);
    task.lines("asked", 1);
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::TERM] {
        shim.signal(signal);
    }
    // The shim is done with the signals once it sleeps again.
    until("the shim has seen them", || (shim.status("SigPnd") == Some(0)).then_some(()));
    assert!(agent.is_alive() && is_held(task.dir()).unwrap());
    task.touch("go");
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.code, exit.end_requested), (Some(5), true));
    assert_eq!(task.text("asked"), "asked\n");
}

#[test]
fn cleaning_up_is_left_alone() {
    // Each step is a process of its own, started after the agent's SIGTERM.
    let task = Task::sh(
        "trap 'for n in 1 2 3 4 5 6 7 8 9 10; do sleep 0.02 || echo disturbed; done; echo clean; exit 0' TERM
         echo >ready; while :; do sleep 0.01; done",
    );
    let (mut shim, _) = task.started();
    task.lines("ready", 1);
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!((task.exit().code, task.text("stdout.log")), (Some(0), "clean\n".to_owned()));
}

#[test]
fn a_tree_that_keeps_forking_is_ended() {
    // Each makes another one now and then, in a session of its own, and none handles signals.
    let mut task = Task::python(
        "import os, signal, time
signal.signal(15, signal.SIG_IGN)
open('ready', 'w').write('\\n')
for _ in range(200):
    if os.fork() == 0: os.setsid()
    time.sleep(0.005)
    if len(os.listdir('/proc')) > 400: time.sleep(1000)
time.sleep(1000)",
    );
    task.spec.grace_ms = 30;
    let (mut shim, _) = task.started();
    task.lines("ready", 1);
    shim.signal(Signal::TERM);
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.signal, exit.processes_left), (Some(9), 0));
}

#[test]
fn a_process_that_hops_from_number_to_number_is_caught() {
    let mut task = Task::python(
        "import os, signal, time
signal.signal(15, signal.SIG_IGN)
open('ready', 'w').write('\\n')
while True:
    if os.fork(): os._exit(0)
    time.sleep(0.001)",
    );
    task.spec.leftover_grace_ms = 30;
    let exit = task.run();
    assert_eq!((exit.code, exit.processes_left), (Some(0), 0), "{exit:?}");
}

#[test]
fn two_that_replace_each_other_are_ended() {
    let mut task = Task::python(
        "import os, signal
signal.signal(15, signal.SIG_IGN)
def lives(pid):
    try: return open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except OSError: return False
other, is_ready = 0, False
while True:
    if not lives(other):
        me, pid = os.getpid(), os.fork()
        other = pid or me
        if not pid: os.setsid()
    elif not is_ready:
        is_ready = True
        open('ready', 'a').write('\\n')",
    );
    task.spec.grace_ms = 30;
    let (mut shim, _) = task.started();
    task.lines("ready", 2);
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!((task.exit().signal, task.exit().processes_left), (Some(9), 0));
}

#[test]
fn zombies_are_not_counted() {
    // A child that has ended, and that the agent does not reap.
    let task = Task::python(
        "import os, time\npid = os.fork()\nif not pid: os._exit(0)\nos.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)\nopen('ready', 'w').write('\\n')\ntime.sleep(1000)",
    );
    let (mut shim, _) = task.started();
    task.lines("ready", 1);
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!((task.exit().processes_ended, task.exit().processes_left), (1, 0));
}

#[test]
fn a_process_whose_first_thread_has_ended_is_not_taken_for_a_zombie() {
    // It shows as one, and would be waited for until the grace is over.
    let task = Task::python(
        "import ctypes, threading, time
threading.Thread(target=lambda: (open('ready', 'w').write('\\n'), time.sleep(1000))).start()
ctypes.CDLL(None).syscall(60, 0)",
    );
    let (mut shim, agent) = task.started();
    task.lines("ready", 1);
    until("its first thread has ended", || {
        std::fs::read_to_string(format!("/proc/{}/stat", agent.pid)).unwrap().contains(") Z ").then_some(())
    });
    assert!(agent.is_alive());
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!((task.exit().signal, task.exit().processes_ended), (Some(15), 1));
}

#[test]
fn the_shim_sleeps_between_events() {
    let mut task = Task::python(
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nopen('ready', 'w').write('\\n')\nwhile True: time.sleep(1000)",
    );
    task.spec.grace_ms = 1000;
    let (mut shim, _) = task.started();
    task.lines("ready", 1);
    shim.signal(Signal::TERM);
    // A zombie's numbers can still be read, so the last look is at the end.
    let mut switches = 0;
    until("the shim has ended", || {
        switches = shim.status("voluntary_ctxt_switches").unwrap_or(0).max(switches);
        (!shim.is_alive()).then_some(())
    });
    shim.wait();
    // Half of them are those of its start and end.
    assert!(switches < 40, "{switches}");
}
