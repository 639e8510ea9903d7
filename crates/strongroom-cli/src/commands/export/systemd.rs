//! `strongroom export systemd`: a new directory with a file for each value, and the lines for the unit.
//!
//! The files are made in a directory beside the one that is asked for, which gets its name when all of them are on
//! disk: there is either no such directory or a whole one.

use std::path::{Path, PathBuf};

use serde::Serialize;
use strongroom::{Durability, formats};
use tempfile::TempDir;

use super::{Args, environment_of, refused};
use crate::context::Context;
use crate::failure::{Failure, Outcome, code};
use crate::{output, plaintext, private_file, select};

/// What `--json` says.
#[derive(Serialize)]
struct Report<'a> {
    directory: String,
    credentials: Vec<Line<'a>>,
}

/// One credential: `LoadCredential=NAME:PATH`.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    path: String,
}

/// Writes what was selected.
pub fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let environment = args.environment.as_deref().map(environment_of).transpose()?;
    let Some(asked) = &args.output_dir else {
        return Err(Failure::usage("systemd takes a directory with a file for each value")
            .hint("repeat the command with --output-dir DIR"));
    };
    let directory = checked(asked, args.allow_plaintext_in_git)?;
    let contents = context.open()?.contents();
    let mut selected = select::select(&contents, &args.references)?;
    if let Some(environment) = environment {
        selected.records.retain(|record| record.environment == environment);
    }
    let credentials = formats::credentials(&selected.records, &selected.values)
        .map_err(|error| refused(context, error, args, &contents, &selected))?;
    if credentials.is_empty() {
        return Err(Failure::record("nothing-selected", "there is nothing to export"));
    }
    let parent = private_file::directory(&directory);
    let failed = |error: std::io::Error| Failure::file("make the directory", &directory, &error);
    // Removed with all that is in it when something fails.
    let made = private_directory(parent).map_err(failed)?;
    for (name, value) in &credentials {
        private_file::create(context, &made.path().join(name), value.expose_secret().as_bytes())?;
    }
    std::fs::rename(made.path(), &directory).map_err(failed)?;
    // It has another name now, and nothing is there to be removed.
    let _ = made.keep();
    private_file::warn_unless_durable(synchronised(parent), context, &directory);

    let line = |(name, _): &'_ (String, _)| directory.join(name).display().to_string();
    let lines: Vec<Line<'_>> =
        credentials.iter().map(|credential| Line { name: &credential.0, path: line(credential) }).collect();
    if context.json {
        output::json(&Report { directory: directory.display().to_string(), credentials: lines })?;
    } else {
        // A unit file expands percent signs.
        let lines = lines.iter().map(|line| format!("LoadCredential={}:{}\n", line.name, line.path.replace('%', "%%")));
        output::text(lines.collect::<String>())?;
    }
    context.note(format!("wrote {} files to {}", credentials.len(), directory.display()));
    Ok(Outcome::Done)
}

/// The directory as a unit file names it: from the root, in words that systemd takes as they are.
fn checked(asked: &Path, allow_in_git: bool) -> Result<PathBuf, Failure> {
    let Some(name) = asked.file_name() else {
        return Err(Failure::usage(format!("{} is not a directory that can be made", asked.display())));
    };
    let parent = private_file::directory(asked);
    let parent = parent.canonicalize().map_err(|error| Failure::file("write to", parent, &error))?;
    let directory = parent.join(name);
    let is_plain = |text: &str| !text.contains(|c: char| c.is_control() || matches!(c, '\\' | '"' | '\''));
    if !directory.to_str().is_some_and(is_plain) {
        return Err(Failure::usage("a unit file cannot name this directory: it has a quote, a backslash or no text"));
    }
    let is_empty = |path: &Path| std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if let Ok(about) = directory.symlink_metadata()
        && !(about.is_dir() && is_empty(&directory))
    {
        let message = format!("{} is already there", directory.display());
        return Err(Failure::new(code::FILE, "already-there", message)
            .cause("the files of two exports would lie there together")
            .hint("name a directory that is not there yet, or is empty, with --output-dir"));
    }
    if !allow_in_git {
        plaintext::refuse_in_git(&directory)?;
    }
    Ok(directory)
}

/// A new directory for this user only, from the start.
fn private_directory(parent: &Path) -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".strongroom-credentials-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir_in(parent)
}

/// Whether the new name survives a power cut from now on.
fn synchronised(parent: &Path) -> Durability {
    #[cfg(unix)]
    if std::fs::File::open(parent).and_then(|directory| directory.sync_all()).is_err() {
        return Durability::Uncertain;
    }
    #[cfg(not(unix))]
    let _ = parent;
    Durability::Durable
}
