//! Whose credential a group of variables is, if it is one.
//!
//! A wrong guess would give somebody's key to an exchange that it is not of, so a group needs what makes a credential of
//! that exchange, and an exchange that nobody knows needs a pair.

use std::collections::BTreeSet;

use super::grammar::Group;
use super::upper;
use crate::formats::{ImportOptions, names, nautilus};
use crate::record::{Environment, Reference, field};
use crate::registry;

/// Whose credential a group is, if it is one.
pub(super) fn account_of(group: &Group, pairs: &BTreeSet<&str>, options: &ImportOptions<'_>) -> Option<Reference> {
    let account = if group.prefix.is_empty() {
        let exchange = options.exchange.filter(|_| group.has(field::API_KEY) || group.has(field::PRIVATE_KEY))?;
        Reference::new(exchange, "main")
    } else if let Some(account) = nautilus::test_account(&group.prefix) {
        is_credential(group, &account).then_some(account)?
    } else if let Some((exchange, rest)) = known_exchange(&group.prefix) {
        let account = with_rest(&exchange.to_ascii_lowercase(), Environment::Live, rest);
        is_credential(group, &account).then_some(account)?
    } else {
        group.is_pair().then(|| unknown_account(&group.prefix, pairs))?
    };
    let storable = names::is_account_name(&account.exchange, 64) && names::is_account_name(&account.subaccount, 128);
    storable.then_some(account)
}

/// The exchange that the prefix starts with, and what follows. Longest first, so that an exchange
/// is not taken for a subaccount of another.
///
/// Exchanges that are gone lend their names to no subaccounts: many were called by a word that others use too.
pub(super) fn known_exchange(prefix: &str) -> Option<(&str, &str)> {
    let ends = prefix.match_indices('_').map(|(at, _)| at).chain([prefix.len()]);
    let known = |end: &usize| {
        registry::exchange(&prefix[..*end]).is_some_and(|known| known.dropped.is_none() || *end == prefix.len())
    };
    let ends: Vec<usize> = ends.filter(known).collect();
    let end = *ends.last()?;
    Some((&prefix[..end], prefix[end..].strip_prefix('_').unwrap_or_default()))
}

/// Whether a group under an exchange's name is a credential of it and not, say, its web hook's token.
fn is_credential(group: &Group, account: &Reference) -> bool {
    let known = registry::exchange(&account.exchange);
    let required = known.map(|exchange| exchange.requires).unwrap_or_default();
    // Of an exchange that is gone, one key is not enough: VERTEX_API_KEY is more likely that of something else.
    let gone = known.is_some_and(|exchange| exchange.dropped.is_some());
    (if gone { group.is_pair() } else { group.has(field::API_KEY) || group.has(field::PRIVATE_KEY) })
        || nautilus::is_whole(&group.prefix, |name| group.has(name))
        || (!required.is_empty() && required.iter().all(|name| group.has(name)))
}

/// `TESTNET_HEDGE` behind an exchange's name: the environment, then the subaccount.
pub(super) fn with_rest(exchange: &str, environment: Environment, rest: &str) -> Reference {
    let (first, after) = rest.split_once('_').unwrap_or((rest, ""));
    let (environment, rest) = match Environment::from_name(&first.to_ascii_lowercase()) {
        Some(named) if named != Environment::Live && environment == Environment::Live => (named, after),
        _ => (environment, rest),
    };
    let subaccount = if rest.is_empty() { "main".to_owned() } else { rest.to_ascii_lowercase() };
    Reference { exchange: exchange.to_owned(), subaccount, environment }
}

/// An exchange that the registry does not know is called by the whole prefix, unless a shorter one
/// is an exchange too: then it is a subaccount of that.
fn unknown_account(prefix: &str, pairs: &BTreeSet<&str>) -> Reference {
    let words = prefix.match_indices('_').map(|(at, _)| (&prefix[..at], &prefix[at + 1..]));
    if let Some((base, rest)) = words.into_iter().find(|(base, _)| !base.is_empty() && pairs.contains(base)) {
        let base = unknown_account(base, &BTreeSet::new());
        return with_rest(&base.exchange, base.environment, rest);
    }
    for environment in [Environment::Testnet, Environment::Demo] {
        let exchange = prefix.strip_suffix(&upper(environment.name())).and_then(|rest| rest.strip_suffix('_'));
        if let Some(exchange) = exchange.filter(|exchange| !exchange.is_empty()) {
            return with_rest(&exchange.to_ascii_lowercase(), environment, "");
        }
    }
    with_rest(&prefix.to_ascii_lowercase(), Environment::Live, "")
}
