//! `strongroom copy`: the same records in a vault with an identity, a data key and ways in of its own.

use std::path::{Path, PathBuf};

use strongroom::{Error, RecoveryCode, Vault};

use crate::context::Context;
use crate::create::{Created, KeyToUse, WaysIn};
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::unlock::new_secret::{self, NewPassphraseArgs};
use crate::unlock::streams;

// What `copy` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The vault to make
    #[arg(value_name = "DEST")]
    destination: PathBuf,
    /// Make a machine key for the copy in this file, or use the one that is there
    #[arg(long, value_name = "PATH")]
    machine_key: Option<PathBuf>,
    /// Make no passphrase: the machine key and the recovery code are the ways in
    #[arg(long, conflicts_with = "generate_passphrase")]
    no_passphrase: bool,
    /// Make no recovery code
    #[arg(long)]
    no_recovery: bool,
    #[command(flatten)]
    new: NewPassphraseArgs,
}

/// Copying the file alone would copy its data key; this does not.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let destination = args.destination.as_path();
    if destination.symlink_metadata().is_ok() {
        return Err(Error::AlreadyThere { path: destination.to_owned() }.into());
    }
    if args.no_passphrase && args.no_recovery && args.machine_key.is_none() {
        return Err(Failure::usage(
            "no way in is left: give --machine-key PATH, or leave out --no-passphrase or --no-recovery",
        ));
    }
    streams::refuse_two_readers(context, [], Some(&args.new))?;
    let source = context.open()?;
    let created = make(context, &source, destination, &args)?;
    if context.json {
        if !created.answered {
            created.secrets.print_json(destination, None)?;
        }
        return Ok(Outcome::Done);
    }
    context.note(created.describe().trim_end());
    context.note(format!(
        "the secrets of {} do not open it; what changes in one is not in the other from now on",
        source.path().display()
    ));
    context.note(format!("next: strongroom list --vault {}", output::shell_word(&destination.display().to_string())));
    Ok(Outcome::Done)
}

fn make(context: &Context, source: &Vault, destination: &Path, args: &Args) -> Result<Created, Failure> {
    let ways = WaysIn {
        key: args.machine_key.as_deref().map(KeyToUse::find).transpose()?,
        passphrase: if args.no_passphrase { None } else { Some(new_secret::from_args(context, &args.new)?) },
        recovery_code: if args.no_recovery { None } else { Some(RecoveryCode::generate()?) },
        cost: args.new.policy.kdf.cost(),
    };
    ways.make(context, destination, |slots| source.to_new(slots), None)
}
