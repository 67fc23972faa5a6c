//! A connection: addresses, TLS, credentials and the default deadline, with every stub on it.
//!
//! The calls are the stubs'; nothing here knows a message.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use tokio::time::timeout;
#[cfg(feature = "tls")]
use tonic::transport::{Certificate, ClientTlsConfig, Identity};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};

use crate::{Error, Session, Transport, transport::Credential, v1};

/// The deadline of a unary call that sets none, and the bound of the opening of a Session.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may take, also for streams, which have no deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest message that is read; a Session announces it.
pub(crate) const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// A connection to a server, or to several, with every stub of the binding. Cheap to clone; clones
/// share the connection.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Transport,
}

/// How to connect.
#[must_use]
pub struct Builder {
    addresses: Vec<String>,
    timeout: Option<Duration>,
    credential: Option<Credential>,
    #[cfg(feature = "tls")]
    tls: ClientTlsConfig,
    #[cfg(feature = "tls")]
    own_roots: bool,
}

macro_rules! stubs {
    ($($about:literal $name:ident: $module:ident::$stub:ident;)*) => {
        impl Client {$(
            #[doc = $about]
            pub fn $name(&self) -> v1::$module::$stub<Transport> {
                v1::$module::$stub::new(self.transport.clone())
                    .max_decoding_message_size(MAX_MESSAGE_BYTES)
            }
        )*}
    };
}

stubs! {
    "Lists and calls tools."
    tools: tools_service_client::ToolsServiceClient;
    "Lists and reads resources."
    resources: resources_service_client::ResourcesServiceClient;
    "Lists and gets prompts."
    prompts: prompts_service_client::PromptsServiceClient;
    "Completes arguments."
    completion: completion_service_client::CompletionServiceClient;
    "Tells what the server is."
    discovery: discovery_service_client::DiscoveryServiceClient;
    "Tells what changes."
    subscriptions: subscriptions_service_client::SubscriptionsServiceClient;
    "The protocol itself, in envelopes; for many requests on one stream see [`Session`](crate::Session)."
    mcp: mcp_service_client::McpServiceClient;
}

impl Client {
    /// A client of one server, such as `http://127.0.0.1:50051`. It connects with its first call,
    /// and must be made inside a Tokio runtime.
    ///
    /// # Errors
    /// The address is no URI.
    pub fn new(address: impl Into<String>) -> Result<Self, Error> {
        Self::builder(address).build()
    }

    /// A client that is told more than an address.
    pub fn builder(address: impl Into<String>) -> Builder {
        Builder {
            addresses: vec![address.into()],
            timeout: Some(DEFAULT_TIMEOUT),
            credential: None,
            #[cfg(feature = "tls")]
            tls: ClientTlsConfig::new(),
            #[cfg(feature = "tls")]
            own_roots: false,
        }
    }

    /// Opens a stream for many requests and waits for the server's Settings, no longer than the
    /// client's timeout.
    ///
    /// # Errors
    /// The server refused the stream, or could not be reached; nothing has run.
    pub async fn open_session(&self) -> Result<Session, Error> {
        let Some(limit) = self.transport.timeout else { return Session::open(self).await };
        timeout(limit, Session::open(self)).await.unwrap_or_else(|_| {
            let said = "the server has not opened the session in time";
            Err(Error::own(Code::DeadlineExceeded, v1::Execution::NotStarted, said))
        })
    }

    /// What the stubs call through, for further services.
    pub fn transport(&self) -> Transport {
        self.transport.clone()
    }
}

impl Builder {
    /// Another replica of the server: calls are balanced over all the addresses. tonic asks no name
    /// server for several, so each replica needs its own, or a proxy in front.
    pub fn also(mut self, address: impl Into<String>) -> Self {
        self.addresses.push(address.into());
        self
    }

    /// The deadline of unary calls that set none (30 s unless told); `None` leaves them without.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends a token as `authorization: Bearer`. The source is asked for each call, so it should keep
    /// the token until it is about to expire.
    pub fn bearer_token(self, source: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.credential(HeaderName::from_static("authorization"), move || {
            format!("Bearer {}", source())
        })
    }

    /// Sends a key as `x-api-key`.
    pub fn api_key(self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.credential(HeaderName::from_static("x-api-key"), move || key.clone())
    }

    fn credential(
        mut self,
        name: HeaderName,
        source: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        self.credential = Some(Arc::new(move || {
            let mut value = HeaderValue::try_from(source())
                .map_err(|_| Status::invalid_argument("the credential is no value of a header"))?;
            value.set_sensitive(true);
            Ok((name.clone(), value))
        }));
        self
    }

    /// Trusts the certificates of a PEM file in place of the system's.
    #[cfg(feature = "tls")]
    pub fn ca_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls = self.tls.ca_certificate(Certificate::from_pem(pem));
        self.own_roots = true;
        self
    }

    /// Shows a certificate of its own, both in PEM.
    #[cfg(feature = "tls")]
    pub fn identity(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls = self.tls.identity(Identity::from_pem(certificate, key));
        self
    }

    /// The client. It connects with its first call, and must be made inside a Tokio runtime.
    ///
    /// # Errors
    /// An address is no URI; TLS cannot be set up; or a credential would travel in the clear.
    pub fn build(self) -> Result<Client, Error> {
        let endpoints: Vec<_> = self
            .addresses
            .iter()
            .map(|address| self.endpoint(address))
            .collect::<Result<_, _>>()?;
        let channel = match endpoints.as_slice() {
            [only] => only.connect_lazy(),
            _ => Channel::balance_list(endpoints.into_iter()),
        };
        let (timeout, credential) = (self.timeout, self.credential);
        Ok(Client { transport: Transport { channel, timeout, credential } })
    }

    fn endpoint(&self, address: &str) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::from_shared(address.to_owned())
            .map_err(|error| unusable(address, &error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT);
        match endpoint.uri().scheme_str() {
            Some("https") => self.secured(address, endpoint),
            Some("http") if self.credential.is_some() => {
                Err(unusable(address, "a credential would travel in the clear: use https://"))
            }
            Some("http") => Ok(endpoint),
            _ => Err(unusable(address, "it begins with neither https:// nor http://")),
        }
    }

    #[cfg(feature = "tls")]
    fn secured(&self, address: &str, endpoint: Endpoint) -> Result<Endpoint, Error> {
        let tls = self.tls.clone();
        let tls = if self.own_roots { tls } else { tls.with_native_roots() };
        endpoint.tls_config(tls).map_err(|error| unusable(address, &error.to_string()))
    }

    #[cfg(not(feature = "tls"))]
    fn secured(&self, address: &str, _: Endpoint) -> Result<Endpoint, Error> {
        Err(unusable(address, "this program was built without the feature `tls`"))
    }
}

fn unusable(address: &str, why: &str) -> Error {
    let said = format!("the address {address} cannot be used: {why}");
    Error::own(Code::InvalidArgument, v1::Execution::NotStarted, said)
}
