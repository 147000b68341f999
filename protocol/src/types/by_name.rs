use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IntoDeserializer},
};

use super::open::Word;

/// Reads an enum that only clients send by its name only: serde by itself takes `{"queued": null}` for `"queued"`, too, which the schema does not.
pub(super) fn by_name<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    name.map(|name| T::deserialize(name.into_deserializer())).transpose()
}

/// The same of an enum that must be there and reads any word: only those that the daemon knows.
pub(super) fn known<'de, T: Word, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    T::known(&name).ok_or_else(|| D::Error::unknown_variant(&name, T::WORDS))
}

/// The same of an enum that reads any word: of one that the daemon receives, only those that it knows.
pub(super) fn known_by_name<'de, T: Word, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    name.map(|name| T::known(&name).ok_or_else(|| D::Error::unknown_variant(&name, T::WORDS))).transpose()
}
