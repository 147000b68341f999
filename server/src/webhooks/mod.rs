//! Webhooks: what their senders sign, what they say, and which rules they can reach. Nothing here listens, reads files or knows the engine.

mod delivery;
mod headers;
mod reach;
mod secret;
mod sign;
mod template;

use aiwg_protocol::config::{Config, WebhookSource};

pub use delivery::{Delivery, Unreadable, read};
pub use headers::Headers;
pub(crate) use reach::reaching;
pub use secret::Secret;
pub use sign::{is_signed, signed};
pub(crate) use template::Template;

/// The profile of the agents of rules that webhooks can trigger and that name no agent: the section `agent`, limited to reading. No profile of the
/// configuration can have this name.
pub(crate) const READER_PROFILE: &str = "webhook:read-only";

/// The senders of a configuration.
pub fn sources(config: &Config) -> &[WebhookSource] {
    config.gateway.webhooks.as_ref().map_or(&[], |webhooks| &webhooks.sources)
}

/// The variables with the secrets of webhooks, which no agent gets.
pub(crate) fn secret_variables(config: &Config) -> impl Iterator<Item = &str> {
    sources(config).iter().filter_map(WebhookSource::variable)
}
