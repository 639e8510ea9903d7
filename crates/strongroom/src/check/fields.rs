//! What stands in the fields: whether all are there, whether they came over whole, whether they look right.

use std::collections::BTreeMap;

use super::{Case, Command, Finding, Severity, Subject, blanks, code, pem, signing};
use crate::record::{CredentialKind, Environment, Fields, Value, field};
use crate::registry::{self, Exchange, swapped};
use crate::wording::listed;

/// What unknown exchanges may have been meant to be: many records have one name, and searching for it takes time.
pub(super) type Guesses = BTreeMap<String, Option<&'static str>>;

/// The rules of one record.
pub(super) fn check(case: &mut Case<'_>, guesses: &mut Guesses) {
    exchange(case, guesses);
    missing(case);
    for (name, value) in case.record.fields.iter() {
        let text = value.expose_secret();
        if text.is_empty() {
            empty(case, name);
        } else if let Some((severity, problem)) = form(name, text) {
            said_of_form(case, name, text, severity, problem);
        }
    }
    mixed_up(case);
    signing::check(case);
    shapes(case);
}

/// Of a value that may be anything: its ends, and whether it is a PEM that got lost on the way.
pub(super) fn check_value(name: &str, value: &Value, findings: &mut Vec<Finding>) {
    let text = value.value.expose_secret();
    let found = if pem::is_pem(text) {
        pem::problem("", text).map(|(_, problem)| (code::PEM_FORM, problem))
    } else {
        blanks::problem_at_the_ends(text).map(|problem| (code::BLANK, problem))
    };
    let Some((code, problem)) = found else { return };
    let subject = Subject::Value(name.to_owned());
    findings.push(Finding {
        severity: Severity::Warning,
        code,
        message: format!("its value {problem}"),
        advice: "unless it has to be so, enter it again".into(),
        command: Some(Command::on("set", &subject, &[])),
        subject,
        field: None,
        other: None,
    });
}

fn exchange(case: &mut Case<'_>, guesses: &mut Guesses) {
    if case.exchange.is_some() {
        return;
    }
    let name = &case.record.exchange;
    let guess = match guesses.get(name) {
        Some(guess) => *guess,
        None => *guesses.entry(name.clone()).or_insert_with(|| registry::nearest(name)),
    };
    let (message, rest) = match guess {
        Some(id) => (format!("its exchange is not one that is known here; is it {id}?"), vec![id]),
        None => ("its exchange is not one that is known here, so little is checked".into(), vec![]),
    };
    let command = Command::of(["exchanges"].into_iter().chain(rest));
    case.say(Severity::Info, code::UNKNOWN_EXCHANGE, message)
        .advise("if the name is a slip, strongroom mv gives the record another", command);
}

fn missing(case: &mut Case<'_>) {
    let fields = &case.record.fields;
    if fields.is_empty() {
        let asks = case.exchange.map_or(&[][..], Exchange::asks);
        let message = match asks {
            [] => "it has no fields".to_owned(),
            _ => format!("it has no fields; {} takes {}", case.exchange_name(), listed(asks.iter().copied())),
        };
        let command = case.command("set", asks);
        case.say(Severity::Error, code::MISSING_FIELD, message).advise("enter what it needs", command);
        return;
    }
    let Some(exchange) = case.exchange else { return };
    if exchange.requires.is_empty() && !exchange.asks().iter().any(|name| fields.get(name).is_some()) {
        let asks = exchange.asks();
        let message = format!("it has none of what {} takes: {}", exchange.name, listed(asks.iter().copied()));
        let command = case.command("set", asks);
        case.say(Severity::Error, code::MISSING_FIELD, message).advise("enter what it needs", command);
    }
    for name in absent(Some(exchange), fields) {
        let word = exchange.word(name);
        let called =
            if word.replace(' ', "_").eq_ignore_ascii_case(name) { String::new() } else { format!(" ({word})") };
        let command = case.command("set", &[name]);
        case.say(
            Severity::Error,
            code::MISSING_FIELD,
            format!("{name}{called} is missing; {} needs it", exchange.name),
        )
        .of(name)
        .advise("enter it", command);
    }
}

/// Which of the fields that the exchange needs are not there; of an unknown exchange, the usual ones.
///
/// A private key takes the place of a secret, where both sign, and a password that of a passphrase, which ccxt calls
/// so. Where other programs take other fields than ccxt, those will do.
pub(crate) fn absent(exchange: Option<&Exchange>, fields: &Fields) -> Vec<&'static str> {
    let has = |name: &str| fields.get(name).is_some();
    if exchange.and_then(Exchange::takes_instead).is_some_and(|other| other.iter().all(|name| has(name))) {
        return Vec::new();
    }
    let replaced = |name: &str| match name {
        field::API_SECRET => has(field::PRIVATE_KEY),
        field::API_PASSPHRASE => has(field::PASSWORD),
        _ => false,
    };
    let wanted = exchange.map_or(registry::DEFAULT_FIELDS, |exchange| exchange.requires);
    wanted.iter().copied().filter(|name| !has(name) && !replaced(name)).collect()
}

fn empty(case: &mut Case<'_>, name: &str) {
    let needed = case.exchange.is_some_and(|exchange| exchange.requires.contains(&name));
    let severity = if needed { Severity::Error } else { Severity::Warning };
    let command = case.command("set", &[name]);
    case.say(severity, code::EMPTY_FIELD, format!("{name} is empty")).of(name).advise("enter it", command);
}

fn form(name: &str, text: &str) -> Option<(Severity, &'static str)> {
    if pem::is_pem(text) {
        return pem::problem(name, text);
    }
    // A person chose these, and may have meant it.
    let severity = match name {
        field::API_PASSPHRASE | field::PASSWORD | field::LOGIN => Severity::Warning,
        name if field::KNOWN.contains(&name) => Severity::Error,
        _ => Severity::Warning,
    };
    blanks::problem(name, text).map(|problem| (severity, problem)).or_else(|| pem::problem(name, text))
}

fn said_of_form(case: &mut Case<'_>, name: &str, text: &str, severity: Severity, problem: &str) {
    let code = if pem::problem(name, text).is_some() { code::PEM_FORM } else { code::BLANK };
    let command = case.command("set", &[name]);
    case.say(severity, code, format!("{name} {problem}")).of(name).advise("enter it again", command);
}

fn mixed_up(case: &mut Case<'_>) {
    let Some(swapped) = swapped(case.exchange, &case.record.fields) else { return };
    let command = case.command("set", &[swapped.first, swapped.second]);
    let message =
        format!("{} and {} look swapped: each holds what belongs to the other", swapped.first, swapped.second);
    case.say(Severity::Error, code::SWAPPED, message).of(swapped.first).advise("enter both again", command);
}

/// Only where nothing worse was said: a value with a blank at its end is too long as well.
fn shapes(case: &mut Case<'_>) {
    let Some(exchange) = case.exchange else { return };
    if swapped(case.exchange, &case.record.fields).is_some() {
        return;
    }
    // Hmac is what a record is said to be where nobody said it, also of one from before its shape told.
    let by_shape = exchange.kind_by_shape(&case.record.fields).filter(|_| case.record.kind == CredentialKind::Hmac);
    let kind = by_shape.unwrap_or(case.record.kind);
    for (name, value) in case.record.fields.iter() {
        // Beside a secret that does not go with it, a key may look like one of another kind.
        let is_beside = name == field::API_KEY && case.is_said(code::CANNOT_SIGN);
        if value.is_empty() || case.is_said_of(name) || is_beside {
            continue;
        }
        let Some(problem) = exchange.shape_problem(name, kind, value.expose_secret()) else { continue };
        let certain = problem.certain && case.record.environment == Environment::Live;
        let severity = if certain { Severity::Warning } else { Severity::Info };
        let command = case.command("set", &[name]);
        case.say(severity, code::SHAPE, format!("{name} {problem} at {}", exchange.name))
            .of(name)
            .advise("if the exchange shows another", command);
    }
}
