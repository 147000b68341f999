//! What the SDKs meet: planted links, newer daemons, signals in the middle of a call.

mod packages;
mod rust;
