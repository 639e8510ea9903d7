//! Whose credential a group of variables is, if it is one.
//!
//! A wrong guess would give somebody's key to an exchange that it is not of, so a group needs what makes a credential
//! of that exchange, and an exchange that nobody knows needs a pair.

use std::collections::{BTreeMap, BTreeSet};

use super::grammar::{Group, field_of};
use super::usual::{prefix_of, upper};
use crate::formats::variables::usual::Assignment;
use crate::formats::{ImportOptions, Notice, nautilus};
use crate::record::{Environment, Reference, field, name};
use crate::registry;

/// An account that variables are of.
pub(super) struct Account<'a> {
    /// The text before the field, in all names of its variables.
    pub(super) prefix: &'a str,
    pub(super) reference: Reference,
    /// Field, and which assignment.
    pub(super) members: Vec<(&'static str, usize)>,
}

/// All accounts found so far. A variable is of at most one.
#[derive(Default)]
pub(super) struct Accounts<'a> {
    pub(super) all: Vec<Account<'a>>,
    /// Which account the variables with this text before the field are of; none where that is a second spelling.
    by_prefix: BTreeMap<&'a str, Option<usize>>,
    /// Which account has this name.
    names: BTreeMap<String, usize>,
}

impl<'a> Accounts<'a> {
    /// Those of the groups that are credentials.
    pub(super) fn of_groups(
        groups: Vec<Group<'a>>,
        assignments: &[Assignment],
        options: &ImportOptions<'_>,
        notices: &mut Vec<Notice>,
    ) -> Accounts<'a> {
        let pairs: BTreeSet<&str> = groups.iter().filter(|group| group.is_pair()).map(|group| group.prefix).collect();
        let mut accounts = Accounts::default();
        for group in groups {
            let Some(reference) = account_of(&group, &pairs, options) else { continue };
            if group.members.iter().all(|(_, at)| assignments[*at].value.is_empty()) {
                continue;
            }
            let line = assignments[group.members[0].1].line;
            accounts.open(Account { prefix: group.prefix, reference, members: group.members }, line, notices);
        }
        accounts
    }

    /// Whose the variables with this prefix are, so far. The inner none: nobody's, and that stays.
    pub(super) fn at(&self, prefix: &str) -> Option<Option<usize>> {
        self.by_prefix.get(prefix).copied()
    }

    /// One more. Two spellings of one account: the names of the second stay as they are, so that both are kept.
    pub(super) fn open(&mut self, account: Account<'a>, line: Option<usize>, notices: &mut Vec<Notice>) {
        let name = one_name(&account.reference);
        let Some(first) = self.names.get(&name).map(|first| &self.all[*first].reference) else {
            self.names.insert(name, self.all.len());
            self.by_prefix.insert(account.prefix, Some(self.all.len()));
            self.all.push(account);
            return;
        };
        self.by_prefix.insert(account.prefix, None);
        let second = &account.reference;
        let text = match first.exchange.eq_ignore_ascii_case(&second.exchange) {
            true => format!("a second {second} in other names is kept as named values"),
            false => format!("{second} is {first} by another name of its exchange, and is kept as named values"),
        };
        notices.push(Notice { line, text });
    }
}

/// An account by one name, whichever its exchange is called by: how it is spelt matters no more than in a vault.
pub(super) fn one_name(account: &Reference) -> String {
    let exchange = account.exchange.to_ascii_lowercase();
    Reference { exchange: registry::canonical_id(&exchange).to_owned(), ..account.clone() }.to_string()
}

/// Whose credential a group is, if it is one.
fn account_of(group: &Group<'_>, pairs: &BTreeSet<&str>, options: &ImportOptions<'_>) -> Option<Reference> {
    let account = if group.prefix.is_empty() {
        let exchange = options.exchange.filter(|_| group.has(field::API_KEY) || group.has(field::PRIVATE_KEY))?;
        Reference::new(exchange, "main")
    } else if let Some(account) = of_nautilus(group, pairs) {
        account
    } else if let Some(account) = known_account(group.prefix) {
        is_credential(group, &account).then_some(account)?
    } else {
        group.is_pair().then(|| unknown_account(group.prefix, pairs))?
    };
    is_storable(&account).then_some(account)
}

/// The account of a pair in nautilus-trader's names, unless that account is there by its usual names: then it is a
/// subaccount that is called so.
fn of_nautilus(group: &Group<'_>, pairs: &BTreeSet<&str>) -> Option<Reference> {
    let account = nautilus::live_account(group.prefix).filter(|_| group.is_pair())?;
    (!pairs.contains(prefix_of(&account).as_str())).then_some(account)
}

/// The account of an exchange that is known which variables with this prefix are of.
pub(super) fn known_account(prefix: &str) -> Option<Reference> {
    nautilus::test_account(prefix).or_else(|| {
        let (exchange, rest) = known_exchange(prefix)?;
        Some(with_rest(&exchange.to_ascii_lowercase(), Environment::Live, rest))
    })
}

pub(super) fn is_storable(account: &Reference) -> bool {
    name::is_exchange(&account.exchange) && name::is_subaccount(&account.subaccount)
}

/// The exchange that the prefix starts with, and what follows. Longest first, so that an exchange
/// is not taken for a subaccount of another.
///
/// Exchanges that are gone lend their names to no subaccounts: many were called by a word that others use too.
fn known_exchange(prefix: &str) -> Option<(&str, &str)> {
    let ends = prefix.match_indices('_').map(|(at, _)| at).chain([prefix.len()]);
    let known = |end: &usize| {
        registry::exchange(&prefix[..*end]).is_some_and(|known| known.dropped.is_none() || *end == prefix.len())
    };
    let ends: Vec<usize> = ends.filter(known).collect();
    let end = *ends.last()?;
    Some((&prefix[..end], prefix[end..].strip_prefix('_').unwrap_or_default()))
}

/// Whether a group under an exchange's name is a credential of it and not, say, its web hook's token.
fn is_credential(group: &Group<'_>, account: &Reference) -> bool {
    let known = registry::exchange(&account.exchange);
    let required = known.map(|exchange| exchange.requires).unwrap_or_default();
    // Of an exchange that is gone, one key is not enough: VERTEX_API_KEY is more likely that of something else.
    let gone = known.is_some_and(|exchange| exchange.dropped.is_some());
    // KRAKEN_API_PRIVATE_KEY is the private key of kraken/main in other words, and no key of an account called api. And
    // where the exchange takes no private key but a secret, that alone is more likely a wallet's, as in
    // COINBASE_WALLET_PRIVATE_KEY.
    let takes = known.is_none_or(|exchange| field_of(exchange, field::PRIVATE_KEY) != Some(field::API_SECRET));
    let has_private_key = group.has(field::PRIVATE_KEY) && takes && !group.prefix.ends_with("_API");
    (if gone { group.is_pair() } else { group.has(field::API_KEY) || has_private_key })
        || nautilus::is_whole(group.prefix, |name| group.has(name))
        || (!required.is_empty() && required.iter().all(|name| group.has(name)))
}

/// `TESTNET_HEDGE` behind an exchange's name: the environment, then the subaccount.
fn with_rest(exchange: &str, environment: Environment, rest: &str) -> Reference {
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
