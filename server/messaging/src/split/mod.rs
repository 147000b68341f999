//! Parts of a text that fit into a platform's messages.
//!
//! A text is cut between blocks, else between lines, else between words. A style that is cut goes on in the next part: blocks of code are
//! closed and opened again. Of a text with more than [`MOST_PARTS`] parts the beginning and the end are sent, and how to see the rest.

use unicode_segmentation::UnicodeSegmentation;

use crate::{
    Platform,
    render::length,
    text::{Style, Styled, units},
};

/// The most parts of a message.
pub const MOST_PARTS: usize = 5;

/// The parts that are left of the beginning of a text that is too long, the rest being of its end.
const FIRST_PARTS: usize = 3;

/// Cuts a text. `rest` says how to see all of it, where something is left out; it should be short.
pub fn split(platform: Platform, text: &Styled, rest: &str) -> Vec<Styled> {
    let longest = platform.longest() - platform.mark();
    let parts = cut(text, MOST_PARTS + 1, &|part| length(platform, part) <= longest);
    if parts.len() <= MOST_PARTS {
        return parts;
    }
    // Room for the note.
    let note_length = units(rest) + 80;
    let most = longest.saturating_sub(note_length).max(longest / 2);
    let fits = |part: &Styled| length(platform, part) <= most;
    let mut parts = cut(text, FIRST_PARTS, &fits);
    let used: usize = parts.iter().map(|part| part.text.len()).sum();
    let last = tail(text, MOST_PARTS - FIRST_PARTS, used, &fits);
    let left_out: usize = text.text.chars().count()
        - parts.iter().chain(&last).map(|part| part.text.chars().count()).sum::<usize>();
    if let Some(part) = parts.last_mut() {
        part.push_plain("\n\n");
        part.push_with(&format!("… {left_out} characters are left out here; {rest}"), Style::Italic);
    }
    parts.extend(last);
    parts
}

/// Cuts a text into parts of this length at most, in the platform's units; nothing is left out.
pub fn at_most(platform: Platform, text: &Styled, longest: usize) -> Vec<Styled> {
    cut(text, usize::MAX, &|part| length(platform, part) <= longest)
}

/// Cuts a text into `most` parts at most; what is beyond them is not looked at.
fn cut(text: &Styled, most: usize, fits: &dyn Fn(&Styled) -> bool) -> Vec<Styled> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while parts.len() < most {
        at = past_blank(text, at);
        if at >= text.text.len() {
            break;
        }
        let to = end_of_part(text, at, fits);
        let part = trimmed(text, at, to);
        if fits(&part) {
            parts.push(part);
            at = to;
            continue;
        }
        // The signs of its styles alone are too long: the text goes without them.
        let bare = text.slice(at, text.text.len()).text;
        let bare = Styled { text: bare, spans: Vec::new() };
        let length = end_of_part(&bare, 0, fits);
        parts.push(trimmed(&bare, 0, length));
        at += length;
    }
    parts
}

/// The last parts of a text, of what comes after byte `from`.
fn tail(text: &Styled, most: usize, from: usize, fits: &dyn Fn(&Styled) -> bool) -> Vec<Styled> {
    // Each boundary further back makes them longer: the furthest with which they are enough.
    let starts = |at: usize| text.text.is_char_boundary(at);
    let is_enough = |at: usize| cut(&text.slice(at, text.text.len()), most + 1, fits).len() <= most;
    let (mut low, mut high) = (from, text.text.len());
    while low < high {
        let middle = (low..=low + (high - low) / 2).rev().find(|at| starts(*at)).unwrap_or(low);
        if is_enough(middle) {
            high = middle;
        } else {
            low = (middle + 1..=text.text.len()).find(|at| starts(*at)).unwrap_or(high);
        }
    }
    // From the next line on, where there is one soon.
    let begins = text.text.get(high..).unwrap_or_default();
    let line = begins.find('\n').filter(|at| *at < 200).map_or(high, |at| high + at + 1);
    cut(&text.slice(line, text.text.len()), most, fits)
}

/// The end of the longest part that begins there and fits, cut at the best place.
fn end_of_part(text: &Styled, at: usize, fits: &dyn Fn(&Styled) -> bool) -> usize {
    let rest = text.text.get(at..).unwrap_or_default();
    let fits_to = |to: usize| fits(&text.slice(at, to));
    // No platform counts less than one for a character: what is beyond the longest text need not be looked at.
    let bound = rest.char_indices().nth(4200).map_or(rest.len(), |(end, _)| end);
    if bound == rest.len() && fits_to(text.text.len()) {
        return text.text.len();
    }
    let ends: Vec<usize> =
        rest.get(..bound).unwrap_or_default().char_indices().map(|(end, _)| at + end).collect();
    let (mut low, mut high) = (1, ends.len());
    while low < high {
        let middle = (low + high) / 2;
        match ends.get(middle) {
            Some(end) if fits_to(*end) => low = middle + 1,
            _ => high = middle,
        }
    }
    // Signs around styles come and go, so that a longer text may be shorter when sent: whatever is taken must fit.
    let mut place = low.saturating_sub(1).max(1);
    while place > 1 && !ends.get(place).is_some_and(|end| fits_to(*end)) {
        place -= 1;
    }
    let furthest = ends.get(place).copied().unwrap_or(text.text.len());
    let best = best_end(text, at, furthest);
    // A cut within a style may need a sign more than one after it.
    if fits_to(best) { best } else { furthest }
}

/// The best place for a cut up to there: after a block, a line, a word, a character as people see it.
fn best_end(text: &Styled, from: usize, to: usize) -> usize {
    let part = text.text.get(from..to).unwrap_or_default();
    let is_within_code = |at: usize| text.code_around(at).is_some();
    let block = part.rmatch_indices("\n\n").map(|(at, _)| from + at + 2).find(|at| !is_within_code(*at));
    let line = part.rfind('\n').map(|at| from + at + 1);
    let word = part.rfind(char::is_whitespace).and_then(|at| {
        let space = part.get(at..)?.chars().next()?;
        Some(from + at + space.len_utf8())
    });
    let is_far = |at: &usize, share: usize| (*at - from) * share >= to - from;
    let found = block
        .filter(|at| is_far(at, 3))
        .or(line.filter(|at| is_far(at, 3)))
        .or(word.filter(|at| is_far(at, 4)))
        .or_else(|| {
            // The last one may go on beyond the end.
            let rest = text.text.get(from..).unwrap_or_default();
            let ends = rest.grapheme_indices(true).map(|(at, _)| from + at).take_while(|at| *at <= to);
            ends.last().filter(|at| *at > from)
        });
    found.unwrap_or(to)
}

/// The first byte at or after this one that is worth showing: breaks between parts are dropped, those of code but one are not.
fn past_blank(text: &Styled, at: usize) -> usize {
    let rest = text.text.get(at..).unwrap_or_default();
    if at > 0 && text.code_around(at).is_some() {
        return at;
    }
    if at == 0 && text.spans.first().is_some_and(|span| span.start == 0) {
        return at;
    }
    let blank = rest.len() - rest.trim_start().len();
    // Of code that begins there, its indentation stays.
    let code = text.spans.iter().find(|span| span.style.is_code() && (at..at + blank).contains(&span.start));
    code.map_or(at + blank, |span| span.start)
}

/// The part between these bytes, without the blanks at its end.
fn trimmed(text: &Styled, from: usize, to: usize) -> Styled {
    let part = text.text.get(from..to).unwrap_or_default();
    let end = from + part.trim_end().len();
    if end == from { text.slice(from, to) } else { text.slice(from, end) }
}

#[cfg(test)]
mod tests;
