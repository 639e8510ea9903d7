//! The text of a policy, taken apart strictly. What is wrong is told by line and key, never by what stands there.

use std::ops::Range;

use toml::de::{DeArray, DeTable, DeValue};

use super::{Allowance, Pattern, Policy};
use crate::check::rules::{RULES, Severity};
use crate::error::PolicyError;
use crate::record::{Environment, Selection, field};
use crate::registry::nearest_of;

/// Longer than any key or certificate lives, and far from where dates end.
const MOST_DAYS: u32 = 36_500;

const TABLES: [&str; 3] = ["rotation", "expiry", "allow"];
const ROTATION: [&str; 4] = ["read", "trade", "withdraw", "warn_days"];
const EXPIRY: [&str; 1] = ["warn_days"];
const ALLOW: [&str; 3] = ["record", "code", "reason"];

/// Reads a policy.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn read(text: &str) -> Result<Policy, PolicyError> {
    let lines = Lines(text);
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.of(&span));
        PolicyError::at(line, "this is not TOML, or has a key twice")
    })?;
    let mut policy = Policy::default();
    for (key, value) in table.get_ref() {
        let line = lines.of(&key.span());
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("rotation", DeValue::Table(table)) => rotation(&lines, table, &mut policy)?,
            ("expiry", DeValue::Table(table)) => expiry(&lines, table, &mut policy)?,
            ("allow", DeValue::Array(tables)) => policy.allowances = allowances(&lines, tables)?,
            ("allow", _) => return Err(PolicyError::at(line, "what is allowed starts with [[allow]]")),
            (name @ ("rotation" | "expiry"), _) => {
                return Err(PolicyError::at(line, format!("[{name}] is a table of its own")));
            }
            (name, _) => return Err(PolicyError::at(line, unknown(name, "a policy", &TABLES))),
        }
    }
    Ok(policy)
}

fn rotation(lines: &Lines<'_>, table: &DeTable<'_>, policy: &mut Policy) -> Result<(), PolicyError> {
    for (key, value) in table {
        let line = lines.of(&key.span());
        let days = || days(value.get_ref(), line, "rotation", key.get_ref());
        match key.get_ref().as_ref() {
            "read" => policy.rotation.read = days()?,
            "trade" => policy.rotation.trade = days()?,
            "withdraw" => policy.rotation.withdraw = days()?,
            "warn_days" => policy.rotation_warn_days = days()?,
            name => return Err(PolicyError::at(line, unknown(name, "[rotation]", &ROTATION))),
        }
    }
    Ok(())
}

fn expiry(lines: &Lines<'_>, table: &DeTable<'_>, policy: &mut Policy) -> Result<(), PolicyError> {
    for (key, value) in table {
        let line = lines.of(&key.span());
        match key.get_ref().as_ref() {
            "warn_days" => policy.expiry_warn_days = days(value.get_ref(), line, "expiry", "warn_days")?,
            name => return Err(PolicyError::at(line, unknown(name, "[expiry]", &EXPIRY))),
        }
    }
    Ok(())
}

fn allowances(lines: &Lines<'_>, tables: &DeArray<'_>) -> Result<Vec<Allowance>, PolicyError> {
    let mut allowances = Vec::with_capacity(tables.len());
    for table in tables.iter() {
        let line = lines.of(&table.span());
        let DeValue::Table(table) = table.get_ref() else {
            return Err(PolicyError::at(line, "what is allowed starts with [[allow]]"));
        };
        allowances.push(allowance(lines, table, line)?);
    }
    Ok(allowances)
}

fn allowance(lines: &Lines<'_>, table: &DeTable<'_>, line: usize) -> Result<Allowance, PolicyError> {
    let (mut about, mut code, mut reason) = (None, None, None);
    for (key, value) in table {
        let line = lines.of(&key.span());
        let wrong = |problem: &str| PolicyError::at(line, format!("[[allow]] {}: {problem}", key.get_ref()));
        let name = key.get_ref().as_ref();
        if !ALLOW.contains(&name) {
            return Err(PolicyError::at(line, unknown(name, "[[allow]]", &ALLOW)));
        }
        let DeValue::String(text) = value.get_ref() else { return Err(wrong("a text in quotes is expected")) };
        match name {
            "record" => about = Some((pattern(text).map_err(|problem| wrong(&problem))?, line)),
            "code" => {
                let known = RULES.iter().find(|rule| rule.code == text.as_ref());
                code = Some(known.ok_or_else(|| wrong(&unknown_code(text)))?);
            }
            _ if text.trim().is_empty() => return Err(wrong("it is empty, and whoever reads this later needs it")),
            _ => reason = Some(text.trim().to_owned()),
        }
    }
    let absent = |name: &str| PolicyError::at(line, format!("this [[allow]] has no {name}"));
    let (about, at) = about.ok_or_else(|| absent("record"))?;
    let rule = code.ok_or_else(|| absent("code"))?;
    let reason = reason.ok_or_else(|| absent("reason"))?;
    if matches!(about, Pattern::Everything(_)) && rule.worst == Severity::Error {
        let problem = format!("[[allow]] record: {} can be an error: name the records or the exchange", rule.code);
        return Err(PolicyError::at(at, problem));
    }
    if let Pattern::These(Selection::Field(_, name)) = &about
        && !rule.is_about_fields()
    {
        // Whatever else stands there may be a secret in the wrong place.
        let field = if field::KNOWN.contains(&name.as_str()) { name } else { "field" };
        let problem = format!("[[allow]] record: {} is about the whole record: leave out the /{field}", rule.code);
        return Err(PolicyError::at(at, problem));
    }
    Ok(Allowance { about, code: rule.code, reason, line })
}

fn pattern(text: &str) -> Result<Pattern, String> {
    if text == "*" {
        return Ok(Pattern::Everything(None));
    }
    if let Some(environment) = text.strip_prefix("*@").and_then(Environment::from_name) {
        return Ok(Pattern::Everything(Some(environment)));
    }
    let selection: Selection = text.parse().map_err(|problem| format!("not a REF: {problem}"))?;
    let starred = match &selection {
        Selection::Record(reference) | Selection::Field(reference, _) => {
            reference.exchange.contains('*') || reference.subaccount.contains('*')
        }
        Selection::Exchange(exchange, _) => exchange.contains('*'),
        Selection::Value(name) => name.contains('*'),
    };
    if starred {
        return Err("* stands alone, or for all subaccounts of an exchange, as in kraken/*".into());
    }
    Ok(Pattern::These(selection))
}

fn days(value: &DeValue<'_>, line: usize, table: &str, key: &str) -> Result<u32, PolicyError> {
    match value {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
    .filter(|days| (1..=MOST_DAYS).contains(days))
    .ok_or_else(|| {
        let problem = format!("[{table}] {key}: a number of days from 1 to {MOST_DAYS} is expected");
        PolicyError::at(line, problem)
    })
}

fn unknown(name: &str, place: &str, known: &[&str]) -> String {
    match nearest_of(name, known.iter().copied()) {
        Some(near) => format!("no such key in {place}; did you mean {near}?"),
        None => format!("no such key in {place}; it has {}", known.join(", ")),
    }
}

fn unknown_code(text: &str) -> String {
    match nearest_of(text, RULES.iter().map(|rule| rule.code)) {
        Some(near) => format!("no such code; did you mean {near}?"),
        None => "no such code; strongroom check --help lists them".into(),
    }
}

/// The text, to find lines in.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    /// The line on which a piece begins, from 1.
    fn of(&self, span: &Range<usize>) -> usize {
        self.0.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &str = "record = \"okx\"\ncode = \"shape\"\n";

    fn told(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn everything_can_be_left_out_and_everything_can_be_said() {
        let nothing = read("# only a comment\n").unwrap();
        assert_eq!((nothing.rotation.read, nothing.rotation.trade, nothing.rotation.withdraw), (90, 30, 14));
        assert_eq!((nothing.rotation_warn_days, nothing.expiry_warn_days), (7, 14));
        let text = "[rotation]\nread = 1\ntrade = 2\nwithdraw = 3\nwarn_days = 4\n[expiry]\nwarn_days = 5\n\
                    [[allow]]\nrecord = \"kraken/*\"\ncode = \"withdraw-permission\"\nreason = \" it pays out \"\n";
        let all = read(text).unwrap();
        assert_eq!((all.rotation.read, all.rotation.trade, all.rotation.withdraw), (1, 2, 3));
        assert_eq!((all.rotation_warn_days, all.expiry_warn_days), (4, 5));
        let allowed = &all.allowances()[0];
        assert_eq!((allowed.code, allowed.reason.as_str(), allowed.line), ("withdraw-permission", "it pays out", 8));
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let documentation = include_str!("../policy.rs");
        let lines = documentation.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
        let example: Vec<&str> = lines.skip_while(|line| *line != "```toml").skip(1).collect();
        let example: Vec<&str> = example.into_iter().take_while(|line| *line != "```").collect();
        let policy = read(&example.join("\n")).unwrap();
        assert_eq!(policy.allowances().len(), 1);
        assert_eq!(policy.expiry_warn_days, Policy::default().expiry_warn_days);
    }

    #[test]
    fn unknown_keys_are_refused_with_a_suggestion() {
        for (text, problem) in [
            ("[rotaton]\n", "line 1: no such key in a policy; did you mean rotation?"),
            ("\n[rotation]\nwithdrw = 3\n", "line 3: no such key in [rotation]; did you mean withdraw?"),
            ("[rotation]\nhours = 3\n", "line 2: no such key in [rotation]; it has read, trade, withdraw, warn_days"),
            ("[expiry]\nwarndays = 3\n", "line 2: no such key in [expiry]; did you mean warn_days?"),
            ("[[allow]]\nreasn = \"x\"\n", "line 2: no such key in [[allow]]; did you mean reason?"),
            (
                "[[allow]]\ncode = \"withdraw-permision\"\n",
                "line 2: [[allow]] code: no such code; did you mean withdraw-permission?",
            ),
        ] {
            assert_eq!(told(text), problem);
        }
        assert!(told("[[allow]]\ncode = \"everything\"\n").contains("strongroom check --help lists them"));
    }

    #[test]
    fn wrong_values_are_told_by_line_and_key() {
        let days = "a number of days from 1 to 36500 is expected";
        for (text, problem) in [
            ("[rotation]\nread = \"90\"\n", format!("line 2: [rotation] read: {days}")),
            ("[rotation]\nread = 90.5\n", format!("line 2: [rotation] read: {days}")),
            ("[rotation]\nread = -1\n", format!("line 2: [rotation] read: {days}")),
            ("[expiry]\n\nwarn_days = 36501\n", format!("line 3: [expiry] warn_days: {days}")),
            ("rotation = 90\n", "line 1: [rotation] is a table of its own".into()),
            ("[allow]\n", "line 1: what is allowed starts with [[allow]]".into()),
            ("allow = [1]\n", "line 1: what is allowed starts with [[allow]]".into()),
            ("[[allow]]\nrecord = 7\n", "line 2: [[allow]] record: a text in quotes is expected".into()),
            ("[[allow]]\nrecord = \"a/b/c/d\"\n", {
                "line 2: [[allow]] record: not a REF: more than exchange/subaccount/field".into()
            }),
            ("[[allow]]\nrecord = \"*/treasury\"\n", {
                "line 2: [[allow]] record: * stands alone, or for all subaccounts of an exchange, as in kraken/*".into()
            }),
            ("[rotation\n", "line 1: this is not TOML, or has a key twice".into()),
            ("[rotation]\nread = 1\nread = 2\n", "line 3: this is not TOML, or has a key twice".into()),
        ] {
            assert_eq!(told(text), problem);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused() {
        let whole =
            "[rotation]\nread = 0x1F\n[[allow]]\nrecord = 'okx/a@b'\ncode = \"\\u0073hape\"\nreason = \"\u{e9}\"\n";
        assert_eq!(read(whole).unwrap().allowances()[0].code, "shape");
        let mut refused = 0;
        for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
            refused += usize::from(read(&whole[..cut]).is_err());
            refused += usize::from(read(&whole[cut..]).is_err());
        }
        assert!(refused > 100, "{refused}");
        for odd in ["[".repeat(60_000), "a.".repeat(30_000), format!("allow = {}", "[".repeat(60_000)), "\0".into()] {
            assert!(read(&odd).is_err());
        }
    }

    #[test]
    fn whoever_allows_something_says_where_and_why() {
        assert_eq!(told(&format!("\n[[allow]]\n{ALLOWED}")), "line 2: this [[allow]] has no reason");
        assert_eq!(told("[[allow]]\nrecord = \"okx\"\nreason = \"x\"\n"), "line 1: this [[allow]] has no code");
        assert_eq!(told("[[allow]]\ncode = \"shape\"\nreason = \"x\"\n"), "line 1: this [[allow]] has no record");
        assert!(
            told(&format!("[[allow]]\n{ALLOWED}reason = \" \"\n")).contains("line 4: [[allow]] reason: it is empty")
        );
    }

    #[test]
    fn what_can_be_an_error_is_not_allowed_everywhere_at_once() {
        for star in ["*", "*@testnet"] {
            for rule in &RULES {
                let text = format!("[[allow]]\nrecord = \"{star}\"\ncode = \"{}\"\nreason = \"a test\"\n", rule.code);
                assert_eq!(read(&text).is_err(), rule.worst == Severity::Error, "{}", rule.code);
            }
        }
    }

    #[test]
    fn what_is_about_a_whole_record_is_not_allowed_for_a_field() {
        for (field, told) in [("api_key", "api_key"), ("EXAMPLE", "field")] {
            for rule in &RULES {
                let record = format!("record = \"kraken/treasury/{field}\"");
                let text = format!("[[allow]]\n{record}\ncode = \"{}\"\nreason = \"a test\"\n", rule.code);
                let problem =
                    format!("line 2: [[allow]] record: {} is about the whole record: leave out the /{told}", rule.code);
                assert_eq!(
                    read(&text).err().map(|error| error.to_string()),
                    (!rule.is_about_fields()).then_some(problem)
                );
            }
        }
    }
}
