//! The events of changed files.

use std::{
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aiwg_protocol::types::{EventSource, FileEvent, Json, Timestamp};
use aiwg_watch::{Change, ChangeSet, HINT_DELAY, Kind};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::reported::timestamp;
use crate::engine::NewEvent;

/// The events of a change set, in its order.
pub(super) fn new_events(
    root: &Path,
    change_set: &ChangeSet,
    polled: bool,
) -> impl Iterator<Item = NewEvent> {
    change_set.changes.iter().map(move |change| NewEvent {
        topic: topic(change.kind).to_owned(),
        payload: Json::new(&payload(change, change_set)).unwrap_or_default(),
        source: EventSource::FileWatcher,
        cause: None,
        happened_at: Some(happened_at(root, change, change_set, polled)),
        traceparent: None,
    })
}

fn topic(kind: Kind) -> &'static str {
    match kind {
        Kind::Created => "file:created",
        Kind::Modified => "file:modified",
        Kind::Deleted => "file:deleted",
        Kind::Renamed => "file:renamed",
    }
}

fn payload(change: &Change, change_set: &ChangeSet) -> FileEvent {
    let sizes = |path| change_set.sizes.get(path).copied().unwrap_or_default();
    let size_before = sizes(change.from.as_deref().unwrap_or(&change.path)).before;
    let size = sizes(change.path.as_path()).after;
    let (path, path_base64) = text(&change.path);
    let (from, from_base64) = change.from.as_deref().map(text).unzip();
    FileEvent { path, from, size_before, size, path_base64, from_base64: from_base64.flatten() }
}

/// A path as text, and its bytes where that is not all of it.
fn text(path: &Path) -> (String, Option<String>) {
    match path.to_str() {
        Some(text) => (text.to_owned(), None),
        None => {
            (path.to_string_lossy().into_owned(), Some(BASE64_STANDARD.encode(path.as_os_str().as_bytes())))
        }
    }
}

/// The time of a change, as well as it can be known: a change by a task must be distinguished from one after its end. It is the file's own time, or
/// the directory's where the file is gone, unless the system's hints show that its clock is wrong. A file that was moved along with a directory
/// keeps its time, so the directory's time counts as well.
fn happened_at(root: &Path, change: &Change, change_set: &ChangeSet, polled: bool) -> Timestamp {
    let path = root.join(&change.path);
    let stamp = match change.kind {
        Kind::Deleted => path.ancestors().skip(1).find_map(changed_at),
        Kind::Modified => changed_at(&path),
        Kind::Created | Kind::Renamed => {
            let arrived =
                change.path.ancestors().skip(1).filter(|directory| change_set.arrived.contains(*directory));
            let times = arrived.filter_map(|directory| changed_at(&root.join(directory)));
            times.chain(changed_at(&path)).max()
        }
    };
    let latest = stamp.unwrap_or(change_set.until).min(change_set.until);
    // A change found by polling may have happened long before.
    let earliest = if polled { None } else { change_set.since.checked_sub(HINT_DELAY) };
    timestamp(earliest.map_or(latest, |earliest| latest.max(earliest)))
}

/// The time of the last change of the file, or of the directory's entries.
fn changed_at(path: &Path) -> Option<SystemTime> {
    let file = std::fs::symlink_metadata(path).ok()?;
    let since_1970 = Duration::new(u64::try_from(file.ctime()).ok()?, u32::try_from(file.ctime_nsec()).ok()?);
    UNIX_EPOCH.checked_add(since_1970)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsStr, path::PathBuf};

    use aiwg_watch::Sizes;

    use super::*;

    fn change(kind: Kind, path: &OsStr) -> Change {
        Change { path: PathBuf::from(path), kind, from: None }
    }

    fn change_set(since: SystemTime, until: SystemTime, arrived: &[&str]) -> ChangeSet {
        let arrived = arrived.iter().map(PathBuf::from).collect();
        ChangeSet {
            changes: Vec::new(),
            since,
            until,
            reported_up_to: until,
            arrived,
            sizes: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_moved_with_a_directory_happened_when_that_was_moved() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(path("old/deep")).unwrap();
        std::fs::write(path("old/deep/a"), "").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        std::fs::rename(path("old"), path("new")).unwrap();
        let moved = timestamp(changed_at(&path("new")).unwrap());
        std::thread::sleep(Duration::from_millis(50));
        // Beside it, and of no account.
        std::fs::write(path("b"), "").unwrap();
        let change_set = change_set(SystemTime::now(), SystemTime::now(), &["new", "new/deep"]);
        for kind in [Kind::Created, Kind::Renamed] {
            assert_eq!(
                happened_at(dir.path(), &change(kind, OsStr::new("new/deep/a")), &change_set, false),
                moved
            );
        }
        let file = timestamp(changed_at(&path("new/deep/a")).unwrap());
        assert!(file.as_millis() < moved.as_millis());
        assert_eq!(
            happened_at(dir.path(), &change(Kind::Modified, OsStr::new("new/deep/a")), &change_set, false),
            file
        );
    }

    #[test]
    fn a_name_that_is_not_utf8_keeps_its_bytes() {
        let mut set = change_set(SystemTime::now(), SystemTime::now(), &[]);
        let file = payload(&change(Kind::Created, OsStr::from_bytes(b"a\xff")), &set);
        assert_eq!((file.path.as_str(), file.path_base64.as_deref()), ("a\u{fffd}", Some("Yf8=")));
        let plain = Json::new(&payload(&change(Kind::Created, OsStr::new("a/b.rs")), &set)).unwrap();
        assert_eq!(plain.as_str(), r#"{"path":"a/b.rs"}"#);
        set.sizes.insert("old".into(), Sizes { before: Some(3), after: None });
        set.sizes.insert("new".into(), Sizes { before: None, after: Some(5) });
        let renamed = Change { from: Some("old".into()), ..change(Kind::Renamed, OsStr::new("new")) };
        let file = payload(&renamed, &set);
        assert_eq!((file.size_before, file.size), (Some(3), Some(5)));
    }

    #[test]
    fn a_change_happened_when_the_file_says_within_what_the_system_says() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "").unwrap();
        let now = SystemTime::now();
        let minute = Duration::from_secs(60);
        let at = |since, until, polled| {
            let change_set = change_set(since, until, &[]);
            happened_at(dir.path(), &change(Kind::Modified, OsStr::new("a")), &change_set, polled).as_millis()
        };
        let (now_ms, minute_ms) = (timestamp(now).as_millis(), 60_000);
        assert!((at(now - minute, now + minute, false) - now_ms).abs() < 5_000);
        assert_eq!(at(now - 2 * minute, now - minute, false), now_ms - minute_ms);
        assert_eq!(at(now + minute, now + 2 * minute, false), now_ms + minute_ms - 2_000);
        assert!((at(now + minute, now + minute, true) - now_ms).abs() < 5_000);
        std::fs::remove_file(dir.path().join("a")).unwrap();
        assert!((at(now - minute, now + minute, false) - timestamp(now + minute).as_millis()).abs() < 5_000);
    }
}
