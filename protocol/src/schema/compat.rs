//! Finds changes that would break clients that were made from an earlier document.

use serde_json::{Map, Value};

/// The changes from one OpenRPC document to a later one that break clients of the earlier: a method, a member or a kind of error is
/// gone, a type is another, something must be sent that need not be before, or is no longer sure to come.
///
/// A later document may break them only with a higher major version.
pub fn breaking_changes(before: &Value, after: &Value) -> Vec<String> {
    let mut changes = Changes { before, after, found: Vec::new() };
    changes.methods();
    changes.notifications();
    changes.errors();
    changes.found
}

/// True if the major version of `after` is higher, as a document with breaking changes needs.
pub fn is_major_raise(before: &Value, after: &Value) -> bool {
    let major = |document: &Value| -> Option<u64> {
        document.pointer("/info/version")?.as_str()?.split('.').next()?.parse().ok()
    };
    major(after) > major(before)
}

/// The direction in which a value travels, which decides what breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Clients send it: nothing more may be demanded.
    Sent,
    /// Clients receive it: nothing may be taken away.
    Received,
}

struct Changes<'a> {
    before: &'a Value,
    after: &'a Value,
    found: Vec<String>,
}

impl<'a> Changes<'a> {
    fn methods(&mut self) {
        for (name, before) in named(self.before, "/methods") {
            let Some(after) = find(self.after, "/methods", name) else {
                self.found.push(format!("the method {name} is gone"));
                continue;
            };
            self.schema(&format!("{name} params"), &before["x-params"], &after["x-params"], Way::Sent);
            let result = |method: &'a Value| &method["result"]["schema"];
            self.schema(&format!("{name} result"), result(before), result(after), Way::Received);
        }
    }

    fn notifications(&mut self) {
        for (name, before) in named(self.before, "/x-notifications") {
            let Some(after) = find(self.after, "/x-notifications", name) else {
                self.found.push(format!("the notification {name} is gone"));
                continue;
            };
            let way = if before["sender"] == "client" { Way::Sent } else { Way::Received };
            self.schema(name, &before["params"], &after["params"], way);
        }
    }

    fn errors(&mut self) {
        let errors = |document: &'a Value| document.pointer("/components/errors").and_then(Value::as_object);
        for (kind, before) in errors(self.before).into_iter().flatten() {
            match errors(self.after).and_then(|errors| errors.get(kind)) {
                None => self.found.push(format!("the kind of error {kind} is gone")),
                Some(after) if after["code"] != before["code"] => {
                    self.found.push(format!("the kind of error {kind} has another code"));
                }
                Some(_) => {}
            }
        }
    }

    fn schema(&mut self, at: &str, before: &'a Value, after: &'a Value, way: Way) {
        let (before, after) = (resolve(self.before, before), resolve(self.after, after));
        self.properties(at, before, after, way);
        for keyword in ["items", "additionalProperties"] {
            if let (Some(before @ Value::Object(_)), Some(after @ Value::Object(_))) =
                (before.get(keyword), after.get(keyword))
            {
                self.schema(&format!("{at}[]"), before, after, way);
            }
        }
        self.types(at, before, after, way);
    }

    fn properties(&mut self, at: &str, before: &'a Value, after: &'a Value, way: Way) {
        let members = |schema: &'a Value| schema.get("properties").and_then(Value::as_object);
        let (old, new) = (members(before), members(after));
        for (name, schema) in old.into_iter().flatten() {
            match new.and_then(|new| new.get(name)) {
                None => self.found.push(format!("{at}: the member {name} is gone")),
                Some(after) => self.schema(&format!("{at}.{name}"), schema, after, way),
            }
        }
        let required = |schema: &Value, name: &str| {
            schema
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|all| all.iter().any(|entry| entry == name))
        };
        for name in new.into_iter().flat_map(Map::keys) {
            if way == Way::Sent && required(after, name) && !required(before, name) {
                self.found.push(format!("{at}: the member {name} must be sent now"));
            }
            if way == Way::Received && required(before, name) && !required(after, name) {
                self.found.push(format!("{at}: the member {name} may be missing now"));
            }
        }
    }

    /// Plain types, null among them, and the strings of enums.
    fn types(&mut self, at: &str, before: &Value, after: &Value, way: Way) {
        let (old, new) = (alternatives(before), alternatives(after));
        let (must, may) = match way {
            Way::Sent => (&old, &new),
            Way::Received => (&new, &old),
        };
        // New strings may come: the documents say that clients must expect them.
        let is_expected = |entry: &str| way == Way::Received && entry.starts_with('"');
        let breaks = |entry: &&String| !may.contains(entry) && !is_expected(entry);
        if !may.is_empty()
            && let Some(entry) = must.iter().find(breaks)
        {
            let verb = if way == Way::Sent { "is no longer taken" } else { "may come now" };
            self.found.push(format!("{at}: {entry} {verb}"));
        }
    }
}

/// The values that are allowed, in words: `string`, `null`, `"queued"`. Empty for anything.
fn alternatives(schema: &Value) -> Vec<String> {
    if let Some(arms) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array()) {
        return arms.iter().flat_map(alternatives).collect();
    }
    if let Some(constant) = schema.get("const") {
        return vec![constant.to_string()];
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return vec![reference.to_owned()];
    }
    match schema.get("type") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => {
            names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// Follows references, and the wrapping that lets documentation stand beside one.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return resolve(document, only);
    }
    match schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
    {
        Some(target) => resolve(document, target),
        None => schema,
    }
}

fn named<'a>(document: &'a Value, list: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let entries = document.pointer(list).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| Some((entry["name"].as_str()?, entry)))
}

fn find<'a>(document: &'a Value, list: &str, wanted: &str) -> Option<&'a Value> {
    named(document, list).find(|(name, _)| *name == wanted).map(|(_, entry)| entry)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::openrpc;

    /// The differences that are found when the value at `pointer` of today's document is replaced.
    fn after(pointer: &str, value: Value) -> Vec<String> {
        let before = openrpc();
        let mut after = before.clone();
        *after.pointer_mut(pointer).unwrap() = value;
        breaking_changes(&before, &after)
    }

    #[test]
    fn nothing_breaks_by_itself() {
        assert_eq!(breaking_changes(&openrpc(), &openrpc()), Vec::<String>::new());
    }

    #[test]
    fn what_is_gone_breaks() {
        assert_eq!(after("/methods/0/name", json!("pong")), ["the method ping is gone"]);
        assert_eq!(
            after("/components/errors/task_ended/code", json!(1)),
            ["the kind of error task_ended has another code"]
        );
        let found = after("/components/schemas/Pong/properties", json!({ "pong": { "type": "boolean" } }));
        assert_eq!(found, ["ping result: the member timestamp is gone"]);
    }

    #[test]
    fn what_must_be_sent_or_may_be_missing_breaks() {
        let found = after("/components/schemas/TaskSubmitParams/required", json!(["prompt", "agent"]));
        assert_eq!(found, ["task.submit params: the member agent must be sent now"]);
        let found = after("/components/schemas/Pong/required", json!(["pong"]));
        assert_eq!(found, ["ping result: the member timestamp may be missing now"]);
    }

    #[test]
    fn another_type_breaks_one_way() {
        let found = after("/components/schemas/Pong/properties/pong", json!({ "type": ["boolean", "null"] }));
        assert_eq!(found, ["ping result.pong: null may come now"]);
        let pointer = "/components/schemas/TaskSubmitParams/properties/priority/type";
        assert_eq!(
            after(pointer, json!("string")),
            ["task.submit params.priority: integer is no longer taken"]
        );
        assert_eq!(after(pointer, json!(["integer", "string"])), Vec::<String>::new());
    }

    #[test]
    fn only_a_major_version_may_break() {
        let version = |version: &str| json!({ "info": { "version": version } });
        assert!(is_major_raise(&version("1.9"), &version("2.0")));
        assert!(!is_major_raise(&version("1.0"), &version("1.1")));
    }

    /// The check itself: today's document against the last released one.
    #[test]
    fn nothing_released_is_broken() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/released");
        let mut released: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        // By version: 1.10 comes after 1.9.
        released.sort_by_key(|path| {
            let numbers = path.file_stem().unwrap().to_str().unwrap().trim_start_matches("openrpc-");
            numbers.split('.').map(|number| number.parse::<u64>().unwrap()).collect::<Vec<_>>()
        });
        let last = std::fs::read_to_string(released.last().unwrap()).unwrap();
        let last: Value = serde_json::from_str(&last).unwrap();
        let now = openrpc();
        let found = breaking_changes(&last, &now);
        assert!(
            found.is_empty() || is_major_raise(&last, &now),
            "raise the major PROTOCOL_VERSION, or undo: {found:#?}"
        );
    }
}
