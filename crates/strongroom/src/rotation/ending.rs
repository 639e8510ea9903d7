//! When an exchange ends a key by itself, by the rules that the [registry] has.

use std::collections::BTreeSet;

use super::{DAY, since};
use crate::check::has_allowlist;
use crate::record::{CredentialKind, Environment, Record, Timestamp, field};
use crate::registry::{self, Exchange, ExpiryRule, Permission, Since};

/// An exchange ends a key by itself, on this day.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Which.
    pub exchange: &'static Exchange,
    /// By which rule.
    pub rule: &'static ExpiryRule,
    /// When, counted from when the values came here: the key is not younger than that.
    pub at: Timestamp,
    /// Whether the rule is known to be so, and to be about this key. An IP allow-list that nobody recorded is taken for
    /// none.
    pub is_certain: bool,
}

/// When the exchange ends the key of this record by itself, as far as anybody knows: the first of all certain rules, and
/// where there is none, of the others.
///
/// `None` where a date is recorded, because who recorded it knows better, for keys of testnets, and by no rule after
/// whose day the key was seen working.
pub fn ending(record: &Record) -> Option<Ending> {
    if record.expires.is_some() || record.environment != Environment::Live {
        return None;
    }
    let exchange = registry::exchange(&record.exchange)?;
    // Of a wallet, the rule is about the approval of an agent, which is what bots should sign with.
    if !is_given_out(Some(exchange), record.kind) && record.kind != CredentialKind::Wallet {
        return None;
    }
    let (may, has_allowlist) = (all_it_may(record), has_allowlist(&record.ip_allowlist));
    let dated = |rule: &&ExpiryRule| matches!(rule.since, Since::Created | Since::Enabled);
    let rules = exchange.expiry_rules().iter().filter(dated);
    let endings = rules.filter(|rule| rule.applies(may.as_ref(), has_allowlist)).map(|rule| Ending {
        exchange,
        rule,
        at: since(record).saturating_add(Timestamp::from(rule.days) * DAY),
        is_certain: rule.certain && (rule.permissions.is_empty() || may.is_some()),
    });
    // A key that was seen working after its end did not end.
    let endings = endings.filter(|ending| record.verified.is_none_or(|verified| verified <= ending.at));
    endings.min_by_key(|ending| (!ending.is_certain, ending.at))
}

/// Whether a key of this kind is one that the exchange gave out, and not a wallet's or a token: those are bound to no addresses, and
/// nobody has to record what they may do.
pub(crate) fn is_given_out(exchange: Option<&Exchange>, kind: CredentialKind) -> bool {
    !matches!(kind, CredentialKind::Wallet | CredentialKind::OAuth)
        && exchange.is_none_or(|exchange| exchange.asks().contains(&field::API_KEY))
}

/// What the key may do, where that is all it may do: every word of what was recorded is known.
fn all_it_may(record: &Record) -> Option<BTreeSet<Permission>> {
    let means = |word: &String| registry::permission(&record.exchange, word);
    let may: BTreeSet<Permission> = record.permissions.iter().flat_map(means).copied().collect();
    let all_known = record.permissions.iter().all(|word| !means(word).is_empty());
    (!may.is_empty() && all_known).then_some(may)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reference;

    const NOW: Timestamp = 1_767_225_600;

    fn record(name: &str, permissions: &[&str]) -> Record {
        let mut record = Record::new(&name.parse::<Reference>().unwrap(), NOW).unwrap();
        record.permissions = permissions.iter().map(|&word| word.to_owned()).collect();
        record
    }

    fn told(record: &Record) -> Option<(Timestamp, bool)> {
        ending(record).map(|ending| ((ending.at - NOW) / DAY, ending.is_certain))
    }

    #[test]
    fn the_rule_of_the_exchange_gives_the_day() {
        for (name, expected) in [
            ("bybit/main", Some((90, true))),
            ("gateio/main", Some((90, true))),
            ("upbit/main", Some((365, true))),
            ("binance/main", Some((30, false))),
            ("bybiteu/main", Some((90, false))),
            ("okx/main", None),
            ("bybit/main@testnet", None),
            ("somewhere-new/main", None),
        ] {
            assert_eq!(told(&record(name, &["read", "trade"])), expected, "{name}");
        }
    }

    #[test]
    fn a_list_a_date_and_what_the_key_may_not_do_keep_it_alive() {
        let mut bound = record("bybit/main", &["trade"]);
        bound.ip_allowlist.insert("203.0.113.7".into());
        assert_eq!(told(&bound), None);
        let mut dated = record("bybit/main", &["trade"]);
        dated.expires = Some(NOW + DAY);
        assert_eq!(told(&dated), None);
        assert_eq!(told(&record("binance/main", &["read"])), None);
        assert_eq!(told(&record("binance/main", &[])), Some((30, false)), "nobody knows what it may do");
    }

    #[test]
    fn a_key_that_was_seen_working_after_its_end_did_not_end() {
        let mut seen = record("bybit/main", &["trade"]);
        seen.verified = Some(NOW + 90 * DAY);
        assert_eq!(told(&seen), Some((90, true)));
        seen.verified = Some(NOW + 90 * DAY + 1);
        assert_eq!(told(&seen), None);
    }

    #[test]
    fn days_are_counted_from_the_last_rotation() {
        let mut rotated = record("bybit/main", &["trade"]);
        rotated.rotated = Some(NOW + 10 * DAY);
        assert_eq!(told(&rotated), Some((100, true)));
        rotated.rotated = Some(Timestamp::MAX);
        assert_eq!(ending(&rotated).unwrap().at, Timestamp::MAX, "a date from a file cannot wrap");
    }
}
