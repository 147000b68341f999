//! Schemas as the generators of others read them: `@asyncapi/modelina` takes a choice of constants for anything, a reference inside `allOf` for a type
//! without a name, and makes Python that cannot be read of a constant.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// A schema of the definition in the form that keeps its names and choices.
pub(super) fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut all: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            if let Some(target) = only_reference(&all) {
                // Whoever ignores what stands beside a reference loses the description only.
                all.remove("allOf");
                all.insert("$ref".to_owned(), target);
            }
            if let Some((words, meanings)) = choice(&all) {
                all.remove("oneOf");
                let before = all.get("description").and_then(Value::as_str).unwrap_or_default();
                let description = format!("{before}\n\n{meanings}").trim().to_owned();
                all.insert("type".to_owned(), "string".into());
                all.insert("enum".to_owned(), words);
                all.insert("description".to_owned(), description.into());
            }
            Value::Object(all)
        }
        Value::Array(list) => list.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// The one schema that an object refers to by `allOf`, and says nothing else of but what it means.
fn only_reference(members: &Map<String, Value>) -> Option<Value> {
    let [Value::Object(one)] = members.get("allOf")?.as_array()?.as_slice() else { return None };
    let says_no_more = members.keys().all(|name| name == "allOf" || name == "description");
    one.get("$ref").filter(|_| one.len() == 1 && says_no_more).cloned()
}

/// The words of a choice of texts, and what each means.
fn choice(members: &Map<String, Value>) -> Option<(Value, String)> {
    let all = members.get("oneOf")?.as_array()?;
    let words: Option<Vec<&str>> = all.iter().map(|one| one.get("const")?.as_str()).collect();
    let words = words.filter(|words| !words.is_empty())?;
    let meanings: Vec<String> = words
        .iter()
        .zip(all)
        .map(|(word, one)| {
            let meaning = one.get("description").and_then(Value::as_str).unwrap_or_default();
            format!("- `{word}`: {meaning}").trim_end_matches([':', ' ']).to_owned()
        })
        .collect();
    Some((json!(words), meanings.join("\n")))
}

/// The titles that schemas of a document have.
pub(super) struct Titles(pub(super) HashSet<String>);

impl Titles {
    /// This title, or one more with a number, if another schema has it.
    pub(super) fn free(&mut self, wanted: String) -> String {
        let others = (2..).map(|number: u32| format!("{wanted}{number}"));
        let free = std::iter::once(wanted.clone()).chain(others).find(|title| self.0.insert(title.clone()));
        free.unwrap_or(wanted)
    }

    /// Gives a schema of the user's own this title, where it has none, and titles to the choices and objects in it.
    pub(super) fn add(&mut self, schema: &mut Value, wanted: &str) {
        let Value::Object(members) = schema else { return };
        for (name, member) in
            members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
        {
            self.add_inner(member, &format!("{wanted}{}", title(name)));
        }
        if let Some(items) = members.get_mut("items") {
            self.add_inner(items, &format!("{wanted}Item"));
        }
        if !members.contains_key("title") && !wanted.is_empty() {
            members.insert("title".to_owned(), self.free(wanted.to_owned()).into());
        }
    }

    fn add_inner(&mut self, schema: &mut Value, wanted: &str) {
        if schema.get("enum").is_some() || schema.get("properties").is_some() || schema.get("items").is_some()
        {
            self.add(schema, wanted);
        }
    }
}

/// The title of a schema that has this name: the words of the name, each with a capital.
pub(super) fn title(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_choices_are_kept() {
        let schema = json!({ "properties": {
            "state": { "description": "Its state.", "allOf": [{ "$ref": "#/x" }] },
            "bounded": { "minLength": 1, "allOf": [{ "$ref": "#/x" }] },
            "kind": { "description": "Its kind.", "oneOf": [{ "const": "a", "description": "One." }, { "const": "b" }] },
            "any": { "oneOf": [{ "const": "a" }, { "type": "integer" }] },
        } });
        assert_eq!(
            plain(&schema),
            json!({ "properties": {
                "state": { "description": "Its state.", "$ref": "#/x" },
                "bounded": { "minLength": 1, "allOf": [{ "$ref": "#/x" }] },
                "kind": {
                    "type": "string", "enum": ["a", "b"], "description": "Its kind.\n\n- `a`: One.\n- `b`",
                },
                "any": { "oneOf": [{ "const": "a" }, { "type": "integer" }] },
            } })
        );
    }

    #[test]
    fn what_is_in_a_schema_has_titles_and_none_twice() {
        let mut titles = Titles(HashSet::from(["A".to_owned()]));
        let mut schema = json!({ "properties": {
            "to": { "enum": [1] }, "n": { "type": "integer" }, "named": { "title": "Own", "enum": [2] },
            "all": { "items": { "properties": {} } }, "properties": { "enum": [3] },
        } });
        titles.add(&mut schema, "A");
        assert_eq!(
            schema,
            json!({ "title": "A2", "properties": {
                "to": { "title": "ATo", "enum": [1] }, "n": { "type": "integer" },
                "named": { "title": "Own", "enum": [2] },
                "all": { "title": "AAll", "items": { "title": "AAllItem", "properties": {} } },
                "properties": { "title": "AProperties", "enum": [3] },
            } })
        );
        titles.add(&mut Value::Bool(true), "A");
    }

    #[test]
    fn titles_are_words() {
        for (name, expected) in [
            ("event.emit", "EventEmit"),
            ("a_b-c", "ABC"),
            ("TaskEvent", "TaskEvent"),
            ("__", ""),
            ("é1", "1"),
        ] {
            assert_eq!(title(name), expected);
        }
    }
}
