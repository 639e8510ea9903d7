//! `{"exchange_secrets": {...}}`: the file of financepype's `LocalExchangeSecrets`.
//!
//! Its reader validates the whole file for every lookup and prints the values of what it refuses,
//! so the writer makes only documents that it takes.

use super::document::{Node, Object};
use super::names;
use super::render::{Sink, json_string, render};
use super::{ImportOptions, Imported, Notice, guess_kind};
use crate::record::{Record, Reference, field, name};
use crate::registry;
use crate::secret::Secret;
use crate::{ExportError, ImportError, Result};

pub(super) fn read(text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let mut document = Node::of(text.expose_secret())?.object()?;
    let exchanges = document.require("exchange_secrets")?.object()?;
    let mut imported = Imported::new();
    for (exchange, node) in exchanges.rest() {
        if !name::is_exchange(&exchange) {
            return Err(node.error("the exchange's name is empty, too long or has control characters").into());
        }
        let mut members = node.object()?;
        if let Some(name) = members.take_some("name") {
            compare_name(&name, &exchange, &mut imported.notices)?;
        }
        if let Some(subaccounts) = members.take("subaccounts") {
            for (subaccount, node) in subaccounts.object()?.rest() {
                imported.records.push(read_subaccount(&exchange, subaccount, node, options, &mut imported.notices)?);
            }
        }
        not_kept(members, &mut imported.notices);
    }
    not_kept(document, &mut imported.notices);
    Ok(imported)
}

fn read_subaccount(
    exchange: &str,
    subaccount: String,
    node: Node<'_>,
    options: &ImportOptions<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Record> {
    if !name::is_subaccount(&subaccount) {
        return Err(node.error("the subaccount's name is empty, too long or has control characters").into());
    }
    let mut members = node.object()?;
    if let Some(name) = members.take_some("subaccount_name") {
        compare_name(&name, &subaccount, notices)?;
    }
    let mut record = Record::new(&Reference::new(exchange, &subaccount), options.now)?;
    for name in field::KNOWN {
        if let Some(node) = members.take_some(name) {
            record.fields.set(name, node.secret()?);
        }
    }
    check_complete(&record, &members)?;
    for (name, node) in members.rest() {
        let value = node.secret()?;
        if !name::is_field(&name) {
            return Err(node.error("a field's name is letters, digits, _ . and -").into());
        }
        let text = format!("{} is kept as an extra field", names::shown_or(&name, "a member of unusual name"));
        notices.push(Notice { line: Some(node.line()), text });
        record.fields.set(&name, value);
    }
    record.kind = guess_kind(&record.exchange, &record.fields);
    Ok(record)
}

/// Key and secret are there, unless a private key is, or the exchange is known not to need them.
fn check_complete(record: &Record, members: &Object<'_>) -> Result<(), ImportError> {
    let known = registry::exchange(&record.exchange).map(|exchange| exchange.requires);
    for name in [field::API_KEY, field::API_SECRET] {
        let needed = known.is_none_or(|requires| requires.contains(&name));
        if needed && record.fields.get(name).is_none() && record.fields.get(field::PRIVATE_KEY).is_none() {
            return Err(members.error(format!("{name} is missing")));
        }
    }
    Ok(())
}

/// Lookups go by the key of the map, so the key is the name; another name beside it is worth a word.
fn compare_name(node: &Node<'_>, name: &str, notices: &mut Vec<Notice>) -> Result<(), ImportError> {
    if node.text()? != name {
        let text = format!("{} is called something else inside; its key counts", names::shown_or(name, "an entry"));
        notices.push(Notice { line: Some(node.line()), text });
    }
    Ok(())
}

fn not_kept(members: Object<'_>, notices: &mut Vec<Notice>) {
    for (name, node) in members.rest() {
        let text = format!("{} is no part of this format and was not read", names::shown_or(&name, "a member"));
        notices.push(Notice { line: Some(node.line()), text });
    }
}

pub(super) fn write(records: &[&Record]) -> Result<Secret, ExportError> {
    one_environment(records)?;
    ExportError::of_all(records.iter().filter_map(|record| complete(record).err()))?;
    Ok(render(|out| {
        out.push("{\n  \"exchange_secrets\": {");
        let mut rest: Vec<&Record> = records.to_vec();
        let mut separator = "\n";
        while let Some(first) = rest.first().copied() {
            let (of_this, others): (Vec<&Record>, Vec<&Record>) =
                rest.iter().partition(|record| record.exchange.eq_ignore_ascii_case(&first.exchange));
            rest = others;
            out.push(separator);
            separator = ",\n";
            write_exchange(out, &first.exchange, &of_this);
        }
        out.push(if records.is_empty() { "}\n}\n" } else { "\n  }\n}\n" });
    }))
}

fn write_exchange(out: &mut dyn Sink, exchange: &str, records: &[&Record]) {
    out.push("    ");
    json_string(out, exchange);
    out.push(": {\n      \"name\": ");
    json_string(out, exchange);
    out.push(",\n      \"subaccounts\": {");
    for (position, record) in records.iter().enumerate() {
        out.push(if position == 0 { "\n        " } else { ",\n        " });
        json_string(out, &record.subaccount);
        out.push(": {\n          \"subaccount_name\": ");
        json_string(out, &record.subaccount);
        for name in [field::API_KEY, field::API_SECRET, field::API_PASSPHRASE] {
            write_member(out, name, record.fields.get(name));
        }
        for (name, value) in extra_fields(record) {
            write_member(out, name, Some(value));
        }
        out.push("\n        }");
    }
    out.push("\n      }\n    }");
}

fn write_member(out: &mut dyn Sink, name: &str, value: Option<&Secret>) {
    out.push(",\n          ");
    json_string(out, name);
    out.push(": ");
    match value {
        Some(value) => json_string(out, value.expose_secret()),
        None => out.push("null"),
    }
}

/// The fields that financepype does not know.
pub(super) fn extra_fields(record: &Record) -> impl Iterator<Item = (&str, &Secret)> {
    let known = [field::API_KEY, field::API_SECRET, field::API_PASSPHRASE];
    record.fields.iter().filter(move |(name, _)| !known.contains(name))
}

/// Neither shape says which environment it is for, and both have room for one.
pub(super) fn one_environment(records: &[&Record]) -> Result<(), ExportError> {
    let Some(first) = records.first() else { return Ok(()) };
    match records.iter().find(|record| record.environment != first.environment) {
        None => Ok(()),
        Some(other) => Err(ExportError::at(
            format!("{} and {}", first.reference(), other.reference()),
            "this format holds one environment; choose it with --environment",
        )),
    }
}

/// Financepype refuses the whole document for one entry without key or secret.
pub(super) fn complete(record: &Record) -> Result<(), ExportError> {
    let place = record.reference().to_string();
    for name in [field::API_KEY, field::API_SECRET] {
        if record.fields.get(name).is_none() {
            let problem = format!("has no {name}, and this format's reader refuses a document with such an entry");
            return Err(ExportError::at(place, problem));
        }
    }
    if record.fields.get("subaccount_name").is_some() {
        let problem = "has a field called subaccount_name, which means something else in this format";
        return Err(ExportError::at(place, problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CredentialKind, Environment};

    const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: None, now: 1_700_000_000 };

    fn document(entry: &str) -> Secret {
        let text = r#"{"exchange_secrets": {"okx": {"name": "okx", "subaccounts": {
            "main": "#;
        Secret::new(format!("{text}{entry}}}}}}}}}"))
    }

    fn message(text: &str) -> String {
        read(&Secret::copy_of(text), &OPTIONS).unwrap_err().to_string()
    }

    #[test]
    fn the_sample_reads() {
        let text = Secret::copy_of(include_str!("../../../../examples/secrets.json"));
        let imported = read(&text, &OPTIONS).unwrap();
        let references: Vec<String> = imported.records.iter().map(|r| r.reference().to_string()).collect();
        assert_eq!(references, ["binance/main", "binance/market-making", "kraken/main", "okx/main", "okx/hedge"]);
        assert!(imported.notices.is_empty());
        assert!(imported.records[3].api_passphrase().is_ok());
        assert!(imported.records[0].api_passphrase().is_err());
        assert!(
            imported.records.iter().all(|record| record.kind == CredentialKind::Hmac && record.created == OPTIONS.now)
        );
    }

    #[test]
    fn names_inside_may_be_missing_and_the_key_counts() {
        let imported = read(&document(r#"{"api_key": "EXAMPLE", "api_secret": "EXAMPLE"}"#), &OPTIONS).unwrap();
        assert!(imported.notices.is_empty());
        let other = r#"{"subaccount_name": "other", "api_key": "EXAMPLE", "api_secret": "EXAMPLE"}"#;
        let imported = read(&document(other), &OPTIONS).unwrap();
        assert_eq!(imported.records[0].subaccount, "main");
        assert_eq!(imported.notices.len(), 1);
        assert_eq!(imported.notices[0].line, Some(2));
    }

    #[test]
    fn other_members_with_text_are_kept_as_fields() {
        let text = r#"{"api_key": "EXAMPLE", "api_secret": "EXAMPLE", "uid": "1", "memo": "EXAMPLE-MEMO"}"#;
        let imported = read(&document(text), &OPTIONS).unwrap();
        assert_eq!(imported.records[0].fields.get("memo").unwrap().expose_secret(), "EXAMPLE-MEMO");
        assert_eq!(imported.notices, [Notice { line: Some(2), text: "memo is kept as an extra field".into() }]);
    }

    #[test]
    fn errors_name_line_and_field_and_never_a_value() {
        let place = "line 2, exchange_secrets.okx.subaccounts.main";
        for (entry, problem) in [
            (r#"{"api_key": "EXAMPLE-KEY"}"#, format!("{place}: api_secret is missing")),
            (r#"{"api_key": "EXAMPLE-KEY", "api_secret": null}"#, format!("{place}: api_secret is missing")),
            (
                r#"{"api_key": "EXAMPLE-KEY", "api_secret": 12345678}"#,
                format!("{place}.api_secret: a number where a string should be"),
            ),
            (
                r#"{"api_key": "EXAMPLE-KEY", "api_secret": "EXAMPLE", "memo": ["EXAMPLE"]}"#,
                format!("{place}.memo: a list where a string should be"),
            ),
            (r#"{"api_key": "EXAMPLE-KEY", "api_key": "EXAMPLE"}"#, format!("{place}.api_key: is there twice")),
            (r#""EXAMPLE-KEY""#, format!("{place}: a string where an object should be")),
        ] {
            assert_eq!(read(&document(entry), &OPTIONS).unwrap_err().to_string(), problem);
        }
        assert_eq!(message("{}"), "line 1: exchange_secrets is missing");
        assert_eq!(message("{\"exchange_secrets\": []}"), "line 1, exchange_secrets: a list where an object should be");
    }

    #[test]
    fn a_wallet_needs_no_api_secret_to_be_read() {
        let imported = read(&document(r#"{"private_key": "EXAMPLE", "wallet_address": "EXAMPLE"}"#), &OPTIONS);
        assert_eq!(imported.unwrap().records.len(), 1);
    }

    fn record(reference: &str) -> Record {
        let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
        record.fields.set("api_key", Secret::copy_of("EXAMPLE-KEY"));
        record.fields.set("api_secret", Secret::copy_of("EXAMPLE-SECRET"));
        record
    }

    #[test]
    fn the_document_has_the_exact_shape() {
        let mut with_uid = record("Binance/market making");
        with_uid.fields.set("uid", Secret::copy_of("1"));
        let (main, other) = (record("binance/main"), record("okx/main"));
        let written = write(&[&main, &other, &with_uid]).unwrap();
        let value: serde_json::Value = serde_json::from_str(written.expose_secret()).unwrap();
        let plain = |name: &str| {
            serde_json::json!({"subaccount_name": name, "api_key": "EXAMPLE-KEY", "api_secret": "EXAMPLE-SECRET",
                "api_passphrase": null})
        };
        let mut expected = serde_json::json!({"exchange_secrets": {
            "binance": {"name": "binance", "subaccounts":
                {"main": plain("main"), "market making": plain("market making")}},
            "okx": {"name": "okx", "subaccounts": {"main": plain("main")}},
        }});
        expected["exchange_secrets"]["binance"]["subaccounts"]["market making"]["uid"] = "1".into();
        assert_eq!(value, expected);
        assert_eq!(write(&[]).unwrap().expose_secret(), "{\n  \"exchange_secrets\": {}\n}\n");
    }

    #[test]
    fn an_incomplete_record_is_refused_by_name() {
        let mut incomplete = record("okx/main");
        incomplete.fields.remove("api_secret");
        let error = write(&[&record("binance/main"), &incomplete]).unwrap_err();
        assert_eq!(error.place, "okx/main");
        assert!(error.problem.starts_with("has no api_secret"));
    }

    #[test]
    fn several_environments_are_refused() {
        let testnet = record("binance/main@testnet");
        assert_eq!(testnet.environment, Environment::Testnet);
        assert!(write(&[&testnet]).is_ok());
        let error = write(&[&record("binance/main"), &testnet]).unwrap_err();
        assert_eq!(error.place, "binance/main and binance/main@testnet");
    }
}
