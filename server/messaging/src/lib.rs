//! The daemon's side of messaging, as pure functions: no runtime, no network, no store.
//!
//! - [`words`]: the commands that people write, and what the buttons under a message say.
//! - [`rights`]: who may do what; by ids only, and nobody unless listed.
//! - [`text`]: text with styles, read from Markdown.
//! - [`render`]: the same as each platform takes it: Telegram's entities, Slack's mrkdwn, Discord's Markdown.
//! - [`split`]: parts that fit into a platform's messages.
//! - [`notice`]: the notices about events, and when they are sent.
//! - [`part`]: parts of messages as they wait to be sent.
//!
//! All lengths are in UTF-16 units, in which Telegram counts; no platform counts more than that for a text.

pub mod manifest;
pub mod notice;
pub mod part;
mod platform;
pub mod render;
pub mod rights;
pub mod split;
pub mod text;
pub mod words;

pub use platform::{Place, Platform};
