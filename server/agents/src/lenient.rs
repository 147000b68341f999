//! JSON as agents write it, made JSON: what is no text becomes U+FFFD, and a number beyond what one can be becomes `null`.
//!
//! Node's `JSON.stringify` writes halves of characters, where a text was cut within an emoji, as `"\ud83d"`; a tool's output may not be
//! UTF-8. That is no reason to know nothing of the message that it stands in. Only what could not be read as it is comes through here.

use std::io::{self, Read};

/// Number of bytes read at once.
const AT_ONCE: usize = 16 * 1024;

/// The longest number that is looked at, in bytes.
const LONGEST_NUMBER: usize = 1024;

/// Escape that replaces half of a character.
const REPLACED: &[u8] = br"\ufffd";

/// Reads something with all of that replaced. It holds some KiB of it.
pub(crate) struct Lenient<R> {
    inner: R,
    /// Bytes that have been read and not yet been looked at.
    raw: Vec<u8>,
    /// Bytes to be given, from `at` on.
    mended: Vec<u8>,
    at: usize,
    in_string: bool,
}

impl<R: Read> Lenient<R> {
    pub(crate) fn of(inner: R) -> Self {
        Self { inner, raw: Vec::new(), mended: Vec::new(), at: 0, in_string: false }
    }

    /// Reads on until there is something to give. Returns false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        (self.mended, self.at) = (Vec::new(), 0);
        while self.mended.is_empty() {
            let read = (&mut self.inner).take(AT_ONCE as u64).read_to_end(&mut self.raw)?;
            if self.raw.is_empty() {
                return Ok(false);
            }
            let done = mend(&self.raw, read == 0, &mut self.in_string, &mut self.mended);
            self.raw.drain(..done);
        }
        Ok(true)
    }
}

impl<R: Read> Read for Lenient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.mended.len() && !self.fill()? {
            return Ok(0);
        }
        let count = self.mended.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

/// Mends as much of this as can be evaluated, and returns the length of it: all of it at the end.
fn mend(raw: &[u8], is_end: bool, in_string: &mut bool, mended: &mut Vec<u8>) -> usize {
    let mut rest = raw;
    while let Some(first) = rest.first() {
        let step = match first {
            b'"' => {
                *in_string = !*in_string;
                mended.push(b'"');
                Some(1)
            }
            b'\\' if *in_string => escape(rest, is_end, mended),
            _ if *in_string => text(rest, is_end, mended),
            b'-' | b'0'..=b'9' => number(rest, is_end, mended),
            other => {
                mended.push(*other);
                Some(1)
            }
        };
        match step.and_then(|step| rest.get(step..)) {
            Some(further) => rest = further,
            None => break,
        }
    }
    raw.len() - rest.len()
}

/// Length of the escape that stands here; none if that is not known yet.
fn escape(rest: &[u8], is_end: bool, mended: &mut Vec<u8>) -> Option<usize> {
    let keep = |length: usize, mended: &mut Vec<u8>| {
        let kept = rest.get(..length).unwrap_or(rest);
        mended.extend_from_slice(kept);
        Some(kept.len())
    };
    // Of the longest, a pair.
    if rest.len() < 12 && !is_end {
        return None;
    }
    match unit(rest) {
        Some(0xD800..=0xDBFF) if matches!(rest.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) => {
            keep(12, mended)
        }
        Some(0xD800..=0xDFFF) => {
            mended.extend_from_slice(REPLACED);
            Some(6)
        }
        Some(_) => keep(6, mended),
        None => keep(2, mended),
    }
}

/// UTF-16 unit of an escape with a number at the beginning of this.
fn unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

/// Length of the text that stands here, without escapes; none if that is not known yet.
fn text(rest: &[u8], is_end: bool, mended: &mut Vec<u8>) -> Option<usize> {
    let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    let is_last = length.is_none() && !is_end;
    let run = length.and_then(|length| rest.get(..length)).unwrap_or(rest);
    let mut done = 0;
    for chunk in run.utf8_chunks() {
        mended.extend_from_slice(chunk.valid().as_bytes());
        done += chunk.valid().len();
        let broken = chunk.invalid();
        if broken.is_empty() {
            continue;
        }
        // The beginning of a character, the rest of which is still to be read.
        let may_go_on = || std::str::from_utf8(broken).is_err_and(|error| error.error_len().is_none());
        if is_last && done + broken.len() == run.len() && may_go_on() {
            break;
        }
        mended.extend_from_slice("\u{fffd}".as_bytes());
        done += broken.len();
    }
    (done > 0).then_some(done)
}

/// Length of the number that stands here; none if that is not known yet.
fn number(rest: &[u8], is_end: bool, mended: &mut Vec<u8>) -> Option<usize> {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = rest.iter().position(|byte| !is_part(byte));
    if length.is_none() && !is_end && rest.len() < LONGEST_NUMBER {
        return None;
    }
    let number = length.and_then(|length| rest.get(..length)).unwrap_or(rest);
    let value: Option<f64> = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
    match value {
        Some(value) if value.is_infinite() => mended.extend_from_slice(b"null"),
        _ => mended.extend_from_slice(number),
    }
    Some(number.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn mended(json: &[u8]) -> String {
        let whole = io::read_to_string(Lenient::of(json)).unwrap();
        for piece in 1..json.len() {
            // As if no more could be read at once: what is not evaluated is looked at again.
            let (mut raw, mut out, mut in_string) = (Vec::new(), Vec::new(), false);
            for bytes in json.chunks(piece) {
                raw.extend_from_slice(bytes);
                let done = mend(&raw, false, &mut in_string, &mut out);
                raw.drain(..done);
            }
            mend(&raw, true, &mut in_string, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), whole, "in pieces of {piece}");
        }
        assert_eq!(io::read_to_string(Lenient::of(Pieces(json, 3))).unwrap(), whole);
        whole
    }

    #[test]
    fn halves_of_characters_are_replaced_and_whole_ones_stay() {
        for (json, expected) in [
            (r#"{"a":"x\ud83d"}"#, r#"{"a":"x\ufffd"}"#),
            (r#"{"a":"\ude00x"}"#, r#"{"a":"\ufffdx"}"#),
            (r#"{"a":"\ud83d\ud83d\uDE00"}"#, r#"{"a":"\ufffd\ud83d\uDE00"}"#),
            (r#"{"a":"\ud83d\n\\ud83d\"\u00e9"}"#, r#"{"a":"\ufffd\n\\ud83d\"\u00e9"}"#),
        ] {
            assert_eq!(mended(json.as_bytes()), expected);
            assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced_and_what_is_stays() {
        assert_eq!(mended(b"{\"a\":\"\xff\xc3\xa9\xf0\x9f\x98\"}"), "{\"a\":\"\u{fffd}é\u{fffd}\"}");
        assert_eq!(mended("{\"ä\":\"😀ß\"}".as_bytes()), "{\"ä\":\"😀ß\"}");
    }

    #[test]
    fn a_number_beyond_all_is_none() {
        let json = br#"{"a":1e400,"b":[-1E+999,12.5e3,-0],"c":"1e400"}"#;
        assert_eq!(mended(json), r#"{"a":null,"b":[null,12.5e3,-0],"c":"1e400"}"#);
        assert_eq!(mended(b"1e999"), "null");
    }

    #[test]
    fn what_is_no_json_has_an_end() {
        for broken in
            [&b"\"\\"[..], b"\"\\u12", b"\"\\ud83d\\u", b"{\xff", b"\"\xf0\x9f", b"-", b"\\ud83d", b""]
        {
            let mut mended = Vec::new();
            Lenient::of(broken).read_to_end(&mut mended).unwrap();
            assert!(mended.len() <= broken.len() + 8, "{mended:?}");
        }
        let digits = vec![b'9'; 3 * AT_ONCE];
        assert!(io::read_to_string(Lenient::of(digits.as_slice())).is_ok());
    }
}
