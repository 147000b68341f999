//! The content of a run's directory before its agent is started.

use std::{
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use aiwg_agents::{Prompt, Session};
use aiwg_fs::{Dir, at};
use aiwg_git::Look;
use aiwg_model::{RoundOrder, RunId};
use aiwg_protocol::{config::PromptBy, types::Json};
use aiwg_shim::{DEFAULT_MOST_PAUSED_MS, LaunchSpec};
use rustix::fs::OFlags;

use super::{
    Shared,
    environment::{Chosen, asked, command, environment, never_inherited, own_telemetry},
    launch::Launch,
    messages,
    permissions::asking,
    set_up::SetUp,
    trees::{NoTree, Place, make_ready, of_project},
    work,
};
use crate::{
    engine::StartOrder,
    leases::Leases,
    messaging::Secrets,
    profiles::{Profile, program},
    project::{living_run, make_private_dir},
};

/// The agent's standard input.
const PROMPT_FILE: &str = "prompt.txt";

/// The event that led to the task.
const EVENT_FILE: &str = "event.json";

/// The place in a work tree where it runs, for people.
const PLACE_FILE: &str = "workspace.json";

const MIB: u64 = 1024 * 1024;

/// Time that agents have between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(15);

/// The same for what an agent leaves behind when it exits by itself.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// An agent that is ready to be started.
pub(super) struct Prepared {
    pub(super) spec: LaunchSpec,
    /// What has become of the record of the protected files; none where there was nothing to do about it.
    pub(super) protected: Option<Recorded>,
    /// The place in a work tree where it runs; none for the project's own directory.
    pub(super) place: Option<Place>,
    /// The mark of what is set up there before; none for nothing.
    pub(super) set_up: Option<String>,
}

/// What has become of the record of the protected files before a run.
pub(super) enum Recorded {
    /// They were put on record, under this hash.
    Anew(String),
    /// They stay on record as they were, though a person has had the task.
    AsBefore,
}

/// Time for an agent to end whose run others have given up: more than it has before it is killed.
const LEAVES_WITHIN: Duration = Duration::from_secs(30);

/// Time between two looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why an agent cannot be started.
pub(super) enum Unprepared {
    /// No task can have a directory, whichever it is.
    Place(io::Error),
    /// Something about this one.
    Task(io::Error),
    /// There is no work tree for it.
    Tree(NoTree),
}

impl From<io::Error> for Unprepared {
    fn from(error: io::Error) -> Self {
        Self::Task(error)
    }
}

/// Makes the run's directory in that of its task and writes down what the agent is given; or the check, which is given nothing.
pub(super) fn prepare(
    (shared, look): (&Shared, &Look),
    profile: &Profile,
    (task, run): (&Path, RunId),
    order: &StartOrder,
    time_limit_ms: u64,
) -> Result<Prepared, Unprepared> {
    if !make_task_dir(shared, task)? {
        let is_shared = shared.context.leases.is_some();
        nothing_lives(task, if is_shared { LEAVES_WITHIN } else { Duration::ZERO })?;
    }
    let held = Dir::open_own(task).map_err(at(task))?;
    let name = run.dir();
    let dir = task.join(&name);
    let held = make_run_dir(&held, name.as_ref()).map_err(at(&dir))?;
    profile.keep(&held, &dir)?;
    let root = shared.context.project.root();
    let tree = order.tree.as_ref().map(|tree| make_ready(&shared.context.workspaces, tree, run));
    let tree = tree.transpose().map_err(Unprepared::Tree)?;
    let set_up = tree.as_ref().and_then(|ready| {
        let command = shared.context.settings.get().config.workspace.settings().setup;
        let last = order.tree.as_ref().and_then(|tree| tree.set_up.as_deref());
        SetUp::needed(command.as_ref(), ready, last)
    });
    let place = tree.map(|ready| ready.place);
    let here = place.as_ref().map_or(root, |place| &place.dir);
    if let Some(place) = &place {
        write_new(&held, PLACE_FILE, place.to_text().as_bytes()).map_err(at(&dir.join(PLACE_FILE)))?;
    }
    let (session, prompt) = asked(&profile.agent, order);
    let check = order.round.as_ref().and_then(RoundOrder::check);
    // Without a prompt it goes on with a call that was put off, and reads nothing.
    let is_live =
        check.is_none() && !prompt.is_empty() && messages::are_taken(&profile.agent, order.agent.as_deref());
    let given = match profile.agent.prompt {
        PromptBy::Stdin if is_live => Prompt::Messages,
        PromptBy::Stdin => Prompt::Stdin,
        PromptBy::Argument => Prompt::Argument(prompt),
    };
    let command = match check {
        Some(terms) => terms.command.words(),
        None => {
            let goes_on = matches!(session, Session::Resumed(_)) && prompt.is_empty();
            let settings = asking(&profile.agent, root, goes_on)?;
            let chosen = Chosen {
                agent: order.agent.as_deref(),
                session,
                prompt: given,
                settings: settings.as_deref(),
            };
            let command = command(profile, &chosen, order.cap_usd).map_err(io::Error::other)?;
            if place.is_some() { of_project(command, root) } else { command }
        }
    };
    let command = match &set_up {
        Some(set_up) => set_up.before(command, &dir),
        None => command,
    };
    let mut protected = None;
    if let Some(round) = &order.round {
        protected = put_on_record(look, here, round, (task, &dir))?;
        if !round.is_check {
            let look = &look.part(work::LOOK_WITHIN);
            work::note_work(look, here, &shared.context.settings.get().config.watch.ignore, &dir)?;
        }
    }
    let prompt_file = dir.join(PROMPT_FILE);
    write_new(&held, PROMPT_FILE, prompt.as_bytes()).map_err(at(&prompt_file))?;
    if is_live {
        let run = Launch { no: run.task, launch: run.n };
        messages::begin(&held, program(&profile.agent), run, prompt).map_err(at(&dir))?;
    }
    let event = order.event.as_ref().map(Json::new).transpose().map_err(io::Error::from)?;
    let event_file = dir.join(EVENT_FILE);
    if let Some(event) = &event {
        write_new(&held, EVENT_FILE, event.as_str().as_bytes()).map_err(at(&event_file))?;
    }
    let loaded = shared.context.settings.get();
    let secrets = Secrets::of_config(&loaded.config);
    // A check is no program that would know of it.
    let telemetry = match check {
        Some(_) => Vec::new(),
        None => own_telemetry(&loaded.config.telemetry, &profile.agent),
    };
    let env = environment(
        order,
        (profile, &secrets, &telemetry),
        here,
        &shared.context.socket,
        event.is_some().then_some(event_file.as_path()),
        event.as_ref().map(Json::as_str),
    )
    .map_err(io::Error::other)?;
    let spec = LaunchSpec {
        task_id: order.no.to_string(),
        launch: order.launch,
        command,
        env,
        env_remove: never_inherited().map(str::to_owned).collect(),
        cwd: here.to_owned(),
        dir,
        root: Some(root.to_owned()),
        prompt_file: (given == Prompt::Stdin && check.is_none()).then_some(prompt_file),
        live_input: is_live,
        grace_ms: millis(GRACE),
        leftover_grace_ms: millis(LEFTOVER_GRACE),
        time_limit_ms: Some(time_limit_ms),
        most_paused_ms: DEFAULT_MOST_PAUSED_MS,
        max_output_bytes: profile.agent.max_output_mb.map(|mib| u64::from(mib) * MIB),
        open_files: shared.open_files,
        lease: shared.context.leases.as_ref().map(Leases::current).transpose().map_err(Unprepared::Place)?,
    };
    Ok(Prepared { spec, protected, place, set_up: set_up.map(|set_up| set_up.mark) })
}

/// Puts the protected files on record where that is to be done before this run.
fn put_on_record(
    look: &Look,
    root: &Path,
    round: &RoundOrder,
    (task, dir): (&Path, &Path),
) -> io::Result<Option<Recorded>> {
    let globs = &round.verify.protect;
    if round.records {
        return Ok(Some(Recorded::Anew(work::record_protected(look, root, globs, dir)?)));
    }
    let Some(on) = round.protected.as_ref().filter(|on| on.found.is_some()) else { return Ok(None) };
    Ok(Some(match work::renew_protected(look, root, globs, (task, dir), on) {
        Ok(hash) => Recorded::Anew(hash),
        Err(error) => {
            tracing::warn!(dir = %dir.display(), %error, "what a person has changed in protected files is not known, and counts as the agent's");
            Recorded::AsBefore
        }
    }))
}

/// The task's directory; tells whether it is new. Where someone has removed those above it, to make room say, or has taken their rights, they
/// are made again.
fn make_task_dir(shared: &Shared, dir: &Path) -> Result<bool, Unprepared> {
    let again = |_| {
        let actions = shared.context.project.actions_dir();
        if !actions.exists() {
            tracing::warn!(dir = %actions.display(), "was removed, and is made again");
        }
        shared.context.project.make_dirs()?;
        make_private_dir(dir)
    };
    // What is in the way at its own path is this task's trouble alone, and nothing to hold up the others for.
    make_private_dir(dir).or_else(again).map_err(|error| match dir.symlink_metadata() {
        Ok(_) => Unprepared::Task(error),
        Err(_) => Unprepared::Place(error),
    })
}

/// Refuses a run while another one of its task is alive: one that this daemon does not know of, since the database was put back or made anew. Where
/// other hosts have given up what ran here, it is ended first, and has so long for that.
fn nothing_lives(task: &Path, leaves_within: Duration) -> Result<(), Unprepared> {
    let began = Instant::now();
    let mut living = living_run(task)?;
    while let Some(run) = living.as_deref().filter(|_| began.elapsed() < leaves_within) {
        // Another request changes nothing.
        aiwg_shim::request_end(run)?;
        std::thread::sleep(LOOK_EVERY);
        living = living_run(task)?;
    }
    match living {
        None => Ok(()),
        Some(run) => {
            let why = format!(
                "another agent of this task, which the daemon does not know of, still runs in {}: end it",
                run.display()
            );
            Err(Unprepared::Task(io::Error::other(why)))
        }
    }
}

/// Makes a run's directory. What has its name already is moved aside: an agent of this task may have put it there, or it is of a run that had
/// the same number, where the directory was copied along with its project, or the database was made anew.
fn make_run_dir(task: &Dir, name: &Path) -> io::Result<Dir> {
    match task.make_dir(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            task.clear(name)?;
            task.make_dir(name)
        }
        made => made,
    }
}

/// Writes a file that is not there yet.
fn write_new(dir: &Dir, name: &str, content: &[u8]) -> io::Result<()> {
    dir.open_private(name.as_ref(), OFlags::CREATE | OFlags::EXCL)?.write_all(content)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn whatever_has_the_name_of_a_runs_directory_its_own_is_new_and_empty() {
        let dir = tempfile::tempdir().unwrap();
        let (task, planted) = (Dir::open(dir.path()).unwrap(), dir.path().join("2"));
        std::fs::create_dir(dir.path().join("elsewhere")).unwrap();
        std::fs::write(dir.path().join("elsewhere/lock"), r#"{"abandoned":9}"#).unwrap();
        for plant in [
            |_: &Path| Ok(()),
            |path: &Path| std::fs::write(path, "in the way"),
            |path: &Path| symlink("elsewhere", path),
            |path: &Path| std::fs::create_dir(path),
            |path: &Path| std::fs::create_dir_all(path.join("exit.json/full")),
            |path: &Path| {
                std::fs::create_dir(path)?;
                std::fs::hard_link(path.with_file_name("elsewhere/lock"), path.join("lock"))
            },
        ] {
            plant(&planted).unwrap();
            let made = make_run_dir(&task, "2".as_ref()).unwrap();
            write_new(&made, PROMPT_FILE, b"new").unwrap();
            let found = planted.symlink_metadata().unwrap();
            assert!(found.is_dir() && found.permissions().mode() & 0o777 == 0o700);
            assert_eq!(std::fs::read_dir(&planted).unwrap().count(), 1);
            std::fs::remove_dir_all(&planted).unwrap();
        }
        assert_eq!(std::fs::read_dir(dir.path().join("elsewhere")).unwrap().count(), 1);
        assert_eq!(std::fs::read(dir.path().join("elsewhere/lock")).unwrap(), br#"{"abandoned":9}"#);
    }

    #[test]
    fn a_run_is_refused_while_another_of_its_task_is_alive() {
        use std::os::unix::fs::OpenOptionsExt;
        let dir = tempfile::tempdir().unwrap();
        for run in [dir.path().to_owned(), dir.path().join("1"), dir.path().join("7")] {
            std::fs::create_dir_all(&run).unwrap();
            let lock = run.join(aiwg_shim::LOCK_FILE);
            let lock = std::fs::File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(lock)
                .unwrap();
            assert!(nothing_lives(dir.path(), Duration::ZERO).is_ok());
            lock.lock().unwrap();
            let Err(Unprepared::Task(why)) = nothing_lives(dir.path(), Duration::ZERO) else {
                panic!("{} lives", run.display())
            };
            assert!(why.to_string().contains(run.to_str().unwrap()), "{why}");
        }
    }
}
