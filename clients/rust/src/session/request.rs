//! A request of a Session, before and while it is under way.
//!
//! When it may be sent is the table's to say.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::{sync::oneshot, time::Instant};
use tonic::Code;

use crate::{
    Error,
    v1::{
        ClientItem, Envelope, Execution, JsonRpcNotification, JsonRpcRequest, JsonRpcResponse,
        RequestId, client_item::Item, envelope::Message, json_rpc_response::Outcome,
        request_id::Value,
    },
};

const LISTEN: &str = "subscriptions/listen";

/// What the modern era demands of each request.
const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

pub(super) type Answer = Result<Box<RawValue>, Error>;
type Hear = Arc<dyn Fn(&str, &str) + Send + Sync>;
type Params = BTreeMap<String, Box<RawValue>>;

/// One of MCP's requests, in the words of JSON-RPC.
#[must_use]
pub struct Request {
    method: String,
    params: serde_json::Result<Params>,
    timeout: Option<Duration>,
    hear: Option<Hear>,
}

impl Request {
    /// A request such as `tools/call`. Its parameters are an object; `_meta` is added where it lacks.
    pub fn new(method: impl Into<String>, params: impl Serialize) -> Self {
        let text = serde_json::to_string(&params);
        let params = text.and_then(|text| serde_json::from_str(&text));
        Self { method: method.into(), params, timeout: None, hear: None }
    }

    /// How long the server may work on it, in place of the client's timeout.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Hears what belongs to the request, such as its progress: the method and JSON text of the
    /// parameters, before [`Session::call`](crate::Session::call) returns. It runs where the stream is
    /// read, which waits for it.
    pub fn on_notification(mut self, hear: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.hear = Some(Arc::new(hear));
        self
    }

    /// The call to send and where its answer comes.
    pub(super) fn into_call(
        self,
        default: Option<Duration>,
    ) -> Result<(Call, oneshot::Receiver<Answer>), Error> {
        let listens = self.method == LISTEN;
        let limit = self.timeout.or(default.filter(|_| !listens));
        let params = Some(with_meta(self.params).map_err(|error| no_params(&error))?);
        let request = JsonRpcRequest { id: None, method: self.method, params_json: params };
        let message = Some(Message::Request(request));
        let (done, answer) = oneshot::channel();
        let call = Call {
            ticket: 0,
            listens,
            written: false,
            ends: limit.and_then(|limit| Instant::now().checked_add(limit)),
            envelope: Envelope { message, ..Default::default() },
            hear: self.hear,
            done,
        };
        Ok((call, answer))
    }
}

fn with_meta(params: serde_json::Result<Params>) -> serde_json::Result<String> {
    let mut params = params?;
    if !params.contains_key("_meta") {
        params.insert("_meta".into(), RawValue::from_string(META.into())?);
    }
    Ok(to_raw_value(&params)?.get().into())
}

fn no_params(error: &serde_json::Error) -> Error {
    let said = format!("the params are no JSON object: {error}");
    Error::own(Code::InvalidArgument, Execution::NotStarted, said)
}

/// A request that waits for its answer.
pub(super) struct Call {
    pub(super) ticket: u64,
    pub(super) listens: bool,
    pub(super) written: bool,
    pub(super) ends: Option<Instant>,
    pub(super) envelope: Envelope,
    pub(super) hear: Option<Hear>,
    pub(super) done: oneshot::Sender<Answer>,
}

impl Call {
    /// What the stream carries of the request, under its id.
    pub(super) fn number(&mut self, id: i64) -> ClientItem {
        let mut envelope = std::mem::take(&mut self.envelope);
        if let Some(Message::Request(request)) = &mut envelope.message {
            request.id = Some(RequestId { value: Some(Value::Integer(id)) });
        }
        let left = self.ends.map(|ends| ends.saturating_duration_since(Instant::now()));
        envelope.timeout = left.and_then(|left| left.try_into().ok());
        ClientItem { item: Some(Item::Envelope(envelope)) }
    }
}

/// Tells the server that nobody waits for a request any more.
pub(super) fn cancellation(id: i64) -> ClientItem {
    let note = JsonRpcNotification {
        method: "notifications/cancelled".into(),
        params_json: Some(format!(r#"{{"requestId":{id}}}"#)),
    };
    let message = Some(Message::Notification(note));
    ClientItem { item: Some(Item::Envelope(Envelope { message, ..Default::default() })) }
}

/// What the item asks, if it is a request.
pub(super) fn request_id_of(item: &ClientItem) -> Option<i64> {
    match &item.item {
        Some(Item::Envelope(Envelope { message: Some(Message::Request(request)), .. })) => {
            integer(request.id.as_ref())
        }
        _ => None,
    }
}

/// The number of an id that this client has given.
pub(super) fn integer(id: Option<&RequestId>) -> Option<i64> {
    match id?.value {
        Some(Value::Integer(number)) => Some(number),
        _ => None,
    }
}

/// What is said in a response.
pub(super) fn answer_of(response: JsonRpcResponse) -> Answer {
    if let Some(error) = Error::of_response(&response) {
        return Err(error);
    }
    let text = match response.outcome {
        Some(Outcome::ResultJson(text)) if text.trim_start().starts_with('{') => text,
        _ => String::new(),
    };
    RawValue::from_string(text).map_err(|_| {
        let said = "the server answered with a result that is no JSON object";
        Error::own(Code::Internal, Execution::Maybe, said)
    })
}

/// A notification on its way to whom it concerns.
pub(super) struct Told {
    pub(super) hear: Hear,
    pub(super) note: JsonRpcNotification,
}

impl Told {
    pub(super) fn tell(&self) {
        (self.hear)(&self.note.method, self.note.params_json.as_deref().unwrap_or("{}"));
    }
}
