//! What the command meets: daemons that hang, stop, or lie.

mod liar;
mod many;
mod shown;
mod silent;
mod stopping;
mod waits;
