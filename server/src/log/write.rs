//! The levels and formats of the log.

use std::{
    fmt,
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use aiwg_fs::append_private;
use aiwg_protocol::{
    config::{LogConfig, LogFormat, LogLevel},
    types::Timestamp,
};
use serde_json::json;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt::MakeWriter, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

use super::file::{LogFile, Rotation};
use crate::health::Health;

/// The levels that are logged unless `AIWG_LOG` sets others. Without them tarpc would log every request, and other crates their internals.
fn levels(level: LogLevel) -> EnvFilter {
    let level = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    EnvFilter::new(format!(
        "warn,tarpc=error,automation={level},aiwg={level},aiwg_server={level},aiwg_watch={level}"
    ))
}

/// A layer that decides which lines there are, and how and where they are written.
type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// The log that is written, whose settings can change meanwhile.
pub(crate) struct Log(Option<Written>);

/// A log that the daemon writes itself.
struct Written {
    file: Shared,
    lines: reload::Handle<Lines, Registry>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("file", &self.0.as_ref().map(|written| &written.file))
            .finish_non_exhaustive()
    }
}

impl Log {
    /// Sends all traces from here on into the file, and where `echo` is set to standard error as well. A failure to write the file
    /// is reported to the health.
    ///
    /// # Errors
    /// Another receiver of traces is set already.
    pub(crate) fn start(path: PathBuf, config: &LogConfig, echo: bool, health: Health) -> io::Result<Self> {
        let file = Shared(Arc::new(Mutex::new(LogFile::new(path, rotation(config), echo, health))));
        let (layer, handle) = reload::Layer::new(lines(&file, config));
        tracing_subscriber::registry().with(layer).try_init().map_err(io::Error::other)?;
        Ok(Self(Some(Written { file, lines: handle })))
    }

    /// Leaves all traces to the subscriber of the program that the daemon runs in.
    pub(crate) fn of_the_program() -> Self {
        Self(None)
    }

    /// Goes on with other settings, in the file that is there now. No line is lost.
    pub(crate) fn configure(&self, config: &LogConfig) {
        let Some(Written { file: shared, lines: handle }) = &self.0 else { return };
        let mut file = shared.lock();
        file.set(rotation(config));
        file.reopen();
        drop(file);
        // It fails only where tracing itself is gone, and then no log can report it.
        let _ = handle.reload(lines(shared, config));
    }

    /// Looks whether the file is still where readers look for it.
    pub(crate) fn look(&self) {
        if let Some(written) = &self.0 {
            written.file.lock().look();
        }
    }
}

fn lines(file: &Shared, config: &LogConfig) -> Lines {
    let levels = EnvFilter::try_from_env("AIWG_LOG").unwrap_or_else(|_| levels(config.level));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file.clone());
    IS_JSON.store(config.format == LogFormat::Json, Ordering::Relaxed);
    match config.format {
        LogFormat::Text => levels.and_then(lines).boxed(),
        // Not the spans: one from before a change of the format has nothing that could be written as JSON.
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            levels.and_then(lines).boxed()
        }
    }
}

fn rotation(config: &LogConfig) -> Rotation {
    // A float cast saturates, and the configuration's check has seen that it is more than 0.
    let bytes = (config.max_size_mb * 1024.0 * 1024.0) as u64;
    Rotation { bytes, keep: config.max_files }
}

/// The one file that all lines go to.
#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<LogFile>>);

impl Shared {
    /// A panic with the lock held has left the file as good as it was.
    fn lock(&self) -> MutexGuard<'_, LogFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> MakeWriter<'a> for Shared {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self.lock())
    }
}

/// A line that is written, which comes as a whole.
struct Line<'a>(MutexGuard<'a, LogFile>);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log's file, for [`last_words`].
static LAST_RESORT: OnceLock<PathBuf> = OnceLock::new();

/// True if lines are JSON.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Sets the file of the [`last_words`].
pub(crate) fn keep_last_words(log: PathBuf) {
    let _ = LAST_RESORT.set(log);
}

/// Notes a panic, or the reason for which the daemon has ended, without the locks of the log: a thread that panics may hold one, and would wait for
/// itself.
pub fn last_words(words: &dyn fmt::Display) {
    let (at, text) = (Timestamp::now(), words.to_string());
    let line = if IS_JSON.load(Ordering::Relaxed) {
        json!({ "timestamp": at, "level": "ERROR", "message": text, "target": "aiwg" }).to_string()
    } else {
        format!("{at} ERROR aiwg: {}", text.replace('\n', " "))
    };
    if let Some(mut file) = LAST_RESORT.get().and_then(|path| append_private(path).ok()) {
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
