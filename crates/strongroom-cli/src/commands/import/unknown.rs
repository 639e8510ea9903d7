//! What a file is that no format reads, and what to do with it. Never what stands in it.

use std::path::Path;

use strongroom::formats::ImportFormat;

use super::word;
use crate::diagnosis::Ours;
use crate::failure::{Failure, code};
use crate::output;
use crate::unlock::source::{Unread, shown};

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
        let failure = failure.cause("it is a key in PEM, and does not say whose");
        // Whoever has it in a pipe need not put it on a disk.
        return failure.hint(match is_passing(path) {
            true => "strongroom add EXCHANGE asks for it, and takes a pasted key".to_owned(),
            false => format!("strongroom add EXCHANGE --file api_secret={}", word(path)),
        });
    }
    let failure = failure.cause(match start.starts_with(['{', '[']) {
        true => "it looks like JSON, without a name that one of the formats has",
        false => "it is no JSON, has no lines of NAME=value and is no vault",
    });
    failure.hint(format!("if it is one of these, name it: strongroom import FORMAT {}", word(path))).hint(formats())
}

/// Of a file that cannot be read as text: a vault says what it is, and everything else keeps its own reason.
pub fn no_text(path: &Path, unread: Unread) -> Failure {
    match unread.ours {
        Some(ours) => is_ours(path, ours),
        None => unread.failure,
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
    let (shown, file) = (shown(path), file(path));
    let failure = failed(match ours {
        Ours::Vault => format!("{shown} is an encrypted vault, not plaintext"),
        Ours::MachineKey => format!("{shown} is a machine key, and holds no records"),
        Ours::KeyFile => format!("{shown} is the key file of a passphrase, and holds no records"),
    });
    let failure = in_a_file(path, failure);
    match ours {
        Ours::Vault => failure
            .hint(format!("strongroom list --vault {file}"))
            .hint(format!("strongroom export strongroom --vault {file} --output out.json"))
            .hint("then: strongroom import strongroom out.json"),
        Ours::MachineKey => failure.hint(format!("--key-file {file} names it as a key")),
        Ours::KeyFile => failure.hint(format!("--factor-file {file} names it as that")),
    }
}

/// What to do first with what came through a pipe: the commands that take it want a file of its own.
fn in_a_file(path: &Path, failure: Failure) -> Failure {
    match is_passing(path) {
        true => failure.hint("save it to a file first, here called FILE"),
        false => failure,
    }
}

/// The file as a hint names it.
fn file(path: &Path) -> String {
    if is_passing(path) { "FILE".into() } else { word(path) }
}

/// Whether it is gone once it was read: standard input, or the pipe of a shell's `<(...)`.
fn is_passing(path: &Path) -> bool {
    path == Path::new("-") || !path.is_file()
}

fn failed(message: String) -> Failure {
    Failure::new(code::FILE, "unknown-format", message)
}
