//! `strongroom slot`: the ways in.

use std::path::{Path, PathBuf};

use serde::Serialize;
use strongroom::{KeyFile, NewSlot, RecoveryCode, SlotId, Vault};

use super::info;
use super::ways_in::{self, HandOver, NewWay};
use crate::context::Context;
use crate::create::{self, KeyToUse, MadeUp};
use crate::failure::{Failure, Outcome};
use crate::unlock::new_secret::{self, NewPassphraseArgs};
use crate::unlock::streams;
use crate::{arguments, output, patience, private_file, prompt, unlock};

// What `slot` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the ways in, with their labels
    List,
    /// Add a passphrase, a machine key or a recovery code
    Add(AddArgs),
    /// Remove a way in, so that its secret opens nothing saved from then on
    Remove {
        /// 16 hexadecimal digits, as `slot list` shows them
        #[arg(value_name = "ID")]
        id: String,
        /// Do not ask, also when it is the way in that is used now
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// What to call it
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Add a machine key: made in this file, or the one that is there
    #[arg(long, value_name = "PATH", group = "way")]
    machine_key: Option<PathBuf>,
    /// Add a recovery code and print it once
    #[arg(long, group = "way")]
    recovery: bool,
    /// Make the passphrase need this key file too: made when there is none
    #[arg(long, value_name = "PATH", conflicts_with = "way")]
    new_factor_file: Option<PathBuf>,
    #[command(flatten)]
    new: NewPassphraseArgs,
}

/// Lists, adds or removes.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    match args.action {
        Action::List => list(context),
        Action::Add(args) => add(context, &args),
        Action::Remove { id, yes } => remove(context, arguments::slot(&id)?, yes),
    }
}

fn list(context: &Context) -> Result<Outcome, Failure> {
    let vault = context.open()?;
    if context.json {
        output::json(&info::open_document(&vault))?;
    } else {
        output::text(ways_in::table(&vault).render())?;
    }
    Ok(Outcome::Done)
}

fn add(context: &Context, args: &AddArgs) -> Result<Outcome, Failure> {
    let passphrase_is_given = args.new.new_passphrase_file.is_some()
        || args.new.new_passphrase_fd.is_some()
        || args.new.new_passphrase_command.is_some()
        || args.new.policy.generate_passphrase;
    if passphrase_is_given && (args.recovery || args.machine_key.is_some()) {
        return Err(Failure::usage("one way in at a time: a passphrase, --machine-key or --recovery"));
    }
    streams::refuse_two_readers(context, [], Some(&args.new))?;
    let mut vault = context.open()?;
    let label = |usual: &str| args.label.clone().unwrap_or_else(|| usual.to_owned());
    let (slot, way) = match &args.machine_key {
        Some(path) => add_machine_key(context, &mut vault, path, &label(ways_in::label::MACHINE_KEY))?,
        None if args.recovery => {
            let code = RecoveryCode::generate()?;
            let slot = NewSlot::recovery_code(&label(ways_in::label::RECOVERY_CODE), &code);
            let made_up = MadeUp { recovery_code: Some(code.to_text()), ..MadeUp::default() };
            let way = NewWay { made_up, ..NewWay::default() };
            let add = |vault: &mut Vault, hand_over: HandOver<'_>| vault.add_slot_after(slot, hand_over);
            (ways_in::save(context, &mut vault, &way, add)?, way)
        }
        None => add_passphrase(context, &mut vault, args, &label(ways_in::label::PASSPHRASE))?,
    };
    if !context.json {
        report_added(context, &vault, slot, &way);
    }
    Ok(Outcome::Done)
}

fn add_machine_key(
    context: &Context,
    vault: &mut Vault,
    path: &Path,
    label: &str,
) -> Result<(SlotId, NewWay), Failure> {
    let key = KeyToUse::find(path)?;
    let slot = key.slot(label)?;
    let reused = key.reused;
    let now = vault.info();
    // On disk before the vault knows it: a key that opens nothing does less harm than a way in without its key.
    let file = key.write(context, Some((now.vault_id, now.data_key_id)))?;
    let made = (!reused).then(|| file.clone());
    let way = NewWay { made_up: MadeUp { machine_key: Some(file), ..MadeUp::default() }, made, ..NewWay::default() };
    Ok((ways_in::save(context, vault, &way, |vault, hand_over| vault.add_slot_after(slot, hand_over))?, way))
}

fn add_passphrase(
    context: &Context,
    vault: &mut Vault,
    args: &AddArgs,
    label: &str,
) -> Result<(SlotId, NewWay), Failure> {
    // Refused before anybody types anything.
    let factor = args.new_factor_file.as_deref().map(FactorToUse::find).transpose()?;
    let passphrase = new_secret::from_args(context, &args.new)?;
    let mut slot = ways_in::passphrase_slot(label, &passphrase, &args.new.policy)?;
    if let Some(factor) = &factor {
        slot = slot.with_key_file(&factor.key_file);
        factor.write(context)?;
    }
    let made_up = MadeUp { passphrase: passphrase.generated.then_some(passphrase.text), ..MadeUp::default() };
    let made = factor.as_ref().filter(|factor| !factor.reused).map(|factor| factor.path.clone());
    let way = NewWay { made_up, key_file: factor.map(|factor| factor.path), made, replaced: None };
    let memory = Some(args.new.policy.kdf.cost().memory_kib);
    let slot = ways_in::save(context, vault, &way, |vault, hand_over| {
        patience::told(context, memory, || vault.add_slot_after(slot, hand_over))
    })?;
    Ok((slot, way))
}

/// A second factor and the file that it is in or will be in.
struct FactorToUse {
    path: PathBuf,
    key_file: KeyFile,
    reused: bool,
}

impl FactorToUse {
    /// The key file that is there, or a new one. What is there and is none is refused, not overwritten.
    fn find(path: &Path) -> Result<FactorToUse, Failure> {
        if path.symlink_metadata().is_err() {
            return Ok(FactorToUse { path: path.to_owned(), key_file: KeyFile::generate()?, reused: false });
        }
        let key_file = unlock::read_factor(path).map_err(|failure| match failure.kind {
            "bad-key-file" | "not-text" | "too-large" => {
                Failure::refused("key-file", format!("{} is there and is no key file", path.display()))
                    .hint("name a file that does not exist with --new-factor-file PATH")
            }
            _ => failure,
        })?;
        Ok(FactorToUse { path: path.to_owned(), key_file, reused: true })
    }

    fn write(&self, context: &Context) -> Result<(), Failure> {
        if self.reused {
            return Ok(());
        }
        private_file::make_parents(&self.path)?;
        private_file::create(context, &self.path, &create::line(&self.key_file.to_text()))
    }
}

fn report_added(context: &Context, vault: &Vault, slot: SlotId, way: &NewWay) {
    context.note(format!("added {} (revision {})", ways_in::name_of(vault, slot), vault.info().revision));
    if let Some(path) = &way.made_up.machine_key {
        context.note(format!("its machine key is in {}", path.display()));
    }
    if let Some(path) = &way.key_file {
        let path = path.display();
        context
            .note(format!("its key file is {path}; without it the passphrase opens nothing, so keep a copy elsewhere"));
    }
    context.note(format!(
        "it opens every copy and branch that has the data key {}, and all that this vault holds from now on",
        info::hex(&vault.info().data_key_id)
    ));
}

/// What is left after a removal.
#[derive(Serialize)]
struct Removed {
    removed: String,
    #[serde(flatten)]
    vault: info::Document,
}

fn remove(context: &Context, id: SlotId, yes: bool) -> Result<Outcome, Failure> {
    let mut vault = context.open()?;
    let name = ways_in::name_of(&vault, id);
    // Whoever removes the secret in their hand by mistake may have no other.
    if id == vault.opened_by() && !yes {
        if !prompt::possible(context) {
            return Err(Failure::usage(format!("{name} is the way in that is used now, and nobody can be asked"))
                .hint(format!("strongroom slot remove {id} --yes does not ask")));
        }
        if !prompt::confirm(context, &format!("{name} is the way in that you use now. Remove it?"))? {
            context.note("nothing was removed");
            return Ok(Outcome::Attention);
        }
    }
    context.save(&mut vault, |vault| vault.remove_slot(id))?;
    if context.json {
        output::json(&Removed { removed: id.to_string(), vault: info::open_document(&vault) })?;
        return Ok(Outcome::Done);
    }
    context.note(format!("removed {name} and made a new data key (revision {})", vault.info().revision));
    ways_in::say_locked_out(context, &vault, "whoever holds the removed secret");
    Ok(Outcome::Done)
}
