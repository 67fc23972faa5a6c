//! Writes messages and stubs from a descriptor set: `mcpgrpc-generator DESCRIPTORS FOLDER`.
//!
//! It does not run protoc, which has written the descriptor set, and formats nothing.

use std::{env, fs, process::ExitCode};

use prost::Message;
use prost_types::FileDescriptorSet;

fn generate(descriptors: &str, folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    let set = FileDescriptorSet::decode(fs::read(descriptors)?.as_slice())?;
    tonic_prost_build::configure()
        .build_server(false)
        // A message has one form in bytes only if its maps have an order.
        .btree_map(".")
        .out_dir(folder)
        .compile_fds(set)?;
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [descriptors, folder] = arguments.as_slice() else {
        eprintln!("usage: mcpgrpc-generator DESCRIPTORS FOLDER");
        return ExitCode::from(2);
    };
    match generate(descriptors, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{descriptors}: {error}");
            ExitCode::FAILURE
        }
    }
}
