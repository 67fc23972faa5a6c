//! Envelopes that arrive in pieces, put together within bounds.
//!
//! It cuts none: what is sent goes whole.

use std::collections::HashMap;

use prost::Message;
use tonic::Code;

use crate::{
    Error,
    client::MAX_MESSAGE_BYTES,
    v1::{Envelope, Execution, Fragment, FragmentState},
};

/// How many envelopes may be in pieces at once; a Session announces it.
pub(super) const MAX_OPEN_PIECES: usize = 16;

/// The open ones of one direction of a stream.
#[derive(Default)]
pub(super) struct Pieces {
    open: HashMap<u64, Partial>,
    held_bytes: usize,
}

#[derive(Default)]
struct Partial {
    data: Vec<u8>,
    total_bytes: Option<u64>,
}

impl Pieces {
    /// Takes a piece, and gives the envelope with its last one. An error is the end of the stream.
    pub(super) fn add(&mut self, piece: Fragment) -> Result<Option<Envelope>, Error> {
        if piece.state == FragmentState::Aborted as i32 {
            self.take(piece.fragment_id);
            return Ok(None);
        }
        let last = piece.state == FragmentState::Last as i32;
        self.held_bytes += piece.data.len();
        self.check_bounds(&piece)?;
        let part = self
            .open
            .entry(piece.fragment_id)
            .or_insert_with(|| Partial { data: Vec::new(), total_bytes: piece.total_bytes });
        part.data.extend_from_slice(&piece.data);
        part.check_total(last)?;
        if !last {
            return Ok(None);
        }
        let data = self.take(piece.fragment_id);
        let whole = Envelope::decode(data.as_slice());
        whole.map(Some).map_err(|error| invalid(format!("pieces are no envelope: {error}")))
    }

    fn check_bounds(&self, piece: &Fragment) -> Result<(), Error> {
        let known = self.open.get(&piece.fragment_id);
        let size = known.map_or(0, |part| part.data.len()) + piece.data.len();
        if known.is_none() && self.open.len() == MAX_OPEN_PIECES {
            return Err(invalid(format!("more than {MAX_OPEN_PIECES} envelopes are in pieces")));
        }
        let announced = piece.total_bytes.unwrap_or(0) > MAX_MESSAGE_BYTES as u64;
        if announced || size > MAX_MESSAGE_BYTES || self.held_bytes > 2 * MAX_MESSAGE_BYTES {
            return Err(invalid(format!("pieces beyond the limit of {MAX_MESSAGE_BYTES} bytes")));
        }
        Ok(())
    }

    fn take(&mut self, id: u64) -> Vec<u8> {
        let part = self.open.remove(&id).unwrap_or_default();
        self.held_bytes -= part.data.len();
        part.data
    }
}

impl Partial {
    fn check_total(&self, last: bool) -> Result<(), Error> {
        let size = self.data.len() as u64;
        match self.total_bytes {
            Some(total) if size > total || last && size < total => {
                Err(invalid(format!("{size} bytes in pieces; {total} were announced")))
            }
            _ => Ok(()),
        }
    }
}

fn invalid(said: String) -> Error {
    Error::refused(Code::InvalidArgument, "INVALID_FRAME", Execution::Maybe, &said)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::v1::{SessionRequest, SessionResponse, client_item, server_item};

    fn piece(id: u64, data: &[u8], state: FragmentState) -> Fragment {
        Fragment { fragment_id: id, data: data.into(), state: state as i32, total_bytes: None }
    }

    #[test]
    fn pieces_beyond_a_bound_are_refused() {
        let mut pieces = Pieces::default();
        for id in 0..MAX_OPEN_PIECES as u64 {
            assert_eq!(pieces.add(piece(id, b"x", FragmentState::Unspecified)), Ok(None));
        }
        assert!(pieces.add(piece(99, b"x", FragmentState::Unspecified)).is_err());
        let large = vec![0; MAX_MESSAGE_BYTES];
        assert!(Pieces::default().add(piece(1, &large, FragmentState::Unspecified)).is_ok());
        assert!(pieces.add(piece(1, &large, FragmentState::Unspecified)).is_err());
    }

    #[test]
    fn an_envelope_that_is_given_up_holds_nothing() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.add(piece(1, b"half", FragmentState::Unspecified)), Ok(None));
        assert_eq!(pieces.add(piece(1, b"", FragmentState::Aborted)), Ok(None));
        assert_eq!((pieces.open.len(), pieces.held_bytes), (0, 0));
    }

    /// Reads the pieces of a vector's frames; gives the envelopes, and whether they broke a rule.
    fn read(vector: &Value) -> (Vec<Envelope>, bool) {
        let mut pieces = Pieces::default();
        let mut wholes = Vec::new();
        for frame in vector["frames"].as_array().expect("frames") {
            for piece in pieces_in(&vector["message"], &bytes_of(&frame["hex"])) {
                match pieces.add(piece) {
                    Ok(whole) => wholes.extend(whole),
                    Err(_) => return (wholes, true),
                }
            }
        }
        (wholes, false)
    }

    fn pieces_in(message: &Value, frame: &[u8]) -> Vec<Fragment> {
        if message == "mcpgrpc.v1.SessionRequest" {
            let items = SessionRequest::decode(frame).expect("a frame").items.into_iter();
            return items
                .filter_map(|item| match item.item {
                    Some(client_item::Item::Fragment(piece)) => Some(piece),
                    _ => None,
                })
                .collect();
        }
        let items = SessionResponse::decode(frame).expect("a frame").items.into_iter();
        items
            .filter_map(|item| match item.item {
                Some(server_item::Item::Fragment(piece)) => Some(piece),
                _ => None,
            })
            .collect()
    }

    fn bytes_of(hex: &Value) -> Vec<u8> {
        let text = hex.as_str().expect("hex");
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
        (0..text.len()).step_by(2).map(byte).collect()
    }

    #[test]
    fn the_golden_pieces_give_their_envelopes_or_break_the_binding() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/vectors").to_owned();
        let folder = std::env::var("MCPGRPC_VECTORS").unwrap_or(beside);
        let text = std::fs::read_to_string(format!("{folder}/frames.json")).expect("the vectors");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        for vector in document["vectors"].as_array().expect("a list") {
            let (wholes, broken) = read(vector);
            let wanted = vector["reassembles"].as_array().into_iter().flatten();
            let wanted: Vec<_> = wanted.map(|whole| bytes_of(&whole["hex"])).collect();
            let got: Vec<_> = wholes.iter().map(Message::encode_to_vec).collect();
            assert_eq!(
                (got, broken),
                (wanted, vector.get("error").is_some()),
                "{}",
                vector["name"]
            );
        }
    }

    #[test]
    fn pieces_that_do_not_add_up_are_refused() {
        let announced = Fragment { total_bytes: Some(3), ..piece(1, b"xx", FragmentState::Last) };
        assert!(Pieces::default().add(announced).is_err());
        assert!(Pieces::default().add(piece(1, b"\xff", FragmentState::Last)).is_err());
    }
}
