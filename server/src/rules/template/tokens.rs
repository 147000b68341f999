//! The limits of a template, checked before it is parsed.
//!
//! The engine's own limit of depth leaves out chains: each `not`, `-`, filter, operator and `elif` is another level of what it
//! recurses over.

use minijinja::machinery::{Token, tokenize};

use super::TemplateError;

/// The most tokens between two braces.
const MOST_IN_A_TAG: usize = 500;

/// The most tokens of all tags together. Lists in lists in lists, set and set again, are no deeper than this.
const MOST: usize = 4_000;

/// The most `elif`, each of which is one level.
const MOST_ELIF: usize = 100;

/// The words that may begin a tag. The others define macros and blocks, which can call themselves, or read other templates.
const STATEMENTS: [&str; 12] = [
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "endset",
    "with",
    "endwith",
    "filter",
    "endfilter",
];

/// Checks that a template may be parsed at all.
pub(super) fn check(template: &str) -> Result<(), TemplateError> {
    let mut counted = Counted::default();
    for token in tokenize(template, false, Default::default()) {
        let (token, span) = token?;
        counted
            .take(&token)
            .map_err(|why| TemplateError(format!("line {} of the prompt: {why}", span.start_line)))?;
    }
    Ok(())
}

#[derive(Default)]
struct Counted {
    in_all: usize,
    in_tag: usize,
    elif: usize,
    /// A tag of statements has just begun.
    begins: bool,
    /// The tag is one of `for`.
    is_for: bool,
    /// The last token of the tag was the word `recursive`.
    is_recursive: bool,
}

impl Counted {
    fn take(&mut self, token: &Token<'_>) -> Result<(), String> {
        match token {
            Token::TemplateData(_) => return Ok(()),
            Token::VariableStart | Token::BlockStart => {
                self.in_tag = 0;
                self.begins = matches!(token, Token::BlockStart);
                self.is_for = false;
                return Ok(());
            }
            Token::BlockEnd if self.is_for && self.is_recursive => {
                return Err("a loop cannot be recursive in a prompt".to_owned());
            }
            Token::Ident(word) if self.begins => self.statement(word)?,
            _ => {}
        }
        self.begins = false;
        self.is_recursive = matches!(token, Token::Ident("recursive"));
        self.in_tag += 1;
        self.in_all += 1;
        if self.in_tag > MOST_IN_A_TAG {
            return Err(format!(
                "more than {MOST_IN_A_TAG} words and signs between two braces, which is the limit"
            ));
        }
        if self.in_all > MOST {
            return Err(format!(
                "more than {MOST} words and signs between braces in all, which is the limit"
            ));
        }
        Ok(())
    }

    fn statement(&mut self, word: &str) -> Result<(), String> {
        if !STATEMENTS.contains(&word) {
            return Err(format!(
                "{{% {word} %}} is not for prompts; there are if, for, set, with, filter and raw"
            ));
        }
        self.is_for = word == "for";
        self.elif += usize::from(word == "elif");
        if self.elif > MOST_ELIF {
            return Err(format!("more than {MOST_ELIF} elif, which is the limit"));
        }
        Ok(())
    }
}
