//! Runs every vector of `tests/vectors`. Tests only; here, because intermediate values are private.
//!
//! Appendix A of SPEC.md says what a vector is. A key this runner does not know fails, so that no misspelt line goes
//! untested.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::container::{self, Header, SlotId};
use crate::error::{Error, FormatError, PinError, TextError};
use crate::keys::{DataKey, SlotContext, SlotSecret, lineage_id, sha256};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::pin::{Expectation, Pin, Verdict};
use crate::secret::Secret;
use crate::vault::{LockedVault, OpenOptions, Unlock, Vault};

thread_local! {
    /// What `available-memory` says, in KiB.
    pub(crate) static AVAILABLE_KIB: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Fewer than this, and a directory was moved or emptied.
const LEAST: usize = 300;

struct Vector {
    keys: BTreeMap<String, String>,
    body: Body,
}

enum Body {
    Armor(String),
    Bytes(Vec<u8>),
}

/// What came of a vector: a kind and a layer, or nothing wrong.
type Outcome = Result<Option<Vault>, (&'static str, &'static str)>;

#[test]
fn g12_every_vector_has_the_outcome_and_the_values_it_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let mut paths: Vec<PathBuf> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(paths.len() >= LEAST, "only {} vectors", paths.len());
    let mut failures = Vec::new();
    for path in &paths {
        if let Err(problem) = check(&Vector::read(path)) {
            failures.push(format!("{}: {problem}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    assert!(failures.is_empty(), "{} of {} vectors:\n{}", failures.len(), paths.len(), failures.join("\n"));
}

#[test]
fn r1_a_file_above_the_limit_is_refused_by_its_length() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large");
    fs::write(&path, container::SIGNATURE).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(container::MOST_BYTES + 1).unwrap();
    let refused = LockedVault::read(&path).err().unwrap();
    assert!(matches!(refused, Error::Format(FormatError::TooLarge { bytes: 67_111_276, .. })));
}

impl Vector {
    fn read(path: &Path) -> Vector {
        let text = fs::read_to_string(path).unwrap();
        let (head, body) = text.split_once("\n\n").expect("a vector has an empty line");
        let mut keys = BTreeMap::new();
        for line in head.lines() {
            let (key, value) = line.split_once(':').expect("key: value");
            let value = value.strip_prefix(' ').unwrap_or(value);
            let earlier = keys.insert(key.to_owned(), value.to_owned());
            assert!(earlier.is_none() || key == "comment", "{key} is there twice");
        }
        let body = match body.strip_prefix("hex:\n") {
            Some(hex) => Body::Bytes(HEXLOWER.decode(hex.replace('\n', "").as_bytes()).expect("hexadecimal")),
            None => Body::Armor(body.to_owned()),
        };
        Vector { keys, body }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// The secret, as the texts of SPEC.md section 6 give it.
    fn unlock(&self) -> Result<Option<Unlock>, Error> {
        let passphrase = match (self.get("passphrase"), self.get("passphrase-hex")) {
            (Some(text), _) => Some(Secret::copy_of(text)),
            (None, Some(hex)) => Some(from_file(&HEXLOWER.decode(hex.as_bytes()).unwrap())?),
            (None, None) => None,
        };
        let unlock = if let Some(text) = passphrase {
            Unlock::typed(&text)?
        } else if let Some(line) = self.get("machine-key") {
            Unlock::machine_key(MachineKey::from_text(&Secret::copy_of(line))?)
        } else if let Some(text) = self.get("recovery-code") {
            Unlock::recovery_code(RecoveryCode::from_text(&Secret::copy_of(text))?)
        } else {
            return Ok(None);
        };
        Ok(Some(match self.get("key-file") {
            Some(line) => unlock.key_file(KeyFile::from_text(&Secret::copy_of(line))?),
            None => unlock,
        }))
    }
}

/// A passphrase as it comes from a file: UTF-8 without its one final line end.
fn from_file(bytes: &[u8]) -> Result<Secret, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| TextError::Passphrase("is not UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Secret::copy_of(text))
}

fn check(vector: &Vector) -> Result<(), String> {
    const KNOWN: [&str; 13] = [
        "comment",
        "expect",
        "layer",
        "passphrase",
        "passphrase-hex",
        "machine-key",
        "recovery-code",
        "key-file",
        "slot",
        "available-memory",
        "pin",
        "require",
        "warning",
    ];
    let values: Vec<(&String, &String)> =
        vector.keys.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str())).collect();
    AVAILABLE_KIB.set(vector.get("available-memory").map(|kib| kib.parse().unwrap()));
    let outcome = outcome(vector);
    AVAILABLE_KIB.set(None);
    let expect = vector.get("expect").ok_or("it expects nothing")?;
    match (&outcome, expect) {
        (Ok(_), "ok") => {}
        (Ok(_), _) => return Err(format!("opened, expected {expect}")),
        (Err((kind, layer)), _) if *kind == expect && vector.get("layer") == Some(layer) => {}
        (Err((kind, layer)), _) => return Err(format!("{kind} ({layer}), expected {expect}")),
    }
    if values.is_empty() {
        return Ok(());
    }
    let Ok(Some(vault)) = outcome else { return Err("values are for vectors that open".into()) };
    let computed = computed(vector, vault);
    for (key, wanted) in values {
        match computed.get(key.as_str()) {
            Some(value) if value == wanted => {}
            Some(_) => return Err(format!("{key} differs")),
            None => return Err(format!("{key} is not a key of vectors")),
        }
    }
    Ok(())
}

fn outcome(vector: &Vector) -> Outcome {
    let unlock = vector.unlock().map_err(|error| kind_and_layer(&error))?;
    let bytes = match &vector.body {
        Body::Bytes(bytes) => bytes.clone(),
        Body::Armor(text) => container::from_armor(text).map_err(|error| kind_and_layer(&error.into()))?,
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    fs::write(&path, bytes).unwrap();
    let locked = LockedVault::read(&path).map_err(|error| kind_and_layer(&error))?;
    let Some(unlock) = unlock else { return Ok(None) };
    let mut options = OpenOptions::new();
    if let Some(slot) = vector.get("slot") {
        options = options.slot(slot.parse::<SlotId>().unwrap());
    }
    if let Some(expected) = vector.get("require") {
        options = options.expect(expected.parse::<Expectation>().unwrap());
    }
    let vault = options.unlock(locked, &unlock).map_err(|error| kind_and_layer(&error))?;
    if let Some(pin) = vector.get("pin") {
        let warning = match vault.compare_with(&parse_pin(pin)) {
            Verdict::Refused(refused) => return Err((refused.kind(), "pins")),
            Verdict::AcceptedFarAhead => Some("far-behind"),
            Verdict::Accepted => None,
        };
        assert_eq!(warning, vector.get("warning"), "the warning");
    }
    Ok(Some(vault))
}

fn parse_pin(text: &str) -> Pin {
    let (place, checksum) = text.split_once(' ').unwrap();
    let place: Expectation = place.parse().unwrap();
    let checksum = HEXLOWER.decode(checksum.as_bytes()).unwrap().try_into().unwrap();
    let Expectation { vault_id, revision, data_key_id } = place;
    Pin { vault_id, revision, checksum, data_key_id, abandoned: None }
}

fn kind_and_layer(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::Format(error) => {
            let layer = match error {
                FormatError::TooLarge { .. } => "size",
                FormatError::LineEndings | FormatError::NotAVault => "signature",
                FormatError::Damaged => "checksum",
                FormatError::UnsupportedVersion { .. } => "version",
                FormatError::Tampered { layer } => layer,
                FormatError::NewerSchema { .. } => "payload",
                FormatError::Armor { .. } => "armor",
                _ => "structure",
            };
            (error.kind(), layer)
        }
        Error::Unlock(error) => (error.kind(), "unlock"),
        Error::Pin(error @ PinError::KeyOfAnotherVault) => (error.kind(), "unlock"),
        Error::Pin(error) => (error.kind(), "pins"),
        Error::Text(error) => (error.kind(), "text"),
        other => panic!("{other:?} is no outcome of a vector"),
    }
}

/// Every intermediate value that a vector can name, computed here.
fn computed(vector: &Vector, vault: Vault) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut put = |key: String, bytes: &[u8]| {
        values.insert(key, HEXLOWER.encode(bytes));
    };
    let given = |key: &str| vector.get(key).map(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap());
    let (header, payload, entries, data_key, checksum) = vault.into_parts();
    for (index, slot) in header.slots.iter().enumerate() {
        let mut put = |name: &str, bytes: &[u8]| put(format!("slot {index} {name}"), bytes);
        let entry = entries.iter().find(|entry| entry.id == slot.info.id).unwrap();
        let through_salt = slot.info.through_salt(&slot.salt);
        let context = SlotContext {
            vault_id: &header.vault_id,
            slot_id: &slot.info.id.0,
            salt: &slot.salt,
            through_salt: &through_salt,
        };
        // The secret is an input: from it everything else of the slot follows.
        if let Some(secret) = given(&format!("slot {index} secret")) {
            put("secret", &secret);
            let keys = SlotSecret::random_key(&secret).slot_keys(context);
            put("seed", &keys.seed());
            let keys = keys.into_entry();
            put("kw", keys.kw.expose());
            put("pk", keys.pk.expose());
            assert_eq!(keys.pk.expose(), entry.keys.pk.expose());
        }
        let wrapping = data_key.wrapping(context, &entry.keys);
        for (name, bytes) in &wrapping {
            put(name, bytes);
        }
    }
    put("data-key".into(), data_key.expose());
    put("lineage".into(), data_key.lineage().expose());
    put("data-key-id".into(), &lineage_id(data_key.lineage().expose()));
    put("header-sha256".into(), &header.hash());
    let keys = data_key.payload_keys(&header.write_salt, &header.hash());
    put("payload-key".into(), keys.key());
    put("payload-commitment".into(), keys.commitment());
    put("payload".into(), &payload);
    let mut padded = u32::try_from(payload.len()).unwrap().to_le_bytes().to_vec();
    padded.extend_from_slice(&payload);
    padded.resize(header.padded_len(), 0);
    put("padded-sha256".into(), &sha256(&padded));
    put("write-salt".into(), &header.write_salt);
    put("checksum".into(), &checksum);
    check_writer(&given, &header, &payload, &padded, &data_key, &mut put);
    values
}

/// With the random bytes of a save at hand, the writer's derivations are checked too.
fn check_writer(
    given: &impl Fn(&str) -> Option<Vec<u8>>,
    header: &Header,
    payload: &[u8],
    padded: &[u8],
    data_key: &DataKey,
    put: &mut impl FnMut(String, &[u8]),
) {
    if let Some(random) = given("data-key-random") {
        put("data-key-random".into(), &random);
        let previous = given("previous-data-key");
        if let Some(previous) = &previous {
            put("previous-data-key".into(), previous);
        }
        let previous = previous.map(|bytes| DataKey::from_bytes(bytes.try_into().unwrap()));
        let made = DataKey::from_random(&random, previous.as_ref(), &sha256(payload));
        assert!(made.is_same(data_key), "the data key is not D14's");
    }
    if let Some(random) = given("write-salt-random") {
        put("write-salt-random".into(), &random);
        let (key, salt) = data_key.write_salt_from(&random, header.revision, &sha256(padded));
        put("write-salt-key".into(), key.expose());
        assert_eq!(salt, header.write_salt, "the write salt is not D15's");
    }
}
