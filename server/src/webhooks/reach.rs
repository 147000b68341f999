//! Which rules webhooks can trigger: whether a pattern and a template have a topic in common.

use std::collections::HashSet;

use aiwg_patterns::{alternatives, is_glob};
use aiwg_protocol::config::{Action, Config, Patterns, Rule, Trigger, WebhookSource};

use super::{
    Template, sources,
    template::{Part, is_of_word, is_separator},
};

/// The alternatives of a pattern that are looked at one by one.
const ALTERNATIVES: usize = 64;

/// A sign of a pattern or of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    One(char),
    /// Any one character.
    Any,
    /// Any characters.
    Many,
    /// A character of what a sender says, and any number of them.
    OfWord,
    Word,
}

impl Sign {
    fn repeats(self) -> bool {
        matches!(self, Self::Many | Self::Word)
    }

    /// True if a character can be both.
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::One(one), Self::One(other)) => one == other,
            (Self::One(one), Self::OfWord | Self::Word) | (Self::OfWord | Self::Word, Self::One(one)) => {
                is_of_word(one)
            }
            _ => true,
        }
    }
}

/// The first sender whose events can trigger a rule that names no agent; none for other rules.
pub(crate) fn reaching<'a>(config: &'a Config, rule: &Rule) -> Option<&'a WebhookSource> {
    let Action::SubmitTask { agent: None, .. } = rule.action else { return None };
    let Trigger::Event { topic } = &rule.trigger else { return None };
    sources(config).iter().find(|source| reaches(source, topic))
}

/// True if a sender's events may have a topic that these patterns match. It may say so of more than can be, and never of less.
fn reaches(source: &WebhookSource, patterns: &Patterns) -> bool {
    // What is no template is refused with the configuration.
    let Ok(template) = Template::of(&source.topic) else { return true };
    let topics = signs_of_template(&template);
    patterns.entries().fold(false, |reaches, entry| match entry.takes_out {
        true => reaches && !covers(entry.text, &template),
        false => reaches || matches(entry.text, &topics),
    })
}

/// True if a pattern of the form `text*` matches all topics of a template.
fn covers(pattern: &str, template: &Template) -> bool {
    let Some(text) = pattern.strip_suffix('*').filter(|text| !is_glob(text)) else { return false };
    let Some(Part::Text(first)) = template.0.first() else { return false };
    let always = if template.0.len() > 1 { first.trim_end_matches(is_separator) } else { first };
    always.starts_with(text)
}

fn matches(pattern: &str, topics: &[Vec<Sign>]) -> bool {
    alternatives(pattern, ALTERNATIVES).iter().any(|one| {
        // More alternatives than are looked at.
        if one.contains('{') {
            return true;
        }
        let signs = signs_of_pattern(one);
        topics.iter().any(|topic| have_common(&signs, topic))
    })
}

fn signs_of_pattern(pattern: &str) -> Vec<Sign> {
    let mut signs = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        signs.push(match c {
            '*' => Sign::Many,
            '?' => Sign::Any,
            '\\' => rest.next().map_or(Sign::Any, Sign::One),
            '[' => {
                // Whatever is in the brackets: a `]` in the first place is no end.
                let mut inner = rest.clone();
                let _ = inner.next().filter(|c| "!^".contains(*c)).and_then(|_| inner.next());
                if inner.any(|c| c == ']') {
                    rest = inner;
                }
                Sign::Any
            }
            other => Sign::One(other),
        });
    }
    signs
}

/// The signs of each form that a template's topics can have: with each place, and without it.
fn signs_of_template(template: &Template) -> Vec<Vec<Sign>> {
    let mut forms: Vec<Vec<Sign>> = vec![Vec::new()];
    for part in &template.0 {
        match part {
            Part::Text(text) => {
                for form in &mut forms {
                    form.extend(text.chars().map(Sign::One));
                }
            }
            Part::Event | Part::Action => {
                let mut without = forms.clone();
                for form in &mut without {
                    form.pop_if(|sign| matches!(sign, Sign::One(c) if is_separator(*c)));
                }
                for form in &mut forms {
                    form.extend([Sign::OfWord, Sign::Word]);
                }
                forms.extend(without);
            }
        }
    }
    forms
}

/// True if a text can be both.
fn have_common(pattern: &[Sign], topic: &[Sign]) -> bool {
    let mut open = vec![(0, 0)];
    let mut seen = HashSet::from([(0, 0)]);
    while let Some((at, of)) = open.pop() {
        let (one, other) = (pattern.get(at).copied(), topic.get(of).copied());
        let (one, other) = match (one, other) {
            (None, None) => return true,
            pair => pair,
        };
        let mut next = Vec::new();
        next.extend(one.filter(|sign| sign.repeats()).map(|_| (at + 1, of)));
        next.extend(other.filter(|sign| sign.repeats()).map(|_| (at, of + 1)));
        if let (Some(one), Some(other)) = (one, other)
            && one.meets(other)
        {
            next.push((at + usize::from(!one.repeats()), of + usize::from(!other.repeats())));
        }
        open.extend(next.into_iter().filter(|pair| seen.insert(*pair)));
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reached(template: &str, patterns: serde_json::Value) -> bool {
        let source = json!({ "path": "/x", "kind": "json", "topic": template });
        reaches(&serde_json::from_value(source).unwrap(), &serde_json::from_value(patterns).unwrap())
    }

    #[test]
    fn a_rule_is_reached_if_a_topic_can_be_both() {
        for pattern in [
            "github:push",
            "github:*",
            "*",
            "*:push",
            "git*",
            "github",
            "github:pull_request",
            "github:[a-z]*",
            "github:pu?h",
            "{a,github}:push",
            "github:pu\\sh",
            "github:[]x]",
            "*b:*.*",
        ] {
            assert!(reached("github:{event}", json!(pattern)), "{pattern}");
        }
        for pattern in [
            "gitlab:push",
            "github:a:b",
            "github:",
            "github-x",
            "deploy:*",
            "gitHub:push",
            "github:{a,b}/c",
            "*/x",
            "github:a b",
        ] {
            assert!(!reached("github:{event}", json!(pattern)), "{pattern}");
        }
        assert!(reached("github:{event}:{action}", json!("github:issues:opened")));
        assert!(reached("github:{event}:{action}", json!("github:push")));
        assert!(!reached("hook", json!("hook:*")) && reached("hook", json!("ho*")));
    }

    #[test]
    fn what_takes_all_of_them_out_keeps_them_away() {
        assert!(!reached("github:{event}", json!(["*", "!github:*", "!github*"])));
        assert!(!reached("github:{event}", json!(["*", "!git*"])));
        assert!(reached("github:{event}", json!(["*", "!git*", "github:push"])));
        assert!(reached("github:{event}", json!(["*", "!github:push"])));
        assert!(reached("github:{event}", json!(["*", "!github:*"])), "github itself is left");
    }

    #[test]
    fn every_topic_of_a_template_that_a_pattern_matches_is_seen() {
        let template = Template::of("a:{event}.{action}").unwrap();
        let words = [None, Some("b"), Some("b.c"), Some("-"), Some("x_y")];
        for pattern in ["a*", "a:?", "a:b.*", "*.c", "a:[!b]*", "a:{b,c}", "a:*.*", "a", "?:*_y"] {
            let set =
                aiwg_patterns::PatternSet::new([aiwg_patterns::Pattern::topic(pattern).unwrap()]).unwrap();
            let topics = words.iter().flat_map(|event| words.map(|action| template.topic(*event, action)));
            let is_match = topics.into_iter().any(|topic| set.is_match(&topic));
            assert!(!is_match || reached("a:{event}.{action}", json!(pattern)), "{pattern}");
        }
    }
}
