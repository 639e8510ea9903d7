//! Everything that writes a file, as stories to be interrupted.

use std::path::{Path, PathBuf};

use super::{Found, Journal, Scenario};
use crate::error::Result;
use crate::file::{self, Durability, Here, System, simulated};
use crate::keytext::MachineKey;
use crate::pin::PinStore;
use crate::private_file;
use crate::record::Contents;
use crate::secret::Secret;
use crate::vault::{NewSlot, NewVault, OpenOptions, Unlock, Vault};

pub(super) const VAULT: &str = "/vaults/v.strongroom";
pub(super) const KEY: &str = "/keys/machine.key";
const EXPORT: &str = "/exports/out.json";

/// The key that opens the vault in most stories. It protects nothing.
const BOT: &str = "STRONGROOM-KEY-1-8NC42KAG9H2J0VB1CDM6JVK541NPAY90DSTPTRK5E8G30C1G60RG0000000000000000000000000000000000000000000000000034PVWZJ2QVDS4G";

pub(super) fn bot() -> MachineKey {
    let mut key = MachineKey::from_text(&Secret::copy_of(BOT)).expect("the example of SPEC.md");
    key.unbind();
    key
}

fn pins() -> PinStore {
    PinStore::at("/state/pins")
}

pub(super) fn pin() -> PathBuf {
    pins().path_of(Path::new(VAULT))
}

/// A vault that the key opens, with a value.
pub(super) fn create(key: &MachineKey, value: &str) -> Result<Vault> {
    private_file::make_directories(Path::new("/vaults"))?;
    let mut contents = Contents::default();
    contents.set_value("EXAMPLE", Secret::copy_of(value), 0);
    let slots = vec![NewSlot::machine_key("", key)];
    NewVault { contents, slots, author: String::new(), pins: Some(pins()) }.prepare()?.create(Path::new(VAULT))
}

pub(super) fn open(key: MachineKey) -> Result<Vault> {
    OpenOptions::new().pins(pins()).open(VAULT, &Unlock::machine_key(key))
}

pub(super) fn set(vault: &mut Vault, value: &str) -> Result<()> {
    vault
        .edit(|contents| {
            contents.set_value("EXAMPLE", Secret::copy_of(value), 0);
            Ok(())
        })
        .map(|_| ())
}

/// The key in the key's file.
pub(super) fn key_on_disk() -> Result<MachineKey, String> {
    let bytes = file::read_small(Path::new(KEY), 1024).map_err(|error| format!("no key: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "a spoilt key")?;
    MachineKey::from_text(&Secret::copy_of(text.trim_end())).map_err(|error| error.to_string())
}

fn write_key(key: &MachineKey, journal: &mut Journal) -> Result<()> {
    private_file::make_directories(Path::new("/keys"))?;
    let text = key.to_text();
    // It is removed again when its directory cannot be synchronised.
    journal.may_be(KEY, text.expose_secret().as_bytes());
    let durable = private_file::create(Path::new(KEY), text.expose_secret().as_bytes())?;
    journal.saved(KEY, durable);
    Ok(())
}

/// Nothing before, nothing else to hold, and a save after: the vault opens where it is there, with its pin.
pub(super) fn story(name: &'static str, story: impl Fn(&mut Journal) -> Result<()> + 'static) -> Scenario {
    Scenario {
        name,
        before: Box::new(|| Ok(())),
        story: Box::new(story),
        files: vec![VAULT.into(), pin()],
        others: Vec::new(),
        holds: Box::new(|_| Ok(())),
        after: Box::new(save_or_create),
        cleans: vec![VAULT.into(), pin()],
        renames_new: true,
        syncs_directories: true,
    }
}

/// The same with a vault before.
pub(super) fn story_of_a_vault(name: &'static str, told: impl Fn(&mut Journal) -> Result<()> + 'static) -> Scenario {
    Scenario { before: Box::new(|| create(&bot(), "0").map(|_| ())), ..story(name, told) }
}

fn save_or_create() -> Result<()> {
    match Here::about(Path::new(VAULT)) {
        Ok(_) => set(&mut open(bot())?, "after"),
        Err(_) => create(&bot(), "after").map(|_| ()),
    }
}

/// Whether the key on disk opens the vault where there is this version of it.
fn the_key_opens(found: &Found, version: usize) -> Result<(), String> {
    if found[Path::new(VAULT)] < version {
        return Ok(());
    }
    open(key_on_disk()?).map(|_| ()).map_err(|error| format!("the key on disk does not open the vault: {error}"))
}

pub(super) fn all() -> Vec<Scenario> {
    let new = |journal: &mut Journal| {
        let vault = create(&bot(), "0")?;
        journal.saved(VAULT, vault.durability());
        Ok(())
    };
    let saved = |journal: &mut Journal| {
        let mut vault = open(bot())?;
        set(&mut vault, "1")?;
        journal.saved(VAULT, vault.durability());
        Ok(())
    };
    vec![
        story("a new vault", new),
        Scenario { renames_new: false, ..story("a new vault by way of a link", new) },
        story_of_a_vault("a save", saved),
        Scenario { syncs_directories: false, ..story_of_a_vault("a save without synchronised directories", saved) },
        Scenario { syncs_directories: false, ..story("a new vault without synchronised directories", new) },
        story_of_a_vault("a large save", |journal| {
            let mut vault = open(bot())?;
            set(&mut vault, &"EXAMPLE".repeat(6000))?;
            journal.saved(VAULT, vault.durability());
            Ok(())
        }),
        story_of_a_vault("two saves", |journal| {
            let mut vault = open(bot())?;
            for value in ["1", "2"] {
                set(&mut vault, value)?;
                journal.saved(VAULT, vault.durability());
            }
            Ok(())
        }),
        story_of_a_vault("a new data key", |journal| {
            let mut vault = open(bot())?;
            vault.rekey()?;
            journal.saved(VAULT, vault.durability());
            Ok(())
        }),
        story_of_a_vault("a way in added and removed", |journal| {
            let mut vault = open(bot())?;
            let slot = vault.add_slot(NewSlot::machine_key("", &MachineKey::generate()?))?;
            journal.saved(VAULT, vault.durability());
            vault.remove_slot(slot)?;
            journal.saved(VAULT, vault.durability());
            Ok(())
        }),
        a_key_and_its_slot(),
        a_key_and_its_vault(),
        a_key_freed_for_another_vault(),
        an_export(),
        a_pin_that_moves(),
        a_pin_for_what_another_program_wrote(),
    ]
}

fn a_key_and_its_slot() -> Scenario {
    let told = |journal: &mut Journal| {
        let mut vault = open(bot())?;
        let key = MachineKey::generate()?;
        write_key(&key, journal)?;
        vault.add_slot(NewSlot::machine_key("", &key))?;
        journal.saved(VAULT, vault.durability());
        Ok(())
    };
    Scenario {
        files: vec![VAULT.into(), pin(), KEY.into()],
        holds: Box::new(|found| the_key_opens(found, 1)),
        ..story_of_a_vault("a machine key and its way in", told)
    }
}

fn a_key_and_its_vault() -> Scenario {
    let told = |journal: &mut Journal| {
        let key = MachineKey::generate()?;
        write_key(&key, journal)?;
        let vault = create(&key, "0")?;
        journal.saved(VAULT, vault.durability());
        Ok(())
    };
    Scenario {
        files: vec![VAULT.into(), pin(), KEY.into()],
        holds: Box::new(|found| the_key_opens(found, 1)),
        after: Box::new(|| match key_on_disk() {
            Ok(key) if Here::about(Path::new(VAULT)).is_ok() => set(&mut open(key)?, "after"),
            _ => create(&bot(), "after").map(|_| ()),
        }),
        ..story("a machine key that is the only way in", told)
    }
}

fn a_key_freed_for_another_vault() -> Scenario {
    let before = || {
        let mut key = bot();
        key.bind([1; 16], [2; 16]);
        write_key(&key, &mut Journal::default())
    };
    let told = |journal: &mut Journal| {
        let durable_key = private_file::replace(Path::new(KEY), bot().to_text().expose_secret().as_bytes())?;
        journal.saved(KEY, durable_key);
        let vault = create(&bot(), "0")?;
        journal.saved(VAULT, vault.durability());
        Ok(())
    };
    Scenario {
        before: Box::new(before),
        files: vec![VAULT.into(), pin(), KEY.into()],
        holds: Box::new(|found| the_key_opens(found, 1)),
        ..story("a key of another vault that is the only way in", told)
    }
}

fn an_export() -> Scenario {
    let export = |text: &str| private_file::replace(Path::new(EXPORT), text.as_bytes());
    let told = move |journal: &mut Journal| {
        let durable = export(&"EXAMPLE plaintext ".repeat(50))?;
        journal.saved(EXPORT, durable);
        Ok(())
    };
    Scenario {
        before: Box::new(move || {
            private_file::make_directories(Path::new("/exports"))?;
            export(&"EXAMPLE earlier ".repeat(100)).map(|_| ())
        }),
        files: vec![EXPORT.into()],
        cleans: vec![EXPORT.into()],
        after: Box::new(move || export("after").map(|_| ())),
        ..story("an export over the last one", told)
    }
}

fn a_pin_that_moves() -> Scenario {
    let told = |journal: &mut Journal| {
        open(bot())?;
        journal.saved(pin(), Durability::Uncertain);
        Ok(())
    };
    Scenario {
        before: Box::new(|| {
            create(&bot(), "0")?;
            let mut elsewhere = Vault::open(VAULT, &Unlock::machine_key(bot()))?;
            set(&mut elsewhere, "1")
        }),
        ..story("a pin that follows its vault", told)
    }
}

/// What that program wrote may be lost. Then the pin must not say that it was there.
fn a_pin_for_what_another_program_wrote() -> Scenario {
    let told = |journal: &mut Journal| {
        let [newer, _] = newer_version()?;
        simulated::with(|disk| disk.replace_carelessly(Path::new(VAULT), &newer));
        open(bot())?;
        journal.saved(pin(), Durability::Uncertain);
        Ok(())
    };
    Scenario {
        files: vec![pin()],
        others: vec![VAULT.into()],
        holds: Box::new(|found| match found[&pin()] {
            0 => Ok(()),
            _ => open(bot()).map(|_| ()).map_err(|error| format!("the pin is ahead of its vault: {error}")),
        }),
        after: Box::new(|| Ok(())),
        cleans: Vec::new(),
        ..story_of_a_vault("a pin for what git wrote", told)
    }
}

/// The bytes of the vault on disk, and of its pin, after one more save. The disk stays as it is.
pub(super) fn newer_version() -> Result<[Vec<u8>; 2]> {
    let disk = simulated::unmount();
    simulated::mount(simulated::Disk::holding(disk.live.clone()));
    let newer = open(bot()).and_then(|mut vault| {
        set(&mut vault, "newer")?;
        let bytes = |path: &Path| simulated::with(|disk| disk.live.bytes(path).cloned().expect("a file"));
        Ok([bytes(Path::new(VAULT)), bytes(&pin())])
    });
    simulated::unmount();
    simulated::mount(disk);
    newer
}
