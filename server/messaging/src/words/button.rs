//! The buttons under a message. What they hold comes back from the platform, and anyone may forge it: it only names a decision, which is
//! checked as the command of the same meaning is.

use serde::{Deserialize, Serialize};

use crate::text::{line, shortened};

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// Its label.
    pub label: String,
    /// The text that the platform sends back when it is pressed: at most 64 bytes, as Telegram has it.
    pub data: String,
}

/// The meaning of a pressed button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// Approve the approval of this id.
    Approve(String),
    /// Reject it.
    Reject(String),
    /// Answer the question of this id with the option of this place, from 0.
    Option(String, usize),
}

/// The longest label, in characters.
const LONGEST_LABEL: usize = 40;

impl Button {
    /// Approves this approval.
    pub fn approve(id: &str) -> Self {
        Self { label: "Approve".to_owned(), data: format!("a:{id}") }
    }

    /// Rejects it.
    pub fn reject(id: &str) -> Self {
        Self { label: "Reject".to_owned(), data: format!("r:{id}") }
    }

    /// Answers the question with the option of this place.
    pub fn option(id: &str, place: usize, option: &str) -> Self {
        let number = place + 1;
        let label = match line(option, LONGEST_LABEL) {
            label if label.is_empty() => number.to_string(),
            label if label == option => label,
            // Where it is not all of the option, the text lists it under its number.
            label => shortened(&format!("{number}. {label}"), LONGEST_LABEL),
        };
        Self { label, data: format!("o:{id}:{place}") }
    }
}

impl Pressed {
    /// Reads what a platform has sent back; none if it is nothing of ours.
    pub fn parse(data: &str) -> Option<Self> {
        let (kind, rest) = data.split_once(':')?;
        let id = |text: &str| {
            let digits = text.strip_prefix("approval-")?;
            let is_id = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_id.then(|| text.to_owned())
        };
        match kind {
            "a" => Some(Self::Approve(id(rest)?)),
            "r" => Some(Self::Reject(id(rest)?)),
            "o" => {
                let (of, place) = rest.rsplit_once(':')?;
                Some(Self::Option(id(of)?, place.parse().ok()?))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_comes_back_as_what_it_meant() {
        let id = format!("approval-{}", u64::MAX);
        let read = |button: Button| {
            assert!(button.data.len() <= 64, "{}", button.data);
            Pressed::parse(&button.data).unwrap()
        };
        assert_eq!(read(Button::approve(&id)), Pressed::Approve(id.clone()));
        assert_eq!(read(Button::reject(&id)), Pressed::Reject(id.clone()));
        assert_eq!(read(Button::option(&id, 19, "x")), Pressed::Option(id.clone(), 19));
        assert_eq!(Button::option(&id, 1, " \u{202e}").label, "2");
        assert_eq!(Button::option(&id, 1, "\u{200b}").label, "2");
        assert_eq!(Button::option(&id, 1, "\u{200d}").label, "2");
        let cut = Button::option(&id, 1, &"x".repeat(41)).label;
        assert!(cut.starts_with("2. xx") && cut.ends_with('…') && cut.chars().count() == 40, "{cut}");
    }

    #[test]
    fn what_is_forged_means_nothing() {
        for forged in [
            "",
            "a",
            "a:",
            "a:task-0001",
            "a:approval-1 2",
            "o:approval-0001",
            "o:approval-0001:x",
            "x:approval-0001",
        ] {
            assert_eq!(Pressed::parse(forged), None, "{forged}");
        }
    }
}
