//! A transport that outlasts its connections.
//!
//! It keeps the line of each call until its answer has come. When a connection is lost, it connects again, with growing pauses, and sends again
//! what has had no answer, in the order in which it was sent first, before anything else: so the calls of a client take effect in their order,
//! and each once, since those with an effect have a key. A call that cannot be repeated fails. The calls themselves notice nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    fmt, io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};

use aiwg_protocol::{
    DaemonServiceRequest, DaemonServiceResponse, ErrorKind,
    definition::Repeat,
    wire::client::{ClientTransport, RequestLine},
};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tarpc::{ClientMessage, Response, ServerError};
use tokio::{
    net::UnixStream,
    time::{Sleep, sleep},
};

use crate::{
    connection::connect,
    discover::Address,
    error::ClientError,
    random::{jittered, key},
};

/// The kind of the error of a call that has had no answer.
pub(crate) const LOST: io::ErrorKind = io::ErrorKind::ConnectionAborted;

/// The first pause before connecting again, which doubles from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The time without a daemon after which calls fail. A call's own time-out may come first.
const GIVE_UP: Duration = Duration::from_secs(30);

type Wire = ClientTransport<UnixStream>;
type Answer = Response<DaemonServiceResponse>;
type Connecting = Pin<Box<dyn Future<Output = Result<UnixStream, ClientError>> + Send>>;

/// The transport.
pub(crate) struct Resilient {
    address: Address,
    state: State,
    /// The calls without an answer, in the order in which they were made.
    calls: BTreeMap<u64, RequestLine>,
    /// Their places in that order, by their ids.
    places: HashMap<u64, (u64, Repeat)>,
    next_place: u64,
    /// The places of those that have still to be sent over this connection, or the next.
    unsent: BTreeSet<u64>,
    /// The ends of calls that fail.
    failed: VecDeque<Answer>,
    /// True if the daemon takes no more calls, and goes away when those that it has are answered.
    is_closing: bool,
    /// Time since which no daemon has answered.
    lost_since: Option<Instant>,
    pause: Duration,
    /// Wakes the task that drives this.
    waker: Option<Waker>,
}

enum State {
    Up(Box<Wire>),
    /// There is no connection, and none is needed.
    Idle,
    Pausing(Pin<Box<Sleep>>),
    Connecting(Connecting),
}

impl fmt::Debug for Resilient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resilient").field("address", &self.address).field("calls", &self.calls.len()).finish()
    }
}

impl Resilient {
    /// One that has this connection, and makes others to the same address.
    pub(crate) fn new(address: Address, stream: UnixStream) -> Self {
        Self {
            address,
            state: State::Up(Box::new(Wire::new(stream))),
            calls: BTreeMap::new(),
            places: HashMap::new(),
            next_place: 0,
            unsent: BTreeSet::new(),
            failed: VecDeque::new(),
            is_closing: false,
            lost_since: None,
            pause: FIRST_PAUSE,
            waker: None,
        }
    }

    /// The connection, if what comes next can be sent over it at once.
    fn wire(&mut self) -> Option<&mut Wire> {
        match &mut self.state {
            State::Up(wire) if self.unsent.is_empty() && !self.is_closing => Some(wire),
            _ => None,
        }
    }

    /// Sends what has to be sent over this connection, in its order.
    fn send_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let State::Up(wire) = &mut self.state else { return Poll::Ready(Ok(())) };
        while let Some(place) = self.unsent.first().copied().filter(|_| !self.is_closing) {
            ready!(wire.poll_ready_unpin(cx))?;
            if let Some(line) = self.calls.get(&place) {
                wire.send_line(line)?;
            }
            self.unsent.remove(&place);
        }
        wire.poll_flush_unpin(cx)
    }

    /// The connection is lost: what can be repeated is, and the rest has failed.
    fn lose(&mut self, why: &str) {
        let never = |(id, (place, repeat)): (&u64, &(u64, Repeat))| {
            (*repeat == Repeat::Never && !self.unsent.contains(place)).then_some(*id)
        };
        let in_vain: Vec<u64> = self.places.iter().filter_map(never).collect();
        in_vain.into_iter().for_each(|id| self.fail(id, why));
        self.unsent = self.calls.keys().copied().collect();
        self.is_closing = false;
        if self.calls.is_empty() {
            self.state = State::Idle;
        } else if self.is_late() {
            self.give_up(why);
        } else {
            self.wait();
        }
    }

    /// True if no daemon has answered for so long that none will.
    fn is_late(&self) -> bool {
        self.lost_since.is_some_and(|since| since.elapsed() >= GIVE_UP)
    }

    /// Pauses before the next try.
    fn wait(&mut self) {
        self.lost_since.get_or_insert_with(Instant::now);
        self.state = State::Pausing(Box::pin(sleep(jittered(self.pause))));
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
    }

    /// Nobody is there, or nobody to be talked to.
    fn give_up(&mut self, why: &str) {
        let all: Vec<u64> = self.places.keys().copied().collect();
        all.into_iter().for_each(|id| self.fail(id, why));
        self.unsent.clear();
        self.is_closing = false;
        self.recovered();
        self.state = State::Idle;
    }

    fn fail(&mut self, id: u64, why: &str) {
        self.forget(id);
        self.failed
            .push_back(Response { request_id: id, message: Err(ServerError::new(LOST, why.to_owned())) });
    }

    /// Forgets a call. True if it was sent over this connection.
    fn forget(&mut self, id: u64) -> bool {
        let Some((place, _)) = self.places.remove(&id) else { return false };
        self.calls.remove(&place);
        !self.unsent.remove(&place)
    }

    fn recovered(&mut self) {
        self.lost_since = None;
        self.pause = FIRST_PAUSE;
    }

    /// The answer for whoever has called; none if the call is to be repeated, since the daemon that was asked is stopping.
    fn answered(&mut self, answer: Answer) -> Option<Answer> {
        let id = answer.request_id;
        let error = answer.message.as_ref().ok().and_then(DaemonServiceResponse::error);
        let is_refused = error.is_some_and(|error| error.kind() == Some(ErrorKind::ShuttingDown));
        match self.places.get(&id) {
            Some((place, Repeat::Safe | Repeat::Key)) if is_refused => {
                self.unsent.insert(*place);
                self.is_closing = true;
                None
            }
            _ => {
                self.forget(id);
                self.recovered();
                Some(answer)
            }
        }
    }

    /// True if the daemon has no more to say.
    fn is_over(&self) -> bool {
        self.is_closing && self.unsent.len() == self.calls.len()
    }

    fn add(&mut self, id: u64, mut request: DaemonServiceRequest) -> io::Result<()> {
        if let Some(slot) = request.idempotency_key() {
            slot.get_or_insert_with(key);
        }
        let line = RequestLine::new(id, request)?;
        let place = self.next_place;
        self.next_place += 1;
        self.places.insert(id, (place, line.repeat()));
        let sent = match self.wire() {
            Some(wire) => wire.send_line(&line),
            None => {
                self.unsent.insert(place);
                self.wake();
                Ok(())
            }
        };
        self.calls.insert(place, line);
        if let Err(error) = sent {
            self.lose(&error.to_string());
            self.wake();
        }
        Ok(())
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Goes one step on. Ready if there may be another.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        if let Some(failed) = self.failed.pop_front() {
            return Poll::Ready(Some(failed));
        }
        match &mut self.state {
            State::Up(_) => self.step_up(cx),
            State::Idle if self.calls.is_empty() => Poll::Pending,
            State::Idle => {
                self.connect();
                Poll::Ready(None)
            }
            State::Pausing(pause) => {
                ready!(pause.as_mut().poll(cx));
                self.connect();
                Poll::Ready(None)
            }
            State::Connecting(connecting) => {
                match ready!(connecting.as_mut().poll(cx)) {
                    Ok(stream) => self.state = State::Up(Box::new(Wire::new(stream))),
                    Err(error) => self.not_connected(&error),
                }
                Poll::Ready(None)
            }
        }
    }

    fn step_up(&mut self, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        if let Poll::Ready(Err(error)) = self.send_unsent(cx) {
            self.lose(&error.to_string());
            return Poll::Ready(None);
        }
        if self.is_over() {
            self.lose("the daemon is stopping");
            return Poll::Ready(None);
        }
        let State::Up(wire) = &mut self.state else { return Poll::Ready(None) };
        match ready!(wire.poll_next_unpin(cx)) {
            Some(Ok(answer)) => return Poll::Ready(self.answered(answer)),
            // Whoever sends that is no daemon.
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                self.give_up(&error.to_string())
            }
            Some(Err(error)) => self.lose(&error.to_string()),
            None => self.lose("the connection was closed"),
        }
        Poll::Ready(None)
    }

    fn connect(&mut self) {
        let address = self.address.clone();
        self.state = State::Connecting(Box::pin(async move { connect(&address, Some(LONGEST_PAUSE)).await }));
    }

    fn not_connected(&mut self, error: &ClientError) {
        let is_away = matches!(error, ClientError::NoDaemon { .. } | ClientError::Timeout { .. });
        if !is_away || self.is_late() {
            self.give_up(&error.to_string());
        } else if self.calls.is_empty() {
            self.state = State::Idle;
        } else {
            self.wait();
        }
    }
}

impl Stream for Resilient {
    type Item = io::Result<Answer>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.waker = Some(cx.waker().clone());
        loop {
            if let Some(answer) = ready!(this.step(cx)) {
                return Poll::Ready(Some(Ok(answer)));
            }
        }
    }
}

impl Sink<ClientMessage<DaemonServiceRequest>> for Resilient {
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(wire) = this.wire()
            && let Err(error) = ready!(wire.poll_ready_unpin(cx))
        {
            this.lose(&error.to_string());
            this.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: ClientMessage<DaemonServiceRequest>) -> io::Result<()> {
        let this = self.get_mut();
        match message {
            ClientMessage::Request(request) => this.add(request.id, request.message),
            ClientMessage::Cancel { request_id, trace_context } => {
                let was_sent = this.forget(request_id);
                let State::Up(wire) = &mut this.state else { return Ok(()) };
                if was_sent {
                    wire.start_send_unpin(ClientMessage::Cancel { request_id, trace_context })?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let State::Up(wire) = &mut this.state
            && let Err(error) = ready!(wire.poll_flush_unpin(cx))
        {
            this.lose(&error.to_string());
            this.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().state {
            State::Up(wire) => wire.poll_close_unpin(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        io::{BufRead, BufReader, Write},
        os::unix::net::UnixListener,
        sync::{Arc, Mutex},
    };

    use aiwg_protocol::types::Json;
    use futures::future::join_all;
    use serde::Deserialize;

    use crate::{ClientError, DaemonClient};

    #[derive(Deserialize)]
    struct Emit {
        id: u64,
        params: Params,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        payload: Json,
        idempotency_key: String,
    }

    /// The numbers that have taken effect, in their order, and the answers by their keys.
    #[derive(Default)]
    struct Log {
        numbers: Vec<u64>,
        answers: HashMap<String, usize>,
    }

    /// Takes calls as a daemon does, and closes each connection after a while: what it has taken by then is not all answered, and what it has
    /// not taken is lost.
    fn unsteady(listener: &UnixListener, log: &Mutex<Log>) {
        for (n, stream) in (0_usize..).zip(listener.incoming()) {
            let mut stream = stream.unwrap();
            let reader = BufReader::new(stream.try_clone().unwrap());
            let most = 300 + 37 * (n % 11);
            for (line, count) in reader.lines().map_while(Result::ok).zip(1..) {
                let Emit { id, params } = serde_json::from_str(&line).unwrap();
                let is_refused = n % 3 == 2 && count > most;
                let mut log = log.lock().unwrap();
                let next = log.numbers.len() + 1;
                let known = log.answers.get(&params.idempotency_key).copied();
                let seq = known.unwrap_or(next);
                if !is_refused && known.is_none() {
                    log.answers.insert(params.idempotency_key, seq);
                    log.numbers.push(params.payload.to().unwrap());
                }
                drop(log);
                let answer = match (n % 3, count % 5) {
                    // One that stops refuses what comes last.
                    _ if is_refused => {
                        r#""error":{"code":-32000,"message":"stops","data":{"kind":"shutting_down"}}"#
                            .to_owned()
                    }
                    (1, 0) if count > most / 2 => continue,
                    _ => format!(r#""result":{{"seq":{seq},"rules":[]}}"#),
                };
                let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{answer}}}\n");
                if (n % 3 != 2 && count > most) || stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    }

    #[tokio::test]
    async fn calls_over_many_lost_connections_take_effect_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let served = Arc::clone(&log);
        std::thread::spawn(move || unsteady(&listener, &served));
        let client = DaemonClient::connect_to(&socket).await.unwrap();
        let numbers: Vec<u64> = (0..10_000).collect();
        let answers = join_all(numbers.iter().map(|number| client.emit("n", number))).await;
        let seqs: Vec<u64> = answers.into_iter().map(|answer| answer.unwrap().seq).collect();
        assert!(log.lock().unwrap().numbers.iter().eq(&numbers), "in their order, and each once");
        assert!(seqs.into_iter().eq(1..=10_000));
    }

    #[tokio::test]
    async fn a_time_out_ends_the_repeating() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || listener.incoming().for_each(drop));
        let client = DaemonClient::connect_to(&socket).await.unwrap();
        let hasty = client.with_timeout(std::time::Duration::from_millis(100));
        assert!(matches!(hasty.emit("n", &1).await, Err(ClientError::Timeout { .. })));
    }
}
