//! `strongroom import hummingbot`: one connector's file, or all in a directory, with hummingbot's own password.
//!
//! All files are read and bounded before anybody is asked for the password, and it is tried on hummingbot's own word of
//! verification before the values, because those take their time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use strongroom::Secret;
use strongroom::formats::hummingbot::{self, Connector, OpenError, Verification};
use strongroom::formats::{ImportFormat, Imported};

use super::SourceFile;
use crate::context::Context;
use crate::failure::{Failure, code};
use crate::unlock::source::{self, shown};
use crate::{output, patience, private_file, prompt};

/// The file with which hummingbot knows its password again.
const VERIFICATION: &str = ".password_verification";

// Where the password of what is imported comes from.
#[derive(Debug, clap::Args)]
pub struct SourcePassphraseArgs {
    /// Read hummingbot's password from this file; `-` is standard input
    #[arg(long, value_name = "PATH")]
    source_passphrase_file: Option<PathBuf>,
    /// Read hummingbot's password from this open descriptor
    #[arg(long, value_name = "N")]
    source_passphrase_fd: Option<u32>,
    /// Read hummingbot's password from what this command prints
    #[arg(long, value_name = "CMD")]
    source_passphrase_command: Option<OsString>,
}

impl SourcePassphraseArgs {
    /// Whether one is named.
    pub fn is_given(&self) -> bool {
        self.source_passphrase_file.is_some()
            || self.source_passphrase_fd.is_some()
            || self.source_passphrase_command.is_some()
    }

    /// Standard input as a path, when it is read from there.
    pub fn standard_input(&self) -> Option<&Path> {
        let input = Path::new("-");
        let file = self.source_passphrase_file.as_deref();
        (file == Some(input) || (file.is_none() && self.source_passphrase_fd == Some(0))).then_some(input)
    }

    /// The password that is named, if one is.
    fn given(&self, context: &Context) -> Result<Option<Secret>, Failure> {
        let command = self.source_passphrase_command.as_deref();
        source::named(context, self.source_passphrase_file.as_deref(), self.source_passphrase_fd, command)
    }
}

/// A directory to import, which is hummingbot's `conf`, or `connectors` in it. Nothing else comes in directories.
///
/// # Errors
/// Exit code 2 for another format.
pub fn directory(context: &Context, path: &Path, format: Option<ImportFormat>) -> Result<SourceFile, Failure> {
    match format {
        None | Some(ImportFormat::Hummingbot) => {
            if format.is_none() {
                super::tell_format(context, path, ImportFormat::Hummingbot);
            }
            Ok(SourceFile { path: path.to_owned(), format: ImportFormat::Hummingbot, text: Secret::copy_of("") })
        }
        Some(format) => {
            let message = format!("{} is a directory, and {} is one file", path.display(), format.name());
            Err(Failure::usage(message).hint("only hummingbot's conf is read as a directory"))
        }
    }
}

/// The records of that file or directory.
///
/// # Errors
/// 3 for files that cannot be read as hummingbot's, 4 for a password that is wrong or that nobody gives.
pub fn read(context: &Context, source: &SourceFile, args: &SourcePassphraseArgs) -> Result<Imported, Failure> {
    let (mut paths, mut connectors) = (Vec::new(), Vec::new());
    let is_directory = source.path.is_dir();
    let files = if is_directory { connector_files(&source.path)? } else { vec![source.path.clone()] };
    for path in files {
        let at = |error: strongroom::Error| Failure::from(error).at(Path::new(&shown(&path)));
        connectors.push(match is_directory {
            true => Connector::read(&source::text_file(&path)?).map_err(at)?,
            false => Connector::read(&source.text).map_err(at)?,
        });
        paths.push(path);
    }
    if connectors.iter().all(|connector| connector.secrets() == 0) {
        let message = format!("{}: no connector with encrypted values is there", shown(&source.path));
        return Err(Failure::new(code::FILE, "nothing-there", message));
    }
    let verification = verification(&source.path)?;
    let password = password(context, args, verification.as_ref())?;
    let opened = patience::counted(context, "decrypting hummingbot's values", |count| {
        hummingbot::open(connectors, &password, output::now(), count)
    });
    opened.map_err(|OpenError { connector, error, wrong_password, .. }| {
        if wrong_password && verification.is_none() {
            return wrong(&shown(&source.path));
        }
        let path = connector.and_then(|at| paths.get(at)).unwrap_or(&source.path);
        Failure::from(error).at(Path::new(&shown(path)))
    })
}

/// The files that hummingbot would read there, in the order of their names.
fn connector_files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let inside = directory.join("connectors");
    let directory = if inside.is_dir() { inside.as_path() } else { directory };
    let failed = |error: std::io::Error| Failure::file("read the directory", directory, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_hidden = path
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"_"));
        let is_yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if is_yaml && !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let message = format!("{}: no connector's file (*.yml) is there", directory.display());
        return Err(Failure::new(code::FILE, "nothing-there", message).hint("hummingbot keeps them in conf/connectors"));
    }
    Ok(files)
}

/// hummingbot's word of verification: in `conf`, which is given, or one above the connectors, or two above a file.
fn verification(path: &Path) -> Result<Option<(PathBuf, Verification)>, Failure> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let start = if path.is_dir() { path } else { private_file::directory(path) };
    // Of the real path: `.` has no parent by itself.
    let start = start.canonicalize().map_err(|error| Failure::file("find", start, &error))?;
    let candidates = [Some(start.as_path()), start.parent()].into_iter().flatten();
    let Some(path) = candidates.map(|place| place.join(VERIFICATION)).find(|path| path.is_file()) else {
        return Ok(None);
    };
    let read = Verification::read(&source::text_file(&path)?).map_err(|error| Failure::from(error).at(&path))?;
    Ok(Some((path, read)))
}

/// The password, tried on the word of verification where there is one. A person may try again.
fn password(
    context: &Context,
    args: &SourcePassphraseArgs,
    verification: Option<&(PathBuf, Verification)>,
) -> Result<Secret, Failure> {
    let tried = |password: Secret| match verification {
        Some((path, word)) if !word.accepts(&password) => Err(wrong(&path.display().to_string())),
        _ => Ok(password),
    };
    if let Some(given) = args.given(context)? {
        return tried(given);
    }
    if !prompt::possible(context) {
        return Err(Failure::new(
            code::UNLOCK,
            "no-secret",
            "no password of hummingbot is given and nobody can be asked",
        )
        .hint("repeat the command with --source-passphrase-file PATH"));
    }
    let mut tries_left = prompt::TRIES;
    loop {
        tries_left -= 1;
        match tried(prompt::secret(context, "Password of hummingbot: ")?) {
            Err(failure) if tries_left > 0 => prompt::say(&format!("{}; try again", failure.message)),
            result => return result,
        }
    }
}

fn wrong(path: &str) -> Failure {
    Failure::new(code::UNLOCK, "wrong-source-passphrase", format!("{path}: this is not hummingbot's password"))
        .hint("--source-passphrase-file takes the one that hummingbot asks for when it starts")
}
