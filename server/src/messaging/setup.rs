//! The part of the set-up by which the engine works.

use std::sync::Arc;

use aiwg_messaging::{
    Place, Platform,
    notice::{Pace, Severity, Template, USUAL_TOPICS},
    rights::{People, PersonId, Right},
};
use aiwg_patterns::TopicFilter;
use aiwg_protocol::{
    config::{Config, NoticeSeverity, NotifyConfig, PlatformName},
    types::Timestamp,
};
use jiff::tz::TimeZone;

use super::Environment;
use crate::accounts::Hours;

/// The set-up of messaging, where any platform is on.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The platforms that are on.
    pub platforms: Vec<Platform>,
    /// The places where notices are sent: one of each platform that has one.
    pub homes: Vec<Place>,
    /// The people who may write to the daemon.
    pub people: People,
    /// The events that notices are about.
    pub subscriptions: Vec<Subscription>,
    /// The pace of notices.
    pub pace: Pace,
    /// Hours without notices.
    pub quiet: Option<Quiet>,
    /// Time after which a message is not sent any more, in milliseconds.
    pub expire_ms: u64,
    /// Time limit of an answer, in milliseconds.
    pub answer_ms: u64,
}

/// Events that notices are about.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Their topics.
    pub topics: TopicFilter,
    /// The severity of the notices; by the topic if none.
    pub severity: Option<Severity>,
    /// The platforms on which they are sent; all if none.
    pub to: Option<Vec<Platform>>,
    /// Their text; by the topic if none.
    pub text: Option<Template>,
}

/// Hours without notices.
#[derive(Debug, Clone)]
pub struct Quiet {
    /// The other hours.
    pub others: Hours,
    /// The severity from which notices are sent all the same.
    pub except: Option<Severity>,
    /// The time zone.
    pub zone: TimeZone,
}

impl Quiet {
    /// The first moment, from this one on, at which a notice of this severity may be sent.
    pub(crate) fn first_moment(&self, now: Timestamp, severity: Severity) -> Timestamp {
        if self.except.is_some_and(|least| severity >= least) {
            return now;
        }
        self.others.first_within(now, &self.zone)
    }
}

impl Setup {
    /// The set-up by a checked configuration and the environment; none where no platform is on.
    pub(crate) fn of(config: &Config, environment: &Environment) -> Option<Arc<Self>> {
        let platforms: Vec<Platform> = environment.tokens.iter().map(|(platform, _)| *platform).collect();
        if platforms.is_empty() {
            return None;
        }
        let messaging = &config.messaging;
        let homes = platforms.iter().filter_map(|platform| home(config, environment, *platform)).collect();
        let zone = || aiwg_schedule::time_zone(config.schedule.timezone.as_deref()).unwrap_or(TimeZone::UTC);
        let quiet = messaging.quiet.as_ref().and_then(|quiet| {
            let others = Hours::parse(&format!("{}-{}", quiet.to, quiet.from))?;
            Some(Quiet { others, except: quiet.except.map(severity), zone: zone() })
        });
        Some(Arc::new(Self {
            platforms,
            homes,
            people: people(config, environment),
            subscriptions: subscriptions(messaging.notify.as_deref()),
            pace: Pace {
                window_ms: i64::from(messaging.digest.window_seconds) * 1000,
                max_per_minute: messaging.digest.max_per_minute,
            },
            quiet,
            expire_ms: u64::from(messaging.outbox.expire_hours) * 3_600_000,
            answer_ms: aiwg_model::limits::minutes_to_ms(messaging.chat.timeout_minutes),
        }))
    }

    /// The place of a platform where notices are sent.
    pub(crate) fn home_on(&self, platform: Platform) -> Option<&Place> {
        self.homes.iter().find(|place| place.platform == platform)
    }
}

fn home(config: &Config, environment: &Environment, platform: Platform) -> Option<Place> {
    let messaging = &config.messaging;
    let (chat, topic) = match platform {
        Platform::Slack => (messaging.slack.as_ref().and_then(|slack| slack.channel.clone()), None),
        Platform::Discord => (messaging.discord.as_ref().and_then(|discord| discord.channel.clone()), None),
        Platform::Telegram => {
            let telegram = messaging.telegram.as_ref();
            (
                telegram.and_then(|telegram| telegram.chat.clone()),
                telegram.and_then(|telegram| telegram.topic),
            )
        }
    };
    let of_environment =
        || environment.chats.iter().find(|(of, _)| *of == platform).map(|(_, chat)| chat.clone());
    let chat = chat.or_else(of_environment).filter(|chat| platform.is_chat(chat))?;
    Some(Place { platform, chat, thread: topic.map(|topic| topic.to_string()) })
}

fn people(config: &Config, environment: &Environment) -> People {
    let users = &config.messaging.users;
    let listed = [(&users.read, Right::Read), (&users.ask, Right::Ask), (&users.write, Right::Write)];
    let mut people = People::default();
    for (list, right) in listed {
        list.iter().filter_map(|id| PersonId::parse(id).ok()).for_each(|person| people.list(person, right));
    }
    let of_environment = environment.write_users.iter().filter_map(|id| PersonId::parse_bare(id).ok());
    of_environment.for_each(|person| people.list(person, Right::Write));
    people
}

fn subscriptions(notify: Option<&[NotifyConfig]>) -> Vec<Subscription> {
    let Some(notify) = notify else {
        let usual = TopicFilter::new(&USUAL_TOPICS).ok();
        return usual
            .map(|topics| Subscription { topics, severity: None, to: None, text: None })
            .into_iter()
            .collect();
    };
    let subscription = |one: &NotifyConfig| {
        Some(Subscription {
            topics: TopicFilter::new(&one.topics).ok()?,
            severity: one.severity.map(severity),
            to: one.to.as_ref().map(|to| to.iter().map(|name| platform(*name)).collect()),
            text: one.text.as_ref().and_then(|text| Template::parse(text).ok()),
        })
    };
    notify.iter().filter_map(subscription).collect()
}

fn severity(of: NoticeSeverity) -> Severity {
    match of {
        NoticeSeverity::Info => Severity::Info,
        NoticeSeverity::Warning => Severity::Warning,
        NoticeSeverity::Critical => Severity::Critical,
    }
}

fn platform(name: PlatformName) -> Platform {
    match name {
        PlatformName::Slack => Platform::Slack,
        PlatformName::Discord => Platform::Discord,
        PlatformName::Telegram => Platform::Telegram,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(config: &str, variables: &[(&str, &str)]) -> Option<Arc<Setup>> {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = Environment::of(|name| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        });
        Setup::of(&serde_json::from_str(config).unwrap(), &environment)
    }

    const TOKEN: (&str, &str) = ("AIWG_TELEGRAM_TOKEN", "1:x");

    #[test]
    fn without_a_token_there_is_nothing() {
        assert!(
            setup(r#"{"messaging": {"telegram": {"chat": "7"}}}"#, &[("AIWG_TELEGRAM_CHAT_ID", "7")])
                .is_none()
        );
    }

    #[test]
    fn tokens_in_the_environment_are_enough() {
        let of_environment =
            setup("{}", &[TOKEN, ("AIWG_TELEGRAM_CHAT_ID", "-1007"), ("AIWG_WRITE_USERS", "77")]).unwrap();
        assert_eq!(of_environment.homes[0].to_string(), "telegram:-1007");
        let person = PersonId::parse("telegram:77").unwrap();
        assert_eq!(of_environment.people.right_of(&person), Some(Right::Write));
        assert!(of_environment.subscriptions[0].topics.is_match("budget:exhausted"));
        let of_file = setup(
            r#"{"messaging": {"telegram": {"chat": "5", "topic": 3}, "users": {"ask": ["telegram:77"]},
                "notify": [{"topics": ["a:*"], "to": ["slack"], "severity": "critical"}], "digest": {"window_seconds": 0}}}"#,
            &[TOKEN, ("AIWG_TELEGRAM_CHAT_ID", "-1007")],
        )
        .unwrap();
        assert_eq!(of_file.homes[0].to_string(), "telegram:5:3");
        assert_eq!(of_file.people.right_of(&person), Some(Right::Ask));
        assert_eq!(
            (of_file.subscriptions[0].severity, of_file.pace.window_ms),
            (Some(Severity::Critical), 0)
        );
        assert!(!of_file.subscriptions[0].topics.is_match("task:failed"));
    }

    #[test]
    fn quiet_hours_are_over_in_the_morning() {
        let quiet = |text: &str| {
            let config = format!(
                r#"{{"schedule": {{"timezone": "Europe/Berlin"}}, "messaging": {{"quiet": {text}}}}}"#
            );
            setup(&config, &[TOKEN]).unwrap().quiet.clone().unwrap()
        };
        let hours = quiet(r#"{"from": "22:00", "to": "07:00", "except": "critical"}"#);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let night = at("2026-11-29T23:30:00Z");
        assert_eq!(hours.first_moment(night, Severity::Warning), at("2026-11-30T06:00:00Z"));
        assert_eq!(hours.first_moment(night, Severity::Critical), night);
        let day = at("2026-11-29T12:00:00Z");
        assert_eq!(hours.first_moment(day, Severity::Info), day);
        let always = quiet(r#"{"from": "22:00", "to": "07:00"}"#);
        assert_eq!(always.first_moment(night, Severity::Critical), at("2026-11-30T06:00:00Z"));
    }
}
