//! The text read back by the `toml` crate, and taken apart strictly. Problems name a line, never what stands in it.

use std::collections::{BTreeMap, BTreeSet};

use strongroom::record::{Timestamp, name as names};
use strongroom::{CredentialKind, Environment, Reference, Secret};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroize;

use super::{Document, Draft, Problem};
use crate::commands::record_input::variables::problem_of_name;
use crate::commands::record_input::{parse_moment, separate};

/// Reads the text back.
///
/// # Errors
/// The first [`Problem`]. Copies that the parser made of the text on the way to it are not wiped; this process
/// cannot be dumped and ends soon.
pub fn read(text: &str) -> Result<Document, Problem> {
    let mut table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            return Err(Problem { line, problem: "this is not TOML".into() });
        }
    };
    let document = read_table(text, &mut table);
    wipe_table(table);
    document
}

fn read_table(source: &str, table: &mut DeTable<'_>) -> Result<Document, Problem> {
    let mut document = Document { name: None, records: Vec::new(), values: Vec::new() };
    for (name, value) in table.iter_mut() {
        let line = line_of(source, name.span().start);
        match (name.get_ref().as_ref(), value.get_mut()) {
            ("name", value) => document.name = Some(string(value, line)?.expose_secret().to_owned()),
            ("record", DeValue::Array(records)) => {
                for record in records.iter_mut() {
                    let line = line_of(source, record.span().start);
                    let DeValue::Table(record) = record.get_mut() else {
                        return Err(Problem { line, problem: "a record starts with [[record]]".into() });
                    };
                    document.records.push(read_record(source, record, line)?);
                }
            }
            ("record", _) => return Err(Problem { line, problem: "a record starts with [[record]]".into() }),
            ("env", DeValue::Table(values)) => {
                for (name, value) in values.iter_mut() {
                    let line = line_of(source, name.span().start);
                    if !names::is_value(name.get_ref()) {
                        return Err(Problem {
                            line,
                            problem: "this name cannot be used: it is empty, too long, or has `=` or `/`".into(),
                        });
                    }
                    document.values.push((name.get_ref().as_ref().to_owned(), string(value.get_mut(), line)?));
                }
            }
            _ => return Err(Problem { line, problem: "only name, [[record]] and [env] are expected here".into() }),
        }
    }
    Ok(document)
}

fn read_record(source: &str, table: &mut DeTable<'_>, line: usize) -> Result<Draft, Problem> {
    let mut draft = Draft {
        line,
        id: None,
        reference: Reference::new("", "main"),
        kind: CredentialKind::default(),
        fields: Vec::new(),
        field_lines: Vec::new(),
        permissions: BTreeSet::new(),
        permissions_line: line,
        ip_allowlist: BTreeSet::new(),
        expires: None,
        rotate_after_days: None,
        tags: BTreeSet::new(),
        note: String::new(),
        variables: BTreeMap::new(),
    };
    for (name, value) in table.iter_mut() {
        let line = line_of(source, name.span().start);
        let value = value.get_mut();
        let plain = |value: &mut DeValue<'_>| Ok(string(value, line)?.expose_secret().to_owned());
        match name.get_ref().as_ref() {
            "id" => draft.id = Some(plain(value)?),
            "exchange" => draft.reference.exchange = plain(value)?,
            "subaccount" => draft.reference.subaccount = plain(value)?,
            "environment" => {
                draft.reference.environment = Environment::from_name(string(value, line)?.expose_secret())
                    .ok_or_else(|| Problem { line, problem: "environment must be live, testnet or demo".into() })?;
            }
            "kind" => {
                draft.kind = CredentialKind::from_name(string(value, line)?.expose_secret()).ok_or_else(|| {
                    Problem { line, problem: "kind must be hmac, ed25519, rsa, ecdsa, wallet or oauth".into() }
                })?;
            }
            "permissions" => (draft.permissions, draft.permissions_line) = (separate(&words(value, line)?), line),
            "ip_allowlist" => draft.ip_allowlist = words(value, line)?,
            "expires" => draft.expires = Some(moment(value, line)?),
            "rotate_after_days" => draft.rotate_after_days = Some(days(value, line)?),
            "tags" => draft.tags = words(value, line)?,
            "note" => draft.note = plain(value)?,
            "variables" => draft.variables = variables(source, value, line)?,
            "fields" => fields(source, value, line, &mut draft)?,
            _ => {
                return Err(Problem {
                    line,
                    problem: "a record has no such key (secrets stand under [record.fields])".into(),
                });
            }
        }
    }
    // Printing and reading the name is the same rule that every REF has to pass.
    let named = draft.reference.to_string().parse::<Reference>();
    match named {
        Ok(reference) if reference == draft.reference => Ok(draft),
        _ => Err(Problem {
            line,
            problem: "the exchange or subaccount of this record is missing or cannot be a name".into(),
        }),
    }
}

fn fields(source: &str, value: &mut DeValue<'_>, line: usize, draft: &mut Draft) -> Result<(), Problem> {
    let DeValue::Table(table) = value else { return Err(Problem { line, problem: "fields must be a table".into() }) };
    for (name, value) in table.iter_mut() {
        let line = line_of(source, name.span().start);
        if !names::is_field(name.get_ref()) {
            return Err(Problem { line, problem: FIELD_RULE.into() });
        }
        draft.fields.push((name.get_ref().as_ref().to_owned(), string(value.get_mut(), line)?));
        draft.field_lines.push(line);
    }
    Ok(())
}

const FIELD_RULE: &str = "a field's name has letters, digits, `_`, `.` and `-`";

fn variables(source: &str, value: &mut DeValue<'_>, line: usize) -> Result<BTreeMap<String, (String, usize)>, Problem> {
    let DeValue::Table(table) = value else {
        return Err(Problem { line, problem: "variables must be a table, such as { api_secret = \"NAME\" }".into() });
    };
    let mut variables = BTreeMap::new();
    for (field, name) in table.iter_mut() {
        let line = line_of(source, field.span().start);
        if !names::is_field(field.get_ref()) {
            return Err(Problem { line, problem: FIELD_RULE.into() });
        }
        let name = string(name.get_mut(), line)?;
        if let Some(problem) = problem_of_name(name.expose_secret()) {
            return Err(Problem { line, problem: problem.into() });
        }
        variables.insert(field.get_ref().as_ref().to_owned(), (name.expose_secret().to_owned(), line));
    }
    Ok(variables)
}

/// Takes the text out of its place.
fn string(value: &mut DeValue<'_>, line: usize) -> Result<Secret, Problem> {
    match value {
        DeValue::String(text) => Ok(Secret::new(std::mem::take(text).into_owned())),
        _ => Err(Problem { line, problem: "a text in quotes is expected here".into() }),
    }
}

fn words(value: &mut DeValue<'_>, line: usize) -> Result<BTreeSet<String>, Problem> {
    let DeValue::Array(items) = value else {
        return Err(Problem { line, problem: "a list of texts is expected here".into() });
    };
    items.iter_mut().map(|item| Ok(string(item.get_mut(), line)?.expose_secret().to_owned())).collect()
}

fn moment(value: &DeValue<'_>, line: usize) -> Result<Timestamp, Problem> {
    let moment = match value {
        DeValue::Datetime(moment) => parse_moment(&moment.to_string()),
        DeValue::String(text) => parse_moment(text),
        DeValue::Integer(number) => Timestamp::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    moment.ok_or_else(|| Problem { line, problem: "a date, or a time with its offset, is expected here".into() })
}

fn days(value: &DeValue<'_>, line: usize) -> Result<u32, Problem> {
    match value {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
    .filter(|days| *days > 0)
    .ok_or_else(|| Problem { line, problem: "a number of days from 1 is expected here".into() })
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Wipes what the parser copied and nobody took.
fn wipe_table(table: DeTable<'_>) {
    for (_, value) in table {
        wipe(value);
    }
}

fn wipe(value: Spanned<DeValue<'_>>) {
    match value.into_inner() {
        DeValue::String(std::borrow::Cow::Owned(mut text)) => text.zeroize(),
        DeValue::Array(items) => items.into_iter().for_each(wipe),
        DeValue::Table(table) => wipe_table(table),
        _ => {}
    }
}
