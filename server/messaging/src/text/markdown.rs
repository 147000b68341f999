//! Markdown, as models write it. Whatever does not close is text: nothing is lost.
//!
//! A style within itself is that style once: no platform shows a quote in a quote, and the signs of thousands of them would be longer than any
//! message.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{Span, Style, Styled, clean};

/// The deepest list that is set in further than the one around it.
const DEEPEST_LIST: usize = 8;

/// The longest address of a link, in characters. It is sent with each part of the text that it is under: a longer one is shown as text.
const LONGEST_ADDRESS: usize = 500;

/// Reads a Markdown text.
pub fn markdown(text: &str) -> Styled {
    let text = clean(text);
    let mut reader = Reader::default();
    for event in Parser::new_ext(&text, Options::ENABLE_STRIKETHROUGH) {
        reader.event(event);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    text: String,
    spans: Vec<Span>,
    /// The styles that are open: each with its place among the stretches; none if the same style is open around it.
    open: Vec<Option<usize>>,
    /// For each open list the number of its next item; none for one without numbers.
    lists: Vec<Option<u64>>,
    /// True if the next text begins a block.
    begins_block: bool,
    /// True right after the mark of an item: its first block goes on in the same line.
    after_mark: bool,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.push(&text),
            Event::Code(code) => {
                self.open(Style::Code);
                self.push(&code);
                self.close();
            }
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.push(&text)
            }
            Event::SoftBreak | Event::HardBreak => self.push("\n"),
            Event::Rule => {
                self.block();
                self.push("———");
                self.begins_block = true;
            }
            Event::TaskListMarker(done) => self.push(if done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.block(),
            Tag::Heading { .. } => {
                self.block();
                self.open(Style::Bold);
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.flush_block();
                self.open(Style::Quote);
            }
            Tag::CodeBlock(kind) => {
                self.block();
                self.flush_block();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().map(str::to_owned),
                    CodeBlockKind::Indented => None,
                };
                let is_word = |word: &String| {
                    word.len() <= 30 && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-#_.".contains(c))
                };
                self.open(Style::Pre(language.filter(is_word)));
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Emphasis => self.open(Style::Italic),
            Tag::Strong => self.open(Style::Bold),
            Tag::Strikethrough => self.open(Style::Strike),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.open(Style::Link(clean(&dest_url)))
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.begins_block = true,
            TagEnd::Heading(_) | TagEnd::BlockQuote(_) => {
                self.close();
                self.begins_block = true;
            }
            TagEnd::CodeBlock => {
                // The break before the closing fence is none of the code.
                if self.text.ends_with('\n')
                    && self.innermost().is_some_and(|span| span.start < self.text.len())
                {
                    self.text.pop();
                }
                self.close();
                self.begins_block = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.begins_block = true;
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.close(),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    /// A link that is none for the web is shown as text, with where it leads.
    fn end_link(&mut self) {
        let Some(Some(at)) = self.open.last().copied() else { return self.close() };
        let span = self.spans[at].clone();
        let Style::Link(url) = span.style else { return self.close() };
        let shown = self.text.get(span.start..).unwrap_or_default().to_owned();
        let is_short = url.chars().nth(LONGEST_ADDRESS).is_none();
        if is_short && (url.starts_with("https://") || url.starts_with("http://")) {
            if shown.trim().is_empty() {
                self.push(&url);
            }
            return self.close();
        }
        self.open.pop();
        // What was opened within it has a place after it: it stays, with nothing in it.
        if let Some(span) = self.spans.get_mut(at) {
            span.end = span.start;
        }
        if !url.is_empty() && shown != url {
            self.push(&format!(" ({url})"));
        }
    }

    fn item(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.begins_block = false;
        let depth = self.lists.len().saturating_sub(1).min(DEEPEST_LIST);
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", number.saturating_sub(1))
            }
            _ => "• ".to_owned(),
        };
        self.text.push_str(&"  ".repeat(depth));
        self.text.push_str(&mark);
        self.after_mark = true;
    }

    /// Begins a block: the text after it is set apart from that before it.
    fn block(&mut self) {
        if !self.after_mark && !self.text.is_empty() {
            self.begins_block = true;
        }
    }

    fn flush_block(&mut self) {
        self.after_mark = false;
        if std::mem::take(&mut self.begins_block) && !self.text.is_empty() {
            let missing = if self.text.ends_with("\n\n") {
                ""
            } else if self.text.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            };
            self.text.push_str(missing);
        }
    }

    fn push(&mut self, text: &str) {
        // Markdown may name characters by their numbers.
        let text = clean(text);
        if !text.is_empty() {
            let at = self.text.len();
            self.flush_block();
            let added = self.text.len() - at;
            // What was opened right before the block belongs to the block.
            for open in self.open.iter().flatten() {
                if let Some(span) = self.spans.get_mut(*open).filter(|span| added > 0 && span.start == at) {
                    span.start += added;
                }
            }
            self.text.push_str(&text);
        }
    }

    fn innermost(&self) -> Option<&Span> {
        self.spans.get((*self.open.last()?)?)
    }

    fn open(&mut self, style: Style) {
        let kind = std::mem::discriminant(&style);
        let is_open =
            |at: &usize| self.spans.get(*at).is_some_and(|span| std::mem::discriminant(&span.style) == kind);
        if self.open.iter().flatten().any(is_open) {
            return self.open.push(None);
        }
        self.open.push(Some(self.spans.len()));
        self.spans.push(Span { start: self.text.len(), end: usize::MAX, style });
    }

    fn close(&mut self) {
        if let Some(span) = self.open.pop().flatten().and_then(|at| self.spans.get_mut(at)) {
            span.end = self.text.len();
        }
    }

    fn finish(mut self) -> Styled {
        while !self.open.is_empty() {
            self.close();
        }
        let length = self.text.trim_end().len();
        self.text.truncate(length);
        for span in &mut self.spans {
            span.end = span.end.min(length);
        }
        self.spans.retain(|span| span.start < span.end);
        self.spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        Styled { text: self.text, spans: self.spans }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str) -> Vec<(String, Style)> {
        let read = markdown(text);
        read.spans
            .iter()
            .map(|span| (read.text[span.start..span.end].to_owned(), span.style.clone()))
            .collect()
    }

    #[test]
    fn styles_are_read() {
        assert_eq!(
            spans("**bold _both_** ~~no~~ `x<y` [a](https://a.b)"),
            [
                ("bold both".to_owned(), Style::Bold),
                ("both".to_owned(), Style::Italic),
                ("no".to_owned(), Style::Strike),
                ("x<y".to_owned(), Style::Code),
                ("a".to_owned(), Style::Link("https://a.b".to_owned())),
            ]
        );
        assert_eq!(
            spans("```rust\nfn a() {}\n\nb\n```"),
            [("fn a() {}\n\nb".to_owned(), Style::Pre(Some("rust".to_owned())))]
        );
        assert_eq!(spans("> said\n> so"), [("said\nso".to_owned(), Style::Quote)]);
        assert_eq!(spans("# Title\ntext"), [("Title".to_owned(), Style::Bold)]);
    }

    #[test]
    fn blocks_are_set_apart() {
        let text = |markdown_text: &str| markdown(markdown_text).text;
        assert_eq!(text("# A\nb\nc\n\nd"), "A\n\nb\nc\n\nd");
        assert_eq!(text("Do:\n\n1. one\n2. two\n   - inner\n\nend"), "Do:\n1. one\n2. two\n  • inner\n\nend");
        assert_eq!(text("a\n\n```\nx\n```\nb"), "a\n\nx\n\nb");
        assert_eq!(text("a\n\n---\n\nb"), "a\n\n———\n\nb");
        assert_eq!(text("<b>x</b> & y"), "<b>x</b> & y");
    }

    #[test]
    fn what_does_not_close_is_text() {
        assert_eq!(markdown("**a _b `c").text, "**a _b `c");
        assert_eq!(spans("```\nopen"), [("open".to_owned(), Style::Pre(None))]);
        assert_eq!(markdown("[a](javascript:alert)").text, "a (javascript:alert)");
        assert!(markdown("[a](javascript:alert)").spans.is_empty());
        assert_eq!(markdown("![picture](/a.png)").text, "picture (/a.png)");
        assert_eq!(markdown("").text, "");
        let address = format!("https://a.b/{}", "c".repeat(5000));
        assert_eq!(markdown(&format!("[a]({address})")), Styled::plain(&format!("a ({address})")));
        assert_eq!(markdown("&#x202e;a&#8203;b").text, "ab");
    }

    #[test]
    fn a_style_within_itself_is_that_style_once() {
        let quoted = markdown(&format!("{}the answer", "> ".repeat(50_000)));
        assert_eq!((quoted.text.as_str(), quoted.spans.len()), ("the answer", 1));
        let bold = markdown(&format!("{0}x{0}", "*".repeat(4000)));
        assert_eq!((bold.text.as_str(), bold.spans.len()), ("x", 1));
        assert_eq!(
            spans("[![a](https://b)](https://c)"),
            [("a".to_owned(), Style::Link("https://c".to_owned()))]
        );
        let list = markdown(&format!("{}a", "- ".repeat(1000))).text;
        assert!(list.ends_with("\n                • a") && list.lines().count() == 1000, "{list}");
    }

    proptest::proptest! {
        #[test]
        fn stretches_lie_within_each_other(text in "[ab`*_~>#\\n\\-\\[\\]() 1.]{0,120}") {
            let read = markdown(&text);
            for (n, span) in read.spans.iter().enumerate() {
                assert!(span.start < span.end && read.text.get(span.start..span.end).is_some());
                for other in &read.spans[n + 1..] {
                    assert!(other.start >= span.end || other.end <= span.end, "{text:?} {read:?}");
                }
            }
        }

        #[test]
        fn no_letter_is_lost(text in "[ab`*_~>#\\n \\-]{0,120}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            // The word after a fence is a language, and no text.
            if !text.contains("```") && !text.contains("~~~") {
                assert_eq!(letters(&markdown(&text).text), letters(&text));
            }
        }
    }
}
