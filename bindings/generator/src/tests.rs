//! What the definition does not hold yet, or may lose: unions, nested params, names that languages reserve.

use aiwg_protocol::schema::Types;
use serde_json::{Value, json};

use crate::{GenerateError, js, model::Model, output::Output, python};

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
                "last": { "allOf": [{ "$ref": "#/components/schemas/Rule" }], "description": "May be absent." },
            },
            "required": ["from", "trigger", "before"],
        },
        "Rule": {
            "type": "object",
            "properties": { "ruleId": { "type": "string" }, "note": { "type": "string" } },
            "required": ["ruleId"],
        },
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
    Types { named, methods: Vec::new(), notifications: Vec::new(), ambiguous: Vec::new() }
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
fn what_is_not_known_is_an_error_that_says_where() -> Result<(), GenerateError> {
    let mut model = Model::from_definition()?;
    let schemas = json!({ "A": { "type": "object", "properties": { "b": { "not": {} } } } });
    let Value::Object(named) = schemas else { return Ok(()) };
    let error = model.replace_types(&only(named));
    assert!(error.is_err_and(|error| error.to_string().starts_with("A.b: the generator does not know")));
    Ok(())
}
