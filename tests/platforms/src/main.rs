//! The stand-in for Slack, Discord and Telegram as a program: `aiwg-platforms-stand-in [PORT]`.
//!
//! It prints one line of JSON, the environment of a daemon that is to talk to it and the address of the control, and
//! serves until it is ended.

// It is part of tests, which say by a panic what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::io::Write;

use aiwg_platforms_stand_in::{Settings, StandIn};
use serde_json::{Map, Value};

fn main() {
    let port = std::env::args().nth(1).map_or(0, |text| text.parse().expect("the port is a number"));
    let stand_in = StandIn::start_with(Settings { port, ..Settings::default() });
    let names = stand_in.environment().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    let mut line: Map<String, Value> = names.collect();
    line.insert("control".to_owned(), format!("http://{}/control/", stand_in.address()).into());
    println!("{}", Value::from(line));
    std::io::stdout().flush().expect("standard output takes a line");
    stand_in.join();
}
