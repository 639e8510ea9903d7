//! What has to be said when a way in comes or goes, in the same words everywhere.

use std::path::{Path, PathBuf};

use serde::Serialize;
use strongroom::{Info, LockedVault, NewSlot, Secret, SlotId, Vault};

use super::info;
use crate::context::Context;
use crate::create::{self, AfterFailure, HandingOver, MadeUp};
use crate::failure::Failure;
use crate::output::{self, Table};
use crate::unlock::new_secret::{NewPassphrase, PassphrasePolicy};

/// Labels that a way in gets when the user gives none.
pub mod label {
    /// A typed or generated passphrase.
    pub const PASSPHRASE: &str = "passphrase";
    /// A key in a file.
    pub const MACHINE_KEY: &str = "machine key";
    /// A code on paper.
    pub const RECOVERY_CODE: &str = "recovery code";
}

/// The slot for a new passphrase. One that the format cannot take is refused: exit code 7, nothing was unlocked with
/// it.
pub fn passphrase_slot(label: &str, passphrase: &NewPassphrase, policy: &PassphrasePolicy) -> Result<NewSlot, Failure> {
    NewSlot::passphrase(label, &passphrase.text, policy.kdf.cost()).map_err(create::unusable)
}

/// Whether the file is still the version with this checksum, so that a failed save certainly changed nothing.
fn is_untouched(path: &Path, checksum: [u8; 32]) -> bool {
    LockedVault::read(path).is_ok_and(|now| now.info().checksum == checksum)
}

/// What is made for a way in that comes, and what goes for it.
#[derive(Default)]
pub struct NewWay {
    /// What was made up, and the machine key's file.
    pub made_up: MadeUp,
    /// The second factor that the passphrase needs.
    pub key_file: Option<PathBuf>,
    /// The file that was made for it, and was not there before.
    pub made: Option<PathBuf>,
    /// The slot in whose place it comes.
    pub replaced: Option<SlotId>,
}

/// Gives the answer in JSON before the save, when it is the only copy of a secret.
pub type HandOver<'a> = &'a mut dyn FnMut(SlotId, &Info) -> strongroom::Result<()>;

/// Runs a change of the ways in, which may derive a key from a passphrase. What was made up for it is shown before, and
/// whoever reads it is waited for; with `--json` it is in the answer. Who loses the answer to a save that replaced the
/// old secret is locked out. `change` calls what it is given when there is nothing left to do but to move the new
/// version into place.
///
/// # Errors
/// Those of `change`, with what became of the secrets.
pub fn save(
    context: &Context,
    vault: &mut Vault,
    way: &NewWay,
    change: impl FnOnce(&mut Vault, HandOver<'_>) -> strongroom::Result<SlotId>,
) -> Result<SlotId, Failure> {
    let (path, checksum) = (vault.path().to_owned(), vault.info().checksum);
    let undo = || {
        if let Some(file) = &way.made {
            let _ = std::fs::remove_file(file);
        }
    };
    let shown = way.made_up.show(context).inspect_err(|_| undo())?;
    if shown {
        create::wait_until_written_down(context, "nothing was changed", undo)?;
    }
    let only_copy = context.json && way.made_up.is_something();
    let mut handing_over = HandingOver { shown, refused: None };
    let mut hand_over = |slot: SlotId, info: &Info| match only_copy {
        true => handing_over.give(|| way.print_json(&path, info.revision, slot)),
        false => Ok(()),
    };
    let slot = context.save(vault, |vault| change(vault, &mut hand_over)).map_err(|error| {
        let (untouched, shown) = (is_untouched(&path, checksum), handing_over.shown);
        AfterFailure { untouched, shown, made: way.made.as_deref() }.tell(handing_over.failure(error.into()))
    })?;
    if context.json && !only_copy {
        way.print_json(&path, vault.info().revision, slot)?;
    }
    if vault.info().needs_a_named_slot() {
        context.warn("the passphrases together cost more than one unlock may: from now on --slot ID has to name one");
    }
    Ok(slot)
}

/// After a secret was replaced or removed: what its holder still has, and who else is left.
pub fn say_locked_out(context: &Context, vault: &Vault, whoever: &str) {
    context.note(format!(
        "{whoever} opens nothing saved from now on, and still opens what was saved before: earlier commits, backups, \
         and branches that have not seen this change\nif it may have leaked, rotate the keys at the exchanges too \
         (strongroom list names them)"
    ));
    say_survivors(context, vault);
}

/// The ways in there are now, so that a person can spot one they do not know.
pub fn say_survivors(context: &Context, vault: &Vault) {
    context.note(format!("ways in now:\n{}", table(vault).render().trim_end()));
}

/// `{"vault","revision","slot","replaced","passphrase","recovery_code","machine_key","key_file"}`, null for what is
/// not.
#[derive(Serialize)]
struct Answer<'a> {
    vault: String,
    revision: u64,
    slot: String,
    replaced: Option<String>,
    passphrase: Option<&'a str>,
    recovery_code: Option<&'a str>,
    machine_key: Option<String>,
    key_file: Option<String>,
}

impl NewWay {
    /// The answer in JSON: the slot, and what was made up for it.
    fn print_json(&self, vault: &Path, revision: u64, slot: SlotId) -> Result<(), Failure> {
        let path = |path: &PathBuf| path.display().to_string();
        let made_up = &self.made_up;
        let answer = Answer {
            vault: vault.display().to_string(),
            revision,
            slot: slot.to_string(),
            replaced: self.replaced.map(|slot| slot.to_string()),
            passphrase: made_up.passphrase.as_ref().map(Secret::expose_secret),
            recovery_code: made_up.recovery_code.as_ref().map(Secret::expose_secret),
            machine_key: made_up.machine_key.as_ref().map(path),
            key_file: self.key_file.as_ref().map(path),
        };
        match made_up.is_something() {
            true => output::json_only_copy(&answer, 1024),
            false => output::json(&answer),
        }
    }
}

/// All slots of an open vault.
pub fn table(vault: &Vault) -> Table {
    let opened_by = vault.opened_by();
    let mut table = Table::new(["slot", "kind", "created", "last proven", "used now", "label"]);
    for slot in vault.slots() {
        let used = if slot.info.id == opened_by { "yes" } else { "" };
        table.row([
            slot.info.id.to_string(),
            info::kind(&slot.info).to_owned(),
            output::date(slot.created),
            output::date(slot.proven),
            used.to_owned(),
            slot.label,
        ]);
    }
    table
}

/// A slot by its label and id, for sentences.
pub fn name_of(vault: &Vault, slot: SlotId) -> String {
    match vault.slots().into_iter().find(|details| details.info.id == slot) {
        Some(details) if !details.label.is_empty() => {
            format!("{} ({})", output::printable(&details.label), details.info.id)
        }
        _ => slot.to_string(),
    }
}
