//! Where the programs under test are, and building them once when nobody said.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The `strongroom` binary: `$STRONGROOM_BIN`, or a development build made on first use.
pub fn strongroom() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        std::env::var_os("STRONGROOM_BIN").map_or_else(
            || {
                cargo(&["build", "--locked", "-p", "strongroom-cli"]);
                build_directory().join("strongroom")
            },
            PathBuf::from,
        )
    })
}

/// An example of the library, built on first use.
pub fn cargo_build_example(name: &str) -> PathBuf {
    cargo(&["build", "--locked", "-p", "strongroom", "--example", name]);
    build_directory().join("examples").join(name)
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository")
}

fn cargo(arguments: &[&str]) {
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(repository()).status().expect("cargo starts");
    assert!(status.success(), "cargo {} failed", arguments.join(" "));
}

/// `target/debug`: this test binary stands in `target/debug/deps`.
fn build_directory() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows where it is");
    own.ancestors().nth(2).expect("a test binary stands two levels deep").to_path_buf()
}
