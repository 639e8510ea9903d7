//! The text: made so that an editor that tidies up changes no secret.
//!
//! Values with line feeds stand on several lines, and everything invisible (blanks before a line's end,
//! carriage returns, control characters) is written as an escape.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use strongroom::{Contents, Record};
use zeroize::Zeroizing;

use super::{Scope, id_text};

/// The part of the contents that `scope` selects, as TOML under `header` (comment lines).
pub fn write(contents: &Contents, scope: &Scope, header: &str) -> Zeroizing<String> {
    let records = || contents.records().iter().filter(|record| scope.has_record(record));
    let values = || contents.values().filter(|(name, _)| scope.has_value(name));
    // No character grows to more than six bytes per byte; reserved at once, so that growing leaves no copies behind.
    let secrets: usize = records().flat_map(|record| record.fields.iter()).map(|(_, value)| value.len()).sum::<usize>()
        + values().map(|(_, value)| value.value.len()).sum::<usize>();
    let around =
        records().map(|record| 2048 + 6 * record.note.len() + 128 * record.fields.len() + names(record)).sum::<usize>()
            + values().map(|(name, _)| 64 + 6 * name.len()).sum::<usize>();
    let mut out = Zeroizing::new(String::with_capacity(header.len() + 6 * secrets + around + 4096));
    out.push_str(header);
    if scope.0.is_none() {
        entry(&mut out, "name", &contents.name);
    }
    for record in records() {
        write_record(&mut out, record);
    }
    if values().next().is_some() {
        out.push_str("\n[env]\n");
        for (name, value) in values() {
            key(&mut out, name);
            out.push_str(" = ");
            text(&mut out, value.value.expose_secret());
            out.push('\n');
        }
    }
    out
}

/// Room for the names of variables.
fn names(record: &Record) -> usize {
    record.variables.iter().map(|(field, name)| 16 + field.len() + 6 * name.len()).sum()
}

fn write_record(out: &mut String, record: &Record) {
    out.push_str("\n[[record]]\n");
    entry(out, "id", &id_text(&record.id));
    entry(out, "exchange", &record.exchange);
    entry(out, "subaccount", &record.subaccount);
    entry(out, "environment", record.environment.name());
    entry(out, "kind", record.kind.name());
    list(out, "permissions", &record.permissions);
    list(out, "ip_allowlist", &record.ip_allowlist);
    match record.expires {
        Some(seconds) => match jiff::Timestamp::from_second(seconds) {
            Ok(moment) => {
                let _ = writeln!(out, "expires = {moment}");
            }
            // Beyond the calendar: the bare number of seconds.
            Err(_) => {
                let _ = writeln!(out, "expires = {seconds}");
            }
        },
        None => out.push_str("# expires = 2027-12-31\n"),
    }
    match record.rotate_after_days {
        Some(days) => {
            let _ = writeln!(out, "rotate_after_days = {days}");
        }
        None => out.push_str("# rotate_after_days = 90\n"),
    }
    list(out, "tags", &record.tags);
    entry(out, "note", &record.note);
    if !record.variables.is_empty() {
        out.push_str("variables = {");
        for (position, (field, name)) in record.variables.iter().enumerate() {
            out.push_str(if position > 0 { ", " } else { " " });
            key(out, field);
            out.push_str(" = ");
            quoted(out, name, false);
        }
        out.push_str(" }\n");
    }
    out.push_str("[record.fields]\n");
    for (name, value) in record.fields.iter() {
        key(out, name);
        out.push_str(" = ");
        text(out, value.expose_secret());
        out.push('\n');
    }
}

fn entry(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(" = ");
    text(out, value);
    out.push('\n');
}

fn list(out: &mut String, name: &str, words: &BTreeSet<String>) {
    out.push_str(name);
    out.push_str(" = [");
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        quoted(out, word, false);
    }
    out.push_str("]\n");
}

fn key(out: &mut String, name: &str) {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(bare) { out.push_str(name) } else { quoted(out, name, false) }
}

/// A value: on several lines when it has some.
fn text(out: &mut String, value: &str) {
    if value.contains('\n') {
        // The line feed right after the quotes does not count.
        out.push_str("\"\"\"\n");
        quoted_inside(out, value, true);
        out.push_str("\"\"\"");
    } else {
        quoted(out, value, false);
    }
}

fn quoted(out: &mut String, value: &str, several_lines: bool) {
    out.push('"');
    quoted_inside(out, value, several_lines);
    out.push('"');
}

fn quoted_inside(out: &mut String, value: &str, several_lines: bool) {
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' if several_lines => out.push('\n'),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // An editor that trims line ends would take it away.
            ' ' if matches!(characters.peek(), Some('\n' | '\r')) => out.push_str("\\u0020"),
            ' ' => out.push(' '),
            other if invisible(other) => {
                let _ = write!(out, "\\U{:08X}", u32::from(other));
            }
            other => out.push(other),
        }
    }
}

/// What an editor may drop, change or show as nothing.
fn invisible(character: char) -> bool {
    character.is_control()
        || character.is_whitespace()
        || matches!(character, '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
}
