//! Messaging as it is set up: by the environment, which has the tokens, and the section `messaging` of the configuration.

mod environment;
mod setup;
mod wait;

pub(crate) use environment::{
    Environment, STORE_VARIABLE, Secrets, TOKEN_VARIABLES, address_variable, chat_variable,
};
pub use setup::{Quiet, Setup, Subscription};
pub(crate) use wait::wait_in_words;

/// The profile of the agents that answer those who may only ask. No profile of the configuration can have this name.
pub(crate) const ASK_PROFILE: &str = "chat:ask";
