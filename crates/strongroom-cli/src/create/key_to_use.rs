//! A machine key's file: found or made, and bound to the vault that the key opens.

use std::path::{Path, PathBuf};

use strongroom::{MachineKey, NewSlot, Secret};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::failure::Failure;
use crate::plaintext::{self, GitState};
use crate::{private_file, unlock};

/// A machine key and the file that it is in or will be in.
pub struct KeyToUse {
    /// The file.
    pub path: PathBuf,
    /// The key.
    pub key: MachineKey,
    /// Whether the file was there before.
    pub reused: bool,
}

impl KeyToUse {
    /// The key in the file that is there, or a new one. What is there and is no key is refused, not overwritten.
    ///
    /// # Errors
    /// 3 when it cannot be read, 7 when it is something else or others can read it.
    pub fn find(path: &Path) -> Result<KeyToUse, Failure> {
        if path.symlink_metadata().is_err() {
            return Ok(KeyToUse { path: path.to_owned(), key: MachineKey::generate()?, reused: false });
        }
        let key = unlock::read_machine_key(path).map_err(|failure| match failure.kind {
            "bad-machine-key" | "not-text" | "too-large" => {
                let message = format!("{} is there and is no machine key", path.display());
                Failure::refused("machine-key", message).hint("name a file that does not exist with --machine-key PATH")
            }
            _ => failure,
        })?;
        Ok(KeyToUse { path: path.to_owned(), key, reused: true })
    }

    /// The way in for this key, whichever vault its text named before: [`KeyToUse::write`] puts that right.
    ///
    /// # Errors
    /// None in practice: the text was made from a key.
    pub fn slot(&self, label: &str) -> Result<NewSlot, Failure> {
        let mut free = MachineKey::from_text(&self.key.to_text())?;
        free.unbind();
        Ok(NewSlot::machine_key(label, &free))
    }

    /// Puts the key on disk. A new one names the vault and data key that it is for; one that was for
    /// another vault names none from now on.
    ///
    /// # Errors
    /// Exit code 3.
    pub fn write(mut self, context: &Context, binding: Option<([u8; 16], [u8; 16])>) -> Result<PathBuf, Failure> {
        if !self.reused {
            if let Some((vault_id, data_key_id)) = binding {
                self.key.bind(vault_id, data_key_id);
            }
            private_file::make_parents(&self.path)?;
            private_file::create(context, &self.path, &line(&self.key.to_text()))?;
            self.warn_when_git_would_take_it(context);
        } else if self.key.vault_id().is_some_and(|bound| binding.is_none_or(|(vault_id, _)| vault_id != bound)) {
            self.key.unbind();
            private_file::replace(context, &self.path, &line(&self.key.to_text()))?;
            context.note(format!(
                "{} was made for another vault, or for one whose making was interrupted; it is a way into both from now \
                 on, so it no longer says which vault it expects",
                self.path.display()
            ));
        }
        Ok(self.path)
    }

    fn warn_when_git_would_take_it(&self, context: &Context) {
        if matches!(plaintext::git_state(&self.path), GitState::Untracked | GitState::Tracked) {
            context.warn(format!(
                "{} opens the vault and is in a git work tree that does not ignore it; keep it out of git",
                self.path.display()
            ));
        }
    }
}

/// The text and a line feed, in memory that is wiped.
pub fn line(text: &Secret) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    line.extend_from_slice(text.expose_secret().as_bytes());
    line.push(b'\n');
    line
}
