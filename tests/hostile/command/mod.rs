//! The command against daemons that hang, stop, or lie.

mod let_go;
mod liar;
mod many;
mod shown;
mod shut;
mod silent;
mod stopping;
mod waits;
