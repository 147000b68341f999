//! What the command meets: daemons that hang, stop, or lie.

mod liar;
mod shown;
mod silent;
mod stopping;
mod waits;
