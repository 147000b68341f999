//! The stand-in, held to what the platforms do: by their own clients, by their descriptions, and by hand.

#![allow(clippy::unwrap_used, clippy::panic)]

mod clients;
mod control;
mod descriptions;
mod discord;
mod slack;
mod support;
mod telegram;
