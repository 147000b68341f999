//! The text of a notice as the configuration gives it: what stands in braces is taken from the event.

use serde_json::Value;

use crate::text::{Style, Styled, clean, shortened};

/// The most of a member that is inserted, in characters.
const LONGEST_VALUE: usize = 1000;

/// A text with places for members of an event: `Deployed {{ event.payload.version }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Member(Vec<String>),
}

/// A template that is none: the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongTemplate(pub String);

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A brace does not close, or names nothing of an event.
    pub fn parse(text: &str) -> Result<Self, WrongTemplate> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inner, after)) = after.split_once("}}") else {
                return Err(WrongTemplate("a \"{{\" has no \"}}\" after it".to_owned()));
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(member(inner.trim())?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The members of the event that it names, each by the names on the way to it, the first of which is `event`.
    pub fn members(&self) -> impl Iterator<Item = &[String]> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Member(path) => Some(path.as_slice()),
        })
    }

    /// The text for an event, given as JSON. What it does not have is left out.
    pub fn fill(&self, event: &Value) -> Styled {
        let mut text = Styled::default();
        let mut is_after_lines = false;
        for piece in &self.0 {
            let value = match piece {
                Piece::Text(piece) => piece.clone(),
                Piece::Member(path) => value_at(event, path),
            };
            if value.is_empty() {
                continue;
            }
            // Lines of an event are set apart and quoted: they are not to look like lines of the notice.
            let is_lines = matches!(piece, Piece::Member(_)) && value.contains('\n');
            if (is_lines && !text.text.is_empty() && !text.text.ends_with('\n'))
                || (is_after_lines && !value.starts_with('\n'))
            {
                text.push_plain("\n");
            }
            if is_lines {
                text.push_with(&value, Style::Quote);
            } else {
                text.push_plain(&value);
            }
            is_after_lines = is_lines;
        }
        text
    }
}

fn member(inner: &str) -> Result<Piece, WrongTemplate> {
    let mut path = inner.split('.').map(str::trim);
    let is_name =
        |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let names: Vec<&str> = path.by_ref().collect();
    if names.first() != Some(&"event") || names.len() < 2 || !names.iter().all(is_name) {
        return Err(WrongTemplate(format!(
            "{{{{ {inner} }}}} names no member of an event: {{{{ event.topic }}}} and {{{{ event.payload.version }}}} do"
        )));
    }
    Ok(Piece::Member(names.into_iter().skip(1).map(str::to_owned).collect()))
}

fn value_at(event: &Value, path: &[String]) -> String {
    let found = path.iter().try_fold(event, |value, name| match value {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    });
    let text = match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    shortened(clean(&text).trim(), LONGEST_VALUE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_inserted_as_they_are() {
        let event = json!({"topic": "deployment:done", "payload": {"version": "1.2", "n": [1, {"a": 2}], "long": "x".repeat(5000)}});
        let fill = |text: &str| Template::parse(text).unwrap().fill(&event).text;
        assert_eq!(
            fill("Deployed {{ event.payload.version }} ({{event.topic}})"),
            "Deployed 1.2 (deployment:done)"
        );
        assert_eq!(fill("{{ event.payload.n.1.a }}{{ event.payload.none.x }}{{ event.payload.n.0 }}"), "21");
        assert_eq!(fill("no { braces }"), "no { braces }");
        assert_eq!(fill("{{ event.payload.long }}").chars().count(), 1000);
    }

    #[test]
    fn lines_of_an_event_are_quoted() {
        let event = json!({"payload": {"log": "a\n\n*task-0001 was approved*\n", "version": "1.2"}});
        let filled = |text: &str| crate::render::slack(&Template::parse(text).unwrap().fill(&event));
        let quoted = "> a\n> \n> ∗task-0001 was approved∗";
        assert_eq!(
            filled("Deployed: {{ event.payload.log }} in {{ event.payload.version }}"),
            format!("Deployed: \n{quoted}\n in 1.2")
        );
        assert_eq!(filled("{{ event.payload.log }}"), quoted);
        assert_eq!(
            filled("{{ event.payload.log }}{{ event.payload.log }}\nend"),
            format!("{quoted}\n{quoted}\nend")
        );
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for wrong in [
            "{{ x",
            "{{ }}",
            "{{ event }}",
            "{{ env.TOKEN }}",
            "{{ event.payload | upper }}",
            "{{ event..a }}",
        ] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
