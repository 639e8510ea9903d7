//! Where the secret that opens a vault comes from.
//!
//! The first source that is present is used; a secret that fails is an error and no reason to try the
//! next, because falling through would hide a wrong key until the day the right one is gone.

pub mod new_secret;
pub mod source;
pub mod streams;

use std::env;
use std::path::{Path, PathBuf};

use strongroom::{KeyFile, LockedVault, MachineKey, Secret, Unlock};

use crate::context::{Context, variable_path};
use crate::failure::{Failure, code};
use crate::prompt;

/// The first unlock source that is present, read.
///
/// # Errors
/// 3 when it cannot be read, 4 when it is no such secret or there is no source at all, 7 when
/// others can read the machine key's file.
pub fn unlock(context: &Context, vault: &Path) -> Result<Unlock, Failure> {
    let globals = &context.globals;
    if let Some(path) = &globals.key_file {
        streams::close_unused(globals.passphrase_fd);
        return machine_key_file(path);
    }
    if let Some(path) = &globals.passphrase_file {
        streams::close_unused(globals.passphrase_fd);
        return typed(context, &source::passphrase_file(context, path)?, &source::shown(path));
    }
    if let Some(descriptor) = globals.passphrase_fd {
        return typed(context, &source::passphrase_descriptor(descriptor)?, "--passphrase-fd");
    }
    if let Some(command) = &globals.passphrase_command {
        return typed(context, &source::passphrase_command(command)?, "--passphrase-command");
    }
    if let Some(path) = variable_path("STRONGROOM_KEY_FILE") {
        return machine_key_file(&path);
    }
    if let Some(path) = variable_path("STRONGROOM_PASSPHRASE_FILE") {
        return typed(context, &source::passphrase_file(context, &path)?, &source::shown(&path));
    }
    if let Some(command) = variable_path("STRONGROOM_PASSPHRASE_COMMAND") {
        let text = source::passphrase_command(command.as_os_str())?;
        return typed(context, &text, "STRONGROOM_PASSPHRASE_COMMAND");
    }
    if let Some(path) = credential("strongroom.key") {
        return machine_key_file(&path);
    }
    if let Some(path) = credential("strongroom.passphrase") {
        return typed(context, &source::passphrase_file(context, &path)?, &path.display().to_string());
    }
    if let Some(text) = secret_variable("STRONGROOM_KEY")? {
        context.warn_of_environment("STRONGROOM_KEY");
        let key = MachineKey::from_text(&source::one_line(&text))
            .map_err(|error| Failure::from(error).at(Path::new("STRONGROOM_KEY")))?;
        return Ok(Unlock::machine_key(key));
    }
    if let Some(text) = secret_variable("STRONGROOM_PASSPHRASE")? {
        context.warn_of_environment("STRONGROOM_PASSPHRASE");
        return typed(context, &text, "STRONGROOM_PASSPHRASE");
    }
    if !prompt::possible(context) {
        return Err(no_way_in(context, vault));
    }
    context.asked.set(true);
    let text = prompt::secret(
        context,
        &format!("Passphrase for {}: ", crate::output::printable(&vault.display().to_string())),
    )?;
    typed(context, &text, "the terminal")
}

/// Unlocks with the machine key in this file.
///
/// # Errors
/// See [`read_machine_key`].
pub fn machine_key_file(path: &Path) -> Result<Unlock, Failure> {
    Ok(Unlock::machine_key(read_machine_key(path)?))
}

/// The machine key in a file that others cannot read.
///
/// # Errors
/// 3 when it cannot be read, 4 when it is no machine key, 7 when others can read it.
pub fn read_machine_key(path: &Path) -> Result<MachineKey, Failure> {
    let read = || -> Result<MachineKey, Failure> {
        let text = source::private_file(path)?;
        MachineKey::from_text(&text).map_err(|error| Failure::from(error).at(path))
    };
    read().map_err(|failure| {
        if LockedVault::read(path).is_err() {
            return failure;
        }
        let message = format!("{} is a vault, not a machine key", path.display());
        Failure::new(code::UNLOCK, "bad-machine-key", message)
            .hint("--vault PATH names the vault, --key-file PATH the machine key that opens it")
    })
}

/// The second factor that the global options or the environment name.
///
/// # Errors
/// As for machine keys.
pub fn factor(context: &Context) -> Result<Option<KeyFile>, Failure> {
    let Some(path) = context.globals.factor_file.clone().or_else(|| variable_path("STRONGROOM_FACTOR_FILE")) else {
        return Ok(None);
    };
    read_factor(&path).map(Some)
}

/// The key file at this path.
///
/// # Errors
/// As for machine keys.
pub fn read_factor(path: &Path) -> Result<KeyFile, Failure> {
    let text = source::private_file(path)?;
    KeyFile::from_text(&text).map_err(|error| Failure::from(error).at(path))
}

/// A passphrase or recovery code, with the key file when one is named.
fn typed(context: &Context, text: &Secret, origin: &str) -> Result<Unlock, Failure> {
    let unlock = Unlock::typed(text).map_err(|error| Failure::from(error).at(Path::new(origin)))?;
    match factor(context)? {
        Some(key_file) => Ok(unlock.key_file(key_file)),
        None => Ok(unlock),
    }
}

/// A file that systemd handed to this service.
fn credential(name: &str) -> Option<PathBuf> {
    Some(variable_path("CREDENTIALS_DIRECTORY")?.join(name)).filter(|path| path.is_file())
}

fn secret_variable(name: &str) -> Result<Option<Secret>, Failure> {
    match env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::new(code::UNLOCK, "bad-passphrase", format!("{name} is not UTF-8")))
        }
    }
}

fn no_way_in(context: &Context, vault: &Path) -> Failure {
    let terminal = if context.no_input { "the terminal (--no-input)" } else { "the terminal (there is none)" };
    Failure::new(code::UNLOCK, "no-secret", format!("{}: no way to get a secret to unlock it with", vault.display()))
        .cause(
            "tried --key-file, --passphrase-file, --passphrase-fd, --passphrase-command, STRONGROOM_KEY_FILE, \
             STRONGROOM_PASSPHRASE_FILE, STRONGROOM_PASSPHRASE_COMMAND, $CREDENTIALS_DIRECTORY/strongroom.key and \
             strongroom.passphrase, STRONGROOM_KEY, STRONGROOM_PASSPHRASE: none is set",
        )
        .cause(format!("tried {terminal}"))
        .hint("repeat the command with --key-file PATH or --passphrase-file PATH")
}
