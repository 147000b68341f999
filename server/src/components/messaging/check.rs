//! The checks of the section `messaging`, and of what the environment says besides.

use std::{cell::OnceCell, path::Path};

use aiwg_messaging::{Platform, notice::Template, rights::PersonId};
use aiwg_patterns::Pattern;
use aiwg_platforms::telegram::LONGEST_POLL;
use aiwg_protocol::config::Config;

use super::tokens;
use crate::{
    accounts::Hours,
    config::{Check, SectionCheck, Step},
    messaging::{Environment, chat_variable},
    rules::Published,
};

/// The checks of the section `messaging`.
pub(crate) struct MessagingCheck;

const SECTION: Step<'static> = Step::Key("messaging");

impl SectionCheck for MessagingCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        check_chats(check, config);
        check_server(check, config);
        check_people(check, config);
        check_notices(check, config);
        tokens::check(check, config);
        if let Some(quiet) = &config.messaging.quiet
            && Hours::parse(&format!("{}-{}", quiet.from, quiet.to)).is_none()
        {
            let why = format!("{:?} to {:?} are no hours: \"22:00\" to \"07:00\" are", quiet.from, quiet.to);
            check.wrong(&[SECTION, Step::Key("quiet")], why);
        }
        if config.messaging.chat.command.first().is_none_or(String::is_empty) {
            let why =
                "names no program: [\"claude\", \"-p\", \"--permission-mode\", \"plan\"] is the default";
            check.wrong(&[SECTION, Step::Key("chat"), Step::Key("command")], why);
        }
    }

    fn not_meant(&self, _project: &Path, config: &Config) -> Vec<String> {
        let messaging = &config.messaging;
        let users = &messaging.users;
        let is_bare = users.write.is_empty() && users.ask.is_empty() && users.read.is_empty();
        let has_chat =
            messaging.telegram.is_some() || messaging.slack.is_some() || messaging.discord.is_some();
        let why = "messaging.users lists nobody: unless AIWG_WRITE_USERS does, notices are sent, and nobody is obeyed";
        (is_bare && has_chat).then(|| why.to_owned()).into_iter().collect()
    }
}

/// The fault of an id of a chat.
fn wrong_chat(platform: Platform, id: &str) -> Option<String> {
    let example = match platform {
        Platform::Slack => "C0AB12 is one, which the channel's details show",
        Platform::Discord => "\"Copy Channel ID\" shows it, with the developer mode on",
        Platform::Telegram => "-1001234567890 is one, which the bot answers to /whoami there",
    };
    (!platform.is_chat(id)).then(|| format!("{id:?} is no id of a chat on {}: {example}", platform.title()))
}

fn check_chats(check: &mut Check<'_, '_, '_>, config: &Config) {
    let messaging = &config.messaging;
    let slack = messaging.slack.as_ref().and_then(|slack| slack.channel.as_ref());
    let discord = messaging.discord.as_ref().and_then(|discord| discord.channel.as_ref());
    let telegram = messaging.telegram.as_ref().and_then(|telegram| telegram.chat.as_ref());
    for (platform, key, chat) in [
        (Platform::Slack, "channel", slack),
        (Platform::Discord, "channel", discord),
        (Platform::Telegram, "chat", telegram),
    ] {
        if let Some(why) = chat.and_then(|chat| wrong_chat(platform, chat)) {
            check.wrong(&[SECTION, Step::Key(platform.name()), Step::Key(key)], why);
        }
    }
}

fn check_server(check: &mut Check<'_, '_, '_>, config: &Config) {
    let guild = config.messaging.discord.as_ref().and_then(|discord| discord.guild.as_ref());
    // Ids of channels and servers look alike.
    if let Some(guild) = guild.filter(|guild| !Platform::Discord.is_chat(guild)) {
        let why = format!(
            "{guild:?} is no id of a server on Discord: \"Copy Server ID\" shows it, with the developer mode on"
        );
        check.wrong(&[SECTION, Step::Key("discord"), Step::Key("guild")], why);
    }
}

fn check_people(check: &mut Check<'_, '_, '_>, config: &Config) {
    let users = &config.messaging.users;
    for (key, list) in [("write", &users.write), ("ask", &users.ask), ("read", &users.read)] {
        for (place, id) in list.iter().enumerate() {
            if let Err(why) = PersonId::parse(id) {
                check.wrong(&[SECTION, Step::Key("users"), Step::Key(key), Step::Place(place)], why.0);
            }
        }
    }
}

fn check_notices(check: &mut Check<'_, '_, '_>, config: &Config) {
    // Made when the first topic needs it.
    let published = OnceCell::new();
    for (place, one) in config.messaging.notify.iter().flatten().enumerate() {
        let at = [SECTION, Step::Key("notify"), Step::Place(place)];
        if one.topics.is_empty() {
            check.wrong(&at, "names no topics: {\"topics\": [\"task:failed\"]} does");
        }
        for (n, topic) in one.topics.iter().enumerate() {
            let in_vain = || published.get_or_init(|| Published::by(config)).in_vain(topic);
            let syntax = Pattern::topic(topic).err().map(|error| error.to_string());
            if let Some(why) = syntax.or_else(in_vain) {
                check.wrong(&[at[0], at[1], at[2], Step::Key("topics"), Step::Place(n)], why);
            }
        }
        if let Some(Err(why)) = one.text.as_ref().map(|text| Template::parse(text)) {
            check.wrong(&[at[0], at[1], at[2], Step::Key("text")], why.0);
        }
    }
}

/// The settings that have no effect in this environment: notices that go only to platforms that are off.
pub(super) fn in_vain(config: &Config, environment: &Environment) -> Vec<String> {
    // Where none is on, nobody expects anything of messaging.
    if environment.tokens.is_empty() {
        return Vec::new();
    }
    let notify = config.messaging.notify.iter().flatten().enumerate();
    let off = notify.flat_map(|(place, one)| {
        one.to.iter().flatten().map(move |name| (place, *name)).filter(|(_, name)| {
            Platform::named(name.as_str()).is_none_or(|platform| environment.token(platform).is_none())
        })
    });
    off.map(|(place, name)| {
        format!(
            "messaging.notify[{place}].to names {}, which is off: no token of it is in the daemon's environment, and nothing of it is sent there",
            name.as_str()
        )
    })
    .collect()
}

/// The faults of the settings in the environment.
pub(super) fn faults_of(environment: &Environment) -> Vec<String> {
    let mut faults = Vec::new();
    for user in &environment.write_users {
        faults.extend(PersonId::parse_bare(user).err().map(|why| format!("AIWG_WRITE_USERS: {}", why.0)));
    }
    for (platform, chat) in &environment.chats {
        faults.extend(wrong_chat(*platform, chat).map(|why| format!("{}: {why}", chat_variable(*platform))));
    }
    if let Some(seconds) = environment.poll_seconds.as_ref().filter(|_| environment.poll().is_none()) {
        let most = LONGEST_POLL.as_secs();
        faults.push(format!("AIWG_TELEGRAM_POLL_SECONDS is {seconds:?}: it is a number from 1 to {most}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn notices_to_platforms_that_are_off_are_named() {
        let config = r#"{"messaging": {"notify": [
            {"topics": ["a:*"]}, {"topics": ["b:*"], "to": ["telegram", "slack"]}, {"topics": ["c:*"], "to": ["telegram"]}]}}"#;
        let config: Config = serde_json::from_str(config).unwrap();
        let named = in_vain(&config, &environment(&[("AIWG_TELEGRAM_TOKEN", "1:x")]));
        assert_eq!(named.len(), 1, "{named:?}");
        assert!(named[0].starts_with("messaging.notify[1].to names slack, which is off"), "{named:?}");
        assert!(in_vain(&config, &environment(&[])).is_empty());
    }

    #[test]
    fn faults_of_the_environment_name_their_variable() {
        let all = [
            ("AIWG_TELEGRAM_TOKEN", "1:x"),
            ("AIWG_TELEGRAM_CHAT_ID", "@group"),
            ("AIWG_SLACK_CHANNEL", "general"),
            ("AIWG_DISCORD_CHANNEL", "x"),
        ];
        let faults = faults_of(&environment(&all));
        for name in ["AIWG_TELEGRAM_CHAT_ID: \"@group\"", "AIWG_SLACK_CHANNEL: ", "AIWG_DISCORD_CHANNEL: "] {
            assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name}: {faults:?}");
        }
    }
}
