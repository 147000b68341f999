//! Files that others may have made, and files that are nobody else's.
//!
//! An agent, a clone, another user: whoever can write to a directory can put a link, a named pipe or a file of 8 EiB where a file is
//! expected. A link leads to what the reader may read and the other may not; the opening of a pipe waits for ever; the file fills the memory.
//! Whatever the daemon reads of such places it opens with [`open_regular`] (or [`Dir::open_regular`], where a directory on the way could be
//! swapped for a link) and reads with [`read_bounded`] or [`tail`].
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # let project = tempfile::tempdir()?;
//! # std::fs::write(project.path().join(".gitignore"), "target\n")?;
//! let text = aiwg_fs::read_bounded(&project.path().join(".gitignore"), 1024 * 1024)?;
//! assert_eq!(text, b"target\n");
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod dir;
mod identity;
mod open;
mod private;
mod read;
mod remove;
mod shortage;
mod socket;
mod within;

pub use dir::Dir;
pub use identity::{Identity, at};
pub use open::{Unfit, is_absent, open_of_anyone, open_regular};
pub use private::{
    append_private, close_to_others, open_private, private, rewrite_atomic, write_atomic, write_private,
};
pub use read::{read_bounded, read_file, tail, tail_of, tail_of_file};
pub use remove::remove_all;
pub use shortage::{is_short, is_shortage};
pub use socket::listen_private;
pub use within::within;
