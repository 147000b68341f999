//! Opening the browser without the secret on a command line, which all users of the machine can see: the browser gets a file that
//! leads on to the address.

use std::{
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_fs::{at, write_private};
use aiwg_server::project::runtime_dir;

use crate::{error::CliError, output::note};

/// Program that opens files in the browser.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Time after which the file goes, whether a browser came or not: as long as its address counts.
const KEPT: Duration = Duration::from_secs(60);

/// The file that leads a browser on, while there is one.
#[derive(Clone, Default)]
pub(super) struct Browser(Arc<Mutex<Option<PathBuf>>>);

impl Browser {
    /// Has the browser opened at an address.
    pub(super) fn open(&self, address: &str) -> Result<(), CliError> {
        let path = runtime_dir()?.join(format!("dashboard-{}.html", std::process::id()));
        let text = format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta http-equiv=\"refresh\" content=\"0; url={address}\">\n<title>aiwg</title>\n"
        );
        // One of a process that had this number before.
        remove(&path)?;
        write_private(&path, text.as_bytes()).map_err(at(&path))?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.clone());
        let opener = Command::new(OPENER)
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C ends the dashboard, and not a browser that this has started.
            .process_group(0)
            .spawn();
        match opener {
            Ok(mut opener) => {
                // It may be the browser itself, which ends hours later.
                std::thread::spawn(move || {
                    if !opener.wait().is_ok_and(|status| status.success()) {
                        note(&format!("{OPENER} has not opened the browser: open the address yourself"));
                    }
                });
                let browser = self.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(KEPT);
                    browser.remove();
                });
            }
            Err(error) => {
                self.remove();
                note(&format!("{OPENER} cannot be started ({error}): open the address yourself"));
            }
        }
        Ok(())
    }

    /// Removes the file.
    pub(super) fn remove(&self) {
        if let Some(path) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = remove(&path);
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}
