//! The names of nautilus-trader's environment variables: which of a record's fields each of its adapters reads where.
//! As in nautilus-trader 1.231.0.
//!
//! It reads one account of each exchange and environment, so subaccounts are in no name: choosing one is the caller's
//! business. A record whose own names are nautilus's already (`kraken/futures`) keeps them.

use super::Notice;
use super::variables::usual::{Variable, prefix_of, upper};
use crate::record::{Environment, Record, Reference, Selection, field};
use crate::wording::{listed, shell_word};
use crate::{ExportError, registry};

use super::ccxt::words::{ACCOUNT_INDEX, API_KEY_INDEX, SUBACCOUNT_ID, VAULT_ADDRESS};
use Environment::{Demo, Live, Testnet};

/// One set of variables of one adapter.
struct Names {
    /// The ids of the exchanges whose keys these are.
    exchanges: &'static [&'static str],
    environments: &'static [Environment],
    prefix: &'static str,
    /// Our field and what follows the prefix and an underscore; with `=` before it the whole name.
    fields: &'static [(&'static str, &'static str)],
    /// Which of the fields the adapter can do without.
    optional: &'static [&'static str],
}

const PAIR: &[(&str, &str)] = &[(field::API_KEY, "API_KEY"), (field::API_SECRET, "API_SECRET")];
const WITH_PASSPHRASE: &[(&str, &str)] =
    &[(field::API_KEY, "API_KEY"), (field::API_SECRET, "API_SECRET"), (field::API_PASSPHRASE, "API_PASSPHRASE")];
const DERIVE: &[(&str, &str)] = &[
    (field::WALLET_ADDRESS, "WALLET_ADDRESS"),
    (field::PRIVATE_KEY, "SESSION_PRIVATE_KEY"),
    (SUBACCOUNT_ID, "SUBACCOUNT_ID"),
];
const DYDX: &[(&str, &str)] = &[(field::PRIVATE_KEY, "PRIVATE_KEY"), (field::WALLET_ADDRESS, "WALLET_ADDRESS")];
const HYPERLIQUID: &[(&str, &str)] = &[
    (field::PRIVATE_KEY, "PK"),
    (VAULT_ADDRESS, "VAULT"),
    // One name for both nets.
    (field::WALLET_ADDRESS, "=HYPERLIQUID_ACCOUNT_ADDRESS"),
];
const LIGHTER: &[(&str, &str)] =
    &[(field::API_SECRET, "API_SECRET"), (API_KEY_INDEX, "API_KEY_INDEX"), (ACCOUNT_INDEX, "ACCOUNT_INDEX")];
const POLYMARKET: &[(&str, &str)] = &[
    (field::PRIVATE_KEY, "PK"),
    (field::WALLET_ADDRESS, "FUNDER"),
    (field::API_KEY, "API_KEY"),
    (field::API_SECRET, "API_SECRET"),
    (field::API_PASSPHRASE, "PASSPHRASE"),
];

const fn pair(exchanges: &'static [&'static str], at: &'static [Environment], prefix: &'static str) -> Names {
    names(exchanges, at, prefix, PAIR)
}

const fn names(
    exchanges: &'static [&'static str],
    environments: &'static [Environment],
    prefix: &'static str,
    fields: &'static [(&'static str, &'static str)],
) -> Names {
    Names { exchanges, environments, prefix, fields, optional: &[VAULT_ADDRESS, field::WALLET_ADDRESS] }
}

/// With nothing that the adapter can do without.
const fn all(names: Names) -> Names {
    Names { optional: &[], ..names }
}

static ADAPTERS: [Names; 26] = [
    pair(&["binance", "binanceusdm", "binancecoinm"], &[Live], "BINANCE"),
    pair(&["binance"], &[Testnet], "BINANCE_TESTNET"),
    pair(&["binanceusdm", "binancecoinm"], &[Testnet], "BINANCE_FUTURES_TESTNET"),
    pair(&["binance", "binanceusdm", "binancecoinm"], &[Demo], "BINANCE_DEMO"),
    pair(&["bybit"], &[Live], "BYBIT"),
    pair(&["bybit"], &[Testnet], "BYBIT_TESTNET"),
    pair(&["bybit"], &[Demo], "BYBIT_DEMO"),
    // One set of names for both; the adapter's configuration says which it is.
    names(&["okx"], &[Live, Demo], "OKX", WITH_PASSPHRASE),
    pair(&["kraken"], &[Live], "KRAKEN_SPOT"),
    pair(&["krakenfutures"], &[Live], "KRAKEN_FUTURES"),
    pair(&["krakenfutures"], &[Testnet, Demo], "KRAKEN_FUTURES_DEMO"),
    pair(&["bitmex"], &[Live], "BITMEX"),
    pair(&["bitmex"], &[Testnet], "BITMEX_TESTNET"),
    pair(&["deribit"], &[Live], "DERIBIT"),
    pair(&["deribit"], &[Testnet], "DERIBIT_TESTNET"),
    pair(&["coinbase"], &[Live], "COINBASE"),
    names(&["hyperliquid"], &[Live], "HYPERLIQUID", HYPERLIQUID),
    names(&["hyperliquid"], &[Testnet], "HYPERLIQUID_TESTNET", HYPERLIQUID),
    names(&["dydx"], &[Live], "DYDX", DYDX),
    names(&["dydx"], &[Testnet], "DYDX_TESTNET", DYDX),
    all(names(&["polymarket"], &[Live], "POLYMARKET", POLYMARKET)),
    names(&["lighter"], &[Live], "LIGHTER", LIGHTER),
    names(&["lighter"], &[Testnet], "LIGHTER_TESTNET", LIGHTER),
    all(names(&["derive"], &[Live], "DERIVE", DERIVE)),
    all(names(&["derive"], &[Testnet], "DERIVE_TESTNET", DERIVE)),
    pair(&["architect", "ax", "architect_ax"], &[Live], "AX"),
];

impl Names {
    fn name(&self, suffix: &str) -> String {
        match suffix.strip_prefix('=') {
            Some(whole) => whole.to_owned(),
            None => format!("{}_{suffix}", self.prefix),
        }
    }

    /// The set for a record.
    fn of(record: &Record) -> Option<&'static Names> {
        let (id, own) = (registry::canonical_id(&record.exchange), prefix_of(&record.reference()));
        ADAPTERS.iter().find(|names| names.prefix == own).or_else(|| {
            let is_of = |names: &&Names| names.exchanges.iter().any(|exchange| exchange.eq_ignore_ascii_case(id));
            ADAPTERS.iter().filter(is_of).find(|names| names.environments.contains(&record.environment))
        })
    }
}

/// The variables of these records. What an adapter has no name for is left out with a notice.
pub(super) fn variables<'a>(
    records: &[&'a Record],
    notices: &mut Vec<Notice>,
) -> Result<Vec<Variable<'a>>, ExportError> {
    let (mut variables, mut refused) = (Vec::new(), Vec::new());
    for record in records {
        let reference = record.reference();
        let Some(names) = Names::of(record) else {
            let problem = "nautilus-trader has no names for an account of this exchange in this environment";
            refused.push(ExportError::at(reference.to_string(), problem));
            continue;
        };
        let is_named = |field: &str| names.fields.iter().any(|(known, _)| *known == field);
        if !record.fields.names().any(|field| field::is_secret(field) && is_named(field)) {
            let wanted = names.fields.iter().map(|(field, _)| *field).filter(|field| field::is_secret(field));
            let problem = format!("has no {}, without which nautilus-trader has nothing to sign with", listed(wanted));
            refused.push(ExportError::at(reference.to_string(), problem));
            continue;
        }
        for (field, value) in record.fields.iter() {
            let place = Selection::Field(reference.clone(), field.to_owned());
            match names.fields.iter().find(|(known, _)| *known == field) {
                Some((_, suffix)) => variables.push(Variable { name: names.name(suffix), place, value }),
                None => notices.push(Notice {
                    line: None,
                    text: format!("{place} has no name in nautilus-trader and is left out"),
                }),
            }
        }
        let missing = |name: &&str| record.fields.get(name).is_none() && !names.optional.contains(name);
        for name in names.fields.iter().map(|(field, _)| *field).filter(missing) {
            let called =
                registry::exchange(&record.exchange).map_or_else(|| name.to_owned(), |known| known.called(name));
            let command = format!("strongroom set {} {name}", shell_word(&reference.to_string()));
            let text = format!("{reference} has no {called}, which nautilus-trader wants: {command}");
            notices.push(Notice { line: None, text });
        }
        if names.environments.contains(&Live) && record.environment != Live {
            let text = format!(
                "{reference} has the names of the live account; the adapter's configuration says that it is for {}",
                record.environment
            );
            notices.push(Notice { line: None, text });
        }
    }
    ExportError::of_all(refused)?;
    Ok(variables)
}

/// What a variable's name means to nautilus-trader, where our own names would not say it so: prefix and field, as if
/// it had one of ours.
pub(super) fn split(name: &str) -> Option<(&'static str, &'static str)> {
    let of = |names: &'static Names| {
        let ours = |field: &str, suffix: &str| field::KNOWN.contains(&field) && *suffix == upper(field);
        let found = names.fields.iter().find(|(field, suffix)| !ours(field, suffix) && names.name(suffix) == name);
        found.map(|(field, _)| (names.prefix, *field))
    };
    ADAPTERS.iter().find_map(of)
}

/// Whose keys the variables with this prefix are, where the usual names of that account would begin with another one:
/// `KRAKEN_SPOT` is kraken/main.
pub(super) fn live_account(prefix: &str) -> Option<Reference> {
    let names = ADAPTERS.iter().find(|names| names.prefix == prefix && names.environments.contains(&Live))?;
    let account = Reference::new(names.exchanges[0], "main");
    (prefix_of(&account) != prefix).then_some(account)
}

/// The prefix of which this is the [live account](live_account).
pub(super) fn live_prefix(account: &Reference) -> Option<&'static str> {
    ADAPTERS.iter().map(|names| names.prefix).find(|prefix| live_account(prefix).as_ref() == Some(account))
}

/// Whose keys the variables with this prefix are, where it is of no live exchange.
pub(super) fn test_account(prefix: &str) -> Option<Reference> {
    let names = ADAPTERS.iter().find(|names| names.prefix == prefix && !names.environments.contains(&Live))?;
    Some(Reference { environment: names.environments[0], ..Reference::new(names.exchanges[0], "main") })
}

/// Whether this is the one name for accounts of several environments, of which `prefix` is one.
pub(super) fn is_shared_with(name: &str, prefix: &str) -> bool {
    let whole = |names: &Names| names.fields.iter().any(|(_, suffix)| suffix.strip_prefix('=') == Some(name));
    ADAPTERS.iter().any(|names| names.prefix == prefix && whole(names))
}

/// Whether variables with this prefix and these fields are all that an adapter needs.
pub(super) fn is_whole(prefix: &str, has: impl Fn(&str) -> bool) -> bool {
    let whole = |names: &&Names| {
        names.fields.iter().all(|(field, _)| has(field) || names.optional.contains(field)) && names.prefix == prefix
    };
    ADAPTERS.iter().any(|names| whole(&names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn written(records: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
        told(records).map(|(names, _)| names)
    }

    /// Names of variables, and notices.
    fn told(records: &[(&str, &[&str])]) -> Result<(Vec<String>, Vec<String>), String> {
        let records: Vec<Record> = records
            .iter()
            .map(|(reference, fields)| {
                let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
                fields.iter().for_each(|field| drop(record.fields.set(field, Secret::copy_of("EXAMPLE"))));
                record
            })
            .collect();
        let mut notices = Vec::new();
        let variables =
            variables(&records.iter().collect::<Vec<_>>(), &mut notices).map_err(|error| error.to_string())?;
        let names = variables.into_iter().map(|variable| variable.name).collect();
        Ok((names, notices.into_iter().map(|notice| notice.text).collect()))
    }

    #[test]
    fn an_account_that_nautilus_could_not_sign_for_is_refused_by_name_and_one_that_lacks_something_is_told() {
        let message = written(&[("lighter", &["private_key", "account_index", "api_key_index"])]).unwrap_err();
        assert!(message.starts_with("lighter/main: has no api_secret, without which"), "{message}");
        let (names, notices) = told(&[("lighter", &["api_secret", "api_key_index"])]).unwrap();
        assert_eq!(names, ["LIGHTER_API_KEY_INDEX", "LIGHTER_API_SECRET"]);
        assert_eq!(
            notices,
            [
                "lighter/main has no index of the account (account_index), which nautilus-trader wants: strongroom set lighter/main account_index"
            ]
        );
    }

    #[test]
    fn only_names_that_are_the_live_accounts_too_are_told_to_be() {
        let pair: &[&str] = &["api_key", "api_secret"];
        assert_eq!(told(&[("krakenfutures@testnet", pair)]).unwrap().1, [""; 0]);
        let (_, notices) = told(&[("okx@demo", &["api_key", "api_secret", "api_passphrase"])]).unwrap();
        assert!(notices[0].starts_with("okx/main@demo has the names of the live account"), "{notices:?}");
    }

    #[test]
    fn prefixes_that_are_nautiluss_own_say_which_account_they_are_of() {
        let account = |prefix| live_account(prefix).map(|account| account.to_string());
        assert_eq!(account("KRAKEN_SPOT").as_deref(), Some("kraken/main"));
        assert_eq!(account("KRAKEN_FUTURES").as_deref(), Some("krakenfutures/main"));
        assert_eq!(account("AX").as_deref(), Some("architect/main"));
        for usual in ["BINANCE", "OKX", "LIGHTER", "KRAKEN_FUTURES_DEMO", "MYDEX"] {
            assert_eq!(account(usual), None);
        }
    }

    #[test]
    fn each_account_has_the_names_of_its_adapter() {
        let pair: &[&str] = &["api_key", "api_secret"];
        for (reference, fields, names) in [
            ("binance/grid", pair, "BINANCE_API_KEY BINANCE_API_SECRET"),
            ("binanceusdm@testnet", pair, "BINANCE_FUTURES_TESTNET_API_KEY BINANCE_FUTURES_TESTNET_API_SECRET"),
            ("kraken", pair, "KRAKEN_SPOT_API_KEY KRAKEN_SPOT_API_SECRET"),
            ("kraken/futures", pair, "KRAKEN_FUTURES_API_KEY KRAKEN_FUTURES_API_SECRET"),
            ("krakenfutures@testnet", pair, "KRAKEN_FUTURES_DEMO_API_KEY KRAKEN_FUTURES_DEMO_API_SECRET"),
            ("coinbaseadvanced", pair, "COINBASE_API_KEY COINBASE_API_SECRET"),
            ("OKX@demo", &["api_key", "api_secret", "api_passphrase"], "OKX_API_KEY OKX_API_PASSPHRASE OKX_API_SECRET"),
            (
                "hyperliquid@testnet",
                &["private_key", "wallet_address"],
                "HYPERLIQUID_TESTNET_PK HYPERLIQUID_ACCOUNT_ADDRESS",
            ),
        ] {
            assert_eq!(written(&[(reference, fields)]).unwrap().join(" "), names, "{reference}");
        }
        assert!(written(&[("kucoin", pair)]).unwrap_err().starts_with("kucoin/main: "));
    }

    #[test]
    fn names_that_our_own_grammar_reads_are_left_to_it() {
        assert_eq!(split("HYPERLIQUID_TESTNET_PK"), Some(("HYPERLIQUID_TESTNET", field::PRIVATE_KEY)));
        assert_eq!(split("DERIVE_SESSION_PRIVATE_KEY"), Some(("DERIVE", field::PRIVATE_KEY)));
        assert_eq!(split("LIGHTER_TESTNET_API_KEY_INDEX"), Some(("LIGHTER_TESTNET", API_KEY_INDEX)));
        assert_eq!(split("POLYMARKET_PASSPHRASE"), Some(("POLYMARKET", field::API_PASSPHRASE)));
        for name in
            ["BINANCE_API_KEY", "KRAKEN_FUTURES_API_KEY", "BINANCE_FUTURES_TESTNET_API_SECRET", "DYDX_PRIVATE_KEY"]
        {
            assert_eq!(split(name), None, "{name}");
        }
    }
}
