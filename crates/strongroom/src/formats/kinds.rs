//! How a credential signs, guessed from its values.

use crate::private_key::Pem;
use crate::record::{CredentialKind, Fields, field};
use crate::registry;

/// How requests to this exchange are signed with these fields, as far as their form tells.
///
/// A PEM key says what it is. A hexadecimal private key is a wallet's, a token without any key a bearer token. Of
/// anything else, the registry knows what the keys of the exchange look like, where only those of one kind look so;
/// what is left is a shared secret.
pub fn guess_kind(exchange: &str, fields: &Fields) -> CredentialKind {
    for name in [field::PRIVATE_KEY, field::API_SECRET] {
        let Some(value) = fields.get(name) else { continue };
        let text = value.expose_secret().trim();
        if let Some(kind) = of_pem(text) {
            return kind;
        }
        if name == field::PRIVATE_KEY && is_hexadecimal_key(text) {
            return CredentialKind::Wallet;
        }
    }
    let keyless = [field::API_KEY, field::API_SECRET, field::PRIVATE_KEY].iter().all(|name| fields.get(name).is_none());
    if keyless && fields.get(field::TOKEN).is_some() {
        return CredentialKind::OAuth;
    }
    registry::exchange(exchange).and_then(|exchange| exchange.kind_by_shape(fields)).unwrap_or_default()
}

/// One whose body cannot be read is told by its length, because Ed25519, P-256 and RSA differ tenfold.
fn of_pem(text: &str) -> Option<CredentialKind> {
    if let Some(kind) = Pem::of(text).and_then(|pem| pem.kind()) {
        return Some(kind);
    }
    let label = text.strip_prefix("-----BEGIN ")?;
    if label.starts_with("EC PRIVATE KEY") {
        return Some(CredentialKind::Ecdsa);
    }
    if label.starts_with("RSA PRIVATE KEY") {
        return Some(CredentialKind::Rsa);
    }
    if !label.starts_with("PRIVATE KEY") {
        return None;
    }
    // PKCS#8: Ed25519 takes 119 characters, P-256 about 240, RSA with 1024 bits already over 900.
    Some(match text.len() {
        ..=130 => CredentialKind::Ed25519,
        131..=450 => CredentialKind::Ecdsa,
        _ => CredentialKind::Rsa,
    })
}

fn is_hexadecimal_key(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn guess(fields: &[(&str, &str)]) -> CredentialKind {
        guess_at("somewhere-new", fields)
    }

    fn guess_at(exchange: &str, fields: &[(&str, &str)]) -> CredentialKind {
        guess_kind(exchange, &fields.iter().map(|(name, value)| (name.to_string(), Secret::copy_of(value))).collect())
    }

    fn pem(label: &str, body: usize) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", "A".repeat(body))
    }

    #[test]
    fn a_pem_key_says_what_it_is() {
        for (label, body, kind) in [
            ("EC PRIVATE KEY", 160, CredentialKind::Ecdsa),
            ("RSA PRIVATE KEY", 800, CredentialKind::Rsa),
            ("PRIVATE KEY", 64, CredentialKind::Ed25519),
            ("PRIVATE KEY", 184, CredentialKind::Ecdsa),
            ("PRIVATE KEY", 1620, CredentialKind::Rsa),
        ] {
            assert_eq!(guess(&[("api_key", "EXAMPLE"), ("api_secret", &pem(label, body))]), kind);
            assert_eq!(guess(&[("private_key", &pem(label, body))]), kind);
        }
    }

    #[test]
    fn a_hexadecimal_private_key_is_a_wallet() {
        let key = format!("0x{}", "ab".repeat(32));
        assert_eq!(guess(&[("private_key", &key), ("wallet_address", "0xEXAMPLE")]), CredentialKind::Wallet);
        assert_eq!(guess(&[("api_key", "EXAMPLE"), ("api_secret", &key)]), CredentialKind::Hmac);
        assert_eq!(guess(&[("token", "EXAMPLE")]), CredentialKind::OAuth);
        assert_eq!(guess(&[]), CredentialKind::Hmac);
    }

    #[test]
    fn what_only_one_kind_of_the_exchange_looks_like_is_that() {
        let (uuid, long) =
            ("01234567-89ab-cdef-0123-456789abcdef", format!("{}==", "EXAMPLE0".repeat(11).split_at(86).0));
        let ed25519 = [("api_key", uuid), ("api_secret", &*long)];
        for (exchange, kind) in [("coinbase", CredentialKind::Ed25519), ("bitstamp", CredentialKind::Hmac)] {
            assert_eq!(guess_at(exchange, &ed25519), kind, "{exchange}");
        }
        let legacy = [("api_key", "EXAMPLEEXAMPLE00"), ("api_secret", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE0000")];
        assert_eq!(guess_at("coinbase", &legacy), CredentialKind::Hmac);
        assert_eq!(guess_at("Coinbase", &[("api_key", "EXAMPLE")]), CredentialKind::Hmac, "it looks like none");
        assert_eq!(guess_at("backpack", &[("api_secret", &*long)]), CredentialKind::Ed25519, "it has no other");
    }

    #[test]
    fn a_key_says_what_it_is_before_its_length_does() {
        use crate::private_key::examples::{EC, ED25519, RSA, pem};
        for (example, kind) in
            [(EC, CredentialKind::Ecdsa), (ED25519, CredentialKind::Ed25519), (RSA, CredentialKind::Rsa)]
        {
            let spread = pem(example).replace('\n', &"\n".repeat(60));
            assert_eq!(guess(&[("api_secret", &spread)]), kind);
            assert_eq!(guess(&[("api_secret", &format!("\u{feff}{}", pem(example)))]), kind);
        }
    }
}
