//! Where a file was made: what tells it from a copy.

use std::{io, os::unix::fs::MetadataExt, path::Path, time::UNIX_EPOCH};

use crate::store::Stamp;

/// See machine-id(5).
const MACHINE_ID: &str = "/etc/machine-id";

/// Where this file is now.
pub(super) fn of(path: &Path) -> io::Result<Stamp> {
    let found = path.symlink_metadata()?;
    let birth = found.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok(Stamp {
        machine: machine(),
        device: found.dev(),
        inode: found.ino(),
        birth: birth.and_then(|birth| i64::try_from(birth.as_nanos()).ok()),
    })
}

fn machine() -> Option<String> {
    let text = std::fs::read_to_string(MACHINE_ID).ok()?;
    // systemd's word for a machine that has not been started yet.
    Some(text.trim().to_owned()).filter(|id| !id.is_empty() && id != "uninitialized")
}

/// Whether two stamps are of one file.
///
/// Its number and the nanosecond of its birth stay what they are when a project is moved on its file system, when the machine is started
/// anew, and in every container that it is mounted into; a copy, a clone and what is unpacked have others, which nobody can foresee. The
/// device has another number after a restart of the machine on some file systems, and the machine another id in each container: they are
/// looked at only where a file system tells no birth.
pub(super) fn agree(made: &Stamp, now: &Stamp) -> bool {
    made.inode == now.inode
        && match (made.birth, now.birth) {
            (Some(made), Some(now)) => made == now,
            _ => made.device == now.device || (made.machine.is_some() && made.machine == now.machine),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_birth_decides_where_it_is_known() {
        let made = Stamp { machine: Some("m".into()), device: 1, inode: 2, birth: Some(3) };
        let with = |change: &dyn Fn(&mut Stamp)| {
            let mut now = made.clone();
            change(&mut now);
            now
        };
        // A container of another id, a device of another number.
        assert!(agree(&made, &with(&|now| (now.machine, now.device) = (None, 9))));
        // A clone.
        assert!(!agree(&made, &with(&|now| now.birth = Some(4))));
        assert!(!agree(&made, &with(&|now| now.inode = 9)));
        // A file system that does not tell.
        assert!(agree(&made, &with(&|now| now.birth = None)));
        assert!(agree(&made, &with(&|now| (now.birth, now.device) = (None, 9))));
        assert!(!agree(&made, &with(&|now| (now.birth, now.device, now.machine) = (None, 9, None))));
    }
}
