//! The frames of a Session: its settings, what fits into one frame, and when one is written.
//!
//! It knows nothing of the requests in them.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use prost::Message;
use tokio::time::{Interval, interval};
use tokio_stream::Stream;

use super::{Shared, pieces::MAX_OPEN_PIECES};
use crate::{
    client::MAX_MESSAGE_BYTES,
    v1::{ClientItem, SessionRequest, Settings, client_item::Item},
};

const MAX_FRAME_ITEMS: usize = 32;
const WANTED_FRAME_BYTES: usize = 64 << 10;
/// More than the tags and lengths around an item take.
const ITEM_OVERHEAD_BYTES: usize = 16;

const DEFAULT_WINDOW: u32 = 16;
const DEFAULT_FRAME_BYTES: usize = 4 << 20;
const KEEPALIVE_SECONDS: i64 = 30;

/// What a Session of this crate accepts. It takes no requests of a server.
pub(super) fn own_settings() -> ClientItem {
    let settings = Settings {
        max_in_flight: 0,
        max_frame_bytes: MAX_MESSAGE_BYTES as u32,
        max_envelope_bytes: MAX_MESSAGE_BYTES as u64,
        max_open_fragments: MAX_OPEN_PIECES as u32,
        keepalive_interval: Some(prost_types::Duration { seconds: KEEPALIVE_SECONDS, nanos: 0 }),
    };
    ClientItem { item: Some(Item::Settings(settings)) }
}

pub(super) fn window_of(peer: &Settings) -> u32 {
    if peer.max_in_flight == 0 { DEFAULT_WINDOW } else { peer.max_in_flight }
}

fn frame_bytes_of(peer: &Settings) -> usize {
    if peer.max_frame_bytes == 0 { DEFAULT_FRAME_BYTES } else { peer.max_frame_bytes as usize }
}

/// The largest envelope, before it has an id and a timeout, that the server takes whole.
pub(super) fn largest_envelope(peer: &Settings) -> usize {
    // Twice: around the envelope, and for what it does not have yet.
    let whole = frame_bytes_of(peer).saturating_sub(3 * ITEM_OVERHEAD_BYTES);
    match usize::try_from(peer.max_envelope_bytes) {
        Ok(most) if most > 0 => whole.min(most.saturating_sub(2 * ITEM_OVERHEAD_BYTES)),
        _ => whole,
    }
}

/// How many of the items that wait go into the next frame.
pub(super) fn cut(waiting: &VecDeque<ClientItem>, peer: &Settings) -> usize {
    let mut room = WANTED_FRAME_BYTES.min(frame_bytes_of(peer));
    let fits = |(at, item): &(usize, &ClientItem)| {
        let size = item.encoded_len() + ITEM_OVERHEAD_BYTES;
        let has_room = *at == 0 || size <= room;
        room = room.saturating_sub(size);
        has_room
    };
    waiting.iter().enumerate().take(MAX_FRAME_ITEMS).take_while(fits).count()
}

/// What the client writes: everything that waits, in few frames, and a keep-alive in between.
pub(super) struct Frames {
    shared: Arc<Shared>,
    beat: Interval,
}

impl Frames {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let beat = Duration::from_secs(KEEPALIVE_SECONDS as u64) * 2 / 3;
        Self { shared, beat: interval(beat) }
    }
}

impl Stream for Frames {
    type Item = SessionRequest;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<SessionRequest>> {
        let next = self.shared.table().next_frame(context.waker());
        match next {
            Ok(frame) => {
                self.beat.reset();
                Poll::Ready(Some(frame))
            }
            Err(true) => Poll::Ready(None),
            Err(false) => self.beat.poll_tick(context).map(|_| Some(SessionRequest::default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Credentials, Envelope};

    fn items(count: usize, bytes: usize) -> VecDeque<ClientItem> {
        let item = Item::Credentials(Credentials { authorization: "x".repeat(bytes) });
        (0..count).map(|_| ClientItem { item: Some(item.clone()) }).collect()
    }

    #[test]
    fn a_frame_holds_no_more_than_32_items_and_64_kib() {
        let peer = Settings::default();
        assert_eq!(cut(&items(100, 1), &peer), 32);
        assert_eq!(cut(&items(100, 20_000), &peer), 3);
        assert_eq!(cut(&items(2, 100_000), &peer), 1);
        assert_eq!(cut(&items(100, 1_000), &Settings { max_frame_bytes: 4_096, ..peer }), 4);
        assert_eq!(cut(&VecDeque::new(), &peer), 0);
    }

    #[test]
    fn a_small_envelope_is_not_held_up_by_what_the_server_does_not_say() {
        let peer = Settings::default();
        assert!(Envelope::default().encoded_len() < largest_envelope(&peer));
        assert!(largest_envelope(&peer) < DEFAULT_FRAME_BYTES);
    }
}
