//! How a vault comes into being: its ways in, the machine key's file, then the vault itself.
//!
//! `init` makes an empty one, `adopt` one with what it read. Everything that can be refused is refused
//! before anything is written; what was made up is shown, and the machine key on disk, before the vault is.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use serde::Serialize;
use strongroom::{
    Contents, Error, Info, KdfCost, MachineKey, NewSlot, NewVault, RecoveryCode, Secret, TextError, Vault,
};
use zeroize::Zeroizing;

use crate::commands::import::Report;
use crate::context::{self, Context};
use crate::failure::{Failure, code};
use crate::plaintext::{self, GitState};
use crate::unlock::new_secret::{self, NewPassphrase, PassphrasePolicy};
use crate::{output, patience, private_file, prompt, unlock};

// What `init` and `adopt` take about the ways in. The passphrase itself comes from the global options.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    #[command(flatten)]
    pub policy: PassphrasePolicy,
    /// Make a machine key in this file too, or use the one that is there
    #[arg(long, value_name = "PATH")]
    pub machine_key: Option<PathBuf>,
    /// Make no passphrase: the machine key and the recovery code are the ways in
    #[arg(long, conflicts_with = "generate_passphrase")]
    pub no_passphrase: bool,
    /// Make no recovery code
    #[arg(long)]
    pub no_recovery: bool,
    /// What to call the vault
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub name: String,
}

/// A vault just made, and what has to be told about it once.
pub struct Created {
    /// Open.
    pub vault: Vault,
    /// Where it is, as it was named.
    pub path: PathBuf,
    /// What was made up for it.
    pub secrets: MadeUp,
    /// Whether the machine key's file was there before.
    pub machine_key_reused: bool,
    /// Whether the answer in JSON is given, because it was the only copy of a secret.
    pub answered: bool,
}

/// What was made up and has to be told once.
#[derive(Default)]
pub struct MadeUp {
    /// The passphrase, when nobody gave one.
    pub passphrase: Option<Secret>,
    /// The recovery code, when there is a new one.
    pub recovery_code: Option<Secret>,
    /// The machine key's file, when one was asked for. What is in it is never printed.
    pub machine_key: Option<PathBuf>,
}

/// Makes a vault at `path`.
///
/// # Errors
/// 2 without any way in, 3 when something is there or cannot be written, 4 when nobody gives a
/// passphrase, 7 for a weak one or a file that is no usable machine key.
pub fn create(
    context: &Context,
    path: &Path,
    args: &CreateArgs,
    contents: Contents,
    imported: Option<Report<'_>>,
) -> Result<Created, Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::from(Error::AlreadyThere { path: path.to_owned() })
            .hint("strongroom import FILE")
            .hint("repeat the command with --vault PATH"));
    }
    if args.no_passphrase && args.no_recovery && args.machine_key.is_none() {
        return Err(Failure::usage(
            "no way in is left: give --machine-key PATH, or leave out --no-passphrase or --no-recovery",
        ));
    }
    if context.globals.factor_file.is_some() {
        return Err(Failure::usage("a new vault's passphrase needs no key file; --factor-file would be of no effect")
            .hint("strongroom slot add --new-factor-file PATH"));
    }
    let ways = WaysIn {
        key: args.machine_key.as_deref().map(KeyToUse::find).transpose()?,
        passphrase: if args.no_passphrase { None } else { Some(new_passphrase(context, args)?) },
        recovery_code: if args.no_recovery { None } else { Some(RecoveryCode::generate()?) },
        cost: args.policy.kdf.cost(),
    };
    let mut contents = contents;
    contents.name.clone_from(&args.name);
    let new = |slots| NewVault { contents, slots, author: context::author(), pins: context::pins() };
    ways.make(context, path, new, imported)
}

/// What a new vault will open with.
pub struct WaysIn {
    /// A machine key.
    pub key: Option<KeyToUse>,
    /// A passphrase, and what a guess of it costs.
    pub passphrase: Option<NewPassphrase>,
    /// See `passphrase`.
    pub cost: KdfCost,
    /// A code to print.
    pub recovery_code: Option<RecoveryCode>,
}

impl WaysIn {
    /// Makes the vault at `path`: all that can fail first, then what was made up is shown, and on a terminal written down,
    /// then the machine key's file, then the vault that these open. With `--json` what was made up is part of the one answer, which is given when
    /// the vault has only to be moved into place.
    ///
    /// # Errors
    /// 3 when something cannot be written, 7 for what the format cannot take.
    pub fn make(
        self,
        context: &Context,
        path: &Path,
        new: impl FnOnce(Vec<NewSlot>) -> NewVault,
        imported: Option<Report<'_>>,
    ) -> Result<Created, Failure> {
        let new = new(self.slots()?);
        let memory = self.passphrase.as_ref().map(|_| self.cost.memory_kib);
        let prepared =
            patience::told(context, memory, || new.prepare()).map_err(|error| Failure::from(error).at(path))?;
        let new_directories: Vec<&Path> = path.ancestors().skip(1).take_while(|above| !exists(above)).collect();
        private_file::make_parents(path)?;
        let machine_key_reused = self.key.as_ref().is_some_and(|key| key.reused);
        let binding = (prepared.vault_id(), prepared.data_key_id());
        let mut secrets = MadeUp {
            passphrase: self.passphrase.filter(|passphrase| passphrase.generated).map(|passphrase| passphrase.text),
            recovery_code: self.recovery_code.map(|code| code.to_text()),
            machine_key: None,
        };
        let shown = secrets.show(context)?;
        if shown {
            wait_until_written_down(context, &new_directories)?;
        }
        let key = self.key.map(|key| key.write(context, Some(binding))).transpose();
        secrets.machine_key =
            key.map_err(|failure| AfterFailure { untouched: true, shown, made: None }.tell(failure))?;
        let answered = context.json && secrets.is_something();
        let mut handing_over = HandingOver { shown, refused: None };
        let hand_over = |_: &Info| match answered {
            true => handing_over.give(|| secrets.print_json(path, imported)),
            false => Ok(()),
        };
        let vault = prepared.create_after(path, hand_over).map_err(|error| {
            let untouched = matches!(error, Error::AlreadyThere { .. } | Error::VerifyFailed { .. })
                || path.symlink_metadata().is_err();
            let made = secrets.machine_key.as_deref().filter(|_| !machine_key_reused);
            let shown = handing_over.shown;
            AfterFailure { untouched, shown, made }.tell(handing_over.failure(Failure::from(error).at(path)))
        })?;
        context.made(&vault);
        Ok(Created { vault, path: path.to_owned(), secrets, machine_key_reused, answered })
    }

    fn slots(&self) -> Result<Vec<NewSlot>, Failure> {
        let mut slots = Vec::new();
        if let Some(passphrase) = &self.passphrase {
            slots.push(NewSlot::passphrase("passphrase", &passphrase.text, self.cost).map_err(unusable)?);
        }
        if let Some(key) = &self.key {
            slots.push(key.slot("machine key")?);
        }
        if let Some(code) = &self.recovery_code {
            slots.push(NewSlot::recovery_code("recovery code", code));
        }
        Ok(slots)
    }
}

/// Lets somebody read what was shown once before more comes: a list of records scrolls it off a screen. There is nothing
/// yet that depends on it, so whoever gives up here leaves nothing behind.
fn wait_until_written_down(context: &Context, new_directories: &[&Path]) -> Result<(), Failure> {
    let on_screen = io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal();
    if !on_screen || !prompt::possible(context) {
        return Ok(());
    }
    prompt::enter("Press Enter when you have written it down: ", || {
        for directory in new_directories {
            // Only what is empty goes.
            let _ = std::fs::remove_dir(directory);
        }
        prompt::say("nothing was made: what is shown above opens nothing");
    })
}

/// The directory of a bare name is this one.
fn exists(directory: &Path) -> bool {
    directory == Path::new("") || directory.symlink_metadata().is_ok()
}

/// Gives somebody the only copy of what was made up, at the last moment before a vault depends on it.
pub struct HandingOver {
    /// Whether it was shown.
    pub shown: bool,
    /// Why nobody took it.
    pub refused: Option<Failure>,
}

impl HandingOver {
    /// Gives the answer. The library only has to know that it must not go on.
    pub fn give(&mut self, answer: impl FnOnce() -> Result<(), Failure>) -> strongroom::Result<()> {
        answer().map(|()| self.shown = true).map_err(|failure| {
            self.refused = Some(failure.cause("what was made up could not be shown, so nothing was saved"));
            let source = std::io::ErrorKind::Other.into();
            Error::File { operation: "write to", path: "standard output".into(), source }
        })
    }

    /// What failed: the answer, when nobody took it, else the save.
    pub fn failure(self, save: Failure) -> Failure {
        self.refused.unwrap_or(save)
    }
}

/// What to do about secrets that were made for a version of a vault whose save failed.
pub struct AfterFailure<'a> {
    /// Whether it is certain that nothing of it was saved. When only the directory could not be synchronised, the new
    /// version is in place.
    pub untouched: bool,
    /// Whether secrets were shown for it.
    pub shown: bool,
    /// The file that was made for it.
    pub made: Option<&'a Path>,
}

impl AfterFailure<'_> {
    /// Removes what opens nothing, and says what became of the rest.
    pub fn tell(self, failure: Failure) -> Failure {
        if !self.untouched {
            return failure.cause("the new version may be in place all the same, so what was made for it is kept");
        }
        if let Some(file) = self.made.filter(|file| !is_shared(file)) {
            // A new key that opens nothing would be refused as bound to another vault next time.
            let _ = std::fs::remove_file(file);
        }
        if self.shown { failure.cause("nothing was saved: what is shown above opens nothing") } else { failure }
    }
}

/// Whether another command found the machine key that was made here and made it a way into its own vault meanwhile:
/// then it names no vault any more, as a new one always does.
fn is_shared(file: &Path) -> bool {
    unlock::read_machine_key(file).is_ok_and(|key| key.vault_id().is_none())
}

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

/// What was made, for whoever asked: `{"vault","passphrase","recovery_code","machine_key"}`, and what `adopt` adds.
#[derive(Serialize)]
struct Answer<'a> {
    vault: String,
    passphrase: Option<&'a str>,
    recovery_code: Option<&'a str>,
    machine_key: Option<String>,
    #[serde(flatten)]
    imported: Option<Report<'a>>,
}

impl MadeUp {
    /// The answer in JSON. When it is the only copy of a secret, also a closed pipe is a failure.
    ///
    /// # Errors
    /// Exit code 3 when it cannot be written.
    pub fn print_json(&self, vault: &Path, imported: Option<Report<'_>>) -> Result<(), Failure> {
        let answer = Answer {
            vault: vault.display().to_string(),
            passphrase: self.passphrase.as_ref().map(Secret::expose_secret),
            recovery_code: self.recovery_code.as_ref().map(Secret::expose_secret),
            machine_key: self.machine_key.as_ref().map(|path| path.display().to_string()),
            imported,
        };
        match self.is_something() {
            true => output::json_only_copy(&answer, 1024),
            false => output::json(&answer),
        }
    }

    /// Shows the texts, to be written down now, before anything depends on them; not with `--json`, whose one answer
    /// comes last. Tells whether there was something to show.
    ///
    /// # Errors
    /// Exit code 3 when they cannot be written, also to a closed pipe: then nothing may be saved that needs them.
    pub fn show(&self, context: &Context) -> Result<bool, Failure> {
        let texts = self.texts();
        if context.json || texts.is_empty() {
            return Ok(false);
        }
        output::only_copy(texts.as_bytes())
            .map_err(|failure| failure.cause("what was made up could not be shown, so nothing was saved"))?;
        Ok(true)
    }

    /// Whether there is a secret that exists nowhere else.
    pub fn is_something(&self) -> bool {
        self.passphrase.is_some() || self.recovery_code.is_some()
    }

    fn texts(&self) -> Zeroizing<String> {
        let secrets = [("passphrase", &self.passphrase), ("recovery code", &self.recovery_code)];
        let mut text = Zeroizing::new(String::with_capacity(4096));
        if self.is_something() {
            text.push_str("shown once, write it down now:\n\n");
        }
        for (name, secret) in secrets {
            if let Some(secret) = secret {
                text.push_str("  ");
                text.push_str(name);
                text.extend(std::iter::repeat_n(' ', 15 - name.len()));
                text.push_str(secret.expose_secret());
                text.push('\n');
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

impl Created {
    /// One line on the vault and one on the machine key.
    pub fn describe(&self) -> String {
        let mut text = format!("made the vault {}\n", self.path.display());
        if let Some(path) = &self.secrets.machine_key {
            let how =
                if self.machine_key_reused { "added the machine key that was in" } else { "made the machine key" };
            text.push_str(&format!("{how} {}\n", path.display()));
        }
        text
    }
}

fn new_passphrase(context: &Context, args: &CreateArgs) -> Result<NewPassphrase, Failure> {
    new_secret::from_globals(context, &args.policy).map_err(|failure| {
        if failure.code == code::UNLOCK && !prompt::possible(context) && args.machine_key.is_some() {
            failure.hint("--no-passphrase makes a vault that only the machine key and the recovery code open")
        } else {
            failure
        }
    })
}

/// A new passphrase that the format cannot take is refused; there is nothing to unlock yet.
pub fn unusable(error: Error) -> Failure {
    let refused = matches!(error, Error::Text(TextError::Passphrase(_)));
    let failure = Failure::from(error);
    if refused { Failure { code: code::REFUSED, ..failure } } else { failure }
}

/// The text and a line feed, in memory that is wiped.
pub fn line(text: &Secret) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    line.extend_from_slice(text.expose_secret().as_bytes());
    line.push(b'\n');
    line
}
