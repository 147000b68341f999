//! The shim's life, from its order to its record.

use std::{
    error::Error,
    fs::File,
    io::{self, Read, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{
    EXIT_FILE, RUN_FILE, agent,
    lock::{Acquired, acquire},
    order::{Order, SpawnError, Started},
    process::Process,
    record::{ExitRecord, RunRecord, now_ms, write, write_durably},
    supervise::{End, Signals, supervise},
};

/// How long to try to write the last record: the disk may be full for a while.
const RECORD_FOR: Duration = Duration::from_secs(60);

/// The main of the role: reads the [`Order`] from standard input and carries it out.
///
/// Exits with 0 when the task came to an end that is on record, or may not be started any more.
pub fn run() -> ExitCode {
    match carry_out() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "aiwg shim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out() -> Result<(), Box<dyn Error>> {
    // Whatever the daemon was started with: the agent gets its three streams and nothing else.
    close_fds::set_fds_cloexec(3, &[]);
    let order = read_order()?;
    detach()?;
    let mut signals = Signals::take()?;
    let _lock = match acquire(&order.dir, order.attempt)? {
        Acquired::Lock(file) => file,
        Acquired::Abandoned => return Ok(()),
        Acquired::Busy => return Err("another shim runs this task".into()),
    };
    let run_file = order.dir.join(RUN_FILE);
    let mut run = RunRecord {
        task_id: order.task_id.clone(),
        attempt: order.attempt,
        shim: Process::current(),
        agent: None,
        at_ms: now_ms(),
    };
    // Before the agent: a daemon that comes back in the next moment must know whom to ask.
    write(&run_file, &run)?;
    let (grace, leftover_grace) =
        (Duration::from_millis(order.grace_ms), Duration::from_millis(order.leftover_grace_ms));
    let record = match agent::start(&order) {
        Ok(agent) => {
            run.agent = Some(agent);
            let noted = write(&run_file, &run);
            tell(&Started::Started(agent));
            if let Err(error) = noted {
                let _ = writeln!(io::stderr(), "aiwg shim: {error}");
            }
            ended(&order, &supervise(agent, &mut signals, grace, leftover_grace))
        }
        Err(error) => {
            tell(&Started::Failed(error.clone()));
            not_started(&order, error)
        }
    };
    put_on_record(&order, &record)
}

fn read_order() -> Result<Order, Box<dyn Error>> {
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// A session of its own, and the parent of every orphan below it.
fn detach() -> io::Result<()> {
    // It fails only for the leader of a process group, which then has a session to itself already.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Tells the daemon, and lets go of the pipe. The daemon may be gone: that changes nothing.
fn tell(started: &Started) {
    let mut stdout = io::stdout();
    let _ = serde_json::to_writer(&mut stdout, started);
    let _ = stdout.write_all(b"\n").and_then(|()| stdout.flush());
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}

fn ended(order: &Order, end: &End) -> ExitRecord {
    ExitRecord {
        task_id: order.task_id.clone(),
        attempt: order.attempt,
        code: end.status.and_then(|status| status.exit_status()),
        signal: end.status.and_then(|status| status.terminating_signal()),
        spawn_error: None,
        ended_at_ms: now_ms(),
        end_requested: end.requested,
        processes_ended: end.ended,
        processes_left: end.left,
    }
}

fn not_started(order: &Order, error: SpawnError) -> ExitRecord {
    ExitRecord {
        task_id: order.task_id.clone(),
        attempt: order.attempt,
        code: None,
        signal: None,
        spawn_error: Some(error),
        ended_at_ms: now_ms(),
        end_requested: false,
        processes_ended: 0,
        processes_left: 0,
    }
}

/// Keeps trying, with the lock held: without the record the task would count as lost.
fn put_on_record(order: &Order, record: &ExitRecord) -> Result<(), Box<dyn Error>> {
    let until = Instant::now() + RECORD_FOR;
    loop {
        match write_durably(&order.dir.join(EXIT_FILE), record) {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() >= until => return Err(error.into()),
            Err(error) => {
                let _ = writeln!(io::stderr(), "aiwg shim: {error}; trying again");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}
