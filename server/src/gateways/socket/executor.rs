//! Carries out the requests of one connection, in the order in which they were sent.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use aiwg_protocol::{
    DaemonService, DaemonServiceRequest, DaemonServiceResponse,
    wire::{
        FREE_BYTES, no_deadline,
        server::{CallId, Message, ServerTransport},
    },
};
use futures::{
    StreamExt,
    future::{AbortHandle, Abortable, Aborted},
    stream::FuturesUnordered,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tarpc::{ServerError, server::Serve};
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    time::{Sleep, sleep},
};

use crate::{
    api::{Handler, Service},
    components::spool::TakingIn,
};

use super::{gate::Gate, until::UntilCancelled};

/// The time between two looks whether a client that has closed its sending side is still there to receive, and whether it reads.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The number of lines that are taken before other connections are served, and the time, because some lines take long.
const MOST_AT_ONCE: usize = 256;
const LONGEST_AT_ONCE: Duration = Duration::from_millis(1);

/// The number of calls in flight for which room is kept while there are none.
const KEPT: usize = 64;

/// The time for which a client may leave its answers unread while others wait for the memory that they hold.
const LONGEST_UNREAD: Duration = Duration::from_secs(10);

type Transport = ServerTransport<UntilCancelled<OwnedReadHalf>, OwnedWriteHalf>;
type Answer = (CallId, Result<DaemonServiceResponse, ServerError>);
type Call = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Drives a connection. Each request is polled once as soon as it is read, before the next one is, so that the engine has its command
/// by then. Calls that are not done by that finish in any order, and are answered so; most are answered at once.
///
/// The executor is a future of its own and not tarpc's, which polls the requests that it has read in any order. All
/// of it runs in the connection's task: a task for each request would cost a third of the throughput.
pub(super) struct Executor {
    transport: Transport,
    handler: Arc<Handler>,
    pending: FuturesUnordered<Abortable<Call>>,
    aborts: HashMap<CallId, AbortHandle>,
    /// The calls that have to wait for something that was there before the client came.
    gate: Gate,
    /// A call that nothing after it may overtake.
    alone: Option<CallId>,
    context: tarpc::context::Context,
    /// True once nothing more will be read.
    has_ended: bool,
    /// The other end is closed, both ways.
    is_gone: bool,
    look: Pin<Box<Sleep>>,
    is_looking: bool,
    /// The number of unread bytes at the last look, and the time since which it has been so.
    unread: (usize, Instant),
}

/// The progress of a round: whether there is more to do at once.
#[derive(PartialEq)]
enum Progress {
    More,
    Waits,
}

impl Executor {
    /// Drives a connection once `first` is over, but for the calls that wait for nothing.
    pub(super) fn new(transport: Transport, handler: Arc<Handler>, first: Option<TakingIn>) -> Self {
        let mut context = tarpc::context::current();
        context.deadline = no_deadline();
        Self {
            transport,
            handler,
            pending: FuturesUnordered::new(),
            aborts: HashMap::new(),
            gate: Gate::new(first),
            alone: None,
            context,
            has_ended: false,
            is_gone: false,
            look: Box::pin(sleep(LOOK_EVERY)),
            is_looking: false,
            unread: (0, Instant::now()),
        }
    }

    /// Begins the requests that have been sent, as far as they may begin.
    fn begin(&mut self, cx: &mut Context<'_>) -> Progress {
        self.gate.poll(cx);
        while self.alone.is_none()
            && let Some((call, request)) = self.gate.pass()
        {
            self.call(call, request, cx);
        }
        let mut began: Option<Instant> = None;
        for _ in 0..MOST_AT_ONCE {
            if self.has_ended || self.alone.is_some() {
                return Progress::Waits;
            }
            match self.transport.poll_next(cx) {
                Poll::Ready(Ok(Some(Message::Call(call, request)))) => {
                    if let Some(request) = self.gate.take(call, request) {
                        self.call(call, request, cx);
                    }
                }
                Poll::Ready(Ok(Some(Message::Cancel(call)))) => self.cancel(call),
                Poll::Ready(Ok(Some(Message::Line))) => {}
                Poll::Ready(Ok(None) | Err(_)) => self.has_ended = true,
                Poll::Pending => return Progress::Waits,
            }
            match began {
                None => began = Some(Instant::now()),
                Some(began) if began.elapsed() > LONGEST_AT_ONCE => break,
                Some(_) => {}
            }
        }
        Progress::More
    }

    fn call(&mut self, id: CallId, request: DaemonServiceRequest, cx: &mut Context<'_>) {
        let is_alone = is_alone(&request, self.handler.agent.is_some());
        let service = Service(Arc::clone(&self.handler)).serve();
        let context = self.context;
        let mut call: Call = Box::pin(async move { (id, service.serve(context, request).await) });
        if let Poll::Ready(answer) = call.as_mut().poll(cx) {
            return self.answer(answer);
        }
        if self.is_gone && !is_alone {
            return self.transport.forget(id);
        }
        let (call, abort) = futures::future::abortable(call);
        self.aborts.insert(id, abort);
        self.pending.push(call);
        self.alone = is_alone.then_some(id);
    }

    fn cancel(&mut self, call: CallId) {
        self.gate.forget(call);
        self.done(call);
        // Its future is dropped when it is polled next, which is at once.
    }

    /// Forgets a call that is over.
    fn done(&mut self, call: CallId) {
        if let Some(abort) = self.aborts.remove(&call) {
            abort.abort();
        }
        if self.alone == Some(call) {
            self.alone = None;
        }
    }

    fn answer(&mut self, (call, response): Answer) {
        // It stands there since the call was polled last, which was just now.
        let room = self.handler.take_room();
        self.transport.answer(call, &response, room);
        self.handler.note_gathered(self.transport.has_gathered_all());
    }

    /// Gives the answers that are ready, as far as there is room for them.
    fn finish(&mut self, cx: &mut Context<'_>) -> Progress {
        let mut progress = Progress::Waits;
        while !self.transport.is_full() {
            match self.pending.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(answer))) => {
                    self.done(answer.0);
                    self.answer(answer);
                    progress = Progress::More;
                }
                Poll::Ready(Some(Err(Aborted))) => progress = Progress::More,
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        progress
    }

    /// Plans looks at the state that is never reported, as long as something depends on it. True if the time for a look has come.
    fn is_time_to_look(&mut self, cx: &mut Context<'_>) -> bool {
        let is_idle = self.pending.is_empty()
            && !self.transport.has_unwritten()
            && !self.transport.has_begun_long_line();
        if is_idle {
            self.is_looking = false;
            self.aborts.shrink_to(KEPT);
            self.handler.api.memory.give_back();
            return false;
        }
        if !self.is_looking {
            self.is_looking = true;
            self.look.as_mut().reset(tokio::time::Instant::now() + LOOK_EVERY);
        }
        let is_time = self.look.as_mut().poll(cx).is_ready();
        self.is_looking &= !is_time;
        is_time
    }

    /// Looks whether the other end is still there, and whether it reads its answers. False if it must give way to others.
    fn look(&mut self) -> bool {
        if !self.is_gone && hung_up(self.transport.writer().as_ref()) {
            self.give_up_answering();
        }
        self.transport.look();
        let unread = self.transport.held();
        if unread != self.unread.0 || unread < FREE_BYTES {
            self.unread = (unread, Instant::now());
        }
        self.unread.1.elapsed() <= LONGEST_UNREAD || !self.handler.api.memory.answers.is_short()
    }

    /// Stops answering, since no client is left to read. Calls that were sent are still carried out, and do not wait for those that wait: all calls
    /// that were begun have passed their commands to the engine, except one that no other may overtake.
    fn give_up_answering(&mut self) {
        self.is_gone = true;
        self.transport.give_up_writing();
        let begun: Vec<CallId> =
            self.aborts.keys().copied().filter(|call| Some(*call) != self.alone).collect();
        for call in begun {
            self.done(call);
            self.transport.forget(call);
        }
    }
}

impl Future for Executor {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            let began = this.begin(cx);
            let finished = this.finish(cx);
            let was_full = this.transport.is_full();
            let is_written = this.transport.poll_flush(cx).is_ready();
            let is_done = this.is_gone || (this.pending.is_empty() && is_written);
            if this.has_ended && this.alone.is_none() && this.gate.is_empty() && is_done {
                return this.transport.poll_close(cx);
            }
            if began == Progress::More {
                // Others first.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let has_room_again = was_full && !this.transport.is_full();
            if finished == Progress::More || has_room_again {
                continue;
            }
            if !this.is_time_to_look(cx) {
                return Poll::Pending;
            }
            if !this.look() {
                tracing::warn!(
                    "a client that does not read was disconnected: others waited for the memory that its answers held"
                );
                return Poll::Ready(());
            }
        }
    }
}

/// True if the calls after this one must not begin before it has ended: it changes something, and has to read something first. That is the
/// configuration, or whether a task is an agent's own.
fn is_alone(request: &DaemonServiceRequest, by_agent: bool) -> bool {
    use DaemonServiceRequest as Request;
    match request {
        Request::DaemonReload { .. } | Request::DaemonRestart { .. } => true,
        // These need not, but have answers that many of them had better not wait with.
        Request::TaskCancelMany { .. } | Request::TaskRetryMany { .. } => true,
        Request::TaskCancel { .. } | Request::TaskRetry { .. } => by_agent,
        _ => false,
    }
}

/// True if the other end is closed for good, both ways. A client that has only closed its sending side still gets its answers; the waits of one
/// that is gone are cancelled, even though nothing is written to it that would show it.
fn hung_up(socket: &tokio::net::UnixStream) -> bool {
    let mut fds = [PollFd::new(socket, PollFlags::empty())];
    let polled = poll(&mut fds, Some(&Timespec::default()));
    polled.is_err() || fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}
