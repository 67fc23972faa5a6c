//! What a failed call says: whose error it is, its status and reason, and whether anything has run.
//!
//! A tool that fails is none of it: see `CallToolResult.is_error`.

use std::{error::Error as StdError, fmt, time::Duration};

use tonic::{Code, ConnectError, Status};
use tonic_types::{ErrorInfo, StatusExt};

use crate::v1::{ErrorReason, Execution, JsonRpcResponse, json_rpc_response::Outcome};

/// Why a call failed. Every failed stub converts: `let answer = stub.call_tool(request).await?`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The service says it about itself, or this client in the service's words.
    Refused {
        /// The status.
        code: Code,
        /// A name of the binding, such as `DRAINING`; one that this crate does not know is possible.
        reason: String,
        /// A sentence for people.
        message: String,
        /// Whether the request may have run.
        execution: Execution,
        /// When to try again, if the server says so.
        retry_after: Option<Duration>,
    },
    /// An error of MCP, mostly the application's.
    Mcp {
        /// The status that stands for it.
        code: Code,
        /// The code of JSON-RPC.
        rpc_code: i64,
        /// A name of the binding, such as `INVALID_PARAMS`.
        reason: String,
        /// A sentence for people.
        message: String,
        /// JSON text of the error's data.
        data_json: Option<String>,
        /// How many bytes of data there are for which a status has no room; a
        /// [`Session`](crate::Session) brings them.
        data_bytes: Option<usize>,
    },
    /// gRPC itself, a proxy or this client failed it.
    Transport {
        /// The status.
        code: Code,
        /// A sentence for people.
        message: String,
        /// Whether the request may have run.
        execution: Execution,
    },
}

impl Error {
    /// The status.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { code, .. } | Self::Mcp { code, .. } | Self::Transport { code, .. } => {
                *code
            }
        }
    }

    /// A sentence for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Refused { message, .. }
            | Self::Mcp { message, .. }
            | Self::Transport { message, .. } => message,
        }
    }

    /// The binding's name for it, if it has one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } | Self::Mcp { reason, .. } => Some(reason),
            Self::Transport { .. } => None,
        }
    }

    /// Whether it is certain that nothing has run, so that the request may be sent again.
    pub fn is_not_started(&self) -> bool {
        match self {
            Self::Refused { execution, .. } | Self::Transport { execution, .. } => {
                *execution == Execution::NotStarted
            }
            Self::Mcp { .. } => false,
        }
    }

    /// A failure that this client itself has found and the binding has a name for.
    pub(crate) fn refused(code: Code, reason: &str, execution: Execution, message: &str) -> Self {
        Self::Refused {
            code,
            reason: reason.into(),
            message: message.into(),
            execution,
            retry_after: None,
        }
    }

    /// A failure that this client itself has found.
    pub(crate) fn own(code: Code, execution: Execution, message: impl Into<String>) -> Self {
        Self::Transport { code, message: message.into(), execution }
    }

    /// The same, about a request that was certainly not sent.
    pub(crate) fn before_sending(mut self) -> Self {
        match &mut self {
            Self::Refused { execution, .. } | Self::Transport { execution, .. } => {
                *execution = Execution::NotStarted;
            }
            Self::Mcp { .. } => {}
        }
        self
    }

    /// An error of a Session as a typed call would give it; `None` for a result.
    pub(crate) fn of_response(response: &JsonRpcResponse) -> Option<Self> {
        let Some(Outcome::Error(said)) = &response.outcome else { return None };
        let message = said.message.clone();
        if response.reason == ErrorReason::Unspecified as i32 {
            let (code, reason) = status_of(said.code);
            return Some(Self::Mcp {
                code,
                rpc_code: said.code,
                reason: reason.into(),
                message,
                data_json: said.data_json.clone(),
                data_bytes: None,
            });
        }
        Some(Self::Refused {
            code: i32::try_from(said.code).map_or(Code::Unknown, Code::from_i32),
            reason: reason_name(response.reason),
            message,
            execution: certain(response.execution == Execution::NotStarted as i32),
            retry_after: said.data_json.as_deref().and_then(retry_after),
        })
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let (code, message) = (status.code(), status.message().to_owned());
        let retry_after = status.get_details_retry_info().and_then(|info| info.retry_delay);
        match status.get_details_error_info() {
            Some(info) if info.domain == "mcpgrpc" => Self::Refused {
                code,
                message,
                execution: certain(fact(&info, "execution") == Some("NOT_STARTED")),
                reason: info.reason,
                retry_after,
            },
            Some(info) if info.domain == "mcp" => Self::Mcp {
                code,
                message,
                rpc_code: fact(&info, "code").and_then(|text| text.parse().ok()).unwrap_or(0),
                data_json: fact(&info, "data_json").map(str::to_owned),
                data_bytes: fact(&info, "data_bytes").and_then(|text| text.parse().ok()),
                reason: info.reason,
            },
            _ if code == Code::Unavailable && status.source().is_some() => {
                let execution = certain(never_connected(&status));
                Self::refused(code, "CONNECTION_LOST", execution, &message)
            }
            _ => Self::own(code, Execution::Maybe, message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(f, "{:?} {reason}: {}", self.code(), self.message()),
            None => write!(f, "{:?}: {}", self.code(), self.message()),
        }
    }
}

impl StdError for Error {}

fn fact<'a>(info: &'a ErrorInfo, name: &str) -> Option<&'a str> {
    info.metadata.get(name).map(String::as_str)
}

fn certain(not_started: bool) -> Execution {
    if not_started { Execution::NotStarted } else { Execution::Maybe }
}

fn never_connected(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

fn reason_name(reason: i32) -> String {
    ErrorReason::try_from(reason).map_or_else(
        |_| reason.to_string(),
        |known| known.as_str_name().trim_start_matches("ERROR_REASON_").to_owned(),
    )
}

/// The status and the name of a code of JSON-RPC; any other is the application's.
fn status_of(rpc_code: i64) -> (Code, &'static str) {
    match rpc_code {
        -32700 => (Code::InvalidArgument, "PARSE_ERROR"),
        -32600 => (Code::InvalidArgument, "INVALID_REQUEST"),
        -32601 => (Code::Unimplemented, "METHOD_NOT_FOUND"),
        -32602 => (Code::InvalidArgument, "INVALID_PARAMS"),
        -32603 => (Code::Internal, "INTERNAL_ERROR"),
        -32020 => (Code::InvalidArgument, "HEADER_MISMATCH"),
        -32021 => (Code::FailedPrecondition, "MISSING_REQUIRED_CLIENT_CAPABILITY"),
        -32022 => (Code::FailedPrecondition, "UNSUPPORTED_PROTOCOL_VERSION"),
        _ => (Code::Unknown, "APPLICATION_ERROR"),
    }
}

/// Reads the one member of a refusal's data.
fn retry_after(data: &str) -> Option<Duration> {
    let data: serde_json::Value = serde_json::from_str(data).ok()?;
    let milliseconds = data.get("retryAfterMs")?.as_f64()?;
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}
