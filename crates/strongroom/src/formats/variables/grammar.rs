//! What the names of variables say by themselves: which field each is, and which belong together.
//!
//! The grammar is that of the names which we write, a few shorter ones, and nautilus-trader's. Whose the groups are is
//! for [`super::accounts`] to say.

use std::collections::BTreeMap;

use super::usual::upper;
use crate::formats::variables::usual::Assignment;
use crate::formats::{freqtrade, nautilus};
use crate::record::field;

/// Variables that belong together: those with the same text before the field.
pub(super) struct Group<'a> {
    /// `BINANCE_HEDGE`; empty for bare names.
    pub(super) prefix: &'a str,
    /// Field, and which assignment.
    pub(super) members: Vec<(&'static str, usize)>,
}

impl Group<'_> {
    pub(super) fn has(&self, field: &str) -> bool {
        self.members.iter().any(|(member, _)| *member == field)
    }

    /// A pair, which nothing else in a `.env` looks like.
    pub(super) fn is_pair(&self) -> bool {
        self.has(field::API_KEY) && self.has(field::API_SECRET)
    }
}

/// Groups in the order in which they first appear. Of two names for one field, such as `X_SECRET` and
/// `X_API_SECRET`, the one that we write ourselves counts.
pub(super) fn group(assignments: &[Assignment]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, assignment) in assignments.iter().enumerate() {
        let name = assignment.name.as_str();
        let Some((prefix, field)) = split(name) else { continue };
        let is_ours = name.ends_with(&upper(field));
        let known = *positions.entry(prefix).or_insert_with(|| {
            groups.push(Group { prefix, members: Vec::new() });
            groups.len() - 1
        });
        let members = &mut groups[known].members;
        match members.iter_mut().find(|(member, _)| *member == field) {
            None => members.push((field, at)),
            Some(member) if is_ours => member.1 = at,
            Some(_) => {}
        }
    }
    give_shared(&mut groups, assignments);
    groups
}

/// A name that nautilus-trader reads for several environments is of the one that has more than this name.
fn give_shared(groups: &mut Vec<Group<'_>>, assignments: &[Assignment]) {
    let alone = |group: &Group<'_>| match group.members.as_slice() {
        [(field, at)] if nautilus::is_shared_with(&assignments[*at].name, group.prefix) => Some((*field, *at)),
        _ => None,
    };
    let Some((from, (field, at))) = groups.iter().enumerate().find_map(|(from, group)| Some((from, alone(group)?)))
    else {
        return;
    };
    let name = assignments[at].name.as_str();
    let takes = |group: &&mut Group<'_>| !group.has(field) && nautilus::is_shared_with(name, group.prefix);
    if let Some(group) = groups.iter_mut().find(takes) {
        group.members.push((field, at));
        groups.remove(from);
    }
}

/// What a variable's name can end in, longer before shorter.
const SUFFIXES: [(&str, &str); 13] = [
    ("_API_PASSPHRASE", field::API_PASSPHRASE),
    ("_WALLET_ADDRESS", field::WALLET_ADDRESS),
    ("_PRIVATE_KEY", field::PRIVATE_KEY),
    ("_API_SECRET", field::API_SECRET),
    ("_ACCOUNT_ID", field::ACCOUNT_ID),
    ("_TWO_FACTOR", field::TWO_FACTOR),
    ("_PASSPHRASE", field::API_PASSPHRASE),
    ("_PASSWORD", field::PASSWORD),
    ("_API_KEY", field::API_KEY),
    ("_SECRET", field::API_SECRET),
    ("_LOGIN", field::LOGIN),
    ("_TOKEN", field::TOKEN),
    ("_UID", field::UID),
];

/// Names without an exchange, when the caller says which it is. Not the ones that anything could
/// have, such as `PASSWORD` and `TOKEN`.
const BARE: [(&str, &str); 8] = [
    ("API_KEY", field::API_KEY),
    ("API_SECRET", field::API_SECRET),
    ("API_PASSPHRASE", field::API_PASSPHRASE),
    ("PRIVATE_KEY", field::PRIVATE_KEY),
    ("WALLET_ADDRESS", field::WALLET_ADDRESS),
    ("ACCOUNT_ID", field::ACCOUNT_ID),
    ("SECRET", field::API_SECRET),
    ("PASSPHRASE", field::API_PASSPHRASE),
];

/// A variable's name as prefix and field. Only upper case: a lower-case name would not be written
/// again as it came.
fn split(name: &str) -> Option<(&str, &'static str)> {
    if name.starts_with(freqtrade::environment::PREFIX) {
        return None;
    }
    if let Some(of_nautilus) = nautilus::split(name) {
        return Some(of_nautilus);
    }
    if !is_upper(name) {
        return None;
    }
    if let Some((_, field)) = BARE.iter().find(|(bare, _)| *bare == name) {
        return Some(("", field));
    }
    let (suffix, field) = SUFFIXES.iter().find(|(suffix, _)| name.ends_with(suffix))?;
    let prefix = &name[..name.len() - suffix.len()];
    (!prefix.is_empty()).then_some((prefix, field))
}

/// Whether a name is one that could be ours.
pub(super) fn is_upper(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
