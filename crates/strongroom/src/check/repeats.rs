//! The same secret in two places: what is copied by mistake, what two keys fall with at once, and what still is the old
//! key of a rotation.
//!
//! Values are compared where they lie: references to them are sorted, and nothing of them is copied or hashed. Sorting
//! takes time that depends on them, which only this process could measure. What may differ between two copies of one
//! secret does not count: what stands around it, 0x and the case of hexadecimal digits, the lines of a PEM.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::blanks::is_invisible;
use super::dates::kept;
use super::pem::is_pem;
use super::{Command, Finding, Severity, Subject, code};
use crate::policy::Coverage;
use crate::record::{Contents, Environment, Previous, Record, Timestamp, field};
use crate::registry;
use crate::secret::Secret;
use crate::wording::listed;

/// Shorter than any secret that an exchange gives out: `WORKERS=3` is no copy of anything.
const LEAST_BYTES: usize = 6;

/// A place where a secret stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Field {
        at: usize,
        record: &'a Record,
        name: &'a str,
    },
    Value(&'a str),
    /// Among the old values that an unfinished rotation keeps.
    Old {
        at: usize,
        record: &'a Record,
        previous: &'a Previous,
        name: &'a str,
    },
}

/// What makes a secret the same in two places.
#[derive(Clone, Copy)]
struct Essence<'a> {
    text: &'a str,
    form: Form,
}

/// What of a text counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// All of it.
    Plain,
    /// But for the case of its letters.
    Hexadecimal,
    /// But for white space.
    Pem,
}

impl<'a> Essence<'a> {
    fn of(value: &'a Secret) -> Essence<'a> {
        let text = value.expose_secret().trim_matches(|it: char| it.is_whitespace() || is_invisible(it));
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        // Shorter ones are passphrases and numbers, of which every letter counts.
        if digits.len() >= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Essence { text: digits, form: Form::Hexadecimal };
        }
        Essence { text, form: if is_pem(text) { Form::Pem } else { Form::Plain } }
    }

    fn compare(&self, other: &Essence<'_>) -> Ordering {
        self.form.cmp(&other.form).then_with(|| match self.form {
            Form::Plain => self.text.cmp(other.text),
            Form::Hexadecimal => {
                let lower = |byte: u8| byte.to_ascii_lowercase();
                self.text.bytes().map(lower).cmp(other.text.bytes().map(lower))
            }
            Form::Pem => {
                let counts = |byte: &u8| !byte.is_ascii_whitespace();
                self.text.bytes().filter(counts).cmp(other.text.bytes().filter(counts))
            }
        })
    }
}

/// Compares all secrets of the vault.
pub(super) fn check(contents: &Contents, coverage: &Coverage<'_>, now: Timestamp, findings: &mut Vec<Finding>) {
    let mut secrets: Vec<(Essence<'_>, Place<'_>)> = Vec::new();
    for (at, record) in contents.records().iter().enumerate() {
        let kept = record.fields.iter().filter(|(name, _)| field::is_secret(name));
        secrets.extend(kept.map(|(name, value)| (Essence::of(value), Place::Field { at, record, name })));
    }
    secrets.extend(contents.values().map(|(name, value)| (Essence::of(&value.value), Place::Value(name))));
    for (at, record) in contents.records().iter().enumerate() {
        let Some(previous) = record.previous.as_deref() else { continue };
        let kept = previous.fields.iter().filter(|(name, _)| field::is_secret(name) && !is_chosen(name));
        secrets.extend(kept.map(|(name, value)| (Essence::of(value), Place::Old { at, record, previous, name })));
    }
    secrets.retain(|(essence, _)| essence.text.len() >= LEAST_BYTES);
    // Stable, so that places with the same value stay in the order of the vault.
    secrets.sort_by(|(one, _), (other, _)| one.compare(other));
    let mut pairs = Pairs::new();
    for group in secrets.chunk_by(|(one, _), (other, _)| one.compare(other).is_eq()).filter(|group| group.len() > 1) {
        let places = group.iter().map(|(_, place)| *place);
        compare_with_first(places.clone(), coverage, now, &mut pairs, findings);
        // What the policy allows at one says nothing of what the others have in common.
        if is_allowed(group[0].1, coverage) {
            let others = places.filter(|place| !is_allowed(*place, coverage));
            compare_with_first(others, coverage, now, &mut pairs, findings);
        }
    }
    findings.extend(pairs.into_values().map(|pair| pair.tell(now)));
}

/// Whether a person chose it, so that another key may have it too.
fn is_chosen(name: &str) -> bool {
    matches!(name, field::API_PASSPHRASE | field::PASSWORD)
}

/// By the later record, the first, whether the policy allows it, and whether the later has it as an old value: what the
/// policy allows for one field is told apart from what it does not allow for another.
type Pairs<'a> = BTreeMap<(usize, usize, bool, bool), Pair<'a>>;

fn compare_with_first<'a>(
    mut places: impl Iterator<Item = Place<'a>>,
    coverage: &Coverage<'_>,
    now: Timestamp,
    pairs: &mut Pairs<'a>,
    findings: &mut Vec<Finding>,
) {
    let Some(first) = places.next() else { return };
    for later in places {
        compare(first, later, coverage, now, pairs, findings);
    }
}

fn is_allowed(place: Place<'_>, coverage: &Coverage<'_>) -> bool {
    match place {
        Place::Field { record, name, .. } | Place::Old { record, name, .. } => allows(coverage, record, name),
        Place::Value(name) => coverage.of_value(code::SAME_SECRET, name).is_some(),
    }
}

fn allows(coverage: &Coverage<'_>, record: &Record, name: &str) -> bool {
    coverage.of_record(code::SAME_SECRET, &record.reference(), Some(name)).is_some()
}

/// Two records that share values, and which.
struct Pair<'a> {
    first: &'a Record,
    later: &'a Record,
    fields: Vec<&'a str>,
    severity: Severity,
    why: &'static str,
    /// Set where they are old values of the later.
    old: Option<&'a Previous>,
}

fn compare<'a>(
    first: Place<'a>,
    later: Place<'a>,
    coverage: &Coverage<'_>,
    now: Timestamp,
    pairs: &mut Pairs<'a>,
    findings: &mut Vec<Finding>,
) {
    match (first, later) {
        (Place::Field { at, record, name }, Place::Field { at: later_at, name: later_name, .. }) if at == later_at => {
            findings.push(within(record, name, later_name));
        }
        (Place::Field { at, record, .. }, Place::Field { at: later_at, record: later, name }) => {
            let Some((severity, why)) = judge(record, later, name) else { return };
            let new = Pair { first: record, later, fields: Vec::new(), severity, why, old: None };
            // As the report will ask: both by the name that the finding has.
            let allowed = allows(coverage, record, name) || allows(coverage, later, name);
            let pair = pairs.entry((later_at, at, allowed, false)).or_insert(new);
            pair.fields.push(name);
            // Of several fields, the worst says why.
            if severity < pair.severity {
                (pair.severity, pair.why) = (severity, why);
            }
        }
        (Place::Field { record, name, .. }, Place::Value(value)) => findings.push(beside(record, name, value)),
        (Place::Field { at, record, name }, Place::Old { at: old_at, record: later, previous, .. }) => {
            if at != old_at {
                let allowed = allows(coverage, record, name) || allows(coverage, later, name);
                let (severity, why) = (Severity::Warning, "it does not work any more once that key is deleted");
                let new = Pair { first: record, later, fields: Vec::new(), severity, why, old: Some(previous) };
                pairs.entry((old_at, at, allowed, true)).or_insert(new).fields.push(name);
            }
        }
        (Place::Value(value), Place::Old { record, previous, name, .. }) => {
            findings.push(beside_old(record, previous, name, value, now));
        }
        // Values are whatever they are, and stand behind the records; old ones go.
        (Place::Value(_) | Place::Old { .. }, _) => {}
    }
}

/// How bad it is that two records have this secret in common, and why.
fn judge(first: &Record, later: &Record, name: &str) -> Option<(Severity, &'static str)> {
    let wallet = name == field::PRIVATE_KEY;
    let known = [first, later].iter().all(|record| registry::exchange(&record.exchange).is_some());
    let same_house = house(&first.exchange) == house(&later.exchange);
    // Another door of the same house, or another spelling of the same name.
    if same_house && first.subaccount == later.subaccount && first.environment == later.environment {
        return None;
    }
    if is_chosen(name) {
        return Some((Severity::Info, "who learns one knows the other"));
    }
    if !same_house {
        return Some(match (wallet, known) {
            (true, _) => (Severity::Warning, "who gets one key has the funds of both"),
            (false, true) => (Severity::Error, "one of the two exchanges does not know it"),
            (false, false) => (Severity::Warning, "unless both are the same exchange, one of them does not know it"),
        });
    }
    if first.environment != later.environment {
        let live = [first, later].iter().any(|record| record.environment == Environment::Live);
        return Some(match (live, wallet) {
            (true, false) => (Severity::Error, "what is believed to be a trial may trade real money"),
            _ => (Severity::Warning, "a key for trials lies around more, and should be another"),
        });
    }
    Some(match wallet {
        true => (Severity::Info, "one wallet signs for both"),
        false => (Severity::Warning, "both would use the same account, and rotating one forgets the other"),
    })
}

/// The exchange whose keys these are, whatever name or door they came under.
fn house(exchange: &str) -> String {
    let own = registry::exchange(exchange);
    own.and_then(|exchange| exchange.same_account_as().or(Some(exchange.id)))
        .map_or_else(|| exchange.to_ascii_lowercase(), str::to_owned)
}

impl Pair<'_> {
    fn tell(self, now: Timestamp) -> Finding {
        let (first, later) = (self.first.reference(), self.later.reference());
        let mut fields = self.fields;
        fields.sort_unstable();
        let verb = if fields.len() == 1 { "is" } else { "are" };
        if let Some(old) = self.old {
            let (fields_told, kept) = (listed(fields.iter().copied()), kept(old, now));
            return Finding {
                severity: self.severity,
                code: code::SAME_SECRET,
                message: format!("{fields_told} {verb} still the old key of {later}, {kept}: {}", self.why),
                advice: "give it new values too, or its own".into(),
                command: Some(Command::on("rotate", &first, &[])),
                field: fields.first().map(|name| (*name).to_owned()),
                subject: Subject::Record(first),
                other: Some(Subject::Record(later)),
            };
        }
        Finding {
            severity: self.severity,
            code: code::SAME_SECRET,
            message: format!("{} {verb} the same as in {first}: {}", listed(fields.iter().copied()), self.why),
            advice: "give each its own".into(),
            command: Some(Command::on("set", &later, &fields)),
            field: fields.first().map(|name| (*name).to_owned()),
            subject: Subject::Record(later),
            other: Some(Subject::Record(first)),
        }
    }
}

/// One value in two fields of the same record: one of them was pasted twice.
fn within(record: &Record, first: &str, later: &str) -> Finding {
    let reference = record.reference();
    let signs = |name: &str| matches!(name, field::API_KEY | field::API_SECRET | field::PRIVATE_KEY);
    Finding {
        severity: if signs(first) && signs(later) { Severity::Error } else { Severity::Warning },
        code: code::SAME_SECRET,
        message: format!("{later} has the same value as {first}"),
        advice: "one of them was likely pasted twice".into(),
        command: Some(Command::on("set", &reference, &[later])),
        field: Some(later.to_owned()),
        subject: Subject::Record(reference),
        other: None,
    }
}

/// A value that was not rotated along: a bot that reads it goes on with the old key, until that is deleted.
fn beside_old(record: &Record, previous: &Previous, name: &str, value: &str, now: Timestamp) -> Finding {
    let reference = record.reference();
    let subject = Subject::Value(value.to_owned());
    Finding {
        severity: Severity::Warning,
        code: code::SAME_SECRET,
        message: format!("it still is the old {name} of {reference}, {}", kept(previous, now)),
        advice: "give it the new value, or remove it if nothing reads it".into(),
        command: Some(Command::on("set", &subject, &[])),
        field: None,
        subject,
        other: Some(Subject::Record(reference)),
    }
}

/// What is left of an import, usually.
fn beside(record: &Record, name: &str, value: &str) -> Finding {
    let reference = record.reference();
    let subject = Subject::Value(value.to_owned());
    Finding {
        severity: Severity::Info,
        code: code::SAME_SECRET,
        message: format!("it is the same as {reference}/{name}, and stays behind when that is rotated"),
        advice: "if nothing reads it under this name, remove it".into(),
        command: Some(Command::on("rm", &subject, &[])),
        field: None,
        subject,
        other: Some(Subject::Record(reference)),
    }
}
