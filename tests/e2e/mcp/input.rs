//! Clients that send what they should not, or stop in the middle.

use serde_json::{Value, json};

use super::Client;
use crate::support::{Project, until};

#[test]
fn every_request_ends_in_an_answer_and_no_line_spoils_the_next() {
    let project = Project::started(json!({}));
    let mut client = Client::of(&project, &[]);
    let refused = |answer: &Value, id: Value, code: i64| {
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{answer}");
    };
    for garbage in ["garbage", "{", "\u{1b}[2J", "{\"jsonrpc\": \"2.0\""] {
        client.send(garbage);
        refused(&client.receive(), Value::Null, -32700);
    }
    client.send("[]");
    refused(&client.receive(), Value::Null, -32600);
    client.send(r#"{"jsonrpc":"2.0","id":"a","method":7}"#);
    refused(&client.receive(), json!("a"), -32600);
    // What has an id wants an answer.
    client.send(r#"{"jsonrpc":"2.0","id":8,"methd":"ping"}"#);
    refused(&client.receive(), json!(8), -32600);
    client.send(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#);
    refused(&client.receive(), Value::Null, -32600);
    // An empty line, a notification and an answer that nobody knows are passed over.
    client.send("");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/unheard","params":{"x":1}}"#);
    client.send(r#"{"jsonrpc":"2.0","id":99,"result":{}}"#);
    let long = format!(
        r#"{{"jsonrpc":"2.0","id":"long","method":"ping","params":{{"x":"{}"}}}}"#,
        "x".repeat(17 << 20)
    );
    client.send(&long);
    refused(&client.receive(), json!("long"), -32600);
    let unknown = client.request("no/such", json!({}));
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    for wrong in [
        json!({ "name": 5 }),
        json!({}),
        json!({ "name": "task_get", "arguments": [1] }),
        json!({ "name": "task_get", "arguments": "x" }),
    ] {
        let answer = client.request("tools/call", wrong);
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("tools/call"), "{answer}");
    }
    for arguments in [json!({ "task": 1 }), json!({ "taskId": 1 }), json!({})] {
        let error = client.error("task_get", arguments);
        assert!(error.starts_with("invalid_params: params: ") && error.contains("What to do: "), "{error}");
    }
    assert_eq!(client.call("ping", json!({}))["pong"], true);
    assert_eq!(client.close(), 0);
}

#[test]
fn each_message_of_a_batch_is_answered() {
    let project = Project::started(json!({}));
    let mut client = Client::new(&mut project.command(), &[]);
    client.initialize("2025-03-26");
    let call =
        |id: u64| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "ping" } });
    client.send(
        &json!([call(70), { "jsonrpc": "2.0", "id": 71, "method": "ping" }, [call(72)], 5, call(73)])
            .to_string(),
    );
    let mut answers: Vec<Value> = (0..5).map(|_| client.receive()).collect();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert!(answers[..2].iter().all(|answer| answer["error"]["code"] == -32600), "{answers:?}");
    assert_eq!(answers[2]["result"]["structuredContent"]["pong"], true);
    assert_eq!((&answers[3]["id"], &answers[4]["id"]), (&json!(71), &json!(73)), "{answers:?}");
    client.send(&format!("[{}]", vec!["{}"; 1001].join(",")));
    assert_eq!(client.receive()["error"]["code"], -32600);
    assert_eq!(client.close(), 0);
}

#[test]
fn an_id_that_is_in_use_is_refused_and_the_first_request_gets_its_answer() {
    let project = Project::started(json!({}));
    let task = project.submit("while [ ! -e go ]; do sleep 0.1; done");
    let mut client = Client::of(&project, &[]);
    let id = client.begin_call("task_wait", json!({ "taskId": task }));
    let again = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "ping", "arguments": {} } });
    client.send(&again.to_string());
    let refused = client.receive();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(id), &json!(-32600)), "{refused}");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(client.answer(id)["result"]["structuredContent"]["state"], "completed");
    // It is free again.
    client.send(&again.to_string());
    assert_eq!(client.answer(id)["result"]["structuredContent"]["pong"], true);
}

#[test]
fn old_and_unknown_versions_are_spoken_with() {
    let project = Project::started(json!({}));
    for (asked, spoken) in
        [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")]
    {
        let mut client = Client::new(&mut project.command(), &[]);
        let answer = client.initialize(asked);
        assert_eq!(
            (&answer["protocolVersion"], &answer["serverInfo"]["name"]),
            (&json!(spoken), &json!("aiwg")),
            "{answer}"
        );
        assert!(answer["instructions"].as_str().unwrap().contains("task_submit"));
        client.call("ping", json!({}));
    }
}

#[test]
fn a_client_that_closes_in_the_middle_leaves_nothing() {
    let project = Project::started(json!({}));
    let task = project.submit("while [ ! -e go ]; do sleep 0.1; done");
    let mut client = Client::of(&project, &[]);
    client.begin_call("task_wait", json!({ "taskId": task }));
    assert_eq!(client.close(), 0);
    let mut client = Client::of(&project, &[]);
    client
        .input
        .as_mut()
        .map(|input| std::io::Write::write_all(input, br#"{"jsonrpc":"2.0","id":7,"meth"#))
        .unwrap()
        .unwrap();
    assert_eq!(client.close(), 0);
    // What was sent before the end is done, and answered.
    let mut client = Client::of(&project, &[]);
    let id = client.begin_call("event_emit", json!({ "topic": "a:b" }));
    client.input.take();
    assert!(client.answer(id)["result"]["structuredContent"]["seq"].is_u64());
    assert_eq!(client.close(), 0);
    assert_eq!(Client::new(&mut project.command(), &[]).close(), 0);
    until("the daemon to have lost them all", || {
        project.json(&["daemon", "status"])["subsystems"]["ipc"]["clients"] == 1
    });
    std::fs::write(project.file("go"), "").unwrap();
}
