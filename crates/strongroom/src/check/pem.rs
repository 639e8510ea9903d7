//! Private keys in PEM: the one form that every program reads, and the ways in which it gets lost.
//!
//! The form: lines that end in a line feed alone, nothing around them, none empty, and one line feed at the end. ccxt
//! tells an Ed25519 key from an RSA key by the length of the text, so that for these every character more is fatal.

use super::Severity;
use crate::record::field;

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
    let Some(begin) = value.find("-----BEGIN ") else { return Some((Error, "has no BEGIN line")) };
    let Some(body) = Body::of(&value[begin..]) else {
        return Some((Error, "has no END line that fits its BEGIN line"));
    };
    if body.label.contains("ENCRYPTED") || body.text.contains("ENCRYPTED") {
        return Some((Error, "is an encrypted private key, which no program can use without its password"));
    }
    if is_signing(field) && !value.contains("PRIVATE KEY-----") {
        return Some((Error, "is no private key: a public key or certificate stands in its place"));
    }
    if !body.text.contains(['\n', '\r']) {
        return Some((Error, "stands on one line; a PEM key has several"));
    }
    let strange = |byte: u8| !(byte.is_ascii_alphanumeric() || b"+/=".contains(&byte) || byte.is_ascii_whitespace());
    if body.text.bytes().any(strange) {
        return Some((Error, "has characters in it that no PEM key has"));
    }
    let longer = if body.is_ed25519() { Error } else { Warning };
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

/// Fields that are signed with.
fn is_signing(name: &str) -> bool {
    matches!(name, field::API_SECRET | field::PRIVATE_KEY)
}

/// What stands between the first BEGIN line and the END line of the same label.
struct Body<'a> {
    label: &'a str,
    text: &'a str,
}

impl<'a> Body<'a> {
    fn of(pem: &'a str) -> Option<Body<'a>> {
        let (label, rest) = pem.strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let end = rest.match_indices("-----END ").find(|(at, begin)| {
            rest[at + begin.len()..].strip_prefix(label).is_some_and(|after| after.starts_with("-----"))
        });
        end.map(|(at, _)| Body { label, text: &rest[..at] })
    }

    /// In PKCS#8 it is 48 bytes, and so 64 characters; no other key is as short.
    fn is_ed25519(&self) -> bool {
        self.label == "PRIVATE KEY" && self.text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count() == 64
    }
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

    fn pem(label: &str, characters: usize) -> String {
        let body: Vec<String> = "A"
            .repeat(characters)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
            .collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.join("\n"))
    }

    fn told(value: &str) -> Option<(Severity, &'static str)> {
        problem(field::API_SECRET, value)
    }

    #[test]
    fn the_canonical_form_is_right() {
        for value in [pem("PRIVATE KEY", 64), pem("RSA PRIVATE KEY", 1_600), pem("EC PRIVATE KEY", 164)] {
            assert_eq!(told(&value), None);
        }
        // As openssl writes it: the curve stands in a block of its own before the key.
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        assert_eq!(told(&format!("{parameters}{}", pem("EC PRIVATE KEY", 164))), None);
    }

    #[test]
    fn what_makes_an_ed25519_key_longer_is_an_error_because_it_is_told_from_rsa_by_its_length() {
        let (short, long) = (pem("PRIVATE KEY", 64), pem("PRIVATE KEY", 1_620));
        assert!(short.len() <= 120 && short.replace('\n', "\r\n").len() > 120);
        for spoil in [
            |pem: &str| pem.replace('\n', "\r\n"),
            |pem: &str| format!("{pem}\n"),
            |pem: &str| pem.replacen('\n', "\n\n", 1),
            |pem: &str| pem.replacen('\n', "\n  ", 1),
        ] {
            assert_eq!(told(&spoil(&short)).unwrap().0, Severity::Error);
            assert_eq!(told(&spoil(&long)).unwrap().0, Severity::Warning);
        }
        assert_eq!(told(short.trim_end()), Some((Severity::Warning, "does not end with a line feed")));
    }

    #[test]
    fn what_no_program_reads_is_an_error() {
        let key = pem("PRIVATE KEY", 64);
        for (value, part) in [
            (key.replace('\n', "\\n"), "written out"),
            (key.replace('\n', " "), "one line"),
            (key.replace("-----BEGIN PRIVATE KEY-----\n", ""), "no BEGIN"),
            (key.replace("-----END PRIVATE KEY-----\n", ""), "no END"),
            (key.replace("END PRIVATE", "END RSA PRIVATE"), "no END"),
            (key.replacen("AAAA", "AA:A", 1), "characters"),
            (pem("ENCRYPTED PRIVATE KEY", 200), "encrypted"),
            (pem("RSA PRIVATE KEY", 64).replacen('\n', "\nProc-Type: 4,ENCRYPTED\n", 1), "encrypted"),
            (pem("PUBLIC KEY", 64), "no private key"),
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
        assert_eq!(problem("note", &pem("PUBLIC KEY", 60)), None);
    }
}
