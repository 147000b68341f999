use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Command,
};

use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Set in the process that is to open a socket through a proxy.
const THROUGH_PROXY: &str = "AIWG_TEST_SOCKET_THROUGH_PROXY";

async fn listening() -> (TcpListener, Http, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let http = Http::new(&format!("http://{at}/api")).unwrap();
    (listener, http, format!("ws://{at}/link/?ticket=secret"))
}

async fn served(listener: TcpListener) -> WebSocketStream<TcpStream> {
    tokio_tungstenite::accept_async(listener.accept().await.unwrap().0).await.unwrap()
}

#[test]
fn a_socket_is_opened_only_at_hosts_of_the_platform() {
    let slack = Http::new("https://slack.com/api/").unwrap();
    let ours = ["slack.com", "discord.gg"];
    for good in [
        "wss://wss-primary.slack.com/link/?ticket=1",
        "wss://slack.com/x",
        "wss://WSS.Slack.com:443/x",
        "wss://gateway.discord.gg",
    ] {
        let url = allowed(&slack, good, &ours).unwrap();
        assert_eq!(url.scheme(), "https", "{good}");
    }
    for bad in [
        "wss://evilslack.com/x",
        "wss://slack.com.evil.org/x",
        "wss://slack.com@evil.org/x",
        "wss://me:word@slack.com/x",
        "ws://wss-primary.slack.com/x",
        "ws://127.0.0.1/x",
        "wss://127.0.0.1/x",
        "https://slack.com/x",
        "wss://",
        "slack.com",
        "",
    ] {
        let why = allowed(&slack, bad, &ours).unwrap_err();
        assert!(why.contains("none of its own hosts'") && !why.contains("evil"), "{bad}: {why}");
    }
    // A base address of one's own has its domain besides.
    let other = Http::new("https://slack-gov.com/api/").unwrap();
    assert!(allowed(&other, "wss://wss.slack-gov.com/x", &ours).is_ok());
    assert!(allowed(&other, "wss://wss.slack-gov.org/x", &ours).is_err());
    // On this machine it must stay there.
    let here = Http::new("http://127.0.0.1:8080/").unwrap();
    for (address, is_good) in [
        ("ws://127.0.0.1:9/x", true),
        ("ws://localhost:9/x", true),
        ("ws://[::1]:9/x", true),
        ("wss://slack.com/x", false),
        ("ws://slack.com/x", false),
        ("ws://127.0.0.1.evil.org/x", false),
    ] {
        assert_eq!(allowed(&here, address, &ours).is_ok(), is_good, "{address}");
    }
}

#[tokio::test]
async fn texts_pings_and_the_code_of_the_end_come_and_go() {
    let (listener, http, address) = listening().await;
    let server = async {
        let mut other = served(listener).await;
        other.send(Message::Ping("there?".into())).await.unwrap();
        other.send(Message::text("hello")).await.unwrap();
        let mut heard = Vec::new();
        while let Some(Ok(message)) = other.next().await {
            if message == Message::text("bye") {
                let end = CloseFrame { code: CloseCode::from(4014), reason: "intents".into() };
                other.send(Message::Close(Some(end))).await.unwrap();
            }
            heard.push(message);
        }
        heard
    };
    let client = async {
        let mut socket = Socket::open(&http, &address, &[]).await.unwrap();
        assert_eq!(socket.next().await.unwrap(), Frame::Alive);
        assert_eq!(socket.next().await.unwrap(), Frame::Text("hello".to_owned()));
        socket.ping().await.unwrap();
        assert_eq!(socket.next().await.unwrap(), Frame::Alive);
        socket.send("bye".to_owned()).await.unwrap();
        let end = Frame::Closed { code: Some(4014), reason: "intents".to_owned() };
        assert_eq!(socket.next().await.unwrap(), end);
        // Nothing comes after it, and it says so as often as it is asked.
        assert_eq!(socket.next().await.unwrap(), Frame::Closed { code: None, reason: String::new() });
        assert_eq!(socket.next().await.unwrap(), Frame::Closed { code: None, reason: String::new() });
        assert!(socket.send("more".to_owned()).await.is_err());
    };
    let (heard, ()) = tokio::join!(server, client);
    // The ping was answered, though nobody has called for it.
    assert!(heard.contains(&Message::Pong("there?".into())), "{heard:?}");
    assert!(heard.contains(&Message::Ping(Default::default())), "{heard:?}");
}

#[tokio::test]
async fn closing_says_the_code_that_was_given() {
    let (listener, http, address) = listening().await;
    let (heard, ()) = tokio::join!(async { served(listener).await.next().await.unwrap().unwrap() }, async {
        Socket::open(&http, &address, &[]).await.unwrap().close(4900).await
    },);
    assert_eq!(heard, Message::Close(Some(CloseFrame { code: CloseCode::from(4900), reason: "".into() })));
}

#[tokio::test]
async fn what_is_too_long_ends_the_socket_and_is_not_kept() {
    let (listener, http, address) = listening().await;
    let server = async {
        let mut other = served(listener).await;
        // It may be cut off before all of it is written.
        let _ = other.send(Message::text("x".repeat(LONGEST_MESSAGE + 1))).await;
        other.next().await
    };
    let client = async {
        let mut socket = Socket::open(&http, &address, &[]).await.unwrap();
        let failed = socket.next().await.unwrap_err();
        assert!(failed.why.contains("too long"), "{failed:?}");
    };
    tokio::join!(server, client);
}

#[tokio::test]
async fn who_refuses_is_said_without_the_address() {
    let (listener, http, address) = listening().await;
    drop(listener);
    let failed = Socket::open(&http, &address, &[]).await.err().unwrap();
    assert!(failed.is_unsent && !failed.why.contains("secret") && !failed.why.contains("link"), "{failed:?}");

    for answer in [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
    ] {
        let (listener, http, address) = listening().await;
        let server = async {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut stream = listener.accept().await.unwrap().0;
            let read = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream
        };
        let (_stream, opened) = tokio::join!(server, Socket::open(&http, &address, &[]));
        let failed = opened.err().unwrap();
        assert!(failed.why.contains("no web socket is opened"), "{failed:?}");
        assert!(!failed.why.contains("secret"), "{failed:?}");
    }
}

/// The other half of the test below: a process whose environment names a proxy.
#[tokio::test]
async fn through_the_proxy_of_the_environment() {
    if std::env::var_os(THROUGH_PROXY).is_none() {
        return;
    }
    let http = Http::new("https://slack.com/api").unwrap();
    let opened = Socket::open(&http, "wss://wss-primary.slack.com/link/?ticket=secret", &["slack.com"]).await;
    let failed = opened.err().unwrap();
    assert!(!failed.why.contains("secret") && !failed.why.contains("ticket"), "{failed:?}");
}

#[test]
fn a_socket_goes_through_the_proxy_of_the_environment() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "socket::tests::through_the_proxy_of_the_environment"])
        .env(THROUGH_PROXY, "1")
        .env("HTTPS_PROXY", format!("http://{address}"))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("https_proxy")
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = proxy.accept().unwrap();
    let mut asked = String::new();
    BufReader::new(&stream).read_line(&mut asked).unwrap();
    stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").unwrap();
    drop(stream);
    assert_eq!(asked, "CONNECT wss-primary.slack.com:443 HTTP/1.1\r\n");
    assert!(child.wait().unwrap().success());
}
