//! Standard input and descriptors that are named by options: each is read by one, and none is left open for a child.

use std::path::Path;

use super::new_secret::NewPassphraseArgs;
use crate::context::Context;
use crate::failure::Failure;

/// Standard input can be read by one of the passphrase, the new passphrase and the texts; the next would find it empty.
///
/// # Errors
/// Exit code 2.
pub fn refuse_two_readers<'a>(
    context: &Context,
    texts: impl IntoIterator<Item = &'a Path>,
    new: Option<&NewPassphraseArgs>,
) -> Result<(), Failure> {
    let is_input = |path: &Path| path == Path::new("-");
    let globals = &context.globals;
    let passphrase = globals.passphrase_file.as_deref().is_some_and(is_input) || globals.passphrase_fd == Some(0);
    let new_passphrase = new.is_some_and(|new| {
        new.new_passphrase_file.as_deref().is_some_and(is_input) || new.new_passphrase_fd == Some(0)
    });
    let texts = texts.into_iter().filter(|path| is_input(path)).count();
    if texts + usize::from(passphrase) + usize::from(new_passphrase) > 1 {
        let option = if new_passphrase { "--new-passphrase-fd" } else { "--passphrase-fd" };
        return Err(Failure::usage("standard input can be read only once").hint(format!("{option} 3 3<FILE")));
    }
    Ok(())
}

/// What `--stdin` and `--from-json` read.
pub fn of(stdin: bool, from_json: Option<&Path>) -> impl Iterator<Item = &Path> {
    stdin.then_some(Path::new("-")).into_iter().chain(from_json)
}

/// Closes a descriptor that an option named and another option outranks, so that no child gets what is in it.
pub fn close_unused(descriptor: Option<u32>) {
    if let Some(descriptor) = descriptor {
        close(descriptor);
    }
}

/// Closes a descriptor that whoever started us opened, and that was ours to read.
#[cfg(unix)]
pub fn close(descriptor: u32) {
    // A failure to close means that it is closed already.
    if let Ok(descriptor) = i32::try_from(descriptor)
        && descriptor > 2
    {
        let _ = nix::unistd::close(descriptor);
    }
}

#[cfg(not(unix))]
pub fn close(_descriptor: u32) {}
