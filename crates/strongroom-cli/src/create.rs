//! How a vault comes into being: its ways in, the machine key's file, then the vault itself.
//!
//! `init` makes an empty one, `adopt` one with what it read. Everything that can be refused is refused
//! before anything is written; what was made up is shown, and the machine key on disk, before the vault is.

mod handing_over;
mod key_to_use;

use std::path::{Path, PathBuf};

use strongroom::{Contents, Error, Info, KdfCost, NewSlot, NewVault, RecoveryCode, TextError, Vault};

use crate::context::{self, Context};
use crate::failure::{Failure, code};
use crate::output::ImportAnswer;
use crate::unlock::new_secret::{self, NewPassphrase, PassphrasePolicy};
use crate::{patience, private_file, prompt};

pub use handing_over::{AfterFailure, HandingOver, MadeUp, wait_until_written_down};
pub use key_to_use::{KeyToUse, line};

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
    imported: Option<ImportAnswer<'_>>,
) -> Result<Created, Failure> {
    refuse(context, path, args)?;
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

/// What [`create`] would make.
pub struct Plan {
    /// What the vault would open with, in words.
    pub ways: Vec<&'static str>,
    /// The machine key's file, and whether it is there already.
    pub machine_key: Option<(PathBuf, bool)>,
}

/// What [`create`] would make at `path`. Nothing is made, nobody is asked, and no command is run.
///
/// # Errors
/// As [`create`], as far as they are known by then: 7 for a weak passphrase only when a file or descriptor has it.
pub fn plan(context: &Context, path: &Path, args: &CreateArgs) -> Result<Plan, Failure> {
    refuse(context, path, args)?;
    let key = args.machine_key.as_deref().map(KeyToUse::find).transpose()?;
    let globals = &context.globals;
    let passphrase = if args.no_passphrase {
        None
    } else if globals.passphrase_file.is_some() || globals.passphrase_fd.is_some() {
        new_passphrase(context, args)?;
        Some("the passphrase that is given")
    } else if globals.passphrase_command.is_some() {
        Some("the passphrase that the command gives")
    } else if args.policy.generate_passphrase {
        Some("a passphrase that is made up and shown once")
    } else {
        Some("a passphrase that is asked for")
    };
    let recovery_code = (!args.no_recovery).then_some("a recovery code that is shown once");
    let ways = passphrase.into_iter().chain(recovery_code).chain(key.as_ref().map(|_| "the machine key")).collect();
    Ok(Plan { ways, machine_key: key.map(|key| (key.path, key.reused)) })
}

/// What can be refused by looking at the options and the path.
fn refuse(context: &Context, path: &Path, args: &CreateArgs) -> Result<(), Failure> {
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
    Ok(())
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
    /// Makes the vault at `path`: all that can fail first, then what was made up is shown, and on a terminal written
    /// down, then the machine key's file, then the vault that these open. With `--json` what was made up is part of the
    /// one answer, which is given when the vault has only to be moved into place.
    ///
    /// # Errors
    /// 3 when something cannot be written, 7 for what the format cannot take.
    pub fn make(
        self,
        context: &Context,
        path: &Path,
        new: impl FnOnce(Vec<NewSlot>) -> NewVault,
        imported: Option<ImportAnswer<'_>>,
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
            wait_until_written_down(context, "nothing was made", || {
                for directory in new_directories {
                    // Only what is empty goes.
                    let _ = std::fs::remove_dir(directory);
                }
            })?;
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

/// The directory of a bare name is this one.
fn exists(directory: &Path) -> bool {
    directory == Path::new("") || directory.symlink_metadata().is_ok()
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
