//! What a file is that no format reads, and what to do with it. Never what stands in it.

use std::path::Path;

use strongroom::formats::ImportFormat;

use super::word;
use crate::diagnosis::{self, Ours};
use crate::failure::{Failure, code};
use crate::output;
use crate::unlock::source::shown;

/// Of a text that looks like none of the formats.
pub fn text(path: &Path, text: &str) -> Failure {
    let start = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    if let Some(ours) = Ours::of(start.as_bytes()) {
        return is_ours(path, ours);
    }
    let failure = failed(format!("{}: cannot tell what format this is", shown(path)));
    if start.is_empty() {
        return failure.cause("there is nothing in it");
    }
    if start.starts_with("-----BEGIN ") {
        return failure
            .cause("it is a key in PEM, and does not say whose")
            .hint(format!("strongroom add EXCHANGE --file api_secret={}", word(path)));
    }
    let failure = failure.cause(match start.starts_with(['{', '[']) {
        true => "it looks like JSON, without a name that one of the formats has",
        false => "it is no JSON, has no lines of NAME=value and is no vault",
    });
    failure.hint(format!("if it is one of these, name it: strongroom import FORMAT {}", word(path))).hint(formats())
}

/// Of a file that cannot be read as text: a vault says what it is, and everything else keeps its own reason.
pub fn no_text(path: &Path, failure: Failure) -> Failure {
    // A pipe is empty by now, and one with a name would wait for another writer.
    let is_file = path.metadata().is_ok_and(|about| about.is_file());
    let beginning = if is_file { diagnosis::beginning(path) } else { None };
    match beginning.and_then(|bytes| Ours::of(&bytes)) {
        Some(ours) if failure.kind == "not-text" => is_ours(path, ours),
        _ => failure,
    }
}

/// The formats that there are, as a hint says it.
pub fn formats() -> String {
    const HINT: usize = "hint: ".len();
    let text = format!("formats: {}", names());
    // Below each other, when they are too many for one line.
    output::wrapped(&text, HINT)
}

/// The names of all formats.
pub fn names() -> String {
    ImportFormat::ALL.map(ImportFormat::name).join(", ")
}

fn is_ours(path: &Path, ours: Ours) -> Failure {
    let (shown, word) = (shown(path), word(path));
    match ours {
        Ours::Vault => failed(format!("{shown} is an encrypted vault, not plaintext"))
            .hint(format!("strongroom list --vault {word}"))
            .hint(format!("strongroom export strongroom --vault {word} --output out.json"))
            .hint("then: strongroom import strongroom out.json"),
        Ours::MachineKey => failed(format!("{shown} is a machine key, and holds no records"))
            .hint(format!("--key-file {word} names it as a key")),
        Ours::KeyFile => failed(format!("{shown} is the key file of a passphrase, and holds no records"))
            .hint(format!("--factor-file {word} names it as that")),
    }
}

fn failed(message: String) -> Failure {
    Failure::new(code::FILE, "unknown-format", message)
}
