//! What is retried and what never is, at a server of this process that fails first.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use mcpgrpc::{
    Client, Error,
    tonic::{
        self, Code, Status,
        body::Body,
        server::{Grpc, NamedService},
        transport::{Server, server::TcpIncoming},
    },
    v1::{
        CallToolRequest, ListToolsRequest, ListToolsResponse, ListToolsResult, Tool,
        WatchToolRequest, list_tools_response,
    },
};
use serde_json::json;
use tonic_prost::ProstCodec;
use tower::service_fn;

/// A tools service that answers each method UNAVAILABLE some times, and counts.
#[derive(Clone)]
struct Failing {
    failures: u32,
    calls: Arc<Mutex<HashMap<String, u32>>>,
}

impl NamedService for Failing {
    const NAME: &'static str = "mcpgrpc.v1.ToolsService";
}

impl tower::Service<Request<Body>> for Failing {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let count = {
            let mut calls = self.calls.lock().unwrap();
            let count = calls.entry(path).or_default();
            *count += 1;
            *count
        };
        if count <= self.failures {
            return Box::pin(async { Ok(Status::unavailable("not yet").into_http()) });
        }
        Box::pin(async move {
            let codec = ProstCodec::<ListToolsResponse, ListToolsRequest>::default();
            Ok(Grpc::new(codec).unary(service_fn(list), request).await)
        })
    }
}

async fn list(
    _: tonic::Request<ListToolsRequest>,
) -> Result<tonic::Response<ListToolsResponse>, Status> {
    let tools = vec![Tool { name: "add".into(), ..Default::default() }];
    let complete = ListToolsResult { tools, ..Default::default() };
    let result = Some(list_tools_response::Result::Complete(complete));
    Ok(tonic::Response::new(ListToolsResponse { result }))
}

impl Failing {
    fn serve(failures: u32) -> (Self, Client) {
        let failing = Self { failures, calls: Arc::default() };
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).expect("a port");
        let address = incoming.local_addr().expect("an address");
        tokio::spawn(Server::builder().add_service(failing.clone()).serve_with_incoming(incoming));
        (failing, Client::new(format!("http://{address}")).expect("a client"))
    }

    fn calls(&self, method: &str) -> u32 {
        let calls = self.calls.lock().unwrap();
        calls.get(&format!("/mcpgrpc.v1.ToolsService/{method}")).copied().unwrap_or(0)
    }
}

#[tokio::test]
async fn a_read_is_sent_again_while_the_server_is_unavailable() {
    let (failing, client) = Failing::serve(2);
    let tools = client.list_tools().all().await.expect("tools");
    assert_eq!(tools[0].name, "add");
    assert_eq!(failing.calls("ListTools"), 3);
}

#[tokio::test]
async fn a_read_is_sent_four_times_at_most() {
    let (failing, client) = Failing::serve(u32::MAX);
    let error = client.list_tools().all().await.expect_err("it never answers");
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "not yet"));
    assert_eq!(failing.calls("ListTools"), 4);
}

#[tokio::test]
async fn a_call_of_a_tool_is_never_sent_again() {
    let (failing, client) = Failing::serve(1);
    let call = CallToolRequest::new("add", json!({"a": 1, "b": 2}));
    let error =
        client.tools().call_tool(call.clone()).await.map_err(Error::from).expect_err("an error");
    assert_eq!(error.code(), Code::Unavailable);
    // A proxy says as much when the tool has run.
    assert!(!error.is_not_started());
    assert!(client.tools().watch_tool(WatchToolRequest { call: Some(call) }).await.is_err());
    assert_eq!((failing.calls("CallTool"), failing.calls("WatchTool")), (1, 1));
}

#[tokio::test]
async fn a_deadline_ends_the_retries() {
    let (failing, client) = Failing::serve(u32::MAX);
    let mut request = tonic::Request::new(ListToolsRequest::default());
    request.set_timeout(Duration::from_nanos(1));
    let error = client.tools().list_tools(request).await.expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(failing.calls("ListTools") <= 1);
}
