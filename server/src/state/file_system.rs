//! File systems that other machines, or another system on this one, write to as well.

use std::path::Path;

/// The warning about the file system that the state is on; none if it is this machine's own, or unknown.
pub(crate) fn not_promised(dir: &Path) -> Option<String> {
    let kind = kind(dir)?;
    is_shared(&kind).then(|| {
        format!(
            "{} is on a file system ({kind}) that other systems can write to as well: the store and the lock may fail there, and changes that \
             others make are noticed with `watch.use_polling` only; keep the project, or at least its .aiwg/daemon, on a disk of this machine",
            dir.display()
        )
    })
}

/// The file systems that are shared with other machines, by the names that the kernel has for them. In containers of Docker Desktop, in WSL and in
/// virtual machines a directory of the host is one as well.
const SHARED: [&str; 25] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "drvfs",
    "fakeowner",
    "gfs2",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "osxfs",
    "prl_fs",
    "pvfs2",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
    "vmhgfs",
    "wekafs",
];

/// The shared file systems that are programs: `fuse.NAME`. Other programs keep their files on this machine, as `ntfs-3g` does.
const SHARED_PROGRAMS: [&str; 18] = [
    "blobfuse",
    "blobfuse2",
    "ceph",
    "curlftpfs",
    "davfs",
    "gcsfuse",
    "glusterfs",
    "grpcfuse",
    "gvfsd-fuse",
    "juicefs",
    "mfs",
    "osxfs",
    "rclone",
    "s3fs",
    "seaweedfs",
    "smbnetfs",
    "sshfs",
    "vmhgfs-fuse",
];

fn is_shared(kind: &str) -> bool {
    SHARED.contains(&kind)
        || kind.strip_prefix("fuse.").is_some_and(|program| SHARED_PROGRAMS.contains(&program))
}

/// The kernel's name for the file system that a directory is on.
#[cfg(target_os = "linux")]
fn kind(dir: &Path) -> Option<String> {
    use std::{io::Read, os::unix::fs::MetadataExt};
    /// The most that is read of the system's list, in bytes.
    const MAX_SIZE: u64 = 4 * 1024 * 1024;
    let device = dir.metadata().ok()?.dev();
    let mut mounts = Vec::new();
    aiwg_fs::open_of_anyone("/proc/self/mountinfo".as_ref())
        .and_then(|list| list.take(MAX_SIZE).read_to_end(&mut mounts))
        .ok()?;
    of_device(&String::from_utf8_lossy(&mounts), rustix::fs::major(device), rustix::fs::minor(device))
}

/// The name of the file system of this device, in a list as in proc_pid_mountinfo(5).
#[cfg(any(target_os = "linux", test))]
fn of_device(mounts: &str, major: u32, minor: u32) -> Option<String> {
    let device = format!("{major}:{minor}");
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&device))?;
    Some(line.split_once(" - ")?.1.split(' ').next()?.to_owned())
}

/// The name is unknown on this system.
#[cfg(not(target_os = "linux"))]
fn kind(_: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_file_system_is_reported_and_a_local_disk_is_not() {
        for kind in ["nfs4", "cifs", "9p", "virtiofs", "fuse.sshfs", "fuse.grpcfuse"] {
            assert!(is_shared(kind), "{kind}");
        }
        for kind in
            ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", "fuse.gocryptfs", "fuse.nfs4", "sshfs"]
        {
            assert!(!is_shared(kind), "{kind}");
        }
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(not_promised(dir.path()), None);
        assert_eq!(not_promised(&dir.path().join("none")), None);
    }

    #[test]
    fn a_device_is_found_in_the_list() {
        let mounts = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      98 27 0:45 /a\\040b /mnt/host rw,relatime - 9p C:\\134 rw,dirsync\n\
                      99 27 0:46 / /mnt/- rw - fuse.sshfs me@host:/ rw\nbroken\n";
        let of = |minor| of_device(mounts, 0, minor);
        assert_eq!(of_device(mounts, 254, 0).as_deref(), Some("ext4"));
        assert_eq!((of(45).as_deref(), of(46).as_deref(), of(47)), (Some("9p"), Some("fuse.sshfs"), None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_system_of_a_directory_is_found() {
        assert_eq!(kind(Path::new("/proc")).as_deref(), Some("proc"));
        assert_eq!(kind(Path::new("/no/such/directory")), None);
    }
}
