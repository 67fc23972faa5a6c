//! What is wrong is refused by name, and nothing of it reaches the application.

use std::time::Duration;

use mcpgrpc::{
    Error, Request,
    tonic::{Code, Request as Rpc},
    v1::{
        CallToolRequest, CompleteRequest, ListResourcesRequest, ListToolsRequest, RequestContext,
    },
};
use serde_json::json;

use crate::server::{call, client, key, tool, waits};

fn said(error: impl Into<Error>) -> (Code, String) {
    let error = error.into();
    (error.code(), error.message().to_owned())
}

#[tokio::test]
async fn a_required_field_that_is_not_set_is_named() {
    let client = client();
    let refused = client.tools().call_tool(CallToolRequest::default()).await.expect_err("no name");
    let (code, message) = said(refused);
    assert!(code == Code::InvalidArgument && message.contains("name"), "{message}");
    let refused =
        client.completion().complete(CompleteRequest::default()).await.expect_err("no reference");
    assert_eq!(said(refused).0, Code::InvalidArgument);
}

#[tokio::test]
async fn a_value_of_an_enum_that_is_not_known_is_refused() {
    let mut request = CallToolRequest::new("add", json!({"a": 1, "b": 2}));
    request.context = Some(RequestContext { log_level: 99, ..Default::default() });
    let (code, message) = said(client().tools().call_tool(request).await.expect_err("no level"));
    assert!(code == Code::InvalidArgument && message.contains("log_level"), "{message}");
}

#[tokio::test]
async fn arguments_that_are_no_json_object_are_refused() {
    for (text, reason) in [("{", "PARSE_ERROR"), ("", "PARSE_ERROR"), ("[1]", "INVALID_PARAMS")] {
        let mut request = CallToolRequest::new("add", json!({}));
        request.arguments_json = Some(text.into());
        let refused =
            client().tools().call_tool(request).await.map_err(Error::from).expect_err("no object");
        assert_eq!(
            (refused.code(), refused.reason()),
            (Code::InvalidArgument, Some(reason)),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_refused() {
    let client = client();
    let page =
        client.tools().list_tools(ListToolsRequest::default()).await.expect("a page").into_inner();
    let cursor = page.into_complete().expect("a page").next_cursor;
    assert!(cursor.is_some());
    let request = ListResourcesRequest { cursor, ..Default::default() };
    let refused = client
        .resources()
        .list_resources(request)
        .await
        .map_err(Error::from)
        .expect_err("not its own");
    assert_eq!((refused.code(), refused.reason()), (Code::InvalidArgument, Some("INVALID_PARAMS")));
}

#[tokio::test]
async fn a_deadline_of_zero_has_passed_and_nothing_is_sent() {
    let client = client();
    let key = key("zero");
    let mut request = Rpc::new(CallToolRequest::new("wait", json!({"key": key})));
    request.set_timeout(Duration::ZERO);
    let (code, _) = said(client.tools().call_tool(request).await.expect_err("late"));
    assert_eq!(code, Code::DeadlineExceeded);
    assert_eq!(waits(&client, &key).await, (0, 0));
}

#[tokio::test]
async fn a_session_refuses_what_is_no_object_and_goes_on() {
    let session = client().open_session().await.expect("a session");
    let refused = session.call(Request::new("tools/list", json!([1]))).await.expect_err("a list");
    assert!(refused.code() == Code::InvalidArgument && refused.is_not_started());
    let unknown = session.call(Request::new("no/such", json!({}))).await.expect_err("no method");
    assert_eq!((unknown.code(), unknown.reason()), (Code::Unimplemented, Some("METHOD_NOT_FOUND")));
    assert!(session.call(tool("add", json!({"a": 1, "b": 2}))).await.is_ok());
    session.close().await.expect("its end");
}

#[tokio::test]
async fn a_request_larger_than_the_server_takes_is_not_sent() {
    let server = crate::server::Opened::new(json!({"max_message_bytes": 65_536})).await;
    let session = server.client.open_session().await.expect("a session");
    let large = session
        .call(tool("echo", json!({"value": "x".repeat(70_000)})))
        .await
        .expect_err("too large");
    assert_eq!(
        (large.code(), large.reason()),
        (Code::ResourceExhausted, Some("MESSAGE_TOO_LARGE"))
    );
    assert!(large.is_not_started());
    assert!(session.call(tool("add", json!({"a": 1, "b": 2}))).await.is_ok());
    server.close().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_in_one_line() {
    for address in ["", "127.0.0.1:50051", "ftp://127.0.0.1:1", "http://"] {
        let said = mcpgrpc::Client::new(address).err().expect(address).to_string();
        assert!(said.contains("cannot be used") && !said.contains('\n'), "{said}");
    }
    assert!(call(&client(), "no such tool", json!({})).await.is_err());
}
