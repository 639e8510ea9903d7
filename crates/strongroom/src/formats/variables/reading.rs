//! From the names of environment variables back to records.
//!
//! It has to guess, and a wrong guess must do no harm: whatever is taken as a field of a record is
//! written again under the name that it came with (a notice says where not), and what is not clearly
//! a credential stays the named value `env/NAME`.

use std::collections::{BTreeMap, BTreeSet};

use super::{upper, variable_name};
use crate::formats::dotenv::Assignment;
use crate::formats::{ImportOptions, Imported, Notice, freqtrade, guess_kind, names, nautilus, spelling};
use crate::record::{Environment, Record, Reference, field};
use crate::secret::Secret;
use crate::{Result, check, registry};

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

/// Variables that belong together: those with the same text before the field.
struct Group {
    /// `BINANCE_HEDGE`; empty for bare names.
    prefix: String,
    /// Field, and which assignment.
    members: Vec<(&'static str, usize)>,
}

impl Group {
    fn has(&self, field: &str) -> bool {
        self.members.iter().any(|(member, _)| *member == field)
    }

    /// A pair, which nothing else in a `.env` looks like.
    fn is_pair(&self) -> bool {
        self.has(field::API_KEY) && self.has(field::API_SECRET)
    }
}

/// The credentials among these names and values, which come from no text. Of equal names the last counts.
pub(crate) fn records_of_pairs(
    pairs: impl IntoIterator<Item = (String, Secret)>,
    options: &ImportOptions<'_>,
) -> Result<Vec<Record>> {
    let by_name: BTreeMap<String, Secret> = pairs.into_iter().collect();
    let assignments = by_name.into_iter().map(|(name, value)| Assignment { name, value, line: None });
    Ok(records_of(assignments.collect(), options, Vec::new())?.records)
}

/// Makes records of the assignments that are credentials and named values of all others.
pub(in crate::formats) fn records_of(
    mut assignments: Vec<Assignment>,
    options: &ImportOptions<'_>,
    mut notices: Vec<Notice>,
) -> Result<Imported> {
    let of_freqtrade = freqtrade::environment::take(&mut assignments, options, &mut notices)?;
    let groups = group(&assignments);
    let pairs: BTreeSet<&str> = groups.iter().filter(|group| group.is_pair()).map(|group| &*group.prefix).collect();
    let mut taken: Vec<Option<(usize, &'static str)>> = vec![None; assignments.len()];
    let mut accounts: Vec<Reference> = Vec::new();
    let mut account_names = BTreeSet::new();
    for group in &groups {
        let Some(account) = account_of(group, &pairs, options) else { continue };
        if group.members.iter().all(|(_, at)| assignments[*at].value.is_empty()) {
            continue;
        }
        // Two spellings of one account: the names of the second stay as they are, so that both are kept.
        // The spelling of an exchange matters no more than in a vault.
        let name = Reference { exchange: account.exchange.to_ascii_lowercase(), ..account.clone() }.to_string();
        if !account_names.insert(name) {
            let text = format!("a second {account} in other names is kept as named values");
            notices.push(Notice { line: assignments[group.members[0].1].line, text });
            continue;
        }
        for (field, at) in &group.members {
            taken[*at] = Some((accounts.len(), field));
        }
        accounts.push(account);
    }

    let mut imported = Imported { notices, ..Imported::new() };
    for account in &accounts {
        imported.records.push(Record::new(account, options.now)?);
    }
    let mut leftovers = Vec::new();
    for (assignment, taken) in assignments.into_iter().zip(taken) {
        let Some((record, field)) = taken else {
            if !assignment.value.is_empty() && spelling::leftover(&assignment.name).is_some() {
                leftovers.push((assignment.name.clone(), assignment.line));
            }
            imported.values.push((assignment.name, assignment.value));
            continue;
        };
        let now_called = variable_name(&accounts[record], field);
        if now_called != assignment.name {
            let how = if nautilus::reads(&assignment.name) { ", and as it is with --names nautilus" } else { "" };
            let text = format!("{} will be written as {now_called}{how}", assignment.name);
            imported.notices.push(Notice { line: assignment.line, text });
        }
        imported.records[record].fields.set(field, assignment.value);
    }
    for record in &mut imported.records {
        record.kind = guess_kind(&record.fields);
        if let Some(missing) = missing_field(record) {
            imported.notices.push(missing_notice(record, missing));
        }
    }
    // Where the text has the same account in other names too, `names::check` says so.
    imported.records.extend(of_freqtrade);
    imported.notices.extend(leftovers.into_iter().filter_map(|(name, line)| leftover(&name, line, &imported.records)));
    Ok(imported)
}

/// What is said of a field that a record does not have.
pub(in crate::formats) fn missing_notice(record: &Record, missing: &str) -> Notice {
    Notice { line: None, text: format!("{} has no {missing}", record.reference()) }
}

/// What is said of a named value that looks like a field of a known exchange, unless its record has that field.
fn leftover(name: &str, line: Option<usize>, records: &[Record]) -> Option<Notice> {
    let (prefix, field) = spelling::leftover(name)?;
    let (exchange, rest) = known_exchange(prefix)?;
    registry::exchange(exchange).filter(|known| known.dropped.is_none())?;
    let account = with_rest(&exchange.to_ascii_lowercase(), Environment::Live, rest);
    let how = match records.iter().find(|record| record.reference() == account) {
        Some(record) if record.fields.get(field).is_some() => return None,
        Some(_) => format!("strongroom set {account} {field}"),
        None => format!("strongroom add {account}"),
    };
    let text = format!("{name} looks like the {field} of {account} and is kept as a named value; to give it: {how}");
    Some(Notice { line, text })
}

/// A field that the exchange needs and the record does not have. Google's `GEMINI_API_KEY` looks like
/// the exchange's, for one.
pub(in crate::formats) fn missing_field(record: &Record) -> Option<&'static str> {
    check::absent(registry::exchange(&record.exchange), &record.fields).into_iter().next()
}

/// Groups in the order in which they first appear. Of two names for one field, such as `X_SECRET` and
/// `X_API_SECRET`, the one that we write ourselves counts.
fn group(assignments: &[Assignment]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, assignment) in assignments.iter().enumerate() {
        let name = assignment.name.as_str();
        let Some((prefix, field)) = split(name) else { continue };
        let is_ours = name.ends_with(&upper(field));
        let known = *positions.entry(prefix).or_insert_with(|| {
            groups.push(Group { prefix: prefix.to_owned(), members: Vec::new() });
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
fn give_shared(groups: &mut Vec<Group>, assignments: &[Assignment]) {
    let alone = |group: &Group| match group.members.as_slice() {
        [(field, at)] if nautilus::is_shared_with(&assignments[*at].name, &group.prefix) => Some((*field, *at)),
        _ => None,
    };
    let Some((from, (field, at))) = groups.iter().enumerate().find_map(|(from, group)| Some((from, alone(group)?)))
    else {
        return;
    };
    let name = assignments[at].name.as_str();
    let takes = |group: &&mut Group| !group.has(field) && nautilus::is_shared_with(name, &group.prefix);
    if let Some(group) = groups.iter_mut().find(takes) {
        group.members.push((field, at));
        groups.remove(from);
    }
}

/// A variable's name as prefix and field. Only upper case: a lower-case name would not be written
/// again as it came.
fn split(name: &str) -> Option<(&str, &'static str)> {
    if name.starts_with(freqtrade::environment::PREFIX) {
        return None;
    }
    if let Some(of_nautilus) = nautilus::split(name) {
        return Some(of_nautilus);
    }
    if !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    if let Some((_, field)) = BARE.iter().find(|(bare, _)| *bare == name) {
        return Some(("", field));
    }
    let (suffix, field) = SUFFIXES.iter().find(|(suffix, _)| name.ends_with(suffix))?;
    let prefix = &name[..name.len() - suffix.len()];
    (!prefix.is_empty()).then_some((prefix, field))
}

/// Whose credential a group is, if it is one.
fn account_of(group: &Group, pairs: &BTreeSet<&str>, options: &ImportOptions<'_>) -> Option<Reference> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: None, now: 1 };

    fn read_with(pairs: &[(&str, &str)], options: &ImportOptions<'_>) -> Imported {
        let assignments = pairs.iter().enumerate().map(|(at, (name, value))| Assignment {
            name: name.to_string(),
            value: Secret::copy_of(value),
            line: Some(at + 1),
        });
        records_of(assignments.collect(), options, Vec::new()).unwrap()
    }

    /// What became of these names, each with its own name as value: records as `REF: field=NAME`.
    fn read_names(names: &[&str]) -> (Vec<String>, Vec<String>) {
        let pairs: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
        summary(read_with(&pairs, &OPTIONS))
    }

    fn summary(imported: Imported) -> (Vec<String>, Vec<String>) {
        let records = imported.records.iter().map(|record| {
            let fields: Vec<String> =
                record.fields.iter().map(|(name, value)| format!("{name}={}", value.expose_secret())).collect();
            format!("{}: {}", record.reference(), fields.join(" "))
        });
        (records.collect(), imported.values.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn a_word_that_was_an_exchange_once_takes_no_key_of_something_else() {
        let alone = ["VERTEX_API_KEY", "LIQUID_ACCESS_KEY", "ACE_MARKET_API_KEY"];
        assert_eq!(read_names(&alone), (Vec::new(), alone.map(str::to_owned).to_vec()));
        let (records, values) = read_names(&[
            "BITMEX_API_KEY",
            "BITMEX_API_SECRET",
            "BITMEX_TESTNET_API_KEY",
            "BITMEX_TESTNET_API_SECRET",
            "LIQUID_MARKET_API_KEY",
            "LIQUID_MARKET_API_SECRET",
            "BITMART_API_KEY",
            "BITMART_API_SECRET",
        ]);
        let names: Vec<&str> = records.iter().filter_map(|record| record.split(':').next()).collect();
        assert_eq!(names, ["bitmex/main", "bitmex/main@testnet", "liquid_market/main", "bitmart/main"]);
        assert!(values.is_empty());
    }

    #[test]
    fn names_that_we_write_read_back() {
        let (records, values) = read_names(&[
            "BINANCE_API_KEY",
            "BINANCE_API_SECRET",
            "OKX_HEDGE_API_KEY",
            "OKX_HEDGE_API_SECRET",
            "OKX_HEDGE_API_PASSPHRASE",
            "BINANCE_TESTNET_API_KEY",
            "BINANCE_DEMO_MARKET_MAKING_API_KEY",
            "DERIVE_PRIVATE_KEY",
            "DERIVE_WALLET_ADDRESS",
            "NDAX_API_KEY",
            "NDAX_LOGIN",
            "NDAX_PASSWORD",
            "NDAX_UID",
            "NDAX_TWO_FACTOR",
            "WOO_API_KEY",
            "WOO_ACCOUNT_ID",
            "WOO_TOKEN",
            "MUDREX_API_SECRET",
        ]);
        assert_eq!(
            records,
            [
                "binance/main: api_key=BINANCE_API_KEY api_secret=BINANCE_API_SECRET",
                "okx/hedge: api_key=OKX_HEDGE_API_KEY api_passphrase=OKX_HEDGE_API_PASSPHRASE \
                 api_secret=OKX_HEDGE_API_SECRET",
                "binance/main@testnet: api_key=BINANCE_TESTNET_API_KEY",
                "binance/market_making@demo: api_key=BINANCE_DEMO_MARKET_MAKING_API_KEY",
                "derive/main: private_key=DERIVE_PRIVATE_KEY wallet_address=DERIVE_WALLET_ADDRESS",
                "ndax/main: api_key=NDAX_API_KEY login=NDAX_LOGIN password=NDAX_PASSWORD \
                 two_factor=NDAX_TWO_FACTOR uid=NDAX_UID",
                "woo/main: account_id=WOO_ACCOUNT_ID api_key=WOO_API_KEY token=WOO_TOKEN",
                "mudrex/main: api_secret=MUDREX_API_SECRET",
            ]
        );
        assert!(values.is_empty());
    }

    #[test]
    fn keys_for_test_servers_are_not_taken_for_those_of_the_live_exchange() {
        let names = [
            "BINANCE_FUTURES_TESTNET_API_KEY",
            "BINANCE_FUTURES_TESTNET_API_SECRET",
            "KRAKEN_FUTURES_DEMO_API_KEY",
            "KRAKEN_FUTURES_DEMO_API_SECRET",
        ];
        let imported = read_with(&names.map(|name| (name, "1")), &OPTIONS);
        assert_eq!(imported.notices.len(), names.len());
        for (notice, name) in imported.notices.iter().zip(names) {
            assert!(notice.text.starts_with(&format!("{name} will be written as ")), "{notice:?}");
            assert!(notice.text.ends_with(", and as it is with --names nautilus"), "{notice:?}");
        }
        let accounts: Vec<String> = imported.records.iter().map(|record| record.reference().to_string()).collect();
        assert_eq!(accounts, ["binanceusdm/main@testnet", "krakenfutures/main@testnet"]);
        let mut notices = Vec::new();
        let again = nautilus::variables(&imported.records.iter().collect::<Vec<_>>(), &mut notices).unwrap();
        assert_eq!(again.iter().map(|variable| variable.name.as_str()).collect::<Vec<_>>(), names);
    }

    #[test]
    fn what_is_not_clearly_a_credential_stays_a_named_value() {
        let names = [
            "DATABASE_URL",
            "BINANCE_WEBHOOK_TOKEN",
            "BINANCE_PASSWORD",
            "KRAKEN_URL",
            "STRIPE_API_KEY",
            "JWT_SECRET",
            "API_KEY",
            "API_SECRET",
            "binance_api_key",
            "BINANCE__",
            "A.B",
            "_API_KEY",
        ];
        let (records, values) = read_names(&names);
        assert!(records.is_empty(), "{records:?}");
        assert_eq!(values, names);
    }

    #[test]
    fn short_names_are_taken_and_noticed() {
        let imported = read_with(&[("OKX_API_KEY", "1"), ("OKX_SECRET", "2"), ("OKX_PASSPHRASE", "3")], &OPTIONS);
        let notices: Vec<&str> = imported.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(
            notices,
            ["OKX_SECRET will be written as OKX_API_SECRET", "OKX_PASSPHRASE will be written as OKX_API_PASSPHRASE"]
        );
        let (records, _) = summary(imported);
        assert_eq!(records, ["okx/main: api_key=1 api_passphrase=3 api_secret=2"]);
    }

    #[test]
    fn of_two_names_for_one_field_the_longer_counts_and_both_are_kept() {
        for names in [
            ["BYBIT_API_KEY", "BYBIT_SECRET", "BYBIT_API_SECRET"],
            ["BYBIT_API_KEY", "BYBIT_API_SECRET", "BYBIT_SECRET"],
        ] {
            let (records, values) = read_names(&names);
            assert_eq!(records, ["bybit/main: api_key=BYBIT_API_KEY api_secret=BYBIT_API_SECRET"]);
            assert_eq!(values, ["BYBIT_SECRET"]);
        }
    }

    #[test]
    fn bare_names_belong_to_the_exchange_that_is_named() {
        let options = ImportOptions { exchange: Some("Kraken"), now: 1 };
        let pairs = [("API_KEY", "1"), ("API_SECRET", "2"), ("PASSWORD", "3")];
        let (records, values) = summary(read_with(&pairs, &options));
        assert_eq!((records, values), (vec!["Kraken/main: api_key=1 api_secret=2".into()], vec!["PASSWORD".into()]));
    }

    #[test]
    fn unknown_exchanges_need_a_pair() {
        let (records, values) = read_names(&[
            "BITMEX_API_KEY",
            "BITMEX_API_SECRET",
            "BITMEX_HEDGE_API_KEY",
            "BITMEX_HEDGE_SECRET",
            "BITMEX_TESTNET_API_KEY",
            "BITMEX_TESTNET_API_SECRET",
            "MY_DEX_DEMO_API_KEY",
            "MY_DEX_DEMO_API_SECRET",
            "OPENAI_API_KEY",
        ]);
        assert_eq!(
            records,
            [
                "bitmex/main: api_key=BITMEX_API_KEY api_secret=BITMEX_API_SECRET",
                "bitmex/hedge: api_key=BITMEX_HEDGE_API_KEY api_secret=BITMEX_HEDGE_SECRET",
                "bitmex/main@testnet: api_key=BITMEX_TESTNET_API_KEY api_secret=BITMEX_TESTNET_API_SECRET",
                "my_dex/main@demo: api_key=MY_DEX_DEMO_API_KEY api_secret=MY_DEX_DEMO_API_SECRET",
            ]
        );
        assert_eq!(values, ["OPENAI_API_KEY"]);
    }

    #[test]
    fn a_longer_exchange_is_no_subaccount_and_aliases_keep_their_spelling() {
        let (records, _) =
            read_names(&["BINANCEUSDM_API_KEY", "BINANCE_API_KEY", "GATEIO_API_KEY", "HUOBI_SUB_API_KEY"]);
        let names: Vec<&str> = records.iter().map(|record| record.split(':').next().unwrap()).collect();
        assert_eq!(names, ["binanceusdm/main", "binance/main", "gateio/main", "huobi/sub"]);
    }

    #[test]
    fn two_spellings_of_one_account_are_both_kept() {
        let (records, values) = read_names(&["BYBIT_API_KEY", "BYBIT_MAIN_API_KEY"]);
        assert_eq!(records, ["bybit/main: api_key=BYBIT_API_KEY"]);
        assert_eq!(values, ["BYBIT_MAIN_API_KEY"]);
    }

    #[test]
    fn an_empty_template_is_no_credential() {
        let (records, values) = summary(read_with(&[("OKX_API_KEY", ""), ("OKX_API_SECRET", "")], &OPTIONS));
        assert!(records.is_empty());
        assert_eq!(values, ["OKX_API_KEY", "OKX_API_SECRET"]);
    }

    #[test]
    fn a_missing_field_is_noticed() {
        let imported = read_with(&[("GEMINI_API_KEY", "EXAMPLE")], &OPTIONS);
        assert_eq!(imported.notices, [Notice { line: None, text: "gemini/main has no api_secret".into() }]);
    }

    #[test]
    fn a_variable_that_looks_like_a_missing_field_is_noticed_with_what_to_do() {
        let pairs = [("OKX_API_KEY", "1"), ("OKX_SECRET_KEY", "2"), ("KRAKEN_APIKEY", "3"), ("SSH_KEY", "4")];
        let imported = read_with(&pairs, &OPTIONS);
        let notices: Vec<&str> = imported.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(
            notices,
            [
                "okx/main has no api_secret",
                "OKX_SECRET_KEY looks like the api_secret of okx/main and is kept as a named value; to give it: \
                 strongroom set okx/main api_secret",
                "KRAKEN_APIKEY looks like the api_key of kraken/main and is kept as a named value; to give it: \
                 strongroom add kraken/main",
            ]
        );
        let complete = [("OKX_API_KEY", "1"), ("OKX_API_SECRET", "2"), ("OKX_API_PASSPHRASE", "3"), ("OKX_KEY", "4")];
        assert!(read_with(&complete, &OPTIONS).notices.is_empty());
    }
}
