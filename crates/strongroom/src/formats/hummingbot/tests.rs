//! Files that hummingbot's own code wrote and encrypted, below `tests/interop/hummingbot`, and changes of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::formats::{ImportFormat, detect, merge_into};
use crate::record::Contents;

/// As `make_hummingbot.py` has it.
const PASSWORD: &str = "EXAMPLE hummingbot pässword";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/hummingbot").join(name)
}

fn text_of(set: &str, connector: &str) -> String {
    fs::read_to_string(folder(set).join(format!("connectors/{connector}.yml"))).unwrap()
}

/// What hummingbot encrypted: connector, field there, value.
fn secrets(set: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    serde_json::from_str(&fs::read_to_string(folder(set).join("secrets.json")).unwrap()).unwrap()
}

fn connector(text: &str) -> Connector {
    Connector::read(&Secret::copy_of(text)).unwrap()
}

fn open_all(connectors: Vec<Connector>, password: &str) -> Result<Imported, OpenError> {
    open(connectors, &Secret::copy_of(password), 1_000, &|_, _| {})
}

fn only_record(text: &str) -> Record {
    open_all(vec![connector(text)], PASSWORD).unwrap().records.pop().unwrap()
}

fn refused(text: &str) -> String {
    Connector::read(&Secret::copy_of(text)).err().expect("it was read").to_string()
}

#[test]
fn every_connector_that_hummingbot_wrote_is_read_with_every_secret() {
    let sets = secrets("conf");
    let (mut connectors, mut fields, mut empty) = (0, 0, 0);
    for (name, theirs) in &sets {
        let text = text_of("conf", name);
        assert_eq!(detect(&text), Some(ImportFormat::Hummingbot), "{name}");
        let read = connector(&text);
        assert_eq!((read.name(), read.secrets()), (name.as_str(), theirs.len()));
        let imported = open_all(vec![read], PASSWORD).unwrap();
        let [record] = imported.records.as_slice() else { panic!("{name} is not one record") };
        let known = Known::of(name).unwrap_or_else(|| panic!("{name} is not in connectors.tsv"));
        for (field, value) in theirs {
            let path = if name.starts_with("injective") { format!("account_type.{field}") } else { field.clone() };
            let ours = known.sealed(&path).unwrap_or_else(|| panic!("{name} has {path}, which is not in the table"));
            let read = record.fields.get(ours).map(|value| value.expose_secret());
            assert_eq!(read, Some(value.as_str()).filter(|value| !value.is_empty()), "{name} {field}");
            (fields, empty) = (fields + 1, empty + usize::from(value.is_empty()));
        }
        connectors += 1;
    }
    println!("hummingbot: {connectors} connectors, {fields} secrets, {empty} of them empty");
    assert!(connectors >= 63 && fields >= 160, "{connectors} connectors, {fields} secrets");
}

#[test]
fn all_connectors_together_are_accounts_of_their_own_and_the_same_again_is_unchanged() {
    let all = || secrets("conf").keys().map(|name| connector(&text_of("conf", name))).collect();
    let seen = AtomicUsize::new(0);
    let progress = |done: usize, of: usize| {
        assert!((1..=160).contains(&done) && of == 160);
        seen.fetch_add(1, Ordering::Relaxed);
    };
    let imported = open(all(), &Secret::copy_of(PASSWORD), 1_000, &progress).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 160);
    let mut contents = Contents::default();
    assert_eq!(merge_into(&mut contents, imported, false, 2_000).unwrap().added.len(), 63);
    let again = merge_into(&mut contents, open_all(all(), PASSWORD).unwrap(), false, 3_000).unwrap();
    assert_eq!((again.added.len(), again.unchanged.len(), again.replaced.len()), (0, 63, 0));
}

#[test]
fn what_stands_in_clear_and_belongs_to_the_credential_comes_along_and_the_rest_is_named() {
    let lighter = only_record(&text_of("conf", "lighter"));
    assert_eq!(lighter.fields.get(field::WALLET_ADDRESS).unwrap().expose_secret(), format!("0x{}", "e".repeat(40)));
    assert_eq!(lighter.fields.get("account_index").unwrap().expose_secret(), "7");
    assert!(lighter.fields.get(field::API_SECRET).is_some(), "where ccxt and nautilus-trader look for the key");
    let injective = only_record(&text_of("conf", "injective_v2_perpetual"));
    assert_eq!(injective.reference().to_string(), "injective/perpetual@testnet");
    assert_eq!(injective.fields.get("granter_address").unwrap().expose_secret(), "inj1EXAMPLE");
    let hyperliquid = open_all(vec![connector(&text_of("conf", "hyperliquid"))], PASSWORD).unwrap();
    let text = "hyperliquid: left out, being no credentials: hyperliquid_mode, use_vault";
    assert_eq!(hyperliquid.notices, [Notice { line: None, text: text.into() }]);
}

#[test]
fn where_an_okx_account_is_follows_its_domain() {
    let text = text_of("conf", "okx");
    assert_eq!(only_record(&text).reference().to_string(), "okx/main");
    let europe = text.replace("okx_registration_sub_domain: www", "okx_registration_sub_domain: my");
    assert_eq!(only_record(&europe).reference().to_string(), "myokx/main");
}

#[test]
fn a_wallet_is_known_by_its_address_or_its_words() {
    for (connector, kind) in [
        ("dydx_v4_perpetual", CredentialKind::Wallet),
        ("hyperliquid", CredentialKind::Wallet),
        ("aevo_perpetual", CredentialKind::Hmac),
        ("binance", CredentialKind::Hmac),
    ] {
        assert_eq!(only_record(&text_of("conf", connector)).kind, kind, "{connector}");
    }
}

#[test]
fn an_initial_value_that_is_shorter_than_its_cipher_s_is_read() {
    let record = only_record(&text_of("short_iv", "okx"));
    for (name, value) in &secrets("short_iv")["okx"] {
        let ours = Known::of("okx").unwrap().sealed(name).unwrap();
        assert_eq!(record.fields.get(ours).unwrap().expose_secret(), value);
    }
    assert_eq!(record.fields.len(), 3);
}

#[test]
fn what_was_encrypted_at_the_cost_that_hummingbot_uses_is_read() {
    let text = text_of("default", "kucoin");
    let read = connector(&text);
    assert!(read.sealed.iter().all(|sealed| sealed.keyfile.open(&Secret::copy_of(PASSWORD)).is_ok()));
    assert_eq!(read.secrets(), 3);
}

fn verification() -> Verification {
    let text = fs::read_to_string(folder("conf/.password_verification")).unwrap();
    Verification::read(&Secret::new(text)).unwrap()
}

#[test]
fn the_verification_tells_the_password_from_others() {
    let verification = verification();
    assert!(verification.accepts(&Secret::copy_of(PASSWORD)));
    for other in ["", "EXAMPLE", "EXAMPLE hummingbot pa\u{308}ssword", "EXAMPLE hummingbot pässword\n"] {
        assert!(!verification.accepts(&Secret::copy_of(other)));
    }
    let value_line =
        text_of("conf", "okx").lines().find_map(|line| line.strip_prefix("okx_api_key: ").map(str::to_owned));
    let another_word = Verification::read(&Secret::new(value_line.unwrap())).unwrap();
    assert!(!another_word.accepts(&Secret::copy_of(PASSWORD)));
    assert!(Verification::read(&Secret::copy_of("7b22")).is_err());
}

#[test]
fn a_wrong_password_is_told_from_a_value_of_another_password() {
    let error = open_all(vec![connector(&text_of("conf", "okx"))], "EXAMPLE").unwrap_err();
    assert!(error.wrong_password && error.connector == Some(0));
    // The code of one value, which nobody can tell from another password, at the end of a file whose others open.
    let text = text_of("conf", "okx");
    let line = text.lines().find(|line| line.starts_with("okx_passphrase: ")).unwrap();
    let (start, code) = line.split_at(line.rfind(&hexadecimal("\"}, \"version\"")).unwrap() - 2);
    let changed = format!("{start}{}{}", if code.starts_with("30") { "31" } else { "30" }, &code[2..]);
    let text = text.replace(line, &changed);
    let other = connector(&text_of("conf", "kraken"));
    let error = open_all(vec![other, connector(&text)], PASSWORD).unwrap_err();
    let number = text.lines().position(|line| line.starts_with("okx_passphrase")).unwrap() + 1;
    assert!(!error.wrong_password && error.connector == Some(1));
    assert_eq!(
        error.error.to_string(),
        format!("line {number}, okx_passphrase: was encrypted with another password, or changed since")
    );
}

fn hexadecimal(text: &str) -> String {
    data_encoding::HEXLOWER.encode(text.as_bytes())
}

/// The text of a file whose key has a value that is made from this JSON text.
fn with_value(json: &str) -> String {
    format!("connector: okx\n\nokx_api_key: {}\n", hexadecimal(json))
}

#[test]
fn every_refusal_says_where_and_never_what() {
    let whole = data_encoding::HEXLOWER
        .decode(
            text_of("conf", "okx")
                .lines()
                .find_map(|line| line.strip_prefix("okx_api_key: ").map(|digits| digits.as_bytes().to_vec()))
                .unwrap()
                .as_slice(),
        )
        .unwrap();
    let whole = String::from_utf8(whole).unwrap();
    assert_eq!(connector(&with_value(&whole)).secrets(), 1);
    let hostile = whole.replace("\"c\": 1000", "\"c\": 4000000000");
    let scrypt = whole.replace("\"kdf\": \"pbkdf2\"", "\"kdf\": \"scrypt\"");
    for (text, message) in [
        (
            with_value(&hostile),
            "line 3, okx_api_key: in crypto.kdfparams.c of the encrypted value: the number of rounds is not between 1 and 10000000",
        ),
        (
            with_value(&scrypt),
            "line 3, okx_api_key: in crypto.kdf of the encrypted value: hummingbot derives keys with pbkdf2 and with nothing else",
        ),
        (with_value("{\"crypto\""), "line 3, okx_api_key: the encrypted value the JSON text ends too early"),
        (with_value("{\"EXAMPLE\": 1}"), "line 3, okx_api_key: the encrypted value version is missing"),
        (
            "connector: okx\nokx_api_key: 7b2\n".into(),
            "line 2, okx_api_key: is not encrypted as hummingbot encrypts its secrets",
        ),
        (
            "connector: okx\nokx_api_key: 7b227\n".into(),
            "line 2, okx_api_key: the encrypted value is cut short, or has characters that are no hexadecimal digits",
        ),
        (
            "connector: okx\nokx_api_key: EXAMPLE\n".into(),
            "line 2, okx_api_key: is not encrypted as hummingbot encrypts its secrets",
        ),
        (
            "connector: okx\nokx_api_key: |\n  EXAMPLE\n".into(),
            "line 2, okx_api_key: is not on one line, as hummingbot writes it",
        ),
        ("okx_api_key: EXAMPLE\n".into(), "no line says which connector this is for"),
        ("connector: EXAMPLE\n".into(), "line 1, connector: is not the name of a connector"),
        ("connector:\n".into(), "line 1, connector: is not the name of a connector"),
        (format!("connector: okx\n# {}\n", "E".repeat(MOST_BYTES)), "is longer than any connector's file"),
    ] {
        assert_eq!(refused(&text), message);
    }
}

#[test]
fn a_connector_that_is_not_known_keeps_its_fields_under_their_own_names() {
    let text = text_of("conf", "kraken").replace("connector: kraken", "connector: kraken_two_perpetual_testnet");
    let imported = open_all(vec![connector(&text)], PASSWORD).unwrap();
    let record = &imported.records[0];
    assert_eq!(record.reference().to_string(), "kraken_two/perpetual@testnet");
    assert_eq!(record.fields.names().collect::<Vec<_>>(), ["kraken_api_key", "kraken_secret_key"]);
    assert!(imported.notices[0].text.contains("kept under their own names"), "{:?}", imported.notices);
    // A field that a known connector did not have.
    let text = text_of("conf", "kraken").replace("kraken_secret_key", "kraken_new_secret");
    let imported = open_all(vec![connector(&text)], PASSWORD).unwrap();
    let notices: Vec<&str> = imported.notices.iter().map(|notice| notice.text.as_str()).collect();
    assert_eq!(
        notices,
        [
            "kraken: kraken_new_secret is not known here and is kept under its own name",
            "kraken: left out, being no credentials: kraken_api_tier",
            "kraken/main has no api_secret",
        ]
    );
}

#[test]
fn a_file_without_secrets_is_no_record() {
    let imported = open_all(vec![connector("connector: okx\nokx_api_key: ''\nokx_secret_key:\n")], PASSWORD).unwrap();
    assert!(imported.records.is_empty());
    assert_eq!(imported.notices.len(), 1);
}
