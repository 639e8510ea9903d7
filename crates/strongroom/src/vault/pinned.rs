//! A vault and the pin of its path: compared when it is opened, moved when it was opened or saved. SPEC.md, 10.2 and
//! 10.3.
//!
//! A pin that cannot be written is a warning: a bot must start on a host whose state directory is read-only, or where
//! there cannot be one. A pin that is there and cannot be read, or refuses the vault, is an error.

use data_encoding::HEXLOWER;

use super::Vault;
use crate::container::Header;
use crate::error::{Error, PinError, Result};
use crate::file::{self, Durability};
use crate::pin::{Abandoned, Pin, PinStore, Verdict};

/// What a comparison with the pin leads to.
struct Judged {
    /// Whether the pin is to become this version.
    moves: bool,
    /// What was given up for this version and is not listed in it.
    abandoned: Option<Abandoned>,
    warning: Option<String>,
}

impl Vault {
    /// Compares with the pin and moves it.
    pub(super) fn check_pin(&mut self) -> Result<()> {
        let Some(pins) = self.options.pins.clone() else { return Ok(()) };
        let judged = self.judge(pins.load(&self.path)?.as_ref())?;
        if !judged.moves || self.options.leaves_pin {
            self.take(judged);
            return Ok(());
        }
        // git, for one, leaves a file to the system to write. A pin that survives a power cut which the file did not
        // would refuse what is left as rolled back.
        match file::settle(&self.path) {
            Ok(()) => self.move_pin(&pins, judged),
            Err(source) => {
                self.take(judged);
                self.warn_of_pin(&Error::File { operation: "synchronise", path: self.path.clone(), source });
                Ok(())
            }
        }
    }

    /// Compares with the pin and leaves it where it is: a save that follows moves it.
    pub(super) fn consult_pin(&mut self) -> Result<()> {
        if let Some(pins) = &self.options.pins {
            self.abandoned = self.judge(pins.load(&self.path)?.as_ref())?.abandoned;
        }
        Ok(())
    }

    /// Whether a file that no secret has opened is at least of the vault that was last seen here.
    pub(super) fn check_vault_id(&self, header: &Header) -> Result<()> {
        let pin = match &self.options.pins {
            Some(pins) => pins.load(&self.path)?,
            None => None,
        };
        match pin {
            Some(pin) if pin.vault_id != header.vault_id => {
                let accept = HEXLOWER.encode(&header.data_key_id);
                Err(PinError::Substituted { difference: "another vault id", accept }.into())
            }
            _ => Ok(()),
        }
    }

    /// Moves the pin from wherever it is now: while we compared, somebody may have opened or saved a newer version, and
    /// a pin never goes back unasked.
    fn move_pin(&mut self, pins: &PinStore, judged: Judged) -> Result<()> {
        let held = match pins.hold(&self.path) {
            Ok(held) => held,
            Err(error) => {
                self.take(judged);
                self.warn_of_pin(&error);
                return Ok(());
            }
        };
        let judged = self.judge(held.load()?.as_ref())?;
        let moves = judged.moves;
        self.take(judged);
        if moves && let Err(error) = held.save(&self.version.seen().pin(self.abandoned)) {
            self.warn_of_pin(&error);
        }
        Ok(())
    }

    /// After a save: says when a power cut could undo it, and moves the pin when none can. A `new` vault's owner put it
    /// where another may have been, so the pin of another does not count.
    pub(super) fn saved(&mut self, durability: Durability, new: bool) {
        self.durability = durability;
        if durability == Durability::Uncertain {
            self.warn("saved, but its directory could not be synchronised: a power cut could undo it".into());
            // The next time it is opened, the pin follows.
            return;
        }
        let Some(pins) = self.options.pins.clone() else { return };
        if let Err(error) = self.pin_what_was_saved(&pins, new) {
            self.warn_of_pin(&error);
        }
    }

    fn pin_what_was_saved(&self, pins: &PinStore, new: bool) -> Result<()> {
        let held = pins.hold(&self.path)?;
        let seen = self.version.seen();
        let overtaken = |pin: &Pin| {
            let another = pin.vault_id != seen.header.vault_id;
            !(new && another) && matches!(seen.compare(pin), Verdict::Refused(_))
        };
        match held.load() {
            Ok(Some(pin)) if overtaken(&pin) => Ok(()),
            Ok(_) => held.save(&seen.pin(self.abandoned)),
            Err(Error::Pin(PinError::Unreadable { .. })) if new => held.save(&seen.pin(self.abandoned)),
            Err(error) => Err(error),
        }
    }

    fn judge(&self, pin: Option<&Pin>) -> Result<Judged> {
        let seen = self.version.seen();
        let moves = |abandoned, warning| Ok(Judged { moves: true, abandoned, warning });
        let Some(pin) = pin else { return moves(self.abandoned, None) };
        if seen.checksum == pin.checksum && seen.header.vault_id == pin.vault_id {
            return Ok(Judged { moves: false, abandoned: pin.abandoned, warning: None });
        }
        match seen.compare(pin) {
            // What was given up stays to be listed until a version lists it, ours or somebody else's.
            Verdict::Accepted => {
                moves(pin.abandoned.filter(|given_up: &Abandoned| !seen.descends_from(&given_up.checksum)), None)
            }
            Verdict::AcceptedFarAhead => {
                let warning = format!(
                    "the vault is {} saves ahead of the one last seen here; what lies between could not be followed",
                    seen.header.revision - pin.revision
                );
                moves(self.abandoned, Some(warning))
            }
            Verdict::Refused(refused) => {
                if !accepts(self.options.accept.as_deref(), &refused) {
                    return Err(refused.into());
                }
                // Another vault has no descendants of this one, so there is nothing to follow.
                let same_vault = pin.vault_id == seen.header.vault_id;
                let given_up = Abandoned { checksum: pin.checksum, revision: pin.revision };
                moves(if same_vault { Some(given_up) } else { self.abandoned }, None)
            }
        }
    }

    fn take(&mut self, judged: Judged) {
        self.abandoned = judged.abandoned;
        judged.warning.into_iter().for_each(|warning| self.warn(warning));
    }

    fn warn_of_pin(&mut self, error: &Error) {
        self.warn(format!("{error}: an older vault would not be noticed"));
    }

    /// Once each: a bot that saves all day on a read-only state directory has one warning of it.
    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

fn accepts(accept: Option<&str>, refused: &PinError) -> bool {
    match refused {
        PinError::RolledBack { accept: needed, .. }
        | PinError::Forked { accept: needed, .. }
        | PinError::Substituted { accept: needed, .. } => accept == Some(needed.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keytext::MachineKey;
    use crate::record::Contents;
    use crate::secret::Secret;
    use crate::vault::{LockedVault, NewSlot, NewVault, OpenOptions, Unlock};

    #[test]
    fn a_look_that_leaves_the_pin_compares_with_it_and_writes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let pins = PinStore::at(at("pins"));
        let key = MachineKey::generate().unwrap();
        let slots = vec![NewSlot::machine_key("", &key)];
        let new = NewVault { contents: Contents::default(), slots, author: String::new(), pins: None };
        new.prepare().unwrap().create(&at("v")).unwrap();
        let unlock = Unlock::machine_key(key);
        let look = || OpenOptions::new().pins(pins.clone()).leave_pin().open(at("v"), &unlock);
        look().unwrap();
        assert!(!at("pins").exists());

        OpenOptions::new().pins(pins.clone()).open(at("v"), &unlock).unwrap();
        let (older, pinned) = (std::fs::read(at("v")).unwrap(), pins.load(&at("v")).unwrap());
        let change = |contents: &mut Contents| {
            contents.set_value("EXAMPLE", Secret::copy_of("2"), 0);
            Ok(())
        };
        OpenOptions::new().open(at("v"), &unlock).unwrap().edit(change).unwrap();
        look().unwrap();
        assert_eq!(pins.load(&at("v")).unwrap(), pinned);

        OpenOptions::new().pins(pins.clone()).open(at("v"), &unlock).unwrap();
        std::fs::write(at("v"), older).unwrap();
        assert!(matches!(look().map(drop), Err(Error::Pin(PinError::RolledBack { .. }))));
    }

    #[test]
    fn a_slow_opener_does_not_move_the_pin_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        let pins = PinStore::at(directory.path().join("pins"));
        let key = MachineKey::generate().unwrap();
        let slots = vec![NewSlot::machine_key("", &key)];
        let new = NewVault { contents: Contents::default(), slots, author: String::new(), pins: Some(pins.clone()) };
        new.prepare().unwrap().create(&path).unwrap();
        let unlock = Unlock::machine_key(key);
        let open = || OpenOptions::new().pins(pins.clone()).open(&path, &unlock).unwrap();
        let save = |vault: &mut Vault, value: &str| {
            let change = |contents: &mut Contents| {
                contents.set_value("EXAMPLE", Secret::copy_of(value), 0);
                Ok(())
            };
            vault.edit(change).unwrap();
        };

        // Somebody compared the second revision with the pin of the first, and does not come to moving it ...
        let before = pins.load(&path).unwrap();
        save(&mut open(), "2");
        let mut slow = open();
        let judged = slow.judge(before.as_ref()).unwrap();
        assert!(judged.moves);
        // ... until another saved the third.
        save(&mut open(), "3");
        let newest = pins.load(&path).unwrap();
        assert_eq!(newest.unwrap().revision, 3);

        let refused = slow.move_pin(&pins, judged);
        assert!(matches!(refused, Err(Error::Pin(PinError::RolledBack { found: 2, pinned: 3, .. }))));
        slow.saved(Durability::Durable, false);
        assert_eq!(pins.load(&path).unwrap(), newest);
        assert_eq!(slow.warnings(), &[] as &[String]);
    }

    #[test]
    fn a_vault_that_was_replaced_while_it_was_unlocked_is_a_matter_of_the_pin_and_not_of_the_secret() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let pins = PinStore::at(at("pins"));
        let make = |path: &std::path::Path, pins| {
            let key = MachineKey::generate().unwrap();
            let slots = vec![NewSlot::machine_key("", &key)];
            let new = NewVault { contents: Contents::default(), slots, author: String::new(), pins };
            new.prepare().unwrap().create(path).unwrap();
            Unlock::machine_key(key)
        };
        let unlock = make(&at("v"), Some(pins.clone()));
        make(&at("another"), None);
        let options = || OpenOptions::new().pins(pins.clone());

        // Read, and overtaken by a save, which moves the pin; then another vault comes into its place.
        let read = LockedVault::read(at("v")).unwrap();
        options().open(at("v"), &unlock).unwrap().rekey().unwrap();
        std::fs::copy(at("another"), at("v")).unwrap();
        let refused = options().unlock(read, &unlock).map(|_| ());
        assert!(matches!(refused, Err(Error::Pin(PinError::Substituted { difference: "another vault id", .. }))));
    }
}
