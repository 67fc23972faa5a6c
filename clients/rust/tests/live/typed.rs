//! The typed services when all is well: what the server has arrives, all of it.

use std::collections::BTreeSet;

use mcpgrpc::{
    Client,
    tonic::Code,
    v1::{
        CallToolRequest, CompleteRequest, CompletionArgument, DiscoverRequest, GetPromptRequest,
        InputRetry, PromptReference, ReadResourceRequest, RequestContext, ResourceContents, Role,
        call_tool_response, complete_request, content_block::Block, resource_contents::Content,
    },
};
use serde_json::{Value, json};

use crate::server::{call, client, setting, structured};

#[tokio::test]
async fn a_tool_is_called_with_a_deadline() {
    let mut request =
        mcpgrpc::tonic::Request::new(CallToolRequest::new("add", json!({"a": 1, "b": 2})));
    request.set_timeout(crate::server::SECONDS);
    let answer = client().tools().call_tool(request).await.expect("an answer").into_inner();
    let result = answer.into_complete().expect("a result");
    assert_eq!(result.structured_content_json(), r#"{"result":3}"#);
    assert!(matches!(&result.content[0].block, Some(Block::Text(text)) if text.text == "3"));
}

#[tokio::test]
async fn a_listing_goes_through_every_page() {
    let client = client();
    let mut pages = client.list_tools();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await.expect("a page") {
        sizes.push(page.len());
    }
    assert!(sizes.len() > 3 && sizes.iter().all(|size| (1..=10).contains(size)), "{sizes:?}");
    let tools = client.list_tools().all().await.expect("tools");
    let names: BTreeSet<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names.len(), tools.len());
    assert_eq!(sizes.iter().sum::<usize>(), tools.len());
    assert!((0..25).all(|number| names.contains(format!("extra_{number:02}").as_str())));
    assert!(names.contains("add"));
    assert_eq!(client.list_resources().all().await.expect("resources").len(), 27);
    assert_eq!(client.list_resource_templates().all().await.expect("templates").len(), 1);
    assert_eq!(client.list_prompts().all().await.expect("prompts")[0].name, "review");
}

#[tokio::test]
async fn a_tool_is_listed_with_all_that_it_says() {
    let tools = client().list_tools().all().await.expect("tools");
    let add = tools.iter().find(|tool| tool.name == "add").expect("add");
    assert_eq!(add.title(), "Add");
    assert_eq!(add.annotations.as_ref().expect("annotations").read_only_hint, Some(true));
    assert_eq!(add.icons[0].sizes, ["any"]);
    assert_eq!(add.meta_json(), r#"{"com.example/kind":"arithmetic"}"#);
    let schema: Value = serde_json::from_str(add.output_schema_json()).expect("JSON");
    assert_eq!(schema["required"], json!(["result"]));
}

async fn read(client: &Client, uri: &str) -> ResourceContents {
    let request = ReadResourceRequest { uri: uri.into(), ..Default::default() };
    let answer = client.resources().read_resource(request).await.expect("an answer").into_inner();
    answer.into_complete().expect("contents").contents.remove(0)
}

#[tokio::test]
async fn a_resource_is_read_as_text_and_as_bytes() {
    let text = read(&client(), "file:///example.txt").await;
    assert_eq!(text.mime_type(), "text/plain");
    assert_eq!(text.content, Some(Content::Text("A line.\n".into())));
    let binary = read(&client(), "file:///pixel.bin").await;
    assert_eq!(binary.content, Some(Content::Blob((0..=255).collect())));
}

#[tokio::test]
async fn a_prompt_is_got_with_its_arguments() {
    let arguments = [("code".to_owned(), "x = 1".to_owned())].into();
    let request = GetPromptRequest { name: "review".into(), arguments, ..Default::default() };
    let answer = client().prompts().get_prompt(request).await.expect("an answer").into_inner();
    let message = answer.into_complete().expect("a prompt").messages.remove(0);
    assert_eq!(message.role(), Role::User);
    let block = message.content.expect("content").block;
    assert!(matches!(block, Some(Block::Text(text)) if text.text == "Review this:\nx = 1"));
}

#[tokio::test]
async fn an_argument_is_completed() {
    let request = CompleteRequest {
        r#ref: Some(complete_request::Ref::Prompt(PromptReference {
            name: "review".into(),
            title: None,
        })),
        argument: Some(CompletionArgument { name: "code".into(), value: "r".into() }),
        ..Default::default()
    };
    let answer = client().completion().complete(request).await.expect("an answer").into_inner();
    let completion = answer.into_complete().expect("a result").completion.expect("a completion");
    assert_eq!((completion.values, completion.total), (vec!["rust".to_owned()], Some(1)));
}

#[tokio::test]
async fn a_server_is_discovered() {
    let answer =
        client().discovery().discover(DiscoverRequest::default()).await.expect("an answer");
    let told = answer.into_inner().into_complete().expect("a result");
    assert!(told.supported_versions.contains(&"2026-07-28".to_owned()));
    assert_eq!(told.instructions(), "Call `add`.");
    assert!(told.capabilities.expect("capabilities").tools.is_some());
}

#[tokio::test]
async fn numbers_keep_their_digits() {
    let value = json!({"id": 9_007_199_254_740_993_i64});
    let told = structured(&client(), "echo", json!({"value": value})).await;
    assert_eq!(told["value"]["id"].as_i64(), Some(9_007_199_254_740_993));
}

#[tokio::test]
async fn every_kind_of_content_arrives_with_every_field() {
    let result = call(&client(), "contents", json!({})).await.expect("a result");
    let meta: Value = serde_json::from_str(result.meta_json()).expect("JSON");
    assert_eq!(meta["com.example/blocks"], 6);
    let mut blocks = result.content.into_iter().map(|content| content.block.expect("a known kind"));
    let Some(Block::Text(text)) = blocks.next() else { panic!("no text") };
    let annotations = text.annotations.clone().expect("annotations");
    assert_eq!(annotations.audience, [Role::User as i32, Role::Assistant as i32]);
    assert_eq!(
        (annotations.priority, annotations.last_modified()),
        (Some(0.5), "2026-07-28T12:00:00Z")
    );
    assert_eq!(text.meta_json(), r#"{"com.example/cost":9007199254740993}"#);
    let Some(Block::Image(image)) = blocks.next() else { panic!("no image") };
    assert!(image.data.starts_with(b"\x89PNG") && image.mime_type == "image/png");
    let Some(Block::Audio(audio)) = blocks.next() else { panic!("no audio") };
    assert_eq!((audio.data, audio.mime_type.as_str()), ((0..=255).collect(), "audio/wav"));
    let Some(Block::ResourceLink(link)) = blocks.next() else { panic!("no link") };
    assert_eq!((link.title(), link.description()), ("Example", "A file of one line."));
    assert_eq!((link.size, link.icons.len(), link.name.as_str()), (Some(8), 1, "example.txt"));
    assert_eq!(link.meta_json(), r#"{"com.example/link":1}"#);
    let Some(Block::Resource(text)) = blocks.next() else { panic!("no resource") };
    assert!(text.annotations.is_some());
    assert_eq!(text.resource.expect("a resource").content, Some(Content::Text("A line.\n".into())));
    let Some(Block::Resource(binary)) = blocks.next() else { panic!("no binary resource") };
    assert_eq!(
        binary.resource.expect("a resource").content,
        Some(Content::Blob((0..=255).collect()))
    );
    assert_eq!(blocks.next(), None);
}

#[tokio::test]
async fn a_tool_that_asks_for_input_gets_it_with_the_retry() {
    let context = RequestContext {
        client_capabilities_json: Some(r#"{"elicitation":{"form":{}}}"#.into()),
        ..Default::default()
    };
    let mut request = CallToolRequest::new("confirm", json!({"question": "Sure?"}));
    request.context = Some(context);
    let answer = client().tools().call_tool(request.clone()).await.expect("an answer").into_inner();
    let Some(call_tool_response::Result::InputRequired(asked)) = answer.result else {
        panic!("{answer:?}")
    };
    assert_eq!(asked.input_requests["answer"].method, "elicitation/create");
    let response = json!({"action": "accept", "content": {"answer": "yes"}}).to_string();
    request.retry = Some(InputRetry {
        input_responses_json: [("answer".to_owned(), response)].into(),
        request_state: asked.request_state,
    });
    let answer = client().tools().call_tool(request).await.expect("an answer").into_inner();
    let block = answer.into_complete().expect("a result").content.remove(0).block;
    assert!(matches!(block, Some(Block::Text(text)) if text.text == r#"accept {"answer":"yes"}"#));
}

#[tokio::test]
async fn tls_and_an_api_key_are_taken() {
    let pem = std::fs::read(setting("MCPGRPC_TLS_CA")).expect("a certificate");
    let address = format!("https://{}", setting("MCPGRPC_TLS_ADDRESS"));
    let builder =
        Client::builder(&address).ca_certificate(&pem).api_key(setting("MCPGRPC_API_KEY"));
    let known = builder.build().expect("a client");
    assert_eq!(structured(&known, "add", json!({"a": 1, "b": 2})).await, json!({"result": 3}));
    let session = known.open_session().await.expect("a session");
    session.close().await.expect("its end");
    let unknown = Client::builder(&address).ca_certificate(&pem).build().expect("a client");
    let refused = call(&unknown, "add", json!({"a": 1, "b": 2})).await.expect_err("no key");
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_credential_never_travels_in_the_clear() {
    let refused = Client::builder("http://127.0.0.1:1").bearer_token(|| "secret".into()).build();
    let said = refused.err().expect("an error").to_string();
    assert!(said.contains("https://") && !said.contains("secret"), "{said}");
}

#[tokio::test]
async fn calls_are_balanced_over_every_address() {
    let one = crate::server::Opened::new(json!({})).await;
    let two = crate::server::Opened::new(json!({})).await;
    let both =
        Client::builder(format!("http://{}", one.address)).also(format!("http://{}", two.address));
    let both = both.build().expect("a client");
    assert_eq!(structured(&both, "add", json!({"a": 1, "b": 2})).await, json!({"result": 3}));
    one.close().await;
    // Reads find the one that is left.
    assert!(both.list_tools().all().await.is_ok());
    two.close().await;
}
