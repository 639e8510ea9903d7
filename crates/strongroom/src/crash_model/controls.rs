//! Saves as other programs do them. The model must find what they lose, or it proves nothing.

use std::path::Path;

use super::scenarios::{self, KEY, VAULT, story_of_a_vault};
use super::{Journal, Scenario};
use crate::error::{Error, Result};
use crate::file::{Durability, Here, System, simulated};
use crate::keytext::MachineKey;
use crate::private_file;

const TEMPORARY: &str = "/vaults/.v.strongroom.abc.strongroom-tmp";

type File = <Here as System>::File;

fn failed(source: std::io::Error) -> Error {
    Error::File { operation: "write", path: VAULT.into(), source }
}

fn write_temporary(bytes: &[u8], name: &str) -> Result<File> {
    let mut file = Here::create(Path::new(name)).map_err(failed)?;
    Here::write_all(&mut file, bytes).map_err(failed)?;
    Ok(file)
}

fn move_into_place(name: &str) -> Result<()> {
    Here::rename(Path::new(name), Path::new(VAULT)).map_err(failed)
}

fn sync_directory() -> Result<()> {
    Here::open_directory(Path::new("/vaults")).and_then(|directory| Here::sync_directory(&directory)).map_err(failed)
}

pub(super) fn all() -> Vec<Scenario> {
    let control = |name, save: fn(&[u8]) -> Result<()>| {
        let told = move |journal: &mut Journal| {
            let [newer, _] = scenarios::newer_version()?;
            save(&newer)?;
            journal.saved(VAULT, Durability::Durable);
            Ok(())
        };
        story_of_a_vault(name, told)
    };
    vec![
        control("written where it stands, as sops does", |bytes| {
            let mut file = simulated::with(|disk| disk.truncate(Path::new(VAULT))).map_err(failed)?;
            Here::write_all(&mut file, bytes).map_err(failed)?;
            Here::sync(&file).map_err(failed)
        }),
        control("removed before it is written, as ansible-vault does", |bytes| {
            Here::remove(Path::new(VAULT)).map_err(failed)?;
            Here::sync(&write_temporary(bytes, VAULT)?).map_err(failed)?;
            sync_directory()
        }),
        control("never synchronised", |bytes| {
            write_temporary(bytes, TEMPORARY)?;
            move_into_place(TEMPORARY)?;
            sync_directory()
        }),
        control("renamed before it is synchronised", |bytes| {
            let file = write_temporary(bytes, TEMPORARY)?;
            move_into_place(TEMPORARY)?;
            Here::sync(&file).map_err(failed)?;
            sync_directory()
        }),
        control("synchronised before it is written", |bytes| {
            let mut file = Here::create(Path::new(TEMPORARY)).map_err(failed)?;
            Here::sync(&file).map_err(failed)?;
            Here::write_all(&mut file, bytes).map_err(failed)?;
            move_into_place(TEMPORARY)?;
            sync_directory()
        }),
        control("in a directory that is not synchronised", |bytes| {
            Here::sync(&write_temporary(bytes, TEMPORARY)?).map_err(failed)?;
            move_into_place(TEMPORARY)
        }),
        control("by way of a name that nobody cleans up", |bytes| {
            let name = "/vaults/v.new";
            Here::sync(&write_temporary(bytes, name)?).map_err(failed)?;
            move_into_place(name)?;
            sync_directory()
        }),
        the_key_after_its_vault(),
        the_pin_before_its_vault(),
    ]
}

fn the_key_after_its_vault() -> Scenario {
    let told = |journal: &mut Journal| {
        let key = MachineKey::generate()?;
        let vault = scenarios::create(&key, "0")?;
        journal.saved(VAULT, vault.durability());
        private_file::make_directories(Path::new("/keys"))?;
        let durability = private_file::create(Path::new(KEY), key.to_text().expose_secret().as_bytes())?;
        journal.saved(KEY, durability);
        Ok(())
    };
    let the_only_way_in = scenarios::all().into_iter().find(|scenario| scenario.name.contains("only way in"));
    Scenario { story: Box::new(told), name: "the key after its vault", ..the_only_way_in.expect("it is one of them") }
}

fn the_pin_before_its_vault() -> Scenario {
    story_of_a_vault("the pin before its vault", |journal: &mut Journal| {
        let [vault, pin] = scenarios::newer_version()?;
        Here::sync(&write_temporary(&vault, TEMPORARY)?).map_err(failed)?;
        move_into_place(TEMPORARY)?;
        let _ = private_file::replace(&scenarios::pin(), &pin)?;
        sync_directory()?;
        journal.saved(VAULT, Durability::Durable);
        journal.saved(scenarios::pin(), Durability::Durable);
        Ok(())
    })
}
