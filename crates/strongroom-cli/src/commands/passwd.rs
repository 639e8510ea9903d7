//! `strongroom passwd`: another passphrase in the place of the old one.

use strongroom::{KeyFile, SlotId, SlotKind, Vault};

use super::ways_in::{self, NewWay};
use crate::context::Context;
use crate::create::MadeUp;
use crate::failure::{Failure, Outcome};
use crate::unlock::new_secret::{self, NewPassphraseArgs};
use crate::unlock::streams;
use crate::{arguments, patience, unlock};

// What `passwd` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Replace this passphrase slot, not the one that opened the vault
    #[arg(long, value_name = "ID")]
    replace: Option<String>,
    #[command(flatten)]
    new: NewPassphraseArgs,
}

/// Replaces one passphrase; the other ways in stay.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    streams::refuse_two_readers(context, [], Some(&args.new))?;
    let replace = args.replace.as_deref().map(arguments::slot).transpose()?;
    let mut vault = context.open()?;
    let old = old_slot(&vault, replace)?;
    let key_file = key_file(context, &vault, old)?;
    let label = vault.slots().into_iter().find(|slot| slot.info.id == old).map(|slot| slot.label).unwrap_or_default();

    let passphrase = new_secret::from_args(context, &args.new)?;
    let mut slot = ways_in::passphrase_slot(&label, &passphrase, &args.new.policy)?;
    if let Some(key_file) = &key_file {
        slot = slot.with_key_file(key_file);
    }
    let made_up = MadeUp { passphrase: passphrase.generated.then_some(passphrase.text), ..MadeUp::default() };
    let memory = Some(args.new.policy.kdf.cost().memory_kib);
    let way = NewWay { made_up, replaced: Some(old), ..NewWay::default() };
    let new = ways_in::save(context, &mut vault, &way, |vault, hand_over| {
        patience::told(context, memory, || vault.replace_slot_after(old, slot, hand_over))
    })?;
    if context.json {
        return Ok(Outcome::Done);
    }
    let revision = vault.info().revision;
    context.note(format!("changed the passphrase: slot {old} became {new} (revision {revision})"));
    ways_in::say_locked_out(context, &vault, "whoever knew the old passphrase");
    Ok(Outcome::Done)
}

/// The passphrase slot to replace: as named, else the one that was used, else the only one.
fn old_slot(vault: &Vault, named: Option<SlotId>) -> Result<SlotId, Failure> {
    let slots = vault.slots();
    let is_passphrase = |id: SlotId| {
        slots.iter().any(|slot| slot.info.id == id && matches!(slot.info.kind, SlotKind::Passphrase { .. }))
    };
    if let Some(id) = named {
        if !slots.iter().any(|slot| slot.info.id == id) {
            return Err(strongroom::Error::NoSuchSlot { slot: id.to_string() }.into());
        }
        if !is_passphrase(id) {
            return Err(Failure::usage(format!("slot {id} is not a passphrase"))
                .hint(format!("strongroom slot remove {id}"))
                .hint("strongroom slot add --recovery")
                .hint("strongroom slot add --machine-key PATH"));
        }
        return Ok(id);
    }
    if is_passphrase(vault.opened_by()) {
        return Ok(vault.opened_by());
    }
    let mut passphrases = slots.iter().map(|slot| slot.info.id).filter(|id| is_passphrase(*id));
    match (passphrases.next(), passphrases.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Failure::usage("there are several passphrases, and none of them opened the vault")
            .hint("strongroom slot list")
            .hint("strongroom passwd --replace ID")),
        (None, _) => Err(Failure::usage("this vault has no passphrase to change").hint("strongroom slot add")),
    }
}

/// The key file that the old passphrase needed, for the new one.
fn key_file(context: &Context, vault: &Vault, old: SlotId) -> Result<Option<KeyFile>, Failure> {
    let needs_key_file = |id: SlotId| {
        let mut slots = vault.slots().into_iter();
        slots.any(|slot| slot.info.id == id && matches!(slot.info.kind, SlotKind::Passphrase { key_file: true, .. }))
    };
    let needed = needs_key_file(old);
    if !needed {
        // It may have been needed to open the vault; else somebody expects the new passphrase to need it.
        let opened_with_it = needs_key_file(vault.opened_by());
        if context.globals.factor_file.is_some() && !opened_with_it {
            return Err(Failure::usage(format!("slot {old} needs no key file, and passwd would not make it need one"))
                .hint("strongroom slot add --new-factor-file PATH"));
        }
        return Ok(None);
    }
    match unlock::factor(context)? {
        Some(key_file) => Ok(Some(key_file)),
        // Dropping the second factor without a word would weaken the way in.
        None => {
            Err(Failure::usage(format!("slot {old} needs a key file beside the passphrase, and the new one will too"))
                .hint("repeat the command with --factor-file PATH"))
        }
    }
}
