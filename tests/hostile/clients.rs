//! SDKs against planted links, newer daemons, signals in the middle of a call.

mod packages;
mod rust;
