#![doc = include_str!("../README.md")]
//!
//! # What is here
//!
//! A thin front of the generated stubs in [`v1`]: [`Client`] connects, gives every unary call a
//! deadline and retries reads; [`Error`] is what a failed call says; [`Pages`] goes through a
//! listing; [`Session`] keeps many requests on one stream. It is no model of MCP of its own:
//! requests and results are the generated messages.

mod answers;
mod client;
mod error;
mod pages;
mod service_config;
mod session;
mod transport;

/// The generated messages and stubs of the package `mcpgrpc.v1`.
#[allow(missing_docs, clippy::all, rustdoc::all)]
pub mod v1 {
    include!("generated/mcpgrpc.v1.rs");
}

pub use client::{Builder, Client};
pub use error::Error;
pub use pages::Pages;
pub use session::{Request, Session};
pub use transport::Transport;

pub use tonic;
