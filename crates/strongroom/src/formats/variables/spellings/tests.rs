//! Names of variables as they stand in the `.env` files of public programs, and the record that each gives.

use super::super::{Variable, of, records_of};
use super::*;
use crate::formats::{ImportOptions, Imported, VariableNames, merge_into};
use crate::record::{Contents, Record, Value};
use crate::secret::Secret;

const PAIR: &str = "api_key api_secret";
const TRIPLE: &str = "api_key api_secret api_passphrase";
const WALLET: &str = "private_key wallet_address";

fn read_values(pairs: &[(&str, &str)]) -> Imported {
    let assignment = |(at, (name, value)): (usize, &(&str, &str))| Assignment {
        name: name.to_string(),
        value: Secret::copy_of(value),
        line: Some(at + 1),
    };
    let assignments = pairs.iter().enumerate().map(assignment).collect();
    records_of(assignments, &ImportOptions { exchange: None, now: 1 }, Vec::new()).unwrap()
}

/// Names, each its own value: `REF field=NAME ...`, and `NAME` for a named value.
fn read_names(names: &str) -> Vec<String> {
    described(&read_values(&names.split(' ').map(|name| (name, name)).collect::<Vec<_>>()))
}

fn described(imported: &Imported) -> Vec<String> {
    let records = imported.records.iter().map(|record| {
        let fields = record.fields.iter().map(|(name, value)| format!(" {name}={}", value.expose_secret()));
        format!("{}{}", record.reference(), fields.collect::<String>())
    });
    records.chain(imported.values.iter().map(|(name, _)| name.clone())).collect()
}

/// The variables that a program is given of what was read.
fn given(imported: &Imported, names: VariableNames) -> Vec<(String, String)> {
    let records: Vec<&Record> = imported.records.iter().collect();
    let value = |text: &Secret| Value { value: text.duplicate(), created: 1, changed: None };
    let values: Vec<_> = imported.values.iter().map(|(name, text)| (name.as_str(), value(text))).collect();
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value)).collect();
    pairs_of(names, &records, &values)
}

/// The variables that a program is given from a vault into which nothing else came.
fn given_from_a_vault(imported: Imported) -> Vec<(String, String)> {
    let mut contents = Contents::default();
    merge_into(&mut contents, imported, false, 1).unwrap();
    let records: Vec<&Record> = contents.records().iter().collect();
    pairs_of(VariableNames::Own, &records, &contents.values().collect::<Vec<_>>())
}

fn pairs_of(names: VariableNames, records: &[&Record], values: &[(&str, &Value)]) -> Vec<(String, String)> {
    let variables = of(names, records, values, &mut Vec::new()).unwrap();
    let pair = |variable: &Variable<'_>| (variable.name.clone(), variable.value.expose_secret().to_owned());
    let mut given: Vec<(String, String)> = variables.iter().map(pair).collect();
    given.sort();
    given
}

fn notices(imported: &Imported) -> Vec<&str> {
    imported.notices.iter().map(|notice| notice.text.as_str()).collect()
}

#[test]
fn the_names_that_people_use_give_whole_records() {
    let mut spellings = 0;
    for (reference, fields, names) in [
        ("binance/main", PAIR, "BINANCE_API_KEY BINANCE_SECRET_KEY"),
        ("binance/main", PAIR, "BINANCE_API_KEY BINANCE_API_SECRET_KEY"),
        ("binance/main", PAIR, "BINANCE_APIKEY BINANCE_SECRET"),
        ("binance/main", PAIR, "BINANCE_KEY BINANCE_SECRET"),
        ("binance/main", PAIR, "BINANCE_API_KEY BINANCE_PRIVATE_KEY"),
        ("binance/main@testnet", PAIR, "BINANCE_TESTNET_API_KEY BINANCE_TESTNET_SECRET_KEY"),
        ("binanceusdm/main@testnet", PAIR, "BINANCE_FUTURES_TESTNET_KEY BINANCE_FUTURES_TESTNET_SECRET"),
        ("binance/grid", PAIR, "BINANCE_GRID_KEY BINANCE_GRID_SECRET_KEY"),
        ("bitfinex/main", PAIR, "BITFINEX_API_KEY BITFINEX_API_SECRET"),
        ("bitget/main", TRIPLE, "BITGET_API_KEY BITGET_SECRET_KEY BITGET_PASSPHRASE"),
        ("bitget/main", TRIPLE, "BITGET_ACCESS_KEY BITGET_SECRET_KEY BITGET_API_PASSWORD"),
        ("bitmart/main", "api_key api_secret uid", "BITMART_API_KEY BITMART_API_SECRET BITMART_MEMO"),
        ("bitmart/main", "api_key api_secret uid", "BITMART_API_KEY BITMART_SECRET_KEY BITMART_API_MEMO"),
        ("bitmart/main", "api_key api_secret uid", "BITMART_ACCESS_KEY BITMART_SECRET_KEY BITMART_MEMO"),
        ("bitmex/main", PAIR, "BITMEX_API_KEY_ID BITMEX_API_KEY_SECRET"),
        ("bitmex/main", PAIR, "BITMEX_KEY BITMEX_SECRET"),
        ("bitstamp/main", PAIR, "BITSTAMP_KEY BITSTAMP_SECRET"),
        ("blockchaincom/main", "api_secret", "BLOCKCHAINCOM_API_TOKEN"),
        ("bybit/main", PAIR, "BYBIT_APIKEY BYBIT_APISECRET"),
        ("bybit/main", PAIR, "BYBIT_APIKEY BYBIT_SECRETKEY"),
        ("coinbase/main", PAIR, "COINBASE_API_KEY_NAME COINBASE_PRIVATE_KEY"),
        ("coinbase/main", PAIR, "COINBASE_API_KEY_NAME COINBASE_API_PRIVATE_KEY"),
        ("coinbase/main", PAIR, "COINBASE_KEY_NAME COINBASE_KEY_SECRET"),
        ("coinbase/main", PAIR, "COINBASE_API_KEY COINBASE_PRIVATE_KEY"),
        ("deribit/main", PAIR, "DERIBIT_CLIENT_ID DERIBIT_CLIENT_SECRET"),
        ("gateio/main", PAIR, "GATEIO_KEY GATEIO_SECRET"),
        ("gate_io/main", PAIR, "GATE_IO_API_KEY GATE_IO_SECRET_KEY"),
        ("huobi/main", PAIR, "HUOBI_ACCESS_KEY HUOBI_SECRET_KEY"),
        ("hyperliquid/main", WALLET, "HYPERLIQUID_SECRET_KEY HYPERLIQUID_ACCOUNT_ADDRESS"),
        ("hyperliquid/main", WALLET, "HYPERLIQUID_PRIVATE_KEY HYPERLIQUID_WALLET_ADDRESS"),
        ("hyperliquid/main", WALLET, "HYPERLIQUID_API_SECRET HYPERLIQUID_WALLET_ADDRESS"),
        ("hyperliquid/main", WALLET, "HYPERLIQUID_SECRET_KEY HYPERLIQUID_WALLET"),
        ("kraken/main", PAIR, "KRAKEN_API_KEY KRAKEN_PRIVATE_KEY"),
        ("kraken/main", PAIR, "KRAKEN_API_KEY KRAKEN_API_PRIVATE_KEY"),
        ("kraken/main", PAIR, "KRAKEN_PUBLIC_KEY KRAKEN_PRIVATE_KEY"),
        ("kraken/main", PAIR, "KRAKEN_API_PUBLIC_KEY KRAKEN_API_PRIVATE_KEY"),
        ("kucoin/main", TRIPLE, "KUCOIN_KEY KUCOIN_SECRET KUCOIN_PASSPHRASE"),
        ("kucoin/main", TRIPLE, "KUCOIN_API_KEY KUCOIN_API_SECRET KUCOIN_API_PASSWORD"),
        ("okx/main", TRIPLE, "OKX_API_KEY OKX_SECRET_KEY OKX_PASSPHRASE"),
        ("okx/main", TRIPLE, "OKX_API_KEY OKX_API_SECRET_KEY OKX_API_PASSPHRASE"),
        ("okx/main", TRIPLE, "OKX_API_KEY OKX_SECRET OKX_PASSWORD"),
        ("okx/hedge@demo", TRIPLE, "OKX_DEMO_HEDGE_APIKEY OKX_DEMO_HEDGE_APISECRET OKX_DEMO_HEDGE_API_PASSPHRASE"),
    ] {
        let mut expected: Vec<_> = fields.split(' ').zip(names.split(' ')).collect();
        expected.sort_unstable();
        let expected: String = expected.iter().map(|(field, name)| format!(" {field}={name}")).collect();
        assert_eq!(read_names(names), [format!("{reference}{expected}")]);
        // In any order of the lines.
        let backwards: Vec<&str> = names.rsplit(' ').collect();
        assert_eq!(read_names(&backwards.join(" ")), [format!("{reference}{expected}")]);
        spellings += 1;
    }
    assert!(spellings > 30);
}

#[test]
fn what_was_taken_under_another_name_can_be_written_and_read_back_under_ours() {
    for names in [
        "OKX_API_KEY OKX_SECRET_KEY OKX_PASSPHRASE",
        "COINBASE_API_KEY_NAME COINBASE_PRIVATE_KEY",
        "BITMART_ACCESS_KEY BITMART_SECRET_KEY BITMART_MEMO",
        "HYPERLIQUID_SECRET_KEY HYPERLIQUID_ACCOUNT_ADDRESS",
        "BINANCE_FUTURES_TESTNET_KEY BINANCE_FUTURES_TESTNET_SECRET",
    ] {
        let first = read_values(&names.split(' ').map(|name| (name, name)).collect::<Vec<_>>());
        let written = given(&first, VariableNames::Strongroom);
        let pairs: Vec<_> = written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let again = read_values(&pairs);
        assert_eq!(described(&again), described(&first));
        assert!(again.notices.is_empty(), "{:?}", again.notices);
    }
}

#[test]
fn names_that_our_own_grammar_reads_keep_their_meaning() {
    for names in [
        "OKX_API_KEY OKX_API_SECRET OKX_API_PASSPHRASE OKX_PASSWORD OKX_PRIVATE_KEY",
        "BINANCE_SECRET_API_KEY BINANCE_SECRET_API_SECRET BINANCE_KEY_API_KEY BINANCE_KEY_API_SECRET",
        "DERIBIT_CLIENT_API_KEY DERIBIT_CLIENT_API_SECRET BITMEX_API_KEY_API_KEY BITMEX_API_KEY_API_SECRET",
        "KRAKEN_API_API_KEY KRAKEN_API_API_SECRET HYPERLIQUID_API_PRIVATE_KEY HYPERLIQUID_API_WALLET_ADDRESS",
        "MODETRADE_API_KEY MODETRADE_API_SECRET MODETRADE_ACCOUNT_ID MODETRADE_PRIVATE_KEY",
        "NDAX_API_KEY NDAX_API_SECRET NDAX_UID NDAX_LOGIN NDAX_PASSWORD",
    ] {
        let imported = read_values(&names.split(' ').map(|name| (name, name)).collect::<Vec<_>>());
        assert!(imported.values.is_empty() && imported.notices.is_empty(), "{:?}", imported.notices);
        assert!(given(&imported, VariableNames::Strongroom).iter().all(|(name, value)| name == value));
    }
}

#[test]
fn what_is_not_clearly_meant_stays_a_named_value() {
    for names in [
        "KRAKEN_APIKEY",
        "COINBASE_API_PRIVATE_KEY",
        "BINANCE_WEBHOOK_KEY",
        "ONETRADING_WEBHOOK_KEY",
        "HYPERLIQUID_KEY HYPERLIQUID_SECRET_KEY",
        "ASTER_KEY ASTER_SECRET_KEY",
        "DYDX_KEY DYDX_SECRET",
        "MYDEX_KEY MYDEX_SECRET_KEY",
        "VITE_OKX_APIKEY VITE_OKX_SECRET_KEY",
        "BITMART_KEY BITMART_SECRET",
        "binance_key binance_secret",
    ] {
        assert_eq!(read_names(names), names.split(' ').collect::<Vec<_>>());
    }
    // The account and not the API wallet is what has an address.
    let found = read_names("HYPERLIQUID_PRIVATE_KEY HYPERLIQUID_API_ADDRESS");
    assert!(found.contains(&"HYPERLIQUID_API_ADDRESS".to_owned()), "{found:?}");
    // A key of okx/secret, or the secret of okx/main.
    let found = read_names("OKX_API_KEY OKX_SECRET_API_SECRET OKX_SECRET_API_KEY OKX_SECRET_KEY");
    assert!(found.contains(&"OKX_SECRET_KEY".to_owned()), "{found:?}");
    // Of another account than the one that has other names.
    let found = read_names("BYBIT_API_KEY BYBIT_MAIN_API_KEY BYBIT_MAIN_SECRET_KEY");
    assert_eq!(found, ["bybit/main api_key=BYBIT_API_KEY", "BYBIT_MAIN_API_KEY", "BYBIT_MAIN_SECRET_KEY"]);
}

/// Liquid closed, and its name is a word: whatever reads these two finds them with `run` only if they keep their names.
#[test]
fn a_key_and_a_secret_under_a_word_that_was_an_exchange_once_reach_their_program_unchanged() {
    for names in ["LIQUID_KEY LIQUID_SECRET_KEY", "ACE_KEY ACE_SECRET", "LIQUID_ACCESS_KEY LIQUID_KEY"] {
        let imported = read_values(&names.split(' ').map(|name| (name, name)).collect::<Vec<_>>());
        assert_eq!(described(&imported), names.split(' ').collect::<Vec<_>>());
        assert!(imported.notices.is_empty(), "{:?}", imported.notices);
    }
    assert_eq!(
        read_names("LIQUID_API_KEY LIQUID_SECRET_KEY"),
        ["liquid/main api_key=LIQUID_API_KEY api_secret=LIQUID_SECRET_KEY"]
    );
}

#[test]
fn a_name_with_nothing_in_it_holds_no_field() {
    let template = [("BITGET_API_KEY", ""), ("BITGET_API_SECRET", "")];
    let filled = [("BITGET_KEY", "1"), ("BITGET_SECRET_KEY", "2"), ("BITGET_PASSPHRASE", "3")];
    let imported = read_values(&[template.as_slice(), &filled].concat());
    let expected = ["bitget/main api_key=1 api_passphrase=3 api_secret=2", "BITGET_API_KEY", "BITGET_API_SECRET"];
    assert_eq!(described(&imported), expected);
    assert_eq!(given(&imported, VariableNames::Own).len(), 5, "a program is given what the file had, empty or not");
}

#[test]
fn a_private_key_alone_is_no_secret_of_an_exchange_that_takes_none() {
    let names = "COINBASE_WALLET_ADDRESS COINBASE_WALLET_PRIVATE_KEY";
    assert_eq!(read_names(names), names.split(' ').collect::<Vec<_>>());
}

#[test]
fn two_names_with_two_values_stay_as_they_are_and_are_noticed() {
    let imported = read_values(&[("OKX_API_KEY", "1"), ("OKX_API_SECRET", "2"), ("OKX_SECRET_KEY", "3")]);
    assert_eq!(described(&imported), ["okx/main api_key=1 api_secret=2", "OKX_SECRET_KEY"]);
    let text = "OKX_SECRET_KEY has another value than the api_secret of okx/main, and is kept as a named value";
    assert_eq!(imported.notices[0].text, text);
    assert_eq!(imported.notices[0].line, Some(3));

    let imported = read_values(&[("BYBIT_KEY", "1"), ("BYBIT_APIKEY", "2"), ("BYBIT_SECRET", "3")]);
    assert_eq!(described(&imported), ["BYBIT_KEY", "BYBIT_APIKEY", "BYBIT_SECRET"]);
    let text = "BYBIT_KEY and BYBIT_APIKEY differ: neither is taken as the api_key of bybit/main";
    assert!(notices(&imported).contains(&text), "{:?}", imported.notices);

    // Whose secret it is nobody can say.
    let imported = read_values(&[("OKX_API_KEY", "1"), ("OKX_KEY", "2"), ("OKX_SECRET_KEY", "3")]);
    assert_eq!(described(&imported), ["okx/main api_key=1", "OKX_KEY", "OKX_SECRET_KEY"]);
    assert!(notices(&imported).contains(&"okx/main has no secret key (api_secret)"), "{:?}", imported.notices);

    // Nor does a field move then.
    let imported =
        read_values(&[("COINBASE_API_KEY", "1"), ("COINBASE_PRIVATE_KEY", "2"), ("COINBASE_SECRET_KEY", "3")]);
    assert_eq!(described(&imported), ["coinbase/main api_key=1 private_key=2", "COINBASE_SECRET_KEY"]);
    let text =
        "COINBASE_PRIVATE_KEY and COINBASE_SECRET_KEY differ: neither is taken as the api_secret of coinbase/main";
    assert!(notices(&imported).contains(&text), "{:?}", imported.notices);
}

#[test]
fn two_names_with_one_value_are_one_field_and_both_are_kept() {
    let imported = read_values(&[("BYBIT_KEY", "1"), ("BYBIT_APIKEY", "1"), ("BYBIT_SECRET", "3")]);
    assert_eq!(described(&imported), ["bybit/main api_key=1 api_secret=3", "BYBIT_APIKEY"]);
    // What moves is in one place after it, too.
    let imported =
        read_values(&[("COINBASE_SECRET_KEY", "2"), ("COINBASE_API_KEY", "1"), ("COINBASE_PRIVATE_KEY", "2")]);
    assert_eq!(described(&imported), ["coinbase/main api_key=1 api_secret=2", "COINBASE_SECRET_KEY"]);
}

#[test]
fn a_field_that_the_exchange_has_or_does_not_need_stays_where_it_is() {
    for names in [
        "COINBASE_API_KEY COINBASE_API_SECRET COINBASE_PRIVATE_KEY",
        "WOOFIPRO_API_KEY WOOFIPRO_PRIVATE_KEY",
        "BINANCE_API_KEY BINANCE_PASSWORD",
        "ASTER_API_KEY ASTER_API_SECRET",
    ] {
        let imported = read_values(&names.split(' ').map(|name| (name, name)).collect::<Vec<_>>());
        let written = given(&imported, VariableNames::Strongroom).into_iter().map(|(name, _)| name);
        assert_eq!(written.collect::<Vec<_>>(), names.split(' ').collect::<Vec<_>>());
    }
}

/// Which spelling is taken may depend on what else is there; that each variable ends in one place, and that a program
/// finds it again under its name, may not.
#[test]
fn every_variable_ends_in_one_place_and_reaches_a_program_under_the_name_that_it_came_with() {
    let prefixes =
        ["OKX", "OKEX", "OKX_SECRET", "OKX_API", "COINBASE", "BITMART", "HYPERLIQUID", "LIQUID", "ONETRADING"];
    let usual = USUAL.iter().flat_map(|(_, endings)| endings.iter().copied());
    let endings: Vec<&str> = usual.chain(["API_KEY", "API_SECRET", "API_PASSPHRASE", "MEMO", "API_KEY_NAME"]).collect();
    let names: Vec<String> =
        prefixes.iter().flat_map(|prefix| endings.iter().map(move |ending| format!("{prefix}_{ending}"))).collect();
    let (mut state, mut fields, mut named) = (0x5eed_u64, 0, 0);
    for _ in 0..4_000 {
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let chosen: BTreeSet<&str> = (0..1 + next(12)).map(|_| names[next(names.len())].as_str()).collect();
        let same = next(2) == 0;
        let pairs: Vec<(&str, &str)> = chosen.iter().map(|name| (*name, if same { "1" } else { *name })).collect();
        let imported = read_values(&pairs);
        fields += imported.records.iter().map(|record| record.fields.len()).sum::<usize>();
        let expected: Vec<_> = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(given(&imported, VariableNames::Own), expected);
        named += imported.records.iter().map(|record| record.variables.len()).sum::<usize>();
        assert_eq!(given_from_a_vault(imported), expected);
    }
    assert!(fields > 3_000 && named > 3_000, "{fields} fields, {named} of them with a name");
}
