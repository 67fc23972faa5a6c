//! Many requests on one stream of the live server.

use std::sync::{Arc, Mutex};

use mcpgrpc::{Error, Request, Session, tonic::Code};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use crate::server::{
    Opened, at_its_deadline, call, client, key, soon, text, tool, waits, was_cancelled,
};

/// Calls `add` many times at once, each with numbers of its own; gives how many got their own sum.
async fn add_all(session: &Session, count: i64) -> usize {
    let mut calls = JoinSet::new();
    for number in 0..count {
        let session = session.clone();
        calls.spawn(async move {
            let sum = text(&session, tool("add", json!({"a": number, "b": number})))
                .await
                .expect("a sum");
            assert_eq!(sum, (2 * number).to_string());
        });
    }
    soon(calls.join_all()).await.len()
}

#[tokio::test]
async fn two_hundred_calls_on_one_stream_get_their_own_answers() {
    let session = client().open_session().await.expect("a session");
    assert_eq!(add_all(&session, 200).await, 200);
    session.close().await.expect("its end");
}

#[tokio::test]
async fn the_window_of_the_server_is_kept() {
    let server = Opened::new(json!({"window": 4})).await;
    let session = server.client.open_session().await.expect("a session");
    // One beyond the window would be refused.
    assert_eq!(add_all(&session, 50).await, 50);
    session.close().await.expect("its end");
    server.close().await;
}

/// Begins a call of `wait` and gives it once the server says that it has begun.
async fn begun(session: &Session, key: &str) -> tokio::task::JoinHandle<Result<String, Error>> {
    let (begun, mut hears) = mpsc::unbounded_channel();
    let request =
        tool_with_progress("wait", json!({"key": key})).on_notification(move |method, _| {
            let _ = begun.send(method.to_owned());
        });
    let session = session.clone();
    let calling = tokio::spawn(async move { text(&session, request).await });
    assert_eq!(soon(hears.recv()).await.as_deref(), Some("notifications/progress"));
    calling
}

fn tool_with_progress(name: &str, arguments: Value) -> Request {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/logLevel": "info",
        "progressToken": 1,
    });
    Request::new("tools/call", json!({"name": name, "arguments": arguments, "_meta": meta}))
}

#[tokio::test]
async fn a_call_waits_for_a_place_that_a_cancelled_one_has_left() {
    let key = key("window");
    let server = Opened::new(json!({"window": 1})).await;
    let session = server.client.open_session().await.expect("a session");
    let holding = begun(&session, &key).await;
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { text(&session, tool("add", json!({"a": 1, "b": 2}))).await }
    });
    holding.abort();
    assert_eq!(soon(waiting).await.expect("no panic").as_deref(), Ok("3"));
    was_cancelled(&key).await;
    server.close().await;
}

#[tokio::test]
async fn a_go_away_lets_finish_what_runs_and_takes_nothing_more() {
    let key = key("drain");
    let server = Opened::new(json!({"window": 2})).await;
    let session = server.client.open_session().await.expect("a session");
    let running = begun(&session, &key).await;
    let listening = listening(&session).await;
    server.drain().await;
    // A drain completes the subscription behind its GoAway.
    assert!(soon(listening).await.expect("no panic").is_ok());
    let refused = session.call(tool("add", json!({"a": 1, "b": 2}))).await.expect_err("draining");
    assert_eq!((refused.code(), refused.reason()), (Code::Unavailable, Some("DRAINING")));
    assert!(refused.is_not_started());
    assert!(!running.is_finished());
    assert_eq!(waits(&client(), &key).await, (1, 0));
    running.abort();
    was_cancelled(&key).await;
    soon(session.close()).await.expect("a good end");
    server.close().await;
}

/// Begins a subscription on the session, and gives it once it is acknowledged.
async fn listening(session: &Session) -> tokio::task::JoinHandle<Result<(), Error>> {
    let (told, mut hears) = mpsc::unbounded_channel();
    let params = json!({"notifications": {"toolsListChanged": true}});
    let request = Request::new("subscriptions/listen", params).on_notification(move |method, _| {
        let _ = told.send(method.to_owned());
    });
    let session = session.clone();
    let calling = tokio::spawn(async move { session.call(request).await.map(|_| ()) });
    let first = soon(hears.recv()).await;
    assert_eq!(first.as_deref(), Some("notifications/subscriptions/acknowledged"));
    calling
}

#[tokio::test]
async fn a_server_that_stops_leaves_no_call_waiting() {
    let key = key("stop");
    let server = Opened::new(json!({})).await;
    let session = server.client.open_session().await.expect("a session");
    let running = begun(&session, &key).await;
    server.close().await;
    let ended = soon(running).await.expect("no panic").expect_err("it was ended");
    assert!(matches!(ended.code(), Code::Aborted | Code::Unavailable), "{ended}");
    assert!(!ended.is_not_started(), "{ended}");
    let refused = session.call(tool("add", json!({}))).await.expect_err("it has ended");
    assert!(refused.is_not_started(), "{refused}");
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_cancelled_at_the_server() {
    let key = key("dropped");
    let session = client().open_session().await.expect("a session");
    begun(&session, &key).await.abort();
    was_cancelled(&key).await;
    assert_eq!(text(&session, tool("add", json!({"a": 1, "b": 2}))).await.as_deref(), Ok("3"));
    session.close().await.expect("its end");
}

#[tokio::test]
async fn a_timeout_is_answered_by_the_server() {
    let session = client().open_session().await.expect("a session");
    at_its_deadline(async |key, timeout| {
        let request = tool("wait", json!({"key": key})).timeout(timeout);
        session.call(request).await.expect_err("late")
    })
    .await;
    session.close().await.expect("its end");
}

#[tokio::test]
async fn progress_and_log_are_heard_before_the_result() {
    let session = client().open_session().await.expect("a session");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let request =
        tool_with_progress("steps", json!({"total": 5})).on_notification(move |method, params| {
            hears.lock().unwrap().push((method.to_owned(), params.to_owned()))
        });
    assert_eq!(text(&session, request).await.as_deref(), Ok("done"));
    let heard = heard.lock().unwrap();
    let of = |wanted: &str| heard.iter().filter(|(method, _)| method == wanted).count();
    assert_eq!((of("notifications/progress"), of("notifications/message")), (5, 5));
    let params: Value = serde_json::from_str(&heard[0].1).expect("JSON");
    assert_eq!(params["progress"].as_f64(), Some(1.0));
}

#[tokio::test]
async fn errors_on_a_session_are_those_of_typed_calls_with_all_of_their_data() {
    let session = client().open_session().await.expect("a session");
    let data = "x".repeat(20_000);
    let arguments = json!({"code": -32602, "message": "no", "data": data});
    let error = session.call(tool("refuse", arguments)).await.expect_err("an error");
    let Error::Mcp { code, rpc_code, reason, data_json, .. } = error else { panic!("{error}") };
    assert_eq!(
        (code, rpc_code, reason.as_str()),
        (Code::InvalidArgument, -32602, "INVALID_PARAMS")
    );
    assert_eq!(data_json.map(|text| text.len()), Some(20_002));
}

#[tokio::test]
async fn a_refusal_on_a_session_has_its_reason() {
    let server = Opened::new(json!({"policy": true})).await;
    let session = server.client.open_session().await.expect("a session");
    let refused = session.call(tool("fail", json!({"message": "x"}))).await.expect_err("forbidden");
    assert_eq!((refused.code(), refused.reason()), (Code::PermissionDenied, Some("FORBIDDEN")));
    assert!(refused.is_not_started());
    server.close().await;
}

#[tokio::test]
async fn an_answer_in_pieces_is_put_together() {
    let session = client().open_session().await.expect("a session");
    let large = text(&session, tool("large", json!({"bytes": 3_000_000})));
    let small = text(&session, tool("add", json!({"a": 1, "b": 2})));
    let (large, small) = soon(async { tokio::join!(large, small) }).await;
    assert_eq!((large.map(|text| text.len()), small.as_deref()), (Ok(3_000_000), Ok("3")));
    session.close().await.expect("its end");
}

#[tokio::test]
async fn a_closed_session_takes_no_more_and_finishes_what_it_has() {
    let session = client().open_session().await.expect("a session");
    let running = text(&session, tool("large", json!({"bytes": 300_000})));
    let (running, closed) = soon(async { tokio::join!(running, session.close()) }).await;
    assert_eq!((running.map(|text| text.len()), closed), (Ok(300_000), Ok(())));
    let refused = session.call(tool("add", json!({"a": 1, "b": 2}))).await.expect_err("closed");
    assert!(refused.is_not_started());
    assert!(call(&client(), "add", json!({"a": 1, "b": 2})).await.is_ok());
}
