//! Enums that a newer daemon may extend: a client takes an unknown word as it comes, and only the sender is held to
//! the words of this version.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Json;

/// The keyword that marks a schema as one whose values may become more with a minor version. Who receives such a value must expect one
/// that is not listed; who sends it may not.
const OPEN: &str = "x-open";

/// Maximum number of words that are remembered, and maximum length of each, in bytes: a daemon that lies costs no more
/// memory than this.
const MOST_WORDS: usize = 256;
const LONGEST_WORD: usize = 64;

/// Declares an enum of words that the daemon sends, with a variant for those that this version does not know.
///
/// Each word is stated once, with those that older daemons have for it. Reading one never fails; where clients send it, `known_by_name`
/// refuses what is not known.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[doc = $doc:literal])+ $variant:ident = $word:literal $(| $older:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
            /// One that this version, being older than the daemon, does not know: the word that it sent.
            Unknown(&'static str),
        }

        impl $name {
            /// All that this version knows.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }

            /// The one of this name, if this version knows it.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <::std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(match word.as_ref() {
                    $($word $(| $older)* => Self::$variant,)+
                    word => Self::Unknown($crate::types::open::remembered(word)),
                })
            }
        }

        impl $crate::types::open::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn known(word: &str) -> Option<Self> {
                Self::from_name(word)
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                /// The known words, for its schema.
                #[allow(dead_code)]
                mod known {
                    $(#[$meta])*
                    #[derive(::schemars::JsonSchema)]
                    #[schemars(extend("x-open" = true))]
                    pub(super) enum $name {
                        $($(#[doc = $doc])+ #[schemars(rename = $word)] $variant,)+
                    }
                }
                known::$name::json_schema(generator)
            }
        }
    };
}
pub(crate) use open_enum;

/// An enum of words that can be read strictly, too.
pub trait Word: Sized {
    /// All that this version knows.
    const WORDS: &'static [&'static str];

    /// The one of this name, if this version knows it.
    fn known(word: &str) -> Option<Self>;
}

/// A word that this version does not know, once for all who receive it: so what holds it is as cheap to copy as a known one.
///
/// Text that is no word, or beyond the limits, is `unknown`: what a client prints of it does nothing to a terminal.
pub(crate) fn remembered(word: &str) -> &'static str {
    static WORDS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    let words = words.get_or_insert_default();
    if let Some(known) = words.get(word) {
        return known;
    }
    let is_word = word.len() <= LONGEST_WORD && word.bytes().all(|byte| byte.is_ascii_graphic());
    if words.len() >= MOST_WORDS || !is_word {
        return "unknown";
    }
    let word: &'static str = String::leak(word.to_owned());
    words.insert(word);
    word
}

/// Something that the daemon sends, or one of a kind that this version, being older than the daemon, does not know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Open<T> {
    /// One that it knows.
    Known(T),
    /// One that it does not: all of it, as it came.
    Unknown(Json),
}

impl<T> Open<T> {
    /// The one that it is, if this version knows it.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for Open<T> {
    fn from(known: T) -> Self {
        Self::Known(known)
    }
}

impl<T: Serialize> Serialize for Open<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(known) => known.serialize(serializer),
            Self::Unknown(json) => json.serialize(serializer),
        }
    }
}

impl<'de, T: for<'a> Deserialize<'a>> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Ok(json.to().map_or_else(|_| Self::Unknown(json), Self::Known))
    }
}

impl<T: JsonSchema> JsonSchema for Open<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        schema.insert(OPEN.to_owned(), true.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{TaskListParams, TaskState, Trigger};

    #[test]
    fn what_a_newer_daemon_sends_is_taken_as_it_comes() {
        let paused: TaskState = serde_json::from_str("\"paused\"").unwrap();
        assert_eq!(paused, TaskState::Unknown("paused"));
        assert_eq!(serde_json::to_string(&paused).unwrap(), "\"paused\"");
        assert_eq!(paused.to_string(), "paused");
        assert!(!paused.is_final());
        let trigger = r#"{"type":"webhook","url":"http://a"}"#;
        let read: Open<Trigger> = serde_json::from_str(trigger).unwrap();
        assert_eq!(read.known(), None);
        assert_eq!(serde_json::to_string(&read).unwrap(), trigger);
        let known: Open<Trigger> = serde_json::from_str(r#"{"type":"event","topic":"a"}"#).unwrap();
        assert_eq!(known.known(), Some(&Trigger::Event { topic: "a".to_owned(), topics: vec![] }));
    }

    #[test]
    fn who_sends_is_held_to_what_is_known() {
        let error = serde_json::from_str::<TaskListParams>(r#"{"state":"paused"}"#).unwrap_err().to_string();
        assert!(error.contains("unknown variant `paused`") && error.contains("`queued`"), "{error}");
    }

    #[test]
    fn words_cost_a_bounded_amount_of_memory() {
        for number in 0..10 * MOST_WORDS {
            let read: TaskState = serde_json::from_str(&format!("\"word-{number}\"")).unwrap();
            assert!(matches!(read, TaskState::Unknown(_)));
        }
        assert_eq!(remembered("one-more"), "unknown");
        for no_word in [&*"x".repeat(LONGEST_WORD + 1), "\u{1b}[2J", "ü"] {
            assert_eq!(remembered(no_word), "unknown");
        }
    }
}
