//! What is known about exchanges, as dated data: the fields each needs, the names it goes by, what its keys look
//! like, what they may do and when they stop working.
//!
//! Two documents beside this file hold the data: `exchanges.json`, which every look-up by name needs, and
//! `details.json`, which only advice about keys needs. Each is parsed once, when something is first asked of it;
//! the tests prove that every entry is whole, so that nothing can fail later. An exchange that is not in
//! them is as welcome as any other, and nothing about it is checked.
//!
//! ```
//! use strongroom::{CredentialKind, registry};
//!
//! let okx = registry::exchange("okex").unwrap();
//! assert_eq!((okx.id, &*okx.word("api_passphrase")), ("okx", "passphrase"));
//! let kucoin = registry::exchange("kucoin").unwrap();
//! let problem = kucoin.shape_problem("api_key", CredentialKind::Hmac, "EXAMPLE").unwrap();
//! assert_eq!(problem.to_string(), "is shorter than the usual 24 characters");
//! ```

mod data;
mod details;
mod expiry;
mod nearest;
mod permission;
#[cfg(test)]
mod proofs;
mod shape;
mod withdrawing;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::record::field;

pub use details::{AllowlistRule, Note, Source, details_as_of, source};
pub use expiry::{Effect, ExpiryRule, Since};
pub use nearest::nearest;
pub(crate) use nearest::nearest_of;
pub use permission::{Permission, PermissionWords, nearest_permission, permission, permission_words};
pub use shape::{Alphabet, Mismatch, Shape, ShapeProblem, Swapped, swapped};

/// One exchange as the registry knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The id, in lower case, as ccxt spells it.
    pub id: &'static str,
    /// The name people use.
    pub name: &'static str,
    /// The fields a record of it needs, in the order in which to ask for them.
    #[serde(deserialize_with = "data::slice")]
    pub requires: &'static [&'static str],
    /// The fields that some of its records have besides.
    #[serde(default, deserialize_with = "data::slice")]
    pub optional: &'static [&'static str],
    /// Those of them that some programs need, so that they are asked for when a record is made.
    #[serde(default, deserialize_with = "data::slice")]
    pub also_asked: &'static [&'static str],
    /// Other names of the same exchange, ascending. What is looked up by one of them is found under all.
    #[serde(default, deserialize_with = "data::slice")]
    pub aliases: &'static [Alias],
    /// Set when ccxt does not have it any more. Its records work as before.
    #[serde(default)]
    pub dropped: Option<Dropped>,
}

/// Another name of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The name, in lower case.
    pub name: &'static str,
    /// Whose name it is or was: `ccxt`, `hummingbot`, ...
    pub used_by: &'static str,
    /// The last of the releases looked at that had it, where it is gone now.
    #[serde(default)]
    pub last_seen: Option<&'static str>,
    /// The first of the releases looked at that did not have it any more.
    #[serde(default)]
    pub gone_by: Option<&'static str>,
}

/// Between which releases ccxt dropped an exchange, of those that were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// The last release that had it.
    pub last_seen: &'static str,
    /// The first release that did not.
    pub gone_by: &'static str,
    /// The id of the exchange that took its place, with keys of its own.
    #[serde(default)]
    pub successor: Option<&'static str>,
}

/// The exchange of this id or alias, without regard to case.
pub fn exchange(name: &str) -> Option<&'static Exchange> {
    data::exchange(name)
}

/// All of them, ascending by id, those that ccxt dropped among them.
pub fn exchanges() -> &'static [Exchange] {
    data::exchanges()
}

/// The day on which the fields and names were read.
pub fn as_of() -> &'static str {
    data::as_of()
}

/// Where the fields and names were read.
pub fn fields_source() -> &'static Source {
    data::source()
}

/// The id that an alias stands for, or the name itself.
pub fn canonical_id(name: &str) -> &str {
    data::aliased(name).map_or(name, |exchange| exchange.id)
}

/// The other names of the exchange that goes by this one: its id and its aliases.
pub fn names_of(name: &str) -> impl Iterator<Item = &'static str> {
    let aliased = data::aliased(name);
    let exchange = aliased.or_else(|| data::exchange(name));
    let aliases = exchange.map_or(&[][..], |exchange| exchange.aliases);
    aliased.map(|exchange| exchange.id).into_iter().chain(aliases.iter().map(|alias| alias.name))
}

/// The fields to ask for when the exchange is unknown.
pub const DEFAULT_FIELDS: &[&str] = &[field::API_KEY, field::API_SECRET];

/// What people call a field where the exchange has no word of its own for it.
pub fn word(name: &str) -> Cow<'_, str> {
    let word = match name {
        field::API_KEY => "API key",
        field::API_SECRET => "API secret",
        field::API_PASSPHRASE => "passphrase",
        field::UID => "user ID",
        field::ACCOUNT_ID => "account ID",
        field::TWO_FACTOR => "two-factor seed",
        field::PRIVATE_KEY => "private key",
        field::WALLET_ADDRESS => "wallet address",
        other => return Cow::Owned(other.replace('_', " ")),
    };
    Cow::Borrowed(word)
}

/// What programs other than ccxt sign with, where that is another set of fields.
const INSTEAD: [(&str, &[&str]); 2] = [
    // nautilus-trader 1.231.0; an account is named by its index or its address.
    ("lighter", &[field::API_SECRET, "api_key_index"]),
    // hummingbot 20260922, which does not log in.
    ("ndax", &[field::API_KEY, field::API_SECRET, field::UID, "account_name"]),
];

impl Exchange {
    /// The fields that will do in place of what it requires, because some programs take those.
    pub fn takes_instead(&self) -> Option<&'static [&'static str]> {
        INSTEAD.iter().find(|(id, _)| *id == self.id).map(|(_, fields)| *fields)
    }

    /// What to ask for when a record of it is made, in this order: what it requires, or what its records usually
    /// have where it requires nothing by itself, as dYdX.
    pub fn asks(&self) -> &'static [&'static str] {
        if self.requires.is_empty() { self.optional } else { self.requires }
    }

    /// What a record with these fields lacks of what it [`asks`](Self::asks) for. Nothing, where it has what other
    /// programs sign with in place of that.
    pub fn lacks_of(&self, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
        if self.takes_instead().is_some_and(|other| other.iter().all(|name| has(name))) {
            return Vec::new();
        }
        self.asks().iter().copied().filter(|name| !has(name)).collect()
    }

    /// A field by the exchange's own word and its name, where one does not say the other: `memo (uid)`.
    pub fn called(&self, name: &str) -> String {
        let word = self.word(name);
        let bare = |text: &str| text.replace([' ', '_', '-'], "").to_ascii_lowercase();
        if bare(name).ends_with(&bare(&word)) { name.to_owned() } else { format!("{word} ({name})") }
    }

    /// The exchange's own word for a field, or the usual one.
    pub fn word<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let own = self.details().words().iter().find(|(field, _)| *field == name);
        own.map_or_else(|| word(name), |(_, word)| Cow::Borrowed(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn okx_needs_a_passphrase_in_any_spelling() {
        assert_eq!(exchange("OKX").unwrap().requires, [field::API_KEY, field::API_SECRET, field::API_PASSPHRASE]);
        assert_eq!(exchange("gateio").unwrap().id, "gate");
        assert_eq!(exchange("GateIO").unwrap().id, "gate");
        assert_eq!(exchange("somewhere-new"), None);
    }

    #[test]
    fn every_name_of_an_exchange_leads_to_all_others() {
        assert_eq!(canonical_id("HUOBI"), "htx");
        assert_eq!(canonical_id("My-DEX"), "My-DEX");
        assert_eq!(names_of("huobi").collect::<Vec<_>>(), ["htx", "huobi", "huobipro"]);
        assert_eq!(names_of("HTX").collect::<Vec<_>>(), ["huobi", "huobipro"]);
        assert_eq!(names_of("somewhere-new").count(), 0);
    }

    #[test]
    fn fields_are_asked_for_in_the_words_of_the_exchange() {
        let word = |exchange_name: &str, name: &'static str| exchange(exchange_name).unwrap().word(name);
        assert_eq!(word("bitmart", field::UID), "memo");
        assert_eq!(word("myokx", field::API_SECRET), "secret key");
        assert_eq!(word("binance", field::API_SECRET), "API secret");
        assert_eq!(word("binance", "broker_tag"), "broker tag");
    }

    #[test]
    fn a_field_is_called_by_the_word_of_the_exchange_where_its_name_does_not_say_it() {
        let called = |exchange_name: &str, name: &str| exchange(exchange_name).unwrap().called(name);
        assert_eq!(called("bitmart", field::UID), "memo (uid)");
        assert_eq!(called("okx", field::API_SECRET), "secret key (api_secret)");
        assert_eq!(called("okx", field::API_PASSPHRASE), "api_passphrase");
        assert_eq!(called("binance", field::API_KEY), "api_key");
        assert_eq!(called("lighter", field::API_SECRET), "private key of the API key (api_secret)");
    }

    #[test]
    fn wallets_are_asked_for_in_words_that_say_whose_key_it_is() {
        let mut tried = 0;
        for exchange in exchanges().iter().filter(|it| it.dropped.is_none() && !it.requires.contains(&field::API_KEY)) {
            if exchange.asks().contains(&field::PRIVATE_KEY) {
                let word = exchange.word(field::PRIVATE_KEY);
                assert!(word.contains("wallet"), "{}: {word}", exchange.id);
                tried += 1;
            }
        }
        assert!(tried >= 9, "{tried}");
    }

    #[test]
    fn lighter_lacks_nothing_with_the_key_of_the_wallet_or_with_that_of_an_api_key() {
        let lighter = exchange("lighter").unwrap();
        let lacks = |there: &[&str]| lighter.lacks_of(|name| there.contains(&name));
        assert_eq!(lacks(&[]), [field::PRIVATE_KEY]);
        assert_eq!(lacks(&["account_index", "api_key_index"]), [field::PRIVATE_KEY]);
        assert!(lacks(&[field::PRIVATE_KEY]).is_empty());
        assert!(lacks(&[field::API_SECRET, "api_key_index"]).is_empty());
        assert!(lighter.also_asked.contains(&"account_index"));
    }

    #[test]
    fn an_exchange_that_requires_nothing_by_itself_is_still_asked_for() {
        let dydx = exchange("dydx").unwrap();
        assert!(dydx.requires.is_empty());
        assert_eq!(dydx.asks(), [field::PRIVATE_KEY, field::WALLET_ADDRESS]);
    }
}
