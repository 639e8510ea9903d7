//! Every entry of the two documents, read and checked: what stands in them cannot fail when a user asks.

use std::collections::BTreeSet;

use super::{Exchange, Permission, data, details, exchange, exchanges, source};
use crate::record::{CredentialKind, Environment, field};

/// What the 104 classes of ccxt 4.5.90 require, in its own words: `id TAB field field ...`
const CCXT: &str = include_str!("ccxt_4_5_90.tsv");

/// A field in ccxt's word. NDAX and its relatives ask for the password of a login, the others for a passphrase.
fn of_ccxt<'a>(word: &'a str, all: &str) -> &'a str {
    match word {
        "apiKey" => field::API_KEY,
        "secret" => field::API_SECRET,
        "password" if all.contains("login") => field::PASSWORD,
        "password" => field::API_PASSPHRASE,
        "accountId" => field::ACCOUNT_ID,
        "privateKey" => field::PRIVATE_KEY,
        "walletAddress" => field::WALLET_ADDRESS,
        "twofa" => field::TWO_FACTOR,
        word => word,
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// An address that a person may be sent to: nothing is tracked, and nothing but the host decides where it leads.
fn is_plain_address(url: &str) -> bool {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| host.contains('.') && !host.contains(['@', ':'])) && !url.contains(['?', ' '])
}

#[test]
fn exchanges_are_ascending_and_no_name_is_used_twice() {
    assert!(exchanges().windows(2).all(|pair| pair[0].id < pair[1].id));
    let mut names = BTreeSet::new();
    for exchange in exchanges() {
        assert!(!exchange.name.is_empty() && names.insert(exchange.id), "{}", exchange.id);
        assert!(exchange.aliases.windows(2).all(|pair| pair[0].name < pair[1].name), "{}", exchange.id);
        for alias in exchange.aliases {
            assert!(names.insert(alias.name), "{}", alias.name);
            assert_eq!(alias.last_seen.is_some(), alias.gone_by.is_some(), "{}", alias.name);
            assert_eq!(alias.used_by == "ccxt", alias.gone_by.is_some(), "{}", alias.name);
        }
    }
    let plain = |name: &&str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    assert!(names.iter().all(plain));
    assert!(names.iter().all(|name| exchange(name).is_some()));
    assert!(is_date(data::as_of()) && is_date(data::source().date));
}

#[test]
fn what_an_exchange_asks_for_are_fields_that_we_know() {
    for exchange in exchanges() {
        let fields: Vec<&str> = exchange.requires.iter().chain(exchange.optional).copied().collect();
        let known = |name: &&str| field::KNOWN.contains(name) || field::PUBLIC.contains(name);
        assert!(fields.iter().all(known), "{}", exchange.id);
        assert!(exchange.also_asked.iter().all(|name| exchange.optional.contains(name)), "{}", exchange.id);
        assert_eq!(fields.iter().collect::<BTreeSet<_>>().len(), fields.len(), "{}", exchange.id);
        assert!(!exchange.asks().is_empty(), "{}", exchange.id);
    }
}

#[test]
fn the_104_exchanges_of_ccxt_require_here_what_they_require_there() {
    let mut seen = 0;
    for line in CCXT.lines() {
        let (id, fields) = line.split_once('\t').unwrap();
        let found = exchange(id).filter(|exchange| exchange.id == id && exchange.dropped.is_none()).unwrap();
        let wanted: BTreeSet<&str> = fields.split_whitespace().map(|word| of_ccxt(word, fields)).collect();
        assert_eq!(found.requires.iter().copied().collect::<BTreeSet<_>>(), wanted, "{id}");
        seen += 1;
    }
    assert_eq!(seen, 104);
    let current = exchanges().iter().filter(|exchange| exchange.dropped.is_none());
    assert_eq!(current.count(), 104, "no other is said to be there still");
}

#[test]
fn what_ccxt_dropped_says_between_which_releases() {
    let release = |text: &str| -> Vec<u32> { text.split('.').map(|part| part.parse().unwrap()).collect() };
    let dropped: Vec<&Exchange> = exchanges().iter().filter(|exchange| exchange.dropped.is_some()).collect();
    assert!(dropped.len() >= 80, "{}", dropped.len());
    for exchange in &dropped {
        let dropped = exchange.dropped.unwrap();
        assert!(release(dropped.last_seen) < release(dropped.gone_by), "{}", exchange.id);
        assert!(dropped.successor.is_none_or(|id| super::exchange(id).is_some_and(|it| it.id == id)));
    }
    for id in ["bitmex", "bitmart", "coinex", "bittrex", "ftx", "coinbasepro", "coinbaseprime", "binanceje"] {
        assert!(dropped.iter().any(|exchange| exchange.id == id), "{id}");
    }
    for alias in ["gateio", "huobi", "coinbaseadvanced", "okex", "okex5"] {
        let exchange = exchange(alias).unwrap();
        let alias = exchange.aliases.iter().find(|known| known.name == alias).unwrap();
        assert!(release(alias.last_seen.unwrap()) < release(alias.gone_by.unwrap()), "{}", alias.name);
    }
}

#[test]
fn every_source_is_dated_and_can_be_read() {
    let (sources, _) = details::all();
    assert!(sources.windows(2).all(|pair| pair[0].key < pair[1].key));
    for source in sources.iter().chain([data::source()]) {
        assert!(is_date(source.date) && !source.title.is_empty(), "{}", source.key);
        assert!(source.url.is_none_or(is_plain_address), "{}", source.key);
        assert_eq!(source.url.is_none(), source.key == "unconfirmed", "{}", source.key);
    }
}

#[test]
fn every_statement_has_a_source_and_an_unconfirmed_one_is_not_certain() {
    let mut statements = 0;
    let mut says = |exchange: &Exchange, key: &str, certain: bool| {
        assert!(source(key).is_some(), "{}: {key}", exchange.id);
        assert!(key != "unconfirmed" || !certain, "{}", exchange.id);
        statements += 1;
    };
    for exchange in exchanges() {
        exchange.all_shapes().iter().for_each(|shape| says(exchange, shape.source, shape.certain));
        exchange.permissions().iter().for_each(|words| says(exchange, words.source, words.certain));
        exchange.expiry_rules().iter().for_each(|rule| says(exchange, rule.source, rule.certain));
        exchange.allowlist_rules().iter().for_each(|rule| says(exchange, rule.source, true));
        exchange.kinds_source().into_iter().for_each(|key| says(exchange, key, true));
        exchange.notes().iter().for_each(|note| says(exchange, note.source, true));
        exchange.words_source().into_iter().for_each(|key| says(exchange, key, true));
        assert_eq!(exchange.words().is_empty(), exchange.words_source().is_none(), "{}", exchange.id);
    }
    assert!(statements >= 150, "{statements}");
}

#[test]
fn every_detail_belongs_to_an_exchange_and_makes_sense() {
    let (_, entries) = details::all();
    assert!(entries.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    assert!(entries.iter().all(|entry| exchange(entry.id()).is_some_and(|exchange| exchange.id == entry.id())));
    for exchange in exchanges() {
        let others = exchange.same_account_as().into_iter().chain(exchange.like());
        for other in others {
            let other = super::exchange(other).unwrap();
            assert!(other.like().is_none() && other.same_account_as().is_none(), "{}: one step only", exchange.id);
        }
        let fields: Vec<&str> = exchange.requires.iter().chain(exchange.optional).copied().collect();
        for shape in exchange.all_shapes() {
            assert!(fields.contains(&shape.field), "{} {}", exchange.id, shape.field);
            assert!(shape.kinds.iter().all(|kind| exchange.kinds().contains(kind)), "{}", exchange.id);
            assert!(shape.length.is_none_or(|(least, most)| 0 < least && least <= most), "{}", exchange.id);
            assert!(shape.prefix.is_none() || shape.optional_prefix.is_none(), "{}", exchange.id);
        }
        for rule in exchange.expiry_rules() {
            assert!((1..=366).contains(&rule.days), "{}", exchange.id);
        }
        for words in exchange.permissions() {
            assert!(!words.means.is_empty() && !words.words.is_empty(), "{}", exchange.id);
        }
        assert!(exchange.words().iter().all(|(name, word)| fields.contains(name) && !word.is_empty()));
        let addresses = exchange.documentation().into_iter().chain(exchange.keys_page());
        assert!(addresses.into_iter().all(is_plain_address), "{}", exchange.id);
        if exchange.dropped.is_none() {
            assert!(!exchange.kinds().is_empty() && exchange.documentation().is_some(), "{}", exchange.id);
        }
    }
}

#[test]
fn an_environment_is_lacking_only_where_somebody_looked() {
    let lacks = |name: &str, environment| exchange(name).unwrap().lacks(environment);
    for exchange in exchanges() {
        assert!(!exchange.lacks(Environment::Live), "{}", exchange.id);
        assert!(exchange.test_environments().iter().all(|there| !exchange.lacks(*there)), "{}", exchange.id);
    }
    assert!(lacks("okx", Environment::Testnet) && !lacks("OKEX", Environment::Demo));
    assert!(lacks("kraken", Environment::Testnet) && lacks("kraken", Environment::Demo));
    assert!(!lacks("binance", Environment::Testnet) && !lacks("binance", Environment::Demo));
    assert!(!lacks("bitmex", Environment::Testnet), "ccxt dropped it, and it has one");
    // Of ccxt 4.5.90's 104, 49 have a test server.
    let current = || exchanges().iter().filter(|exchange| exchange.dropped.is_none());
    assert_eq!(current().filter(|exchange| !exchange.test_environments().is_empty()).count(), 49);
}

#[test]
fn a_word_means_one_thing_at_one_exchange() {
    for exchange in exchanges() {
        let words: Vec<String> =
            exchange.permissions().iter().flat_map(|words| words.words).map(|word| word.to_lowercase()).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{}", exchange.id);
    }
    for permission in Permission::ALL {
        assert_eq!(super::permission("somewhere-new", permission.name()), [permission]);
    }
}

#[test]
fn keys_as_the_documents_show_them_fit_and_others_do_not() {
    let long = |text: &str, length: usize| text.repeat(length.div_ceil(text.len()))[..length].to_owned();
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    let pem = "-----BEGIN PRIVATE KEY-----\nEXAMPLE\n-----END PRIVATE KEY-----\n";
    use CredentialKind::{Ecdsa, Ed25519, Hmac, Wallet};
    let fit = [
        ("binance", Hmac, "api_key", long("EXAMPLE0", 64)),
        ("binance", Ed25519, "api_secret", pem.to_owned()),
        ("binanceusdm", Hmac, "api_secret", long("EXAMPLE0", 64)),
        ("kucoin", Hmac, "api_key", long("0123456789abcdef", 24)),
        ("kucoin", Hmac, "api_secret", uuid.to_owned()),
        ("okex", Hmac, "api_key", uuid.to_owned()),
        ("coinbase", Ecdsa, "api_key", format!("organizations/{uuid}/apiKeys/{uuid}")),
        ("coinbase", Ed25519, "api_secret", format!("{}==", long("EXAMPLE0", 86))),
        ("kraken", Hmac, "api_secret", format!("{}==", long("EXAMPLE+/0", 86))),
        ("hyperliquid", Wallet, "private_key", format!("0x{}", long("0123456789abcdef", 64))),
        ("hyperliquid", Wallet, "private_key", long("0123456789ABCDEF", 64)),
        ("hyperliquid", Wallet, "wallet_address", format!("0x{}", long("0123456789abcdef", 40))),
        ("dydx", Wallet, "wallet_address", format!("dydx1{}", long("example0", 38))),
        ("deribit", Hmac, "api_key", long("EXAMPLE-", 8)),
        ("gemini", Hmac, "api_key", format!("master-{}", long("EXAMPLE0", 20))),
        ("binance", Hmac, "frobnicate", "anything".to_owned()),
    ];
    for (name, kind, field, value) in &fit {
        let problem = exchange(name).unwrap().shape_problem(field, *kind, value);
        assert_eq!(problem, None, "{name} {field}");
    }
    let differ = [
        ("binance", Hmac, "api_key", long("EXAMPLE0", 63), "is shorter than the usual 64 characters"),
        ("binance", Hmac, "api_key", long("EXAMPLE0", 65), "is longer than the usual 64 characters"),
        ("binance", Hmac, "api_key", long("EXAMPLE+", 64), "is not only letters and digits"),
        ("binance", Hmac, "api_secret", pem.to_owned(), "is a private key in PEM, which is not usual here"),
        ("binance", Ed25519, "api_secret", long("EXAMPLE0", 64), "is not a private key in PEM"),
        ("kucoin", Hmac, "api_secret", long("0", 36), "is not a UUID"),
        ("btcmarkets", Hmac, "api_secret", "EXAMPLE".to_owned(), "is not base64 with its padding"),
        ("dydx", Wallet, "wallet_address", long("example0", 43), "does not start with dydx1"),
        (
            "gemini",
            Hmac,
            "api_key",
            format!("master-{}", long("EXAMPLE0", 19)),
            "is shorter than the usual 20 characters",
        ),
    ];
    for (name, kind, field, value, said) in &differ {
        let problem = exchange(name).unwrap().shape_problem(field, *kind, value).map(|problem| problem.to_string());
        assert_eq!(problem.as_deref(), Some(*said), "{name} {field}");
    }
}

#[test]
fn what_is_said_of_a_value_never_contains_it() {
    let mut problems = 0;
    for exchange in exchanges() {
        for shape in exchange.all_shapes() {
            for value in ["", "EXAMPLE-#", "EXAMPLE EXAMPLE", "-----BEGIN PRIVATE KEY-----EXAMPLE"] {
                for kind in CredentialKind::ALL {
                    let Some(problem) = exchange.shape_problem(shape.field, kind, value) else { continue };
                    assert!(!problem.to_string().contains("EXAMPLE") && !problem.to_string().is_empty());
                    problems += 1;
                }
            }
        }
    }
    assert!(problems > 500, "{problems}");
}
