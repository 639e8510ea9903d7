//! What ccxt calls the fields of a credential, and where it reads those that are no attributes: ccxt 4.5.90.
//!
//! ccxt takes any name in a constructor's object and ignores those that it does not know, so that a key under a
//! misspelt name is missing only when the first order fails.

use crate::record::field;
use crate::registry;

/// Attributes of every exchange, and our fields, in the order in which they are written. `password` is the passphrase,
/// except where [`password_is_of_a_login`].
pub(in crate::formats) const ATTRIBUTES: [(&str, &str); 10] = [
    ("apiKey", field::API_KEY),
    ("secret", field::API_SECRET),
    (PASSWORD, field::API_PASSPHRASE),
    ("uid", field::UID),
    ("accountId", field::ACCOUNT_ID),
    ("login", field::LOGIN),
    ("twofa", field::TWO_FACTOR),
    ("privateKey", field::PRIVATE_KEY),
    ("walletAddress", field::WALLET_ADDRESS),
    ("token", field::TOKEN),
];

/// The attribute with two meanings.
pub(in crate::formats) const PASSWORD: &str = "password";

/// What single exchanges read from their `options`: exchange, member of `options`, our field.
const OPTIONS: [(&str, &str, &str); 15] = [
    ("apex", "seeds", "seeds"),
    ("aster", "signerAddress", SIGNER_ADDRESS),
    ("bullish", "tradingAccountId", field::ACCOUNT_ID),
    (DERIVE, "deriveWalletAddress", OWNER_ADDRESS),
    (DERIVE, "subaccount_id", SUBACCOUNT_ID),
    ("dydx", "mnemonic", "mnemonic"),
    ("dydx", "privateKey", field::PRIVATE_KEY),
    ("grvt", "accountId", field::ACCOUNT_ID),
    ("hyperliquid", "vaultAddress", VAULT_ADDRESS),
    (LIGHTER, "accountIndex", ACCOUNT_INDEX),
    (LIGHTER, "apiKeyIndex", API_KEY_INDEX),
    (LIGHTER, LIGHTER_KEY, field::API_SECRET),
    ("nado", "subaccount", "subaccount"),
    ("pacifica", "agentAddress", "agent_address"),
    ("pacifica", "apiKey", field::API_KEY),
];

/// The one exchange that keeps a key for each account and index of a key:
/// `options.auths.{account}.{index}.lighterPrivateKey`. It is our `api_secret`.
pub(in crate::formats) const LIGHTER: &str = "lighter";
/// What that key is called there, and beside the indexes, where ccxt declares it and reads it no more.
pub(in crate::formats) const LIGHTER_KEY: &str = "lighterPrivateKey";
/// The one exchange whose `walletAddress` is that of the key that signs; the account's own is an option.
pub(in crate::formats) const DERIVE: &str = "derive";
/// That option while it is read. A record has the account's address as its `wallet_address`, and beside it the one of a
/// session key as [`SIGNER_ADDRESS`].
pub(in crate::formats) const OWNER_ADDRESS: &str = "derive_wallet_address";
/// Fields of single exchanges, beside those in [`field`].
pub(in crate::formats) const ACCOUNT_INDEX: &str = "account_index";
pub(in crate::formats) const API_KEY_INDEX: &str = "api_key_index";
pub(in crate::formats) const SIGNER_ADDRESS: &str = "signer_address";
pub(in crate::formats) const SUBACCOUNT_ID: &str = "subaccount_id";
pub(in crate::formats) const VAULT_ADDRESS: &str = "vault_address";

/// The right words for what people write instead, in lower case and without `_` and `-`.
const MISSPELT: [(&str, &str); 24] = [
    ("apikey", "apiKey"),
    ("apikeyid", "apiKey"),
    ("accesskey", "apiKey"),
    ("key", "apiKey"),
    ("secret", "secret"),
    ("apisecret", "secret"),
    ("apisecretkey", "secret"),
    ("secretkey", "secret"),
    ("password", "password"),
    ("passphrase", "password"),
    ("apipassphrase", "password"),
    ("apipassword", "password"),
    ("uid", "uid"),
    ("userid", "uid"),
    ("accountid", "accountId"),
    ("login", "login"),
    ("username", "login"),
    ("twofa", "twofa"),
    ("2fa", "twofa"),
    ("twofactor", "twofa"),
    ("privatekey", "privateKey"),
    ("walletaddress", "walletAddress"),
    ("wallet", "walletAddress"),
    ("token", "token"),
];

/// Members of `options` in which ccxt keeps what it makes of the credentials by itself: session tokens, cookies, derived
/// keys. Nobody misses them, because it makes them anew.
const MADE_ANEW: [&str; 9] = [
    "AuthCookieValue",
    "authToken",
    "dydxCredentials",
    "paradexAccount",
    "pending2faToken",
    "privateKeyHashForCachedWalletAddress",
    "proxyCredentials",
    "sessionToken",
    "v2AccessToken",
];

/// What names of secrets have in them, or end in, in lower case and without `_` and `-`.
const SECRET_WORDS: [&str; 10] = [
    "privatekey",
    "secret",
    "password",
    "passphrase",
    "mnemonic",
    "seedphrase",
    "cookie",
    "credential",
    "signingkey",
    "authorization",
];
const SECRET_ENDS: [&str; 4] = ["token", "seed", "seeds", "apikey"];

/// Whether ccxt makes this by itself of the credentials.
pub(in crate::formats) fn is_made_anew(name: &str) -> bool {
    MADE_ANEW.contains(&name)
}

/// Whether a member that is none of the credentials we know holds one by its name. It would be lost among the settings.
pub(in crate::formats) fn sounds_secret(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    !is_made_anew(name)
        && (SECRET_WORDS.iter().any(|word| bare.contains(word)) || SECRET_ENDS.iter().any(|end| bare.ends_with(end)))
}

/// Whether these are the members of a credential that has none of the names that [tell](is_telling): Coinmetro's are
/// `token` and `uid`, and the word of every one is needed for it.
pub(in crate::formats) fn are_whole(names: &[&str]) -> bool {
    let has = |field: &&str| names.iter().any(|name| ATTRIBUTES.contains(&(*name, *field)));
    let is_known = |name: &&str| *name == "options" || ATTRIBUTES.iter().any(|(word, _)| word == name);
    // One word alone, such as `token`, may be anything's.
    let mut needs =
        registry::exchanges().iter().map(|exchange| exchange.requires).filter(|requires| requires.len() > 1);
    names.iter().all(is_known) && needs.any(|requires| requires.iter().all(has))
}

/// Our field for an attribute of this exchange.
pub(in crate::formats) fn field_of(attribute: &str, exchange: &str) -> Option<&'static str> {
    if attribute == PASSWORD && password_is_of_a_login(exchange) {
        return Some(field::PASSWORD);
    }
    ATTRIBUTES.iter().find(|(word, _)| *word == attribute).map(|(_, field)| *field)
}

/// Our field for a member of the `options` of this exchange.
pub(in crate::formats) fn field_of_option(option: &str, exchange: &str) -> Option<&'static str> {
    options_of(exchange).find(|(word, _)| *word == option).map(|(_, field)| field)
}

/// The members of `options` of this exchange that are credentials, with our fields.
pub(in crate::formats) fn options_of(exchange: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let id = registry::canonical_id(exchange);
    let of_this = OPTIONS.iter().filter(move |(exchange, ..)| exchange.eq_ignore_ascii_case(id));
    of_this.map(|(_, word, field)| (*word, *field))
}

/// Whether `password` belongs to a login here, and is no passphrase of a key.
pub(in crate::formats) fn password_is_of_a_login(exchange: &str) -> bool {
    registry::exchange(exchange).is_some_and(|known| known.requires.contains(&field::PASSWORD))
}

/// How ccxt spells what this name was meant to be; none when it is spelt so, or was not meant to be a credential.
pub(in crate::formats) fn right_word(name: &str) -> Option<&'static str> {
    let bare: String = name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    let found = MISSPELT.iter().find(|(misspelt, _)| *misspelt == bare);
    found.map(|(_, right)| *right).filter(|right| *right != name)
}

/// Whether a member of this name makes an object look like one of ccxt's, in the right spelling or a wrong one.
pub(in crate::formats) fn is_telling(name: &str) -> bool {
    // In capitals alone it is the name of an environment variable, or a member of another format.
    let telling = ["apiKey", "secret", "privateKey", "walletAddress"];
    let shouted = !name.contains(|c: char| c.is_ascii_lowercase());
    !shouted && (telling.contains(&name) || right_word(name).is_some_and(|right| telling.contains(&right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_lead_to_fields_by_exchange() {
        assert_eq!(field_of("apiKey", "okx"), Some(field::API_KEY));
        assert_eq!(field_of("password", "okx"), Some(field::API_PASSPHRASE));
        assert_eq!(field_of("password", "NDAX"), Some(field::PASSWORD));
        assert_eq!(field_of("apikey", "okx"), None);
        assert_eq!(field_of_option("privateKey", "dydx"), Some(field::PRIVATE_KEY));
        assert_eq!(field_of_option("privateKey", "okx"), None);
    }

    #[test]
    fn every_option_of_ccxts_that_holds_a_secret_is_a_field_or_made_anew_and_settings_are_neither() {
        for (exchange, option) in [
            ("lighter", "lighterPrivateKey"),
            ("dydx", "mnemonic"),
            ("dydx", "privateKey"),
            ("apex", "seeds"),
            ("pacifica", "apiKey"),
        ] {
            assert!(field_of_option(option, exchange).is_some(), "{option}");
            assert!(sounds_secret(option), "{option}, at another exchange");
        }
        assert!(MADE_ANEW.iter().all(|name| !sounds_secret(name)));
        for setting in
            ["defaultType", "tokenExpires", "brokerId", "wasmExecPath", "adjustForTimeDifference", "accountsByType"]
        {
            assert!(!sounds_secret(setting), "{setting}");
        }
    }

    #[test]
    fn a_misspelt_word_is_told_and_a_right_one_is_not() {
        for (name, right) in [
            ("apikey", Some("apiKey")),
            ("api_key", Some("apiKey")),
            ("API-KEY", Some("apiKey")),
            ("api_secret", Some("secret")),
            ("passphrase", Some("password")),
            ("wallet_address", Some("walletAddress")),
            ("apiKey", None),
            ("secret", None),
            ("enableRateLimit", None),
        ] {
            assert_eq!(right_word(name), right, "{name}");
        }
        assert!(ATTRIBUTES.iter().all(|(word, _)| right_word(word).is_none()));
    }
}
