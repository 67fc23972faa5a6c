//! What this client does with the live server whose address is in `MCPGRPC_ADDRESS`.
//!
//! `make test-clients ONLY=rust` starts that server; without one every test here fails.

mod bad_input;
mod errors;
mod flow;
mod retries;
mod server;
mod session;
mod streams;
mod typed;
