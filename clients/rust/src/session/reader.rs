//! What the server writes on a Session: read frame by frame, sorted by kind, until it ends.
//!
//! What an answer means for its request is the table's to say.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tonic::{Code, Streaming};

use super::{Shared, Stage, pieces::Pieces};
use crate::{
    Error,
    v1::{Execution, ServerItem, SessionResponse, Settings, server_item::Item},
};

/// How many keep-alives of the server may stay away.
const MISSED_KEEPALIVES: u32 = 3;

/// Settles everything when the reader ends, however it does.
pub(super) struct Ending {
    shared: Arc<Shared>,
    how: Result<(), Error>,
}

impl Ending {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        let dropped = Error::own(Code::Cancelled, Execution::Maybe, "the session was dropped");
        Self { shared: Arc::clone(shared), how: Err(dropped) }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let how = self.how.clone();
        self.shared.table().end(how.clone().err());
        self.shared.stage.send_replace(Stage::Ended(how));
    }
}

pub(super) async fn read(mut ending: Ending, answers: Streaming<SessionResponse>) {
    let shared = Arc::clone(&ending.shared);
    let mut reader = Reader { shared, answers, pieces: Pieces::default(), promised: None };
    ending.how = reader.run().await;
}

struct Reader {
    shared: Arc<Shared>,
    answers: Streaming<SessionResponse>,
    pieces: Pieces,
    /// The interval of the server's keep-alives, if it has promised any.
    promised: Option<Duration>,
}

impl Reader {
    async fn run(&mut self) -> Result<(), Error> {
        while let Some(frame) = self.next_frame().await? {
            for item in frame.items {
                self.receive(item)?;
            }
        }
        Ok(())
    }

    async fn next_frame(&mut self) -> Result<Option<SessionResponse>, Error> {
        let Some(interval) = self.promised else { return Ok(self.answers.message().await?) };
        match timeout(interval.saturating_mul(MISSED_KEEPALIVES), self.answers.message()).await {
            Ok(frame) => Ok(frame?),
            Err(_) => {
                let said = "the server's keep-alives stayed away";
                Err(Error::refused(Code::Aborted, "STREAM_IDLE", Execution::Maybe, said))
            }
        }
    }

    fn receive(&mut self, item: ServerItem) -> Result<(), Error> {
        let envelope = match item.item {
            Some(Item::Envelope(envelope)) => Some(envelope),
            Some(Item::Fragment(piece)) => self.pieces.add(piece)?,
            other => {
                self.signal(other);
                None
            }
        };
        // What is told may call the session, so the table is not locked meanwhile.
        let told = envelope.and_then(|envelope| self.shared.table().receive(envelope));
        if let Some(told) = told {
            told.tell();
        }
        Ok(())
    }

    fn signal(&mut self, item: Option<Item>) {
        match item {
            Some(Item::Settings(settings)) => self.announced(settings),
            Some(Item::GoAway(said)) => self.shared.table().go_away(&said),
            Some(Item::RequestSettled(settled)) => self.shared.table().settled(settled.request_id),
            _ => {}
        }
    }

    fn announced(&mut self, settings: Settings) {
        self.promised = settings
            .keepalive_interval
            .and_then(|interval| Duration::try_from(interval).ok())
            .filter(|interval| !interval.is_zero());
        self.shared.table().announced(settings);
        self.shared.stage.send_if_modified(|stage| {
            let first = matches!(stage, Stage::Opening);
            if first {
                *stage = Stage::Open;
            }
            first
        });
    }
}
