//! The pages of program code in the daemon's memory: those that only the start has run go back to the system.

/// Takes all program code out of the daemon's memory. What is executed from now on comes back from the page cache, a few pages at a
/// time: a minor fault each, of less than a microsecond. A start runs most of the program, and the kernel maps 64 KiB and more around each page
/// that is run: without this, code that never runs again would be two thirds of an idle daemon's resident memory.
#[cfg(target_os = "linux")]
pub(crate) fn release() {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    for (start, len) in maps.lines().filter_map(code) {
        release_range(start, len);
    }
}

/// The address and the length of a mapping of program code; none if the line of `/proc/self/maps` is about another mapping.
#[cfg(target_os = "linux")]
fn code(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, rights, path) = (fields.next()?, fields.next()?, fields.nth(3)?);
    // Of a file, and nobody can have written to it: the file says the same for ever.
    if rights != "r-xp" || !path.starts_with('/') {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let (start, end) = (address(start)?, address(end)?);
    Some((start, end.checked_sub(start)?))
}

#[cfg(target_os = "linux")]
fn release_range(start: usize, len: usize) {
    let address = std::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the range is a private mapping of a file, which is not writable and has no changed pages (it has no text relocations):
    // a page that is touched again has the same content.
    #[allow(unsafe_code)]
    let released = unsafe { libc::madvise(address, len, libc::MADV_DONTNEED) };
    if released != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "the pages of the program stay in memory");
    }
}

/// Other systems keep them.
#[cfg(not(target_os = "linux"))]
pub(crate) fn release() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_files_is_released() {
        assert_eq!(
            code("55d5abd4d000-55d5aca1f000 r-xp 00303000 fe:00 5431464                    /usr/bin/aiwg"),
            Some((0x55d5_abd4_d000, 0xcd_2000))
        );
        for other in [
            "55d5aba49000-55d5abd4d000 r--p 00000000 fe:00 5431464                    /usr/bin/aiwg",
            "7ffd1a5f2000-7ffd1a5f4000 r-xp 00000000 00:00 0                          [vdso]",
            "7f8934000000-7f8934049000 r-xp 00000000 00:00 0 ",
            "55d5abd4d000-55d5aca1f000 rwxp 00303000 fe:00 5431464                    /usr/bin/aiwg",
            "",
        ] {
            assert_eq!(code(other), None, "{other}");
        }
    }

    #[test]
    fn what_was_released_runs_again() {
        release();
        assert_eq!("41".parse::<u32>().map(|n| n + 1), Ok(42));
    }
}
