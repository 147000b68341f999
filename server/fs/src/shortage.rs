use std::io;

use rustix::io::Errno;

/// What the system says when it is short of something: room, files, processes, memory, or a disk that answers.
const SHORT: [Errno; 8] = [
    Errno::NOSPC,
    Errno::DQUOT,
    Errno::FBIG,
    Errno::MFILE,
    Errno::NFILE,
    Errno::NOMEM,
    Errno::AGAIN,
    Errno::IO,
];

/// Whether an error says that the system is short of something, which may be over later: nothing is wrong with what was asked for.
pub fn is_shortage(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(number) => is_short(number),
        None => matches!(
            error.kind(),
            io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::FileTooLarge
                | io::ErrorKind::OutOfMemory
                | io::ErrorKind::WouldBlock
        ),
    }
}

/// The same of the system's number of an error.
pub fn is_short(number: i32) -> bool {
    SHORT.iter().any(|short| short.raw_os_error() == number)
}
