//! The shim's look at its directory and the size of its agent's output: when something changes there, once a second at the most.

use std::{
    cell::OnceCell,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_fs::{Dir, Identity};

use crate::{
    LOCK_FILE, Pauses, RUN_FILE,
    changes::{Changes, Kind, path_of},
    launch::LaunchSpec,
    outputs::Outputs,
    record::EndedFor,
};

/// The time between two looks where the system does not report changes, and the shortest where it does; also the time from the agent's start to
/// the first look. The directory is watched from then on only: the kernel takes some 20 ms to remove a watch, for which the shim's end waits,
/// and trivial agents have ended by then.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A run's directory, watched.
pub(crate) struct Watch<'a> {
    dir: &'a Dir,
    lock: Identity,
    place: Option<Place>,
    most_output: Option<u64>,
    /// The output files; none before its agent has any.
    outputs: Option<&'a Outputs>,
    /// The directories above it that are its project's, the nearest first.
    above: Vec<PathBuf>,
    /// The changes, from the first look on; none where the system does not report them.
    changes: OnceCell<Option<Changes>>,
    /// None once nothing has changed since the last look.
    next_look: Option<Instant>,
    /// True if the last look did not find [`RUN_FILE`].
    missed_record: bool,
}

/// The result of a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The reason for which the agent is to end.
    pub(crate) end: Option<EndedFor>,
    /// True if [`RUN_FILE`] is not there any more, and was not at the look before: the directory is not just being removed.
    pub(crate) no_record: bool,
}

impl<'a> Watch<'a> {
    /// The watch on the directory of this launch, in which the lock is. To be made before the agent is started, so that the first look notices changes
    /// that it makes at once to the directory or those above it.
    pub(crate) fn of(dir: &'a Dir, lock: Identity, spec: &LaunchSpec) -> Self {
        Self {
            dir,
            lock,
            place: Place::of(dir, spec),
            most_output: spec.max_output_bytes,
            outputs: None,
            above: above(spec),
            changes: OnceCell::new(),
            next_look: Some(Instant::now() + LOOK_EVERY),
            missed_record: false,
        }
    }

    /// The same watch, also on the agent's output files.
    pub(crate) fn of_output(self, outputs: &'a Outputs) -> Self {
        Self { outputs: Some(outputs), ..self }
    }

    /// The descriptor that becomes readable when something changes; none while that is of no interest yet.
    pub(crate) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        if self.next_look.is_some() { None } else { self.changes.get()?.as_ref().map(AsFd::as_fd) }
    }

    /// The time of the next look, if no change is waited for.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.next_look
    }

    /// Looks, if it is time to, or if something has changed.
    pub(crate) fn look(&mut self, now: Instant) -> Found {
        let has_changed = |changes: &Option<Changes>| changes.as_ref().is_some_and(Changes::drain);
        let changed = self.next_look.is_none() && self.changes.get().is_some_and(has_changed);
        if !changed && self.next_look.is_none_or(|next| now < next) {
            return Found::default();
        }
        // A change before this look is nothing new after it.
        let was_readable =
            self.changes.get_or_init(|| changes(self.dir, &self.above)).as_ref().map(Changes::drain);
        let misses_record = self.dir.identity_of(RUN_FILE.as_ref()).is_none();
        self.next_look = match was_readable {
            Some(false) if !changed && !misses_record && !self.misses_output() => None,
            _ => Some(now + LOOK_EVERY),
        };
        let missed_before = std::mem::replace(&mut self.missed_record, misses_record);
        Found { end: self.reason(), no_record: misses_record && missed_before }
    }

    /// The pauses of the agent's time, as they are on record now.
    pub(crate) fn pauses(&self) -> Pauses {
        Pauses::in_dir(self.dir)
    }

    /// The reason for which the agent is to end, as of now.
    pub(crate) fn reason(&self) -> Option<EndedFor> {
        let is_there = self.dir.identity_of(LOCK_FILE.as_ref()) == Some(self.lock);
        if !is_there || self.place.as_ref().is_some_and(Place::is_left) {
            return Some(EndedFor::Removed);
        }
        let written = self.outputs.map_or(0, |outputs| outputs.written(self.dir));
        self.most_output.is_some_and(|most| written > most).then_some(EndedFor::Output)
    }

    /// True if the agent may write to files that are not in its directory any more, whose changes the watch does not report.
    fn misses_output(&self) -> bool {
        self.most_output.is_some() && self.outputs.is_some_and(|outputs| outputs.are_taken(self.dir))
    }
}

/// The place of the directory: its path and identity, and those of its task's directory and of its project.
struct Place {
    dir: (PathBuf, Identity),
    task: Option<(PathBuf, Identity)>,
    root: (PathBuf, Identity),
}

impl Place {
    fn of(dir: &Dir, spec: &LaunchSpec) -> Option<Self> {
        let root = spec.root.clone()?;
        let task = spec.dir.parent().filter(|task| *task != root);
        Some(Self {
            dir: (spec.dir.clone(), dir.identity().ok()?),
            task: task.and_then(|task| Some((task.to_owned(), Identity::at(task).ok()?))),
            root: (root.clone(), identity(&root)?),
        })
    }

    /// True if it was moved away, and not its project with it.
    fn is_left(&self) -> bool {
        // A link to it is not it: the daemon follows none.
        let is_elsewhere = |(dir, it): &(PathBuf, Identity)| Identity::at(dir).ok() != Some(*it);
        let (root, its) = &self.root;
        // The one above first: where something is mounted there that never answers, whoever looks for a name in it keeps all others who do
        // from being killed, the daemon among them.
        (self.task.as_ref().is_some_and(is_elsewhere) || is_elsewhere(&self.dir))
            && identity(root) == Some(*its)
    }
}

/// The directories above that of a launch that are its project's, the nearest first.
pub(crate) fn above(spec: &LaunchSpec) -> Vec<PathBuf> {
    let root = spec.root.as_deref().unwrap_or(&spec.dir);
    let all = spec.dir.ancestors().skip(1);
    all.take_while(|above| *above != root && above.starts_with(root)).map(Path::to_owned).collect()
}

fn identity(path: &Path) -> Option<Identity> {
    Some(Identity::of(&path.metadata().ok()?))
}

/// The changes of this directory, and of the place of those above.
fn changes(dir: &Dir, above: &[PathBuf]) -> Option<Changes> {
    // A directory above that is moved takes this one along, which the watch on this one does not report.
    let above = above.iter().map(|above| (above.clone(), Kind::Place));
    Changes::of(std::iter::once((path_of(dir), Kind::Within)).chain(above))
}
