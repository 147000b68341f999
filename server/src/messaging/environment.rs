//! The part of the daemon's environment that is about messaging.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    time::Duration,
};

use aiwg_messaging::Platform;
use aiwg_platforms::{Token, telegram::LONGEST_POLL};
use aiwg_protocol::config::Config;

use crate::webhooks::secret_variables;

/// The variables with tokens. No agent finds them in its environment. Tokens are read by these names only, so that none can be forgotten here.
pub(crate) const TOKEN_VARIABLES: [&str; 4] =
    ["AIWG_SLACK_TOKEN", "AIWG_SLACK_APP_TOKEN", "AIWG_DISCORD_TOKEN", "AIWG_TELEGRAM_TOKEN"];

/// The variable with the chat of a platform for notices.
pub(crate) const fn chat_variable(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "AIWG_SLACK_CHANNEL",
        Platform::Discord => "AIWG_DISCORD_CHANNEL",
        Platform::Telegram => "AIWG_TELEGRAM_CHAT_ID",
    }
}

/// The variable with the base address of a platform.
pub(crate) const fn address_variable(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "AIWG_SLACK_API_URL",
        Platform::Discord => "AIWG_DISCORD_API_URL",
        Platform::Telegram => "AIWG_TELEGRAM_API_URL",
    }
}

/// The shortest token that is looked for within other values. Real ones are longer; what is shorter may be in anything.
const SHORTEST_WITHIN: usize = 16;

/// The variable with the address of the store. No agent finds it.
pub(crate) const STORE_VARIABLE: &str = "AIWG_STORE";

/// The variables with which PostgreSQL's programs find a password.
const PASSWORD_VARIABLES: [&str; 2] = ["PGPASSWORD", "PGPASSFILE"];

/// The password's own.
const PASSWORD: &str = PASSWORD_VARIABLES[0];

/// True if the store of this configuration is a PostgreSQL.
fn has_postgres(config: &Config) -> bool {
    config.store.is_some() || std::env::var_os(STORE_VARIABLE).is_some_and(|named| !named.is_empty())
}

/// The tokens of messaging and the secrets of webhooks in the daemon's environment, to recognise them wherever else they stand. Without one it
/// holds nothing.
#[derive(Default)]
pub(crate) struct Secrets {
    values: Vec<OsString>,
    /// The variables with secrets of webhooks.
    variables: Vec<String>,
}

impl Secrets {
    /// The tokens of this process.
    pub(crate) fn of_daemon() -> Self {
        Self::of(TOKEN_VARIABLES.into_iter().filter_map(std::env::var_os))
    }

    /// The same, with those of the webhooks that this configuration has, and with the password of its store.
    pub(crate) fn of_config(config: &Config) -> Self {
        let mut variables: Vec<String> = secret_variables(config).map(str::to_owned).collect();
        let all = TOKEN_VARIABLES.into_iter().chain(variables.iter().map(String::as_str));
        let mut values: Vec<OsString> = all.filter_map(std::env::var_os).collect();
        // Whose store is not there may need them for something else.
        if has_postgres(config) {
            values.extend(std::env::var_os(PASSWORD));
            variables.extend(PASSWORD_VARIABLES.map(str::to_owned));
        }
        Self { variables, ..Self::of(values.into_iter()) }
    }

    fn of(tokens: impl Iterator<Item = OsString>) -> Self {
        let trimmed = |token: OsString| OsStr::from_bytes(token.as_bytes().trim_ascii()).to_owned();
        let values = tokens.map(trimmed).filter(|token| !token.is_empty()).collect();
        Self { values, variables: Vec::new() }
    }

    /// True for a variable that no agent may find: one that is for a token or a secret, or any other whose value is one, or has one in it.
    pub(crate) fn hold(&self, name: &str, value: &OsStr) -> bool {
        TOKEN_VARIABLES.contains(&name)
            || self.variables.iter().any(|variable| variable == name)
            || self.values.iter().any(|token| is_within(token, value.as_bytes()))
    }
}

fn is_within(token: &OsStr, value: &[u8]) -> bool {
    let token = token.as_bytes();
    value.trim_ascii() == token
        || (token.len() >= SHORTEST_WITHIN && value.windows(token.len()).any(|part| part == token))
}

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
    /// The time for which Telegram may hold a poll, in seconds, as it is written.
    pub(crate) poll_seconds: Option<String>,
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
            chats: each(Platform::ALL.map(|platform| (platform, chat_variable(platform)))),
            write_users: users
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter(|user| !user.is_empty())
                .map(str::to_owned)
                .collect(),
            addresses: each(Platform::ALL.map(|platform| (platform, address_variable(platform)))),
            poll_seconds: get("AIWG_TELEGRAM_POLL_SECONDS"),
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

    /// The time for which Telegram may hold a poll; none if that is not set, or cannot be.
    pub(crate) fn poll(&self) -> Option<Duration> {
        let seconds = self.poll_seconds.as_ref()?.parse().ok()?;
        let poll = Duration::from_secs(seconds);
        (Duration::from_secs(1)..=LONGEST_POLL).contains(&poll).then_some(poll)
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

    #[test]
    fn a_poll_is_held_for_as_long_as_telegram_does() {
        let poll = |seconds: &str| {
            Environment { poll_seconds: Some(seconds.to_owned()), ..Environment::default() }.poll()
        };
        assert_eq!((poll("1"), poll("50")), (Some(Duration::from_secs(1)), Some(LONGEST_POLL)));
        assert!(["0", "51", "x", "-1", "1.5"].iter().all(|seconds| poll(seconds).is_none()));
    }

    #[test]
    fn a_token_is_recognised_under_any_name() {
        let secrets = Secrets::of(["1:x", " xoxb-1234567890-abc\n", ""].into_iter().map(OsString::from));
        let hold = |name: &str, value: &str| secrets.hold(name, OsStr::new(value));
        assert!(
            hold("BOT", "1:x") && hold("BOT", "xoxb-1234567890-abc") && hold("BOT", "xoxb-1234567890-abc ")
        );
        assert!(hold("URL", "https://slack.com/?token=xoxb-1234567890-abc&x"));
        assert!(hold("AIWG_DISCORD_TOKEN", "other") && !hold("TIME", "11:x1") && !hold("EMPTY", ""));
        assert!(!Secrets::default().hold("BOT", OsStr::new("1:x")));
    }
}
