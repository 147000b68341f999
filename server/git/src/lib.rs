//! Git, asked and told by a daemon, in repositories whose configuration and attributes anyone may have written.
//!
//! ```
//! # fn main() -> Result<(), String> {
//! use aiwg_git::{GitBounds, Look, ask_git};
//!
//! let look = &Look::within(std::time::Duration::from_secs(60));
//! let answer = ask_git("/".as_ref(), &["rev-parse", "--show-toplevel"], Vec::new(), GitBounds { look, most: 4096 })?;
//! assert_eq!((answer.text.as_slice(), answer.code), (&b""[..], Some(128)), "there is no repository");
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ask;
mod look;

pub use ask::{GitAnswer, GitBounds, Keep, Order, ask_git, ask_git_for, tell_git};
pub use look::Look;
