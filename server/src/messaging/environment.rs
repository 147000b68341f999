//! The part of the daemon's environment that is about messaging.

use aiwg_messaging::Platform;
use aiwg_platforms::Token;

/// The variables with tokens. No agent finds them in its environment. Tokens are read by these names only, so that none can be forgotten here.
pub(crate) const TOKEN_VARIABLES: [&str; 4] =
    ["AIWG_SLACK_TOKEN", "AIWG_SLACK_APP_TOKEN", "AIWG_DISCORD_TOKEN", "AIWG_TELEGRAM_TOKEN"];

/// The part of the daemon's environment that is about messaging. It does not change while the daemon runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// The token of each platform that has one.
    pub(crate) tokens: Vec<(Platform, Token)>,
    /// Slack's token for its sockets.
    pub(crate) slack_app_token: Option<Token>,
    /// The chat of each platform for which one is set.
    pub(crate) chats: Vec<(Platform, String)>,
    /// The people who may write, as they are listed.
    pub(crate) write_users: Vec<String>,
    /// The base address of each platform for which one is set.
    pub(crate) addresses: Vec<(Platform, String)>,
}

impl Environment {
    /// Reads the environment of this process.
    pub(crate) fn read() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// Reads variables.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| {
            variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let each = |names: [(Platform, &str); 3]| {
            names.into_iter().filter_map(|(platform, name)| Some((platform, get(name)?))).collect::<Vec<_>>()
        };
        let [slack, slack_app, discord, telegram] = TOKEN_VARIABLES;
        let tokens =
            each([(Platform::Slack, slack), (Platform::Discord, discord), (Platform::Telegram, telegram)]);
        let slack_app_token = get(slack_app).map(|token| Token::new(&token));
        if tokens.is_empty() && slack_app_token.is_none() {
            return Self::default();
        }
        let users = get("AIWG_WRITE_USERS").unwrap_or_default();
        Self {
            tokens: tokens.into_iter().map(|(platform, token)| (platform, Token::new(&token))).collect(),
            slack_app_token,
            chats: each([
                (Platform::Slack, "AIWG_SLACK_CHANNEL"),
                (Platform::Discord, "AIWG_DISCORD_CHANNEL"),
                (Platform::Telegram, "AIWG_TELEGRAM_CHAT_ID"),
            ]),
            write_users: users
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter(|user| !user.is_empty())
                .map(str::to_owned)
                .collect(),
            addresses: each([
                (Platform::Slack, "AIWG_SLACK_API_URL"),
                (Platform::Discord, "AIWG_DISCORD_API_URL"),
                (Platform::Telegram, "AIWG_TELEGRAM_API_URL"),
            ]),
        }
    }

    /// True if there is any token.
    pub(crate) fn has_tokens(&self) -> bool {
        !self.tokens.is_empty() || self.slack_app_token.is_some()
    }

    /// The token of a platform.
    pub(crate) fn token(&self, platform: Platform) -> Option<&Token> {
        self.tokens.iter().find(|(of, _)| *of == platform).map(|(_, token)| token)
    }

    /// The base address that is set for a platform.
    pub(crate) fn address(&self, platform: Platform) -> Option<&str> {
        self.addresses.iter().find(|(of, _)| *of == platform).map(|(_, address)| address.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_and_shown_nowhere() {
        let all = [
            ("AIWG_TELEGRAM_TOKEN", " 1:secret "),
            ("AIWG_SLACK_TOKEN", ""),
            ("AIWG_TELEGRAM_CHAT_ID", "-100"),
            ("AIWG_WRITE_USERS", "77, slack:U1 ,"),
        ];
        let read =
            |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let environment = Environment::of(read);
        assert_eq!(environment.token(Platform::Telegram), Some(&Token::new("1:secret")));
        assert_eq!(environment.token(Platform::Slack), None);
        assert_eq!(environment.write_users, ["77", "slack:U1"]);
        assert!(!format!("{environment:?}").contains("secret"));
        let none = Environment::of(|name| (name == "AIWG_WRITE_USERS").then(|| "1".to_owned()));
        assert!(none.tokens.is_empty() && none.write_users.is_empty());
        let half = Environment::of(|name| (name == "AIWG_SLACK_APP_TOKEN").then(|| "xapp-1".to_owned()));
        assert!(half.tokens.is_empty() && half.slack_app_token.is_some(), "somebody must be told");
    }
}
