//! New passphrases: from the same kinds of sources, typed twice, or made up; always strong unless told otherwise.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use strongroom::{KdfCost, Secret, generate_passphrase};

use super::source;
use crate::context::Context;
use crate::failure::{Failure, code};
use crate::{prompt, strength};

// Where `passwd` and `slot add` take the new passphrase from.
#[derive(Debug, Args)]
pub struct NewPassphraseArgs {
    /// Read the new passphrase from this file; `-` is standard input
    #[arg(long, value_name = "PATH")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from this open descriptor
    #[arg(long, value_name = "N")]
    pub new_passphrase_fd: Option<u32>,
    /// Read the new passphrase from what this command prints
    #[arg(long, value_name = "CMD")]
    pub new_passphrase_command: Option<OsString>,
    #[command(flatten)]
    pub policy: PassphrasePolicy,
}

// What a new passphrase has to be and to cost.
#[derive(Debug, Args)]
pub struct PassphrasePolicy {
    /// Make up a passphrase and print it once
    #[arg(long)]
    pub generate_passphrase: bool,
    /// Take a passphrase that can be guessed
    #[arg(long)]
    pub allow_weak_passphrase: bool,
    /// What a guess costs: 256 MiB x 3, 64 MiB x 4, 1 GiB x 4, 19 MiB x 2
    #[arg(long, value_enum, default_value_t = Kdf::Standard, value_name = "COST", hide_possible_values = false)]
    pub kdf: Kdf,
}

/// Named costs of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kdf {
    Standard,
    Small,
    Paranoid,
    Minimum,
}

impl Kdf {
    /// The numbers.
    pub fn cost(self) -> KdfCost {
        match self {
            Kdf::Standard => KdfCost::STANDARD,
            Kdf::Small => KdfCost::SMALL,
            Kdf::Paranoid => KdfCost::PARANOID,
            Kdf::Minimum => KdfCost::MINIMUM,
        }
    }
}

/// A passphrase for a new way in.
pub struct NewPassphrase {
    /// The text.
    pub text: Secret,
    /// Whether we made it up, so that somebody has to be told.
    pub generated: bool,
}

/// For `passwd` and `slot add`.
///
/// # Errors
/// 2, 3 and 4 from the source; 7 for a weak one.
pub fn from_args(context: &Context, args: &NewPassphraseArgs) -> Result<NewPassphrase, Failure> {
    let given = source::named(
        context,
        args.new_passphrase_file.as_deref(),
        args.new_passphrase_fd,
        args.new_passphrase_command.as_deref(),
    )?;
    finish(context, given, &args.policy, "--new-passphrase-file PATH")
}

/// For `init` and `adopt`, where the global passphrase options mean the new passphrase.
///
/// # Errors
/// As [`from_args`].
pub fn from_globals(context: &Context, policy: &PassphrasePolicy) -> Result<NewPassphrase, Failure> {
    let globals = &context.globals;
    let given = source::named(
        context,
        globals.passphrase_file.as_deref(),
        globals.passphrase_fd,
        globals.passphrase_command.as_deref(),
    )?;
    finish(context, given, policy, "--passphrase-file PATH")
}

fn finish(
    context: &Context,
    given: Option<Secret>,
    policy: &PassphrasePolicy,
    file_option: &str,
) -> Result<NewPassphrase, Failure> {
    let given = match given {
        Some(_) if policy.generate_passphrase => {
            return Err(Failure::usage("--generate-passphrase does not go with a passphrase that is given"));
        }
        None if policy.generate_passphrase => return generated(),
        Some(text) => text,
        None if !prompt::possible(context) => {
            return Err(Failure::new(code::UNLOCK, "no-secret", "no new passphrase is given and nobody can be asked")
                .hint(format!("{file_option} takes one, --generate-passphrase makes one and prints it")));
        }
        None => return typed(context, policy),
    };
    if given.is_empty() {
        return Err(Failure::usage("the new passphrase is empty"));
    }
    strength::check(&given, policy.allow_weak_passphrase)?;
    Ok(NewPassphrase { text: given, generated: false })
}

/// Typed at the terminal, and judged before it is asked for again: nobody should type a refused one twice.
fn typed(context: &Context, policy: &PassphrasePolicy) -> Result<NewPassphrase, Failure> {
    let mut tries_left = prompt::TRIES;
    loop {
        tries_left -= 1;
        let text = prompt::secret(context, "New passphrase (empty: make one up): ")?;
        if text.is_empty() {
            return generated();
        }
        let problem = match strength::check(&text, policy.allow_weak_passphrase) {
            Err(weak) => weak,
            Ok(()) if prompt::secret(context, "The same again: ")? == text => {
                return Ok(NewPassphrase { text, generated: false });
            }
            Ok(()) => Failure::usage("the two entries differ"),
        };
        if tries_left == 0 {
            return Err(problem);
        }
        let why = problem.causes.iter().fold(problem.message, |text, cause| format!("{text} ({cause})"));
        prompt::say(&format!("{why}; try again"));
    }
}

fn generated() -> Result<NewPassphrase, Failure> {
    Ok(NewPassphrase { text: generate_passphrase()?, generated: true })
}
