//! Writing to the spool, `.aiwg/spool/`: events for the next daemon. `aiwg_protocol::spool` has the format.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use aiwg_protocol::{
    SOCKET_ENV, SOCKET_PATH,
    spool::{
        MAX_SPOOLED, MAX_SPOOLED_BYTES, MAX_SPOOLED_FILE, SPOOL_PATH, SUFFIX, SpooledEvent, TEMPORARY_PREFIX,
        is_spool_name, spool_name,
    },
    trust,
};
use rustix::fs::OFlags;

use crate::{error::ClientError, random};

/// The time for which it is believed how much there is: others write there as well.
const COUNTED_FOR: Duration = Duration::from_secs(1);

/// The time of the last name, in microseconds since 1970: names go up, whatever the clock does.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The last time that a name has room for.
const LAST_MICROS: u64 = 9_999_999_999_999_999;

/// Number of names so far.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The spool of the project that a socket belongs to.
#[derive(Debug)]
pub(crate) struct Spool {
    /// None if the socket is none of a project here.
    dir: Option<PathBuf>,
    socket: PathBuf,
    /// Held by the one that writes: events are in the order in which their calls gave up.
    counted: Mutex<Option<Counted>>,
}

/// The files that there are.
#[derive(Debug, Clone, Copy)]
struct Counted {
    at: Instant,
    files: usize,
    bytes: u64,
    /// The latest time in their names, in microseconds.
    last: u64,
}

impl Spool {
    pub(crate) fn of(socket: &Path) -> Self {
        let is_usual = socket.ends_with(SOCKET_PATH);
        let project = socket.ancestors().nth(Path::new(SOCKET_PATH).iter().count()).filter(|_| is_usual);
        let dir = project.map(|project| project.join(SPOOL_PATH));
        Self { dir, socket: socket.to_owned(), counted: Mutex::default() }
    }

    /// Writes an event, and returns the name of its file once it would survive a power cut. It blocks.
    pub(crate) fn write(&self, event: &SpooledEvent) -> Result<String, ClientError> {
        let Some(dir) = &self.dir else {
            let why =
                format!("the socket is none of a project here; name that of one, or unset {SOCKET_ENV}");
            return Err(failed(&self.socket)(io::Error::new(io::ErrorKind::InvalidInput, why)));
        };
        let mut text = serde_json::to_vec(event)?;
        text.push(b'\n');
        if text.len() as u64 > MAX_SPOOLED_FILE {
            let why = format!("it has {} bytes, and {MAX_SPOOLED_FILE} is the limit", text.len());
            return Err(failed(dir)(io::Error::new(io::ErrorKind::FileTooLarge, why)));
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        open(dir).map_err(failed(dir))?;
        let known = match *counted {
            Some(known) if known.at.elapsed() < COUNTED_FOR => known,
            _ => count(dir).map_err(failed(dir))?,
        };
        let bytes = known.bytes + text.len() as u64;
        if known.files >= MAX_SPOOLED || bytes > MAX_SPOOLED_BYTES {
            *counted = None;
            return Err(ClientError::SpoolFull { path: dir.clone(), files: known.files, bytes: known.bytes });
        }
        let name = write(dir, &text, known.last).map_err(failed(dir))?;
        *counted = Some(Counted { files: known.files + 1, bytes, ..known });
        Ok(name)
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ClientError {
    move |source| ClientError::NotSpooled { path: path.to_owned(), source }
}

/// Makes the directory if it is not there, and sees that nobody else could have.
fn open(dir: &Path) -> io::Result<()> {
    if let Some(of_project) = dir.parent() {
        trust::check(of_project)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => {
            // Events are nothing for the project's history.
            fs::write(dir.join(".gitignore"), "*\n")?;
            // So that it is there after a power cut as well.
            return dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all());
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {}
    }
    let found = dir.symlink_metadata()?;
    let us = rustix::process::geteuid().as_raw();
    let why = if !found.is_dir() {
        "it is no directory; remove it"
    } else if found.uid() != us && found.uid() != 0 {
        "it belongs to another user"
    } else if found.mode() & 0o022 != 0 {
        "others can write to it; look at what is in it, then `chmod 700` it"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

fn count(dir: &Path) -> io::Result<Counted> {
    let mut counted = Counted { at: Instant::now(), files: 0, bytes: 0, last: 0 };
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        // One that is hidden is still being written, or is no event.
        if name.as_encoded_bytes().ends_with(SUFFIX.as_bytes()) && !name.as_encoded_bytes().starts_with(b".")
        {
            counted.files += 1;
            counted.last = counted.last.max(name.to_str().map_or(0, micros_of));
            // One that a daemon has just taken in counts for nothing.
            counted.bytes += entry.metadata().map_or(0, |found| found.len());
        }
    }
    Ok(counted)
}

/// The time in the name of a file; 0 for one that no client has named.
fn micros_of(name: &str) -> u64 {
    let stem = name.strip_suffix(SUFFIX).filter(|stem| is_spool_name(stem));
    stem.and_then(|stem| stem.get(..16)?.parse().ok()).unwrap_or_default()
}

/// Writes a file after all that there were, the latest of which has this time.
fn write(dir: &Path, text: &[u8], after: u64) -> io::Result<String> {
    let name = next_name(after);
    let temporary = dir.join(format!("{TEMPORARY_PREFIX}{name}"));
    let name = format!("{name}{SUFFIX}");
    let written = (|| {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(&temporary)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, dir.join(&name))
    })();
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    File::open(dir)?.sync_all()?;
    Ok(name)
}

/// A name that is above all that this process has given, and above one of this time, wherever the clock is set.
fn next_name(after: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
    let now = now.max(after + 1).min(LAST_MICROS);
    let micros = now.max(LAST.fetch_max(now, Relaxed));
    let random = u32::try_from(random::bits() >> 32).unwrap_or_default();
    spool_name(micros, std::process::id(), COUNTER.fetch_add(1, Relaxed), random)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use aiwg_protocol::{
        spool::SPOOL_VERSION,
        types::{Json, Timestamp},
    };
    use tempfile::TempDir;

    use super::*;

    fn project() -> (TempDir, Spool, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".aiwg")).unwrap();
        let spool = Spool::of(&dir.path().join(SOCKET_PATH));
        let path = dir.path().join(SPOOL_PATH);
        (dir, spool, path)
    }

    fn event(payload: &str) -> SpooledEvent {
        SpooledEvent {
            version: SPOOL_VERSION,
            topic: "a:b".to_owned(),
            payload: Json::new(&payload).unwrap(),
            at: Timestamp::now(),
            idempotency_key: random::key(),
            traceparent: None,
        }
    }

    #[test]
    fn each_event_is_a_file_and_their_names_are_in_order() {
        let (_project, spool, dir) = project();
        let names: Vec<String> = (0..200).map(|n| spool.write(&event(&n.to_string())).unwrap()).collect();
        assert!(names.is_sorted());
        for (n, name) in names.iter().enumerate() {
            assert!(is_spool_name(name.strip_suffix(SUFFIX).unwrap()), "{name}");
            let path = dir.join(name);
            assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
            let read = SpooledEvent::read(&fs::read(path).unwrap()).unwrap();
            assert_eq!(read.payload.to::<String>().unwrap(), n.to_string());
        }
        assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
        let hidden = |name: &str| name.starts_with('.') && name != ".gitignore";
        let left = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(left.filter(|name| hidden(name)).count(), 0);
    }

    #[test]
    fn names_go_on_after_those_of_a_clock_that_was_ahead() {
        let (_project, spool, dir) = project();
        spool.write(&event("")).unwrap();
        let ahead = format!("{}{SUFFIX}", spool_name(4_000_000_000_000_000, 1, 1, 1));
        fs::write(dir.join(&ahead), "").unwrap();
        fs::write(dir.join(format!("{}{SUFFIX}", u64::MAX)), "").unwrap();
        // Another client, which has not counted yet.
        let other = Spool { dir: Some(dir.clone()), socket: dir, counted: Mutex::default() };
        let names = [0, 1].map(|_| other.write(&event("")).unwrap());
        assert!(ahead < names[0] && names[0] < names[1], "{names:?}");
        let last = next_name(LAST_MICROS);
        assert!(is_spool_name(&last), "{last}");
    }

    #[test]
    fn what_is_too_much_or_not_to_be_trusted_is_an_error() {
        let (project, spool, dir) = project();
        let long = spool.write(&event(&"x".repeat(1 << 20))).unwrap_err();
        assert!(matches!(long, ClientError::NotSpooled { .. }), "{long}");
        spool.write(&event("")).unwrap();
        let large = "x".repeat(1_000_000);
        // What killed clients have left is no event.
        for n in 0..100 {
            fs::write(dir.join(format!("{TEMPORARY_PREFIX}{n}{SUFFIX}")), &large).unwrap();
        }
        let full = (0..).find_map(|_| spool.write(&event(&large)).err()).unwrap();
        assert!(matches!(full, ClientError::SpoolFull { files: 60..70, .. }), "{full}");
        assert!(full.to_string().contains("aiwg daemon start"));
        fs::remove_dir_all(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(spool.write(&event("")).unwrap_err().to_string().contains("chmod 700"));
        fs::rename(&dir, project.path().join("elsewhere")).unwrap();
        symlink(project.path().join("elsewhere"), &dir).unwrap();
        assert!(spool.write(&event("")).unwrap_err().to_string().contains("no directory"));
        let afar = Spool::of(Path::new("/tmp/tunnel.sock")).write(&event("")).unwrap_err();
        assert!(afar.to_string().contains(SOCKET_ENV), "{afar}");
    }
}
