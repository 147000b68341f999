//! The socket: connections in, the service on each.

mod bind;
mod component;
mod connection;
mod executor;
mod gate;
mod listener;
mod places;
mod until;

pub(crate) use bind::{Listener, bind, is_answered_within};
pub(crate) use component::Socket;
