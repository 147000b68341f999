//! People, and the guild that the bot is in.

use serde_json::{Value, json};

use super::State;

pub(super) fn user(id: &str, name: &str) -> Value {
    json!({ "id": id, "username": name, "discriminator": "0", "global_name": null, "avatar": null, "public_flags": 0 })
}

pub(super) fn person(id: &str) -> Value {
    user(id, &format!("person_{id}"))
}

pub(super) fn member() -> Value {
    json!({
        "roles": [], "joined_at": "2026-01-01T00:00:00.000000+00:00", "deaf": false, "mute": false, "flags": 0, "nick": null,
        "avatar": null, "premium_since": null, "pending": false, "communication_disabled_until": null,
    })
}

fn everyone(guild: &str) -> Value {
    json!({
        "id": guild, "name": "@everyone", "color": 0, "hoist": false, "position": 0, "permissions": "2248473465835073",
        "managed": false, "mentionable": false, "flags": 0, "icon": null, "unicode_emoji": null,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
    })
}

impl State {
    /// The guild as `GUILD_CREATE` and `GET /guilds/{guild_id}` tell it.
    pub(super) fn guild_json(&self) -> Value {
        let channels =
            self.channels.values().filter(|channel| channel.guild.is_some() && !channel.is_thread());
        let threads = self.channels.values().filter(|channel| channel.is_thread());
        let mut own = member();
        own["user"] = self.bot();
        let mut guild = json!({
            "id": self.guild, "name": "Stand-in", "icon": null, "splash": null, "discovery_splash": null,
            "owner_id": "1000000000000000001", "afk_channel_id": null, "afk_timeout": 300, "verification_level": 0,
            "default_message_notifications": 0, "explicit_content_filter": 0, "roles": [everyone(&self.guild)], "emojis": [],
            "features": [], "mfa_level": 0, "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
            "rules_channel_id": null, "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
        });
        let rest = json!({
            "preferred_locale": "en-US", "public_updates_channel_id": null, "nsfw_level": 0, "joined_at": own["joined_at"],
            "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null, "large": false, "unavailable": false,
            "member_count": 2, "voice_states": [], "members": [own], "presences": [], "stage_instances": [], "stickers": [],
            "channels": channels.map(super::channels::Channel::json).collect::<Vec<_>>(),
            "threads": threads.map(super::channels::Channel::json).collect::<Vec<_>>(),
            "guild_scheduled_events": [], "soundboard_sounds": [], "premium_subscription_count": 0,
        });
        guild.as_object_mut().expect("an object").extend(rest.as_object().cloned().unwrap_or_default());
        guild
    }
}
