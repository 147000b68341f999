//! The watcher's options, from the configuration.

use std::{path::Path, time::Duration};

use aiwg_protocol::config::{Config, FileChangeKind, WatchPath};
use aiwg_watch::{Kind, Options, WatchedPath};

/// The options for watching a project.
pub(crate) fn options(root: &Path, config: &Config) -> Options {
    let watch = &config.watch;
    let mut options = Options::new(root);
    if !watch.paths.is_empty() {
        options.paths = watch.paths.iter().map(watched_path).collect();
    }
    Options {
        ignore: watch.ignore.clone(),
        gitignore: watch.gitignore,
        work_trees: watch.work_trees,
        settle: Duration::from_millis(watch.debounce_ms),
        git_wait: Duration::from_secs(watch.git_wait_seconds.into()),
        git_operation_wait: Duration::from_mins(watch.git_operation_wait_minutes.into()),
        polling: watch.use_polling,
        poll_every: Duration::from_millis(watch.poll_interval_ms),
        ..options
    }
}

fn watched_path(path: &WatchPath) -> WatchedPath {
    match path {
        WatchPath::Plain(path) => WatchedPath::new(path),
        WatchPath::Options(options) => WatchedPath {
            path: options.path.as_str().into(),
            kinds: options.events.as_ref().map(|kinds| kinds.iter().copied().map(kind).collect()),
            ignore: options.ignore.clone().unwrap_or_default(),
            extensions: options.extensions.clone(),
        },
    }
}

fn kind(kind: FileChangeKind) -> Kind {
    match kind {
        FileChangeKind::Created => Kind::Created,
        FileChangeKind::Modified => Kind::Modified,
        FileChangeKind::Deleted => Kind::Deleted,
        FileChangeKind::Renamed => Kind::Renamed,
    }
}
