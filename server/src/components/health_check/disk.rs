//! The check for room on the disk.

use crate::project::Project;

/// The free space below which the disk is reported, in bytes: with less, soon nothing can be stored any more.
const LEAST_ROOM: u64 = 100 * 1024 * 1024;

/// Checks that there is room on the disk.
pub(super) fn check(project: &Project) -> Result<String, String> {
    let path = project.database();
    let disk = rustix::fs::statvfs(&path)
        .map_err(|error| format!("the disk of {} cannot be looked at: {error}", path.display()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let free_mib = free / (1024 * 1024);
    if free < LEAST_ROOM {
        return Err(format!("the disk of {} has only {free_mib} MiB left: make room", path.display()));
    }
    Ok(format!("{free_mib} MiB free"))
}
