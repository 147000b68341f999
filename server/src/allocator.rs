//! The settings of the C library's allocator: it gives back large blocks, and now and then the free ones.

/// Gives every block from 128 KiB on memory of its own, which goes back to the system when it is freed. Left alone, glibc raises that
/// limit up to 32 MiB with the first large block that is freed, and keeps freed memory from then on: one burst of long messages would stay
/// in the daemon for good. Blocks of threads that read for a while share two arenas, for the same reason.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_back_what_is_large() {
    // SAFETY: these only set numbers in the allocator, before any other thread is there.
    #[allow(unsafe_code)]
    let set = unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024) == 1 && libc::mallopt(libc::M_ARENA_MAX, 2) == 1
    };
    if !set {
        tracing::debug!("the allocator refuses to give back large blocks");
    }
}

/// Gives back the memory that many small freed blocks have left: glibc keeps it while a block above it is still in use. It takes longer the more
/// there is, milliseconds for some 100 MiB, in which other threads that need a block wait.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_back_what_is_free() {
    // SAFETY: it has no arguments that could be wrong, and may be called by any thread.
    #[allow(unsafe_code)]
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other allocators do so, or have no such setting.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back_what_is_large() {}

/// Likewise.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back_what_is_free() {}
