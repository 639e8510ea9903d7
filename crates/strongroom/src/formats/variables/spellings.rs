//! What other people's variables call the fields of an exchange that is known: `OKX_SECRET_KEY`,
//! `COINBASE_API_KEY_NAME`, `BITMART_MEMO`.
//!
//! Names that our own grammar reads come first and keep their meaning. What is left fills the fields that an account
//! lacks, and only where it says one thing: two names with two values for one field stay as they are, and so does what
//! could be of a subaccount that is there. Each variable ends in one place: a field, or a named value.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::{Account, Accounts, is_storable, known_account};
use super::grammar::is_upper;
use crate::formats::Notice;
use crate::formats::variables::usual::Assignment;
use crate::record::{Reference, field};
use crate::registry::{self, Exchange};

/// What the usual names of a field end in, beside the words that an exchange has of its own.
const USUAL: [(&str, &[&str]); 8] = [
    (field::API_KEY, &["KEY", "APIKEY", "KEY_ID", "KEY_NAME", "ACCESS_KEY", "ACCESSKEY", "PUBLIC_KEY"]),
    (field::API_SECRET, &["SECRET", "APISECRET", "SECRET_KEY", "SECRETKEY", "KEY_SECRET"]),
    (field::API_PASSPHRASE, &["PASSPHRASE"]),
    (field::PASSWORD, &["PASSWORD"]),
    (field::PRIVATE_KEY, &["PRIVATE_KEY"]),
    (field::WALLET_ADDRESS, &["WALLET_ADDRESS", "ACCOUNT_ADDRESS", "ADDRESS", "WALLET"]),
    (field::UID, &["UID", "USER_ID"]),
    (field::ACCOUNT_ID, &["ACCOUNT_ID"]),
];

/// A field that a variable may be, and which variable.
type Claim = (&'static str, usize);

/// Takes what is still nobody's, or is in a field that its exchange does not have, into the fields that it is for. What
/// could not be taken and was told of is returned.
pub(super) fn take<'a>(
    assignments: &'a [Assignment],
    accounts: &mut Accounts<'a>,
    notices: &mut Vec<Notice>,
) -> BTreeSet<usize> {
    let mut told = BTreeSet::new();
    for (prefix, claims) in claims(assignments, accounts) {
        let refused = match accounts.at(prefix) {
            Some(Some(index)) => settle(&mut accounts.all[index], &claims, assignments),
            // A second spelling of an account: to fill the first with it would mix two credentials.
            Some(None) => continue,
            None => {
                let Some(reference) = known_account(prefix).filter(is_storable) else { continue };
                let mut account = Account { prefix, reference, members: Vec::new() };
                let refused = settle(&mut account, &claims, assignments);
                if is_credential(&account, assignments) {
                    accounts.open(account, assignments[claims[0].1].line, notices);
                } else if is_gone(&account) {
                    continue;
                }
                refused
            }
        };
        for (at, text) in refused {
            notices.push(Notice { line: assignments[at].line, text });
            told.insert(at);
        }
    }
    told
}

/// Gives an account the fields that it lacks. What it could not be given, and why, is returned.
fn settle(account: &mut Account<'_>, claims: &[Claim], assignments: &[Assignment]) -> Vec<(usize, String)> {
    let (mut refused, mut agreed) = (Vec::new(), Vec::new());
    for (place, (field, _)) in claims.iter().enumerate() {
        if claims[..place].iter().any(|(earlier, _)| earlier == field) {
            continue;
        }
        let is_member = |at: usize| account.members.iter().any(|(_, member)| *member == at);
        let mut claimants = claims.iter().filter(|(claimed, _)| claimed == field).map(|(_, at)| *at);
        let holder = account.members.iter().find(|(held, _)| held == field);
        if let Some((_, holder)) = holder {
            for at in claimants.filter(|at| !is_member(*at) && assignments[*at].value != assignments[*holder].value) {
                let (name, whose) = (&assignments[at].name, &account.reference);
                let text =
                    format!("{name} has another value than the {field} of {whose}, and is kept as a named value");
                refused.push((at, text));
            }
            continue;
        }
        // What is in another field comes first and moves: it would be in both otherwise.
        let Some(first) = claimants.next() else { continue };
        if let Some(other) = claimants.find(|at| assignments[*at].value != assignments[first].value) {
            let (name, other_name, whose) = (&assignments[first].name, &assignments[other].name, &account.reference);
            let text = format!("{name} and {other_name} differ: neither is taken as the {field} of {whose}");
            refused.push((other, text));
            continue;
        }
        agreed.push((*field, first, is_member(first)));
    }
    // Where two values differ there may be two credentials, and nobody can say whose the rest is.
    agreed.retain(|(_, _, moves)| *moves || refused.is_empty());
    for (field, at, _) in agreed {
        account.members.retain(|(_, member)| *member != at);
        account.members.push((field, at));
    }
    refused
}

/// What the variables with each prefix may be, in the order in which they first appear. Before them come those that are
/// in a field already and may move to another.
fn claims<'a>(assignments: &'a [Assignment], accounts: &Accounts<'a>) -> Vec<(&'a str, Vec<Claim>)> {
    let mut all: Vec<(&str, Vec<Claim>)> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut add = |prefix: &'a str, claim: Claim| {
        let position = *positions.entry(prefix).or_insert_with(|| {
            all.push((prefix, Vec::new()));
            all.len() - 1
        });
        all[position].1.push(claim);
    };
    let mut is_taken = vec![false; assignments.len()];
    for account in &accounts.all {
        let exchange = registry::exchange(&account.reference.exchange);
        for (field, at) in &account.members {
            is_taken[*at] = true;
            let meant = exchange.and_then(|exchange| field_of(exchange, field)).filter(|meant| meant != field);
            if let Some(meant) = meant.filter(|_| !assignments[*at].value.is_empty()) {
                add(account.prefix, (meant, *at));
            }
        }
    }
    for (at, assignment) in assignments.iter().enumerate() {
        if !is_taken[at]
            && !assignment.value.is_empty()
            && let Some((prefix, field)) = read(&assignment.name, accounts)
        {
            add(prefix, (field, at));
        }
    }
    all
}

/// The account and field of an exchange that a variable is likely meant for, whether it could be taken or not.
pub(super) fn likely(name: &str) -> Option<(Reference, &'static str)> {
    let (prefix, field) = readings(name).into_iter().min_by_key(|(prefix, _)| prefix.len())?;
    let account = known_account(prefix).filter(is_storable)?;
    let is_there = registry::exchange(&account.exchange).is_some_and(|exchange| exchange.dropped.is_none());
    is_there.then_some((account, field))
}

/// A name as prefix and field, by its longest ending. With a shorter one it could be of a subaccount: when that is
/// there, nobody can say which is meant.
fn read<'a>(name: &'a str, accounts: &Accounts<'_>) -> Option<(&'a str, &'static str)> {
    let readings = readings(name);
    let best = *readings.iter().min_by_key(|(prefix, _)| prefix.len())?;
    let is_of_other = |(prefix, _): &(&str, &str)| *prefix != best.0 && accounts.at(prefix).is_some();
    (!readings.iter().any(is_of_other)).then_some(best)
}

/// All that a name under an exchange's can mean there, as prefix and field.
fn readings(name: &str) -> Vec<(&str, &'static str)> {
    let mut readings = Vec::new();
    let Some((exchange, least)) = named_exchange(name).filter(|_| is_upper(name)) else { return readings };
    let own = exchange.words().iter().map(|(field, word)| (*field, *word));
    let usual = USUAL.iter().filter_map(|(field, endings)| Some((field_of(exchange, field)?, *endings)));
    let usual = usual.flat_map(|(field, endings)| endings.iter().map(move |ending| (field, *ending)));
    for (field, ending) in own.chain(usual) {
        let Some(prefix) = before(name, ending) else { continue };
        // Whatever belongs to a key of an API may say so; but the address of an API wallet is not the account's.
        let without = prefix.strip_suffix("_API").filter(|_| field != field::WALLET_ADDRESS);
        let prefixes = [without, Some(prefix)].into_iter().flatten().filter(|prefix| prefix.len() >= least);
        readings.extend(prefixes.map(|prefix| (prefix, field)));
    }
    readings
}

/// The exchange that a name begins with, and where that ends; the longest, so that none is taken for a subaccount.
fn named_exchange(name: &str) -> Option<(&'static Exchange, usize)> {
    let ends = name.match_indices('_').map(|(at, _)| at);
    ends.filter_map(|end| Some((registry::exchange(&name[..end])?, end))).next_back()
}

/// What stands before an ending, whose words are in capitals and joined with underscores there.
fn before<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let words = ending.rsplit(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.into_iter().try_fold(name, |rest, word| {
        let (before, last) = rest.split_at_checked(rest.len().checked_sub(word.len())?)?;
        before.strip_suffix('_').filter(|_| last.eq_ignore_ascii_case(word))
    })
}

/// The field that people mean by one of this name: itself, or the one that the exchange requires in its place.
fn field_of(exchange: &Exchange, name: &'static str) -> Option<&'static str> {
    if exchange.asks().contains(&name) {
        return Some(name);
    }
    let requires = |field: &str| exchange.requires.contains(&field);
    let meant = match name {
        field::PRIVATE_KEY => field::API_SECRET,
        field::PASSWORD => field::API_PASSPHRASE,
        // Only where a wallet's key is all there is. Aster, for one, has API secrets too, although ccxt takes none.
        field::API_SECRET if requires(field::WALLET_ADDRESS) && !requires(field::API_KEY) => field::PRIVATE_KEY,
        _ => return None,
    };
    (requires(meant) && !exchange.optional.contains(&name)).then_some(meant)
}

fn is_gone(account: &Account<'_>) -> bool {
    registry::exchange(&account.reference.exchange).is_some_and(|exchange| exchange.dropped.is_some())
}

/// Whether an account that has nothing but what was taken here is a credential, and not something else under an
/// exchange's name, such as `ONETRADING_WEBHOOK_KEY`.
fn is_credential(account: &Account<'_>, assignments: &[Assignment]) -> bool {
    let Some(exchange) = registry::exchange(&account.reference.exchange) else { return false };
    let has = |name: &&str| account.members.iter().any(|(field, _)| field == name);
    let (asks, is_main) = (exchange.asks(), account.reference.subaccount == "main");
    let is_whole = !asks.is_empty() && asks.iter().all(has);
    if exchange.dropped.is_some() {
        // Many were called by a word that others use too. LIQUID_KEY and LIQUID_SECRET_KEY are more likely of something
        // else, whose program would not find them under other names; as named values they reach it unchanged.
        let says_api = |(_, at): &Claim| assignments[*at].name[account.prefix.len()..].starts_with("_API");
        return is_whole && (!exchange.words().is_empty() || account.members.iter().any(says_api));
    }
    registry::DEFAULT_FIELDS.iter().all(has) || is_whole && (asks.len() > 1 || is_main)
}

#[cfg(test)]
mod tests;
