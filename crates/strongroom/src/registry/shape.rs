//! What keys look like, and what is said of one that does not.
//!
//! A shape is a reason to look twice and never one to refuse: exchanges change them without notice. Nothing here
//! keeps or shows any part of a value; what is said names only what was expected.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Exchange, details};
use crate::record::{CredentialKind, Fields, field};

/// What the value of a field looks like at an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Which field.
    pub field: &'static str,
    /// What it is made of.
    pub alphabet: Alphabet,
    /// The least and the most characters behind the prefix, where that is known.
    #[serde(default)]
    pub length: Option<(usize, usize)>,
    /// What it starts with.
    #[serde(default)]
    pub prefix: Option<&'static str>,
    /// What it may start with or not.
    #[serde(default)]
    pub optional_prefix: Option<&'static str>,
    /// The kinds of credential that have it; any when empty.
    #[serde(default, deserialize_with = "kinds", serialize_with = "kind_names")]
    pub kinds: Vec<CredentialKind>,
    /// Whether programs decode it before they sign: of anything else it is made, they fail.
    #[serde(default)]
    pub decoded: bool,
    /// The key of the [source](super::source).
    pub source: &'static str,
    /// Whether the source says so itself.
    #[serde(default = "details::certain")]
    pub certain: bool,
}

/// What a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// Hexadecimal digits.
    Hex,
    /// Letters and digits.
    Alphanumeric,
    /// Base64 with its padding.
    Base64,
    /// Letters, digits, `-` and `_`.
    Base64Url,
    /// The letters and digits of base 58, which leaves out `0`, `O`, `I` and `l`.
    Base58,
    /// 8, 4, 4, 4 and 12 hexadecimal digits with hyphens between them.
    Uuid,
    /// A private key in PEM.
    Pem,
    /// Any printable ASCII but blanks.
    Printable,
}

/// How a value differs from a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// It does not start as expected.
    Prefix,
    /// It is a private key in PEM, and something else is expected.
    IsPem,
    /// It is not of the form expected.
    Form,
    /// It is too short.
    TooShort,
    /// It is too long.
    TooLong,
    /// It has characters that are not expected.
    Characters,
}

/// A value that looks like no key of its exchange. Prints as the end of a sentence about the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeProblem {
    /// The shape that it is nearest to.
    pub shape: &'static Shape,
    /// How it differs.
    pub mismatch: Mismatch,
    /// Whether all that is known about the field comes from sources that say so themselves.
    pub certain: bool,
}

/// Two fields that hold each other's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swapped {
    /// The one.
    pub first: &'static str,
    /// The other.
    pub second: &'static str,
}

/// Fields that people take for each other.
const PAIRS: [(&str, &str); 5] = [
    (field::API_KEY, field::API_SECRET),
    (field::API_KEY, field::API_PASSPHRASE),
    (field::API_SECRET, field::API_PASSPHRASE),
    (field::API_KEY, field::PRIVATE_KEY),
    (field::WALLET_ADDRESS, field::PRIVATE_KEY),
];

/// Two fields of a record that look swapped: each looks like the other and not like itself.
///
/// Where both look alike, as at Binance, nobody can tell. Of an exchange that is unknown, only a PEM in the place of
/// what is public is noticed.
pub fn swapped(exchange: Option<&Exchange>, fields: &Fields) -> Option<Swapped> {
    let shapes = |name| exchange.map(|exchange| exchange.shapes(name).collect::<Vec<_>>()).unwrap_or_default();
    let looks_swapped = |(first, second): &(&'static str, &'static str)| {
        let (Some(one), Some(other)) = (fields.get(first), fields.get(second)) else { return false };
        let (one, other) = (one.expose_secret(), other.expose_secret());
        if is_pem(one) && !is_pem(other) && *first != field::API_SECRET {
            return true;
        }
        let (first, second) = (shapes(first), shapes(second));
        let fits = |shapes: &[&Shape], value: &str| shapes.iter().any(|shape| shape.compare(value).is_none());
        !fits(&first, one) && !fits(&second, other) && fits(&second, one) && fits(&first, other)
    };
    PAIRS.iter().find(|pair| looks_swapped(pair)).map(|(first, second)| Swapped { first, second })
}

impl Exchange {
    /// What a field of its records looks like: one of these. None when nothing is known.
    pub fn shapes(&self, name: &str) -> impl Iterator<Item = &'static Shape> {
        self.all_shapes().iter().filter(move |shape| shape.field == name)
    }

    /// What the fields of its records look like.
    pub fn all_shapes(&self) -> &'static [Shape] {
        self.details().shapes()
    }

    /// The kind of key that these look like: every one of them of which that is known fits it, and they fit no other
    /// kind. None when they fit several, or nothing is known.
    pub fn kind_by_shape(&self, fields: &Fields) -> Option<CredentialKind> {
        let fits = |kind: &CredentialKind| {
            let mut known = fields.iter().filter_map(|(name, value)| {
                let mut of_kind = self.shapes(name).filter(|shape| shape.is_for(*kind)).peekable();
                of_kind.peek()?;
                Some(of_kind.any(|shape| shape.compare(value.expose_secret()).is_none()))
            });
            // One at least.
            known.next().is_some_and(|first| first && known.all(|fits| fits))
        };
        let mut kinds = self.kinds().iter().copied().filter(|kind| fits(kind));
        kinds.next().filter(|_| kinds.next().is_none())
    }

    /// What is odd about the value of a field in a record of this kind. None when it looks right, or nothing is known.
    pub fn shape_problem(&self, name: &str, kind: CredentialKind, value: &str) -> Option<ShapeProblem> {
        let shapes: Vec<&'static Shape> = self.shapes(name).filter(|shape| shape.is_for(kind)).collect();
        let problems: Option<Vec<_>> = shapes.iter().map(|shape| Some((shape.compare(value)?, *shape))).collect();
        // A prefix that is wrong is further away than a length, and that further than a character.
        let (mismatch, shape) = problems?.into_iter().max_by_key(|(mismatch, _)| *mismatch)?;
        Some(ShapeProblem { shape, mismatch, certain: shapes.iter().all(|shape| shape.certain) })
    }
}

impl Shape {
    /// Whether values of this kind of credential have it.
    pub fn is_for(&self, kind: CredentialKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// How a value that is to be decoded differs from what can be, however long it is.
    pub(crate) fn undecodable(&self, value: &str) -> Option<Mismatch> {
        let prefix = self.prefix.or(self.optional_prefix);
        // Programs take `0X` as they take `0x`.
        let behind = |prefix: &str| {
            let (begin, rest) = value.split_at_checked(prefix.len())?;
            begin.eq_ignore_ascii_case(prefix).then_some(rest)
        };
        let rest = prefix.and_then(behind).unwrap_or(value);
        self.alphabet.compare(rest).filter(|_| self.decoded)
    }

    /// How this value differs; `None` when it fits.
    pub fn compare(&self, value: &str) -> Option<Mismatch> {
        if self.alphabet == Alphabet::Pem {
            return (!is_pem(value)).then_some(Mismatch::Form);
        }
        if is_pem(value) {
            return Some(Mismatch::IsPem);
        }
        let rest = match self.prefix {
            Some(prefix) => match value.strip_prefix(prefix) {
                Some(rest) => rest,
                None => return Some(Mismatch::Prefix),
            },
            None => self.optional_prefix.and_then(|prefix| value.strip_prefix(prefix)).unwrap_or(value),
        };
        let length = rest.chars().count();
        match self.length {
            Some((least, _)) if length < least => Some(Mismatch::TooShort),
            Some((_, most)) if length > most => Some(Mismatch::TooLong),
            _ => self.alphabet.compare(rest),
        }
    }

    /// `64 hexadecimal digits behind 0x`
    pub fn describe(&self) -> String {
        let length = match self.length {
            Some((least, most)) if least == most => format!("{least} "),
            Some((least, most)) => format!("{least} to {most} "),
            None => String::new(),
        };
        let prefix = match (self.prefix, self.optional_prefix) {
            (Some(prefix), _) => format!(" behind {prefix}"),
            (None, Some(prefix)) => format!(", behind {prefix} or not"),
            (None, None) => String::new(),
        };
        match self.alphabet {
            Alphabet::Uuid | Alphabet::Pem => format!("{}{prefix}", self.alphabet),
            alphabet => format!("{length}{alphabet}{prefix}"),
        }
    }
}

impl Alphabet {
    fn compare(self, text: &str) -> Option<Mismatch> {
        let all = |allowed: fn(u8) -> bool| (!text.bytes().all(allowed)).then_some(Mismatch::Characters);
        match self {
            Alphabet::Hex => all(|byte| byte.is_ascii_hexdigit()),
            Alphabet::Alphanumeric => all(|byte| byte.is_ascii_alphanumeric()),
            Alphabet::Base64Url => all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'),
            Alphabet::Base58 => all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte)),
            Alphabet::Printable => all(|byte| byte.is_ascii_graphic()),
            Alphabet::Base64 => {
                let body = text.trim_end_matches('=');
                let padded = text.len().is_multiple_of(4) && text.len() - body.len() <= 2;
                let plain = body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
                match (plain, padded) {
                    (true, true) => None,
                    (true, false) => Some(Mismatch::Form),
                    (false, _) => Some(Mismatch::Characters),
                }
            }
            Alphabet::Uuid => (!is_uuid(text)).then_some(Mismatch::Form),
            Alphabet::Pem => (!is_pem(text)).then_some(Mismatch::Form),
        }
    }
}

/// As what follows a number: `hexadecimal digits`.
impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alphabet::Hex => "hexadecimal digits",
            Alphabet::Alphanumeric => "letters and digits",
            Alphabet::Base64 => "characters of base64",
            Alphabet::Base64Url => "letters, digits, - and _",
            Alphabet::Base58 => "characters of base58",
            Alphabet::Uuid => "a UUID",
            Alphabet::Pem => "a private key in PEM",
            Alphabet::Printable => "printable characters",
        })
    }
}

impl fmt::Display for ShapeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = self.shape;
        match (self.mismatch, shape.length) {
            (Mismatch::Prefix, _) => write!(f, "does not start with {}", shape.prefix.unwrap_or_default()),
            (Mismatch::IsPem, _) => f.write_str("is a private key in PEM, which is not usual here"),
            (Mismatch::Form, _) if shape.alphabet == Alphabet::Base64 => f.write_str("is not base64 with its padding"),
            (Mismatch::Form, _) => write!(f, "is not {}", shape.alphabet),
            (Mismatch::TooShort, Some((least, _))) => write!(f, "is shorter than the usual {least} characters"),
            (Mismatch::TooLong, Some((_, most))) => write!(f, "is longer than the usual {most} characters"),
            (Mismatch::TooShort | Mismatch::TooLong, None) => f.write_str("is of unusual length"),
            (Mismatch::Characters, _) if shape.alphabet == Alphabet::Printable => {
                f.write_str("has a blank, or what is not printable ASCII")
            }
            (Mismatch::Characters, _) => write!(f, "is not only {}", shape.alphabet),
        }
    }
}

fn is_pem(value: &str) -> bool {
    let value = value.trim_start();
    value.starts_with("-----BEGIN ") && value.contains("PRIVATE KEY-----")
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-');
    groups.clone().map(str::len).eq([8, 4, 4, 4, 12])
        && groups.into_iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CredentialKind>, D::Error> {
    details::named(deserializer, CredentialKind::from_name)
}

fn kind_names<S: Serializer>(kinds: &[CredentialKind], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(kinds.iter().map(|kind| kind.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::registry::exchange;

    const KEY: &str = "0123456789abcdef01234567";
    const SECRET: &str = "01234567-89ab-cdef-0123-456789abcdef";
    const PEM: &str = "-----BEGIN EC PRIVATE KEY-----\nEXAMPLE\n-----END EC PRIVATE KEY-----\n";

    fn swapped_in(name: &str, pairs: &[(&str, &str)]) -> Option<(&'static str, &'static str)> {
        let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::copy_of(value))).collect();
        swapped(exchange(name), &fields).map(|swapped| (swapped.first, swapped.second))
    }

    #[test]
    fn key_and_secret_in_each_others_place_are_noticed() {
        assert_eq!(swapped_in("kucoin", &[("api_key", SECRET), ("api_secret", KEY)]), Some(("api_key", "api_secret")));
        assert_eq!(swapped_in("kucoin", &[("api_key", KEY), ("api_secret", SECRET)]), None);
        assert_eq!(swapped_in("kucoin", &[("api_key", KEY), ("api_secret", KEY)]), None, "wrong, but not swapped");
        assert_eq!(swapped_in("kucoin", &[("api_key", SECRET)]), None);
    }

    #[test]
    fn two_that_look_alike_are_not_accused() {
        let same = "EXAMPLE0".repeat(8);
        assert_eq!(swapped_in("binance", &[("api_key", &same), ("api_secret", &same)]), None);
    }

    #[test]
    fn a_private_key_where_the_public_one_belongs_is_noticed_anywhere() {
        for name in ["coinbase", "somewhere-new"] {
            let found = swapped_in(name, &[("api_key", PEM), ("api_secret", "organizations/EXAMPLE")]);
            assert_eq!(found, Some(("api_key", "api_secret")), "{name}");
        }
        assert_eq!(swapped_in("somewhere-new", &[("api_key", "EXAMPLE"), ("api_secret", PEM)]), None);
        assert_eq!(swapped_in("somewhere-new", &[("api_secret", PEM), ("api_passphrase", "EXAMPLE")]), None);
    }

    #[test]
    fn an_address_and_its_key_are_told_apart() {
        let (key, address) = (format!("0x{}", "01".repeat(32)), format!("0x{}", "01".repeat(20)));
        let found = swapped_in("hyperliquid", &[("wallet_address", &key), ("private_key", &address)]);
        assert_eq!(found, Some(("wallet_address", "private_key")));
    }

    #[test]
    fn a_shape_can_be_told_to_a_person() {
        let told = |name: &str, field: &'static str| exchange(name).unwrap().shapes(field).next().unwrap().describe();
        assert_eq!(told("kucoin", field::API_KEY), "24 hexadecimal digits");
        assert_eq!(told("kucoin", field::API_SECRET), "a UUID");
        assert_eq!(told("hyperliquid", field::PRIVATE_KEY), "64 hexadecimal digits, behind 0x or not");
        assert_eq!(told("hyperliquid", field::WALLET_ADDRESS), "40 hexadecimal digits behind 0x");
        assert_eq!(told("btcmarkets", field::API_SECRET), "characters of base64");
    }
}
