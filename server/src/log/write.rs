//! `daemon.log`: what the daemon did, rotated by size.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use aiwg_protocol::config::{LogConfig, LogFormat, LogLevel};
use file_rotate::{ContentLimit, FileRotate, compression::Compression, suffix::AppendCount};
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt};

use crate::files::private;

/// What is logged unless `AIWG_LOG` says otherwise. tarpc would log every request, and others what only they understand.
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

/// Which lines there are, and how and where they are written.
type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// The log that is written, whose settings can change meanwhile.
pub(crate) struct Log {
    path: PathBuf,
    lines: reload::Handle<Lines, Registry>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Log {
    /// Sends all that is traced from here on into the file.
    ///
    /// # Errors
    /// Tracing goes elsewhere already.
    pub(crate) fn start(path: PathBuf, config: &LogConfig) -> io::Result<Self> {
        let (layer, handle) = reload::Layer::new(lines(&path, config));
        tracing_subscriber::registry().with(layer).try_init().map_err(io::Error::other)?;
        Ok(Self { path, lines: handle })
    }

    /// Goes on with other settings. No line is lost.
    pub(crate) fn configure(&self, config: &LogConfig) {
        // It fails only where tracing itself is gone, and with it whoever could be told.
        let _ = self.lines.reload(lines(&self.path, config));
    }
}

fn lines(path: &Path, config: &LogConfig) -> Lines {
    let mut options = private();
    options.read(true).append(true);
    let limit = ContentLimit::BytesSurpassed(bytes(config.max_size_mb));
    let files = AppendCount::new(usize::try_from(config.max_files).unwrap_or(usize::MAX));
    let file = FileRotate::new(path, files, limit, Compression::None, Some(options));
    let levels = EnvFilter::try_from_env("AIWG_LOG").unwrap_or_else(|_| levels(config.level));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    match config.format {
        LogFormat::Text => levels.and_then(lines).boxed(),
        // Not the spans: one from before a change of the format has nothing that could be written as JSON.
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            levels.and_then(lines).boxed()
        }
    }
}

/// Mebibytes in bytes.
fn bytes(mebibytes: f64) -> usize {
    // A float cast saturates, and the configuration's check has seen that it is more than 0.
    (mebibytes * 1024.0 * 1024.0) as usize
}
