//! `details.json`, parsed on first use: what is known about the keys of an exchange, and where it was read.

use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Exchange, ExpiryRule, Permission, PermissionWords, Shape, data};
use crate::record::{CredentialKind, Environment};

/// Where something was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What statements call it by. Empty where there is only one.
    #[serde(default)]
    pub key: &'static str,
    /// Whose it is, and what.
    pub title: &'static str,
    /// Where to read it, if it is written down somewhere.
    #[serde(default)]
    pub url: Option<&'static str>,
    /// The day from which it is, or on which it was read: `2026-11-22`.
    pub date: &'static str,
}

/// What else is worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// One sentence.
    pub text: &'static str,
    /// The key of the [`source`].
    pub source: &'static str,
}

/// The exchange gives these permissions only to keys that are bound to addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AllowlistRule {
    /// Which.
    #[serde(deserialize_with = "data::slice")]
    pub permissions: &'static [Permission],
    /// The key of the [`source`].
    pub source: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "schema")]
    _schema: u32,
    as_of: &'static str,
    /// Ascending by key.
    #[serde(deserialize_with = "data::slice")]
    sources: &'static [Source],
    #[serde(deserialize_with = "data::slice")]
    general_permissions: &'static [PermissionWords],
    /// Ascending by id.
    #[serde(deserialize_with = "data::slice")]
    exchanges: &'static [Details],
}

/// What is known about the keys of one exchange. What is absent is taken from the exchange that it is like.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Details {
    id: &'static str,
    /// Another door of the same house: the same keys open both.
    same_account_as: Option<&'static str>,
    /// The same software elsewhere, with accounts and rules of its own.
    like: Option<&'static str>,
    docs: Option<&'static str>,
    keys: Option<&'static str>,
    words: Option<Vec<(&'static str, &'static str)>>,
    words_source: &'static str,
    #[serde(deserialize_with = "kinds")]
    kinds: Option<Vec<CredentialKind>>,
    /// Where it was read, or tried, that it signs with these and no others.
    kinds_source: Option<&'static str>,
    #[serde(deserialize_with = "environments")]
    environments: Vec<Environment>,
    shapes: Option<Vec<Shape>>,
    permissions: Option<Vec<PermissionWords>>,
    allowlist: Vec<AllowlistRule>,
    expiry: Vec<ExpiryRule>,
    notes: Vec<Note>,
}

fn document() -> &'static Document {
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(include_str!("details.json")).expect("the tests parse this very text"))
}

/// The day on which [sources](source) without a date of their own were read.
pub fn details_as_of() -> &'static str {
    document().as_of
}

/// What a statement has its knowledge from, by the key it gives.
pub fn source(key: &str) -> Option<&'static Source> {
    let sources = document().sources;
    sources.binary_search_by(|source| source.key.cmp(key)).ok().map(|at| &sources[at])
}

/// Words for permissions that are nobody's own.
pub(super) fn general_permissions() -> &'static [PermissionWords] {
    document().general_permissions
}

#[cfg(test)]
pub(super) fn all() -> (&'static [Source], &'static [Details]) {
    (document().sources, document().exchanges)
}

/// Statements are certain unless they say otherwise.
pub(super) fn certain() -> bool {
    true
}

fn of(id: &str) -> &'static Details {
    static NOTHING: Details = Details {
        id: "",
        same_account_as: None,
        like: None,
        docs: None,
        keys: None,
        words: None,
        words_source: "",
        kinds: None,
        kinds_source: None,
        environments: Vec::new(),
        shapes: None,
        permissions: None,
        allowlist: Vec::new(),
        expiry: Vec::new(),
        notes: Vec::new(),
    };
    let exchanges = document().exchanges;
    exchanges.binary_search_by(|details| details.id.cmp(id)).map_or(&NOTHING, |at| &exchanges[at])
}

impl Details {
    #[cfg(test)]
    pub(super) fn id(&self) -> &'static str {
        self.id
    }

    /// The exchange whose keys these are too.
    fn house(&'static self) -> &'static Details {
        self.same_account_as.map_or(self, of)
    }

    /// What this entry says, or else the one that it is like.
    fn or_like<'a, T: ?Sized>(&'a self, pick: impl Fn(&'a Details) -> Option<&'a T>) -> Option<&'a T> {
        pick(self).or_else(|| self.same_account_as.or(self.like).and_then(|other| pick(of(other))))
    }

    pub(super) fn words(&'static self) -> &'static [(&'static str, &'static str)] {
        self.or_like(|details| details.words.as_deref()).unwrap_or_default()
    }

    pub(super) fn shapes(&'static self) -> &'static [Shape] {
        self.or_like(|details| details.shapes.as_deref()).unwrap_or_default()
    }

    pub(super) fn permissions(&'static self) -> &'static [PermissionWords] {
        self.or_like(|details| details.permissions.as_deref()).unwrap_or_default()
    }

    pub(super) fn expiry(&'static self) -> &'static [ExpiryRule] {
        &self.house().expiry
    }
}

impl Exchange {
    pub(super) fn details(&self) -> &'static Details {
        of(self.id)
    }

    /// How its requests are signed, the usual way first. Empty when nobody looked.
    pub fn kinds(&self) -> &'static [CredentialKind] {
        self.details().or_like(|details| details.kinds.as_deref()).unwrap_or_default()
    }

    /// The key of the [`source`] that says that its requests are signed in these ways and no others. `None` where nobody
    /// is known to say so: it may take more.
    pub fn kinds_source(&self) -> Option<&'static str> {
        let source = |details: &'static Details| details.kinds.as_ref().map(|_| &details.kinds_source);
        self.details().or_like(source).copied().flatten()
    }

    /// Where it can be tried without money, as ccxt reaches it.
    pub fn test_environments(&self) -> &'static [Environment] {
        &self.details().environments
    }

    /// Whether no such environment of it is known, although somebody looked: never for the live one, and not for what
    /// ccxt dropped, where nobody did.
    pub fn lacks(&self, environment: Environment) -> bool {
        environment != Environment::Live && self.dropped.is_none() && !self.test_environments().contains(&environment)
    }

    /// Its documentation.
    pub fn documentation(&self) -> Option<&'static str> {
        self.details().docs
    }

    /// The page on which its keys are made.
    pub fn keys_page(&self) -> Option<&'static str> {
        self.details().house().keys
    }

    /// The exchange whose keys are valid here too.
    pub fn same_account_as(&self) -> Option<&'static str> {
        self.details().same_account_as
    }

    /// The exchange whose software it runs, with accounts and keys of its own.
    pub fn like(&self) -> Option<&'static str> {
        self.details().like
    }

    /// Its own words for fields, as (field, word).
    pub fn words(&self) -> &'static [(&'static str, &'static str)] {
        self.details().words()
    }

    /// The key of the [`source`] of its words for fields.
    pub fn words_source(&self) -> Option<&'static str> {
        let source = |details: &'static Details| details.words.as_ref().map(|_| details.words_source);
        self.details().or_like(source)
    }

    /// Which permissions it gives only to keys that are bound to addresses.
    pub fn allowlist_rules(&self) -> &'static [AllowlistRule] {
        &self.details().house().allowlist
    }

    /// What else is worth knowing.
    pub fn notes(&self) -> &'static [Note] {
        &self.details().house().notes
    }
}

fn kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<CredentialKind>>, D::Error> {
    named(deserializer, CredentialKind::from_name).map(Some)
}

fn environments<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Environment>, D::Error> {
    named(deserializer, Environment::from_name)
}

/// A list of names of one of our closed lists.
pub(super) fn named<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    from_name: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, D::Error> {
    let names = Vec::<&str>::deserialize(deserializer)?;
    let unknown = |name: &&str| serde::de::Error::custom(format!("not a name that is known: {name}"));
    names.iter().map(|name| from_name(name).ok_or_else(|| unknown(name))).collect()
}
