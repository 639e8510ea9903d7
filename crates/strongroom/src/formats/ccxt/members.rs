//! The members of one constructor's object: which are credentials, which the switch to test servers, which settings.

use super::{shown, words};
use crate::Result;
use crate::formats::document::{Node, Object};
use crate::formats::{Notice, names, pem};
use crate::record::{Environment, Record, Reference, field};
use crate::registry;
use crate::secret::Secret;

/// Takes what is a credential into the record, and refuses what was meant to be one.
pub(in crate::formats) fn read_members(
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
            settings.saw_member(&name, &node)?;
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
            settings.saw_member(&name, &node)?;
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
        let index = Secret::copy_of(&index);
        // ccxt signs for the one beside the keys, for which there is no key then.
        if record.fields.get(field).is_some_and(|there| !there.is_empty() && *there != index) {
            return Err(node.error(format!("is of another {field} than stands beside it")).into());
        }
        record.fields.set(field, index);
        inner = node;
    }
    if let Some(key) = inner.object()?.take_some(words::LIGHTER_KEY) {
        take(record, field::API_SECRET, &key, notices)?;
    }
    Ok(())
}

/// Sets a field from a string, or from a whole number where somebody left the quotes out.
pub(in crate::formats) fn take(
    record: &mut Record,
    field: &str,
    node: &Node<'_>,
    notices: &mut Vec<Notice>,
) -> Result<()> {
    let value = node.secret_or_number()?;
    let value = match pem::corrected(&value) {
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
    match record.fields.get(field).filter(|there| !there.is_empty()) {
        // ccxt has two places for some fields, and uses one of them.
        Some(there) if !value.is_empty() && *there != value => {
            Err(node.error(format!("has another {field} than stands beside it")).into())
        }
        Some(_) => Ok(()),
        None => {
            record.fields.set(field, value);
            Ok(())
        }
    }
}

/// What the switch to test servers is called.
pub(in crate::formats) const SANDBOX: [&str; 2] = ["sandbox", "testnet"];

fn is_sandbox(name: &str, node: &Node<'_>) -> bool {
    SANDBOX.contains(&name) && node.is_true()
}

/// A name that says an environment counts more than the switch, which knows only one.
pub(in crate::formats) fn to_sandbox(record: &mut Record) {
    if record.environment == Environment::Live {
        let there = registry::exchange(&record.exchange).map_or(&[][..], |known| known.test_environments());
        record.environment = if there == [Environment::Demo] { Environment::Demo } else { Environment::Testnet };
    }
}

/// Where ccxt's `walletAddress` is the address of the key that signs, and the account's own an option beside it, the
/// account's is our `wallet_address`, as it is in every other format.
pub(in crate::formats) fn to_owner(record: &mut Record) {
    let Some(owner) = record.fields.remove(words::OWNER_ADDRESS) else { return };
    if owner.is_empty() {
        return;
    }
    if let Some(signer) = record.fields.set(field::WALLET_ADDRESS, owner.duplicate()).filter(|signer| *signer != owner)
    {
        record.fields.set(words::SIGNER_ADDRESS, signer);
    }
}

/// A secret of its own name that is in no field, or in a setting of several members, such as `headers`.
fn refuse_secret(name: &str, node: &Node<'_>) -> Result<()> {
    if words::sounds_secret(name) && node.is_string() && !node.secret()?.is_empty() {
        let problem = "looks like a secret, and is none that ccxt takes for this exchange; take it out of the text, and \
                       keep it with strongroom add env/NAME";
        return Err(node.error(problem).into());
    }
    if node.is_object() && !words::is_made_anew(name) {
        for (name, node) in node.clone().object()?.rest() {
            refuse_secret(&name, &node)?;
        }
    }
    Ok(())
}

/// Members that are no credentials. Their names are told, and not kept.
#[derive(Default)]
pub(in crate::formats) struct Settings {
    count: usize,
    names: Vec<String>,
}

impl Settings {
    pub(in crate::formats) fn saw(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < 5
            && let Some(name) = names::shown(name)
        {
            self.names.push(name.to_owned());
        }
    }

    /// As [`Settings::saw`], of a member that is refused if it holds a secret, by its name: it would be lost without a
    /// word among the settings, and the file deleted.
    pub(in crate::formats) fn saw_member(&mut self, name: &str, node: &Node<'_>) -> Result<()> {
        refuse_secret(name, node)?;
        self.saw(name);
        Ok(())
    }

    pub(in crate::formats) fn tell(&self, reference: &Reference, line: usize, notices: &mut Vec<Notice>) {
        if self.count == 0 {
            return;
        }
        let names = match (self.names.join(", "), self.count - self.names.len()) {
            // Names that may be something else are not shown, and a list of none is none.
            (_, more) if self.names.is_empty() => format!(" ({more})"),
            (names, 0) => format!(": {names}"),
            (names, more) => format!(": {names} and {more} more"),
        };
        let text = format!("{}: settings are no credentials and not kept{names}", shown(reference));
        notices.push(Notice { line: Some(line), text });
    }
}
