//! Whether the secret can sign at all: whether it is of a kind that the exchange signs with, goes with its key, and can
//! be decoded.
//!
//! An exchange tells nobody of this: the bot fails at its first request, or signs with the wrong thing and is told that
//! its key is invalid. What is said to be an error here was tried with ccxt 4.5.90, for every exchange that it has.

use super::{Case, Severity, code};
use crate::private_key::Pem;
use crate::record::{CredentialKind, Fields, field};
use crate::registry::{self, Alphabet, Exchange, Shape, ShapeProblem, swapped};

/// Why the value of this field cannot sign the requests of this exchange, as the end of a sentence that begins with the
/// field; as far as the other fields that are given tell. Never any part of a value.
///
/// ```
/// use strongroom::{Secret, check::signing_problem};
///
/// let fields = [("api_secret".to_owned(), Secret::copy_of("EXAMPLE"))].into_iter().collect();
/// let problem = signing_problem("kraken", &fields, "api_secret").unwrap();
/// assert_eq!(problem, "is not base64 with its padding; at Kraken, it is decoded before anything is signed");
/// ```
pub fn signing_problem(exchange: &str, fields: &Fields, name: &str) -> Option<String> {
    let exchange = registry::exchange(exchange)?;
    problem(exchange, fields, name).map(|(_, problem)| problem)
}

/// The rules of one record.
pub(super) fn check(case: &mut Case<'_>) {
    let Some(exchange) = case.exchange else { return };
    if swapped(Some(exchange), &case.record.fields).is_some() {
        return;
    }
    let mut is_said = false;
    for name in [field::API_SECRET, field::PRIVATE_KEY] {
        let Some((severity, problem)) = problem(exchange, &case.record.fields, name) else { continue };
        // A blank at its end is why it cannot be decoded. Of a PEM that is not as it should be, both is to be known.
        if case.is_said_of(name) && of_pem(&case.record.fields, name).is_none() {
            continue;
        }
        let severity = if is_beside_the_point(exchange, &case.record.fields, name) {
            severity.max(Severity::Warning)
        } else {
            severity
        };
        let command = case.command("set", &[name]);
        case.say(severity, code::CANNOT_SIGN, format!("{name} {problem}"))
            .of(name)
            .advise("enter the one that the exchange gave", command);
        is_said = true;
    }
    if !is_said {
        recorded(case, exchange);
    }
}

/// Whether bots sign with something else that is there: the exchange never asks for this field.
fn is_beside_the_point(exchange: &Exchange, fields: &Fields, name: &str) -> bool {
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_empty());
    let is_instead = exchange.takes_instead().is_some_and(|instead| instead.contains(&name));
    !exchange.asks().contains(&name) && !is_instead && exchange.lacks_of(has).is_empty()
}

fn problem(exchange: &Exchange, fields: &Fields, name: &str) -> Option<(Severity, String)> {
    if !matches!(name, field::API_SECRET | field::PRIVATE_KEY) {
        return None;
    }
    let text = fields.get(name).filter(|value| !value.is_empty())?.expose_secret();
    match of_pem(fields, name) {
        Some(kind) => of_kind(exchange, name, kind),
        None => beside_the_key(exchange, fields, name, text).or_else(|| undecodable(exchange, name, text)),
    }
}

/// The kind that a private key in PEM says it is of.
fn of_pem(fields: &Fields, name: &str) -> Option<CredentialKind> {
    Pem::of(fields.get(name)?.expose_secret())?.kind()
}

/// Of a private key in PEM: whether the exchange takes such keys, and in PEM.
fn of_kind(exchange: &Exchange, name: &str, kind: CredentialKind) -> Option<(Severity, String)> {
    let kinds = exchange.kinds();
    if !kinds.is_empty() && !kinds.contains(&kind) {
        let taken = either(kinds.iter().map(|kind| called(*kind).to_owned()));
        let severity = if exchange.kinds_source().is_some() { Severity::Error } else { Severity::Warning };
        return Some((severity, format!("is {}, and {} takes {taken}", called(kind), exchange.name)));
    }
    let shapes: Vec<&Shape> = exchange.shapes(name).filter(|shape| shape.is_for(kind)).collect();
    let in_pem = |shape: &&Shape| shape.alphabet == Alphabet::Pem || !shape.certain;
    if shapes.is_empty() || shapes.iter().any(in_pem) {
        return None;
    }
    let taken = either(shapes.iter().map(|shape| shape.describe()));
    Some((Severity::Error, format!("is {} in PEM, and {} takes {taken}", called(kind), exchange.name)))
}

/// Where the key says by how it begins of which kind it is, as at Coinbase, the secret has to be one of those.
fn beside_the_key(exchange: &Exchange, fields: &Fields, name: &str, text: &str) -> Option<(Severity, String)> {
    let key = fields.get(field::API_KEY)?.expose_secret();
    let begins = |shape: &&Shape| shape.certain && shape.prefix.is_some_and(|prefix| key.starts_with(prefix));
    let own = exchange.shapes(field::API_KEY).find(begins).filter(|shape| !shape.kinds.is_empty())?;
    let goes_with = |shape: &&Shape| shape.kinds.iter().any(|kind| own.kinds.contains(kind));
    let shapes: Vec<&Shape> = exchange.shapes(name).filter(goes_with).collect();
    if shapes.is_empty() || shapes.iter().any(|shape| !shape.certain || shape.compare(text).is_none()) {
        return None;
    }
    let begin = own.prefix.unwrap_or_default();
    let wanted = either(shapes.iter().map(|shape| shape.describe()));
    Some((Severity::Error, format!("does not go with an API key that starts with {begin}: that takes {wanted}")))
}

/// Whether it is made of something else than what programs decode before they sign.
fn undecodable(exchange: &Exchange, name: &str, text: &str) -> Option<(Severity, String)> {
    let mut problem = None;
    for shape in exchange.shapes(name) {
        match shape.undecodable(text) {
            Some(mismatch) => problem = problem.or(Some((shape, mismatch))),
            // It may be of this kind.
            None => return None,
        }
    }
    let (shape, mismatch) = problem?;
    let severity = if shape.certain { Severity::Error } else { Severity::Warning };
    let told = ShapeProblem { shape, mismatch, certain: shape.certain };
    Some((severity, format!("{told}; at {}, it is decoded before anything is signed", exchange.name)))
}

/// What somebody said of the kind, where the values do not say it. What is a guess where nothing is known is passed
/// over, and that a wallet's key is one of a curve.
fn recorded(case: &mut Case<'_>, exchange: &Exchange) {
    let (kinds, kind) = (exchange.kinds(), case.record.kind);
    let is_guess = matches!(kind, CredentialKind::Hmac | CredentialKind::OAuth);
    if kinds.is_empty() || is_guess || kinds.contains(&kind) || kinds.contains(&CredentialKind::Wallet) {
        return;
    }
    let taken = either(kinds.iter().map(|kind| called(*kind).to_owned()));
    let message = format!("it is recorded as {}, and {} takes {taken}", called(kind), exchange.name);
    let usual = kinds.first().map(|kind| kind.name()).unwrap_or_default();
    let command = case.command("set", &["--kind", usual]);
    case.say(Severity::Warning, code::CANNOT_SIGN, message).advise("if that was a slip", command);
}

fn called(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Hmac => "a shared secret",
        CredentialKind::Ed25519 => "an Ed25519 key",
        CredentialKind::Rsa => "an RSA key",
        CredentialKind::Ecdsa => "an ECDSA key",
        CredentialKind::Wallet => "a wallet's key",
        CredentialKind::OAuth => "a token",
    }
}

/// `one`, `one or two`, `one, two or three`
fn either(words: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = words.collect();
    words.dedup();
    let Some(last) = words.pop() else { return String::new() };
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private_key::examples::{EC, EC_OWN, ED25519, RSA, RSA_OWN, pem};
    use crate::secret::Secret;

    fn told(exchange: &str, fields: &[(&str, &str)], name: &str) -> Option<(Severity, String)> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::copy_of(value))).collect();
        problem(registry::exchange(exchange).unwrap(), &fields, name)
    }

    fn of_secret(exchange: &str, secret: &str) -> Option<Severity> {
        told(exchange, &[("api_key", "EXAMPLE"), ("api_secret", secret)], "api_secret").map(|(severity, _)| severity)
    }

    #[test]
    fn what_ccxt_signs_with_is_passed_over_and_what_it_cannot_use_is_an_error() {
        // Each of these was given to the real thing; where the registry says more than ccxt, as of Deribit, the registry.
        let all = [ED25519, RSA, RSA_OWN, EC, EC_OWN];
        let signs = [
            ("binance", vec![ED25519, RSA, RSA_OWN]),
            ("binanceusdm", vec![ED25519, RSA, RSA_OWN]),
            ("bybit", vec![RSA, RSA_OWN]),
            ("bybiteu", vec![RSA, RSA_OWN]),
            ("coinbase", vec![EC, EC_OWN]),
            ("coinbaseinternational", vec![EC, EC_OWN]),
            ("deribit", vec![ED25519, RSA, RSA_OWN]),
        ];
        let mut tried = 0;
        for (exchange, good) in signs {
            for example in all {
                let severity = of_secret(exchange, &pem(example));
                let expected = match (good.contains(&example), exchange) {
                    (true, _) => None,
                    (false, "deribit") => Some(Severity::Warning),
                    (false, _) => Some(Severity::Error),
                };
                assert_eq!(severity, expected, "{exchange} {}", example.0);
                tried += 1;
            }
        }
        assert_eq!(tried, 35);
        let revolut = |example| told("revolutx", &[("private_key", &pem(example))], "private_key");
        assert_eq!((revolut(ED25519), revolut(RSA).unwrap().0), (None, Severity::Error));
    }

    #[test]
    fn what_an_exchange_is_said_to_sign_with_never_triggers() {
        let mut tried = 0;
        for exchange in registry::exchanges() {
            for shape in exchange.all_shapes().iter().filter(|shape| shape.alphabet == Alphabet::Pem) {
                for (example, kind) in
                    [(ED25519, CredentialKind::Ed25519), (RSA, CredentialKind::Rsa), (EC, CredentialKind::Ecdsa)]
                {
                    if shape.is_for(kind) && exchange.kinds().contains(&kind) {
                        assert_eq!(
                            told(exchange.id, &[(shape.field, &pem(example))], shape.field),
                            None,
                            "{}",
                            exchange.id
                        );
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried >= 10, "{tried}");
    }

    #[test]
    fn an_exchange_that_may_take_more_is_only_warned_of() {
        assert!(registry::exchange("bitget").unwrap().kinds_source().is_none());
        assert_eq!(of_secret("bitget", &pem(RSA)), Some(Severity::Warning));
        assert_eq!(of_secret("bitget", "EXAMPLE"), None);
    }

    #[test]
    fn the_name_of_a_key_says_what_its_secret_is() {
        let name = "organizations/01234567-89ab-cdef-0123-456789abcdef/apiKeys/01234567-89ab-cdef-0123-456789abcdef";
        let long = format!("{}==", "EXAMPLE0".repeat(11).split_at(86).0);
        let told =
            |key: &str, secret: &str| told("coinbase", &[("api_key", key), ("api_secret", secret)], "api_secret");
        for secret in [pem(EC_OWN), pem(EC), long.clone()] {
            assert_eq!(told(name, &secret), None);
        }
        let legacy = "EXAMPLE0".repeat(4);
        let (severity, problem) = told(name, &legacy).unwrap();
        let words = "does not go with an API key that starts with organizations/: that takes a private key in PEM or 88 \
                     characters of base64";
        assert_eq!((severity, problem.as_str()), (Severity::Error, words));
        assert_eq!(told("EXAMPLEEXAMPLE00", &legacy), None);
        assert_eq!(told("01234567-89ab-cdef-0123-456789abcdef", &long), None);
    }

    #[test]
    fn what_is_decoded_before_it_signs_has_to_be_decodable() {
        let good = "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0=";
        let base64 = ["kraken", "krakenfutures", "btcmarkets", "btcturk", "coinbaseexchange", "backpack"];
        for exchange in base64 {
            assert_eq!(of_secret(exchange, good), None, "{exchange}");
            for bad in [&good[..43], "EXAMPLE-SECRET", "EXAMPLE_"] {
                assert_eq!(of_secret(exchange, bad), Some(Severity::Error), "{exchange}");
            }
        }
        for exchange in ["binance", "okx", "bitstamp", "gemini"] {
            assert_eq!(of_secret(exchange, "EXAMPLE-SECRET"), None, "{exchange}");
        }
        let wallet = |text: &str| told("derive", &[("private_key", text)], "private_key").is_some();
        assert!(wallet("EXAMPLE words of a phrase"));
        for prefix in ["0x", "0X", ""] {
            assert!(!wallet(&format!("{prefix}{}", "01".repeat(32))), "{prefix}");
        }
    }
}
