//! How a credential signs, guessed from its values.

use crate::record::{CredentialKind, Fields, field};

/// How requests are signed with these fields, as far as their form tells.
///
/// A PEM key says what it is; a PKCS#8 one by its length, because Ed25519, P-256 and RSA differ
/// tenfold. A hexadecimal private key is a wallet's, a token without any key a bearer token, and
/// everything else a shared secret.
pub fn guess_kind(fields: &Fields) -> CredentialKind {
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
    if keyless && fields.get(field::TOKEN).is_some() { CredentialKind::OAuth } else { CredentialKind::Hmac }
}

fn of_pem(text: &str) -> Option<CredentialKind> {
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
        guess_kind(&fields.iter().map(|(name, value)| (name.to_string(), Secret::copy_of(value))).collect())
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
}
