//! Signed webhooks, to committed events, beside the same events over the socket.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use aiwg_protocol::config::WebhookKind;
use aiwg_server::webhooks::{Secret, signed};
use serde_json::{Value, json};

use crate::{
    daemon::BenchDaemon,
    load::{KEY, Load, Until, measure},
    table,
};

const SECRET: &str = "It's a Secret to Everybody";
const BODY: &str = r#"{"action":"opened","version":"1.2.3"}"#;

/// The same event over the socket, with a key in place of the delivery's id.
fn emit() -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{{"topic":"github:push","payload":{BODY},"idempotencyKey":"{KEY}"}}}}"#
    )
}

const IN_FLIGHT: usize = 64;
const TIME: Duration = Duration::from_secs(3);

pub(crate) fn run(aiwg: &Path) {
    let daemon = start(aiwg);
    let address = loop {
        let status = daemon.json(&["daemon", "status"]);
        if let Some(address) = status["subsystems"]["webhooks"]["address"].as_str() {
            break address.to_owned();
        }
    };
    table::head("events per second, 64 in flight", "webhooks", "event.emit");
    let (mut webhooks, mut emitted) = (0.0, 0.0);
    for round in 0..3 {
        webhooks += deliver(&address, round) / 3.0;
        let load = Load { line: &emit(), in_flight: IN_FLIGHT, together: false, until: Until::Time(TIME) };
        emitted += measure(&daemon.socket, &load).per_second / 3.0;
    }
    table::row("signed, each with an id, committed", webhooks, emitted);
}

fn start(aiwg: &Path) -> BenchDaemon {
    let source = json!({ "path": "/github", "kind": "github", "secret": "${BENCH_SECRET}", "topic": "github:{event}" });
    let webhooks: Value =
        json!({ "listen": "127.0.0.1:0", "sources": [source], "max_requests_per_second": 1_000_000 });
    let config = json!({ "watch": { "enabled": false }, "gateway": { "webhooks": webhooks } });
    BenchDaemon::start_in(aiwg, &config, &[("BENCH_SECRET", SECRET.to_owned())])
}

/// Deliveries in a second, on so many connections, each with one under way.
fn deliver(address: &str, round: usize) -> f64 {
    let secret = Secret::of(WebhookKind::Github, SECRET).unwrap();
    let mut streams: Vec<TcpStream> = (0..IN_FLIGHT).map(|_| TcpStream::connect(address).unwrap()).collect();
    let request = |no: usize| {
        let headers = signed(
            WebhookKind::Github,
            Some(&secret),
            ("push", &format!("{round}-{no}")),
            BODY.as_bytes(),
            0,
        );
        let mut text = format!(
            "POST /github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            BODY.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{text}\r\n{BODY}")
    };
    let (began, mut sent) = (Instant::now(), 0);
    let mut buffer = [0; 4096];
    for stream in &mut streams {
        stream.set_nodelay(true).unwrap();
        stream.write_all(request(sent).as_bytes()).unwrap();
        sent += 1;
    }
    while began.elapsed() < TIME {
        for stream in &mut streams {
            let count = stream.read(&mut buffer).unwrap();
            assert!(
                buffer[..count].starts_with(b"HTTP/1.1 200 "),
                "{}",
                String::from_utf8_lossy(&buffer[..count])
            );
            stream.write_all(request(sent).as_bytes()).unwrap();
            sent += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let answered = (sent - IN_FLIGHT) as f64;
    answered / began.elapsed().as_secs_f64()
}
