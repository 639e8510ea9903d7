//! What names of variables may mean besides what they were taken for. Nothing here is decided: a person is told, with
//! the command that puts it right.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::one_name;
use super::spellings::likely;
use super::usual::{prefix_of, variable_name};
use crate::formats::{Notice, nautilus};
use crate::record::{Environment, Record, Reference, Selection};
use crate::registry;
use crate::wording::command;

/// A variable that is kept as a named value: its name, and its line.
pub(super) type Leftover = (String, Option<usize>);

/// What is said of named values that look like fields of exchanges, beside these records.
pub(super) fn of_leftovers(leftovers: &[Leftover], records: &[Record]) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut numbered: Vec<&Leftover> = Vec::new();
    let by_account: BTreeMap<String, &Record> = match leftovers.is_empty() {
        true => BTreeMap::new(),
        false => records.iter().map(|record| (one_name(&record.reference()), record)).collect(),
    };
    for leftover in leftovers {
        let (name, line) = leftover;
        let Some((account, field)) = likely(name) else {
            numbered.extend(is_numbered(name).then_some(leftover));
            continue;
        };
        let (account, new) = match by_account.get(&one_name(&account)) {
            Some(record) if record.fields.get(field).is_some() => continue,
            Some(record) => (record.reference(), String::new()),
            // It may be in the vault.
            None => {
                let new = format!(" (if {account} is new, after strongroom add {account})");
                (account, new)
            }
        };
        let text = format!(
            "{name} looks like the {field} of {account} and is kept as a named value; to give it{new}: {}",
            command_to_give(name, &account, field)
        );
        notices.push(Notice { line: *line, text });
    }
    if let Some((name, line)) = numbered.first() {
        let more = match numbered.len() - 1 {
            0 => "looks like a key of an exchange and is kept as a named value".to_owned(),
            more => format!("and {more} more look like keys of exchanges and are kept as named values"),
        };
        let text = format!("{name} {more}, of which little is checked: strongroom add EXCHANGE/NAME");
        notices.push(Notice { line: *line, text });
    }
    notices
}

/// The command after which the field is in the record, programs go on finding it under this name, and nothing else has
/// that.
fn command_to_give(name: &str, account: &Reference, field: &str) -> String {
    let (account_word, named) = (account.to_string(), format!("{field}={name}"));
    let mut set = vec!["set", account_word.as_str(), field];
    if variable_name(account, field) != name {
        set.extend(["--variable", named.as_str()]);
    }
    let value = Selection::Value(name.to_owned()).to_string();
    format!("{} && {}", command(set), command(["rm", &value]))
}

/// What is said of a pair that does not say of which exchange it is.
pub(super) fn of_bare(leftovers: &[Leftover]) -> Option<Notice> {
    let find = |wanted: &str| leftovers.iter().find(|(name, _)| name == wanted);
    let (_, line) = find("API_KEY").filter(|_| find("API_SECRET").is_some())?;
    let text = "API_KEY and API_SECRET do not say of which exchange they are, and are kept as named values; as a record \
                they come in with --exchange NAME";
    Some(Notice { line: *line, text: text.to_owned() })
}

/// `BINANCE_API_KEY_1`, `BINANCE_KEY2`, `BINANCE_API_KEY_TESTNET`: a field's name, and then something else.
fn is_numbered(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let bare = if bare.len() < name.len() { bare.strip_suffix('_').unwrap_or(bare) } else { name };
    let is_likely = |name: &str| likely(name).is_some();
    bare.len() < name.len() && is_likely(bare) || name.rsplit_once('_').is_some_and(|(before, _)| is_likely(before))
}

/// What is said of an account whose name is also that of another exchange, or ends in what says of a test server.
pub(super) fn of_account(prefix: &str, account: &Reference) -> Option<Notice> {
    if let Some(meant) = nautilus::live_account(prefix).filter(|meant| meant == account) {
        return of_nautilus(prefix, &meant);
    }
    let known = registry::exchange(&account.exchange).filter(|_| account.subaccount != "main")?;
    let other = other_exchange(prefix, known.id).or_else(|| of_test_server(account))?;
    let exchange = registry::exchange(&other.exchange).map_or(other.exchange.as_str(), |exchange| exchange.name);
    let environment = if other.environment == account.environment { "" } else { "'s test server" };
    let text = format!("{account} may be {exchange}{environment}: strongroom mv {account} {other}");
    Some(Notice { line: None, text })
}

/// What is said of these accounts and of named values of these names, as texts. Not to be said where a vault answers it.
pub(in crate::formats) fn settled(accounts: &[Reference], names: &[&str], records: &[Record]) -> BTreeSet<String> {
    let told = |account: &Reference| {
        let of_nautilus = nautilus::live_prefix(account).and_then(|prefix| of_account(prefix, account));
        of_account(&prefix_of(account), account).into_iter().chain(of_nautilus)
    };
    let of_accounts = accounts.iter().flat_map(told);
    let of_names = names.iter().flat_map(|name| of_leftovers(&[((*name).to_owned(), None)], records));
    of_accounts.chain(of_names).map(|notice| notice.text).collect()
}

/// `KRAKEN_SPOT` was taken for the account that nautilus-trader means by it, and may be one that is called `spot`.
fn of_nautilus(prefix: &str, account: &Reference) -> Option<Notice> {
    let (exchange, subaccount) = prefix.split_once('_')?;
    let other = Reference::new(registry::exchange(exchange)?.id, &subaccount.to_ascii_lowercase());
    let text = format!(
        "{prefix}_* are nautilus-trader's names of {account}; if it is {other}: strongroom mv {account} {other}"
    );
    Some(Notice { line: None, text })
}

/// `KRAKEN_FUTURES` as krakenfutures: the longest that, joined, is another exchange.
fn other_exchange(prefix: &str, known: &str) -> Option<Reference> {
    let ends: Vec<usize> = prefix.match_indices('_').map(|(at, _)| at).chain([prefix.len()]).collect();
    let (end, exchange) = ends.into_iter().rev().find_map(|end| {
        let exchange = registry::exchange(&prefix[..end].replace('_', ""))?;
        (exchange.id != known && exchange.dropped.is_none()).then_some((end, exchange))
    })?;
    let rest = prefix[end..].trim_start_matches('_').to_ascii_lowercase();
    Some(Reference::new(exchange.id, if rest.is_empty() { "main" } else { &rest }))
}

/// `hedge_testnet` as the account `hedge` of the test server.
fn of_test_server(account: &Reference) -> Option<Reference> {
    if account.environment != Environment::Live {
        return None;
    }
    let (rest, last) = account.subaccount.rsplit_once('_').unwrap_or(("main", &account.subaccount));
    let environment = match last {
        "testnet" | "test" | "sandbox" => Environment::Testnet,
        "demo" | "paper" => Environment::Demo,
        _ => return None,
    };
    Some(Reference { environment, ..Reference::new(&account.exchange, rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(prefix: &str, account: &str) -> Option<String> {
        of_account(prefix, &account.parse().unwrap()).map(|notice| notice.text)
    }

    #[test]
    fn a_subaccount_that_is_also_an_exchange_is_told() {
        let told = doubt("BINANCE_US", "binance/us").unwrap();
        assert_eq!(told, "binance/us may be Binance US: strongroom mv binance/us binanceus/main");
        let told = doubt("KRAKEN_FUTURES_HEDGE", "kraken/futures_hedge").unwrap();
        assert!(told.ends_with("strongroom mv kraken/futures_hedge krakenfutures/hedge"), "{told}");
        for (prefix, account) in
            [("BINANCE", "binance/main"), ("BINANCE_GRID", "binance/grid"), ("MYDEX_US", "mydex/us")]
        {
            assert_eq!(doubt(prefix, account), None);
        }
    }

    #[test]
    fn a_prefix_of_nautiluss_that_may_be_a_subaccount_is_told_once() {
        let told = doubt("KRAKEN_FUTURES", "krakenfutures/main").unwrap();
        assert!(told.ends_with("if it is kraken/futures: strongroom mv krakenfutures/main kraken/futures"), "{told}");
        let told = doubt("KRAKEN_SPOT", "kraken/main").unwrap();
        assert!(told.ends_with("strongroom mv kraken/main kraken/spot"), "{told}");
        assert_eq!(doubt("AX", "architect/main"), None);
        assert_eq!(doubt("KRAKEN", "kraken/main"), None);
    }

    #[test]
    fn a_live_account_whose_name_says_test_is_told() {
        let told = doubt("BYBIT_SUB_TESTNET", "bybit/sub_testnet").unwrap();
        assert_eq!(
            told,
            "bybit/sub_testnet may be Bybit's test server: strongroom mv bybit/sub_testnet bybit/sub@testnet"
        );
        assert!(doubt("DERIBIT_TEST", "deribit/test").unwrap().ends_with("mv deribit/test deribit/main@testnet"));
        assert_eq!(doubt("BYBIT_TESTNET_TEST", "bybit/test@testnet"), None);
        assert_eq!(doubt("BYBIT_LATEST", "bybit/latest"), None);
    }

    #[test]
    fn numbered_keys_are_told_once() {
        let names = ["BINANCE_API_KEY_1", "BINANCE_API_SECRET_1", "BINANCE_KEY2", "OKX_API_KEY_TESTNET"];
        let leftovers: Vec<Leftover> =
            names.iter().enumerate().map(|(at, name)| (name.to_string(), Some(at))).collect();
        let notices = of_leftovers(&leftovers, &[]);
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].text.starts_with("BINANCE_API_KEY_1 and 3 more look like keys of exchanges"), "{notices:?}");
    }
}
