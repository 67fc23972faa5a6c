//! Errors arrive as themselves: whose they are, their status and reason, and what has run.

use std::time::Duration;

use mcpgrpc::{
    Client, Error,
    tonic::{Code, Request as Rpc},
    v1::{CallToolRequest, WatchToolRequest, watch_tool_response::Event},
};
use serde_json::json;

use crate::server::{Opened, SECONDS, at_its_deadline, call, client, key, soon, was_cancelled};

const ADD: &str = r#"{"a":1,"b":2}"#;

fn add() -> serde_json::Value {
    serde_json::from_str(ADD).expect("JSON")
}

#[tokio::test]
async fn a_deadline_that_passes_is_told_and_cancels_the_tool() {
    at_its_deadline(async |key, timeout| {
        let mut request = Rpc::new(CallToolRequest::new("wait", json!({"key": key})));
        request.set_timeout(timeout);
        client().tools().call_tool(request).await.map_err(Error::from).expect_err("late")
    })
    .await;
}

#[tokio::test]
async fn a_stream_fails_at_its_deadline() {
    at_its_deadline(async |key, timeout| {
        let call = CallToolRequest::new("wait", json!({"key": key}));
        let mut request = Rpc::new(WatchToolRequest { call: Some(call) });
        request.set_timeout(timeout);
        watched(request).await.expect_err("late")
    })
    .await;
}

/// Reads a watched tool to its end.
async fn watched(request: Rpc<WatchToolRequest>) -> Result<(), Error> {
    let mut events = client().tools().watch_tool(request).await?.into_inner();
    while events.message().await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_cancelled_call_cancels_the_tool() {
    let key = key("cancel");
    let call = CallToolRequest::new("wait", json!({"key": key}));
    let mut events = client()
        .tools()
        .watch_tool(WatchToolRequest { call: Some(call) })
        .await
        .expect("a stream")
        .into_inner();
    let first = soon(events.message()).await.expect("an event").expect("an event");
    assert!(matches!(first.event, Some(Event::Progress(_))));
    drop(events);
    was_cancelled(&key).await;
}

#[tokio::test]
async fn an_error_of_the_application_keeps_its_code_and_data() {
    let arguments =
        json!({"code": -31999, "message": "no", "data": {"id": 9_007_199_254_740_993_i64}});
    let error = call(&client(), "refuse", arguments).await.expect_err("an error");
    let Error::Mcp { code, rpc_code, reason, message, data_json, data_bytes } = error else {
        panic!("{error}")
    };
    assert_eq!((code, rpc_code, reason.as_str()), (Code::Unknown, -31999, "APPLICATION_ERROR"));
    assert_eq!((message.as_str(), data_bytes), ("no", None));
    assert_eq!(data_json.as_deref(), Some(r#"{"id":9007199254740993}"#));
}

#[tokio::test]
async fn data_without_room_is_told_by_its_size() {
    let data = "x".repeat(20_000);
    let arguments = json!({"code": -31999, "message": "no", "data": data});
    let error = call(&client(), "refuse", arguments).await.expect_err("an error");
    let Error::Mcp { data_json: None, data_bytes: Some(20_002), .. } = error else {
        panic!("{error:?}")
    };
}

#[tokio::test]
async fn a_message_of_20_000_characters_arrives_cut_and_with_its_status() {
    let error = call(&client(), "explode", json!({})).await.expect_err("an error");
    let Error::Mcp { code, rpc_code, message, .. } = &error else { panic!("{error}") };
    assert_eq!((*code, *rpc_code, message.len()), (Code::Unknown, -32000, 768));
}

#[tokio::test]
async fn a_tool_that_fails_is_no_error() {
    let result = call(&client(), "fail", json!({"message": "broken"})).await.expect("a result");
    assert_eq!(result.is_error, Some(true));
}

#[tokio::test]
async fn a_caller_without_a_key_is_unauthenticated() {
    let server = Opened::new(json!({"api_keys": true})).await;
    let refused = call(&server.client, "add", add()).await.expect_err("no key");
    assert_eq!(
        (refused.code(), refused.reason()),
        (Code::Unauthenticated, Some("UNAUTHENTICATED"))
    );
    assert!(refused.is_not_started());
    let refused = server.client.open_session().await.err().expect("no key");
    assert_eq!(
        (refused.code(), refused.reason()),
        (Code::Unauthenticated, Some("UNAUTHENTICATED"))
    );
    server.close().await;
}

#[tokio::test]
async fn a_caller_without_the_right_is_denied() {
    let server = Opened::new(json!({"policy": true})).await;
    let refused =
        call(&server.client, "fail", json!({"message": "x"})).await.expect_err("forbidden");
    assert_eq!((refused.code(), refused.reason()), (Code::PermissionDenied, Some("FORBIDDEN")));
    assert!(refused.is_not_started());
    server.close().await;
}

#[tokio::test]
async fn a_caller_beyond_its_budget_is_told_when_to_come_again() {
    let server = Opened::new(json!({"rate_limit": "2/minute"})).await;
    let mut last = Ok(Default::default());
    for _ in 0..3 {
        last = call(&server.client, "add", add()).await;
    }
    let Err(Error::Refused { code, reason, execution: _, retry_after, .. }) = &last else {
        panic!("{last:?}")
    };
    assert_eq!((*code, reason.as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
    assert!(retry_after.is_some_and(|wait| wait > Duration::ZERO && wait < SECONDS));
    server.close().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_unavailable_and_has_run_nothing() {
    let server = Opened::new(json!({})).await;
    server.close().await;
    let error = call(&server.client, "add", add()).await.expect_err("nobody is there");
    assert_eq!((error.code(), error.reason()), (Code::Unavailable, Some("CONNECTION_LOST")));
    assert!(error.is_not_started(), "{error}");
    let error = server.client.open_session().await.err().expect("nobody is there");
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.is_not_started());
}

#[tokio::test]
async fn a_connection_that_is_lost_under_a_call_may_have_run_it() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let client = Client::new(format!("http://{address}")).expect("a client");
    let calling = tokio::spawn(async move { call(&client, "add", add()).await });
    let (mut connection, _) = soon(silent.accept()).await.expect("a connection");
    // The preface has come, so the connection counts as made.
    let mut preface = [0; 24];
    soon(tokio::io::AsyncReadExt::read_exact(&mut connection, &mut preface)).await.expect("HTTP/2");
    drop(connection);
    let error = soon(calling).await.expect("no panic").expect_err("lost");
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, Some("CONNECTION_LOST")),
        "{error}"
    );
    assert!(!error.is_not_started());
}
