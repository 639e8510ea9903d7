//! `{"API_KEY", "API_SECRET", "SUBACCOUNTS": [...]}`: the secret of financepype's `AWSExchangeSecrets`.
//!
//! One secret holds one exchange. Its reader demands the pair at the top and then throws it away, so
//! `main` stands in `SUBACCOUNTS` too; and without a `main` the pair at the top is empty.

use std::collections::BTreeSet;

use super::document::{Node, Object};
use super::json::{complete, extra_fields, one_environment};
use super::names;
use super::render::{Sink, json_string, render};
use super::{ImportOptions, Imported, Notice, guess_kind};
use crate::record::{Fields, Record, Reference, field, name};
use crate::secret::Secret;
use crate::{ExportError, ImportError, Result};

/// What AWS Secrets Manager takes, in bytes.
const MOST_BYTES: usize = 65_536;

/// The account itself, in the list and at the top.
const MAIN: &str = "main";

pub(super) fn read(text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let Some(exchange) = options.exchange else {
        let problem = "this format does not say which exchange it is for; name one with --exchange".into();
        return Err(ImportError { line: None, field: None, problem }.into());
    };
    if !name::is_exchange(exchange) {
        let problem = "the exchange's name is empty, too long or has control characters".into();
        return Err(ImportError { line: None, field: None, problem }.into());
    }
    let mut document = Node::of(text.expose_secret())?.object()?;
    if !document.has("API_KEY") && !document.has("SUBACCOUNTS") {
        return Err(document.error("neither API_KEY nor SUBACCOUNTS is there").into());
    }
    let mut imported = Imported::new();
    if let Some(subaccounts) = document.take("SUBACCOUNTS") {
        if subaccounts.is_string() {
            let problem = "a string where a list should be; the key/value editor of the AWS console makes these";
            return Err(subaccounts.error(problem).into());
        }
        let mut seen = BTreeSet::new();
        for entry in subaccounts.list()? {
            let mut members = entry.object()?;
            let name_node = members.require("subaccount_name")?;
            let name = name_node.text()?;
            if !name::is_subaccount(&name) {
                return Err(name_node.error("is empty, too long or has control characters").into());
            }
            if !seen.insert(name.clone()) {
                return Err(name_node.error("this subaccount is there twice").into());
            }
            let mut record = Record::new(&Reference::new(exchange, &name), options.now)?;
            if let Some(missing) = ["API_KEY", "API_SECRET"].into_iter().find(|name| !members.has_some(name)) {
                return Err(members.error(format!("{missing} is missing")).into());
            }
            record.fields = read_fields(members, &mut imported.notices)?;
            record.kind = guess_kind(&record.exchange, &record.fields);
            imported.records.push(record);
        }
    }
    if let Some(top) = read_top(document, &mut imported.notices)? {
        add_main(top, exchange, options, &mut imported.records)?;
    }
    Ok(imported)
}

/// The pair at the top, unless it is the empty one that stands for no main account.
fn read_top(document: Object<'_>, notices: &mut Vec<Notice>) -> Result<Option<Fields>> {
    let half = document.error("of API_KEY and API_SECRET only one is filled");
    let fields = read_fields(document, notices)?;
    let filled = |name| fields.get(name).is_some_and(|value| !value.is_empty());
    match (filled(field::API_KEY), filled(field::API_SECRET)) {
        (true, true) => Ok(Some(fields)),
        (false, false) => Ok(None),
        _ => Err(half.into()),
    }
}

/// The account at the top becomes `main`; when the list has one too, they must agree.
fn add_main(top: Fields, exchange: &str, options: &ImportOptions<'_>, records: &mut Vec<Record>) -> Result<()> {
    match records.iter().find(|record| record.subaccount == MAIN) {
        Some(main) => {
            let differs = |name: &&str| top.get(name).is_some_and(|value| main.fields.get(name) != Some(value));
            if let Some(name) = field::KNOWN.iter().find(|name| differs(name)) {
                let problem = format!("the {name} at the top and the one of main in SUBACCOUNTS differ");
                return Err(ImportError { line: None, field: Some("SUBACCOUNTS".into()), problem }.into());
            }
        }
        None => {
            let mut main = Record::new(&Reference::new(exchange, MAIN), options.now)?;
            main.kind = guess_kind(&main.exchange, &top);
            main.fields = top;
            records.insert(0, main);
        }
    }
    Ok(())
}

/// Known fields stand there in upper case, others as they are. Null is the same as none.
fn read_fields(members: Object<'_>, notices: &mut Vec<Notice>) -> Result<Fields> {
    let mut fields = Fields::default();
    for (name, node) in members.rest() {
        if node.is_null() {
            continue;
        }
        let value = node.secret()?;
        if let Some(known) = field::KNOWN.iter().find(|known| known.to_ascii_uppercase() == name) {
            fields.set(known, value);
            continue;
        }
        if !name::is_field(&name) || field::KNOWN.contains(&name.as_str()) {
            return Err(node.error("not a field's name in this format").into());
        }
        let text = format!("{} is kept as an extra field", names::shown_or(&name, "a member of unusual name"));
        notices.push(Notice { line: Some(node.line()), text });
        fields.set(&name, value);
    }
    Ok(fields)
}

pub(super) fn write(records: &[&Record]) -> Result<Secret, ExportError> {
    let Some(first) = records.first() else {
        return Err(ExportError::at("nothing", "there is no record to export"));
    };
    one_environment(records)?;
    if let Some(other) = records.iter().find(|record| !record.exchange.eq_ignore_ascii_case(&first.exchange)) {
        return Err(ExportError::at(
            format!("{} and {}", first.reference(), other.reference()),
            "this format holds one exchange",
        ));
    }
    ExportError::of_all(records.iter().filter_map(|record| fits(record).err()))?;
    let written = render(|out| write_document(out, records));
    if written.len() > MOST_BYTES {
        return Err(ExportError::at(
            first.exchange.clone(),
            format!("would take {} bytes; AWS Secrets Manager takes at most {MOST_BYTES}", written.len()),
        ));
    }
    Ok(written)
}

fn fits(record: &Record) -> Result<(), ExportError> {
    complete(record)?;
    let taken = |name: &str| field::KNOWN.iter().any(|known| known.to_ascii_uppercase() == name);
    if record.fields.names().any(taken) {
        let problem = "has a field whose name means another field in this format";
        return Err(ExportError::at(record.reference().to_string(), problem));
    }
    Ok(())
}

fn write_document(out: &mut dyn Sink, records: &[&Record]) {
    let main = records.iter().find(|record| record.subaccount == MAIN);
    out.push("{\n  ");
    match main {
        Some(main) => write_pair(out, main, ",\n  "),
        None => out.push("\"API_KEY\": \"\",\n  \"API_SECRET\": \"\""),
    }
    out.push(",\n  \"SUBACCOUNTS\": [");
    for (position, record) in records.iter().enumerate() {
        out.push(if position == 0 { "\n    {\n      " } else { ",\n    {\n      " });
        out.push("\"subaccount_name\": ");
        json_string(out, &record.subaccount);
        out.push(",\n      ");
        write_pair(out, record, ",\n      ");
        for (name, value) in extra_fields(record) {
            out.push(",\n      ");
            match field::KNOWN.contains(&name) {
                true => json_string(out, &name.to_ascii_uppercase()),
                false => json_string(out, name),
            }
            out.push(": ");
            json_string(out, value.expose_secret());
        }
        out.push("\n    }");
    }
    out.push("\n  ]\n}\n");
}

fn write_pair(out: &mut dyn Sink, record: &Record, separator: &str) {
    let mut between = "";
    for (key, name) in
        [("API_KEY", field::API_KEY), ("API_SECRET", field::API_SECRET), ("API_PASSPHRASE", field::API_PASSPHRASE)]
    {
        // Absent only for the passphrase: `complete` has seen the others.
        if let Some(value) = record.fields.get(name) {
            out.push(between);
            json_string(out, key);
            out.push(": ");
            json_string(out, value.expose_secret());
            between = separator;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: Some("okx"), now: 0 };

    fn record(reference: &str, key: &str, passphrase: Option<&str>) -> Record {
        let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
        record.fields.set("api_key", Secret::copy_of(key));
        record.fields.set("api_secret", Secret::copy_of("EXAMPLE-SECRET"));
        if let Some(passphrase) = passphrase {
            record.fields.set("api_passphrase", Secret::copy_of(passphrase));
        }
        record
    }

    fn written(records: &[&Record]) -> serde_json::Value {
        serde_json::from_str(write(records).unwrap().expose_secret()).unwrap()
    }

    fn read_text(text: &str) -> Result<Imported> {
        read(&Secret::copy_of(text), &OPTIONS)
    }

    #[test]
    fn main_stands_at_the_top_and_in_the_list() {
        let (main, hedge) =
            (record("okx/main", "EXAMPLE-MAIN", Some("EXAMPLE")), record("okx/hedge", "EXAMPLE-HEDGE", None));
        assert_eq!(
            written(&[&hedge, &main]),
            serde_json::json!({
                "API_KEY": "EXAMPLE-MAIN", "API_SECRET": "EXAMPLE-SECRET", "API_PASSPHRASE": "EXAMPLE",
                "SUBACCOUNTS": [
                    {"subaccount_name": "hedge", "API_KEY": "EXAMPLE-HEDGE", "API_SECRET": "EXAMPLE-SECRET"},
                    {"subaccount_name": "main", "API_KEY": "EXAMPLE-MAIN", "API_SECRET": "EXAMPLE-SECRET",
                     "API_PASSPHRASE": "EXAMPLE"},
                ],
            })
        );
    }

    #[test]
    fn without_a_main_the_pair_at_the_top_is_empty() {
        let value = written(&[&record("okx/hedge", "EXAMPLE-HEDGE", None)]);
        assert_eq!((value["API_KEY"].as_str(), value["API_SECRET"].as_str()), (Some(""), Some("")));
        let imported = read_text(&value.to_string()).unwrap();
        assert_eq!(imported.records.len(), 1);
        assert_eq!(imported.records[0].subaccount, "hedge");
    }

    #[test]
    fn a_pair_at_the_top_becomes_main() {
        let imported = read_text(r#"{"API_KEY": "EXAMPLE", "API_SECRET": "EXAMPLE", "UID": "7", "SUBACCOUNTS": []}"#);
        let records = imported.unwrap().records;
        assert_eq!(records[0].reference().to_string(), "okx/main");
        assert_eq!(records[0].fields.get("uid").unwrap().expose_secret(), "7");
    }

    #[test]
    fn a_top_that_contradicts_main_is_refused() {
        let text = r#"{"API_KEY": "EXAMPLE-1", "API_SECRET": "EXAMPLE", "SUBACCOUNTS": [
            {"subaccount_name": "main", "API_KEY": "EXAMPLE-2", "API_SECRET": "EXAMPLE"}]}"#;
        let message = read_text(text).unwrap_err().to_string();
        assert_eq!(message, "SUBACCOUNTS: the api_key at the top and the one of main in SUBACCOUNTS differ");
    }

    #[test]
    fn what_the_reader_would_refuse_is_refused_by_place() {
        for (text, message) in [
            ("{}", "line 1: neither API_KEY nor SUBACCOUNTS is there"),
            (r#"{"SUBACCOUNTS": {}}"#, "line 1, SUBACCOUNTS: an object where a list should be"),
            (
                r#"{"SUBACCOUNTS": "[]"}"#,
                "line 1, SUBACCOUNTS: a string where a list should be; the key/value editor of the AWS console makes these",
            ),
            (
                r#"{"SUBACCOUNTS": [{"subaccount_name": "a", "API_KEY": "EXAMPLE"}]}"#,
                "line 1, SUBACCOUNTS[0]: API_SECRET is missing",
            ),
            (
                r#"{"SUBACCOUNTS": [{"subaccount_name": "a", "api_key": "EXAMPLE"}]}"#,
                "line 1, SUBACCOUNTS[0]: API_KEY is missing",
            ),
            (
                r#"{"SUBACCOUNTS": [{"subaccount_name": "a", "API_KEY": null, "API_SECRET": "EXAMPLE"}]}"#,
                "line 1, SUBACCOUNTS[0]: API_KEY is missing",
            ),
            (r#"{"API_KEY": "EXAMPLE", "API_SECRET": ""}"#, "line 1: of API_KEY and API_SECRET only one is filled"),
        ] {
            assert_eq!(read_text(text).unwrap_err().to_string(), message);
        }
        assert!(read(&Secret::copy_of("{}"), &ImportOptions { exchange: None, now: 0 }).is_err());
    }

    #[test]
    fn two_exchanges_or_environments_or_no_record_are_refused() {
        let main = record("okx/main", "EXAMPLE", None);
        assert!(write(&[]).is_err());
        assert!(write(&[&main, &record("kraken/main", "EXAMPLE", None)]).is_err());
        assert!(write(&[&main, &record("okx/main@demo", "EXAMPLE", None)]).is_err());
    }

    #[test]
    fn a_secret_too_long_for_aws_is_refused() {
        let just_too_long = record("okx/a", &"E".repeat(MOST_BYTES), None);
        assert!(write(&[&just_too_long]).unwrap_err().problem.contains("65536"));
        assert!(write(&[&record("okx/a", &"E".repeat(MOST_BYTES - 300), None)]).is_ok());
    }
}
