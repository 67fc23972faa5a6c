//! Which calls are retried and when: gRPC's service config, the file that all the clients share.
//!
//! tonic has none of its own. Of the file this crate does what the clients need: `retryPolicy` by
//! method. `round_robin` has its equivalent in [`Builder::also`](crate::Builder::also).

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    sync::LazyLock,
    time::Duration,
};

use serde_json::Value;
use tonic::Code;

static POLICIES: LazyLock<HashMap<String, RetryPolicy>> =
    LazyLock::new(|| read(include_str!("generated/service_config.json")));

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RetryPolicy {
    /// The first one included.
    pub(crate) attempts: u32,
    initial_seconds: f64,
    max_seconds: f64,
    multiplier: f64,
}

impl RetryPolicy {
    /// The policy of a path such as `/mcpgrpc.v1.ToolsService/ListTools`; `None` where a second
    /// attempt could run something twice.
    pub(crate) fn of(path: &str) -> Option<&'static Self> {
        POLICIES.get(path)
    }

    pub(crate) fn retries(&self, code: Code) -> bool {
        code == Code::Unavailable
    }

    /// A random wait before an attempt; the first retry is 1.
    pub(crate) fn pause(&self, retry: u32) -> Duration {
        let most = self.initial_seconds * self.multiplier.powi(retry as i32 - 1);
        Duration::from_secs_f64(most.min(self.max_seconds) * fraction())
    }
}

/// From 0 to 1; the keys of a `RandomState` are random enough to keep clients apart.
fn fraction() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1u64 << 53) as f64
}

/// Panics on a file that is no service config: it is compiled in, and the tests read it.
fn read(text: &str) -> HashMap<String, RetryPolicy> {
    let config: Value = serde_json::from_str(text).expect("JSON");
    let mut policies = HashMap::new();
    for entry in list(&config["methodConfig"]) {
        let policy = policy(&entry["retryPolicy"]);
        for name in list(&entry["name"]) {
            let path = format!("/{}/{}", text_of(&name["service"]), text_of(&name["method"]));
            policies.insert(path, policy.clone());
        }
    }
    policies
}

fn policy(value: &Value) -> RetryPolicy {
    assert_eq!(value["retryableStatusCodes"], serde_json::json!(["UNAVAILABLE"]));
    RetryPolicy {
        attempts: value["maxAttempts"].as_u64().expect("a number") as u32,
        initial_seconds: seconds(&value["initialBackoff"]),
        max_seconds: seconds(&value["maxBackoff"]),
        multiplier: value["backoffMultiplier"].as_f64().expect("a number"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn seconds(value: &Value) -> f64 {
    text_of(value).trim_end_matches('s').parse().expect("a duration")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_retried_and_what_may_run_something_is_not() {
        for path in
            ["ToolsService/ListTools", "ResourcesService/ReadResource", "DiscoveryService/Discover"]
        {
            assert_eq!(
                RetryPolicy::of(&format!("/mcpgrpc.v1.{path}")).map(|p| p.attempts),
                Some(4),
                "{path}"
            );
        }
        for path in [
            "ToolsService/CallTool",
            "ToolsService/WatchTool",
            "McpService/Call",
            "McpService/Session",
        ] {
            assert_eq!(RetryPolicy::of(&format!("/mcpgrpc.v1.{path}")), None, "{path}");
        }
    }

    #[test]
    fn pauses_grow_to_their_bound() {
        let policy = RetryPolicy::of("/mcpgrpc.v1.ToolsService/ListTools").expect("a read");
        assert!(policy.pause(1) <= Duration::from_millis(100));
        assert!(policy.pause(40) <= Duration::from_secs(2));
    }
}
