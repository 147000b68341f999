//! The shim's life, from its launch specification to its record.

use std::{
    error::Error,
    fs::DirBuilder,
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
    time::Duration,
};

use aiwg_fs::{Dir, Identity};

use crate::{
    EXIT_FILE, EXIT_REMOVED, RUN_FILE, STDERR_FILE, STDOUT_FILE,
    agent::{self, set_limits},
    daemon,
    input::Input,
    launch::{LaunchSpec, SpawnError, Started},
    lease::Lease,
    lock::{Acquired, acquire},
    outputs::Outputs,
    process::{NAME, Process, stat},
    record::{EndedFor, ExitRecord, RunRecord, boot_id, make_durable, now_ms, reserve, write, write_after},
    signals::Signals,
    supervise::{Limits, supervise},
    watch::{Watch, above},
};

/// The time between two tries to write the last record: the disk may be full for a while.
const RECORD_EVERY: Duration = Duration::from_secs(1);

/// The number of tries that is enough once the agent's end has been requested: the daemon that asked knows why it ended, and waits for the shim.
const RECORD_TRIES: u32 = 60;

/// The main of the role: reads the [`LaunchSpec`] from standard input, carries it out, and says on standard output how it
/// [`Started`]. Complaints go to standard error.
///
/// To be exited with: 0 when the task came to an end that is on record, or may not be started any more; with [`EXIT_REMOVED`] when it has ended the
/// agent since its directory or the lock in it was taken away, and put that on record where it was; with 1 when the launch specification cannot be read, another shim runs
/// the task, or nothing can be put on record.
pub fn run() -> u8 {
    match carry_out() {
        Ok(code) => code,
        Err(error) => {
            complain(&*error);
            1
        }
    }
}

fn carry_out() -> Result<u8, Box<dyn Error>> {
    // First of all: from here on a request for the agent's end does not end the shim.
    let mut signals = Signals::take()?;
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(NAME);
    // Whatever the daemon had open, the agent gets its three streams and nothing else.
    close_fds::set_fds_cloexec(3, &[]);
    let spec = daemon::read_spec()?;
    set_limits(&spec).unwrap_or_else(|error| complain(&error));
    // Held, since the project may be moved, and another directory be put in its place.
    let dir = Dir::open_own_in_own(&spec.dir).map_err(|error| format!("{}: {error}", spec.dir.display()))?;
    let lock = match acquire(&dir, &spec.dir, spec.launch)? {
        Acquired::Lock(file) => file,
        Acquired::Abandoned => return Ok(0),
        Acquired::Busy => return Err("another shim runs this task".into()),
    };
    // Only now: one that leads a session has its lock, and may have started its agent.
    detach()?;
    let mut record = blank(&spec);
    // Before its agent, which may move the directory at once.
    let watch = Watch::of(&dir, Identity::of(&lock.metadata()?), &spec);
    match start(&spec, &dir, &signals) {
        Ok((run, outputs, mut input)) => {
            if let Some(agent) = run.agent {
                daemon::report(&Started::Started(agent));
            }
            if let Some(input) = &mut input {
                input.begin(outputs.stdout());
            }
            keep(&run, &spec, (&dir, &outputs, input), watch, &mut signals, &mut record);
        }
        Err(error) => {
            daemon::report(&Started::Failed(error.clone()));
            if error.is_shortage() {
                // It has not been started, and will be: that needs no record, for which there may be no room.
                return Ok(0);
            }
            record.spawn_error = Some(error);
            record.end_requested = signals.end_requested();
        }
    }
    record.ended_at_ms = now_ms();
    let on_record = put_on_record(&dir, || signals.end_requested(), &record);
    if record.ended_for == Some(EndedFor::Removed) || (on_record.is_err() && !dir.is_linked()?) {
        record.ended_for = Some(EndedFor::Removed);
        // Or a daemon that comes back would take the task for one that was never begun.
        record_elsewhere(&spec, &record).unwrap_or_else(|error| complain(&error));
        return Ok(EXIT_REMOVED);
    }
    on_record?;
    // Nothing is left for whose life it stands, and the task's next run need not wait.
    drop(lock);
    keep_for_good(&dir, || signals.end_requested())?;
    Ok(0)
}

/// A session of its own, and the parent of every orphan below it.
fn detach() -> io::Result<()> {
    // It fails only for the leader of a process group, which already has at least that to itself.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Starts the agent and writes the record of the shim and the agent.
fn start(
    spec: &LaunchSpec,
    dir: &Dir,
    signals: &Signals,
) -> Result<(RunRecord, Outputs, Option<Input>), SpawnError> {
    let mut run = RunRecord {
        task_id: spec.task_id.clone(),
        launch: spec.launch,
        boot_id: boot_id(),
        shim: Process::current(),
        agent: None,
        started_at_ms: None,
    };
    // Its end is to be on record, however full the disk is by then.
    reserve(dir, EXIT_FILE).map_err(|error| SpawnError::at(EXIT_FILE, &error))?;
    // Before the agent: a daemon that comes back in the next moment must know what runs.
    write(dir, RUN_FILE, &run).map_err(|error| SpawnError::at(RUN_FILE, &error))?;
    if signals.end_requested() {
        return Err(SpawnError::other("its end was requested before it was started"));
    }
    let outputs = Outputs::open(dir)?;
    let mut input = spec.live_input.then(|| Input::open(dir)).transpose()?;
    // The daemon, or all of the machine, may have been frozen since it was given out.
    if spec.lease.as_ref().is_some_and(Lease::is_over) {
        return Err(SpawnError::lease_over());
    }
    run.agent = Some(agent::start(spec, &outputs, input.as_mut())?);
    run.started_at_ms = Some(now_ms());
    // It runs: that its number is not on record is no reason to end it.
    write(dir, RUN_FILE, &run).unwrap_or_else(|error| complain(&error));
    Ok((run, outputs, input))
}

/// Stays with the agent to its end.
fn keep<'a>(
    run: &RunRecord,
    spec: &LaunchSpec,
    (dir, outputs, mut input): (&'a Dir, &'a Outputs, Option<Input>),
    watch: Watch<'a>,
    signals: &mut Signals,
    record: &mut ExitRecord,
) {
    let Some(agent) = run.agent else { return };
    let limits = Limits {
        time: spec.time_limit_ms.map(Duration::from_millis),
        paused: Duration::from_millis(spec.most_paused_ms),
        grace: Duration::from_millis(spec.grace_ms),
        leftover_grace: Duration::from_millis(spec.leftover_grace_ms),
        lease: spec.lease.clone(),
    };
    // Without it, a daemon that comes back would not know the agent's number.
    let put_back = || write(dir, RUN_FILE, run).unwrap_or_else(|error| complain(&error));
    let end = supervise(agent, signals, watch.of_output(outputs), input.as_mut(), &limits, put_back);
    record.code = end.status.and_then(|status| status.exit_status());
    record.signal = end.status.and_then(|status| status.terminating_signal());
    record.end_requested = end.requested;
    record.ended_for = end.ended_for;
    record.processes_ended = end.ended;
    record.processes_left = end.left;
    if let Some(most) = spec.max_output_bytes.filter(|_| end.ended_for == Some(EndedFor::Output)) {
        outputs.cut(dir, most).unwrap_or_else(|error| complain(&error));
    }
    record.output_taken = outputs.are_taken(dir);
    (record.user_ms, record.system_ms) = processor_time().unzip();
}

/// The processor time of the agent and all it started, as far as it has been reaped: in user mode and in the kernel, in milliseconds.
fn processor_time() -> Option<(u64, u64)> {
    if cfg!(not(target_os = "linux")) {
        return None;
    }
    let (user, system) = stat(std::process::id())?.children_ticks;
    let ms = |ticks: u64| ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second().max(1);
    Some((ms(user), ms(system)))
}

fn blank(spec: &LaunchSpec) -> ExitRecord {
    ExitRecord {
        task_id: spec.task_id.clone(),
        launch: spec.launch,
        code: None,
        signal: None,
        spawn_error: None,
        started_at_ms: now_ms(),
        ended_at_ms: 0,
        end_requested: false,
        ended_for: None,
        processes_ended: 0,
        processes_left: 0,
        output_taken: false,
        user_ms: None,
        system_ms: None,
    }
}

/// Keeps trying, with the lock held: without the record the task would count as lost, and be done again.
fn put_on_record(dir: &Dir, end_requested: impl Fn() -> bool, record: &ExitRecord) -> io::Result<()> {
    let write = || write_after(dir, EXIT_FILE, record, || sync_output(dir));
    keep_trying(write, is_enough(dir, end_requested), RECORD_EVERY).map_err(about_record)
}

/// Returns when the daemon has stored the end of the run, or the record would survive a power cut: one of both is enough, and the disk is waited for
/// once.
fn keep_for_good(dir: &Dir, end_requested: impl Fn() -> bool) -> io::Result<()> {
    if daemon::stores_end() {
        return Ok(());
    }
    let keep = || make_durable(dir, EXIT_FILE);
    keep_trying(keep, is_enough(dir, end_requested), RECORD_EVERY).map_err(about_record)
}

/// True once so many tries are enough.
fn is_enough(dir: &Dir, end_requested: impl Fn() -> bool) -> impl Fn(u32) -> bool {
    move |tries| !dir.is_linked().unwrap_or(true) || (end_requested() && tries >= RECORD_TRIES)
}

fn about_record(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{EXIT_FILE}: {error}"))
}

/// Puts the end on record where the directory was, as long as its project is there.
fn record_elsewhere(spec: &LaunchSpec, record: &ExitRecord) -> io::Result<()> {
    // Its task's directory may have been removed with it, and all of the tasks' directories with that.
    above(spec).iter().take(2).rev().try_for_each(|dir| make_dir(dir))?;
    let (Some(task), Some(name)) = (spec.dir.parent(), spec.dir.file_name()) else { return Ok(()) };
    let task = Dir::open(task)?;
    let dir = match task.make_dir(name.as_ref()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => task.own_dir(name.as_ref()),
        made => made,
    };
    let dir = dir?;
    write(&dir, EXIT_FILE, record).and_then(|()| make_durable(&dir, EXIT_FILE))
}

/// Makes a directory that only its owner can enter, if there is none.
fn make_dir(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Puts the output on the disk before the exit is on record: by the record, the daemon takes the output for complete.
fn sync_output(dir: &Dir) -> io::Result<()> {
    for name in [STDOUT_FILE, STDERR_FILE] {
        // A file that the agent has put in its place is not its output.
        let file = dir.open_regular(name.as_ref()).ok();
        if let Some(file) = file.filter(|file| file.metadata().is_ok_and(|found| found.len() > 0)) {
            file.sync_data()?;
        }
    }
    Ok(())
}

fn keep_trying(
    mut write: impl FnMut() -> io::Result<()>,
    is_enough: impl Fn(u32) -> bool,
    pause: Duration,
) -> io::Result<()> {
    let mut tries = 0_u32;
    loop {
        let Err(error) = write() else { return Ok(()) };
        tries = tries.saturating_add(1);
        if is_enough(tries) {
            return Err(error);
        }
        complain(&error);
        std::thread::sleep(pause);
    }
}

/// Writes an error to standard error, which may be gone as well.
fn complain(error: &dyn Error) {
    let _ = writeln!(io::stderr(), "aiwg shim: {error}");
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The number of tries that are made with a disk that is full for so many of them.
    fn tries(full_for: u32, is_enough: impl Fn(u32) -> bool) -> (u32, bool) {
        let tries = Cell::new(0);
        let write = || {
            tries.set(tries.get() + 1);
            if tries.get() > full_for { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        };
        let done = keep_trying(write, is_enough, Duration::ZERO);
        (tries.get(), done.is_ok())
    }

    #[test]
    fn a_full_disk_is_waited_for_without_an_end() {
        assert_eq!(tries(10_000, |_| false), (10_001, true));
        assert_eq!(tries(10_000, |tries| tries >= 60), (60, false));
    }

    #[test]
    fn a_directory_that_is_gone_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("gone")).unwrap();
        let gone = Dir::open(&dir.path().join("gone")).unwrap();
        std::fs::remove_dir(dir.path().join("gone")).unwrap();
        let spec = r#"{"task_id": "task-0001", "attempt": 1, "command": ["x"], "cwd": "/", "dir": "/"}"#;
        let record = blank(&serde_json::from_str(spec).unwrap());
        assert!(put_on_record(&gone, || false, &record).is_err());
        assert!(put_on_record(&Dir::open(dir.path()).unwrap(), || false, &record).is_ok());
    }
}
