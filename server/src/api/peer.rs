//! The process at the other end of a connection, as far as the system shows it.

use std::{path::Path, sync::OnceLock};

use aiwg_protocol::types::{ApprovalDecider, ApprovalVia};
use nix::unistd::{Uid, User, geteuid};
use tokio::net::UnixStream;

/// The name of the command's program: what decides by it decides by hand.
const COMMAND: &str = "aiwg";

/// The name of the daemon's own user. Others than that and root cannot connect.
static OWN_NAME: OnceLock<Option<String>> = OnceLock::new();

/// Looks up the name of the daemon's own user, once. It blocks: users may be listed on another machine.
pub(crate) fn look_up_user() {
    OWN_NAME.get_or_init(|| User::from_uid(geteuid()).ok().flatten().map(|user| user.name));
}

/// The process that has connected, and its user.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peer {
    uid: Option<u32>,
    /// None for a process in a name space that this one does not see into, too.
    pid: Option<u32>,
}

impl Peer {
    /// The process at the other end.
    pub(crate) fn of(stream: &UnixStream) -> Self {
        let Ok(peer) = stream.peer_cred() else { return Self::default() };
        let pid = peer.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
        Self { uid: Some(peer.uid()), pid }
    }

    /// The number of its user.
    pub(super) fn uid(self) -> Option<u32> {
        self.uid
    }

    /// The number of the process; none for one in a name space that this one does not see into.
    pub(super) fn pid(self) -> Option<u32> {
        self.pid
    }

    /// The name of its user, which is known once [`look_up_user`] has returned.
    pub(super) fn user(self) -> Option<String> {
        match self.uid {
            Some(0) => Some("root".to_owned()),
            Some(uid) if Uid::from_raw(uid) == geteuid() => OWN_NAME.get().cloned().flatten(),
            _ => None,
        }
    }

    /// The one who decides, for the records.
    pub(crate) fn decider(self) -> ApprovalDecider {
        let user = self.user();
        let program = self.pid.and_then(program_of);
        let via = if program.as_deref() == Some(COMMAND) { ApprovalVia::Cli } else { ApprovalVia::Sdk };
        ApprovalDecider { uid: self.uid, user, program, pid: self.pid, via }
    }

    /// The user, and the program, for people.
    pub(crate) fn in_words(self) -> String {
        let ApprovalDecider { uid, user, program, pid, .. } = self.decider();
        let user = user.map(|user| format!("user {user}")).or_else(|| Some(format!("user {}", uid?)));
        let with = program.map(|program| format!(" with {program}")).unwrap_or_default();
        let process = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
        format!("{}{with}{process}", user.unwrap_or_else(|| "someone".to_owned()))
    }
}

/// The name of a process's program. Only Linux shows it.
fn program_of(pid: u32) -> Option<String> {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let name = Path::new(&program).file_name()?.to_string_lossy().into_owned();
    // So the system shows one that an update has replaced.
    Some(name.strip_suffix(" (deleted)").unwrap_or(&name).to_owned())
}
