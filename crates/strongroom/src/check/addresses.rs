//! From where the key can be used, as far as somebody recorded it, and what exchanges do to keys without a list.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Case, Severity, code, dates};
use crate::registry::{self, Exchange, ExpiryRule, Permission, Since};
use crate::wording::listed;

/// Whether a text is an address, or an address and a prefix length: `203.0.113.7`, `2001:db8::/32`.
pub fn is_network(text: &str) -> bool {
    Network::of(text).is_some()
}

/// The rules of one record.
pub(super) fn check(case: &mut Case<'_>) {
    form(case);
    let Some((severity, danger)) = danger(case) else { return };
    let message = format!("no IP allow-list is recorded: {danger}{}", rules_without_list(case));
    let command = case.command("set", &["--ip", "ADDRESS"]);
    case.say(severity, code::NO_IP_ALLOWLIST, message).advise("bind the key to the bot's address there, then", command);
}

/// The same of the old key.
pub(super) fn check_old(case: &mut Case<'_>) {
    let Some(old) = case.key.old else { return };
    let Some((severity, danger)) = danger(case) else { return };
    // That nobody knows what either of the two may do is said once.
    if severity == Severity::Info && old.permissions == case.record.permissions {
        return;
    }
    let kept = dates::kept(old, case.now);
    let message = format!("no IP allow-list is recorded for the old key, {kept}: {danger}{}", rules_without_list(case));
    let (advice, command) = case.finish();
    case.say(severity, code::NO_IP_ALLOWLIST, message).advise(advice, command);
}

/// How bad it is that the key can be used from anywhere, and why; none where it cannot, or where that is harmless.
fn danger(case: &Case<'_>) -> Option<(Severity, &'static str)> {
    if !case.is_live() || !case.is_given_out() || has_allowlist(case.key.ip_allowlist) {
        return None;
    }
    Some(if case.may(Permission::Withdraw) {
        (Severity::Error, "whoever gets the key can send funds away from anywhere")
    } else if case.may(Permission::Trade) {
        (Severity::Warning, "whoever gets the key can trade from anywhere")
    } else if case.may(Permission::Transfer) {
        (Severity::Warning, "whoever gets the key can move funds from anywhere")
    } else if case.all_it_may().is_none() {
        (Severity::Info, "if the key may do more than read, it can be used from anywhere")
    } else {
        return None;
    })
}

/// `; at OKX, ...`
fn rules_without_list(case: &Case<'_>) -> String {
    let sentences = case.exchange.map(|exchange| said_by(exchange, case)).unwrap_or_default();
    sentences.iter().map(|sentence| format!("; {sentence}")).collect()
}

/// Whether it is bound to some addresses: one entry that stands for all opens the whole list, and private addresses
/// bind nothing, because no exchange sees them.
pub(crate) fn has_allowlist(list: &BTreeSet<String>) -> bool {
    let mut networks = list.iter().filter_map(|entry| Network::of(entry));
    !allows_all(list) && networks.any(|network| !network.is_private())
}

/// Whether what was recorded says itself that it is no list; not where nothing was.
pub(super) fn allows_all(list: &BTreeSet<String>) -> bool {
    let mut networks = list.iter().filter_map(|entry| Network::of(entry));
    networks.any(|network| network.is_everything() || network.is_wide())
}

/// What the exchange says of keys without a list, with where it was read.
fn said_by(exchange: &Exchange, case: &Case<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    for rule in exchange.allowlist_rules() {
        let given: Vec<&str> =
            rule.permissions.iter().filter(|permission| case.may(**permission)).map(|it| it.name()).collect();
        if !given.is_empty() {
            let given = listed(given);
            sentences.push(format!("{} gives {given} only to keys that have one{}", exchange.name, read(rule.source)));
        }
    }
    for rule in exchange.expiry_rules() {
        let concerns = rule.without_allowlist && rule.since != Since::PasswordChange;
        // Of a key of which nobody knows what it may do, only what is true of any.
        let known = rule.permissions.is_empty() || rule.permissions.iter().any(|permission| case.may(*permission));
        if concerns && known {
            sentences.push(told(exchange, rule));
        }
    }
    sentences
}

/// What an exchange does to keys by itself, and where that was read:
/// `at Gate, a key without an IP allow-list expires 90 days after it was made [Gate, How to utilize API, 2026-11-22]`
pub(super) fn told(exchange: &Exchange, rule: &ExpiryRule) -> String {
    // The rule reads as a heading and what it says; here it is one sentence.
    let sentence = rule.to_string().replacen(": ", " ", 1);
    let a_key = if sentence.starts_with("any key") { "" } else { "a key " };
    let doubt = if rule.certain { "" } else { ", which is not certain" };
    format!("at {}, {a_key}{sentence}{}{doubt}", exchange.name, read(rule.source))
}

fn read(source: &str) -> String {
    registry::source(source).map(|source| format!(" [{}, {}]", source.title, source.date)).unwrap_or_default()
}

fn form(case: &mut Case<'_>) {
    let total = case.key.ip_allowlist.len();
    let mut problems: Vec<String> = Vec::new();
    let mut count = |wrong: &dyn Fn(&Option<Network>) -> bool, what: &str| {
        let wrong = case.key.ip_allowlist.iter().filter(|entry| wrong(&Network::of(entry))).count();
        if wrong > 0 {
            problems.push(format!("{wrong} of the {total} on its IP allow-list {what}"));
        }
    };
    count(&|network| network.is_none(), "is no address and no network");
    count(
        &|network| network.as_ref().is_some_and(Network::is_everything),
        "stands for all addresses, which is no list",
    );
    count(
        &|network| network.as_ref().is_some_and(|network| !network.is_everything() && network.is_wide()),
        "is a range so wide that anybody may be in it, which is no list",
    );
    count(
        &|network| network.as_ref().is_some_and(|network| !network.is_everything() && network.is_private()),
        "is a private address, which no exchange ever sees",
    );
    for problem in problems {
        let command = case.command("set", &["--ip", "ADDRESS"]);
        case.say(Severity::Warning, code::IP_ALLOWLIST_FORM, problem)
            .advise("record the addresses that the exchange shows for the key", command);
    }
}

/// An address and how many of its bits count.
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn of(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        // `+8` would be read as a number too.
        let number = |prefix: &str| prefix.bytes().all(|byte| byte.is_ascii_digit()).then(|| prefix.parse().ok())?;
        let bits = prefix.map_or(Some(most), number).filter(|bits| *bits <= most)?;
        Some(match address {
            // Only ranges within what IPv4 is written as in IPv6: a wider one has more in it.
            IpAddr::V6(mapped) if bits >= 96 && mapped.to_ipv4_mapped().is_some() => {
                Network { address: address.to_canonical(), bits: bits - 96 }
            }
            _ => Network { address, bits },
        })
    }

    /// All there are, or the address that stands for all.
    fn is_everything(&self) -> bool {
        self.bits == 0 || self.address.is_unspecified()
    }

    /// Wider than any provider's: half of the internet is two ranges.
    fn is_wide(&self) -> bool {
        self.bits < if self.address.is_ipv4() { 8 } else { 16 }
    }

    fn is_private(&self) -> bool {
        match self.address {
            IpAddr::V4(address) => is_private_v4(address),
            IpAddr::V6(address) => is_private_v6(address),
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_loopback() || address.is_link_local()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(address) => is_private_v4(address),
        None => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_with_or_without_a_prefix() {
        for good in ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0", "::1"] {
            assert!(is_network(good), "{good}");
        }
        for bad in ["203.0.113", "203.0.113.0/33", "example.org", "203.0.113.7/", "203.0.113.7/+8", "", "::/129"] {
            assert!(!is_network(bad), "{bad}");
        }
    }

    #[test]
    fn what_allows_everything_or_nobody_is_told_from_a_list() {
        let network = |text: &str| Network::of(text).unwrap();
        for everything in ["0.0.0.0/0", "::/0", "0.0.0.0", "::", "203.0.113.7/0"] {
            assert!(network(everything).is_everything(), "{everything}");
        }
        for wide in ["203.0.113.7/1", "128.0.0.0/1", "64.0.0.0/7", "2000::/3", "2001::/15", "::ffff:203.0.113.7/97"] {
            assert!(network(wide).is_wide() && !network(wide).is_everything(), "{wide}");
        }
        for narrow in ["203.0.0.0/8", "2001::/16", "203.0.113.7", "::ffff:203.0.113.7", "::ffff:203.0.0.0/104"] {
            assert!(!network(narrow).is_wide(), "{narrow}");
        }
        assert!(network("::ffff:0.0.0.0/96").is_everything());
        for private in ["10.0.0.1", "192.168.0.0/16", "127.0.0.1", "fd00::1", "::ffff:10.0.0.1", "fe80::1"] {
            assert!(network(private).is_private(), "{private}");
        }
        assert!(!network("203.0.113.7").is_private() && !network("203.0.113.7").is_everything());
    }
}
