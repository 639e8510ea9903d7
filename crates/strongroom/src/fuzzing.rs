//! What the fuzz targets do, one function for each. `fuzz/fuzz_targets` calls them under `--cfg fuzzing`; here, tests
//! run every file of the committed corpora through the same functions, so that what was found once stays found.

use std::sync::LazyLock;

use crate::check::{Finding, code};
use crate::container::{self, Header, SlotId};
use crate::error::{Error, FormatError};
use crate::formats::hummingbot::{Connector, Verification};
use crate::formats::{self, DotenvTarget, ExportFormat, ExportOptions, ImportFormat, ImportOptions};
use crate::keys::{DataKey, sha256};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::pin::Expectation;
use crate::policy::Policy;
use crate::record::{Contents, Record, Selection, Timestamp};
use crate::rotation::DAY;
use crate::secret::Secret;
use crate::vault::{LockedVault, Unlock};
use crate::wire::{self, Index};

/// When everything here happens.
const NOW: Timestamp = 1_700_000_000;

/// Records and a value with something wrong under every policy, some of it by date.
static CHECKED: LazyLock<Contents> = LazyLock::new(|| {
    let mut contents = Contents::default();
    for (name, permission) in [("okx/main", "trade"), ("kraken/cold wallet", "withdraw"), ("somewhere/x@demo", "x")] {
        let reference = name.parse().expect("each of these is a REF");
        let mut record = Record::new(&reference, NOW - 50 * DAY).expect("these names may be stored");
        record.permissions.insert(permission.into());
        record.expires = Some(NOW + 9 * DAY);
        record.fields.set("api_secret", Secret::copy_of("EXAMPLE "));
        contents.insert(record).expect("each name is there once");
    }
    contents
});

/// A target by the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 13] = [
    ("container", container),
    ("forgery", forgery),
    ("payload", payload),
    ("armor", armor),
    ("texts", texts),
    ("dotenv", dotenv),
    ("json", json),
    ("aws", aws),
    ("ccxt", ccxt),
    ("freqtrade", freqtrade),
    ("strongroom", strongroom),
    ("hummingbot", hummingbot),
    ("policy", policy),
];

/// Parses bytes whose checksum was made to fit, so that the fuzzer gets behind it; what parses has one spelling.
pub fn container(bytes: &[u8]) {
    let _ = container::parse(bytes);
    if bytes.len() < 49 {
        return;
    }
    let mut file = bytes.to_vec();
    file[..16].copy_from_slice(&container::SIGNATURE);
    fix_checksum(&mut file);
    if let Ok(header) = container::parse(&file) {
        assert_eq!(header.to_bytes(), file[..header.len()]);
        assert_eq!(header.file_len(), file.len());
        // No key fits, and nothing panics on the way to saying so.
        let key = DataKey::generate(None, &[0; 32]).expect("the system has randomness");
        assert!(container::open_payload(&mut file, &header, &key).is_err());
    }
}

/// A real vault, and the machine key that opens it.
struct Real {
    file: Vec<u8>,
    header: Header,
    key: Secret,
}

static REAL: LazyLock<Real> = LazyLock::new(|| {
    const WHOLE: &str = "the annotated example of SPEC.md is whole";
    let text = include_str!("../../../tests/vectors/annotated-example.txt");
    let (head, body) = text.split_once("\n\n").expect(WHOLE);
    let key = head.lines().find_map(|line| line.strip_prefix("machine-key: ")).expect(WHOLE);
    let file = container::from_armor(body).expect(WHOLE);
    let header = container::parse(&file).expect(WHOLE);
    Real { file, header, key: Secret::copy_of(key) }
});

/// Changes a real vault, three bytes for each change: a place and what is put there. One byte left over says how much
/// is cut off the end. What is not that vault again opens nothing.
pub fn forgery(bytes: &[u8]) {
    let real = &*REAL;
    let mut file = real.file.clone();
    let changes = bytes.chunks_exact(3);
    if let [cut] = changes.remainder() {
        file.truncate(file.len() - usize::from(*cut));
    }
    let end = file.len() - container::CHECKSUM_LEN;
    for change in changes {
        // The upper half of all places is the header again: that is where the fields are.
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        let place = if place < 1 << 15 { place % end } else { place % real.header.len() };
        file[place] = change[2];
    }
    fix_checksum(&mut file);
    let opened = LockedVault::of_bytes(&file).and_then(|locked| {
        let key = MachineKey::from_text(&real.key)?;
        locked.unlock(&Unlock::machine_key(key))
    });
    match opened {
        Ok(vault) => assert!(file == real.file && vault.record_count() == 1),
        Err(Error::Format(_) | Error::Unlock(_)) => assert!(file != real.file),
        Err(other) => panic!("{other:?} is no refusal of a file"),
    }
}

fn fix_checksum(file: &mut [u8]) {
    let at = file.len() - container::CHECKSUM_LEN;
    let checksum = sha256(&file[..at]);
    file[at..].copy_from_slice(&checksum);
}

/// Decodes a payload; what decodes encodes to the same bytes.
pub fn payload(bytes: &[u8]) {
    match Index::of(bytes) {
        Ok(index) => {
            let contents = index.contents(bytes);
            for record in contents.records() {
                assert_eq!(index.record(bytes, &record.reference()).as_ref(), Some(record));
            }
            // Writers refuse one name that readers take: the one that REFs use for values.
            if contents.records().iter().all(|record| !record.exchange.eq_ignore_ascii_case("env")) {
                let again = wire::encode(&contents, &index.descent).expect("what was read can be written");
                assert_eq!(&again[..], bytes);
            }
        }
        Err(FormatError::Tampered { layer }) => assert_eq!(layer, "payload"),
        Err(FormatError::NewerSchema { schema }) => assert_ne!(schema, 1),
        Err(other) => panic!("{other:?} is not an error of this layer"),
    }
}

/// Reads armour; what reads is the text of its bytes, apart from line ends.
pub fn armor(bytes: &[u8]) {
    let text = text_of(bytes);
    if let Ok(bytes) = container::from_armor(text) {
        assert_eq!(container::to_armor(&bytes).trim_end(), text.replace("\r\n", "\n").trim_end());
    }
}

/// Machine keys, key files, recovery codes, passphrases, REFs, and what stands beside them on a command line.
pub fn texts(bytes: &[u8]) {
    let text = text_of(bytes);
    let secret = Secret::copy_of(text);
    if let Ok(key) = MachineKey::from_text(&secret) {
        assert_eq!(key.to_text().expose_secret(), text.trim_end());
    }
    if let Ok(key_file) = KeyFile::from_text(&secret) {
        assert_eq!(key_file.to_text().expose_secret(), text.trim_end());
    }
    if let Ok(code) = RecoveryCode::from_text(&secret) {
        assert!(RecoveryCode::from_text(&code.to_text()).is_ok());
    }
    let _ = Unlock::typed(&secret);
    if let Ok(selection) = text.parse::<Selection>() {
        assert_eq!(selection.to_string().parse::<Selection>(), Ok(selection));
    }
    if let Ok(slot) = text.parse::<SlotId>() {
        assert_eq!(slot.to_string(), text.to_ascii_lowercase());
    }
    let _ = text.parse::<Expectation>();
}

/// Reads a `.env` and puts it into an empty vault.
pub fn dotenv(bytes: &[u8]) {
    import(ImportFormat::Dotenv, bytes);
}

/// Reads an `exchange_secrets` document.
pub fn json(bytes: &[u8]) {
    import(ImportFormat::Json, bytes);
}

/// Reads a secret of AWS.
pub fn aws(bytes: &[u8]) {
    import(ImportFormat::Aws, bytes);
}

/// Reads constructors' objects of ccxt's; what was read is written and read again as the same.
pub fn ccxt(bytes: &[u8]) {
    again(ImportFormat::Ccxt, ExportFormat::Ccxt, bytes);
}

/// Reads a configuration of freqtrade's; what was read is written and read again as the same.
pub fn freqtrade(bytes: &[u8]) {
    again(ImportFormat::Freqtrade, ExportFormat::Freqtrade, bytes);
}

/// Reads our own document.
pub fn strongroom(bytes: &[u8]) {
    import(ImportFormat::Strongroom, bytes);
}

/// Reads a connector's file, and as an encrypted value of one. Nothing is derived: that would only be slow.
pub fn hummingbot(bytes: &[u8]) {
    let text = text_of(bytes);
    let _ = formats::detect(text);
    let value = data_encoding::HEXLOWER.encode(text.as_bytes());
    for text in [text.to_owned(), format!("connector: okx\nokx_api_key: {value}\n")] {
        if let Ok(connector) = Connector::read(&Secret::new(text)) {
            assert!(!connector.name().is_empty());
        }
    }
    let _ = Verification::read(&Secret::new(value));
}

/// Reads what a team takes for granted, and checks records by it.
pub fn policy(bytes: &[u8]) {
    let Ok(policy) = Policy::from_toml(text_of(bytes)) else { return };
    let report = CHECKED.check(&policy, NOW);
    let everything = CHECKED.check(&policy.without_allowances(), NOW);
    assert!(everything.silenced.is_empty() && everything.findings.len() >= 3, "something is wrong under any policy");
    let silenced = report.silenced.iter().map(|silenced| &silenced.finding);
    let mut more: Vec<&Finding> = report.findings.iter().chain(silenced).collect();
    for finding in &everything.findings {
        let at = more.iter().position(|told| *told == finding);
        more.swap_remove(at.expect("an allowance silences a finding, and it is told as that"));
    }
    // What an allowance brings: that it is for nothing, and what the others have in common with each other.
    assert!(more.iter().all(|finding| [code::POLICY_WITHOUT_RECORD, code::SAME_SECRET].contains(&finding.code)));
}

/// Reads, puts it into an empty vault, and looks for what is wrong with it.
fn import(format: ImportFormat, bytes: &[u8]) {
    let text = text_of(bytes);
    let options = ImportOptions { exchange: Some("binance"), now: NOW };
    let _ = formats::detect(text);
    let mut contents = Contents::default();
    if let Ok(imported) = formats::read(format, &Secret::copy_of(text), &options) {
        let _ = formats::merge_into(&mut contents, imported, false, NOW);
        contents.check(&Policy::default(), NOW);
    }
}

/// As [`import`], and what can be written in the same format leads to the same records, but for what has no place there.
fn again(from: ImportFormat, to: ExportFormat, bytes: &[u8]) {
    import(from, bytes);
    compared(from, to, bytes);
}

/// How many records came back, and how many fields of theirs had no place.
fn compared(from: ImportFormat, to: ExportFormat, bytes: &[u8]) -> (usize, usize) {
    let options = ImportOptions { exchange: Some("binance"), now: NOW };
    let Ok(imported) = formats::read(from, &Secret::copy_of(text_of(bytes)), &options) else { return (0, 0) };
    let records: Vec<&Record> = imported.records.iter().collect();
    let how = ExportOptions { target: DotenvTarget::Portable, bare: false, kubernetes: None };
    // Two spellings of one exchange have one name there.
    let Ok(written) = formats::write(to, &records, &[], &how) else { return (0, 0) };
    let says_environment = to == ExportFormat::Ccxt;
    let expected: Vec<Record> =
        records.iter().filter_map(|record| formats::read_back(record, says_environment)).collect();
    if expected.is_empty() {
        return (0, 0);
    }
    let read = formats::read(from, &written.text, &options).expect("what was written can be read");
    assert_eq!(read.records.len(), expected.len());
    let mut contents = Contents::default();
    read.records.into_iter().for_each(|record| contents.insert(record).expect("each name is there once"));
    for record in &expected {
        let reference = record.reference();
        let read = contents.known_as(&reference).unwrap_or_else(|| panic!("{reference} is gone"));
        assert!(read.fields == record.fields, "{reference}");
        assert_eq!(read.variables, record.variables, "{reference}");
    }
    let fields = |records: &mut dyn Iterator<Item = &Record>| records.map(|record| record.fields.len()).sum::<usize>();
    (expected.len(), fields(&mut records.into_iter()) - fields(&mut expected.iter()))
}

/// The bytes up to the first that is no UTF-8: what the engine hands to targets that take text.
fn text_of(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use data_encoding::HEXLOWER;

    use super::*;
    use crate::record::Reference;

    fn files(directory: &Path) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn every_file_of_the_corpora_runs_through_its_target() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        for (name, target) in TARGETS {
            let files = files(&corpora.join(name));
            files.iter().for_each(|file| target(&fs::read(file).unwrap()));
            println!("corpora: {name}: {} files", files.len());
            assert!(files.len() >= 5, "only {} files for {name}", files.len());
        }
    }

    #[test]
    fn a_field_without_a_place_does_not_keep_the_others_from_being_compared() {
        let bare = br#"{"lighter": {"apiKey": "EXAMPLE", "secret": "EXAMPLE"}, "okex@demo": {"secret": "S"}}"#;
        assert_eq!(compared(ImportFormat::Ccxt, ExportFormat::Ccxt, bare), (2, 0));
        let mut record = Record::new(&Reference::new("okx", "main"), NOW).unwrap();
        record.fields.set("api_key", Secret::copy_of("EXAMPLE"));
        record.fields.set("memo", Secret::copy_of("EXAMPLE"));
        let back = formats::read_back(&record, true).unwrap();
        assert_eq!(back.fields.names().collect::<Vec<_>>(), ["api_key"]);
    }

    #[test]
    fn every_vector_and_each_of_its_values_runs_through_every_target() {
        let (mut vectors, mut tried) = (0, 0);
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")) {
            let text = fs::read_to_string(path).unwrap();
            let (head, body) = text.split_once("\n\n").unwrap();
            let mut inputs = vec![body.as_bytes().to_vec()];
            inputs.extend(container::from_armor(body));
            inputs.extend(HEXLOWER.decode(body.trim_start_matches("hex:\n").replace('\n', "").as_bytes()));
            for (_, value) in head.lines().filter_map(|line| line.split_once(": ")) {
                inputs.push(value.as_bytes().to_vec());
                inputs.extend(HEXLOWER.decode(value.as_bytes()));
            }
            for (_, target) in TARGETS {
                inputs.iter().for_each(|input| target(input));
                tried += inputs.len();
            }
            vectors += 1;
        }
        println!("corpora: {tried} inputs from {vectors} vectors");
        assert!(vectors >= 300 && tried >= 22_000, "{tried} inputs from {vectors} vectors");
    }

    #[test]
    fn a_forgery_that_changes_nothing_is_the_vault_and_any_other_is_refused() {
        forgery(&[]);
        forgery(&[0, 0, 0x89]);
        for place in [16u16, 17, 18, 34, 42, 74, 90, 91, 400, 2000, 4400, 0x8000 + 91] {
            let [low, high] = place.to_le_bytes();
            (0..=255).for_each(|byte| forgery(&[low, high, byte]));
        }
        (0..=255).for_each(|cut| forgery(&[cut]));
    }
}
