//! `aiwg mcp`: what a client of the Model Context Protocol gets, and what a broken one does not spoil.

mod agents;
mod clients;
mod input;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Project, until};

/// A client, and its server.
struct Client {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
}

impl Client {
    /// One that has not said anything yet.
    fn new(command: &mut Command, arguments: &[&str]) -> Self {
        let command = command.args(["mcp"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let (input, output) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        Self { server, input, output, last: 0 }
    }

    /// One that has said who it is, in this project.
    fn of(project: &Project, arguments: &[&str]) -> Self {
        let mut client = Self::new(&mut project.command(), arguments);
        client.initialize("2025-11-25");
        client
    }

    fn initialize(&mut self, version: &str) -> Value {
        let me = json!({ "name": "tests", "version": "1" });
        let answer = self.request(
            "initialize",
            json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": me }),
        );
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        answer["result"].clone()
    }

    fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        self.send(
            &json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params }).to_string(),
        );
        self.last
    }

    /// The answer to this request; what comes beside it is passed over.
    fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    fn begin_call(&mut self, tool: &str, arguments: Value) -> u64 {
        self.begin("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The result of a tool, whatever it says.
    fn outcome(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.begin_call(tool, arguments);
        self.answer(id)["result"].clone()
    }

    /// The result of a tool that must succeed.
    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.outcome(tool, arguments);
        assert_ne!(result["isError"], true, "{tool}: {result}");
        result["structuredContent"].clone()
    }

    /// The text of an error of a tool.
    fn error(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.outcome(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    fn tools(&mut self) -> Vec<String> {
        let listed = self.request("tools/list", json!({}))["result"]["tools"].clone();
        listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Closes its end; the server ends with that.
    fn close(mut self) -> i32 {
        self.input.take();
        until("the server's end", || self.server.try_wait().unwrap().is_some());
        self.server.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_task_is_submitted_waited_for_and_explained() {
    let project = Project::started(json!({}));
    let mut client = Client::of(&project, &[]);
    let task = client.call("task_submit", json!({ "prompt": "do: echo done" }))["taskId"].clone();
    let ended = client.call("task_wait", json!({ "taskId": task }));
    assert_eq!((&ended["id"], &ended["state"]), (&task, &json!("completed")));
    assert!(client.call("task_output", json!({ "taskId": task }))["data"].as_str().unwrap().contains("done"));
    let listed = client.call("task_list", json!({}));
    assert_eq!(listed["items"][0]["id"], task);
    let why = client.call("task_why", json!({ "id": task }));
    assert!(why.to_string().contains("task-0001"), "{why}");
    assert_eq!(client.close(), 0);
}

#[test]
fn each_choice_offers_its_tools_and_the_others_are_named() {
    let project = Project::started(json!({}));
    let has = |tools: &[String], name: &str| tools.iter().any(|tool| tool == name);
    let tools = Client::of(&project, &["--tools", "read"]).tools();
    assert!(has(&tools, "task_get") && !has(&tools, "task_submit") && !has(&tools, "approval_approve"));
    let mut client = Client::of(&project, &[]);
    let tools = client.tools();
    assert!(has(&tools, "task_submit") && has(&tools, "event_emit") && !has(&tools, "task_cancel"));
    assert!(!has(&tools, "ask") && !has(&tools, "permission_prompt") && !has(&tools, "event_subscribe"));
    let refused = client.request("tools/call", json!({ "name": "daemon_stop", "arguments": {} }));
    assert!(refused["error"]["message"].as_str().unwrap().contains("--tools all"), "{refused}");
    let unknown = client.request("tools/call", json!({ "name": "make_coffee", "arguments": {} }));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    let mut client = Client::of(&project, &["--tools", "all"]);
    client.call("automation_disable", json!({}));
    assert_eq!(client.call("automation_status", json!({}))["enabled"], false);
    client.call("daemon_stop", json!({}));
}

#[test]
fn without_a_daemon_it_says_so_and_finds_one_when_it_is_there() {
    let project = Project::new(json!({}));
    let mut client = Client::of(&project, &[]);
    assert!(client.tools().len() > 20);
    let error = client.error("task_list", json!({}));
    assert!(error.starts_with("no_daemon: ") && error.contains("aiwg daemon start"), "{error}");
    project.start();
    assert_eq!(client.call("task_list", json!({})), json!({ "items": [] }));
    project.stop();
    let error = client.error("task_list", json!({}));
    assert!(error.starts_with("no_daemon: ") && error.contains("aiwg daemon start"), "{error}");
    project.start();
    client.call("daemon_status", json!({}));
}

#[test]
fn a_wait_outlasts_a_crash_of_the_daemon_and_its_cancellation_leaves_the_task_alone() {
    let project = Project::started(json!({}));
    let mut client = Client::of(&project, &[]);
    let script = "do: while [ ! -e go ]; do sleep 0.1; done";
    let task = client.call("task_submit", json!({ "prompt": script }))["taskId"].clone();
    let cancelled = client.begin_call("task_wait", json!({ "taskId": task }));
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": cancelled } }).to_string());
    let progress =
        json!({ "name": "task_wait", "arguments": { "taskId": task }, "_meta": { "progressToken": "p" } });
    let waiting = client.begin("tools/call", progress);
    let told = client.receive();
    assert_eq!(
        (&told["method"], &told["params"]["progressToken"]),
        (&json!("notifications/progress"), &json!("p")),
        "{told}"
    );
    assert!(told["params"]["message"].as_str().unwrap().starts_with("task-0001 is "), "{told}");
    project.kill_daemon();
    project.start();
    std::fs::write(project.file("go"), "").unwrap();
    let answer = client.answer(waiting);
    assert_eq!(answer["result"]["structuredContent"]["id"], task, "{answer}");
}

#[test]
fn a_wait_that_its_client_has_cancelled_is_cancelled_in_the_daemon() {
    let project = Project::started(json!({}));
    let task = project.submit("while [ ! -e go ]; do sleep 0.1; done");
    let mut client = Client::of(&project, &[]);
    // More than a connection may have at once: each must make room for the next.
    for _ in 0..600 {
        let id = client.begin_call("task_wait", json!({ "taskId": task }));
        client.send(
            &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } })
                .to_string(),
        );
    }
    let error = client.error("task_wait", json!({ "taskId": task, "timeoutMs": 1 }));
    assert!(error.starts_with("wait_timeout: "), "{error}");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(client.call("task_wait", json!({ "taskId": task }))["state"], "completed");
}
