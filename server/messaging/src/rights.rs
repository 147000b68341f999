//! The rights of people. Nobody may do anything unless listed, by an id: names change hands.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::Platform;

/// A right of a person. Each right has those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Look at how things stand.
    Read,
    /// Ask an agent, which should be able to read only.
    Ask,
    /// Give work, decide, and switch.
    Write,
}

impl Right {
    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ask => "ask",
            Self::Write => "write",
        }
    }
}

/// A person, by the id that the platform gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId {
    /// The platform.
    pub platform: Platform,
    /// The id there.
    pub id: String,
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.platform, self.id)
    }
}

/// A text that names no person: the reason, and how to find the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnId(pub String);

impl PersonId {
    /// Reads `telegram:77`.
    ///
    /// # Errors
    /// It has no platform, or a name in place of the id.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let Some((platform, id)) = text.trim().split_once(':') else {
            return Err(NotAnId(format!(
                "{} does not say on which platform: write slack:U012ABC, discord:112233445566778899 or telegram:77",
                shown(text)
            )));
        };
        let platform = Platform::named(platform).ok_or_else(|| {
            NotAnId(format!("{} is no platform: there are slack, discord and telegram", shown(platform)))
        })?;
        if !platform.is_person(id) {
            return Err(NotAnId(format!(
                "{} is no id of a person on {}, and names change hands: the bot answers `whoami` with the id{}",
                shown(id),
                platform.title(),
                hint(platform)
            )));
        }
        Ok(Self { platform, id: id.to_owned() })
    }

    /// Reads an id of `AIWG_WRITE_USERS`, which may leave out the platform.
    ///
    /// # Errors
    /// It is none of any platform.
    pub fn parse_bare(text: &str) -> Result<Self, NotAnId> {
        let text = text.trim();
        if text.contains(':') {
            return Self::parse(text);
        }
        // No id is one of two platforms: Discord's are longer than Telegram's.
        let found = Platform::ALL.into_iter().find(|platform| platform.is_person(text));
        found.map(|platform| Self { platform, id: text.to_owned() }).ok_or_else(|| {
            NotAnId(format!(
                "{} is no id of a person on any platform, and names change hands: write slack:U012ABC, \
                 discord:112233445566778899 or telegram:77",
                shown(text)
            ))
        })
    }
}

/// A text that is none of what it should be, in quotes. A long one may be a token that was put in the wrong place: of that, little is shown.
fn shown(text: &str) -> String {
    /// No id has as many characters, and every token has more.
    const LONGEST: usize = 32;
    match text.chars().count() {
        count if count > LONGEST => {
            format!(
                "a text of {count} characters that begins with {:?}",
                text.chars().take(4).collect::<String>()
            )
        }
        _ => format!("{text:?}"),
    }
}

fn hint(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "; so does the person's profile: \"Copy member ID\"",
        Platform::Discord => "; so does \"Copy User ID\", with the developer mode on",
        Platform::Telegram => ", in a direct message to it",
    }
}

/// The people who are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People(BTreeMap<PersonId, Right>);

impl People {
    /// Lists a person. The highest right counts.
    pub fn list(&mut self, person: PersonId, right: Right) {
        let has = self.0.entry(person).or_insert(right);
        *has = (*has).max(right);
    }

    /// The right of a person; none if they are not listed.
    pub fn right_of(&self, person: &PersonId) -> Option<Right> {
        self.0.get(person).copied()
    }

    /// The people that are listed for a platform.
    pub fn on(&self, platform: Platform) -> impl Iterator<Item = &PersonId> {
        self.0.keys().filter(move |person| person.platform == platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_place_of_an_id_is_not_shown() {
        let secrets =
            ["xoxb-12345678901-abcdefghijklmnopqrstuvwx", "123456789:AAHabcdefghijklmnopqrstuvwxyz0123456"];
        for token in secrets {
            for wrong in [PersonId::parse(token), PersonId::parse_bare(token)] {
                let NotAnId(said) = wrong.unwrap_err();
                assert!(!said.contains("abcdefghij"), "{said}");
            }
        }
    }

    #[test]
    fn only_ids_name_people() {
        for good in ["slack:U012ABC", "slack:W9X8", "discord:112233445566778899", "telegram:77"] {
            assert_eq!(PersonId::parse(good).unwrap().to_string(), good);
        }
        for (wrong, said) in [
            ("U012ABC", "does not say on which platform"),
            ("irc:joe", "is no platform"),
            ("telegram:@joe", "the bot answers `whoami` with the id, in a direct message"),
            ("telegram:-100123", "is no id of a person"),
            ("slack:joe", "Copy member ID"),
            ("slack:", "is no id"),
            ("discord:joe#1234", "Copy User ID"),
            ("discord:77", "is no id"),
        ] {
            let error = PersonId::parse(wrong).unwrap_err().0;
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_bare_id_is_of_one_platform() {
        let platform = |id: &str| PersonId::parse_bare(id).map(|person| person.platform.name());
        assert_eq!(platform("77"), Ok("telegram"));
        assert_eq!(platform(" U012ABC "), Ok("slack"));
        assert_eq!(platform("112233445566778899"), Ok("discord"));
        assert_eq!(platform("telegram:5"), Ok("telegram"));
        assert!(platform("joe").is_err() && platform("").is_err());
        for length in 1..=20 {
            let id = "9".repeat(length);
            let of = Platform::ALL.into_iter().filter(|platform| platform.is_person(&id)).count();
            assert!(of <= 1, "{id}");
        }
    }

    #[test]
    fn the_highest_right_counts_and_nobody_else_has_one() {
        let person = |id: &str| PersonId::parse(id).unwrap();
        let mut people = People::default();
        people.list(person("telegram:7"), Right::Write);
        people.list(person("telegram:7"), Right::Read);
        people.list(person("telegram:8"), Right::Read);
        assert_eq!(people.right_of(&person("telegram:7")), Some(Right::Write));
        assert_eq!(people.right_of(&person("telegram:8")), Some(Right::Read));
        assert_eq!(people.right_of(&person("telegram:9")), None);
        assert!(Right::Read < Right::Ask && Right::Ask < Right::Write);
        assert_eq!((people.on(Platform::Telegram).count(), people.on(Platform::Slack).count()), (2, 0));
    }
}
