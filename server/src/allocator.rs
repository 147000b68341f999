//! The C library's allocator, told to give back what is large, and now and then what is free.

/// Has every block from 128 KiB on be memory of its own, which goes back to the system when it is freed. Left alone, glibc raises that
/// limit up to 32 MiB with the first large block that is freed, and keeps what is freed from then on: one burst of long messages would stay
/// in the daemon for good. Blocks of threads that read for a while share two arenas, for the same reason.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_back_what_is_large() {
    // SAFETY: these only set numbers in the allocator, before any other thread is there.
    #[allow(unsafe_code)]
    let set = unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024) == 1 && libc::mallopt(libc::M_ARENA_MAX, 2) == 1
    };
    if !set {
        tracing::debug!("the allocator could not be told to give back large blocks");
    }
}

/// Gives back what many small blocks have left free: glibc keeps it, where only one above it is still in use. It takes the longer the more
/// there is, milliseconds for some 100 MiB, in which others wait who need a block.
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
