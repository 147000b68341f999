use std::{
    fs::File,
    io::{self, Read, Seek},
    os::{fd::AsFd, unix::fs::FileExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_fs::{Identity, open_private, open_regular, private};
use aiwg_shim::{Process, Signal};
use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, open},
    io::Errno,
};
use serde::{Deserialize, Serialize};

use super::opened::{has_open, having_open};
use crate::project::Project;

/// The longest time for which a lock may outlive the daemon that held it.
const LAST_MOMENTS: Duration = Duration::from_secs(2);

/// The longest time that a killed daemon may take to be gone: a thread of it may just write to a slow disk.
const DYING: Duration = Duration::from_secs(30);

/// The longest time for which a process that only looks whether the lock is held may hold it.
const LOOK: Duration = Duration::from_millis(50);

/// The longest time that a stopping daemon may take: its agents have 15 seconds.
const STOPPING: Duration = Duration::from_secs(45);

/// The number of bytes that are read of a daemon's note in the lock.
const LONGEST_NOTE: u64 = 64 * 1024;

/// The time between two looks meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The daemon that holds a project's lock, as its own note says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub process: Process,
    /// The configuration file that it uses in place of `.aiwg/daemon.json`.
    pub config: Option<PathBuf>,
    /// True if it runs in the background.
    pub detached: bool,
    /// True if a person has asked for the restart, where it restarts.
    #[serde(default)]
    pub attended: bool,
    /// The digest of the configuration that this person has seen; none where nobody has asked, or an earlier version restarts.
    #[serde(default)]
    pub approved: Option<String>,
    /// Its phase.
    pub phase: Phase,
}

/// The phase of a daemon that holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The daemon starts or runs.
    Runs,
    /// The daemon ends its agents and itself.
    Stops,
    /// The daemon restarts as the same process.
    #[serde(rename = "begins_anew")]
    Restarts,
    /// It is no daemon: it moves the store of the project to another place.
    Moves,
}

impl Holder {
    /// The time for which a start waits for the lock.
    fn patience(holder: Option<&Self>) -> Duration {
        match holder {
            Some(holder) if holder.process.is_ending() => DYING,
            Some(holder) if holder.process.is_alive() => match holder.phase {
                Phase::Stops => STOPPING,
                Phase::Runs | Phase::Restarts | Phase::Moves => LOOK,
            },
            // A daemon that was killed while it started an agent: the child lets go of the lock when it has become the shim.
            _ => LAST_MOMENTS,
        }
    }
}

/// The time that a start has waited for the holder of the lock. It counts from 0 again when another daemon holds it, or its phase has changed: many
/// starts may have waited for a daemon that stops, and each but one of them finds the next one there.
#[derive(Default)]
struct Patience(Option<(Option<Holder>, Instant)>);

impl Patience {
    /// True if it is over at this moment, with this holder in the way.
    fn is_over(&mut self, holder: Option<&Holder>, now: Instant) -> bool {
        let since = match &self.0 {
            Some((before, since)) if before.as_ref() == holder => *since,
            _ => now,
        };
        self.0 = Some((holder.cloned(), since));
        now.duration_since(since) >= Holder::patience(holder)
    }
}

/// The project's lock. The kernel drops it when its holder dies, however that happens: there is no stale lock.
///
/// There are two: that of `.lock`, and that of `.aiwg` itself, which stays if `.lock`, or all of `daemon/`, is removed under a daemon.
#[derive(Debug)]
pub struct Lock {
    /// None once it has been handed over.
    file: Option<File>,
    is_handed_over: bool,
    /// The digest of the configuration that a person puts in force with this restart.
    approved: Option<String>,
    _directory: Option<File>,
    holder: Holder,
}

/// The result of one try to take the lock.
enum Try {
    Taken(Lock),
    Held(Option<Holder>),
    /// The file that was locked is no longer the one that others will find.
    Replaced,
}

impl Lock {
    /// Takes the lock, or goes on with it if this process had it before it restarted; otherwise returns the daemon that holds
    /// it.
    ///
    /// # Errors
    /// The lock file cannot be opened.
    pub(crate) fn take(
        project: &Project,
        config: Option<&Path>,
        detached: bool,
    ) -> io::Result<Result<Self, Option<Holder>>> {
        let mut patience = Patience::default();
        let holder = Holder {
            process: Process::current(),
            config: config.map(Path::to_owned),
            detached,
            attended: false,
            approved: None,
            phase: Phase::Runs,
        };
        loop {
            match Self::attempt(project, &holder)? {
                Try::Taken(lock) => return Ok(Ok(lock)),
                Try::Held(other) if patience.is_over(other.as_ref(), Instant::now()) => {
                    if !take_from_agents(project, other.as_ref()) {
                        return Ok(Err(other));
                    }
                }
                Try::Held(_) | Try::Replaced => std::thread::sleep(LOOK_EVERY),
            }
        }
    }

    fn attempt(project: &Project, holder: &Holder) -> io::Result<Try> {
        let path = project.lock();
        let handed_over = handed_over(project);
        let is_handed_over = handed_over.is_some();
        let file = match handed_over {
            Some(file) => file,
            None => open_private(private().read(true), &path)?,
        };
        if !is_locked(&file)? {
            return Ok(Try::Held(read(&file)));
        }
        if !Identity::of(&file.metadata()?).is_still_at(&path) {
            return Ok(Try::Replaced);
        }
        let directory = open_directory(&project.aiwg())?;
        let directory = match is_locked(&directory) {
            Ok(true) => Some(directory),
            // The daemon that holds it has been robbed of its `.lock`; it will notice, and end.
            Ok(false) => return Ok(Try::Held(None)),
            // Some file systems lock files only.
            Err(_) => None,
        };
        let approved = before(project).and_then(|before| before.approved);
        let lock = Self {
            file: Some(file),
            is_handed_over,
            approved,
            _directory: directory,
            holder: holder.clone(),
        };
        lock.write()?;
        if is_handed_over {
            // The processes that this one starts are not to have it.
            rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        }
        Ok(Try::Taken(lock))
    }

    /// True if this process had it before it restarted.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.is_handed_over
    }

    /// The digest of the configuration that a person puts in force with this restart; none where that is not known.
    pub(crate) fn approved(&self) -> Option<&str> {
        self.approved.as_deref()
    }

    /// Notes that the daemon restarts, and the digest of the configuration that a person puts in force so; none if no person has asked for it.
    pub(crate) fn restarts(&mut self, approved: Option<String>) {
        self.holder.attended = approved.is_some();
        self.holder.approved = approved;
        self.note(Phase::Restarts);
    }

    /// Notes the phase of the daemon, for starts that find the lock held.
    pub(crate) fn note(&mut self, phase: Phase) {
        self.holder.phase = phase;
        if let Err(error) = self.write() {
            tracing::warn!(%error, "the lock's note could not be written");
        }
    }

    /// The process by itself in the first line, for people and `cat`. At no moment is the file empty.
    fn write(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = format!("{}\n{}\n", self.holder.process.pid, serde_json::to_string(&self.holder)?);
        file.write_all_at(text.as_bytes(), 0)?;
        file.set_len(text.len() as u64)
    }

    /// The standard input for the program that takes the place of this one, so that the lock is held meanwhile.
    ///
    /// # Errors
    /// The lock's file is gone.
    pub fn hand_over(mut self) -> io::Result<File> {
        // Once more: the next daemon reads the note, and anyone may have written into the file meanwhile.
        self.write()?;
        self.file.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// The file's own number.
    pub(crate) fn identity(&self) -> io::Result<Option<Identity>> {
        self.file.as_ref().map(|file| Ok(Identity::of(&file.metadata()?))).transpose()
    }

    /// True if a process holds the project's lock.
    pub(crate) fn is_held(project: &Project) -> bool {
        let is_held = |file: io::Result<File>| {
            let shared = FlockOperation::NonBlockingLockShared;
            file.is_ok_and(|file| flock(&file, shared) == Err(Errno::WOULDBLOCK))
        };
        is_held(open_regular(&project.lock())) || is_held(open_directory(&project.aiwg()))
    }

    /// The note of the last daemon that took the lock, unless it has ended in good order. Anyone can write there, and the named process may be
    /// ended: so if it lives but does not have the lock's file open, the process that has it open is meant.
    pub(crate) fn last_holder(project: &Project) -> Option<Holder> {
        let file = open_regular(&project.lock()).ok()?;
        let holder = read(&file)?;
        let lock = Identity::of(&file.metadata().ok()?);
        if !holder.process.is_alive() || has_open(&holder.process, lock) != Some(false) {
            return Some(holder);
        }
        drop(file);
        let others = having_open(lock).into_iter().filter(|process| *process != Process::current());
        let process = others.into_iter().find(|process| !Process::is_kept(process.pid))?;
        Some(Holder { process, ..holder })
    }
}

/// Kills the processes of agents that keep a daemon from starting: they can take its lock when it dies, and no daemon could end them then. True
/// if there were any. A process outside of agents that has the files open may be the daemon that holds them.
fn take_from_agents(project: &Project, holder: Option<&Holder>) -> bool {
    let files = [project.lock(), project.aiwg()];
    let files: Vec<Identity> = files.iter().filter_map(|path| Identity::at(path).ok()).collect();
    if holder.is_some_and(|holder| files.iter().any(|file| has_open(&holder.process, *file) == Some(true))) {
        return false;
    }
    let me = Process::current();
    let having: Vec<Process> =
        files.iter().flat_map(|file| having_open(*file)).filter(|process| *process != me).collect();
    if having.iter().any(|process| !Process::is_kept(process.pid)) {
        return false;
    }
    let killed: Vec<&Process> =
        having.iter().filter(|process| process.signal(Signal::KILL).unwrap_or(false)).collect();
    let began = Instant::now();
    while killed.iter().any(|process| process.is_alive()) && began.elapsed() < LAST_MOMENTS {
        std::thread::sleep(LOOK_EVERY);
    }
    !killed.is_empty()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // In good order: there is nothing that anyone would have to know.
        if let Some(file) = &self.file {
            let _ = file.set_len(0);
        }
    }
}

/// Opens a directory. It waits for nothing that is in its place.
fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

/// True if the lock is this process's now.
fn is_locked(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn read(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(LONGEST_NOTE).read_to_string(&mut text).ok()?;
    serde_json::from_str(text.lines().nth(1)?).ok()
}

/// The lock that this process had before it restarted: see [`Lock::hand_over`]. A program that starts a daemon may pass it the lock's file, so the
/// kernel is asked whether it is locked, and that through this very descriptor.
fn handed_over(project: &Project) -> Option<File> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    let found = file.metadata().ok()?;
    let is_it = found.is_file() && Identity::of(&found).is_still_at(&project.lock());
    let is_locked_by = |file: &File| is_locked(file).ok();
    let another = open_regular(&project.lock()).ok().filter(|_| is_it)?;
    (is_locked_by(&another) == Some(false) && is_locked_by(&file) == Some(true)).then_some(file)
}

/// The daemon that this process was before it restarted, by the note in its lock.
pub(crate) fn before(project: &Project) -> Option<Holder> {
    read(&handed_over(project)?).filter(|holder| holder.process == Process::current())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_holds_though_its_file_is_removed() {
        let (_dir, project) = Project::temporary();
        let lock = Lock::take(&project, None, true).unwrap().unwrap();
        let held = Lock::take(&project, None, true).unwrap().unwrap_err();
        assert_eq!(held.unwrap().process, Process::current());
        std::fs::remove_dir_all(project.lock().parent().unwrap()).unwrap();
        project.make_dirs().unwrap();
        assert!(Lock::is_held(&project));
        assert_eq!(Lock::take(&project, None, true).unwrap().unwrap_err(), None);
        drop(lock);
        assert!(!Lock::is_held(&project));
        Lock::take(&project, None, true).unwrap().unwrap();
    }

    #[test]
    fn a_pipe_in_the_place_of_the_directory_is_not_waited_for() {
        let (_dir, project) = Project::temporary();
        std::fs::remove_dir_all(project.aiwg()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(project.aiwg()).status().unwrap().success());
        assert!(!Lock::is_held(&project));
    }

    #[test]
    fn the_next_holder_of_the_lock_is_waited_for_as_well() {
        let (_dir, project) = Project::temporary();
        let lock = Lock::take(&project, None, true).unwrap().unwrap();
        let in_phase = |phase| Holder { phase, ..lock.holder.clone() };
        let (stops, next) = (in_phase(Phase::Stops), in_phase(Phase::Runs));
        let (mut patience, begin) = (Patience::default(), Instant::now());
        assert!(!patience.is_over(Some(&stops), begin));
        let late = begin + STOPPING - LOOK;
        assert!(!patience.is_over(Some(&stops), late));
        // The one that stops lets go of its two locks one after the other, and then there is the next one.
        assert!(!patience.is_over(None, late) && !patience.is_over(Some(&next), late));
        assert!(patience.is_over(Some(&next), late + LOOK));
    }

    #[test]
    fn what_a_dead_daemon_used_is_known_and_what_has_ended_well_is_forgotten() {
        let (_dir, project) = Project::temporary();
        let config = project.root().join("other.json");
        let lock = Lock::take(&project, Some(&config), true).unwrap().unwrap();
        assert_eq!(Lock::last_holder(&project).unwrap().config, Some(config));
        drop(lock);
        assert_eq!(Lock::last_holder(&project), None);
    }
}
