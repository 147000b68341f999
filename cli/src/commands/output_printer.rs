//! Prints the parts of an agent's output that a person wants to read.

use std::io::{self, Write};

use serde_json::Value;

/// Passes an agent's output on as it comes. Of the JSON of a program that is known it passes on what the agent says.
pub(super) struct OutputPrinter<W> {
    out: W,
    form: Form,
    /// The beginning of a line that may be JSON.
    line: Vec<u8>,
    /// True if the present line is no JSON, and passed on as it comes.
    is_plain: bool,
    /// True until the end of a line whose beginning was left out.
    is_middle: bool,
    /// The byte of the output that comes next.
    next: u64,
    has_printed: bool,
    ends_line: bool,
    /// Text of the agent's own result.
    result: Option<String>,
}

/// Form of an output. The first line with JSON decides: an answer may have JSON in it, and nothing of that is to be lost.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Unknown,
    /// Passed on as it is.
    Text,
    /// Messages of `claude`, `codex`, `gemini` or `opencode`, and what a wrapper prints beside them.
    Messages,
}

impl<W: Write> OutputPrinter<W> {
    pub(super) fn to(out: W) -> Self {
        Self {
            out,
            form: Form::Unknown,
            line: Vec::new(),
            is_plain: false,
            is_middle: false,
            next: 0,
            has_printed: false,
            ends_line: true,
            result: None,
        }
    }

    /// Every byte as it is.
    pub(super) fn verbatim(out: W) -> Self {
        Self { form: Form::Text, ..Self::to(out) }
    }

    /// Takes what begins at a byte of the output, and says how many bytes before it are left out. Another attempt begins at 0.
    pub(super) fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<u64> {
        let left_out = offset.saturating_sub(self.next);
        self.next = offset.saturating_add(bytes.len() as u64);
        if left_out > 0 && self.form == Form::Messages {
            // Half a message says nothing.
            self.line.clear();
            (self.is_plain, self.is_middle) = (false, true);
        }
        self.write(bytes)?;
        Ok(left_out)
    }

    /// Takes more of the output.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (part, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.part(part, end.is_some())?;
            bytes = rest;
        }
        self.out.flush()
    }

    /// The end of an answer, which ends with a line: with the task's result, if it was not said before.
    pub(super) fn end(&mut self, answer: Option<&str>) -> io::Result<()> {
        self.finish()?;
        if let Some(answer) = answer.filter(|_| !self.has_printed) {
            self.print_line(answer)?;
        }
        if !self.ends_line {
            self.print(b"\n")?;
        }
        self.out.flush()
    }

    /// The end of the output: of messages with their result, if it was not said before.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.line);
        // Of an agent that was ended in the middle of a message, that is no answer.
        if !rest.is_empty() && (self.form != Form::Messages || json(&rest).is_some()) {
            self.print_json_line(&rest)?;
        }
        if let Some(result) = self.result.take().filter(|_| !self.has_printed) {
            self.print_line(&result)?;
        }
        self.out.flush()
    }

    /// A part of a line, perhaps its end.
    fn part(&mut self, part: &[u8], ends: bool) -> io::Result<()> {
        if self.form == Form::Text {
            return self.print(part);
        }
        if self.is_middle {
            self.is_middle = !ends;
            return Ok(());
        }
        if !self.is_plain && self.line.is_empty() && !part.starts_with(b"{") {
            self.is_plain = true;
        }
        if self.is_plain {
            self.is_plain = !ends;
            return self.print(part);
        }
        self.line.extend_from_slice(part);
        if ends {
            let line = std::mem::take(&mut self.line);
            self.print_json_line(&line)?;
        }
        Ok(())
    }

    fn print_json_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.form == Form::Unknown {
            self.form = if begins_messages(line) { Form::Messages } else { Form::Text };
        }
        let message = json(line).filter(|message| self.form == Form::Messages && message["type"].is_string());
        let Some(message) = message else { return self.print(line) };
        match message["type"].as_str() {
            // What a subagent says is said to the agent.
            Some("assistant") if message["parent_tool_use_id"].is_null() => {
                for block in message["message"]["content"].as_array().into_iter().flatten() {
                    if let Some(text) = block["text"].as_str() {
                        self.print_line(text)?;
                    }
                }
            }
            // Of codex.
            Some("item.completed") if message["item"]["type"] == "agent_message" => {
                self.print_line(message["item"]["text"].as_str().unwrap_or_default())?;
            }
            // Of opencode.
            Some("text") => self.print_line(message["part"]["text"].as_str().unwrap_or_default())?,
            // Of gemini, part after part.
            Some("message") if message["role"] == "assistant" => {
                self.print(message["content"].as_str().unwrap_or_default().as_bytes())?;
            }
            Some("tool_use") if !self.ends_line => self.print(b"\n")?,
            // It repeats what was said; where nothing was, it is all there is.
            Some("result") => self.result = message["result"].as_str().map(str::to_owned),
            _ => {}
        }
        Ok(())
    }

    fn print_line(&mut self, text: &str) -> io::Result<()> {
        if text.trim().is_empty() {
            return Ok(());
        }
        self.print(text.as_bytes())?;
        if self.ends_line { Ok(()) } else { self.print(b"\n") }
    }

    fn print(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.has_printed |= !bytes.trim_ascii().is_empty();
        self.ends_line = bytes.ends_with(b"\n");
        self.out.write_all(bytes)
    }
}

impl OutputPrinter<Vec<u8>> {
    /// The text that is to be passed on.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

fn json(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok()
}

/// The members by which the first message of each program names its session, which other JSON that a program writes does not have: of `claude` and
/// `gemini`, of `codex`, and of `opencode`.
const SESSION: [&str; 3] = ["session_id", "thread_id", "sessionID"];

/// True if this is the first message of a program that is known.
fn begins_messages(line: &[u8]) -> bool {
    let names_session = |message: &Value| SESSION.iter().any(|member| message[member].is_string());
    json(line).is_some_and(|message| message["type"].is_string() && names_session(&message))
}

/// The parts that a person wants to read of the last part of an output.
pub(super) fn readable(output: &str) -> String {
    // It may begin within a message.
    let output = match output.split_once('\n') {
        Some((cut, rest)) if cut.ends_with('}') && !cut.starts_with('{') && is_of_messages(rest) => rest,
        _ => output,
    };
    let mut printer = OutputPrinter::to(Vec::new());
    // Memory takes all there is.
    let _ = printer.write(output.as_bytes()).and_then(|()| printer.finish());
    String::from_utf8_lossy(&printer.take()).into_owned()
}

fn is_of_messages(output: &str) -> bool {
    output.lines().next().is_some_and(|line| begins_messages(line.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(parts: &[&str], answer: Option<&str>) -> String {
        let mut out = Vec::new();
        let mut printer = OutputPrinter::to(&mut out);
        parts.iter().for_each(|part| printer.write(part.as_bytes()).unwrap());
        printer.end(answer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_passed_on_as_it_is() {
        assert_eq!(heard(&["Look", "ing.\nDone"], Some("Looking.\nDone")), "Looking.\nDone\n");
        assert_eq!(heard(&["a {b}\n", "{not json}\n"], None), "a {b}\n{not json}\n");
        let own = "{\"type\":\"assistant\"}\n{\"type\":\"log\",\"text\":\"no end\"}";
        assert_eq!(readable(own), own);
    }

    const HELLO: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Hello."},{"type":"tool_use"}]},"session_id":"s"}"#;

    #[test]
    fn of_json_only_what_is_said() {
        let (first, second) = HELLO.split_at(20);
        let result = r#"{"session_id":"s","type":"result","result":"Hello."}"#;
        let init = "{\"type\":\"system\",\"session_id\":\"s\"}\n";
        assert_eq!(heard(&[init, first, second, "\n", result, "\n"], Some("Hello.")), "Hello.\n");
        assert_eq!(heard(&[result], Some("Hello.")), "Hello.\n");
        assert_eq!(readable(&format!("{init}{result}\n")), "Hello.\n");
    }

    #[test]
    fn of_the_json_of_each_program_only_what_is_said() {
        let codex = r#"{"type":"thread.started","thread_id":"t"}
{"type":"item.completed","item":{"id":"0","type":"command_execution","command":"ls"}}
{"type":"item.completed","item":{"id":"1","type":"agent_message","text":"Hello."}}
{"type":"turn.completed","usage":{"input_tokens":1}}
"#;
        let opencode = r#"{"type":"step_start","timestamp":1,"sessionID":"ses_1","part":{"type":"step-start"}}
{"type":"text","timestamp":2,"sessionID":"ses_1","part":{"type":"text","text":"Hello."}}
{"type":"step_finish","timestamp":3,"sessionID":"ses_1","part":{"type":"step-finish","reason":"stop"}}
"#;
        let gemini = r#"{"type":"init","session_id":"g","model":"m"}
{"type":"message","role":"user","content":"hi"}
{"type":"message","role":"assistant","content":"Hel","delta":true}
{"type":"message","role":"assistant","content":"lo.","delta":true}
{"type":"result","status":"success","stats":{}}
"#;
        for output in [codex, opencode, gemini] {
            assert_eq!(heard(&[output], Some("Hello.")), "Hello.\n", "{output}");
            assert_eq!(readable(output).trim_end(), "Hello.");
        }
    }

    #[test]
    fn an_answer_may_have_json_in_it() {
        for first in ["{\"type\":\"log\",\"level\":3}\n", "Look:\n{\"a\": 1}\n", "{\n"] {
            let answer = format!("{first}{HELLO}\n{{\"type\":\"result\",\"session_id\":\"s\"}}\nend\n");
            assert_eq!(heard(&[&answer], Some("other")), answer);
        }
    }

    #[test]
    fn a_wrapper_may_say_something_too() {
        let init = "{\"type\":\"system\",\"session_id\":\"s\"}";
        let mut printer = OutputPrinter::to(Vec::new());
        let output = format!("node 22\n{init}\nhm\n{{no json}}\n{{\"type\":\"keep_alive\"}}\n{HELLO}\n");
        printer.write(output.as_bytes()).unwrap();
        assert_eq!(printer.take(), b"node 22\nhm\n{no json}\nHello.\n");
    }

    #[test]
    fn an_answer_that_was_ended_has_no_messages_in_it() {
        let init = "{\"type\":\"system\",\"session_id\":\"s\"}\n";
        let sub = HELLO.replace("\"session_id\"", "\"parent_tool_use_id\":\"t\",\"session_id\"");
        assert_eq!(heard(&[init, &sub, "\n", "{\"type\":\"assis"], None), "");
    }

    #[test]
    fn the_rest_of_a_message_is_none() {
        assert_eq!(readable(&format!("lo.\"}}]}}\n{HELLO}\n")), "Hello.\n");
        assert_eq!(readable("}\nHello."), "}\nHello.");
    }

    #[test]
    fn what_is_left_out_takes_only_the_messages_along_that_it_cuts() {
        let init = "{\"type\":\"system\",\"session_id\":\"s\"}\n";
        let beginning = format!("{init}{{\"type\":\"assis");
        let rest = format!("lo.\"}}]}}}}\n{HELLO}\n");
        let mut printer = OutputPrinter::to(Vec::new());
        assert_eq!(printer.write_at(0, beginning.as_bytes()).unwrap(), 0);
        assert_eq!(printer.write_at(beginning.len() as u64 + 7, rest.as_bytes()).unwrap(), 7);
        assert_eq!(printer.take(), b"Hello.\n");
        let mut printer = OutputPrinter::verbatim(Vec::new());
        for (offset, left_out) in [(0, 0), (2, 0), (10, 6), (0, 0), (2, 0)] {
            assert_eq!(printer.write_at(offset, b"ab").unwrap(), left_out);
        }
        assert_eq!(printer.take(), b"ababababab");
    }

    #[test]
    fn verbatim_is_every_byte() {
        let mut printer = OutputPrinter::verbatim(Vec::new());
        printer.write(HELLO.as_bytes()).unwrap();
        printer.finish().unwrap();
        assert_eq!(printer.take(), HELLO.as_bytes());
    }
}
