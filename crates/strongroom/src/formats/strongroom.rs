//! `{"strongroom": 1, "records": [...], "values": [...]}`: everything a vault holds for its user.
//!
//! Complete and exact: what is written reads back as the same records, ids, times, tags and values
//! of a rotation's overlap included. Never slots, keys or the log. Times are RFC 3339 in UTC; one
//! that RFC 3339 cannot express (before year 0 or after 9999) is a number of seconds.
//!
//! Only `exchange` is required of a record, so that one can be written by hand. A member that is not
//! known here is refused: dropping it silently would lose something.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::document::{Node, Object};
use super::render::{Sink, json_string, render};
use super::{ImportOptions, Imported, Metadata, guess_kind};
use crate::record::{
    CredentialKind, Environment, Extensions, Fields, Previous, Record, RecordId, Reference, Timestamp, Value, name,
};
use crate::registry::permission_words;
use crate::secret::Secret;
use crate::{ImportError, Result};

/// The version of this document that is written and read.
const VERSION: i64 = 1;

pub(super) fn write(records: &[&Record], values: &[(&str, &Value)]) -> Secret {
    render(|out| {
        out.push("{\n  \"strongroom\": 1,\n  \"records\": [");
        for (position, record) in records.iter().enumerate() {
            out.push(if position == 0 { "\n    {" } else { ",\n    {" });
            write_record(out, record);
            out.push("\n    }");
        }
        out.push(if records.is_empty() { "],\n  \"values\": [" } else { "\n  ],\n  \"values\": [" });
        for (position, (name, value)) in values.iter().enumerate() {
            out.push(if position == 0 { "\n    {\"name\": " } else { ",\n    {\"name\": " });
            json_string(out, name);
            out.push(", \"value\": ");
            json_string(out, value.value.expose_secret());
            out.push(", \"created\": ");
            write_time(out, Some(value.created));
            out.push(", \"changed\": ");
            write_time(out, value.changed);
            out.push("}");
        }
        out.push(if values.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
    })
}

fn write_record(out: &mut dyn Sink, record: &Record) {
    let mut first = true;
    let mut member = |out: &mut dyn Sink, name: &str| {
        out.push(if first { "\n      " } else { ",\n      " });
        first = false;
        json_string(out, name);
        out.push(": ");
    };
    for (name, text) in [
        ("id", HEXLOWER.encode(&record.id.0).as_str()),
        ("exchange", &record.exchange),
        ("subaccount", &record.subaccount),
        ("environment", record.environment.name()),
        ("kind", record.kind.name()),
    ] {
        member(out, name);
        json_string(out, text);
    }
    member(out, "fields");
    write_fields(out, &record.fields);
    for (name, words) in
        [("permissions", &record.permissions), ("ip_allowlist", &record.ip_allowlist), ("tags", &record.tags)]
    {
        member(out, name);
        write_words(out, words);
    }
    member(out, "note");
    json_string(out, &record.note);
    for (name, time) in [
        ("created", Some(record.created)),
        ("rotated", record.rotated),
        ("expires", record.expires),
        ("verified", record.verified),
    ] {
        member(out, name);
        write_time(out, time);
    }
    member(out, "rotate_after_days");
    match record.rotate_after_days {
        Some(days) => out.push(&days.to_string()),
        None => out.push("null"),
    }
    member(out, "previous");
    match &record.previous {
        Some(previous) => {
            out.push("{\"replaced\": ");
            write_time(out, Some(previous.replaced));
            out.push(", \"retire\": ");
            write_time(out, previous.retire);
            out.push(", \"fields\": ");
            write_fields(out, &previous.fields);
            for (name, time) in
                [("rotated", previous.rotated), ("expires", previous.expires), ("verified", previous.verified)]
            {
                out.push(", ");
                json_string(out, name);
                out.push(": ");
                write_time(out, time);
            }
            out.push(", \"kind\": ");
            json_string(out, previous.kind.name());
            out.push(", \"permissions\": ");
            write_words(out, &previous.permissions);
            out.push(", \"ip_allowlist\": ");
            write_words(out, &previous.ip_allowlist);
            out.push("}");
        }
        None => out.push("null"),
    }
    member(out, "variables");
    out.push("{");
    for (position, (field, name)) in record.variables.iter().enumerate() {
        out.push(if position == 0 { "" } else { ", " });
        json_string(out, field);
        out.push(": ");
        json_string(out, name);
    }
    out.push("}");
    member(out, "extensions");
    out.push("[");
    for (position, (tag, bytes)) in record.extensions.iter().enumerate() {
        out.push(if position == 0 { "" } else { ", " });
        out.push(&format!("{{\"tag\": {tag}, \"bytes\": \""));
        // Newer versions may keep secrets here, so no string of it is made on the way.
        for byte in bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                out.push_character(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        out.push("\"}");
    }
    out.push("]");
}

fn write_words(out: &mut dyn Sink, words: &BTreeSet<String>) {
    out.push("[");
    for (position, word) in words.iter().enumerate() {
        out.push(if position == 0 { "" } else { ", " });
        json_string(out, word);
    }
    out.push("]");
}

fn write_fields(out: &mut dyn Sink, fields: &Fields) {
    out.push("{");
    for (position, (name, value)) in fields.iter().enumerate() {
        out.push(if position == 0 { "" } else { ", " });
        json_string(out, name);
        out.push(": ");
        json_string(out, value.expose_secret());
    }
    out.push("}");
}

fn write_time(out: &mut dyn Sink, time: Option<Timestamp>) {
    let Some(seconds) = time else { return out.push("null") };
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) if (-62_167_219_200..253_402_300_800).contains(&seconds) => out.push(&format!("\"{time}\"")),
        _ => out.push(&seconds.to_string()),
    }
}

pub(super) fn read(text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let mut document = Node::of(text.expose_secret())?.object()?;
    let version = document.require("strongroom")?;
    if version.integer()? != VERSION {
        return Err(version.error("written by a newer version; this one reads version 1").into());
    }
    let mut imported = Imported::new();
    let mut ids = BTreeSet::new();
    if let Some(records) = document.take("records") {
        for node in records.list()? {
            let mut members = node.object()?;
            let record = read_record(&mut members, options)?;
            if !ids.insert(record.id) {
                return Err(members.error("another record of this text has the same id").into());
            }
            members.finish()?;
            imported.records.push(record);
        }
    }
    let mut value_times = BTreeMap::new();
    if let Some(values) = document.take("values") {
        for node in values.list()? {
            let mut members = node.object()?;
            let name_node = members.require("name")?;
            let name = name_node.text()?;
            if !name::is_value(&name) {
                return Err(name_node.error("not a name that a vault can store").into());
            }
            let value = members.require("value")?.secret()?;
            let created = take_time(&mut members, "created")?.unwrap_or(options.now);
            let changed = take_time(&mut members, "changed")?;
            members.finish()?;
            value_times.insert(name.clone(), (created, changed));
            imported.values.push((name, value));
        }
    }
    document.finish()?;
    imported.metadata = Metadata::Whole { value_times };
    Ok(imported)
}

fn read_record(members: &mut Object<'_>, options: &ImportOptions<'_>) -> Result<Record> {
    let exchange = take_name(members, "exchange", name::is_exchange)?;
    let Some(exchange) = exchange else { return Err(members.error("exchange is missing").into()) };
    let subaccount = take_name(members, "subaccount", name::is_subaccount)?.unwrap_or_else(|| "main".into());
    let mut record = Record::new(&Reference::new(&exchange, &subaccount), options.now)?;
    if let Some(node) = members.take_some("id") {
        let bytes = HEXLOWER.decode(node.text()?.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        record.id = RecordId(bytes.ok_or_else(|| node.error("an id is 32 hexadecimal digits in lower case"))?);
    }
    if let Some(node) = members.take_some("environment") {
        let environment = Environment::from_name(&node.text()?);
        record.environment = environment.ok_or_else(|| node.error("an environment is live, testnet or demo"))?;
    }
    if let Some(node) = members.take_some("fields") {
        record.fields = read_fields(node)?;
    }
    record.kind = take_kind(members)?.unwrap_or_else(|| guess_kind(&record.exchange, &record.fields));
    record.permissions = take_permissions(members)?.unwrap_or_default();
    record.ip_allowlist = take_words(members, "ip_allowlist")?.unwrap_or_default();
    record.tags = take_words(members, "tags")?.unwrap_or_default();
    if let Some(node) = members.take_some("note") {
        record.note = node.text()?.into();
    }
    record.created = take_time(members, "created")?.unwrap_or(options.now);
    record.rotated = take_time(members, "rotated")?;
    record.expires = take_time(members, "expires")?;
    record.verified = take_time(members, "verified")?;
    if let Some(node) = members.take_some("rotate_after_days") {
        let days = u32::try_from(node.integer()?);
        record.rotate_after_days = Some(days.map_err(|_| node.error("not a number of days"))?);
    }
    if let Some(node) = members.take_some("previous") {
        let mut previous = node.object()?;
        // What is not said of the old key is what is said of the new one.
        record.previous = Some(Box::new(Previous {
            replaced: take_time(&mut previous, "replaced")?.ok_or_else(|| previous.error("replaced is missing"))?,
            retire: take_time(&mut previous, "retire")?,
            fields: read_fields(previous.require("fields")?)?,
            rotated: take_time(&mut previous, "rotated")?,
            expires: take_time(&mut previous, "expires")?,
            verified: take_time(&mut previous, "verified")?,
            kind: take_kind(&mut previous)?.unwrap_or(record.kind),
            permissions: take_permissions(&mut previous)?.unwrap_or_else(|| record.permissions.clone()),
            ip_allowlist: take_words(&mut previous, "ip_allowlist")?.unwrap_or_else(|| record.ip_allowlist.clone()),
        }));
        previous.finish()?;
    }
    if let Some(node) = members.take_some("variables") {
        record.variables = read_variables(node)?;
    }
    if let Some(node) = members.take_some("extensions") {
        record.extensions = read_extensions(node)?;
    }
    Ok(record)
}

fn read_fields(node: Node<'_>) -> Result<Fields, ImportError> {
    let mut fields = Fields::default();
    for (name, node) in node.object()?.rest() {
        if !name::is_field(&name) {
            return Err(node.error("a field's name is letters, digits, _ . and -"));
        }
        fields.set(&name, node.secret()?);
    }
    Ok(fields)
}

/// By the rules that the payload has for them.
fn read_variables(node: Node<'_>) -> Result<BTreeMap<String, String>, ImportError> {
    let (mut variables, mut given) = (BTreeMap::new(), BTreeSet::new());
    for (field, node) in node.object()?.rest() {
        if variables.len() == name::MOST_VARIABLES {
            return Err(node.error("a record has at most 64 variables"));
        }
        if !name::is_field(&field) {
            return Err(node.error("a field's name is letters, digits, _ . and -"));
        }
        let name = node.text()?;
        if !name::is_variable(&name) {
            return Err(node.error("a variable's name is 1 to 256 bytes without control characters, = or /"));
        }
        if !given.insert(name.clone()) {
            return Err(node.error("another field has the same variable"));
        }
        variables.insert(field, name);
    }
    Ok(variables)
}

fn read_extensions(node: Node<'_>) -> Result<Extensions, ImportError> {
    let mut extensions = Extensions::new();
    for node in node.list()? {
        let mut members = node.object()?;
        let tag_node = members.require("tag")?;
        let tag = u16::try_from(tag_node.integer()?).map_err(|_| tag_node.error("not a tag"))?;
        if extensions.last().is_some_and(|(last, _)| *last >= tag) {
            return Err(tag_node.error("tags must ascend"));
        }
        let bytes_node = members.require("bytes")?;
        let digits = bytes_node.secret()?;
        let bytes = HEXLOWER.decode(digits.expose_secret().as_bytes()).map(Zeroizing::new);
        extensions.push((tag, bytes.map_err(|_| bytes_node.error("not hexadecimal digits in lower case"))?));
        members.finish()?;
    }
    Ok(extensions)
}

fn take_name(
    members: &mut Object<'_>,
    member: &str,
    is_allowed: fn(&str) -> bool,
) -> Result<Option<String>, ImportError> {
    let Some(node) = members.take_some(member) else { return Ok(None) };
    let text = node.text()?;
    match is_allowed(&text) {
        true => Ok(Some(text)),
        false => Err(node.error("is empty, too long or has control characters")),
    }
}

/// One entry can hold several words.
fn take_permissions(members: &mut Object<'_>) -> Result<Option<BTreeSet<String>>, ImportError> {
    let given = take_words(members, "permissions")?;
    let words = |text: &String| permission_words(text).map(str::to_owned).collect::<Vec<_>>();
    Ok(given.map(|given| given.iter().flat_map(words).collect()))
}

fn take_words(members: &mut Object<'_>, name: &str) -> Result<Option<BTreeSet<String>>, ImportError> {
    let Some(node) = members.take_some(name) else { return Ok(None) };
    node.list()?.iter().map(Node::text).collect::<Result<_, _>>().map(Some)
}

fn take_kind(members: &mut Object<'_>) -> Result<Option<CredentialKind>, ImportError> {
    let Some(node) = members.take_some("kind") else { return Ok(None) };
    let kind = CredentialKind::from_name(&node.text()?);
    kind.map(Some).ok_or_else(|| node.error("a kind is hmac, ed25519, rsa, ecdsa, wallet or oauth"))
}

fn take_time(members: &mut Object<'_>, name: &str) -> Result<Option<Timestamp>, ImportError> {
    let Some(node) = members.take_some(name) else { return Ok(None) };
    if !node.is_string() {
        return node.integer().map(Some);
    }
    match node.text()?.parse::<jiff::Timestamp>() {
        Ok(time) if time.subsec_nanosecond() == 0 => Ok(Some(time.as_second())),
        _ => Err(node.error("not a time such as 2026-01-31T12:00:00Z, in whole seconds")),
    }
}

#[cfg(test)]
mod tests;
