//! `daemon.log`: what the daemon did, rotated by size.

use std::{io, path::Path, sync::Mutex};

use aiwg_protocol::config::{LogConfig, LogFormat, LogLevel};
use file_rotate::{ContentLimit, FileRotate, compression::Compression, suffix::AppendCount};
use tracing_subscriber::EnvFilter;

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

/// Sends all that is traced from here on into the file.
///
/// # Errors
/// Tracing goes elsewhere already.
pub(crate) fn start_log(path: &Path, config: &LogConfig) -> io::Result<()> {
    let mut options = private();
    options.read(true).append(true);
    let limit = ContentLimit::BytesSurpassed(bytes(config.max_size_mb));
    let files = AppendCount::new(usize::try_from(config.max_files).unwrap_or(usize::MAX));
    let file = FileRotate::new(path, files, limit, Compression::None, Some(options));
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("AIWG_LOG").unwrap_or_else(|_| levels(config.level)))
        .with_ansi(false)
        .with_writer(Mutex::new(file));
    match config.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    }
    .map_err(io::Error::other)
}

/// Mebibytes in bytes.
fn bytes(mebibytes: f64) -> usize {
    // A float cast saturates, and the configuration's check has seen that it is more than 0.
    (mebibytes * 1024.0 * 1024.0) as usize
}
