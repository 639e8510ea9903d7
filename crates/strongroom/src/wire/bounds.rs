//! The bounds of SPEC.md sections 3 and 7 that no vector holds, at both sides. Tests only.

use crate::container::{self, Header, SlotId, SlotInfo, SlotKind};
use crate::error::{Error, FormatError};
use crate::keys::{DataKey, SlotEntryKeys, sha256};
use crate::memory::Region;
use crate::record::{Contents, Record, Reference, field};
use crate::secret::{Secret, SecretBytes};

use super::{Descent, Index, Lineages, encode};
use zeroize::Zeroizing;

fn with_record(change: impl FnOnce(&mut Record)) -> Result<Region, Error> {
    let mut contents = Contents::default();
    let mut record = Record::new(&Reference::new("okx", "main"), 0).unwrap();
    record.fields.set(field::API_KEY, Secret::copy_of("EXAMPLE"));
    change(&mut record);
    contents.insert(record).unwrap();
    encode(&contents, &Descent::default())
}

fn with_descent(change: impl FnOnce(&mut Descent)) -> Result<Region, Error> {
    let mut descent = Descent::default();
    change(&mut descent);
    encode(&Contents::default(), &descent)
}

fn numbered<const N: usize>(count: usize) -> Vec<[u8; N]> {
    let number = |index: usize| {
        let mut bytes = [0; N];
        bytes[..8].copy_from_slice(&(index as u64).to_be_bytes());
        bytes
    };
    (0..count).map(number).collect()
}

fn lineages(count: usize) -> Lineages {
    Lineages::copy_of(numbered(count).iter())
}

#[test]
fn w1_values_are_at_most_65536_bytes_without_nul() {
    let value = |text: String| with_record(|record| drop(record.fields.set("x", Secret::new(text))));
    assert!(value("a".repeat(65_536)).is_ok());
    assert!(value("a".repeat(65_537)).is_err());
    assert!(value("a\0b".into()).is_err());
    assert!(value(String::new()).is_ok());
}

#[test]
fn w1_notes_are_at_most_4096_bytes_and_names_have_their_lengths() {
    assert!(with_record(|record| record.note = "n".repeat(4096).into()).is_ok());
    assert!(with_record(|record| record.note = "n".repeat(4097).into()).is_err());
    assert!(with_record(|record| record.subaccount = "s".repeat(128)).is_ok());
    assert!(with_record(|record| record.subaccount = "s".repeat(129)).is_err());
    assert!(with_record(|record| record.exchange = "e".repeat(65)).is_err());
    assert!(with_record(|record| record.exchange = "ENV".into()).is_err());
    assert!(with_record(|record| assert!(record.tags.insert("t".repeat(65)))).is_err());
}

#[test]
fn w1_a_record_has_at_most_64_fields() {
    let fields = |count: usize| {
        with_record(|record| {
            (1..count).for_each(|number| drop(record.fields.set(&format!("f{number}"), Secret::copy_of("x"))));
        })
    };
    assert!(fields(64).is_ok());
    assert!(fields(65).is_err());
}

#[test]
fn w1_a_record_has_at_most_64_variables_each_of_one_field_and_the_writer_says_what_is_wrong() {
    let written = |pairs: &[(String, String)]| {
        let written = with_record(|record| record.variables.extend(pairs.iter().cloned()));
        written.map(|payload| Index::of(&payload).unwrap().contents(&payload).records()[0].variables.clone())
    };
    let numbered = |count: usize| -> Vec<_> {
        (0..count).map(|number| (format!("f{number}"), format!("{number:0>256}"))).collect()
    };
    let read: Vec<_> = written(&numbered(64)).unwrap().into_iter().collect();
    let mut expected = numbered(64);
    expected.sort();
    assert_eq!(read, expected);
    let problem = |pairs: &[(String, String)]| match written(pairs) {
        Err(Error::InvalidContents { place, problem }) => {
            assert_eq!(place, "okx/main");
            problem
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(problem(&numbered(65)), "a record has at most 64 variables");
    let named = "a variable's name is 1 to 256 bytes without control characters, = or /";
    for name in ["", "A=B", "env/A", "A\u{7f}", &"x".repeat(257)] {
        assert_eq!(problem(&[("api_key".into(), name.into())]), named);
    }
    assert!(problem(&[("api key".into(), "A".into())]).starts_with("a field's name is 1 to 64 letters"));
    let twice = ["a", "b", "c"].map(|field| (field.into(), if field == "b" { "B" } else { "A" }.into()));
    assert_eq!(problem(&twice), "two fields of a record have the same variable");
}

#[test]
fn w7_and_w17_ancestors_and_lineages_have_their_most() {
    assert!(with_descent(|descent| descent.ancestors = numbered(128)).is_ok());
    assert!(with_descent(|descent| descent.ancestors = numbered(129)).is_err());
    assert!(with_descent(|descent| descent.lineages = lineages(4096)).is_ok());
    assert!(with_descent(|descent| descent.lineages = lineages(4097)).is_err());
    // The oldest gives way.
    let mut descent = Descent { lineages: lineages(4096), ..Descent::default() };
    descent.add_lineage(&[0xff; 32]);
    assert_eq!(descent.lineages.len(), 4096);
    assert_eq!(descent.lineages[0], numbered::<32>(2)[1]);
    assert_eq!(descent.lineages[4095], [0xff; 32]);
}

#[test]
fn w19_an_extension_is_kept_whatever_its_size() {
    let large = vec![7; 17 << 20];
    let payload = with_record(|record| record.extensions.push((9, large.clone().into()))).unwrap();
    let contents = Index::of(&payload).unwrap().contents(&payload);
    assert_eq!(contents.records()[0].extensions, [(9, large.into())]);
    let payload = with_descent(|descent| descent.extensions.push((3, Zeroizing::new(vec![1, 2])))).unwrap();
    assert_eq!(Index::of(&payload).unwrap().descent.extensions, [(3, Zeroizing::new(vec![1, 2]))]);
}

#[test]
fn w2_the_largest_payload_fills_the_largest_bucket_and_one_byte_more_is_refused() {
    let seal = |length: usize| {
        let payload = Region::for_secrets(length).unwrap();
        let key = DataKey::generate(None, &sha256(&payload)).unwrap();
        let info = SlotInfo { id: SlotId([1; 8]), kind: SlotKind::RandomKey };
        let entry = SlotEntryKeys { kw: SecretBytes::zeros(), pk: SecretBytes::copy_of(&[9; 32]) };
        let slots = vec![info.seal(&[0; 16], [2; 16], &entry, &key).unwrap()];
        let (revision, exponent) = (1, 0);
        let (vault_id, write_salt, data_key_id) = ([0; 16], [0; 32], [0; 16]);
        let mut header = Header { vault_id, revision, write_salt, data_key_id, exponent, slots };
        container::seal(&mut header, &key, payload).map(|sealed| (sealed.file, key))
    };
    let (mut file, key) = seal((64 << 20) - 4).unwrap();
    let header = container::parse(&file).unwrap();
    assert_eq!(header.exponent, 14);
    let payload = container::open_payload(&mut file, &header, &key).unwrap();
    assert_eq!(payload.len(), (64 << 20) - 4);
    // All zeros are a fine message and no payload: schema 0 is none of ours.
    assert_eq!(Index::of(&file[payload]).err(), Some(FormatError::NewerSchema { schema: 0 }));
    assert!(seal((64 << 20) - 3).is_err());
}
