//! The types that a client writes, and those that it reads.

use std::collections::BTreeSet;

use super::{Method, Notification, Topic, TypeDef};
use crate::GenerateError;

/// Marks each type with the ways it travels, and finds references that lead nowhere.
pub(super) fn mark(
    types: &mut [TypeDef],
    methods: &[Method],
    notifications: &[Notification],
    topics: &[Topic],
) -> Result<(), GenerateError> {
    let params: Vec<&TypeDef> =
        types.iter().filter(|def| methods.iter().any(|method| method.params == def.name)).collect();
    let within =
        params.iter().flat_map(|def| def.kind.refs().into_iter().map(|name| (def.name.as_str(), name)));
    let results = methods.iter().filter_map(|method| Some((method.name.as_str(), method.result.refs()?)));
    let pushed =
        notifications.iter().filter(|row| !row.to_daemon).map(|row| (row.name.as_str(), row.params.as_str()));
    let sent = closure(types, within)?;
    let published = topics.iter().map(|topic| (topic.name, topic.payload.as_str()));
    let received = closure(types, results.chain(pushed).chain(published))?;
    for def in types {
        def.is_params = methods.iter().any(|method| method.params == def.name);
        def.sent = sent.contains(&def.name);
        def.received = received.contains(&def.name);
    }
    Ok(())
}

/// The types that are named, and those named by them.
fn closure<'a>(
    types: &'a [TypeDef],
    roots: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<BTreeSet<String>, GenerateError> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<(&str, &str)> = roots.collect();
    while let Some((place, name)) = open.pop() {
        let Some(def) = types.iter().find(|def| def.name == name) else {
            return Err(GenerateError::NoSuchType { place: place.to_owned(), name: name.to_owned() });
        };
        if reached.insert(name.to_owned()) {
            open.extend(def.kind.refs().into_iter().map(|inner| (name, inner)));
        }
    }
    Ok(reached)
}
