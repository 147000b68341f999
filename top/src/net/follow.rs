//! A task's output, followed as it grows.

use std::{sync::PoisonError, time::Duration};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind,
    types::{OutputStream, TaskOutput, TaskOutputParams},
};
use tokio::{sync::mpsc::Sender, time::sleep};

use super::Shared;
use crate::{
    Reader,
    message::{Key, Message, Output},
};

/// Time that the daemon waits for something new before it answers, in milliseconds, and time that the answer may take beyond that.
const WAIT_MS: u64 = 20_000;
const SLACK: Duration = Duration::from_secs(10);

/// Pause before another try.
const PAUSE: Duration = Duration::from_millis(300);

/// Output that is read from its beginning, in bytes: of a longer one, its end follows, and not what is between.
const HEAD: u64 = 1024 * 1024;
const TAIL: u64 = 512 * 1024;

/// Reads every character: standard error is for people as it is.
pub(super) struct Verbatim;

impl Reader for Verbatim {
    fn read(&mut self, output: &str) -> String {
        output.to_owned()
    }

    fn end(&mut self) -> String {
        String::new()
    }

    fn begin_anew(&mut self) {}
}

/// What follows an output.
struct Following {
    client: Shared,
    number: u64,
    key: Key,
    stream: OutputStream,
    to: Sender<Message>,
}

/// Follows an output until it has ended, over restarts of the daemon.
pub(super) async fn follow(
    client: Shared,
    number: u64,
    key: Key,
    stream: OutputStream,
    mut reader: Box<dyn Reader>,
    to: Sender<Message>,
) {
    let following = Following { client, number, key, stream, to };
    let (mut offset, mut attempt, mut has_skipped, mut is_middle) = (0, 0, false, false);
    loop {
        let chunk = match following.ask(offset, WAIT_MS).await {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == Some(ErrorKind::TaskNotFound) => {
                following.tell(Output::Failed(error.to_string())).await;
                return;
            }
            // It is asked for again once there is a daemon.
            Err(_) => {
                sleep(PAUSE).await;
                continue;
            }
        };
        if std::mem::replace(&mut attempt, chunk.attempt) != chunk.attempt && offset > 0 {
            following.tell(Output::Anew).await;
            reader.begin_anew();
            (offset, has_skipped, is_middle) = (0, false, false);
            continue;
        }
        if chunk.offset > offset {
            // What is between is on the host that has run it.
            following.tell(Output::Text(reader.end())).await;
            following.tell(Output::Skipped(chunk.offset - offset)).await;
            reader.begin_anew();
            is_middle = true;
        }
        offset = chunk.next_offset;
        let mut data = chunk.data.as_str();
        if is_middle && !data.is_empty() {
            // What is left of a line that was cut says nothing.
            data = data.split_once('\n').map_or("", |(_, rest)| rest);
            is_middle = data.is_empty();
        }
        let mut text = reader.read(data);
        if chunk.ended {
            text.push_str(&reader.end());
        }
        if !text.is_empty() && !following.tell(Output::Text(text)).await {
            return;
        }
        if chunk.ended {
            following.tell(Output::Ended).await;
            return;
        }
        if !has_skipped && offset >= HEAD {
            has_skipped = true;
            let from = following.near_the_end(offset).await.unwrap_or(offset);
            if from > offset {
                following.tell(Output::Text(reader.end())).await;
                following.tell(Output::Skipped(from - offset)).await;
                reader.begin_anew();
                (offset, is_middle) = (from, true);
            }
        }
    }
}

impl Following {
    /// False once nobody listens.
    async fn tell(&self, output: Output) -> bool {
        self.to.send(Message::Output(self.number, output)).await.is_ok()
    }

    fn client(&self) -> Result<DaemonClient, ClientError> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        client.ok_or_else(|| ClientError::Disconnected("there is no connection".to_owned()))
    }

    async fn ask(&self, offset: u64, wait_ms: u64) -> Result<TaskOutput, ClientError> {
        let params = TaskOutputParams {
            task_id: self.key.task_id(),
            stream: Some(self.stream),
            offset: Some(offset),
            wait_ms: Some(wait_ms),
            encoding: None,
        };
        self.client()?.with_timeout(Duration::from_millis(wait_ms) + SLACK).task_output(params).await
    }

    /// The byte near the end to go on at: found by halves, since only what is there tells how long it is.
    async fn near_the_end(&self, from: u64) -> Result<u64, ClientError> {
        let (mut low, mut high) = (from, from.saturating_mul(2));
        while self.has_at(high).await? {
            (low, high) = (high, high.saturating_mul(2));
        }
        while high - low > TAIL / 8 {
            let middle = low + (high - low) / 2;
            match self.has_at(middle).await? {
                true => low = middle,
                false => high = middle,
            }
        }
        let to = low.saturating_sub(TAIL).max(from);
        Ok(if to - from < TAIL { from } else { to })
    }

    async fn has_at(&self, offset: u64) -> Result<bool, ClientError> {
        Ok(!self.ask(offset, 0).await?.data.is_empty())
    }
}
