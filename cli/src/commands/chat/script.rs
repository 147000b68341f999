//! A conversation whose lines come from a script.

use std::io::{self, BufRead};

use tokio::sync::mpsc::{Receiver, channel};

use super::{
    editor::{message, turns_block},
    repl::{Done, Talk, print_error},
};
use crate::error::CliError;

impl Talk {
    /// Takes all lines of standard input. Gives whether all of them did well; Ctrl-C ends it.
    pub(super) fn with_script(&mut self) -> Result<bool, CliError> {
        let mut lines = lines();
        let mut is_all_well = true;
        while let Some(typed) = self.next_message(&mut lines)? {
            let done = match std::str::from_utf8(&typed) {
                Ok(typed) => self.take(&message(typed)),
                Err(_) => Err(CliError::Usage(format!(
                    "this is not UTF-8, and was not said: {:?}",
                    String::from_utf8_lossy(&typed)
                ))),
            };
            match done {
                Ok(Done::Leave) => break,
                Ok(Done::Well) => {}
                Ok(Done::Badly) => is_all_well = false,
                Err(error @ (CliError::Interrupted | CliError::Io(_))) => return Err(error),
                Err(error) => {
                    print_error(&error);
                    is_all_well = false;
                }
            }
        }
        Ok(is_all_well)
    }

    /// The next message, over several lines perhaps; none at the end.
    fn next_message(&self, lines: &mut Receiver<io::Result<Vec<u8>>>) -> Result<Option<Vec<u8>>, CliError> {
        let mut typed: Option<Vec<u8>> = None;
        let mut is_in_block = false;
        while let Some(line) = self.wait(async { lines.recv().await.transpose() })? {
            is_in_block ^= turns_block(&String::from_utf8_lossy(&line));
            let goes_on = is_in_block || line.ends_with(b"\\");
            let all = match typed.take() {
                Some(before) => [before, line].join(&b'\n'),
                None => line,
            };
            if !goes_on {
                return Ok(Some(all));
            }
            typed = Some(all);
        }
        Ok(typed)
    }
}

/// The lines of standard input, without their ends. From a thread of their own, which ends with the process: Ctrl-C is heard meanwhile.
fn lines() -> Receiver<io::Result<Vec<u8>>> {
    let (send, receive) = channel(1);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = match stdin.read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => Ok(without_end(line)),
                Err(error) => Err(error),
            };
            let is_last = read.is_err();
            if send.blocking_send(read).is_err() || is_last {
                return;
            }
        }
    });
    receive
}

fn without_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    line
}
