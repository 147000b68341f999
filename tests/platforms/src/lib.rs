//! For tests only: Slack, Discord and Telegram as a bot sees them, on loopback, without a network.
//!
//! [`StandIn`] serves the three platforms on one port, in plain HTTP, until it is dropped. A test speaks as a person of a
//! platform, puts in faults, and looks at what the bot sent:
//!
//! ```
//! use aiwg_platforms_stand_in::{Platform, Speech, StandIn};
//!
//! let stand_in = StandIn::start();
//! let telegram = stand_in.telegram();
//! telegram.say(&Speech::new("77", "77", "status"));
//! assert!(telegram.messages("77").iter().any(|message| message["text"] == "status"));
//! assert_eq!(stand_in.violations(), []);
//! assert!(stand_in.requests(Platform::Telegram).is_empty());
//! ```
//!
//! It was accepted by the platforms' own clients before anything else was driven with it (`tests/stand_in/clients.rs`): slack_sdk,
//! `@slack/socket-mode`, discord.js, discord.py, python-telegram-bot and grammY, unmodified. Each request is held against
//! the platform's published description ([`Violation`]).
//!
//! Methods panic where a test is wrong (an unknown chat) and where a wait is in vain.

// It is part of tests, which say by a panic what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
mod check;
mod control;
mod discord;
mod faults;
mod incoming;
mod limiter;
mod log;
mod platform;
mod server;
mod settings;
mod slack;
mod speech;
mod telegram;
mod watched;

pub use discord::Discord;
pub use faults::{Fault, FaultKind};
pub use log::{Received, Violation};
pub use platform::Platform;
pub use server::StandIn;
pub use settings::{RateLimit, Settings};
pub use slack::{Slack, SlackEnvelope};
pub use speech::{Speaker, Speech, Spoken};
pub use telegram::{ChatKind, Telegram};
