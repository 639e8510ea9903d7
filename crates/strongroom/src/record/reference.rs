//! How people and scripts name a record: `exchange/subaccount[@environment][/field]` and `env/NAME`.

use std::fmt;
use std::str::FromStr;

use super::{Environment, name};

/// The name of one record. Ordered as records are stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The exchange, in any spelling of its letters' case.
    pub exchange: String,
    /// The subaccount, exact; `main` for the account itself.
    pub subaccount: String,
    /// Live when not given.
    pub environment: Environment,
}

/// What a REF on a command line can select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// `binance/main@testnet`
    Record(Reference),
    /// `binance/main/api_key`
    Field(Reference, String),
    /// `binance/*`: every subaccount; of one environment when `@environment` is given.
    Exchange(String, Option<Environment>),
    /// `env/NAME`: a named value without exchange semantics.
    Value(String),
}

/// What is wrong with a REF. Never its text, which could be a secret pasted by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing where a name should be.
    #[error("a name is empty")]
    Empty,
    /// More slashes than `exchange/subaccount/field`.
    #[error("more than exchange/subaccount/field")]
    TooManyParts,
    /// A `%` that two hexadecimal digits do not follow, or bytes that are not UTF-8.
    #[error("% must be followed by two hexadecimal digits of UTF-8")]
    BadPercent,
    /// Control characters, or too long.
    #[error("a name has control characters or is too long")]
    BadName,
}

impl Reference {
    /// The live record of this exchange and subaccount.
    pub fn new(exchange: &str, subaccount: &str) -> Reference {
        Reference { exchange: exchange.into(), subaccount: subaccount.into(), environment: Environment::Live }
    }

    /// The order of records: exchange in ASCII lower case, subaccount, environment.
    pub fn sort_key(&self) -> (String, &str, Environment) {
        (self.exchange.to_ascii_lowercase(), &self.subaccount, self.environment)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", encode_exchange(&self.exchange), encode_subaccount(&self.subaccount))?;
        match self.environment {
            Environment::Live => Ok(()),
            other => write!(f, "@{other}"),
        }
    }
}

impl FromStr for Selection {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Selection, ReferenceError> {
        let mut parts = text.split('/');
        let first = parts.next().unwrap_or_default();
        let (second, third) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(ReferenceError::TooManyParts);
        }
        if first == "env" {
            let name = decode(second.unwrap_or_default())?;
            return match third {
                None => Ok(Selection::Value(name)),
                Some(_) => Err(ReferenceError::TooManyParts),
            };
        }
        // The environment stands behind the subaccount, or behind the exchange when that is all there is.
        let (exchange, subaccount, environment) = match second {
            None => {
                let (exchange, environment) = split_environment(first);
                (exchange, "main", environment)
            }
            Some(second) => {
                let (subaccount, environment) = split_environment(second);
                (first, subaccount, environment)
            }
        };
        let exchange = checked(decode(exchange)?, name::is_exchange)?;
        if subaccount == "*" {
            return match third {
                None => Ok(Selection::Exchange(exchange, environment)),
                Some(_) => Err(ReferenceError::TooManyParts),
            };
        }
        let reference = Reference {
            exchange,
            subaccount: checked(decode(subaccount)?, name::is_subaccount)?,
            environment: environment.unwrap_or_default(),
        };
        match third {
            None => Ok(Selection::Record(reference)),
            Some(field) => Ok(Selection::Field(reference, decode(field)?)),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        match text.parse()? {
            Selection::Record(reference) => Ok(reference),
            Selection::Field(..) => Err(ReferenceError::TooManyParts),
            Selection::Exchange(..) | Selection::Value(_) => Err(ReferenceError::BadName),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::Record(reference) => reference.fmt(f),
            Selection::Field(reference, field) => write!(f, "{reference}/{}", encode(field, false)),
            Selection::Exchange(exchange, None) => write!(f, "{}/*", encode_exchange(exchange)),
            Selection::Exchange(exchange, Some(environment)) => {
                write!(f, "{}/*@{environment}", encode_exchange(exchange))
            }
            Selection::Value(name) => write!(f, "env/{}", encode(name, false)),
        }
    }
}

/// Only `@live`, `@testnet` and `@demo` at the end are environments, so a subaccount may contain `@`.
fn split_environment(text: &str) -> (&str, Option<Environment>) {
    match text.rsplit_once('@') {
        Some((name, environment)) => match Environment::from_name(environment) {
            Some(environment) => (name, Some(environment)),
            None => (text, None),
        },
        None => (text, None),
    }
}

fn checked(name: String, is_allowed: fn(&str) -> bool) -> Result<String, ReferenceError> {
    if is_allowed(&name) { Ok(name) } else { Err(ReferenceError::BadName) }
}

fn decode(text: &str) -> Result<String, ReferenceError> {
    if text.is_empty() {
        return Err(ReferenceError::Empty);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let digits = after.get(..2).ok_or(ReferenceError::BadPercent)?;
        let value = data_encoding::HEXLOWER_PERMISSIVE.decode(digits).map_err(|_| ReferenceError::BadPercent)?;
        bytes.extend_from_slice(&value);
        rest = after.get(2..).ok_or(ReferenceError::BadPercent)?;
    }
    String::from_utf8(bytes).map_err(|_| ReferenceError::BadPercent)
}

/// A hyphen in front would be taken for an option of the command line, so it is encoded too.
fn encode_exchange(exchange: &str) -> String {
    match exchange.strip_prefix('-') {
        Some(rest) => format!("%2D{}", encode(rest, true)),
        None => encode(exchange, true),
    }
}

/// `/`, `%`, `*` and blanks are reserved; in an exchange's name `@` is too.
fn encode(text: &str, at: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '/' | '%' | '*' | ' ') || (at && character == '@') {
            out.push_str(&format!("%{:02X}", character as u32));
        } else {
            out.push(character);
        }
    }
    out
}

/// An `@` that would be taken for an environment is encoded too.
fn encode_subaccount(subaccount: &str) -> String {
    let (name, environment) = split_environment(subaccount);
    match environment {
        Some(environment) => format!("{}%40{environment}", encode(name, false)),
        None => encode(subaccount, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Selection {
        text.parse().unwrap()
    }

    #[test]
    fn an_exchange_alone_means_main() {
        assert_eq!(read("binance"), Selection::Record(Reference::new("binance", "main")));
        let testnet = Reference { environment: Environment::Testnet, ..Reference::new("binance", "main") };
        assert_eq!(read("binance@testnet"), Selection::Record(testnet));
    }

    #[test]
    fn a_subaccount_may_contain_at() {
        assert_eq!(read("okx/a@b.c"), Selection::Record(Reference::new("okx", "a@b.c")));
        let odd = Reference::new("okx", "a@live");
        assert_eq!(odd.to_string(), "okx/a%40live");
        assert_eq!(read("okx/a%40live"), Selection::Record(odd));
    }

    #[test]
    fn no_reference_looks_like_an_option() {
        let odd = Reference::new("-x", "-y");
        assert_eq!(odd.to_string(), "%2Dx/-y");
        assert_eq!(read("%2Dx/-y"), Selection::Record(odd));
        assert_eq!(Selection::Exchange("-x".into(), None).to_string(), "%2Dx/*");
    }

    #[test]
    fn every_selection_reads_back_what_it_prints() {
        for text in ["okx/main", "okx/a%2Fb@demo", "okx/*", "okx/*@demo", "env/DATABASE_URL", "okx/main/api_key"] {
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_reference_is_refused() {
        for text in ["", "/", "a/b/c/d", "a/%zz", "a/%f", "env/", "a//b", "a/*/api_key", "@live"] {
            assert!(text.parse::<Selection>().is_err(), "{text}");
        }
    }
}
