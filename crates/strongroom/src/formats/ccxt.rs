//! What ccxt's constructors take, as JSON: `{"apiKey": ..., "secret": ...}` of one exchange, or such objects by name.
//!
//! A name is a REF without what is usual: `binance`, `okx/hedge`, `binance@testnet`; its exchange is spelt as ccxt's
//! class. `options.sandbox` stands for the environment too: with it the constructor goes to the test servers.

mod members;
mod plan;
pub(super) mod words;

use super::document::{Node, Object};
use super::render::{json_string, render};
use super::{ImportOptions, Imported, Notice, guess_kind, missing, names};
use crate::record::{Record, Reference, name};
use crate::secret::Secret;
use crate::{ExportError, ImportError, Result, registry};

pub(super) use members::{SANDBOX, Settings, read_members, take, to_owner, to_sandbox};
#[cfg(any(test, fuzzing))]
pub(crate) use plan::read_back;
pub(super) use plan::{Plan, Ways};

/// What a bot that uses ccxt itself has to know.
const WAYS: Ways<'static> = Ways {
    sandbox: "options.sandbox is set, with which the constructor goes to the test servers",
    demo: "the bot has to call enable_demo_trading(True), for which the constructor has no setting; until then the key \
           goes to the live servers, which refuse it",
};

pub(super) fn read(text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let node = Node::of(text.expose_secret())?;
    let document = node.object()?;
    let mut imported = Imported::new();
    if is_bare(&document) {
        let Some(exchange) = options.exchange else {
            let problem = "this object does not say which exchange it is for; name one with --exchange";
            return Err(document.error(problem).into());
        };
        imported.records.extend(read_account(document, account(exchange)?, options, &mut imported.notices)?);
        return Ok(imported);
    }
    for (name, node) in document.rest() {
        let reference: Reference =
            name.parse().map_err(|_| node.error("an account's name is exchange/subaccount@environment"))?;
        if !name::is_exchange(&reference.exchange) || !name::is_subaccount(&reference.subaccount) {
            return Err(node.error("the name is empty, too long or has control characters").into());
        }
        let account = node.object()?;
        imported.records.extend(read_account(account, reference, options, &mut imported.notices)?);
    }
    Ok(imported)
}

/// Whether this is the object of one exchange, and not objects by name.
pub(super) fn is_bare(document: &Object<'_>) -> bool {
    document.has("options") || document.nodes().any(|node| !node.is_object())
}

/// The account itself of an exchange that the caller named.
pub(super) fn account(exchange: &str) -> Result<Reference, ImportError> {
    if name::is_exchange(exchange) {
        return Ok(Reference::new(exchange, "main"));
    }
    let problem = "the exchange's name is empty, too long or has control characters".into();
    Err(ImportError { line: None, field: None, problem })
}

/// The record of one constructor's object; none, with a notice, when nothing in it is filled.
fn read_account(
    members: Object<'_>,
    reference: Reference,
    options: &ImportOptions<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Option<Record>> {
    let line = members.line();
    let mut record = Record::new(&reference, options.now)?;
    let mut settings = Settings::default();
    read_members(members, &mut record, &mut settings, notices)?;
    to_owner(&mut record);
    if record.fields.iter().all(|(_, value)| value.is_empty()) {
        let text = format!("{} has no credential and is not kept", shown(&reference));
        notices.push(Notice { line: Some(line), text });
        return Ok(None);
    }
    record.fields.remove_empty();
    settings.tell(&reference, line, notices);
    // Of an exchange that nobody knows, nobody knows what it needs; that it is not known is told once for each.
    if registry::exchange(&record.exchange).is_some() {
        notices.extend(missing::notice(&record));
    }
    record.kind = guess_kind(&record.exchange, &record.fields);
    Ok(Some(record))
}

/// The account as a message may name it.
pub(super) fn shown(reference: &Reference) -> String {
    match (names::shown(&reference.exchange), names::shown(&reference.subaccount)) {
        (Some(_), Some(_)) => reference.to_string(),
        _ => "an account".into(),
    }
}

/// Objects by name; or the object of the only record itself, when `bare`.
pub(super) fn write(records: &[&Record], bare: bool, notices: &mut Vec<Notice>) -> Result<Secret, ExportError> {
    let mut accounts: Vec<(String, Plan<'_>)> = Vec::with_capacity(records.len());
    let mut refused = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let name = name_of(record);
        if let Some(other) = accounts.iter().position(|(other, _)| *other == name) {
            return Err(ExportError::at(
                format!("{} and {}", records[other].reference(), records[at].reference()),
                "would have one name here, because they are one account to ccxt; rename one",
            ));
        }
        let plan = Plan::of(record);
        refused.extend(plan.refuse_live_servers(record).err());
        plan.tell(record, WAYS, notices);
        accounts.push((name, plan));
    }
    ExportError::of_all(refused)?;
    Ok(render(|out| {
        if let ([(_, plan)], true) = (accounts.as_slice(), bare) {
            plan.write(out, "");
            return out.push("\n");
        }
        out.push("{");
        for (at, (name, plan)) in accounts.iter().enumerate() {
            out.push(if at == 0 { "\n  " } else { ",\n  " });
            json_string(out, name);
            out.push(": ");
            plan.write(out, "  ");
        }
        out.push("\n}\n");
    }))
}

/// The REF without what is usual, its exchange as ccxt's class is called.
fn name_of(record: &Record) -> String {
    let exchange = class_of(&record.exchange);
    let reference = Reference { exchange: exchange.to_owned(), ..record.reference() }.to_string();
    match reference.split_once("/main") {
        Some((exchange, rest)) if record.subaccount == "main" => format!("{exchange}{rest}"),
        _ => reference,
    }
}

/// The name of ccxt's class for this exchange.
pub(super) fn class_of(exchange: &str) -> &str {
    registry::exchange(exchange).map_or(exchange, |known| known.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: Some("okx"), now: 1 };

    fn read_text(text: &str) -> Result<Imported> {
        read(&Secret::copy_of(text), &OPTIONS)
    }

    /// Records as `REF: field=value ...`, and notices.
    fn summary(text: &str) -> (Vec<String>, Vec<String>) {
        let imported = read_text(text).unwrap();
        let records = imported.records.iter().map(|record| {
            let fields = record.fields.iter().map(|(name, value)| format!("{name}={}", value.expose_secret()));
            format!("{}: {}", record.reference(), fields.collect::<Vec<_>>().join(" "))
        });
        (records.collect(), imported.notices.into_iter().map(|notice| notice.text).collect())
    }

    fn record(reference: &str, fields: &[(&str, &str)]) -> Record {
        let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
        fields.iter().for_each(|(name, value)| drop(record.fields.set(name, Secret::copy_of(value))));
        record
    }

    fn written(records: &[&Record], bare: bool) -> (String, Vec<String>) {
        let mut notices = Vec::new();
        let text = write(records, bare, &mut notices).unwrap();
        (text.expose_secret().to_owned(), notices.into_iter().map(|notice| notice.text).collect())
    }

    #[test]
    fn one_object_is_of_the_exchange_that_is_named_and_others_say_it_themselves() {
        let bare = r#"{"apiKey": "K", "secret": "S", "password": "P", "uid": 7, "token": null}"#;
        let (records, notices) = summary(bare);
        assert_eq!(records, ["okx/main: api_key=K api_passphrase=P api_secret=S uid=7"]);
        assert!(notices.is_empty(), "{notices:?}");
        let unnamed = ImportOptions { exchange: None, now: 1 };
        let message = read(&Secret::copy_of(bare), &unnamed).unwrap_err().to_string();
        assert_eq!(message, "line 1: this object does not say which exchange it is for; name one with --exchange");
        let (records, _) = summary(
            r#"{"gate": {"apiKey": "K", "secret": "S"}, "kraken/a@demo": {"apiKey": "K", "secret": "S"},
            "ndax": {"apiKey": "K", "secret": "S", "uid": "U", "login": "L", "password": "P"}}"#,
        );
        assert_eq!(
            records,
            [
                "gate/main: api_key=K api_secret=S",
                "kraken/a@demo: api_key=K api_secret=S",
                "ndax/main: api_key=K api_secret=S login=L password=P uid=U"
            ]
        );
    }

    #[test]
    fn the_account_of_derive_is_its_wallet_and_the_session_key_has_an_address_of_its_own() {
        for (text, fields) in [
            (
                r#"{"derive":{"privateKey":"K","walletAddress":"S","options":{"deriveWalletAddress":"W"}}}"#,
                "private_key=K signer_address=S wallet_address=W",
            ),
            (r#"{"derive":{"privateKey":"K","walletAddress":"W"}}"#, "private_key=K wallet_address=W"),
        ] {
            let imported = read_text(text).unwrap();
            assert_eq!(summary(text).0, [format!("derive/main: {fields}")]);
            let (written, notices) = written(&[&imported.records[0]], false);
            let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(same(&written), same(text));
            let said = notices.iter().any(|notice| notice.contains("signer_address"));
            assert_eq!(said, !fields.contains("signer_address"), "{notices:?}");
        }
    }

    #[test]
    fn settings_are_told_and_objects_without_a_credential_are_not_kept() {
        let (records, notices) = summary(
            r#"{"gate": {"apiKey": "K", "secret": "S", "timeout": 1,
            "options": {"defaultType": "swap"}, "0123456789abcdef": 1}, "kraken": {"apiKey": "", "secret": ""}}"#,
        );
        assert_eq!(records, ["gate/main: api_key=K api_secret=S"]);
        assert_eq!(
            notices,
            [
                "gate/main: settings are no credentials and not kept: timeout, defaultType and 1 more",
                "kraken/main has no credential and is not kept",
            ]
        );
    }

    #[test]
    fn the_indexes_of_lighter_may_stand_beside_its_key_as_long_as_they_are_the_same() {
        let (records, notices) = summary(
            r#"{"lighter": {"options": {"accountIndex": 7, "apiKeyIndex": "2", "auths": {"7": {"2":
            {"lighterPrivateKey": "K"}}}}}}"#,
        );
        assert_eq!(records, ["lighter/main: account_index=7 api_key_index=2 api_secret=K"]);
        assert!(notices.is_empty(), "{notices:?}");
    }

    #[test]
    fn the_key_of_lighter_beside_its_indexes_is_kept_and_given_back_where_ccxt_reads_it() {
        let text = r#"{"lighter": {"privateKey": "P", "options": {"accountIndex": 7, "apiKeyIndex": 5,
            "lighterPrivateKey": "K"}}}"#;
        let (records, notices) = summary(text);
        assert_eq!(records, ["lighter/main: account_index=7 api_key_index=5 api_secret=K private_key=P"]);
        assert!(notices.is_empty(), "{notices:?}");
        let imported = read_text(text).unwrap();
        let (given_back, notices) = written(&[&imported.records[0]], true);
        let value: serde_json::Value = serde_json::from_str(&given_back).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"privateKey": "P", "options": {"accountIndex": "7", "apiKeyIndex": "5",
                "auths": {"7": {"5": {"lighterPrivateKey": "K"}}}}})
        );
        assert!(notices.is_empty(), "{notices:?}");
        // Without the indexes it has one place only, which ccxt does not read.
        let (given_back, notices) = written(&[&record("lighter", &[("private_key", "P"), ("api_secret", "K")])], true);
        assert!(given_back.contains("\"lighterPrivateKey\": \"K\""), "{given_back}");
        assert!(
            notices[0].starts_with("lighter/main/api_secret: ccxt uses it only with account_index and"),
            "{notices:?}"
        );
    }

    #[test]
    fn settings_without_a_name_to_show_are_counted() {
        let (_, notices) = summary(r#"{"gate": {"apiKey": "K", "secret": "S", "0123456789abcdef": 1}}"#);
        assert_eq!(notices, ["gate/main: settings are no credentials and not kept (1)"]);
    }

    #[test]
    fn an_export_says_what_ccxt_lacks_and_the_command_that_gives_it() {
        for (reference, fields, said) in [
            (
                "lighter",
                &[("api_secret", "K"), ("account_index", "7"), ("api_key_index", "5")][..],
                "lighter/main has no private key of the wallet (private_key), which ccxt needs: \
                 strongroom set lighter/main private_key",
            ),
            (
                "bitmart/a",
                &[("api_key", "K"), ("api_secret", "S")],
                "bitmart/a has no memo (uid), which ccxt needs: strongroom set bitmart/a uid",
            ),
            (
                "dydx",
                &[("wallet_address", "W")],
                "dydx/main has no private key of the wallet (private_key), which ccxt needs: \
                 strongroom set dydx/main private_key",
            ),
            (
                "lighter",
                &[("private_key", &"ab".repeat(40))],
                "lighter/main/private_key is too long for a wallet's: ccxt takes the private key of an API key as \
                 api_secret",
            ),
            (
                "lighter",
                &[("private_key", "P"), ("api_secret", "K"), ("account_index", "7"), ("api_key_index", "3")],
                "lighter/main/api_key_index: ccxt takes 4 to 254, and 254 in place of any other",
            ),
        ] {
            assert_eq!(written(&[&record(reference, fields)], true).1, [said]);
        }
    }

    #[test]
    fn the_key_of_a_wallet_never_goes_to_live_servers_in_place_of_test_servers() {
        let wallet = |reference| {
            let mut record = record(reference, &[("private_key", "K")]);
            record.kind = crate::record::CredentialKind::Wallet;
            record
        };
        let (none, other) = (wallet("aster@testnet"), wallet("lighter@testnet"));
        let error = write(&[&none, &other], false, &mut Vec::new()).unwrap_err();
        assert_eq!((error.place.as_str(), error.also.len()), ("aster/main@testnet", 0));
        assert!(error.problem.contains("a wallet's key is valid there too"), "{}", error.problem);
    }

    #[test]
    fn the_switch_to_test_servers_is_an_environment_and_a_name_counts_more() {
        for (text, reference) in [
            (r#"{"gate": {"apiKey": "K", "secret": "S", "sandbox": true}}"#, "gate/main@testnet"),
            (
                r#"{"okx": {"apiKey": "K", "secret": "S", "password": "P", "options": {"sandbox": true}}}"#,
                "okx/main@demo",
            ),
            (r#"{"gate@demo": {"apiKey": "K", "secret": "S", "testnet": true}}"#, "gate/main@demo"),
            (r#"{"gate": {"apiKey": "K", "secret": "S", "sandbox": false}}"#, "gate/main"),
        ] {
            assert_eq!(read_text(text).unwrap().records[0].reference().to_string(), reference, "{text}");
        }
    }

    #[test]
    fn what_ccxt_would_ignore_or_refuse_is_refused_by_place() {
        for (text, message) in [
            (
                r#"{"apikey": "EXAMPLE", "secret": "EXAMPLE"}"#,
                "line 1, apikey: ccxt would ignore this; it is spelt apiKey",
            ),
            (
                "{\"gate\":\n {\"api_secret\": \"EXAMPLE\"}}",
                "line 2, gate.api_secret: ccxt would ignore this; it is spelt secret",
            ),
            (r#"{"gate": {"apiKey": ["EXAMPLE"]}}"#, "line 1, gate.apiKey: a list where a string should be"),
            (r#"{"gate": {"apiKey": -1}}"#, "line 1, gate.apiKey: a number where a string should be"),
            (
                r#"{"a/b/c/d": {"apiKey": "EXAMPLE"}}"#,
                "line 1, [0]: an account's name is exchange/subaccount@environment",
            ),
            (
                r#"{"env/A": {"apiKey": "EXAMPLE"}}"#,
                "line 1, [0]: an account's name is exchange/subaccount@environment",
            ),
            (
                r#"{"dydx": {"privateKey": "EXAMPLE", "options": {"privateKey": "EXAMPLE-2"}}}"#,
                "line 1, dydx.options.privateKey: has another private_key than stands beside it",
            ),
            (
                r#"{"gate": {"apiKey": "EXAMPLE", "options": {"my_secret": "EXAMPLE"}}}"#,
                "line 1, gate.options.my_secret: looks like a secret, and is none that ccxt takes for this exchange; \
                 take it out of the text, and keep it with strongroom add env/NAME",
            ),
            (
                r#"{"gate": {"apiKey": "EXAMPLE", "headers": {"Authorization": "EXAMPLE"}}}"#,
                "line 1, gate.headers.Authorization: looks like a secret, and is none that ccxt takes for this exchange; \
                 take it out of the text, and keep it with strongroom add env/NAME",
            ),
            (
                r#"{"lighter": {"options": {"lighterPrivateKey": "EXAMPLE", "auths": {"7": {"2": {"lighterPrivateKey": "EXAMPLE-2"}}}}}}"#,
                "line 1, lighter.options.auths.7.2[0]: has another api_secret than stands beside it",
            ),
            (
                r#"{"lighter": {"privateKey": "EXAMPLE", "options": {"auths": {"1": {}, "2": {}}}}}"#,
                "line 1, lighter.options.auths: more than one key; a record holds one, so give each an account of its own",
            ),
            (
                r#"{"lighter": {"options": {"accountIndex": 5, "auths": {"7": {"2": {"lighterPrivateKey": "EXAMPLE"}}}}}}"#,
                "line 1, lighter.options.auths.7: is of another account_index than stands beside it",
            ),
            (
                r#"{"lighter": {"options": {"auths": {"7": {"2": {"lighterPrivateKey": "EXAMPLE"}}}, "accountIndex": 5}}}"#,
                "line 1, lighter.options.accountIndex: has another account_index than stands beside it",
            ),
            (
                r#"{"lighter": {"options": {"apiKeyIndex": "3", "auths": {"7": {"2": {"lighterPrivateKey": "EXAMPLE"}}}}}}"#,
                "line 1, lighter.options.auths.7.2: is of another api_key_index than stands beside it",
            ),
        ] {
            assert_eq!(read_text(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn accounts_have_the_names_of_ccxts_classes_and_one_name_each() {
        let pair = &[("api_key", "K"), ("api_secret", "S")];
        let (gate, hedge) = (record("GateIO/main@testnet", pair), record("binance/a b", pair));
        let (text, notices) = written(&[&gate, &hedge], true);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "gate@testnet": {"apiKey": "K", "secret": "S", "options": {"sandbox": true}},
                "binance/a%20b": {"apiKey": "K", "secret": "S"},
            })
        );
        assert_eq!(notices.len(), 1);
        let other = record("gate/main@testnet", pair);
        let error = write(&[&gate, &other], false, &mut Vec::new()).unwrap_err();
        assert_eq!(error.place, "GateIO/main@testnet and gate/main@testnet");
    }

    #[test]
    fn the_object_itself_is_written_when_that_is_asked_for() {
        let okx = record("okx", &[("api_key", "K"), ("api_secret", "S"), ("password", "P"), ("memo", "M")]);
        let (text, notices) = written(&[&okx], true);
        assert_eq!(text, "{\n  \"apiKey\": \"K\",\n  \"secret\": \"S\",\n  \"password\": \"P\"\n}\n");
        assert_eq!(notices, ["okx/main/memo has no place in this format and is left out"]);
        assert_eq!(written(&[&record("okx", &[])], true).0, "{}\n");
    }

    #[test]
    fn an_environment_that_ccxt_does_not_have_is_noticed() {
        let pair = &[("api_key", "K"), ("api_secret", "S")];
        for (reference, notice) in [
            (
                "kraken@testnet",
                "kraken/main@testnet: ccxt is not known to have a testnet of this exchange; its constructor sends the key \
                 to the live servers, which refuse it",
            ),
            (
                "okx@testnet",
                "okx/main@testnet: ccxt is not known to have a testnet of this exchange; its constructor sends the key to \
                 the live servers, which refuse it; it has a demo: strongroom mv okx/main@testnet okx/main@demo",
            ),
            (
                "binance@demo",
                "binance/main@demo: the bot has to call enable_demo_trading(True), for which the constructor has no \
                 setting; until then the key goes to the live servers, which refuse it",
            ),
        ] {
            let (text, notices) = written(&[&record(reference, pair)], true);
            let notices: Vec<_> = notices.iter().filter(|notice| !notice.contains("which ccxt needs")).collect();
            assert_eq!(notices, [notice]);
            assert!(!text.contains("sandbox"));
        }
    }
}
