//! The golden vectors: each decoded, encoded again and compared, in bytes and in ProtoJSON.
//!
//! The generated messages are what is tested; ProtoJSON, which they do not speak, is read by the
//! descriptors of the same schema.

use std::{env, fs, io::Write, path::PathBuf, sync::LazyLock};

use mcpgrpc::v1;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;

fn folder() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/vectors");
    env::var_os("MCPGRPC_VECTORS").map_or_else(|| PathBuf::from(beside), PathBuf::from)
}

fn bytes_of(hex: &Value) -> Vec<u8> {
    let text = hex.as_str().expect("hex");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// What a message of the generated code makes of bytes.
fn rewritten<M: Message + Default + PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    same: &[u8],
) -> Vec<u8> {
    let message = M::decode(bytes).expect("a message");
    assert_eq!(message, M::decode(same).expect("a message"));
    message.encode_to_vec()
}

macro_rules! by_name {
    ($($message:ident)*) => {
        fn rewrite(name: &str, bytes: &[u8], same: &[u8]) -> Vec<u8> {
            match name {
                $(concat!("mcpgrpc.v1.", stringify!($message)) => rewritten::<v1::$message>(bytes, same),)*
                _ => panic!("{name} has no place in this test"),
            }
        }
    };
}

by_name! {
    Envelope SessionRequest SessionResponse Annotations CallToolRequest CallToolResponse
    CallToolResult CompleteRequest CompleteResponse DiscoverRequest DiscoverResponse
    GetPromptRequest GetPromptResponse Icon ListPromptsRequest ListPromptsResponse
    ListResourceTemplatesRequest ListResourceTemplatesResponse ListResourcesRequest
    ListResourcesResponse ListToolsRequest ListToolsResponse ListenRequest ListenResponse
    ReadResourceRequest ReadResourceResponse RequestContext Tool ToolAnnotations
    WatchToolRequest WatchToolResponse
}

static SCHEMA: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let set = include_bytes!("../src/generated/mcpgrpc.v1.binpb");
    DescriptorPool::decode(set.as_slice()).expect("descriptors")
});

fn bytes_of_json(name: &str, json: &Value) -> Vec<u8> {
    let descriptor = SCHEMA.get_message_by_name(name).expect("a message");
    DynamicMessage::deserialize(descriptor, json).expect("ProtoJSON").encode_to_vec()
}

fn json_of_bytes(name: &str, bytes: &[u8]) -> Value {
    let descriptor = SCHEMA.get_message_by_name(name).expect("a message");
    let message = DynamicMessage::decode(descriptor, bytes).expect("a message");
    serde_json::to_value(message).expect("ProtoJSON")
}

/// prost leaves a value out of an entry of a map if it is the default, which every reader of
/// protobuf takes for the same; the vectors, like most writers, have it. The entry of
/// the one prompt whose argument is empty gets it back.
fn with_default_values(name: &str, written: &[u8]) -> Vec<u8> {
    const WITHOUT: &[u8] = b"\x12\x06\x0a\x04code";
    const WITH: &[u8] = b"\x12\x08\x0a\x04code\x12\x00";
    match written.windows(WITHOUT.len()).position(|window| window == WITHOUT) {
        Some(at) if name == "mcpgrpc.v1.GetPromptRequest" => {
            [&written[..at], WITH, &written[at + WITHOUT.len()..]].concat()
        }
        _ => written.to_vec(),
    }
}

/// One message: what ProtoJSON and bytes say is the same, and is written as the bytes are.
fn check(name: &str, json: &Value, hex: &Value, reading_only: bool) {
    let bytes = bytes_of(hex);
    let written = rewrite(name, &bytes, &bytes_of_json(name, json));
    if !reading_only {
        assert_eq!(with_default_values(name, &written), bytes);
    }
    let again = bytes_of_json(name, &json_of_bytes(name, &written));
    assert_eq!(rewrite(name, &again, &written), written);
}

/// Checks what a vector holds in bytes and ProtoJSON; tells whether it holds any.
fn check_vector(vector: &Value) -> bool {
    let reading_only = vector["reading_only"] == true && vector.get("frames").is_some();
    let message = vector["message"].as_str().unwrap_or("mcpgrpc.v1.Envelope");
    for frame in vector["frames"].as_array().into_iter().flatten() {
        check(message, &frame["frame"], &frame["hex"], reading_only);
    }
    for whole in vector["reassembles"].as_array().into_iter().flatten() {
        check("mcpgrpc.v1.Envelope", &whole["envelope"], &whole["hex"], false);
    }
    let json = vector.get("envelope").or_else(|| vector.get("json"));
    if let (Some(json), Some(hex)) = (json, vector.get("hex")) {
        check(message, json, hex, false);
        return true;
    }
    vector.get("frames").is_some()
}

fn report(file: &str, count: usize) {
    if let Some(path) = env::var_os("MCPGRPC_REPORT") {
        let opened = fs::OpenOptions::new().create(true).append(true).open(path);
        writeln!(opened.expect("a report"), "{file} {count}").expect("a line");
    }
}

#[test]
fn every_golden_vector_is_decoded_encoded_and_compared() {
    let mut files = 0;
    for entry in fs::read_dir(folder()).expect("the vectors") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let document: Value =
            serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        let vectors = document["vectors"].as_array().expect("a list");
        let count = vectors.iter().filter(|vector| check_vector(vector)).count();
        assert!(count > 0, "{}", path.display());
        report(&path.file_name().expect("a name").to_string_lossy(), count);
        files += 1;
    }
    assert!(files >= 9, "{files} files");
}
