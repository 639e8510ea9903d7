//! Private keys in PEM: the one form that every program reads, and the ways in which it gets lost.
//!
//! The form: lines that end in a line feed alone, nothing around them, none empty, and one line feed at the end. ccxt
//! tells an Ed25519 key from an RSA key by the length of the text, so that for these every character more is fatal.
//! What is said to be an error was tried with ccxt 4.5.90, which loads keys as Python's `cryptography` does; what that
//! forgives and others may not is a warning.

use super::Severity;
use super::blanks::{is_invisible, is_quote};
use crate::private_key::Pem;
use crate::record::{CredentialKind, field};

/// Whether it is PEM, or was once.
pub(super) fn is_pem(value: &str) -> bool {
    value.contains("-----BEGIN ") || value.contains("-----END ")
}

/// What is wrong with the value of this field as a private key in PEM, and how much it matters.
pub(super) fn problem(field: &str, value: &str) -> Option<(Severity, &'static str)> {
    use Severity::{Error, Warning};
    if !is_pem(value) {
        return (is_signing(field) && is_bare_body(value)).then_some((
            Warning,
            "is the inside of a private key without its BEGIN and END lines, which many programs take for a shared secret",
        ));
    }
    if value.contains("\\n") {
        return Some((Error, "has \\n written out where its lines should end"));
    }
    if !value.contains("-----BEGIN ") {
        return Some((Error, "has no BEGIN line"));
    }
    let Some(pem) = Pem::of(value) else { return Some((Error, "has no END line that fits its BEGIN line")) };
    if pem.label.contains("ENCRYPTED") || pem.body.contains("ENCRYPTED") {
        return Some((Error, "is an encrypted private key, which no program can use without its password"));
    }
    if is_signing(field) && !pem.is_private() {
        return Some((Error, "is no private key: a public key or certificate stands in its place"));
    }
    if !pem.body.contains(['\n', '\r']) {
        return Some((Error, "stands on one line; a PEM key has several"));
    }
    let strange = |byte: u8| !(byte.is_ascii_alphanumeric() || b"+/=".contains(&byte) || byte.is_ascii_whitespace());
    if pem.body.bytes().any(strange) {
        return Some((Error, "has characters in it that no PEM key has"));
    }
    if has_gaps(pem.body) {
        return Some((Error, "has empty lines between its lines, and programs do not find the key in it"));
    }
    if !pem.is_whole() {
        return Some((Error, "is not whole: a line or a character of the key is missing, or too many"));
    }
    let longer = if pem.kind() == Some(CredentialKind::Ed25519) { Error } else { Warning };
    if let Some(problem) = around(field, &pem) {
        return Some((longer, problem));
    }
    if value.contains('\r') {
        return Some((longer, "has the line ends of Windows; a line feed alone ends its lines"));
    }
    if value.starts_with('\n') || value.contains("\n\n") {
        return Some((longer, "has empty lines"));
    }
    if value.split('\n').any(|line| line.trim() != line) {
        return Some((longer, "has blanks around its lines"));
    }
    (!value.ends_with('\n')).then_some((Warning, "does not end with a line feed"))
}

/// Whether an empty line stands between two others, or before the END line. Behind the BEGIN line it is forgiven.
fn has_gaps(body: &str) -> bool {
    body.lines().skip_while(|line| line.is_empty()).any(str::is_empty)
}

/// What came along before or behind it, but for blanks.
fn around(field: &str, pem: &Pem<'_>) -> Option<&'static str> {
    let (before, behind) = (pem.before.trim(), pem.behind.trim());
    let ends = [before.chars().next(), behind.chars().next_back()];
    if ends.into_iter().flatten().any(is_quote) {
        return Some("stands in quotes, which are part of it now");
    }
    if ends.into_iter().flatten().any(is_invisible) {
        return Some("begins or ends with an invisible character");
    }
    (is_signing(field) && !before.is_empty()).then_some("has something before its BEGIN line")
}

/// Fields that are signed with.
fn is_signing(name: &str) -> bool {
    matches!(name, field::API_SECRET | field::PRIVATE_KEY)
}

/// Whether it is what stands inside a PEM of Ed25519, P-256 or RSA, by how those begin and how long they are.
fn is_bare_body(value: &str) -> bool {
    const BEGINNINGS: [(&str, usize); 5] = [
        ("MC4CAQAwBQYDK2Vw", 64), // PKCS#8, Ed25519
        ("MHcCAQEE", 160),        // SEC 1, P-256
        ("MIGHAgEAMB", 180),      // PKCS#8, P-256
        ("MIIE", 1_000),          // RSA with 2048 bits
        ("MIIJ", 2_000),          // RSA with 4096 bits
    ];
    BEGINNINGS.iter().any(|(beginning, least)| value.starts_with(beginning) && value.len() >= *least)
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private_key::examples::{EC, EC_OWN, ED25519, RSA, RSA_OWN, pem};

    /// Of a label alone it matters how it is read; what is inside is nothing.
    fn labelled(label: &'static str) -> String {
        pem((label, &[0x30, 0x2e, 2, 1, 0], 43))
    }

    fn told(value: &str) -> Option<(Severity, &'static str)> {
        problem(field::API_SECRET, value)
    }

    #[test]
    fn the_canonical_form_is_right() {
        for value in [ED25519, RSA, RSA_OWN, EC, EC_OWN].map(pem) {
            assert_eq!(told(&value), None);
        }
        // As openssl writes it: the curve stands in a block of its own before the key.
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        assert_eq!(told(&format!("{parameters}{}", pem(EC_OWN))), None);
    }

    #[test]
    fn what_makes_an_ed25519_key_longer_is_an_error_because_it_is_told_from_rsa_by_its_length() {
        let (short, long) = (pem(ED25519), pem(RSA));
        assert!(short.len() <= 120 && short.replace('\n', "\r\n").len() > 120);
        for spoil in [
            |pem: &str| pem.replace('\n', "\r\n"),
            |pem: &str| format!("{pem}\n"),
            |pem: &str| pem.replacen('\n', "\n\n", 1),
            |pem: &str| pem.replacen('\n', "\n  ", 1),
            |pem: &str| format!("\u{feff}{pem}"),
            |pem: &str| format!("\u{200b}{pem}"),
            |pem: &str| format!("\"{}\"", pem.trim_end()),
            |pem: &str| format!("'{pem}'"),
            |pem: &str| format!("key:\n{pem}"),
        ] {
            assert_eq!(told(&spoil(&short)).unwrap().0, Severity::Error);
            assert_eq!(told(&spoil(&long)).unwrap().0, Severity::Warning);
        }
        assert_eq!(told(short.trim_end()), Some((Severity::Warning, "does not end with a line feed")));
    }

    #[test]
    fn what_no_program_reads_is_an_error() {
        let key = pem(ED25519);
        for (value, part) in [
            (key.replace('\n', "\\n"), "written out"),
            (key.replace('\n', " "), "one line"),
            (key.replace("-----BEGIN PRIVATE KEY-----\n", ""), "no BEGIN"),
            (key.replace("-----END PRIVATE KEY-----\n", ""), "no END"),
            (key.replace("END PRIVATE", "END RSA PRIVATE"), "no END"),
            (key.replacen("AAAA", "AA:A", 1), "characters"),
            (labelled("ENCRYPTED PRIVATE KEY"), "encrypted"),
            (pem(RSA_OWN).replacen('\n', "\nProc-Type: 4,ENCRYPTED\n", 1), "encrypted"),
            (labelled("PUBLIC KEY"), "no private key"),
            (pem(RSA).replace('\n', "\n\n"), "empty lines between"),
            (pem(EC_OWN).replace('\n', "\r\n\r\n"), "empty lines between"),
            (pem(RSA).replace("\n-----END", "\n\n-----END"), "empty lines between"),
            (pem(RSA).replacen(&"A".repeat(64), "", 1).replace("\n\n", "\n"), "not whole"),
            (pem(EC_OWN).replacen("AAAA", "", 1), "not whole"),
        ] {
            let (severity, problem) = told(&value).unwrap();
            assert!(severity == Severity::Error && problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn a_body_without_its_armour_is_noticed_where_something_is_signed_with_it() {
        let body = format!("MC4CAQAwBQYDK2VwBCIEI{}", "A".repeat(43));
        assert!(told(&body).unwrap().1.contains("without its BEGIN"));
        assert_eq!(problem(field::API_KEY, &body), None);
        assert_eq!(told(&"EXAMPLE0".repeat(8)), None);
    }

    #[test]
    fn a_public_key_is_no_trouble_where_none_signs() {
        assert_eq!(problem("note", &labelled("PUBLIC KEY")), None);
    }
}
