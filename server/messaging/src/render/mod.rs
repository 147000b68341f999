//! Text as each platform takes it.

mod discord;
mod slack;
mod telegram;

pub use discord::discord;
pub use slack::slack;
pub use telegram::{Entity, TelegramText, telegram};

use std::ops::Range;

use crate::{
    Platform,
    text::{Span, Style, Styled, units},
};

/// Length of a text as it is sent to a platform, in UTF-16 units.
pub fn length(platform: Platform, text: &Styled) -> usize {
    match platform {
        // Its styles lie beside the text.
        Platform::Telegram => units(&text.text),
        Platform::Slack => units(&slack(text)),
        Platform::Discord => units(&discord(text)),
    }
}

/// The signs of a platform around styled text, for those that mix both.
trait Marks {
    /// Writes a piece of text that is no code.
    fn text(&self, text: &str, into: &mut String);
    /// Writes what opens a style.
    fn open(&self, style: &Style, into: &mut String);
    /// Writes what closes it.
    fn close(&self, style: &Style, into: &mut String);
    /// Writes code, its signs included.
    fn code(&self, code: &str, style: &Style, into: &mut String);
}

/// Code in which no three backticks follow each other: they would end its block, and show the rest as text.
fn without_fences(code: &str) -> String {
    if code.contains("```") { code.replace("``", "`\u{200b}`") } else { code.to_owned() }
}

/// Writes a text with the marks of a platform.
fn marked(text: &Styled, marks: &dyn Marks) -> String {
    let quotes = quotes(text);
    let text = text.without_styled_code();
    let mut writer =
        Writer { text: &text.text, marks, quotes, begun: None, at: 0, open: Vec::new(), out: String::new() };
    for span in text.spans.iter().filter(|span| span.style != Style::Quote) {
        writer.span(span);
    }
    writer.until(text.text.len());
    writer.out
}

/// The stretches that are quoted. Code within a line belongs to them, a block of code does not.
fn quotes(text: &Styled) -> Vec<Range<usize>> {
    let is_kept = |span: &&Span| matches!(span.style, Style::Quote | Style::Pre(_));
    let spans = text.spans.iter().filter(is_kept).cloned().collect();
    let cut = Styled { text: String::new(), spans }.without_styled_code();
    cut.spans.iter().filter(|span| span.style == Style::Quote).map(|span| span.start..span.end).collect()
}

struct Writer<'a> {
    text: &'a str,
    marks: &'a dyn Marks,
    /// The stretches that are quoted.
    quotes: Vec<Range<usize>>,
    /// The byte at which the sign of a quote was written last.
    begun: Option<usize>,
    at: usize,
    open: Vec<&'a Span>,
    out: String,
}

impl<'a> Writer<'a> {
    fn span(&mut self, span: &'a Span) {
        self.until(span.start);
        self.begin();
        if span.style.is_code() {
            let code = self.text.get(span.start..span.end).unwrap_or_default();
            self.marks.code(code, &span.style, &mut self.out);
            self.at = span.end.max(self.at);
            return;
        }
        self.marks.open(&span.style, &mut self.out);
        self.open.push(span);
    }

    /// Writes the text up to there, and closes what ends before.
    fn until(&mut self, to: usize) {
        while let Some(span) = self.open.last().copied().filter(|span| span.end <= to) {
            self.write(span.end);
            self.marks.close(&span.style, &mut self.out);
            self.open.pop();
        }
        self.write(to);
    }

    fn write(&mut self, to: usize) {
        let lines = self.text.get(self.at..to).unwrap_or_default().split_inclusive('\n');
        for line in lines {
            self.begin();
            self.marks.text(line, &mut self.out);
            self.at += line.len();
        }
    }

    /// Writes the sign of a quote where one is due: each line has its own, else what follows a break would be read as not quoted.
    fn begin(&mut self) {
        let Some(quote) = self.quotes.iter().find(|quote| quote.contains(&self.at)) else { return };
        let begins_line = self.out.is_empty() || self.out.ends_with('\n');
        let begins_quote =
            quote.start == self.at && !self.text.get(self.at..).is_some_and(|rest| rest.starts_with('\n'));
        if (begins_line || begins_quote) && self.begun != Some(self.at) {
            self.out.push_str("> ");
            self.begun = Some(self.at);
        }
    }
}
