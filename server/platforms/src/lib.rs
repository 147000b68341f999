//! The clients of the messaging platforms. They know neither store nor engine: they say what has come, and send what they are given.
//!
//! # Adding a platform
//!
//! A platform is a folder here, with one type that implements [`PlatformClient`], and a line in [`client`]. What the daemon does with it
//! (committing, rights, commands, notices, the order of what is sent) is the component's, and needs no change but where it says so below.
//!
//! 1. [`account`](PlatformClient::account) says who the bot is, and is asked first: a token that is refused is [`Trouble::Stop`].
//! 2. [`receive`](PlatformClient::receive) waits for what comes next, for as long as it likes, and is called again and again by one task. It
//!    is given the position that was committed last. A platform with a socket opens it there and keeps it in a field of its own, behind a
//!    `tokio::sync::Mutex`; it answers pings and heartbeats within `receive`, which returns with nothing now and then as a sign that the
//!    platform is there. Where the platform does not send by itself what was missed in a gap, the client looks in the chats that
//!    [`attend`](PlatformClient::attend) names. Everything that came is in the answer: what is not to be obeyed (bots, own messages, edits, forwards) as [`What::Nothing`], so that the
//!    position moves over it.
//! 3. Each [`Received`] is committed with its key, its effect and its position. Only then [`acknowledge`](PlatformClient::acknowledge) is
//!    called with its `ack` (Slack's envelope; Discord's interaction, whose answer is due within 3 seconds). Telegram needs none: the next
//!    `receive` acknowledges by its offset. Where nothing comes of it, [`pass_over`](PlatformClient::pass_over) is called in
//!    its place, or [`refuse`](PlatformClient::refuse) for a button that was not theirs to press. If the commit fails, none is called, and
//!    `receive` is called with the position before. A key must be the same whenever the platform sends the same again, by whatever way.
//! 4. [`send`](PlatformClient::send) sends one message, once: it does not try again by itself, since only the caller stores what became of it.
//!    The errors say whether it may have had an effect ([`SendFailure::Unknown`]) or cannot have had one ([`SendFailure::NotSent`]).
//! 5. [`find`](PlatformClient::find) looks whether a message of that number was sent, where the platform allows that (Slack's `metadata`,
//!    Discord's latest messages): messages that an earlier daemon was sending are asked for.
//! 6. [`is_open`](PlatformClient::is_open) says whether the line stands. A `receive` that is silent for longer than
//!    [`longest_silence`](PlatformClient::longest_silence) is dropped, and [`begin_again`](PlatformClient::begin_again) called: nothing of the
//!    line may be left then.
//! 7. What keeps a part from working is said by [`warning`](PlatformClient::warning), and by [`Account::lacks`].
//!
//! A web socket is a [`Socket`], opened where the platform says, if that is a host of its own. The client keeps it alive by the platform's rules
//! (pings, heartbeats), and calls it dead when nothing answers.
//!
//! The text of a message is styled, and rendered here by `aiwg_messaging::render`. A token is a [`Token`], and every error that goes out of
//! this crate is made by [`Http`], which strips addresses and tokens.

mod clock;
pub mod discord;
mod http;
mod platform;
pub mod slack;
mod socket;
pub mod telegram;
mod token;

use std::{sync::Arc, time::Duration};

use aiwg_messaging::Platform;

pub use http::{Failed, Http, is_address, is_http};
pub use platform::{Account, Inbound, Outbound, PlatformClient, Received, SendFailure, Sent, Trouble, What};
pub use socket::{Frame, Socket};
pub use token::Token;

/// The way to a platform.
#[derive(Debug, Clone, Copy, Default)]
pub struct Way<'a> {
    /// Its base address; the platform's own one if none is given.
    pub address: Option<&'a str>,
    /// The longest time for which Telegram is asked to hold a poll; as long as it does if none is given.
    pub poll: Option<Duration>,
}

/// The client of a platform, with its token and the way to it. Slack has a second token, for its sockets.
///
/// # Errors
/// A token is none or is missing, the address is none that a token may be sent to, or no certificates are there.
pub fn client(
    platform: Platform,
    token: &Token,
    app_token: Option<&Token>,
    way: Way<'_>,
) -> Result<Arc<dyn PlatformClient>, String> {
    match platform {
        Platform::Telegram => {
            let telegram = telegram::Telegram::new(token.clone(), way.address)?;
            Ok(Arc::new(telegram.holding(way.poll)))
        }
        Platform::Slack => Ok(Arc::new(slack::Slack::new(token.clone(), app_token, way.address)?)),
        Platform::Discord => Ok(Arc::new(discord::Discord::new(token.clone(), way.address)?)),
    }
}
