//! What of an agent's output a person wants to read.

use std::io::{self, Write};

use serde_json::Value;

/// Passes an agent's output on as it comes. Of `claude`'s JSON it passes on what the agent says.
pub(super) struct Speech<W> {
    out: W,
    /// The beginning of a line that may be JSON.
    line: Vec<u8>,
    /// Whether the present line is no JSON, and passed on as it comes.
    is_plain: bool,
    has_spoken: bool,
    ends_line: bool,
}

impl<W: Write> Speech<W> {
    pub(super) fn to(out: W) -> Self {
        Self { out, line: Vec::new(), is_plain: false, has_spoken: false, ends_line: true }
    }

    /// Takes more of the output.
    pub(super) fn hear(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (part, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.part(part, end.is_some())?;
            bytes = rest;
        }
        self.out.flush()
    }

    /// The end of the output: with the answer, if it was not said before.
    pub(super) fn end(&mut self, answer: Option<&str>) -> io::Result<()> {
        let rest = std::mem::take(&mut self.line);
        if !rest.is_empty() {
            self.json_line(&rest)?;
        }
        if let Some(answer) = answer.filter(|answer| !self.has_spoken && !answer.trim().is_empty()) {
            self.say(answer.as_bytes())?;
        }
        if !self.ends_line {
            self.say(b"\n")?;
        }
        self.out.flush()
    }

    /// A part of a line, perhaps its end.
    fn part(&mut self, part: &[u8], ends: bool) -> io::Result<()> {
        if !self.is_plain && self.line.is_empty() && !part.starts_with(b"{") {
            self.is_plain = true;
        }
        if self.is_plain {
            self.is_plain = !ends;
            return self.say(part);
        }
        self.line.extend_from_slice(part);
        if ends {
            let line = std::mem::take(&mut self.line);
            self.json_line(&line)?;
        }
        Ok(())
    }

    fn json_line(&mut self, line: &[u8]) -> io::Result<()> {
        let message = serde_json::from_slice::<Value>(line).ok();
        let Some((kind, message)) =
            message.as_ref().and_then(|message| Some((message["type"].as_str()?, message)))
        else {
            return self.say(line);
        };
        if kind == "assistant" {
            for block in message["message"]["content"].as_array().into_iter().flatten() {
                if let Some(text) = block["text"].as_str() {
                    self.say(text.as_bytes())?;
                    self.say(b"\n")?;
                }
            }
        }
        // The last message repeats what was said; where nothing was, the task's result tells it.
        Ok(())
    }

    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.has_spoken |= !bytes.trim_ascii().is_empty();
        self.ends_line = bytes.ends_with(b"\n");
        self.out.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(parts: &[&str], answer: Option<&str>) -> String {
        let mut out = Vec::new();
        let mut speech = Speech::to(&mut out);
        parts.iter().for_each(|part| speech.hear(part.as_bytes()).unwrap());
        speech.end(answer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_passed_on_as_it_is() {
        assert_eq!(heard(&["Look", "ing.\nDone"], Some("Looking.\nDone")), "Looking.\nDone\n");
        assert_eq!(heard(&["a {b}\n", "{not json}\n"], None), "a {b}\n{not json}\n");
    }

    #[test]
    fn of_json_only_what_is_said() {
        let said = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Hello."},{"type":"tool_use"}]}}"#;
        let (first, second) = said.split_at(20);
        let result = r#"{"type":"result","result":"Hello."}"#;
        assert_eq!(
            heard(&["{\"type\":\"system\"}\n", first, second, "\n", result, "\n"], Some("Hello.")),
            "Hello.\n"
        );
        assert_eq!(heard(&[result], Some("Hello.")), "Hello.\n");
    }
}
