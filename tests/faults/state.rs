//! What a vault holds, without what differs from run to run: ids, times, random bytes.

use std::path::Path;

use serde_json::Value;
use strongroom::{Error, KeyFile, MachineKey, OpenOptions, Secret, Unlock, Vault, formats};
use strongroom_tests::Sandbox;

/// One version of a vault, comparable with that of another run.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub revision: u64,
    /// Records, values and metadata.
    pub records: Value,
    /// Labels of the ways in, and what opens each.
    pub slots: Vec<String>,
    pub data_key_id: [u8; 16],
    pub checksum: [u8; 32],
}

impl State {
    pub fn of(vault: &Vault) -> State {
        let contents = vault.contents();
        let records: Vec<_> = contents.records().iter().collect();
        let values: Vec<_> = contents.values().collect();
        let text = formats::write_strongroom(&records, &values).expect("records can be written");
        let mut records: Value = serde_json::from_str(text.expose_secret()).expect("JSON");
        forget_accidents(&mut records);
        let mut slots: Vec<String> =
            vault.slots().iter().map(|slot| format!("{}: {:?}", slot.label, slot.info.kind)).collect();
        slots.sort();
        let info = vault.info();
        State { revision: info.revision, records, slots, data_key_id: info.data_key_id, checksum: info.checksum }
    }

    /// Whether it is this version of another run. Random bytes differ; whether there is another data key than `before`
    /// must not.
    pub fn is_like(&self, other: &State, before: Option<&State>, others_before: Option<&State>) -> bool {
        let rekeyed = |state: &State, before: Option<&State>| before.map(|old| old.data_key_id != state.data_key_id);
        self.revision == other.revision
            && self.records == other.records
            && self.slots == other.slots
            && rekeyed(self, before) == rekeyed(other, others_before)
    }
}

fn forget_accidents(document: &mut Value) {
    match document {
        Value::Object(object) => {
            for name in ["id", "created", "rotated", "changed", "replaced"] {
                object.remove(name);
            }
            object.values_mut().for_each(forget_accidents);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_accidents),
        _ => {}
    }
}

/// Something that opens a vault, or once did.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// A machine key in this file.
    Machine(&'static str),
    /// This passphrase.
    Passphrase(&'static str),
    /// This passphrase beside the key file of this name.
    Factor(&'static str, &'static str),
    /// What the command showed behind this label.
    Shown(&'static str),
}

impl Key {
    /// `None` when it is not there: no such file, or nothing was shown.
    pub fn unlock(self, sandbox: &Sandbox, stdout: &str) -> Option<Unlock> {
        let file = |name: &str| std::fs::read_to_string(sandbox.path(name)).ok();
        match self {
            Key::Machine(name) => machine_key(&file(name)?).map(Unlock::machine_key),
            Key::Passphrase(text) => Unlock::typed(&Secret::copy_of(text)).ok(),
            Key::Factor(text, name) => {
                Some(Unlock::typed(&Secret::copy_of(text)).ok()?.key_file(key_file(&file(name)?)?))
            }
            Key::Shown(label) => Unlock::typed(&Secret::copy_of(&shown(stdout, label)?)).ok(),
        }
    }
}

/// A machine key as it stands in its file: whole, with its line feed, or nothing.
pub fn machine_key(text: &str) -> Option<MachineKey> {
    MachineKey::from_text(&Secret::copy_of(text.strip_suffix('\n')?)).ok()
}

/// A key file as it stands in its file.
pub fn key_file(text: &str) -> Option<KeyFile> {
    KeyFile::from_text(&Secret::copy_of(text.strip_suffix('\n')?)).ok()
}

/// A secret from the answer of a command: `label  TEXT`, or `"label_": "TEXT"` in JSON.
pub fn shown(stdout: &str, label: &str) -> Option<String> {
    if let Ok(answer) = serde_json::from_str::<Value>(stdout) {
        return answer[label.replace(' ', "_")].as_str().map(str::to_owned);
    }
    let line = stdout.lines().find_map(|line| line.trim_start().strip_prefix(label))?;
    Some(line.trim().to_owned())
}

/// Opens the vault as a host that has never seen it.
pub fn open(vault: &Path, unlock: &Unlock) -> Result<State, Error> {
    OpenOptions::new().open(vault, unlock).map(|vault| State::of(&vault))
}
