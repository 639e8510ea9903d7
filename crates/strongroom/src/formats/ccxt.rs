//! What ccxt's constructors take, as JSON: `{"apiKey": ..., "secret": ...}` of one exchange, or such objects by name.
//!
//! A name is a REF without what is usual: `binance`, `okx/hedge`, `binance@testnet`; its exchange is spelt as ccxt's class.
//! `options.sandbox` stands for the environment too: with it the constructor goes to the test servers.

mod plan;
pub(super) mod words;

use super::document::{Node, Object};
use super::render::{json_string, render};
use super::{ImportOptions, Imported, Notice, guess_kind, names, pem, variables};
use crate::record::{Environment, Record, Reference};
use crate::secret::Secret;
use crate::{ExportError, ImportError, Result, registry};

pub(super) use plan::{Plan, Ways};

/// What a bot that uses ccxt itself has to know.
const WAYS: Ways<'static> = Ways {
    sandbox: "options.sandbox is set, with which the constructor goes to the test servers",
    demo: "the bot has to call enable_demo_trading(True)",
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
        if !names::is_account_name(&reference.exchange, 64) || !names::is_account_name(&reference.subaccount, 128) {
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
    if names::is_account_name(exchange, 64) {
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
    if record.fields.iter().all(|(_, value)| value.is_empty()) {
        let text = format!("{} has no credential and is not kept", shown(&reference));
        notices.push(Notice { line: Some(line), text });
        return Ok(None);
    }
    settings.tell(&reference, line, notices);
    notices.extend(variables::missing_field(&record).map(|missing| variables::missing_notice(&record, missing)));
    record.kind = guess_kind(&record.fields);
    Ok(Some(record))
}

/// Takes what is a credential into the record, and refuses what was meant to be one.
pub(super) fn read_members(
    members: Object<'_>,
    record: &mut Record,
    settings: &mut Settings,
    notices: &mut Vec<Notice>,
) -> Result<()> {
    for (name, node) in members.rest() {
        if let Some(field) = words::field_of(&name, &record.exchange) {
            if !node.is_null() {
                take(record, field, &node, notices)?;
            }
        } else if name == "options" && node.is_object() {
            read_options(node.object()?, record, settings, notices)?;
        } else if is_sandbox(&name, &node) {
            to_sandbox(record);
        } else if let Some(right) = words::right_word(&name).filter(|_| !node.is_null()) {
            return Err(node.error(format!("ccxt would ignore this; it is spelt {right}")).into());
        } else {
            settings.saw(&name);
        }
    }
    Ok(())
}

fn read_options(
    members: Object<'_>,
    record: &mut Record,
    settings: &mut Settings,
    notices: &mut Vec<Notice>,
) -> Result<()> {
    let is_lighter = registry::canonical_id(&record.exchange).eq_ignore_ascii_case(words::LIGHTER);
    for (name, node) in members.rest() {
        if let Some(field) = words::field_of_option(&name, &record.exchange) {
            if !node.is_null() {
                take(record, field, &node, notices)?;
            }
        } else if is_sandbox(&name, &node) {
            to_sandbox(record);
        } else if is_lighter && name == "auths" && node.is_object() {
            read_lighter(node, record, notices)?;
        } else {
            settings.saw(&name);
        }
    }
    Ok(())
}

/// `{account: {index: {"lighterPrivateKey": key}}}`. A record holds one such key.
fn read_lighter(node: Node<'_>, record: &mut Record, notices: &mut Vec<Notice>) -> Result<()> {
    let many = "more than one key; a record holds one, so give each an account of its own";
    let mut inner = node;
    for field in [words::ACCOUNT_INDEX, words::API_KEY_INDEX] {
        let members = inner.object()?;
        let error = members.error(many);
        let mut rest = members.rest().into_iter();
        let Some((index, node)) = rest.next() else { return Ok(()) };
        if rest.next().is_some() {
            return Err(error.into());
        }
        record.fields.set(field, Secret::copy_of(&index));
        inner = node;
    }
    if let Some(key) = inner.object()?.take_some("lighterPrivateKey") {
        take(record, crate::record::field::API_SECRET, &key, notices)?;
    }
    Ok(())
}

/// Sets a field from a string, or from a whole number where somebody left the quotes out.
pub(super) fn take(record: &mut Record, field: &str, node: &Node<'_>, notices: &mut Vec<Notice>) -> Result<()> {
    let value = node.secret_or_number()?;
    let value = match pem::canonical(&value) {
        Some(canonical) => {
            let text = format!(
                "{}/{field}: the line ends of the key were made the ones that ccxt reads",
                shown(&record.reference())
            );
            notices.push(Notice { line: Some(node.line()), text });
            canonical
        }
        None => value,
    };
    record.fields.set(field, value);
    Ok(())
}

fn is_sandbox(name: &str, node: &Node<'_>) -> bool {
    matches!(name, "sandbox" | "testnet") && node.is_true()
}

/// A name that says an environment counts more than the switch, which knows only one.
fn to_sandbox(record: &mut Record) {
    if record.environment == Environment::Live {
        let there = registry::exchange(&record.exchange).map_or(&[][..], |known| known.test_environments());
        record.environment = if there == [Environment::Demo] { Environment::Demo } else { Environment::Testnet };
    }
}

/// Members that are no credentials. Their names are told, and not kept.
#[derive(Default)]
pub(super) struct Settings {
    count: usize,
    names: Vec<String>,
}

impl Settings {
    pub(super) fn saw(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < 5
            && let Some(name) = names::shown(name)
        {
            self.names.push(name.to_owned());
        }
    }

    pub(super) fn tell(&self, reference: &Reference, line: usize, notices: &mut Vec<Notice>) {
        if self.count > 0 {
            let more = if self.names.len() < self.count { ", ..." } else { "" };
            let text = format!(
                "{}: settings are no credentials and not kept: {}{more}",
                shown(reference),
                self.names.join(", ")
            );
            notices.push(Notice { line: Some(line), text });
        }
    }
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
    for (at, record) in records.iter().enumerate() {
        let name = name_of(record);
        if let Some(other) = accounts.iter().position(|(other, _)| *other == name) {
            return Err(ExportError {
                place: format!("{} and {}", records[other].reference(), records[at].reference()),
                problem: "would have one name here, because they are one account to ccxt; rename one".into(),
            });
        }
        let plan = Plan::of(record);
        plan.tell(record, WAYS, notices);
        notices.extend(variables::missing_field(record).map(|missing| variables::missing_notice(record, missing)));
        accounts.push((name, plan));
    }
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
