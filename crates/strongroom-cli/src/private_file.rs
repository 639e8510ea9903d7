//! Files for this user only: the library's, with what a person has to be told.

use std::path::Path;

use strongroom::{Durability, Error, private_file};

use crate::context::Context;
use crate::failure::Failure;

/// Makes the directories above a path, with mode 0700 where they are new.
///
/// # Errors
/// Exit code 3.
pub fn make_parents(path: &Path) -> Result<(), Failure> {
    Ok(private_file::make_directories(directory(path))?)
}

/// Writes a new file with mode 0600.
///
/// # Errors
/// Exit code 3, also when there is one.
pub fn create(context: &Context, path: &Path, contents: &[u8]) -> Result<(), Failure> {
    warn_unless_durable(private_file::create(path, contents)?, context, path);
    Ok(())
}

/// Writes a file in the place of another, or as a new one: whoever looks sees the old or the new.
///
/// # Errors
/// Exit code 3.
pub fn replace(context: &Context, path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let durability = private_file::replace(path, contents).map_err(|error| {
        let unsettled = matches!(error, Error::File { operation: "synchronise the directory of", .. });
        let failure = Failure::from(error);
        if unsettled { failure.cause("the new file may be in place all the same") } else { failure }
    })?;
    warn_unless_durable(durability, context, path);
    Ok(())
}

/// The directory that a path is in.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Says when a power cut could still undo a write.
pub fn warn_unless_durable(durability: Durability, context: &Context, path: &Path) {
    if durability == Durability::Uncertain {
        context.warn(format!(
            "wrote {}, but its directory could not be synchronised: a power cut could undo it",
            path.display()
        ));
    }
}
