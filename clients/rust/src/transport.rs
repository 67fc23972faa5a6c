//! What every call goes through on its way to the channel: deadline, credentials, retries of reads.
//!
//! It knows no message: a request is retried as the bytes that it is.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderName, HeaderValue, Request, Response, request::Parts};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout_at};
use tonic::{Code, Status, TimeoutExpired, body::Body, transport::Channel};
use tower_service::Service;

use crate::service_config::RetryPolicy;

const TIMEOUT: &str = "grpc-timeout";

/// RPCs that stay open, to which the client's own timeout does not apply.
const STREAMS: [&str; 4] = [
    "/mcpgrpc.v1.McpService/Session",
    "/mcpgrpc.v1.McpService/Call",
    "/mcpgrpc.v1.ToolsService/WatchTool",
    "/mcpgrpc.v1.SubscriptionsService/Listen",
];

pub(crate) type Credential =
    Arc<dyn Fn() -> Result<(HeaderName, HeaderValue), Status> + Send + Sync>;

/// The connection of a [`Client`](crate::Client) as its stubs see it; further stubs, such as those
/// of `grpc.health.v1`, are made on it as on a [`Channel`]. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    pub(crate) channel: Channel,
    pub(crate) timeout: Option<Duration>,
    pub(crate) credential: Option<Credential>,
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    /// Always ready: each attempt waits for the channel, within the deadline.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move { transport.send(request).await })
    }
}

impl Transport {
    async fn send(mut self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut parts, body) = request.into_parts();
        let deadline = self.deadline(&parts)?;
        if let Some(credential) = &self.credential {
            let (name, value) = credential()?;
            parts.headers.insert(name, value);
        }
        let Some(deadline) = deadline else { return self.attempts(parts, body, None).await };
        let answer = timeout_at(deadline, self.attempts(parts, body, Some(deadline))).await;
        let response = answer.unwrap_or_else(|_| Err(late()))?;
        Ok(response.map(|body| Body::new(Timed { body, ends: Box::pin(sleep_until(deadline)) })))
    }

    /// The deadline that the call has, or else the client's.
    fn deadline(&self, parts: &Parts) -> Result<Option<Instant>, Status> {
        let left = match parts.headers.get(TIMEOUT) {
            Some(value) => Some(read_timeout(value)?),
            None if STREAMS.contains(&parts.uri.path()) => None,
            None => self.timeout,
        };
        Ok(left.and_then(|left| Instant::now().checked_add(left)))
    }

    async fn attempts(
        &mut self,
        parts: Parts,
        body: Body,
        deadline: Option<Instant>,
    ) -> Result<Response<Body>, Status> {
        let Some(policy) = RetryPolicy::of(parts.uri.path()) else {
            return self.attempt(Request::from_parts(parts, body), deadline).await;
        };
        let bytes = body.collect().await?.to_bytes();
        for retry in 1..policy.attempts {
            let again = Request::from_parts(parts.clone(), Body::new(Full::new(bytes.clone())));
            let answer = self.attempt(again, deadline).await;
            if !status_of(&answer).is_some_and(|code| policy.retries(code)) {
                return answer;
            }
            sleep(policy.pause(retry)).await;
        }
        self.attempt(Request::from_parts(parts, Body::new(Full::new(bytes))), deadline).await
    }

    async fn attempt(
        &mut self,
        mut request: Request<Body>,
        deadline: Option<Instant>,
    ) -> Result<Response<Body>, Status> {
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(late());
            }
            request.headers_mut().insert(TIMEOUT, written_timeout(left));
        }
        poll_fn(|context| self.channel.poll_ready(context)).await.map_err(failure)?;
        self.channel.call(request).await.map_err(failure)
    }
}

/// The status of an answer that is nothing but a status, before which nothing was read.
fn status_of(answer: &Result<Response<Body>, Status>) -> Option<Code> {
    match answer {
        Ok(response) => Status::from_header_map(response.headers()).map(|status| status.code()),
        Err(status) => Some(status.code()),
    }
}

/// The status of a call that got no answer: tonic's, except that it calls a deadline a cancellation,
/// and a connection that was lost unknown.
fn failure(error: tonic::transport::Error) -> Status {
    let error: Arc<dyn std::error::Error + Send + Sync> = Arc::new(error);
    let mut source = std::error::Error::source(&*error);
    let mut text = error.to_string();
    while let Some(cause) = source {
        if cause.is::<TimeoutExpired>() {
            return late();
        }
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    let mut status = Status::unavailable(text);
    status.set_source(error);
    status
}

fn late() -> Status {
    Status::deadline_exceeded("the deadline has passed")
}

/// The body of an answer that fails at its deadline.
struct Timed {
    body: Body,
    ends: Pin<Box<Sleep>>,
}

impl http_body::Body for Timed {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => self.ends.as_mut().poll(context).map(|()| Some(Err(late()))),
            ready => ready,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

/// Units of the header, with how many nanoseconds they have.
const UNITS: [(char, u64); 6] = [
    ('n', 1),
    ('u', 1_000),
    ('m', 1_000_000),
    ('S', 1_000_000_000),
    ('M', 60_000_000_000),
    ('H', 3_600_000_000_000),
];

fn read_timeout(value: &HeaderValue) -> Result<Duration, Status> {
    let parsed = value.to_str().ok().and_then(|text| {
        let unit = UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
        let number: u64 = text[..text.len() - 1].parse().ok()?;
        Some(Duration::from_nanos(number.saturating_mul(unit.1)))
    });
    parsed.ok_or_else(|| Status::invalid_argument("grpc-timeout is no duration of gRPC"))
}

/// In the finest unit that does with the eight digits that gRPC allows, rounded down.
fn written_timeout(left: Duration) -> HeaderValue {
    let nanoseconds = left.as_nanos();
    let fits = UNITS.iter().find(|(_, size)| nanoseconds / u128::from(*size) < 100_000_000);
    let (unit, size) = fits.unwrap_or(&UNITS[5]);
    let number = (nanoseconds / u128::from(*size)).min(99_999_999);
    HeaderValue::try_from(format!("{number}{unit}")).expect("digits and a letter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_they_were_written() {
        for seconds in [0.000_000_5, 0.25, 30.0, 86_400.0] {
            let left = Duration::from_secs_f64(seconds);
            let read = read_timeout(&written_timeout(left)).expect("a duration");
            assert!(read <= left && left - read < Duration::from_millis(1), "{left:?} {read:?}");
        }
        assert_eq!(read_timeout(&HeaderValue::from_static("0n")).expect("none"), Duration::ZERO);
        for text in ["", "n", "5", "5x", "é"] {
            let value = HeaderValue::from_bytes(text.as_bytes()).expect("a header");
            assert!(read_timeout(&value).is_err(), "{text}");
        }
    }
}
