//! What is written reads back, and what does not follow the rules is refused with its place.

use super::*;

const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: None, now: 1_800_000_000 };

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| word.to_string()).collect()
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| (name.to_string(), Secret::copy_of(value))).collect()
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(field, name)| (field.to_string(), name.to_string())).collect()
}

fn full_record() -> Record {
    let pem = "-----BEGIN PRIVATE KEY-----\nEXAMPLE\\\"'$`\n-----END PRIVATE KEY-----\n";
    let mut record = Record::new(&"Kraken/a b%2Fc@demo".parse().unwrap(), 1_700_000_000).unwrap();
    record.kind = CredentialKind::Ed25519;
    record.fields = fields(&[("api_key", "EXAMPLE"), ("private_key", pem), ("memo", ""), ("uid", "é\u{1f511}")]);
    record.permissions = words(&["read", "trade"]);
    record.ip_allowlist = words(&["203.0.113.7", "2001:db8::/32"]);
    record.rotated = Some(1_750_000_000);
    record.expires = Some(i64::MAX);
    record.rotate_after_days = Some(u32::MAX);
    record.verified = Some(-1);
    record.tags = words(&["a", "b"]);
    record.note = String::from("two\nlines").into();
    record.previous = Some(Box::new(Previous {
        replaced: 1_750_000_000,
        retire: Some(i64::MIN),
        fields: fields(&[("api_key", "OLD")]),
        rotated: Some(1_740_000_000),
        expires: Some(i64::MAX - 1),
        verified: Some(-2),
        kind: CredentialKind::Rsa,
        permissions: words(&["withdraw"]),
        ip_allowlist: words(&["203.0.113.8"]),
    }));
    record.variables = variables(&[("api_key", "KRAKEN"), ("not_there", "é \"")]);
    record.extensions = vec![(1, vec![].into()), (700, vec![0, 255, 16].into())];
    record
}

#[test]
fn every_field_of_a_record_and_value_reads_back() {
    let (full, plain) = (full_record(), Record::new(&Reference::new("okx", "main"), 0).unwrap());
    let value = Value { value: Secret::copy_of("EXAMPLE\n"), created: 5, changed: Some(6) };
    let other = Value { value: Secret::copy_of(""), created: 0, changed: None };
    let text = write(&[&full, &plain], &[("DATABASE_URL", &value), ("X", &other)]);
    let imported = read(&text, &OPTIONS).unwrap();
    assert_eq!(imported.records, [full, plain]);
    assert_eq!(imported.values[0], ("DATABASE_URL".to_owned(), Secret::copy_of("EXAMPLE\n")));
    let Metadata::Whole { value_times } = &imported.metadata else { panic!("metadata is there") };
    assert_eq!(value_times["DATABASE_URL"], (5, Some(6)));
    assert_eq!(value_times["X"], (0, None));
    assert!(text.expose_secret().contains("\"created\": \"2023-11-14T22:13:20Z\""));
}

#[test]
fn nothing_reads_back_as_nothing() {
    let imported = read(&write(&[], &[]), &OPTIONS).unwrap();
    assert!(imported.records.is_empty() && imported.values.is_empty());
}

#[test]
fn a_record_written_by_hand_needs_only_an_exchange() {
    let text = Secret::copy_of(r#"{"strongroom": 1, "records": [{"exchange": "okx"}]}"#);
    let records = read(&text, &OPTIONS).unwrap().records;
    assert_eq!(records[0].reference().to_string(), "okx/main");
    assert_eq!(records[0].created, OPTIONS.now);
}

#[test]
fn what_was_known_of_replaced_values_may_be_left_out() {
    let text = r#"{"strongroom": 1, "records": [{"exchange": "okx", "permissions": ["withdraw"], "kind": "rsa",
        "previous": {"replaced": 7, "fields": {}}}]}"#;
    let records = read(&Secret::copy_of(text), &OPTIONS).unwrap().records;
    let (kind, permissions) = (CredentialKind::Rsa, words(&["withdraw"]));
    let previous = Previous { replaced: 7, kind, permissions, ..Previous::default() };
    assert_eq!(
        records[0].previous.as_deref(),
        Some(&previous),
        "the old key may do what the new one may, until it is said"
    );
}

#[test]
fn variables_may_be_left_out_and_are_read_by_the_rules_of_the_payload() {
    let of = |inside: &str| {
        let text = format!(r#"{{"strongroom": 1, "records": [{{"exchange": "okx", "variables": {inside}}}]}}"#);
        read(&Secret::new(text), &OPTIONS).map(|imported| imported.records[0].variables.clone())
    };
    let numbered = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|number| format!(r#""f{number}": "F{number}""#)).collect();
        format!("{{{}}}", pairs.join(", "))
    };
    assert_eq!(of(r#"{"api_secret": "OKX_SECRET_KEY"}"#).unwrap(), variables(&[("api_secret", "OKX_SECRET_KEY")]));
    assert!(of("{}").unwrap().is_empty() && of("null").unwrap().is_empty());
    assert_eq!(of(&numbered(64)).unwrap().len(), 64);
    let named = "a variable's name is 1 to 256 bytes without control characters, = or /";
    let long = format!(r#"{{"api_key": "{}"}}"#, "A".repeat(257));
    for (inside, place, problem) in [
        (r#"{"api_key": ""}"#, ".api_key", named),
        (r#"{"api_key": "A=B"}"#, ".api_key", named),
        (r#"{"api_key": "env/A"}"#, ".api_key", named),
        (r#"{"api_key": "A\nB"}"#, ".api_key", named),
        (&long, ".api_key", named),
        (r#"{"api_key": 1}"#, ".api_key", "a number where a string should be"),
        (r#"{"api_key": "A", "uid": "A"}"#, ".uid", "another field has the same variable"),
        (r#"{"api_key": "A", "api_key": "B"}"#, ".api_key", "is there twice"),
        (r#"{"api key": "A"}"#, "[0]", "a field's name is letters, digits, _ . and -"),
        (&numbered(65), ".f64", "a record has at most 64 variables"),
        (r#"["A"]"#, "", "a list where an object should be"),
    ] {
        let message = format!("line 1, records[0].variables{place}: {problem}");
        assert_eq!(of(inside).unwrap_err().to_string(), message);
    }
}

#[test]
fn unknown_members_are_refused_with_their_path() {
    for (text, message) in [
        (r#"{"strongroom": 1, "slots": []}"#, "line 1, slots: this format has no such member"),
        (
            "{\"strongroom\": 1, \"records\": [{\"exchange\": \"okx\",\n\"secret\": \"EXAMPLE\"}]}",
            "line 2, records[0].secret: this format has no such member",
        ),
        (
            r#"{"strongroom": 1, "values": [{"name": "A", "value": "EXAMPLE", "note": ""}]}"#,
            "line 1, values[0].note: this format has no such member",
        ),
        (r#"{"strongroom": 2}"#, "line 1, strongroom: written by a newer version; this one reads version 1"),
        (r#"{"strongroom": 1, "records": [{}]}"#, "line 1, records[0]: exchange is missing"),
        (
            r#"{"strongroom": 1, "records": [{"exchange": "okx", "fields": {"api_key": 12345}}]}"#,
            "line 1, records[0].fields.api_key: a number where a string should be",
        ),
        (
            r#"{"strongroom": 1, "records": [{"exchange": "okx", "created": "EXAMPLE"}]}"#,
            "line 1, records[0].created: not a time such as 2026-01-31T12:00:00Z, in whole seconds",
        ),
        (
            r#"{"strongroom": 1, "records": [{"exchange": "okx", "environment": "EXAMPLE"}]}"#,
            "line 1, records[0].environment: an environment is live, testnet or demo",
        ),
    ] {
        assert_eq!(read(&Secret::copy_of(text), &OPTIONS).unwrap_err().to_string(), message);
    }
}

#[test]
fn two_records_with_one_id_are_refused() {
    let record = full_record();
    let mut renamed = record.duplicate();
    renamed.subaccount = "other".into();
    assert!(read(&write(&[&record, &renamed], &[]), &OPTIONS).is_err());
}
