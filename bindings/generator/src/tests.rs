//! Tests of what the definition does not hold yet, or may lose: unions, nested params, names that languages reserve.

use aiwg_protocol::schema::Types;
use serde_json::{Value, json};

use crate::{
    DeclaredTopic, DeclaredTopics, GenerateError, Language, events,
    generated_file::Output,
    js,
    model::{Model, TypeKind},
    python,
    vectors::{self, Outcome},
};

fn model() -> Result<Model, GenerateError> {
    let mut model = Model::from_definition()?;
    let schemas = json!({
        "EventEmitParams": {
            "type": "object",
            "properties": {
                "timeout": { "type": "integer", "description": "Gives way to the call's own." },
                "rules": { "type": "array", "items": { "$ref": "#/components/schemas/Rule" } },
            },
            "required": ["rules"],
        },
        "EventEmitted": {
            "type": "object",
            "properties": {
                "from": { "type": ["string", "null"], "description": "A reserved word." },
                "trigger": { "$ref": "#/components/schemas/Trigger" },
                "before": { "anyOf": [{ "$ref": "#/components/schemas/Trigger" }, { "type": "null" }] },
                "members": { "$ref": "#/components/schemas/Members" },
                "last": { "allOf": [{ "$ref": "#/components/schemas/Rule" }], "description": "May be absent." },
            },
            "required": ["from", "trigger", "before", "members"],
        },
        "Rule": {
            "type": "object",
            "properties": { "ruleId": { "type": "string" }, "note": { "type": "string" } },
            "required": ["ruleId"],
        },
        "Members": {
            "type": "object",
            "properties": {
                "either": { "type": "string" },
                "nullable": { "type": ["integer", "null"] },
                "optional": { "type": "integer" },
                "both": { "type": ["string", "null"] },
                "bothRef": { "anyOf": [{ "$ref": "#/components/schemas/Rule" }, { "type": "null" }] },
                "level": { "$ref": "#/components/schemas/Level" },
                "byName": { "type": "object", "additionalProperties": { "$ref": "#/components/schemas/Rule" } },
                "numbers": { "type": "object", "additionalProperties": { "type": "number" } },
                "list": { "type": "array", "items": { "$ref": "#/components/schemas/Rule" } },
                "holes": { "type": "array", "items": { "type": ["string", "null"] } },
                "choice": { "$ref": "#/components/schemas/Choice" },
            },
            "required": ["either", "nullable", "level", "byName", "numbers", "list", "holes", "choice"],
        },
        "Level": {
            "oneOf": [
                { "type": "string", "const": "low", "description": "Little." },
                { "type": "string", "const": "high" },
            ],
        },
        "Choice": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
        "Trigger": {
            "description": "What it waits for.",
            "oneOf": [
                {
                    "title": "EventTrigger",
                    "type": "object",
                    "properties": { "type": { "type": "string", "const": "event" }, "topic": { "type": "string" } },
                    "required": ["type", "topic"],
                },
                {
                    "type": "object",
                    "properties": { "type": { "type": "string", "const": "file_change" } },
                    "required": ["type"],
                },
            ],
        },
    });
    let Value::Object(named) = schemas else { return Ok(model) };
    model.methods.retain(|method| method.name == "event.emit");
    model.notifications.clear();
    model.replace_types(&only(named))?;
    Ok(model)
}

/// Types without methods that use them.
fn only(named: serde_json::Map<String, Value>) -> Types {
    Types { named, methods: Vec::new(), notifications: Vec::new(), topics: Vec::new(), ambiguous: Vec::new() }
}

fn text<'a>(outputs: &'a [Output], name: &str) -> &'a str {
    outputs.iter().find(|output| output.path.ends_with(name)).map_or("", |output| &output.text)
}

#[test]
fn typescript_has_unions_and_optional_members() -> Result<(), GenerateError> {
    let outputs = js::outputs(&model()?)?;
    let types = text(&outputs, "/types.d.ts");
    for line in [
        "export type Trigger = EventTrigger | TriggerFileChange;",
        "  type: 'file_change';",
        "  before: Trigger | null;",
        "  last?: Rule;",
        "  rules: Rule[];",
        "  note?: string | undefined;",
    ] {
        assert!(types.contains(line), "{line}\n{types}");
    }
    Ok(())
}

#[test]
fn python_reads_unions_and_writes_nested_params() -> Result<(), GenerateError> {
    let outputs = python::outputs(&model()?)?;
    let types = text(&outputs, "/types.py");
    for line in [
        "Trigger = Union[EventTrigger, TriggerFileChange, UnknownVariant]",
        "    type: Literal[\"file_change\"]",
        "            from_=wire[\"from\"],",
        "            trigger=_read_trigger(wire[\"trigger\"]),",
        "            before=maybe(_read_trigger, wire[\"before\"]),",
        "            last=maybe(Rule.from_wire, wire.get(\"last\")),",
        "            \"ruleId\": self.rule_id,",
        "        if self.note is not None:",
        "        return EventTrigger.from_wire(wire)",
    ] {
        assert!(types.contains(line), "{line}\n{types}");
    }
    let methods = text(&outputs, "/methods.py");
    assert!(methods.contains("rules: List[Rule] | tuple[Rule, ...],"), "{methods}");
    assert!(
        methods.contains("{\"rules\": [item.to_wire() for item in rules], \"timeout\": timeout_}"),
        "{methods}"
    );
    Ok(())
}

#[test]
fn typescript_keeps_absent_and_null_apart() -> Result<(), GenerateError> {
    let outputs = js::outputs(&model()?)?;
    let types = text(&outputs, "/types.d.ts");
    for line in [
        "  either: string;",
        "  nullable: number | null;",
        "  optional?: number;",
        "  both?: string | null;",
        "  bothRef?: Rule | null;",
        "  level: Open<Level>;",
        "  byName: Record<string, Rule>;",
        "  numbers: Record<string, number>;",
        "  list: Rule[];",
        "  holes: (string | null)[];",
        "export type Level = 'low' | 'high';",
        "export type Choice = string | number;",
        " * - `low`: Little.",
    ] {
        assert!(types.contains(line), "{line}\n{types}");
    }
    Ok(())
}

#[test]
fn python_reads_what_is_optional_nullable_or_nested() -> Result<(), GenerateError> {
    let outputs = python::outputs(&model()?)?;
    let types = text(&outputs, "/types.py");
    for line in [
        "    either: str\n",
        "    nullable: int | None\n",
        "    optional: int | None = None",
        "    both: str | None = None",
        "    both_ref: Rule | None = None",
        "    by_name: dict[str, Rule]",
        "    numbers: dict[str, float]",
        "    list_: list[Rule]",
        "    holes: list[str | None]",
        "            nullable=wire[\"nullable\"],",
        "            optional=wire.get(\"optional\"),",
        "            both_ref=maybe(Rule.from_wire, wire.get(\"bothRef\")),",
        "            by_name={key: Rule.from_wire(item) for key, item in wire[\"byName\"].items()},",
        "            list_=[Rule.from_wire(item) for item in wire[\"list\"]],",
        "Level = Literal[\"low\", \"high\"]",
        "Choice = Union[str, int]",
    ] {
        assert!(types.contains(line), "{line}\n{types}");
    }
    Ok(())
}

#[test]
fn limits_and_defaults_are_stated_in_words() -> Result<(), GenerateError> {
    let mut model = Model::from_definition()?;
    let schemas = json!({
        "A": {
            "type": "object",
            "properties": {
                "limit": { "type": "integer", "minimum": 1, "maximum": 9, "default": 5, "description": "How many." },
                "share": { "type": "number", "exclusiveMinimum": 0 },
                "count": { "type": "integer", "minimum": 0, "description": "A count." },
            },
        },
    });
    let Value::Object(named) = schemas else { return Ok(()) };
    model.methods.clear();
    model.notifications.clear();
    model.replace_types(&only(named))?;
    let Some(TypeKind::Struct(fields)) = model.find("A").map(|def| &def.kind) else { return Ok(()) };
    let words: Vec<String> = fields.iter().map(crate::model::Field::described).collect();
    assert_eq!(words, ["How many. From 1 to 9; `5` when absent.", "More than 0.", "A count."]);
    Ok(())
}

#[test]
fn a_type_that_differs_by_direction_is_an_error_that_names_it() -> Result<(), GenerateError> {
    let mut model = Model::from_definition()?;
    let schemas = Types { ambiguous: vec!["Order".to_owned()], ..only(serde_json::Map::new()) };
    let error = model.replace_types(&schemas);
    assert!(
        error.is_err_and(|error| error.to_string().starts_with("Order: it is used in params and in results"))
    );
    Ok(())
}

#[test]
fn what_is_not_known_is_an_error_that_says_where() -> Result<(), GenerateError> {
    let mut model = Model::from_definition()?;
    let schemas = json!({ "A": { "type": "object", "properties": { "b": { "not": {} } } } });
    let Value::Object(named) = schemas else { return Ok(()) };
    let error = model.replace_types(&only(named));
    assert!(error.is_err_and(|error| error.to_string().starts_with("A.b: the generator does not know")));
    Ok(())
}

#[test]
fn vectors_tell_which_member_is_wrong() -> Result<(), GenerateError> {
    let vectors = vectors::vectors(&model()?)?;
    let refused = |member: &str| Outcome::Refused(Some(member.to_owned()));
    for (params, outcome) in [
        (json!(["x"]), Outcome::Refused(None)),
        (json!({ "noSuchMember": 1 }), refused("noSuchMember")),
        (json!({}), refused("rules")),
        (json!({ "rules": null }), refused("rules")),
        (json!({ "rules": {} }), refused("rules")),
        (json!({ "rules": [7] }), refused("rules[0]")),
        (json!({ "timeout": 1.5 }), refused("timeout")),
        (json!({ "timeout": null }), Outcome::Accepted),
    ] {
        let is_there = vectors.iter().any(|vector| vector.params == params && vector.outcome == outcome);
        assert!(is_there, "{params} {outcome:?}");
    }
    Ok(())
}

/// What is generated for these topics.
#[allow(clippy::unwrap_used)]
fn typed(language: Language, topics: Value) -> String {
    let topics = topics.as_object().unwrap().iter().map(|(name, payload)| DeclaredTopic {
        name: name.clone(),
        description: None,
        payload: payload.clone(),
    });
    events(language, &DeclaredTopics { topics: topics.collect(), strict: false }).unwrap()
}

#[test]
fn what_a_type_cannot_say_is_in_its_documentation() {
    let member = |schema: Value| {
        let text =
            typed(Language::TypeScript, json!({ "a": { "type": "object", "properties": { "m": schema } } }));
        let (_, own) = text.split_once("interface A").unwrap();
        own.to_owned()
    };
    for (schema, said) in [
        (json!({ "type": "integer", "minimum": 0 }), "At least 0"),
        (json!({ "type": "integer", "multipleOf": 3 }), "`multipleOf`"),
        (json!({ "type": "number", "exclusiveMaximum": 9 }), "`exclusiveMaximum`"),
        (json!({ "type": "array", "uniqueItems": true }), "`uniqueItems`"),
        (json!({ "type": "object", "minProperties": 1 }), "`minProperties`"),
        (json!({ "type": "array", "items": { "type": "string", "pattern": "^a" } }), "`pattern`"),
        (
            json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 5 } }),
            "`minimum`",
        ),
    ] {
        assert!(member(schema.clone()).contains(said), "{schema}: {}", member(schema.clone()));
    }
    let union =
        json!({ "oneOf": [{ "type": "integer", "multipleOf": 3 }, { "type": "integer", "minimum": 5 }] });
    let text =
        typed(Language::TypeScript, json!({ "a": { "type": "object", "properties": { "m": union } } }));
    assert!(text.contains("`multipleOf`") && text.contains("`minimum`"), "{text}");
}

#[test]
fn no_line_of_python_has_a_control_character() {
    let text = typed(
        Language::Python,
        json!({ "a": { "type": "object", "properties": { "": { "type": "string" }, "x\0y\r": {} } }, "b": { "enum": ["\0"] } }),
    );
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(text.contains("x\\x00y"), "{text}");
}

#[test]
fn a_topic_with_empty_words_takes_no_name_from_another() {
    let text = typed(Language::TypeScript, json!({ "a:b": { "type": "string" }, "a::b": {}, ":a:b": {} }));
    assert!(text.contains("'a:b': AB;") || text.contains("'a:b': AB\n"), "{text}");
}
