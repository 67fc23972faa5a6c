//! What a Session writes and believes, frame by frame, at a server of this process that the test
//! speaks for.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use http::{Request, Response};
use mcpgrpc::{
    Client, Error, Session,
    tonic::{
        self, Code, Status, Streaming,
        body::Body,
        server::{Grpc, NamedService},
        transport::{Server, server::TcpIncoming},
    },
    v1::{
        ClientItem, Envelope, Fragment, FragmentState, GoAway, JsonRpcResponse, RequestId,
        ServerItem, SessionRequest, SessionResponse, Settings, client_item, envelope::Message,
        json_rpc_response::Outcome, request_id::Value, server_item::Item,
    },
};
use prost::Message as _;
use serde_json::json;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic_prost::ProstCodec;
use tower::service_fn;

use crate::server::{SECONDS, soon, tool};

type Answers = mpsc::UnboundedSender<Result<SessionResponse, Status>>;
type Opened = mpsc::UnboundedSender<(Streaming<SessionRequest>, Answers)>;

/// Gives each Session that is opened to the test.
#[derive(Clone)]
struct Sessions(Opened);

impl NamedService for Sessions {
    const NAME: &'static str = "mcpgrpc.v1.McpService";
}

impl tower::Service<Request<Body>> for Sessions {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let opened = self.0.clone();
        Box::pin(async move {
            let open = service_fn(|request: tonic::Request<Streaming<SessionRequest>>| {
                let (answers, stream) = mpsc::unbounded_channel();
                let taken = opened.send((request.into_inner(), answers));
                async move {
                    taken.map_err(|_| Status::cancelled("the test has ended"))?;
                    Ok::<_, Status>(tonic::Response::new(UnboundedReceiverStream::new(stream)))
                }
            });
            let codec = ProstCodec::<SessionResponse, SessionRequest>::default();
            Ok(Grpc::new(codec).streaming(open, request).await)
        })
    }
}

/// The server's end of a Session.
struct Peer {
    frames: Streaming<SessionRequest>,
    answers: Option<Answers>,
}

impl Peer {
    /// A Session whose server announces a window, and no more than that if it has no keep-alives.
    async fn open(window: u32, keepalive: Option<prost_types::Duration>) -> (Self, Session) {
        let (opened, mut opening) = mpsc::unbounded_channel();
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).expect("a port");
        let address = incoming.local_addr().expect("an address");
        tokio::spawn(Server::builder().add_service(Sessions(opened)).serve_with_incoming(incoming));
        let client = Client::builder(format!("http://{address}")).timeout(Some(SECONDS)).build();
        let session = tokio::spawn(async move { client.expect("a client").open_session().await });
        let (frames, answers) = soon(opening.recv()).await.expect("a session");
        let mut peer = Self { frames, answers: Some(answers) };
        // The first frame of a client holds its Settings alone, for it waits for the server's.
        let items = peer.items().await;
        assert!(matches!(items[..], [client_item::Item::Settings(_)]), "{items:?}");
        peer.announce(window, keepalive);
        (peer, soon(session).await.expect("no panic").expect("a session"))
    }

    fn announce(&self, max_in_flight: u32, keepalive_interval: Option<prost_types::Duration>) {
        let settings = Settings { max_in_flight, keepalive_interval, ..Default::default() };
        self.say([Item::Settings(settings)]);
    }

    fn say(&self, items: impl IntoIterator<Item = Item>) {
        let items = items.into_iter().map(|item| ServerItem { item: Some(item) }).collect();
        self.answers
            .as_ref()
            .expect("an open stream")
            .send(Ok(SessionResponse { items }))
            .expect("a reader");
    }

    fn end(&mut self, status: Option<Status>) {
        let answers = self.answers.take().expect("an open stream");
        if let Some(status) = status {
            answers.send(Err(status)).expect("a reader");
        }
    }

    async fn items(&mut self) -> Vec<client_item::Item> {
        let frame = soon(self.frames.message()).await.expect("a frame").expect("no end");
        frame.items.into_iter().filter_map(|ClientItem { item }| item).collect()
    }

    /// The ids of the requests in the next frame, which holds nothing else.
    async fn requests(&mut self) -> Vec<i64> {
        self.items().await.iter().map(request_id).collect()
    }
}

fn request_id(item: &client_item::Item) -> i64 {
    let client_item::Item::Envelope(Envelope { message: Some(Message::Request(request)), .. }) =
        item
    else {
        panic!("{item:?}")
    };
    match request.id.as_ref().and_then(|id| id.value.as_ref()) {
        Some(Value::Integer(number)) => *number,
        other => panic!("{other:?}"),
    }
}

fn answer(id: i64) -> Envelope {
    let response = JsonRpcResponse {
        id: Some(RequestId { value: Some(Value::Integer(id)) }),
        outcome: Some(Outcome::ResultJson(format!(r#"{{"id":{id}}}"#))),
        ..Default::default()
    };
    Envelope { message: Some(Message::Response(response)), ..Default::default() }
}

fn go_away(accepted_requests: u64) -> Item {
    Item::GoAway(GoAway { accepted_requests, ..Default::default() })
}

/// Begins a call and gives it once it has been sent, if there is a place for it.
fn begin(session: &Session) -> JoinHandle<Result<String, Error>> {
    let session = session.clone();
    tokio::spawn(async move {
        session.call(tool("add", json!({}))).await.map(|result| result.get().to_owned())
    })
}

async fn outcome(calling: JoinHandle<Result<String, Error>>) -> Result<String, Error> {
    soon(calling).await.expect("no panic")
}

#[tokio::test]
async fn what_waits_shares_frames_both_ways() {
    let (mut peer, session) = Peer::open(1, None).await;
    let first = begin(&session);
    assert_eq!(peer.requests().await, [1]);
    let submitted = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..40 {
        submitted.lock().unwrap().push(begin(&session));
    }
    // On this one thread they have all been submitted when it is this test's turn again.
    tokio::task::yield_now().await;
    peer.announce(100, None);
    assert_eq!(peer.requests().await, (2..=33).collect::<Vec<_>>());
    assert_eq!(peer.requests().await, (34..=41).collect::<Vec<_>>());
    peer.say((1..=41).rev().map(|id| Item::Envelope(answer(id))));
    assert_eq!(outcome(first).await.as_deref(), Ok(r#"{"id":1}"#));
    let calls = std::mem::take(&mut *submitted.lock().unwrap());
    for (calling, id) in calls.into_iter().zip(2..) {
        assert_eq!(outcome(calling).await, Ok(format!(r#"{{"id":{id}}}"#)));
    }
}

#[tokio::test]
async fn a_window_that_shrinks_holds_for_what_is_sent_from_then_on() {
    let (mut peer, session) = Peer::open(2, None).await;
    let _calls = [begin(&session), begin(&session), begin(&session)];
    let mut seen = peer.requests().await;
    if seen.len() == 1 {
        seen.extend(peer.requests().await);
    }
    assert_eq!(seen, [1, 2]);
    peer.announce(1, None);
    peer.say([Item::Envelope(answer(1))]);
    peer.say([Item::Envelope(answer(2))]);
    assert_eq!(peer.requests().await, [3]);
}

#[tokio::test]
async fn what_a_go_away_has_not_accepted_has_not_run() {
    let (mut peer, session) = Peer::open(2, None).await;
    let accepted = begin(&session);
    assert_eq!(peer.requests().await, [1]);
    let late = begin(&session);
    assert_eq!(peer.requests().await, [2]);
    let waiting = begin(&session);
    tokio::task::yield_now().await;
    peer.say([go_away(1)]);
    for calling in [late, waiting, begin(&session)] {
        let error = outcome(calling).await.expect_err("not accepted");
        assert_eq!((error.reason(), error.is_not_started()), (Some("DRAINING"), true));
    }
    peer.say([Item::Envelope(answer(1))]);
    assert_eq!(outcome(accepted).await.as_deref(), Ok(r#"{"id":1}"#));
}

#[tokio::test]
async fn a_stream_that_ends_well_has_not_run_what_it_leaves_unanswered() {
    let (mut peer, session) = Peer::open(2, None).await;
    let calling = begin(&session);
    assert_eq!(peer.requests().await, [1]);
    peer.end(None);
    assert!(outcome(calling).await.expect_err("no answer").is_not_started());
    assert_eq!(session.close().await, Ok(()));
}

#[tokio::test]
async fn a_stream_that_breaks_may_have_run_what_was_sent_and_nothing_else() {
    let (mut peer, session) = Peer::open(1, None).await;
    let sent = begin(&session);
    assert_eq!(peer.requests().await, [1]);
    let waiting = begin(&session);
    tokio::task::yield_now().await;
    peer.end(Some(Status::unavailable("a proxy went away")));
    let sent = outcome(sent).await.expect_err("broken");
    assert_eq!((sent.code(), sent.message()), (Code::Unavailable, "a proxy went away"));
    assert!(!sent.is_not_started());
    assert!(outcome(waiting).await.expect_err("broken").is_not_started());
    assert_eq!(session.close().await, Err(sent));
}

#[tokio::test]
async fn a_server_whose_keep_alives_stay_away_is_given_up() {
    let interval = prost_types::Duration { seconds: 0, nanos: 100_000_000 };
    let (mut peer, session) = Peer::open(1, Some(interval)).await;
    let calling = begin(&session);
    assert_eq!(peer.requests().await, [1]);
    let error = outcome(calling).await.expect_err("silence");
    assert_eq!((error.code(), error.reason()), (Code::Aborted, Some("STREAM_IDLE")));
}

#[tokio::test]
async fn pieces_between_other_messages_are_put_together() {
    let (mut peer, session) = Peer::open(2, None).await;
    let (large, small) = (begin(&session), begin(&session));
    let mut seen = peer.requests().await;
    if seen.len() == 1 {
        seen.extend(peer.requests().await);
    }
    let whole = answer(1).encode_to_vec();
    let (head, tail) = whole.split_at(5);
    let piece = |data: &[u8], state: FragmentState| {
        Item::Fragment(Fragment {
            fragment_id: 7,
            data: data.into(),
            state: state as i32,
            total_bytes: None,
        })
    };
    peer.say([piece(head, FragmentState::Unspecified), Item::Envelope(answer(2))]);
    peer.say([piece(tail, FragmentState::Last)]);
    assert_eq!(outcome(large).await.as_deref(), Ok(r#"{"id":1}"#));
    assert_eq!(outcome(small).await.as_deref(), Ok(r#"{"id":2}"#));
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    let (mut peer, session) = Peer::open(2, None).await;
    let calling = begin(&session);
    assert_eq!(peer.requests().await, [1]);
    let nobody = Envelope { message: None, ..Default::default() };
    peer.say([Item::Envelope(nobody), Item::Envelope(answer(99)), Item::Envelope(answer(1))]);
    assert_eq!(outcome(calling).await.as_deref(), Ok(r#"{"id":1}"#));
}
