//! What a key may do, in the words of exchanges and in ours.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::nearest::least_slips;
use super::withdrawing::speaks_of_withdrawing;
use super::{Exchange, data, details, exchange};

/// What a key may do, in the words of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Look at balances and orders.
    Read,
    /// Place and cancel orders.
    Trade,
    /// Move funds between accounts at the exchange.
    Transfer,
    /// Send funds away.
    Withdraw,
}

impl Permission {
    /// All of them, the most dangerous last.
    pub const ALL: [Permission; 4] = [Permission::Read, Permission::Trade, Permission::Transfer, Permission::Withdraw];

    /// `read`, `trade`, `transfer` or `withdraw`.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Trade => "trade",
            Permission::Transfer => "transfer",
            Permission::Withdraw => "withdraw",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Words that mean the same, and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionWords {
    /// What a key with any of these may do. Some words mean more than one thing.
    #[serde(deserialize_with = "data::slice")]
    pub means: &'static [Permission],
    /// As the exchange spells them; compared without regard to ASCII case.
    #[serde(deserialize_with = "data::slice")]
    pub words: &'static [&'static str],
    /// The key of the [source](super::source). Empty for words that are nobody's own.
    #[serde(default)]
    pub source: &'static str,
    /// Whether the source says so itself.
    #[serde(default = "details::certain")]
    pub certain: bool,
}

impl PermissionWords {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|ours| ours.eq_ignore_ascii_case(word))
    }
}

/// What a permission means at an exchange: in its own words first, then in those that everybody uses. Any other word
/// with withdraw in it means that, in whatever case and with whatever around it, unless it says the contrary or that
/// withdrawals are only looked at.
///
/// Empty for a word that is unknown, which is no proof that it is harmless.
///
/// ```
/// use strongroom::registry::{Permission, permission};
///
/// assert_eq!(permission("bitstamp", "enableWithdrawals"), [Permission::Withdraw]);
/// assert_eq!(permission("bitstamp", "no_withdraw"), []);
/// ```
pub fn permission(exchange_name: &str, word: &str) -> &'static [Permission] {
    match listed(exchange_name, word) {
        [] if speaks_of_withdrawing(word) => &[Permission::Withdraw],
        means => means,
    }
}

/// The words of a text in which exchanges and people put several: `read_only,withdraw,trade`, as OKX answers.
pub fn permission_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// As it stands in the registry.
fn listed(exchange_name: &str, word: &str) -> &'static [Permission] {
    let own = exchange(exchange_name).and_then(|exchange| exchange.permission(word));
    let general = || details::general_permissions().iter().find(|words| words.has(word));
    own.or_else(general).map_or(&[], |words| words.means)
}

/// The permission that a word is nearly, and is not: two slips away at most, and not more than one in four characters.
///
/// `None` for a word that is known, and for one that is like none, which an exchange may really have. Of an exchange's
/// own words only those count that send funds away: a slip in another hides nothing.
///
/// ```
/// use strongroom::registry::nearest_permission;
///
/// assert_eq!(nearest_permission("okx", "withdrawl"), Some("withdraw"));
/// assert_eq!(nearest_permission("okx", "withdrawal"), None);
/// ```
pub fn nearest_permission(exchange_name: &str, word: &str) -> Option<&'static str> {
    if !listed(exchange_name, word).is_empty() {
        return None;
    }
    let own = exchange(exchange_name).map(|exchange| exchange.permissions()).unwrap_or_default();
    let own = own.iter().filter(|words| words.means.contains(&Permission::Withdraw));
    // Of two that are as near, the one that everybody uses.
    let general = details::general_permissions().iter().map(|words| (words, false));
    let all = general.chain(own.map(|words| (words, true)));
    let all = all.flat_map(|(words, is_own)| words.words.iter().map(move |&word| (word, (is_own, word))));
    least_slips(word, all).map(|(_, word)| word)
}

impl Exchange {
    /// Its own words for what a key may do.
    pub fn permissions(&self) -> &'static [PermissionWords] {
        self.details().permissions()
    }

    /// What one of its own words means.
    pub fn permission(&self, word: &str) -> Option<&'static PermissionWords> {
        self.permissions().iter().find(|words| words.has(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_has_the_first_word() {
        assert_eq!(permission("coinbase", "transfer"), [Permission::Transfer, Permission::Withdraw]);
        assert_eq!(permission("binance", "transfer"), [Permission::Transfer]);
        assert_eq!(permission("binanceusdm", "enablewithdrawals"), [Permission::Withdraw]);
        assert_eq!(permission("somewhere-new", "Withdraw"), [Permission::Withdraw]);
        assert_eq!(permission("somewhere-new", "frobnicate"), []);
    }

    #[test]
    fn a_word_with_withdraw_in_it_means_that_unless_it_says_the_contrary() {
        let withdraws = ["enableWithdrawals", "Withdraw Funds", "withdraw-funds", "can_withdraw", "withdraw_all"];
        for word in
            withdraws.into_iter().chain(["Trade,Withdraw", "WITHDRAWAL", "read_only,withdraw,trade", "with-draw"])
        {
            assert_eq!(permission("somewhere-new", word), [Permission::Withdraw], "{word}");
            assert_eq!(permission("bitstamp", word), [Permission::Withdraw], "{word}");
        }
        for word in ["no_withdraw", "noWithdrawals", "withdraw_disabled", "disable-withdrawals", "cannot withdraw"] {
            assert_eq!(permission("somewhere-new", word), [], "{word}");
        }
        for word in ["not_allow_withdraw", "withdraw: false", "withdrawals denied", "draw", "with"] {
            assert_eq!(permission("somewhere-new", word), [], "{word}");
        }
        assert_eq!(permission("somewhere-new", "Transfer"), [Permission::Transfer]);
    }

    #[test]
    fn a_slip_in_a_permission_finds_what_was_meant() {
        let slips = [
            ("withdrawl", "withdraw"),
            ("Withdarw", "withdraw"),
            ("withdrawels", "withdrawals"),
            ("wihtdraw", "withdraw"),
            ("withraw", "withdraw"),
            ("raed", "read"),
            ("tade", "trade"),
            (" trade", "trade"),
        ];
        for exchange in ["okx", "binance", "coinbase", "somewhere-new"] {
            for (word, meant) in slips {
                assert_eq!(nearest_permission(exchange, word), Some(meant), "{exchange} {word}");
            }
            assert_eq!(nearest_permission(exchange, "frobnicate"), None);
            assert_eq!(nearest_permission(exchange, ""), None);
        }
        assert_eq!(nearest_permission("binance", "enableWithdrawls"), Some("enableWithdrawals"));
        assert_eq!(nearest_permission("kraken", "withdrow-funds"), Some("withdraw-funds"));
    }

    #[test]
    fn no_word_that_is_known_is_a_slip() {
        let mut tried = 0;
        for exchange in crate::registry::exchanges() {
            let own = exchange.permissions().iter().chain(details::general_permissions());
            for word in own.flat_map(|words| words.words) {
                assert_eq!(nearest_permission(exchange.id, word), None, "{} {word}", exchange.id);
                tried += 1;
            }
        }
        assert!(tried > 1_000, "{tried}");
    }
}
