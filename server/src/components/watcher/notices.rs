//! The watcher's notices, for the log and the health.

use std::{collections::BTreeMap, path::PathBuf};

use aiwg_watch::Notice;

use super::WATCH_ISSUE;
use crate::health::Health;

/// The problems that last, and need a person.
#[derive(Default)]
pub(super) struct Problems {
    polling: Option<String>,
    unreadable: BTreeMap<PathBuf, String>,
    ignore_files: BTreeMap<PathBuf, String>,
    held_back: Option<String>,
    links: BTreeMap<PathBuf, String>,
    failed: Option<String>,
}

impl Problems {
    /// Logs a notice, and reports the problems that last to the health.
    pub(super) fn note(&mut self, notice: Notice, health: &Health) {
        let text = notice.to_string();
        match notice {
            Notice::FellBackToPolling { .. } => {
                tracing::warn!("{text}");
                self.polling = Some(text);
            }
            Notice::Unreadable { path, .. } => {
                tracing::warn!("{text}");
                self.unreadable.insert(path, text);
            }
            Notice::Readable(path) => {
                tracing::info!("{text}");
                self.unreadable.remove(&path);
            }
            Notice::IgnoreFile { path, .. } => {
                tracing::warn!("{text}");
                self.ignore_files.insert(path, text);
            }
            Notice::IgnoreFileWell(path) => {
                tracing::info!("{text}");
                self.ignore_files.remove(&path);
            }
            Notice::HeldBack { .. } => {
                tracing::info!("{text}");
                self.held_back = Some(text);
            }
            Notice::BehindLink { path, .. } => {
                tracing::warn!("{text}");
                self.links.insert(path, text);
            }
            Notice::NotBehindLink(path) => {
                tracing::info!("{text}");
                self.links.remove(&path);
            }
            Notice::Failed => {
                tracing::error!("{text}");
                self.failed = Some(text);
            }
            Notice::NotHeldBack => {
                tracing::info!("{text}");
                self.held_back = None;
            }
            // A missing path may come: the status names it, and no person needs to act.
            Notice::Overflow | Notice::RootGone(_) | Notice::RootBack(_) => tracing::info!("{text}"),
            Notice::GitWaitOver { .. } => tracing::warn!("{text}"),
        }
        self.report(health);
    }

    fn report(&self, health: &Health) {
        let mut messages: Vec<&str> = self.polling.iter().map(String::as_str).collect();
        // One of many says enough.
        messages.extend(self.unreadable.values().map(String::as_str).next());
        messages.extend(self.ignore_files.values().map(String::as_str).next());
        messages.extend(self.links.values().map(String::as_str).next());
        messages.extend(self.held_back.as_deref());
        messages.extend(self.failed.as_deref());
        if messages.is_empty() {
            health.clear(WATCH_ISSUE);
        } else {
            health.report(WATCH_ISSUE, messages.join("; "));
        }
    }
}
