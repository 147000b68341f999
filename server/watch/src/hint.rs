//! Hints where to look, from the system's events.

use std::path::PathBuf;

use notify::{
    Event, EventKind,
    event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind, RenameMode},
};

/// A place to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// At a file. `is_written` says that someone wrote to it.
    File { path: PathBuf, is_written: bool },
    /// At something that has come, perhaps a directory with all that is in it.
    Appeared(PathBuf),
    /// At something that has gone or been replaced, perhaps a directory. The watches on it and below it are gone.
    Vanished(PathBuf),
    /// Everywhere: events were lost.
    Lost,
}

/// The hints in an event.
pub(crate) fn hints(event: notify::Result<Event>) -> Vec<Hint> {
    let Ok(event) = event else { return vec![Hint::Lost] };
    if event.need_rescan() {
        return vec![Hint::Lost];
    }
    let file = |is_written| move |path| Hint::File { path, is_written };
    let paths = event.paths.into_iter();
    match event.kind {
        EventKind::Create(CreateKind::File) => paths.map(file(false)).collect(),
        EventKind::Create(_) => paths.map(Hint::Appeared).collect(),
        EventKind::Modify(ModifyKind::Data(_)) => paths.map(file(true)).collect(),
        EventKind::Modify(ModifyKind::Name(mode)) => renamed(mode, paths.collect()),
        EventKind::Modify(_) | EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
            paths.map(file(false)).collect()
        }
        EventKind::Remove(RemoveKind::File) => paths.map(file(false)).collect(),
        EventKind::Remove(_) => paths.map(Hint::Vanished).collect(),
        EventKind::Access(_) => Vec::new(),
        EventKind::Any | EventKind::Other => paths.map(Hint::Vanished).collect(),
    }
}

fn renamed(mode: RenameMode, paths: Vec<PathBuf>) -> Vec<Hint> {
    match mode {
        // On Linux it repeats the two events before it.
        RenameMode::Both if cfg!(target_os = "linux") => Vec::new(),
        RenameMode::To => paths.into_iter().map(Hint::Appeared).collect(),
        // Elsewhere it is not said which side it is: a look at it as gone looks whether it is there, too.
        _ => paths.into_iter().map(Hint::Vanished).collect(),
    }
}
