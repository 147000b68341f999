//! Having the system watch directories, through notify.

use std::{fs, path::PathBuf};

use notify::{
    Config, ErrorKind, Event, EventKindMask, PathOp, RecommendedWatcher, RecursiveMode, WatchPathConfig,
    Watcher,
};

/// The system's notifications of directories; of each for itself, not of those below it.
pub(crate) struct Source {
    watcher: RecommendedWatcher,
}

/// The reason for which the system cannot watch, in words.
#[derive(Debug)]
pub(crate) struct Exhausted(pub(crate) String);

impl Source {
    pub(crate) fn new(handler: impl Fn(notify::Result<Event>) + Send + 'static) -> Result<Self, Exhausted> {
        let kinds = EventKindMask::CREATE
            | EventKindMask::REMOVE
            | EventKindMask::MODIFY_DATA
            | EventKindMask::MODIFY_META
            | EventKindMask::MODIFY_NAME
            // What is written through a mapping shows only when the file is closed.
            | EventKindMask::ACCESS_CLOSE;
        let config = Config::default().with_event_kinds(kinds).with_follow_symlinks(false);
        match RecommendedWatcher::new(handler, config) {
            Ok(watcher) => Ok(Self { watcher }),
            Err(error) => Err(Exhausted(no_instance(&error))),
        }
    }

    /// Watches directories. Those that are not there are passed over: their absence brings an event where they were found.
    /// Hands back what cannot be watched, and why.
    ///
    /// # Errors
    /// The system watches no more directories.
    pub(crate) fn watch<'a>(
        &mut self,
        paths: impl Iterator<Item = &'a PathBuf>,
    ) -> Result<Vec<(PathBuf, String)>, Exhausted> {
        let config = WatchPathConfig::new(RecursiveMode::NonRecursive).with_dereference_symlinks(false);
        self.update(paths.map(|path| PathOp::Watch(path.clone(), config.clone())).collect())
    }

    /// Watches directories no longer.
    pub(crate) fn unwatch(&mut self, paths: Vec<PathBuf>) {
        // What the system no longer watches anyway is no concern.
        drop(self.update(paths.into_iter().map(PathOp::Unwatch).collect()));
    }

    fn update(&mut self, mut operations: Vec<PathOp>) -> Result<Vec<(PathBuf, String)>, Exhausted> {
        let mut refused = Vec::new();
        while !operations.is_empty() {
            let Err(failed) = self.watcher.update_paths(operations) else { break };
            let path = failed.origin.map(PathOp::into_path);
            match (failed.source.kind, path) {
                (ErrorKind::MaxFilesWatch, _) => return Err(Exhausted(no_watches())),
                (ErrorKind::PathNotFound | ErrorKind::WatchNotFound, _) | (_, None) => {}
                (kind, Some(path)) => refused.push((path, notify::Error::new(kind).to_string())),
            }
            operations = failed.remaining;
        }
        Ok(refused)
    }
}

fn no_watches() -> String {
    let (name, limit) = limit("max_user_watches", "max_inotify_watches");
    format!(
        "the system watches no more directories for this user ({name} is {limit}). Raise the limit with \
         `sudo sysctl {name}=1048576`, for good with that setting in a file in /etc/sysctl.d/, or have \
         fewer directories watched with `watch.paths` and `watch.ignore`; then `aiwg daemon reload`"
    )
}

fn no_instance(error: &notify::Error) -> String {
    let (name, limit) = limit("max_user_instances", "max_inotify_instances");
    format!(
        "the system's file watching cannot be used: {error} ({name} is {limit}; if too many programs \
         watch files, raise it with `sudo sysctl {name}=1024`, then `aiwg daemon reload`)"
    )
}

/// The name of the limit that was hit, for sysctl, and its value: the machine's, or a lower one of a user namespace,
/// as containers have it.
fn limit(of_machine: &str, of_namespace: &str) -> (String, String) {
    let value = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let (of_machine, of_namespace) = (format!("fs.inotify.{of_machine}"), format!("user.{of_namespace}"));
    match (value(&of_machine), value(&of_namespace)) {
        (Some(machine), Some(namespace)) if namespace < machine => (of_namespace, namespace.to_string()),
        (machine, _) => {
            (of_machine, machine.map_or_else(|| "unknown".to_owned(), |machine| machine.to_string()))
        }
    }
}
