//! The README's first example, pasted into a project and run against the live server; and the tour.
//!
//! The other examples of the README are compiled by rustdoc.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn address() -> String {
    env::var("MCPGRPC_ADDRESS")
        .expect("MCPGRPC_ADDRESS is not set: run `make test-clients ONLY=rust`")
}

/// The folder of what cargo has built, in which this test lies at debug/deps.
fn target() -> PathBuf {
    let program = env::current_exe().expect("a path");
    program.ancestors().nth(3).expect("a folder").to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).expect("a file of the crate")
}

/// What stands between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect("its start");
    rest.split_once(end).expect("its end").0
}

fn said_by(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A project of somebody who has pasted the example, beside whose dependencies stand those of the
/// tests, so that nothing is built twice.
fn project(example: &str) -> PathBuf {
    let manifest = read("Cargo.toml");
    let further = between(&manifest, "[dev-dependencies]\n", "[lints.rust]");
    let (_, profile) = manifest.split_once("[profile.dev]").expect("a profile");
    let folder = target().join("readme");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let own = format!(
        "[package]\nname = \"readme\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         mcpgrpc = {{ path = {ROOT:?} }}\nserde_json = \"1\"\n{further}[profile.dev]{profile}"
    );
    fs::write(folder.join("Cargo.toml"), own).expect("a manifest");
    fs::write(folder.join("Cargo.lock"), read("Cargo.lock")).expect("a lock file");
    fs::write(folder.join("src").join("main.rs"), example).expect("a program");
    folder
}

#[test]
fn the_first_example_works_when_pasted() {
    let text = read("README.md");
    let example = between(&text, "```rust,no_run\n", "```");
    assert!(example.contains("127.0.0.1:50051"));
    let folder = project(&example.replace("127.0.0.1:50051", &address()));
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo tells this test would have it build what depends on it again.
    for (name, _) in
        env::vars().filter(|(name, _)| name.starts_with("CARGO") && name != "CARGO_HOME")
    {
        cargo.env_remove(name);
    }
    cargo.args(["run", "--quiet", "--offline", "--target-dir"]).arg(target());
    assert_eq!(said_by(cargo.current_dir(folder)), "{\"result\":3}\n");
}

#[test]
fn the_tour_shows_what_the_server_has() {
    let program = target().join("debug").join("examples").join("tour");
    let said = said_by(Command::new(program).arg(format!("http://{}", address())));
    for line in ["tool extra_24", "sum {\"result\":3}", "resource file:///pixel.bin"] {
        assert!(said.lines().any(|each| each == line), "{line} is not in {said}");
    }
}
