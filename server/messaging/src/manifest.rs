//! The description of an app that a person pastes where a platform makes apps.

use serde_json::{Value, json};

use crate::words::VERBS;

/// The scopes of the bot on Slack: to write, to hear its name, to be spoken to alone, to have commands, and to read in channels what was
/// said while nobody listened, public ones and private ones.
pub const SLACK_SCOPES: [&str; 6] =
    ["chat:write", "app_mentions:read", "im:history", "commands", "channels:history", "groups:history"];

/// The manifest of an app on Slack: <https://docs.slack.dev/reference/app-manifest>.
pub fn slack() -> Value {
    let verbs: Vec<&str> = VERBS.iter().map(|verb| verb.word).collect();
    json!({
        "display_information": {
            "name": "aiwg",
            "description": "Says what needs you in a project, answers questions, and takes work",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": false,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": false,
            },
            "bot_user": {"display_name": "aiwg", "always_online": false},
            "slash_commands": [{
                "command": "/aiwg",
                "description": "Speaks with the daemon of the project",
                "usage_hint": verbs.join(" | "),
                "should_escape": false,
            }],
        },
        "oauth_config": {"scopes": {"bot": SLACK_SCOPES}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_mention", "message.im"]},
            "interactivity": {"is_enabled": true},
            "org_deploy_enabled": false,
            "socket_mode_enabled": true,
            "token_rotation_enabled": false,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_to_what_slack_allows() {
        let manifest = slack();
        let length = |at: &str| manifest.pointer(at).unwrap().as_str().unwrap().chars().count();
        // As the reference of manifests has it.
        assert!(length("/display_information/name") <= 35);
        assert!(length("/display_information/description") <= 140);
        assert!(length("/features/slash_commands/0/command") <= 32);
        assert!(length("/features/slash_commands/0/description") <= 2000);
        assert!(length("/features/slash_commands/0/usage_hint") <= 1000);
        // Each event needs its scope.
        let events = manifest.pointer("/settings/event_subscriptions/bot_events").unwrap();
        assert_eq!(events, &json!(["app_mention", "message.im"]));
        for scope in ["app_mentions:read", "im:history"] {
            assert!(SLACK_SCOPES.contains(&scope));
        }
    }
}
