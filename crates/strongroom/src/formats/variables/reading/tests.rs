//! What becomes of the variables of a `.env`, told by their names.

use super::records_of;
use crate::formats::variables::usual::Assignment;
use crate::formats::{ImportOptions, Imported, Notice, merge_into, nautilus};
use crate::record::{Contents, Record};
use crate::secret::Secret;

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
        assert!(notice.text.starts_with(&format!("{name} is the api_")), "{notice:?}");
        assert!(notice.text.ends_with("main@testnet"), "{notice:?}");
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
        ["OKX_SECRET is the api_secret of okx/main", "OKX_PASSPHRASE is the api_passphrase of okx/main",]
    );
    let (records, _) = summary(imported);
    assert_eq!(records, ["okx/main: api_key=1 api_passphrase=3 api_secret=2"]);
}

#[test]
fn of_two_names_for_one_field_the_longer_counts_and_both_are_kept() {
    for names in
        [["BYBIT_API_KEY", "BYBIT_SECRET", "BYBIT_API_SECRET"], ["BYBIT_API_KEY", "BYBIT_API_SECRET", "BYBIT_SECRET"]]
    {
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
    let (records, _) = read_names(&["BINANCEUSDM_API_KEY", "BINANCE_API_KEY", "GATEIO_API_KEY", "HUOBI_SUB_API_KEY"]);
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
    let hedge = [("OKX_SECRET_API_KEY", "5"), ("OKX_SECRET_API_SECRET", "6"), ("OKX_SECRET_API_PASSPHRASE", "7")];
    let main = [("OKX_API_KEY", "1"), ("OKX_SECRET_KEY", "2"), ("KRAKEN_APIKEY", "3"), ("SSH_KEY", "4")];
    let imported = read_with(&[hedge.as_slice(), &main].concat(), &OPTIONS);
    let notices: Vec<&str> = imported.notices.iter().map(|notice| notice.text.as_str()).collect();
    assert_eq!(
        notices,
        [
            "okx/main has no secret key (api_secret)",
            "OKX_SECRET_KEY looks like the api_secret of okx/main and is kept as a named value; to give it: \
             strongroom set okx/main api_secret --variable api_secret=OKX_SECRET_KEY && strongroom rm env/OKX_SECRET_KEY",
            "KRAKEN_APIKEY looks like the api_key of kraken/main and is kept as a named value; to give it (if \
             kraken/main is new, after strongroom add kraken/main): strongroom set kraken/main api_key \
             --variable api_key=KRAKEN_APIKEY && strongroom rm env/KRAKEN_APIKEY",
        ]
    );
}

#[test]
fn a_variable_that_looks_like_a_field_that_is_there_is_noticed_where_it_differs() {
    let complete = [("OKX_API_KEY", "1"), ("OKX_API_SECRET", "2"), ("OKX_API_PASSPHRASE", "3")];
    for (value, notices) in [("1", 0), ("4", 1)] {
        let imported = read_with(&[complete.as_slice(), &[("OKX_KEY", value)]].concat(), &OPTIONS);
        assert_eq!(imported.notices.len(), notices, "{:?}", imported.notices);
        assert_eq!(imported.values.len(), 1);
    }
}

#[test]
fn an_account_under_two_names_of_its_exchange_is_one_record_and_the_other_names_stay_values() {
    let first = ["OKX_API_KEY", "OKX_API_SECRET", "OKX_API_PASSPHRASE"];
    let second = ["OKEX_API_KEY", "OKEX_API_SECRET", "OKEX_API_PASSPHRASE"];
    let names = first.iter().chain(&second);
    let pairs: Vec<(&str, &str)> = names.map(|name| (*name, *name)).collect();
    let read = || read_with(&pairs, &OPTIONS);
    let imported = read();
    let references = imported.records.iter().map(|record| record.reference().to_string());
    assert_eq!(references.collect::<Vec<_>>(), ["okx/main"]);
    assert_eq!(imported.values.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), second);
    let notices: Vec<_> = imported.notices.iter().map(|notice| (notice.line, notice.text.as_str())).collect();
    let text = "okex/main is okx/main by another name of its exchange, and is kept as named values";
    assert_eq!(notices, [(Some(4), text)]);
    // Also into a vault that has the account, whatever it is called there.
    for there in ["okx/main", "okex/main"] {
        let mut contents = Contents::default();
        contents.insert(Record::new(&there.parse().unwrap(), 1).unwrap()).unwrap();
        let report = merge_into(&mut contents, read(), true, 2).unwrap();
        assert_eq!((report.replaced, report.added.len()), (vec![there.to_owned()], 3));
    }
}
