//! A tour: discovery, a listing, a call with a deadline, a resource, and a session.
//!
//! `cargo run --example tour -- http://127.0.0.1:50051` against any server with a tool `add`.

use std::time::Duration;

use mcpgrpc::{
    Client, Error, Request,
    tonic::Request as Rpc,
    v1::{CallToolRequest, DiscoverRequest},
};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:50051".into());
    let client = Client::new(address)?;
    discover(&client).await?;
    for tool in client.list_tools().all().await? {
        println!("tool {}", tool.name);
    }
    call(&client).await?;
    for resource in client.list_resources().all().await? {
        println!("resource {}", resource.uri);
    }
    side_by_side(&client).await
}

async fn discover(client: &Client) -> Result<(), Error> {
    let answer = client.discovery().discover(DiscoverRequest::default()).await?;
    println!("speaks {}", answer.into_inner().into_complete()?.supported_versions.join(", "));
    Ok(())
}

async fn call(client: &Client) -> Result<(), Error> {
    let mut request = Rpc::new(CallToolRequest::new("add", json!({"a": 1, "b": 2})));
    request.set_timeout(Duration::from_secs(5));
    match client.tools().call_tool(request).await.map_err(Error::from) {
        Ok(answer) => {
            println!("sum {}", answer.into_inner().into_complete()?.structured_content_json())
        }
        Err(error) if error.is_not_started() => println!("may be sent again: {error}"),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Two calls on one stream, in one frame.
async fn side_by_side(client: &Client) -> Result<(), Error> {
    let session = client.open_session().await?;
    let add = |a, b| {
        session
            .call(Request::new("tools/call", json!({"name": "add", "arguments": {"a": a, "b": b}})))
    };
    let (one, two) = tokio::try_join!(add(1, 2), add(3, 4))?;
    println!("results {one} {two}");
    session.close().await
}
