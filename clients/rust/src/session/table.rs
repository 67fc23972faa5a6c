//! The requests of a Session: which wait for a place in the server's window, which are under way, and
//! what is to be written.
//!
//! It does no input or output.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    task::Waker,
};

use prost::Message as _;
use tonic::Code;

use super::{
    frames::{cut, largest_envelope, own_settings, window_of},
    request::{Answer, Call, Told, answer_of, cancellation, integer, request_id_of},
};
use crate::{
    Error,
    v1::{
        ClientItem, Envelope, Execution, GoAway, RequestId, SessionRequest, Settings,
        envelope::Message,
    },
};

pub(super) struct Table {
    /// As last announced.
    peer: Settings,
    /// For a place in the server's window, by their tickets.
    waiting: BTreeMap<u64, Call>,
    /// By the ids of their requests.
    flying: HashMap<i64, Call>,
    outgoing: VecDeque<ClientItem>,
    tickets: u64,
    /// Requests so far, and the id of the last one.
    sent: i64,
    /// Places of the window.
    taken: u32,
    /// Why no further request is taken; `None` while they are.
    over: Option<Error>,
    closing: bool,
    writer: Option<Waker>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            peer: Settings::default(),
            waiting: BTreeMap::new(),
            flying: HashMap::new(),
            outgoing: VecDeque::from([own_settings()]),
            tickets: 0,
            sent: 0,
            taken: 0,
            over: None,
            closing: false,
            writer: None,
        }
    }
}

impl Table {
    /// Takes the server's Settings.
    pub(super) fn announced(&mut self, peer: Settings) {
        self.peer = peer;
        self.fill();
    }

    /// Takes a call, and gives the ticket by which it can be abandoned.
    pub(super) fn submit(&mut self, mut call: Call) -> Result<u64, Error> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        if call.envelope.encoded_len() > largest_envelope(&self.peer) {
            let (code, said) =
                (Code::ResourceExhausted, "the request is larger than the server takes");
            return Err(Error::refused(code, "MESSAGE_TOO_LARGE", Execution::NotStarted, said));
        }
        self.tickets += 1;
        call.ticket = self.tickets;
        if call.listens {
            self.send(call);
        } else {
            self.waiting.insert(self.tickets, call);
        }
        self.fill();
        Ok(self.tickets)
    }

    /// Gives up a call for which nobody waits; tells what is known of it, and nothing of one that is
    /// settled. Its place stays taken until the server settles it.
    pub(super) fn abandon(&mut self, ticket: u64) -> Option<Execution> {
        if self.waiting.remove(&ticket).is_some() {
            return Some(Execution::NotStarted);
        }
        let (&id, _) = self.flying.iter().find(|(_, call)| call.ticket == ticket)?;
        let call = self.flying.get_mut(&id)?;
        // Once is enough.
        call.ticket = 0;
        self.outgoing.push_back(cancellation(id));
        self.wake();
        Some(Execution::Maybe)
    }

    /// An answer, or what is said about a request before it: then who is to hear it, and what.
    pub(super) fn receive(&mut self, envelope: Envelope) -> Option<Told> {
        match envelope.message? {
            Message::Response(response) => {
                let id = integer(response.id.as_ref())?;
                self.settle(id, answer_of(response));
                None
            }
            Message::Notification(note) => {
                let call = self.flying.get(&integer(envelope.related_request_id.as_ref())?)?;
                Some(Told { hear: call.hear.clone()?, note })
            }
            Message::Request(_) => None,
        }
    }

    /// Takes the word that a cancelled request is over.
    pub(super) fn settled(&mut self, id: Option<RequestId>) {
        if let Some(id) = integer(id.as_ref()) {
            let said = "the request was cancelled";
            self.settle(id, Err(Error::own(Code::Cancelled, Execution::Maybe, said)));
        }
    }

    pub(super) fn go_away(&mut self, said: &GoAway) {
        let text = "the server drains the stream: open another";
        let why = Error::refused(Code::Unavailable, "DRAINING", Execution::NotStarted, text);
        self.outgoing.retain(|item| request_id_of(item).is_none());
        self.refuse(&why);
        let accepted = |id: i64| u64::try_from(id).is_ok_and(|id| id <= said.accepted_requests);
        for id in self.ids(|id, call| !accepted(id) || !call.written) {
            self.settle(id, Err(why.clone()));
        }
    }

    /// Lets the stream be half-closed once everything is written.
    pub(super) fn close(&mut self) {
        self.closing = true;
        let said = "this client has closed the session";
        self.refuse(&Error::own(Code::Unavailable, Execution::NotStarted, said));
        self.wake();
    }

    /// Fails everything. What was never written has not run, and if the stream ended well nothing has.
    pub(super) fn end(&mut self, broken: Option<Error>) {
        let said = "the server has ended the stream";
        let why =
            broken.unwrap_or_else(|| Error::own(Code::Unavailable, Execution::NotStarted, said));
        let unsent = why.clone().before_sending();
        self.refuse(&unsent);
        for id in self.ids(|_, call| !call.written) {
            self.settle(id, Err(unsent.clone()));
        }
        for id in self.ids(|_, _| true) {
            self.settle(id, Err(why.clone()));
        }
        self.closing = true;
        self.wake();
    }

    /// What is to be written next, if anything is; otherwise whether the stream is to be closed. The
    /// writer is woken when that changes.
    pub(super) fn next_frame(&mut self, writer: &Waker) -> Result<SessionRequest, bool> {
        let taken = cut(&self.outgoing, &self.peer);
        if taken == 0 {
            self.writer = Some(writer.clone());
            return Err(self.closing);
        }
        let items: Vec<_> = self.outgoing.drain(..taken).collect();
        for id in items.iter().filter_map(request_id_of) {
            if let Some(call) = self.flying.get_mut(&id) {
                call.written = true;
            }
        }
        Ok(SessionRequest { items })
    }

    fn ids(&self, wanted: impl Fn(i64, &Call) -> bool) -> Vec<i64> {
        let found = self.flying.iter().filter(|(id, call)| wanted(**id, call));
        found.map(|(id, _)| *id).collect()
    }

    fn refuse(&mut self, why: &Error) {
        self.over.get_or_insert_with(|| why.clone());
        for (_, call) in std::mem::take(&mut self.waiting) {
            answer(call, Err(why.clone()));
        }
    }

    fn settle(&mut self, id: i64, outcome: Answer) {
        if let Some(call) = self.flying.remove(&id) {
            self.taken -= u32::from(!call.listens);
            answer(call, outcome);
            self.fill();
        }
    }

    /// Sends what waits while there are places.
    fn fill(&mut self) {
        while self.taken < window_of(&self.peer) {
            let Some((_, call)) = self.waiting.pop_first() else { break };
            self.send(call);
        }
        self.wake();
    }

    fn send(&mut self, mut call: Call) {
        self.sent += 1;
        self.taken += u32::from(!call.listens);
        self.outgoing.push_back(call.number(self.sent));
        self.flying.insert(self.sent, call);
    }

    fn wake(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

/// Nobody may be waiting any more.
fn answer(call: Call, outcome: Answer) {
    let _ = call.done.send(outcome);
}
