//! When an exchange stops accepting a key by itself.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Exchange, Permission, data, details};

/// A rule by which an exchange ends keys, or part of what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiryRule {
    /// It is for keys without an IP allow-list only.
    #[serde(default)]
    pub without_allowlist: bool,
    /// It is for keys that may do one of these; for all keys when empty.
    #[serde(default, deserialize_with = "data::slice")]
    pub permissions: &'static [Permission],
    /// After how many days.
    pub days: u16,
    /// From when they are counted.
    pub since: Since,
    /// What happens then.
    pub effect: Effect,
    /// What else is to be known of it.
    #[serde(default)]
    pub note: Option<&'static str>,
    /// The key of the [source](super::source).
    pub source: &'static str,
    /// Whether the source says so itself, of this exchange, and recently.
    #[serde(default = "details::certain")]
    pub certain: bool,
}

/// From when the days of a rule are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Since {
    /// When the key was made.
    Created,
    /// When the permission was given.
    Enabled,
    /// When the key was last used.
    #[serde(rename = "last use")]
    LastUse,
    /// When the password of the account changes.
    #[serde(rename = "password change")]
    PasswordChange,
}

/// What a rule does to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It is not accepted any more.
    Expires,
    /// It is gone.
    Deleted,
    /// It is switched off.
    Disabled,
    /// It may not trade any more.
    #[serde(rename = "trading off")]
    TradingOff,
}

impl ExpiryRule {
    /// Whether it is about a key that may do this and is bound to addresses or not.
    ///
    /// Give `None` when nobody recorded what the key may do: then the rule may well be about it.
    pub fn applies(&self, permissions: Option<&BTreeSet<Permission>>, has_allowlist: bool) -> bool {
        let may = |given: &BTreeSet<Permission>| self.permissions.iter().any(|wanted| given.contains(wanted));
        let by_permission = self.permissions.is_empty() || permissions.is_none_or(may);
        by_permission && !(self.without_allowlist && has_allowlist)
    }
}

/// `without an IP allow-list and with trade or withdraw: deleted 14 days after its last use`
impl fmt::Display for ExpiryRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.without_allowlist, self.permissions.is_empty()) {
            (true, true) => f.write_str("without an IP allow-list: ")?,
            (true, false) => f.write_str("without an IP allow-list and with ")?,
            (false, true) => f.write_str("any key: ")?,
            (false, false) => f.write_str("with ")?,
        }
        for (at, permission) in self.permissions.iter().enumerate() {
            write!(f, "{}{permission}", if at == 0 { "" } else { " or " })?;
        }
        let colon = if self.permissions.is_empty() { "" } else { ": " };
        let effect = match self.effect {
            Effect::Expires => "expires",
            Effect::Deleted => "is deleted",
            Effect::Disabled => "is switched off",
            Effect::TradingOff => "loses trade",
        };
        let since = match self.since {
            Since::Created => "after it was made",
            Since::Enabled => "after the permission was given",
            Since::LastUse => "after its last use",
            Since::PasswordChange => "after a change of the account's password",
        };
        write!(f, "{colon}{effect} {} days {since}", self.days)
    }
}

impl Exchange {
    /// By which rules it ends keys.
    pub fn expiry_rules(&self) -> &'static [ExpiryRule] {
        self.details().expiry()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::exchange;

    fn rule(name: &str) -> &'static ExpiryRule {
        &exchange(name).unwrap().expiry_rules()[0]
    }

    #[test]
    fn a_rule_is_about_some_keys_and_not_others() {
        let okx = rule("okx");
        let with = |permission| Some(BTreeSet::from([Permission::Read, permission]));
        assert!(okx.applies(with(Permission::Trade).as_ref(), false));
        assert!(!okx.applies(with(Permission::Trade).as_ref(), true), "bound to addresses");
        assert!(!okx.applies(with(Permission::Read).as_ref(), false), "reads only");
        assert!(okx.applies(None, false), "nobody knows what it may do");
        assert!(rule("upbit").applies(with(Permission::Read).as_ref(), true), "any key");
    }

    #[test]
    fn a_rule_reads_as_a_sentence() {
        let sentence = "without an IP allow-list and with trade or withdraw: is deleted 14 days after its last use";
        assert_eq!(rule("okx").to_string(), sentence);
        assert_eq!(rule("gate").to_string(), "without an IP allow-list: expires 90 days after it was made");
        assert_eq!(rule("upbit").to_string(), "any key: expires 365 days after it was made");
    }
}
