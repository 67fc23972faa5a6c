//! How the tests reach the live server, and the shortest way to call its tools.

use std::{
    env,
    future::Future,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mcpgrpc::{
    Client, Error, Request, Session,
    tonic::Code,
    v1::{CallToolRequest, CallToolResult},
};
use serde_json::{Value, json};

/// How long anything may take that should happen at once, on a machine under load.
pub const SECONDS: Duration = Duration::from_secs(60);

pub fn setting(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `make test-clients ONLY=rust`"))
}

pub fn client() -> Client {
    client_of(&setting("MCPGRPC_ADDRESS"))
}

pub fn client_of(address: &str) -> Client {
    Client::builder(format!("http://{address}")).timeout(Some(SECONDS)).build().expect("a client")
}

/// Bounds what would otherwise wait for ever.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SECONDS, what).await.expect("it should have happened by now")
}

pub async fn call(client: &Client, tool: &str, arguments: Value) -> Result<CallToolResult, Error> {
    let answer = client.tools().call_tool(CallToolRequest::new(tool, arguments)).await?;
    answer.into_inner().into_complete()
}

pub async fn structured(client: &Client, tool: &str, arguments: Value) -> Value {
    let result = call(client, tool, arguments).await.expect("a result");
    serde_json::from_str(result.structured_content_json()).expect("JSON")
}

/// How often the tool `wait` was begun and cancelled under a key.
pub async fn waits(client: &Client, key: &str) -> (u64, u64) {
    let told = structured(client, "waits", json!({})).await;
    (told["begun"][key].as_u64().unwrap_or(0), told["cancelled"][key].as_u64().unwrap_or(0))
}

/// Waits until the call of `wait` under a key has ended; it must have been cancelled.
pub async fn was_cancelled(key: &str) {
    let client = client();
    call(&client, "settled", json!({"key": key})).await.expect("it has ended");
    assert_eq!(waits(&client, key).await, (1, 1));
}

/// A key of `wait` that no other test, and no earlier run at the same server, has used.
pub fn key(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    format!("rust {name} {} {}", std::process::id(), now.as_nanos())
}

/// Gives a call of `wait` less and less haste until it begins before its deadline; it must be told that
/// the deadline has passed, and be cancelled.
pub async fn at_its_deadline<C: Future<Output = Error>>(call: impl Fn(String, Duration) -> C) {
    for seconds in [1, 4, 16] {
        let key = key("deadline");
        let late = soon(call(key.clone(), Duration::from_secs(seconds))).await;
        assert_eq!(late.code(), Code::DeadlineExceeded);
        assert!(!late.is_not_started());
        if waits(&client(), &key).await.0 == 1 {
            return was_cancelled(&key).await;
        }
    }
    panic!("the tool did not begin");
}

/// A server of its own for a test, which the test closes.
pub struct Opened {
    pub address: String,
    pub client: Client,
}

impl Opened {
    pub async fn new(settings: Value) -> Self {
        let told = structured(&client(), "open_server", settings).await;
        let address = told["address"].as_str().expect("an address").to_owned();
        Self { client: client_of(&address), address }
    }

    pub async fn drain(&self) {
        self.told("drain_server").await;
    }

    pub async fn close(&self) {
        self.told("close_server").await;
    }

    async fn told(&self, tool: &str) {
        call(&client(), tool, json!({"address": self.address})).await.expect("the server is told");
    }
}

/// A request of a Session that calls a tool.
pub fn tool(name: &str, arguments: Value) -> Request {
    Request::new("tools/call", json!({"name": name, "arguments": arguments}))
}

/// The text of a tool's result on a Session.
pub async fn text(session: &Session, request: Request) -> Result<String, Error> {
    let result = session.call(request).await?;
    let result: Value = serde_json::from_str(result.get()).expect("JSON");
    Ok(result["content"][0]["text"].as_str().expect("text").to_owned())
}
