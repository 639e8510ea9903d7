//! `connectors.tsv`: which account a connector of hummingbot is for, and which of its fields is which of ours.
//!
//! Read from the models of hummingbot 20260922. Five columns: the connector; our name for the account; fields that are
//! encrypted there, as `theirs=ours`; fields that stand there in clear and belong to the credential; and what makes it
//! another account, as `field=value>REF` or, for any value, `field>REF`.

use crate::record::{Environment, Reference};

/// What is known about one connector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    reference: &'static str,
    sealed: &'static str,
    clear: &'static str,
    others: &'static str,
}

impl Known {
    /// The connector of this name.
    pub(super) fn of(connector: &str) -> Option<Known> {
        include_str!("connectors.tsv").lines().find_map(|line| {
            let mut columns = line.strip_prefix(connector)?.strip_prefix('\t')?.split('\t');
            let mut next = || columns.next().unwrap_or_default();
            Some(Known { reference: next(), sealed: next(), clear: next(), others: next() })
        })
    }

    /// The account, given what the file says in clear; `value` has the text of a field that is there.
    pub(super) fn account<'t>(&self, value: impl Fn(&str) -> Option<&'t str>) -> Reference {
        let other = self.others.split(' ').find_map(|rule| {
            let (condition, reference) = rule.split_once('>')?;
            let (field, wanted) = condition.split_once('=').map_or((condition, None), |(a, b)| (a, Some(b)));
            let there = value(field)?;
            wanted.is_none_or(|wanted| wanted == there).then_some(reference)
        });
        other.unwrap_or(self.reference).parse().expect("the tests parse every one of them")
    }

    /// Whether a field in clear says which account it is.
    pub(super) fn decides(&self, theirs: &str) -> bool {
        let fields = self.others.split(' ').filter_map(|rule| rule.split(['=', '>']).next());
        fields.into_iter().any(|field| field == theirs)
    }

    /// Our name of a field that is encrypted.
    pub(super) fn sealed(&self, theirs: &str) -> Option<&'static str> {
        pairs(self.sealed).find(|(name, _)| *name == theirs).map(|(_, ours)| ours)
    }

    /// Our name of a field in clear that belongs to the credential.
    pub(super) fn clear(&self, theirs: &str) -> Option<&'static str> {
        pairs(self.clear).find(|(name, _)| *name == theirs).map(|(_, ours)| ours)
    }
}

fn pairs(column: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    column.split(' ').filter_map(|pair| pair.split_once('='))
}

/// The account of a connector that is not in the table, by the way hummingbot names them.
pub(super) fn guessed_account(connector: &str) -> Reference {
    let (name, environment) = match connector.strip_suffix("_testnet") {
        Some(name) => (name, Environment::Testnet),
        None => (connector, Environment::Live),
    };
    let (exchange, subaccount) = match name.strip_suffix("_perpetual") {
        Some(exchange) => (exchange, "perpetual"),
        None => (name, "main"),
    };
    Reference { environment, ..Reference::new(exchange, subaccount) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::record::name;
    use crate::registry;

    fn lines() -> impl Iterator<Item = &'static str> {
        include_str!("connectors.tsv").lines()
    }

    #[test]
    fn every_line_is_whole_and_no_two_are_the_same_account() {
        let mut accounts = BTreeSet::new();
        for line in lines() {
            let known = Known::of(line.split('\t').next().unwrap()).unwrap();
            assert_eq!(line.split('\t').nth(1), Some(known.reference));
            let account = known.account(|_| None);
            assert!(accounts.insert(account.to_string()), "{account} is there twice");
            let fields: Vec<_> = pairs(known.sealed).chain(pairs(known.clear)).collect();
            assert!(!fields.is_empty());
            assert!(fields.iter().all(|(_, ours)| name::is_field(ours)), "{line}");
            let different: BTreeSet<_> = fields.iter().map(|(_, ours)| ours).collect();
            assert_eq!(different.len(), fields.len(), "two fields of {account} are one of ours");
            for rule in known.others.split(' ').filter(|rule| !rule.is_empty()) {
                let (_, reference) = rule.split_once('>').unwrap();
                reference.parse::<Reference>().unwrap();
            }
        }
        assert_eq!(lines().count(), 63);
        let names: Vec<_> = lines().map(|line| line.split('\t').next()).collect();
        assert!(names.is_sorted());
    }

    /// What an exchange needs, a connector for it has.
    #[test]
    fn every_connector_has_what_the_registry_says_its_exchange_needs() {
        let mut checked = 0;
        for line in lines() {
            let known = Known::of(line.split('\t').next().unwrap()).unwrap();
            let Some(exchange) = registry::exchange(&known.account(|_| None).exchange) else { continue };
            for required in exchange.requires {
                let has = pairs(known.sealed).chain(pairs(known.clear)).any(|(_, ours)| ours == *required);
                // ccxt logs in to ndax with a password; hummingbot does not. And with the key of lighter's that is an
                // `api_secret` alone ccxt trades too.
                assert!(has || ["lighter", "ndax"].contains(&exchange.id), "{line}: {required}");
            }
            checked += 1;
        }
        assert!(checked >= 45, "{checked}");
    }

    #[test]
    fn what_stands_in_clear_can_make_it_another_account() {
        let account = |connector: &str, field: &str, value: &'static str| {
            let known = Known::of(connector).unwrap();
            known.account(|name| (name == field).then_some(value)).to_string()
        };
        assert_eq!(account("okx", "okx_registration_sub_domain", "www"), "okx/main");
        assert_eq!(account("okx", "okx_registration_sub_domain", "my"), "myokx/main");
        assert_eq!(account("okx", "okx_registration_sub_domain", "app"), "okxus/main");
        assert_eq!(account("injective_v2", "network.testnet_node", "lb"), "injective/main@testnet");
        assert_eq!(account("injective_v2", "network.other", "lb"), "injective/main");
    }

    #[test]
    fn a_connector_that_is_not_known_is_named_as_hummingbot_names_them() {
        assert!(Known::of("somewhere_perpetual_testnet").is_none() && Known::of("okx\t").is_none());
        assert!(Known::of("").is_none() && Known::of("bit").is_none());
        assert_eq!(guessed_account("somewhere_perpetual_testnet").to_string(), "somewhere/perpetual@testnet");
        assert_eq!(guessed_account("somewhere").to_string(), "somewhere/main");
    }
}
