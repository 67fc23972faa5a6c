//! A stream that carries many requests at once: its opening, its calls, its end.
//!
//! Which answer belongs to which request, and what may be sent, is the table's to say.

mod frames;
mod pieces;
mod reader;
mod request;
mod table;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::value::RawValue;
use tokio::{sync::watch, task::AbortHandle, time::timeout_at};
use tonic::{Code, Request as Rpc};

pub use self::request::Request;
use self::{
    frames::Frames,
    reader::{Ending, read},
    table::Table,
};
use crate::{Client, Error, v1::Execution};

/// How much longer than its timeout a call waits, to learn the server's own answer.
const GRACE: Duration = Duration::from_secs(1);

/// Carries many requests of the modern era on one stream. Cheap to clone; the stream is cancelled
/// with the last clone. It does not reconnect: when a call fails and
/// [`Error::is_not_started`], open another and call again.
#[derive(Clone)]
pub struct Session(Arc<Stream>);

struct Stream {
    shared: Arc<Shared>,
    timeout: Option<Duration>,
    reader: AbortHandle,
}

struct Shared {
    table: Mutex<Table>,
    stage: watch::Sender<Stage>,
}

enum Stage {
    Opening,
    Open,
    Ended(Result<(), Error>),
}

impl Session {
    /// Opens a stream and waits for the server's Settings. Nothing has run if that fails.
    pub(crate) async fn open(client: &Client) -> Result<Self, Error> {
        let table = Mutex::new(Table::default());
        let (stage, mut stages) = watch::channel(Stage::Opening);
        let shared = Arc::new(Shared { table, stage });
        let mut rpc = Rpc::new(Frames::new(Arc::clone(&shared)));
        rpc.metadata_mut().insert("mcpgrpc-era", "modern".parse().expect("ASCII"));
        let refused = |status| Error::from(status).before_sending();
        let answers = client.mcp().session(rpc).await.map_err(refused)?.into_inner();
        let reader = tokio::spawn(read(Ending::of(&shared), answers)).abort_handle();
        let timeout = client.transport.timeout;
        let session = Self(Arc::new(Stream { shared, timeout, reader }));
        match &*stages.wait_for(|stage| !matches!(stage, Stage::Opening)).await.expect("kept") {
            Stage::Ended(Err(error)) => Err(error.clone().before_sending()),
            _ => Ok(session),
        }
    }

    /// Sends a request as soon as the server's window has a place, and gives the JSON text of its
    /// result. Dropping the future tells the server to cancel the request.
    ///
    /// # Errors
    /// What a typed call would give, with all of an error's data; and `DEADLINE_EXCEEDED` when the
    /// request's timeout, or else the client's, has passed.
    pub async fn call(&self, request: Request) -> Result<Box<RawValue>, Error> {
        let (call, answer) = request.into_call(self.0.timeout)?;
        let ends = call.ends.and_then(|ends| ends.checked_add(GRACE));
        let ticket = self.0.shared.table().submit(call)?;
        let pending = Pending { shared: &self.0.shared, ticket };
        let answered = match ends {
            Some(ends) => timeout_at(ends, answer).await.ok(),
            None => Some(answer.await),
        };
        match answered {
            Some(outcome) => outcome.expect("a call is settled at the latest with its stream"),
            None => Err(pending.late()),
        }
    }

    /// Takes no further requests, waits for those under way and ends the stream.
    ///
    /// # Errors
    /// Why the stream broke, if it did.
    pub async fn close(&self) -> Result<(), Error> {
        self.0.shared.table().close();
        let mut stages = self.0.shared.stage.subscribe();
        match &*stages.wait_for(|stage| matches!(stage, Stage::Ended(_))).await.expect("kept") {
            Stage::Ended(how) => how.clone(),
            _ => unreachable!("it was waited for"),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that somebody waits for; the server hears when nobody does any more.
struct Pending<'a> {
    shared: &'a Shared,
    ticket: u64,
}

impl Pending<'_> {
    fn late(&self) -> Error {
        let known = self.shared.table().abandon(self.ticket).unwrap_or(Execution::Maybe);
        Error::own(Code::DeadlineExceeded, known, "the deadline has passed")
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.shared.table().abandon(self.ticket);
    }
}
