//! Slack's blocks, held to the names and the greatest lengths that slack_sdk's models know.

use serde_json::Value;

use super::SLACK;

/// Misfits in a list of blocks.
pub(crate) fn check(blocks: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let Some(list) = blocks.as_array() else { return vec!["blocks: no list".to_owned()] };
    // https://docs.slack.dev/reference/block-kit/blocks: "up to 50 blocks in each message".
    if list.len() > 50 {
        found.push(format!("blocks: {} blocks, and 50 are allowed", list.len()));
    }
    for (n, block) in list.iter().enumerate() {
        let place = format!("blocks/{n}");
        check_part(&SLACK.file["blocks"], block, &place, &mut found);
        // Buttons and their like; the elements of other blocks are text.
        if block["type"] == "actions" {
            let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
            for (m, element) in elements.iter().enumerate() {
                check_part(&SLACK.file["elements"], element, &format!("{place}/elements/{m}"), &mut found);
            }
        }
    }
    found
}

fn check_part(known: &Value, part: &Value, place: &str, found: &mut Vec<String>) {
    let kind = part["type"].as_str().unwrap_or_default();
    let Some(known) = known.get(kind) else {
        found.push(format!("{place}: there is no type {kind:?}"));
        return;
    };
    let members = known["members"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (name, value) in part.as_object().into_iter().flatten() {
        if !members.iter().any(|member| member == name) {
            found.push(format!("{place}: {kind} has no {name}"));
        }
        let (length, most) = (length(value), known["max"][name].as_u64());
        if most.is_some_and(|most| length > most) {
            found
                .push(format!("{place}/{name}: {length} long, and {} are allowed", most.unwrap_or_default()));
        }
    }
}

/// Length of a text, of a text object's text, or of a list.
fn length(value: &Value) -> u64 {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(object) => {
            object.get("text").and_then(Value::as_str).map_or(0, |text| text.chars().count())
        }
        _ => 0,
    };
    u64::try_from(length).unwrap_or(u64::MAX)
}
