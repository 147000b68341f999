//! The request to end an agent.

use std::path::{Path, PathBuf};

use aiwg_shim::Process;
use tokio::task::JoinHandle;

use super::Launch;

/// Asks for the end of an agent again and again, once at a time: the file system of its directory may not answer.
pub(super) struct Request {
    task: Launch,
    dir: PathBuf,
    made: Option<JoinHandle<()>>,
}

impl Request {
    pub(super) fn new(task: Launch, dir: &Path) -> Self {
        Self { task, dir: dir.to_owned(), made: None }
    }

    pub(super) fn make(&mut self, known: Option<Process>) {
        if self.made.as_ref().is_none_or(JoinHandle::is_finished) {
            let (task, dir) = (self.task, self.dir.clone());
            self.made = Some(tokio::task::spawn_blocking(move || task.request_end(&dir, known)));
        }
    }
}
