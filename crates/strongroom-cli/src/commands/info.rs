//! `strongroom info`: the header, which anybody with the file can read.

use serde::Serialize;
use strongroom::{Info, SlotInfo, SlotKind, Vault};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Table};

// What `info` takes.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Needs no secret and looks at no pin.
pub fn run(context: &Context, _args: Args) -> Result<Outcome, Failure> {
    let path = context.find_vault_path()?;
    let info = context.read_locked(&path)?.info();
    if context.json {
        output::json(&document(&info))?;
        return Ok(Outcome::Done);
    }
    let mut facts = Table::plain();
    facts.row(["vault".into(), path.display().to_string()]);
    facts.row(["format".into(), format!("version {}, {} bytes", info.version, info.file_bytes)]);
    facts.row(["vault id".into(), hex(&info.vault_id)]);
    facts.row(["revision".into(), info.revision.to_string()]);
    facts.row(["data key id".into(), hex(&info.data_key_id)]);
    facts.row(["checksum".into(), hex(&info.checksum)]);
    output::text(facts.render())?;
    let mut slots = Table::new(["slot", "kind", "cost"]);
    for slot in &info.slots {
        slots.row([slot.id.to_string(), kind(slot).to_owned(), cost(slot)]);
    }
    output::text(format!("\n{}", slots.render()))?;
    context.note(format!("\nhosts without a pin can use --expect {}", expectation(&info)));
    Ok(Outcome::Done)
}

/// The header as JSON, and what only the holders of an open vault know.
#[derive(Serialize)]
pub struct Document {
    version: u8,
    vault_id: String,
    revision: u64,
    data_key_id: String,
    slots: Vec<SlotDocument>,
    file_bytes: u64,
    checksum: String,
    expect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_by: Option<String>,
}

#[derive(Serialize)]
struct SlotDocument {
    id: String,
    kind: &'static str,
    kdf: Option<KdfDocument>,
    key_file: bool,
    #[serde(flatten)]
    details: Option<DetailsDocument>,
}

#[derive(Serialize)]
struct KdfDocument {
    memory_kib: u32,
    passes: u8,
    lanes: u8,
}

#[derive(Serialize)]
struct DetailsDocument {
    label: String,
    created: String,
    proven: String,
}

/// What the header says.
pub fn document(info: &Info) -> Document {
    Document {
        version: info.version,
        vault_id: hex(&info.vault_id),
        revision: info.revision,
        data_key_id: hex(&info.data_key_id),
        slots: info.slots.iter().map(slot_document).collect(),
        file_bytes: info.file_bytes,
        checksum: hex(&info.checksum),
        expect: expectation(info),
        opened_by: None,
    }
}

/// What the header says, with labels and times, and which slot opened the vault.
pub fn open_document(vault: &Vault) -> Document {
    let mut document = document(&vault.info());
    document.opened_by = Some(vault.opened_by().to_string());
    for details in vault.slots() {
        let id = details.info.id.to_string();
        if let Some(slot) = document.slots.iter_mut().find(|slot| slot.id == id) {
            slot.details = Some(DetailsDocument {
                label: details.label,
                created: output::time(details.created),
                proven: output::time(details.proven),
            });
        }
    }
    document
}

fn slot_document(slot: &SlotInfo) -> SlotDocument {
    let (kind, kdf, key_file) = match slot.kind {
        SlotKind::RandomKey => ("random-key", None, false),
        SlotKind::Passphrase { cost, key_file } => {
            // Version 1 of the format has one lane.
            let kdf = KdfDocument { memory_kib: cost.memory_kib, passes: cost.passes, lanes: 1 };
            ("passphrase", Some(kdf), key_file)
        }
    };
    SlotDocument { id: slot.id.to_string(), kind, kdf, key_file, details: None }
}

/// The kind of a slot in words.
pub fn kind(slot: &SlotInfo) -> &'static str {
    match slot.kind {
        SlotKind::RandomKey => "random key",
        SlotKind::Passphrase { key_file: false, .. } => "passphrase",
        SlotKind::Passphrase { key_file: true, .. } => "passphrase and key file",
    }
}

fn cost(slot: &SlotInfo) -> String {
    match slot.kind {
        SlotKind::RandomKey => String::new(),
        SlotKind::Passphrase { cost, .. } => {
            format!("Argon2id {} MiB, {} passes", cost.memory_kib / 1024, cost.passes)
        }
    }
}

/// What `--expect` takes.
fn expectation(info: &Info) -> String {
    format!("{}@{}:{}", hex(&info.vault_id), info.revision, hex(&info.data_key_id))
}

/// Bytes as people and scripts read them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::{KdfCost, SlotId};

    #[test]
    fn the_shape_is_the_documented_one() {
        let slot = |id, kind| SlotInfo { id: SlotId([id; 8]), kind };
        let info = Info {
            version: 1,
            vault_id: [0xab; 16],
            revision: 3,
            data_key_id: [0; 16],
            slots: vec![
                slot(1, SlotKind::RandomKey),
                slot(2, SlotKind::Passphrase { cost: KdfCost::SMALL, key_file: true }),
            ],
            file_bytes: 5000,
            checksum: [0; 32],
        };
        let document = serde_json::to_value(document(&info)).unwrap();
        assert_eq!(document["slots"][0]["kdf"], serde_json::Value::Null);
        assert_eq!(document["slots"][1]["kdf"], serde_json::json!({ "memory_kib": 65536, "passes": 4, "lanes": 1 }));
        assert_eq!(document["vault_id"], "abababababababababababababababab");
        assert_eq!(document["slots"][0].get("label"), None, "nobody knows it without a secret");
    }
}
