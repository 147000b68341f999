//! Addresses at which something is listened to.

use std::net::SocketAddr;

/// True for an address that other machines cannot reach; none if it is none.
pub(crate) fn is_of_this_machine(listen: &str) -> Option<bool> {
    listen.parse::<SocketAddr>().ok().map(|address| address.ip().is_loopback())
}
