use std::io;

use rustix::io::Errno;

use crate::identity::At;

/// Errors of a system that is short of something: room, files, processes, memory, or a disk that answers and may be written to.
const SHORT: [Errno; 9] = [
    Errno::NOSPC,
    Errno::DQUOT,
    Errno::FBIG,
    Errno::MFILE,
    Errno::NFILE,
    Errno::NOMEM,
    Errno::AGAIN,
    Errno::IO,
    Errno::ROFS,
];

/// True if an error says that the system is short of something, which may be over later: nothing is wrong with what was asked for.
pub fn is_shortage(error: &io::Error) -> bool {
    // What names its place holds what the system said.
    if let Some(At { source, .. }) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return is_shortage(source);
    }
    match error.raw_os_error() {
        Some(number) => is_short(number),
        // A file that is larger than what is read of it stays so: of this crate's own errors none is a shortage.
        None => matches!(
            error.kind(),
            io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::OutOfMemory
                | io::ErrorKind::WouldBlock
        ),
    }
}

/// The same of the system's number of an error.
pub fn is_short(number: i32) -> bool {
    SHORT.iter().any(|short| short.raw_os_error() == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Unfit, at};

    #[test]
    fn a_shortage_is_one_wherever_it_was() {
        let path = "/somewhere".as_ref();
        for short in SHORT {
            assert!(is_shortage(&short.into()) && is_shortage(&at(path)(at(path)(short.into()))), "{short}");
        }
        let missing = at(path)(Errno::NOENT.into());
        assert!(!is_shortage(&missing) && missing.kind() == io::ErrorKind::NotFound);
        assert!(missing.to_string().starts_with("/somewhere: No such file"));
    }

    #[test]
    fn what_is_not_fit_to_be_read_is_no_shortage() {
        let path = "/somewhere".as_ref();
        for unfit in [
            Unfit::Link,
            Unfit::NotRegular("a named pipe"),
            Unfit::NotOwn(1),
            Unfit::TooLarge { size: 2, max: 1 },
        ] {
            let error = || io::Error::from(unfit.clone());
            assert!(!is_shortage(&error()) && !is_shortage(&at(path)(error())), "{unfit}");
        }
    }
}
