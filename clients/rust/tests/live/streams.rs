//! Streams: a tool that is watched, a subscription, and a client that does not read.

use mcpgrpc::{
    tonic::{Code, Streaming},
    v1::{
        CallToolRequest, ListenRequest, ListenResponse, LoggingLevel, RequestContext,
        SubscriptionFilter, WatchToolRequest, call_tool_response, listen_response::Event as Change,
        watch_tool_response::Event,
    },
};
use serde_json::json;

use crate::server::{Opened, call, client, soon};

#[tokio::test]
async fn a_watched_tool_tells_its_progress_and_its_log_before_its_result() {
    let mut call = CallToolRequest::new("steps", json!({"total": 3}));
    call.context =
        Some(RequestContext { log_level: LoggingLevel::Info as i32, ..Default::default() });
    let request = WatchToolRequest { call: Some(call) };
    let mut events = client().tools().watch_tool(request).await.expect("a stream").into_inner();
    let (mut progress, mut logs) = (Vec::new(), Vec::new());
    let result = loop {
        match soon(events.message()).await.expect("an event").expect("no end").event {
            Some(Event::Progress(step)) => progress.push((step.progress, step.total)),
            Some(Event::Log(log)) => logs.push((log.level(), log.data_json)),
            Some(Event::Result(result)) => break result,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(progress, [(1.0, Some(3.0)), (2.0, Some(3.0)), (3.0, Some(3.0))]);
    let level = LoggingLevel::Info;
    assert_eq!(logs, [1, 2, 3].map(|step| (level, format!(r#""step {step}""#))));
    assert!(matches!(result.result, Some(call_tool_response::Result::Complete(_))));
    assert_eq!(soon(events.message()).await.expect("the end"), None);
}

async fn listen(client: &mcpgrpc::Client) -> Streaming<ListenResponse> {
    let filter = SubscriptionFilter {
        tools_list_changed: Some(true),
        resource_subscriptions: vec!["file:///example.txt".into()],
        ..Default::default()
    };
    let request = ListenRequest { notifications: Some(filter), context: None };
    let mut events = client.subscriptions().listen(request).await.expect("a stream").into_inner();
    let first = soon(events.message()).await.expect("an event").expect("no end");
    assert!(matches!(first.event, Some(Change::Acknowledged(_))), "{first:?}");
    events
}

/// Reads until both changes have come; tests beside this one change the same things.
async fn both_changes(events: &mut Streaming<ListenResponse>) {
    let (mut tools, mut resource) = (false, false);
    while !(tools && resource) {
        match soon(events.message()).await.expect("an event").expect("no end").event {
            Some(Change::ToolsListChanged(_)) => tools = true,
            Some(Change::ResourceUpdated(update)) => resource = update.uri == "file:///example.txt",
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_subscription_hears_of_changes_until_it_is_dropped() {
    let client = client();
    let mut events = listen(&client).await;
    call(&client, "change", json!({})).await.expect("a change");
    both_changes(&mut events).await;
    drop(events);
    // The connection goes on without it.
    let mut again = listen(&client).await;
    call(&client, "change", json!({})).await.expect("a change");
    both_changes(&mut again).await;
}

#[tokio::test]
async fn a_subscription_is_completed_by_a_server_that_drains() {
    let server = Opened::new(json!({})).await;
    let mut events = listen(&server.client).await;
    server.drain().await;
    let last = soon(events.message()).await.expect("an event").expect("an event");
    assert!(matches!(last.event, Some(Change::Complete(_))), "{last:?}");
    assert_eq!(soon(events.message()).await.expect("the end"), None);
    server.close().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_a_stream_holds_up_no_other_call() {
    let client = client();
    let mut call_of = CallToolRequest::new("steps", json!({"total": 20_000}));
    call_of.context =
        Some(RequestContext { log_level: LoggingLevel::Info as i32, ..Default::default() });
    let request = WatchToolRequest { call: Some(call_of) };
    let mut unread = client.tools().watch_tool(request).await.expect("a stream").into_inner();
    assert!(soon(unread.message()).await.expect("an event").is_some());
    let result = soon(call(&client, "add", json!({"a": 1, "b": 2}))).await;
    assert!(result.is_ok());
    drop(unread);
    assert!(soon(call(&client, "add", json!({"a": 1, "b": 2}))).await.is_ok());
}

#[tokio::test]
async fn a_stream_that_the_service_refuses_says_why() {
    let server = Opened::new(json!({"api_keys": true})).await;
    let call = CallToolRequest::new("add", json!({"a": 1, "b": 2}));
    let refused = server.client.tools().watch_tool(WatchToolRequest { call: Some(call) }).await;
    assert_eq!(refused.expect_err("no key").code(), Code::Unauthenticated);
    server.close().await;
}
