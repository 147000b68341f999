//! Text as each platform takes it.

mod discord;
mod slack;
mod telegram;

pub use discord::discord;
pub use slack::slack;
pub use telegram::{Entity, TelegramText, telegram};

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

/// Writes a text with the marks of a platform.
fn marked(text: &Styled, marks: &dyn Marks) -> String {
    let text = text.without_styled_code();
    let mut writer = Writer { text: &text.text, marks, at: 0, open: Vec::new(), out: String::new() };
    for span in &text.spans {
        writer.span(span);
    }
    writer.until(text.text.len());
    writer.out
}

struct Writer<'a> {
    text: &'a str,
    marks: &'a dyn Marks,
    at: usize,
    open: Vec<&'a Span>,
    out: String,
}

impl<'a> Writer<'a> {
    fn span(&mut self, span: &'a Span) {
        self.until(span.start);
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
        if let Some(text) = self.text.get(self.at..to) {
            self.marks.text(text, &mut self.out);
            self.at = to;
        }
    }
}
