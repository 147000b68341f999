//! A transport that outlasts its connections.
//!
//! It keeps the line of each call until its answer has come. When a connection is lost, it connects again, with growing pauses, and sends again
//! what has had no answer, in the order in which it was sent first, before anything else: so the calls of a client take effect in their order,
//! and each once, since those with an effect have a key. A call that cannot be repeated fails. The calls themselves notice nothing.
//!
//! A daemon that is too old for a member of the params gets the calls without it, in the same order ([`Knowledge`]).

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
use tracing::debug;

use crate::{
    connection::connect,
    discover::Address,
    error::ClientError,
    members::{Knowledge, Member, Members},
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
    /// True if calls whose answers are lost are repeated; if not, this ends with its connection.
    repeats: bool,
    state: State,
    /// The calls without an answer, in the order in which they were made.
    calls: BTreeMap<u64, Call>,
    /// Their places in that order, by their ids.
    places: HashMap<u64, u64>,
    next_place: u64,
    /// The places of those that have still to be sent over this connection, or the next.
    unsent: BTreeSet<u64>,
    /// What is known of the daemon that is connected to.
    knowledge: Knowledge,
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
    /// There will be no other connection.
    Over(Option<io::Error>),
}

/// A call without an answer.
struct Call {
    id: u64,
    line: RequestLine,
    repeat: Repeat,
    /// True if it changes nothing.
    is_safe: bool,
    /// Those of its members that a daemon may be too old to know.
    optional: Members,
}

impl Call {
    /// Leaves out a member that the daemon is too old for. Without its key, a call may not be sent twice.
    fn leave_out(&mut self, member: Member) -> io::Result<()> {
        self.line = self.line.without(member.name())?;
        self.optional.remove(member);
        if member == Member::Key {
            self.repeat = Repeat::Never;
        }
        Ok(())
    }
}

impl fmt::Debug for Resilient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resilient").field("address", &self.address).field("calls", &self.calls.len()).finish()
    }
}

impl Resilient {
    /// One that has this connection, and makes others to the same address if it repeats calls.
    pub(crate) fn new(address: Address, stream: UnixStream, repeats: bool) -> Self {
        Self {
            address,
            repeats,
            state: State::Up(Box::new(Wire::new(stream))),
            calls: BTreeMap::new(),
            places: HashMap::new(),
            next_place: 0,
            unsent: BTreeSet::new(),
            knowledge: Knowledge::default(),
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
        while let Some(place) = self.unsent.first().copied() {
            if self.is_closing || self.knowledge.is_waiting() {
                break;
            }
            if let Some(call) = self.calls.get_mut(&place) {
                for member in self.knowledge.lacking(call.optional).iter() {
                    call.leave_out(member)?;
                }
                if !self.knowledge.may_follow(call.is_safe, call.optional) {
                    break;
                }
                ready!(wire.poll_ready_unpin(cx))?;
                wire.send_line(&call.line)?;
                self.knowledge.sent(call.optional);
            }
            self.unsent.remove(&place);
        }
        wire.poll_flush_unpin(cx)
    }

    /// The connection is lost: what can be repeated is, and the rest has failed.
    fn lose(&mut self, error: io::Error) {
        if !self.repeats {
            self.state = State::Over(Some(error));
            return;
        }
        let why = error.to_string();
        debug!(error = why, "lost the connection");
        let in_vain = |(place, call): (&u64, &Call)| {
            (call.repeat == Repeat::Never && !self.unsent.contains(place)).then_some(call.id)
        };
        let in_vain: Vec<u64> = self.calls.iter().filter_map(in_vain).collect();
        in_vain.into_iter().for_each(|id| self.fail(id, &why));
        self.unsent = self.calls.keys().copied().collect();
        self.knowledge = Knowledge::default();
        self.is_closing = false;
        if self.calls.is_empty() {
            self.state = State::Idle;
        } else if self.is_late() {
            self.give_up(&why);
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
        self.knowledge = Knowledge::default();
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
        let Some(place) = self.places.remove(&id) else { return false };
        let call = self.calls.remove(&place);
        let was_sent = !self.unsent.remove(&place);
        if let Some(call) = call.filter(|_| was_sent) {
            self.knowledge.left(call.optional);
        }
        was_sent
    }

    fn recovered(&mut self) {
        self.lost_since = None;
        self.pause = FIRST_PAUSE;
    }

    /// The answer for whoever has called; none if the call is to be repeated, since the daemon that was asked is stopping.
    fn answered(&mut self, answer: Answer) -> Option<Answer> {
        let id = answer.request_id;
        let Some(place) = self.places.get(&id).copied() else { return Some(answer) };
        let Some(call) = self.calls.get_mut(&place) else { return Some(answer) };
        let outcome = answer.message.as_ref().ok().map(DaemonServiceResponse::error);
        let error = outcome.flatten();
        let unknown = error.and_then(Member::refused);
        let is_stopping = error.is_some_and(|error| error.kind() == Some(ErrorKind::ShuttingDown));
        if let Some(member) = unknown.filter(|member| self.knowledge.refused(call.optional, *member)) {
            self.knowledge.left(call.optional);
            if call.leave_out(member).is_ok() {
                self.unsent.insert(place);
                return None;
            }
        } else if is_stopping && call.repeat != Repeat::Never {
            self.knowledge.left(call.optional);
            self.unsent.insert(place);
            self.is_closing = true;
            return None;
        }
        if outcome == Some(None) {
            self.knowledge.took(call.optional);
        }
        self.forget(id);
        self.recovered();
        Some(answer)
    }

    /// True if the daemon has no more to say.
    fn is_over(&self) -> bool {
        self.is_closing && self.unsent.len() == self.calls.len()
    }

    fn add(&mut self, id: u64, mut request: DaemonServiceRequest) -> io::Result<()> {
        let mut optional = Members::of(&request);
        if self.repeats
            && let Some(slot) = request.idempotency_key()
            && slot.is_none()
        {
            *slot = Some(key());
            optional.add(Member::Key);
        }
        let line = RequestLine::new(id, request)?;
        let is_safe = line.repeat() == Repeat::Safe;
        let repeat = if self.repeats { line.repeat() } else { Repeat::Never };
        let place = self.next_place;
        self.next_place += 1;
        self.places.insert(id, place);
        let call = Call { id, line, repeat, is_safe, optional };
        let is_free = self.knowledge.lacking(optional) == Members::default()
            && !self.knowledge.is_waiting()
            && self.knowledge.may_follow(is_safe, optional);
        let sent = match self.wire().filter(|_| is_free) {
            Some(wire) => {
                let sent = wire.send_line(&call.line);
                self.knowledge.sent(optional);
                sent
            }
            None => {
                self.unsent.insert(place);
                self.wake();
                Ok(())
            }
        };
        self.calls.insert(place, call);
        if let Err(error) = sent {
            self.lose(error);
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
            State::Over(_) => Poll::Pending,
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
                    Ok(stream) => {
                        debug!("connected again");
                        self.state = State::Up(Box::new(Wire::new(stream)));
                    }
                    Err(error) => self.not_connected(&error),
                }
                Poll::Ready(None)
            }
        }
    }

    fn step_up(&mut self, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        if let Poll::Ready(Err(error)) = self.send_unsent(cx) {
            self.lose(error);
            return Poll::Ready(None);
        }
        if self.is_over() {
            self.lose(io::Error::new(LOST, "the daemon is stopping"));
            return Poll::Ready(None);
        }
        let State::Up(wire) = &mut self.state else { return Poll::Ready(None) };
        match ready!(wire.poll_next_unpin(cx)) {
            Some(Ok(answer)) => return Poll::Ready(self.answered(answer)),
            // Whoever sends that is no daemon.
            Some(Err(error)) if self.repeats && error.kind() == io::ErrorKind::InvalidData => {
                self.give_up(&error.to_string())
            }
            Some(Err(error)) => self.lose(error),
            None => self.lose(io::Error::new(LOST, "the connection was closed")),
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
            if let State::Over(why) = &mut this.state {
                return Poll::Ready(why.take().map(Err));
            }
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
            this.lose(error);
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
                // Others may have waited for what becomes of it.
                this.wake();
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
            this.lose(error);
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
mod tests;
