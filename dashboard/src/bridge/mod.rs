//! The bridge: what a page sends goes to the daemon, and back, message by message.
//!
//! The page has the daemon's socket and nothing else: the bridge adds nothing, remembers nothing, and holds one message at most in
//! each direction. It reads on at one end when the other has taken what it had. So a page that does not read is the daemon's slow
//! subscriber, as any client is, and another page's bridge does not notice.

mod ending;
mod hello;
mod keep;
mod read_only;

use std::time::Duration;

use aiwg_protocol::wire::{DEFAULT_MAX_LINE_BYTES, Lines};
use futures::{
    SinkExt, Stream, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use tokio_util::codec::FramedRead;

pub(crate) use self::{ending::Ending, hello::greet};
use self::{
    keep::{Heard, Keep},
    read_only::Verdict,
};

/// Time within which a page takes a message that it is sent: one that does not is gone, or hangs.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// Time for the two ends to agree that a connection is over.
const LAST_MOMENTS: Duration = Duration::from_secs(1);

/// The most that is read past a message that was refused, in bytes: else the system would break the connection off, and the page would
/// not hear the reason.
const MOST_LEFT: u64 = 64 * 1024 * 1024;

/// Size of the buffers of a connection, in bytes.
const BUFFER: usize = 16 * 1024;

/// The limits of a page's connection: the daemon's own for a line.
pub(crate) fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(DEFAULT_MAX_LINE_BYTES))
        .max_frame_size(Some(DEFAULT_MAX_LINE_BYTES))
}

/// A daemon's end of a bridge.
pub(crate) struct DaemonEnd {
    lines: FramedRead<OwnedReadHalf, Lines>,
    writer: OwnedWriteHalf,
}

impl DaemonEnd {
    fn of(stream: UnixStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { lines: FramedRead::new(reader, Lines::default()), writer }
    }
}

/// Carries messages until one end is gone, or the dashboard ends.
pub(crate) async fn carry<S>(
    socket: WebSocketStream<S>,
    daemon: impl Future<Output = Result<DaemonEnd, Ending>>,
    is_read_only: bool,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = socket.split();
    let ending = tokio::select! {
        ending = async {
            match daemon.await {
                Ok(daemon) => between(&mut sink, &mut stream, daemon, is_read_only).await,
                Err(ending) => Some(ending),
            }
        } => ending,
        _ = stop.wait_for(|is_over| *is_over) => Some(Ending::dashboard_ends()),
    };
    if let (Some(ending), Ok(socket)) = (ending, sink.reunite(stream)) {
        close(socket, ending).await;
    }
}

/// The messages of both directions. None if the page is gone.
async fn between<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    stream: &mut SplitStream<WebSocketStream<S>>,
    daemon: DaemonEnd,
    is_read_only: bool,
) -> Option<Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let DaemonEnd { lines, writer } = daemon;
    let heard = Heard::now();
    let (answers, own) = mpsc::channel(1);
    tokio::select! {
        ending = to_daemon(stream, writer, is_read_only, &answers, &heard) => ending,
        ending = to_page(sink, lines, own, &heard) => ending,
    }
}

/// Carries what the page sends. None if the page is gone.
async fn to_daemon(
    stream: &mut (impl Stream<Item = tungstenite::Result<Message>> + Unpin),
    mut writer: OwnedWriteHalf,
    is_read_only: bool,
    answers: &mpsc::Sender<Message>,
    heard: &Heard,
) -> Option<Ending> {
    loop {
        let message = match stream.next().await? {
            Ok(message) => message,
            Err(error) => return Ending::of(&error),
        };
        heard.note();
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Some(Ending::binary()),
            // The answer to a closing message goes out when more is read.
            _ => continue,
        };
        if memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_some() {
            return Some(Ending::several_lines());
        }
        match if is_read_only { read_only::look(&text) } else { Verdict::Pass } {
            Verdict::Pass => {}
            Verdict::Answer(answer) => {
                answers.send(Message::text(answer)).await.ok()?;
                continue;
            }
            Verdict::Ignore => continue,
        }
        let sent = async {
            writer.write_all(text.as_bytes()).await?;
            writer.write_all(b"\n").await
        };
        if sent.await.is_err() {
            return Some(Ending::daemon_closed());
        }
        // While the daemon took nothing, the page was not listened to.
        heard.note();
    }
}

/// Carries what the daemon sends, and the dashboard's own answers. None if the page is gone.
async fn to_page<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    mut lines: FramedRead<OwnedReadHalf, Lines>,
    mut own: mpsc::Receiver<Message>,
    heard: &Heard,
) -> Option<Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut keep = Keep::new();
    loop {
        let message = tokio::select! {
            line = lines.next() => match line {
                Some(Ok(line)) if line.is_empty() => continue,
                Some(Ok(line)) => match Utf8Bytes::try_from(line.freeze()) {
                    Ok(line) => Message::Text(line),
                    Err(_) => return Some(Ending::daemon_unfit("what answers there sends no text")),
                },
                None => return Some(Ending::daemon_closed()),
                Some(Err(error)) => return Some(Ending::daemon_lost(&error)),
            },
            Some(answer) = own.recv() => answer,
            is_there = keep.next(heard) => match is_there {
                true => Message::Ping(bytes::Bytes::new()),
                false => return Some(Ending::silent()),
            },
        };
        // One that is gone needs no reason.
        timeout(TAKEN_WITHIN, sink.send(message)).await.ok()?.ok()?;
    }
}

/// Says the reason, and waits until the page has it.
async fn close<S>(mut socket: WebSocketStream<S>, ending: Ending)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame { code: CloseCode::from(ending.code), reason: ending.reason().into() };
    let said = async {
        socket.close(Some(frame)).await?;
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        // What a refused message still has, which is no message any more.
        let stream = socket.get_mut();
        let _ = stream.shutdown().await;
        let _ = tokio::io::copy(&mut stream.take(MOST_LEFT), &mut tokio::io::sink()).await;
        Ok::<_, tungstenite::Error>(())
    };
    let _ = timeout(LAST_MOMENTS, said).await;
}

#[cfg(test)]
mod tests {
    use tokio::{io::DuplexStream, time::Instant};
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    /// A bridge between a page, whose end is given by hand, and a daemon that is what a function makes of its connection.
    async fn bridged<D: Future<Output = ()>>(
        page: impl AsyncFnOnce(DuplexStream) -> Option<u16>,
        daemon: impl FnOnce(UnixStream) -> D,
    ) -> Option<u16> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (stop, stopped) = watch::channel(false);
        let socket = WebSocketStream::from_raw_socket(near, Role::Server, Some(limits())).await;
        let bridge = carry(socket, async { Ok(DaemonEnd::of(ours)) }, false, stopped);
        let code = tokio::select! {
            (code, ()) = async { tokio::join!(page(far), bridge) } => code,
            () = async { daemon(theirs).await; std::future::pending().await } => None,
        };
        drop(stop);
        code
    }

    /// The closing code that comes to a page.
    async fn closing(page: DuplexStream) -> Option<u16> {
        let mut page = WebSocketStream::from_raw_socket(page, Role::Client, None).await;
        loop {
            match page.next().await?.ok()? {
                Message::Close(frame) => return frame.map(|frame| frame.code.into()),
                _ => continue,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_that_never_ends_is_given_up() {
        let begun = async |mut page: DuplexStream| {
            // A text of 100 bytes, with a mask, of which two come.
            page.write_all(&[0x81, 0x80 | 100, 0, 0, 0, 0, b'{', b'"']).await.unwrap();
            let began = Instant::now();
            // It answers no ping meanwhile: it is in the middle of a frame.
            let mut bytes = Vec::new();
            page.read_to_end(&mut bytes).await.unwrap();
            assert!(began.elapsed() < Duration::from_secs(70), "{:?}", began.elapsed());
            let at = bytes.windows(2).position(|two| two == 1002_u16.to_be_bytes())?;
            bytes.get(at..at + 2).map(|code| u16::from_be_bytes([code[0], code[1]]))
        };
        assert_eq!(bridged(begun, async |_daemon| std::future::pending().await).await, Some(1002));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_takes_nothing_is_given_up() {
        // It is there to the end, and reads nothing.
        let deaf = async |page: DuplexStream| {
            std::mem::forget(page);
            Some(0)
        };
        let flood = async |mut daemon: UnixStream| {
            let line = format!("{}\n", "x".repeat(1000));
            while daemon.write_all(line.as_bytes()).await.is_ok() {}
        };
        let given_up = timeout(Duration::from_secs(150), bridged(deaf, flood)).await;
        assert_eq!(given_up, Ok(Some(0)));
    }

    #[tokio::test]
    async fn a_daemon_that_goes_away_is_told_from_one_that_sends_nonsense() {
        let says = |bytes: &'static [u8]| {
            async move |mut daemon: UnixStream| {
                daemon.write_all(bytes).await.unwrap();
            }
        };
        assert_eq!(bridged(closing, says(b"{}\n")).await, Some(4000));
        assert_eq!(bridged(closing, says(b"{\xff}\n")).await, Some(4002));
    }
}
