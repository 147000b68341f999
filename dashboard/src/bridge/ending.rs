//! The reasons for which a page's connection ends, as its closing code says.

use std::{fmt, io};

use tokio_tungstenite::tungstenite;

/// The most that a closing frame has room for, in bytes.
const LONGEST_REASON: usize = 123;

/// The end of a page's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The code: those from 4000 on are the dashboard's own.
    pub(crate) code: u16,
    reason: String,
}

impl Ending {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The reason, as long as there is room for it.
    pub(crate) fn reason(&self) -> &str {
        let end = self.reason.floor_char_boundary(LONGEST_REASON.min(self.reason.len()));
        self.reason.get(..end).unwrap_or_default()
    }

    pub(crate) fn dashboard_ends() -> Self {
        Self::new(1001, "the dashboard ends; `aiwg dashboard` starts another one, with a new address")
    }

    pub(crate) fn binary() -> Self {
        Self::new(1003, "a frame is one JSON-RPC message, as text")
    }

    pub(crate) fn several_lines() -> Self {
        Self::new(1007, "a frame is one JSON-RPC message, without line ends between its parts")
    }

    pub(crate) fn too_many() -> Self {
        Self::new(1013, "too many pages of this dashboard are open: close some")
    }

    pub(crate) fn silent() -> Self {
        Self::new(1002, "the page answers no more")
    }

    pub(crate) fn daemon_closed() -> Self {
        Self::new(4000, "the daemon has closed the connection")
    }

    pub(crate) fn daemon_lost(error: &io::Error) -> Self {
        Self::new(4000, format!("the connection to the daemon is lost: {error}"))
    }

    /// No daemon answers.
    pub(crate) fn daemon_away(why: impl fmt::Display) -> Self {
        Self::new(4000, format!("the daemon is away: {why}"))
    }

    pub(crate) fn no_such_project() -> Self {
        Self::new(4001, "no daemon of yours runs in that project")
    }

    /// The daemon cannot be used, for as long as nobody does something about it.
    pub(crate) fn daemon_unfit(why: impl Into<String>) -> Self {
        Self::new(4002, why)
    }

    /// The end for an error of the connection. None if the page is gone.
    pub(crate) fn of(error: &tungstenite::Error) -> Option<Self> {
        match error {
            tungstenite::Error::Capacity(_) => {
                Some(Self::new(1009, "a message has at most 16 MiB, as a line to the daemon"))
            }
            tungstenite::Error::Utf8(_) => Some(Self::new(1007, "a frame is one JSON-RPC message, in UTF-8")),
            tungstenite::Error::Protocol(error) => Some(Self::new(1002, error.to_string())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_its_frame() {
        let ending = Ending::daemon_unfit("ä".repeat(1000));
        assert_eq!(ending.reason().len(), 122);
        assert_eq!(Ending::binary().reason(), "a frame is one JSON-RPC message, as text");
    }
}
