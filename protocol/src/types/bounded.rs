//! Lists and maps of params that end somewhere: a line of some MiB has room for millions of entries, each of which would take many times its
//! own text in memory before anyone could say that there are too many.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::json::Doubled;

/// The most entries of a list. What each list may have is less, and said by the method.
const MOST_ENTRIES: usize = 10_000;

/// The most members of a map.
const MOST_MEMBERS: usize = 100_000;

/// Reads a list of texts, or null.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let list = Option::<Bounded<Vec<String>>>::deserialize(deserializer)?;
    Ok(list.map(|Bounded(list)| list))
}

/// Reads a map that has no member twice, or null.
pub(super) fn map<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, V>>, D::Error> {
    let map = Option::<Bounded<BTreeMap<String, V>>>::deserialize(deserializer)?;
    Ok(map.map(|Bounded(map)| map))
}

/// Reads an object, or null: serde by itself takes a list of the members' values for it, too, which the schema does not.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let object = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(object.map(|Object(object)| object))
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

struct Bounded<T>(T);

impl<'de> Deserialize<'de> for Bounded<Vec<String>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor).map(Self)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
            if list.len() > MOST_ENTRIES {
                let mut count = list.len();
                drop(list);
                while entries.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                return Err(A::Error::custom(format_args!(
                    "it has {count} entries; {MOST_ENTRIES} is the limit"
                )));
            }
        }
        Ok(list)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Bounded<BTreeMap<String, V>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor(PhantomData)).map(Self)
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                members.next_value_seed(Doubled)?;
            }
            map.insert(name, members.next_value()?);
            if map.len() > MOST_MEMBERS {
                return Err(A::Error::custom(format_args!(
                    "it has more than {MOST_MEMBERS} members, which is the limit"
                )));
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        types::{EventListParams, TaskSubmitParams},
        wire::decode_params,
    };

    #[test]
    fn lists_and_maps_end_somewhere() {
        let list = |count| format!(r#"{{"topics":[{}]}}"#, vec![r#""""#; count].join(","));
        let read = |text: &str| serde_json::from_str::<EventListParams>(text).map(|params| params.topics);
        assert_eq!(read(&list(MOST_ENTRIES)).unwrap().unwrap().len(), MOST_ENTRIES);
        assert!(read(&list(20_000)).unwrap_err().to_string().contains("it has 20000 entries; 10000 is"));
        assert_eq!((read("{}").unwrap(), read(r#"{"topics":null}"#).unwrap()), (None, None));
        let members = |count| {
            let members: Vec<String> = (0..count).map(|n| format!(r#""{n}":"""#)).collect();
            format!(r#"{{"prompt":"x","env":{{{}}}}}"#, members.join(","))
        };
        let read = |text: &str| serde_json::from_str::<TaskSubmitParams>(text).map(|params| params.env);
        assert_eq!(read(&members(MOST_MEMBERS)).unwrap().unwrap().len(), MOST_MEMBERS);
        assert!(
            read(&members(MOST_MEMBERS + 1)).unwrap_err().to_string().contains("more than 100000 members")
        );
    }

    #[test]
    fn a_map_that_has_a_member_twice_is_wrong_there() {
        for member in ["env", "metadata"] {
            let params = format!(r#"{{"prompt":"x","{member}":{{"A":"1","B":"1","\u0041":"2"}}}}"#);
            let error = decode_params::<TaskSubmitParams>(Some(&params)).unwrap_err().to_string();
            assert!(error.contains(&format!("\"{member}.A\" is wrong: its object has it twice")), "{error}");
        }
    }
}
