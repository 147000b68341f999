//! File systems that other machines, or another system on this one, write to as well.

use std::path::Path;

/// What a person should know of the file system that the state is on; none where it is this machine's own.
#[cfg(target_os = "linux")]
pub(crate) fn not_promised(dir: &Path) -> Option<String> {
    // The field has another type on other machines; its numbers have 32 bits.
    let kind = rustix::fs::statfs(dir).ok()?.f_type as u32;
    let name = shared(kind)?;
    Some(format!(
        "{} is on {name}, which other systems can write to as well: the store and the lock may fail there, and changes that others make are \
         not noticed; keep the project, or at least its .aiwg/daemon, on a disk of this machine",
        dir.display()
    ))
}

/// Not told.
#[cfg(not(target_os = "linux"))]
pub(crate) fn not_promised(_: &Path) -> Option<String> {
    None
}

/// The name of a file system that is shared, by its number in statfs(2).
#[cfg(target_os = "linux")]
fn shared(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x0102_1997 => "9p",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x564c => "NCP",
        _ => return None,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_told_and_ones_own_disk_is_not() {
        for (kind, name) in [(0x6969, "NFS"), (0xff53_4d42, "SMB"), (0x0102_1997, "9p")] {
            assert_eq!(shared(kind), Some(name));
        }
        // ext4, XFS, Btrfs, tmpfs, overlayfs.
        for kind in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630] {
            assert_eq!(shared(kind), None);
        }
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(not_promised(dir.path()), None);
        assert_eq!(not_promised(&dir.path().join("none")), None);
    }
}
