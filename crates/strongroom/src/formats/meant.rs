//! Which field somebody means who calls it otherwise: by the exchange's own word for it, by that of another program, or
//! with a slip.
//!
//! Only for names that somebody gives by hand. Kept under such a name, a value is found by no program, and may want the
//! same environment variable as the field that was meant.

use super::ccxt::words;
use crate::record::field;
use crate::registry;

/// The field that this name certainly was meant to be; none for a name that is a field's, or like none, which a record
/// may have.
///
/// ```
/// use strongroom::formats::field_meant;
///
/// assert_eq!(field_meant("okx", "passphrase"), Some("api_passphrase"));
/// assert_eq!(field_meant("bitmart", "memo"), Some("uid"));
/// assert_eq!(field_meant("okx", "api_kye"), Some("api_key"));
/// assert_eq!(field_meant("okx", "memo"), None);
/// assert_eq!(field_meant("okx", "uuid"), None);
/// ```
pub fn field_meant(exchange: &str, name: &str) -> Option<&'static str> {
    if is_possible(name) {
        return None;
    }
    let wanted = bare(name);
    let known = registry::exchange(exchange);
    let word = |field: &'static str| known.map_or_else(|| registry::word(field), |known| known.word(field));
    let by_word = || field::KNOWN.into_iter().find(|field| bare(&word(field)) == wanted || bare(field) == wanted);
    let elsewhere = || words::field_of(words::right_word(name).unwrap_or(name), exchange);
    // Where nobody knows what an exchange calls its fields, a slip of ours may be a word of its own.
    let by_slip = || nearest(name).filter(|field| known.is_some() && is_no_other_word(name, field));
    by_word().or_else(elsewhere).or_else(by_slip)
}

/// The field that this name may have been meant to be, where that is not [certain](field_meant): it is a slip away, and
/// may be a word of its own all the same.
///
/// ```
/// use strongroom::formats::field_resembled;
///
/// assert_eq!(field_resembled("okx", "uuid"), Some("uid"));
/// assert_eq!(field_resembled("somewhere-new", "api_kye"), Some("api_key"));
/// assert_eq!(field_resembled("okx", "api_kye"), None);
/// ```
pub fn field_resembled(exchange: &str, name: &str) -> Option<&'static str> {
    if is_possible(name) || field_meant(exchange, name).is_some() {
        return None;
    }
    nearest(name)
}

fn nearest(name: &str) -> Option<&'static str> {
    let nearest = registry::nearest_of(&name.replace('-', "_"), field::KNOWN.into_iter())?;
    field::KNOWN.into_iter().find(|field| *field == nearest)
}

/// Whether a name so near to a field's is a slip and nothing else. Short words have others near them (`uuid`, `guid`),
/// and several passwords are no slip.
fn is_no_other_word(name: &str, field: &str) -> bool {
    bare(field).len() >= 6 && bare(name).strip_suffix('s') != Some(&bare(field))
}

/// Whether a record may have a field of this name without anybody asking what is meant. Numbered, it is one more of its
/// kind.
fn is_possible(name: &str) -> bool {
    is_field(name) || is_field(name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-' | '.')))
}

fn is_field(name: &str) -> bool {
    field::KNOWN.contains(&name) || field::PUBLIC.contains(&name)
}

/// Without regard to case and to what stands between words.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prompts_and_other_programs_call_a_field_is_understood() {
        for (exchange, name, field) in [
            ("okx", "passphrase", "api_passphrase"),
            ("okx", "secret_key", "api_secret"),
            ("okx", "Secret-Key", "api_secret"),
            ("somewhere-new", "secret", "api_secret"),
            ("somewhere-new", "key", "api_key"),
            ("kraken", "apiKey", "api_key"),
            ("kraken", "API_KEY", "api_key"),
            ("kraken", "api-key", "api_key"),
            ("bitmart", "memo", "uid"),
            ("deribit", "client_secret", "api_secret"),
            ("binance", "api_secrt", "api_secret"),
            ("binance", "aip_key", "api_key"),
            ("binance", "api-pasphrase", "api_passphrase"),
        ] {
            assert_eq!(field_meant(exchange, name), Some(field), "{exchange} {name}");
        }
    }

    #[test]
    fn other_names_are_welcome() {
        for name in ["broker_tag", "seeds", "mnemonic", "memo", "api_key_2", "token2", "pin", "sub.id", "x", ""] {
            assert_eq!(field_meant("okx", name), None, "{name}");
        }
        let mut tried = 0;
        for exchange in registry::exchanges() {
            for name in field::KNOWN.iter().chain(&field::PUBLIC) {
                assert_eq!(field_meant(exchange.id, name), None, "{} {name}", exchange.id);
                tried += 1;
            }
        }
        assert!(tried > 1_000, "{tried}");
    }

    #[test]
    fn a_short_or_plural_slip_and_one_at_an_unknown_exchange_is_a_doubt_and_no_more() {
        for (exchange, name, field) in [
            ("okx", "uuid", "uid"),
            ("okx", "guid", "uid"),
            ("okx", "tokens", "token"),
            ("okx", "passwords", "password"),
            ("okx", "logins", "login"),
            ("somewhere-new", "passwrd", "password"),
            ("somewhere-new", "api_kye", "api_key"),
        ] {
            assert_eq!(field_meant(exchange, name), None, "{exchange} {name}");
            assert_eq!(field_resembled(exchange, name), Some(field), "{exchange} {name}");
        }
        for (exchange, name) in
            [("okx", "passwrd"), ("okx", "passphrase"), ("okx", "uid"), ("okx", "memo"), ("x", "secret")]
        {
            assert_eq!(field_resembled(exchange, name), None, "{exchange} {name}");
        }
    }

    #[test]
    fn no_field_that_hummingbot_has_is_a_slip() {
        let mut tried = 0;
        for line in include_str!("hummingbot/connectors.tsv").lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let exchange = columns[1].split('/').next().unwrap();
            let pairs = columns[2..].iter().take(2).flat_map(|column| column.split(' '));
            for ours in pairs.filter_map(|pair| Some(pair.split_once('=')?.1)) {
                assert_eq!(field_meant(exchange, ours).or(field_resembled(exchange, ours)), None, "{line}");
                tried += 1;
            }
        }
        assert!(tried > 50, "{tried}");
    }
}
