//! What the command meets: daemons that hang, stop, or lie.

mod silent;
mod stopping;
mod waits;
