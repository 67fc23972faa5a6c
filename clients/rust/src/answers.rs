//! Requests made and results read in fewer words, where the stubs alone would be long.
//!
//! It does not answer an `input_required`: match on the answer's own `result` to do so.

use serde::Serialize;
use tonic::Code;

use crate::{
    Error,
    v1::{self, Execution},
};

fn incomplete(result: Option<impl std::fmt::Debug>) -> Error {
    let text = match result {
        Some(other) => format!("{other:?}").chars().take(200).collect(),
        None => String::from("a kind newer than this client"),
    };
    Error::own(Code::Internal, Execution::Maybe, format!("the answer is not complete: {text}"))
}

macro_rules! complete {
    ($($answer:ident, $oneof:ident, $result:ident;)*) => {$(
        impl v1::$answer {
            /// The result, if it is complete.
            ///
            /// # Errors
            /// It is of another type, such as `input_required`.
            pub fn into_complete(self) -> Result<v1::$result, Error> {
                match self.result {
                    Some(v1::$oneof::Result::Complete(result)) => Ok(result),
                    other => Err(incomplete(other)),
                }
            }
        }
    )*};
}

complete! {
    CallToolResponse, call_tool_response, CallToolResult;
    ListToolsResponse, list_tools_response, ListToolsResult;
    ListResourcesResponse, list_resources_response, ListResourcesResult;
    ListResourceTemplatesResponse, list_resource_templates_response, ListResourceTemplatesResult;
    ReadResourceResponse, read_resource_response, ReadResourceResult;
    ListPromptsResponse, list_prompts_response, ListPromptsResult;
    GetPromptResponse, get_prompt_response, GetPromptResult;
    CompleteResponse, complete_response, CompleteResult;
    DiscoverResponse, discover_response, DiscoverResult;
}

impl v1::CallToolRequest {
    /// A call of a tool. The arguments become JSON text; what cannot be written as JSON is refused by
    /// the server.
    pub fn new(name: impl Into<String>, arguments: impl Serialize) -> Self {
        let arguments = serde_json::to_string(&arguments).unwrap_or_default();
        Self { name: name.into(), arguments_json: Some(arguments), ..Default::default() }
    }
}
