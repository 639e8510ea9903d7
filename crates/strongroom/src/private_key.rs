//! What a private key in PEM says of itself: of which kind it is, and whether all of it is there.
//!
//! Only as much is decoded as says so, into memory that is wiped: the algorithm stands within the first bytes of the
//! DER, and how long the whole is in the first of all. The key itself is never put together here. How the text around
//! it is laid out is for [`crate::check`].

use zeroize::Zeroizing;

use crate::record::CredentialKind;

/// How many bytes of DER say what a key is: the longest name of an algorithm here ends well before.
const HEAD: usize = 32;

/// The object identifiers of the algorithms, as they stand in DER.
const ALGORITHMS: [(&[u8], CredentialKind); 3] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], CredentialKind::Rsa),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], CredentialKind::Ecdsa),
    (&[0x2b, 0x65, 0x70], CredentialKind::Ed25519),
];

/// The text of a PEM, taken apart. Borrowed: nothing is copied.
#[derive(Clone, Copy)]
pub(crate) struct Pem<'a> {
    /// What stands before it.
    pub(crate) before: &'a str,
    /// What it says it is: `EC PRIVATE KEY`.
    pub(crate) label: &'a str,
    /// Between its BEGIN and its END line.
    pub(crate) body: &'a str,
    /// What stands behind it.
    pub(crate) behind: &'a str,
}

impl<'a> Pem<'a> {
    /// The first block with a BEGIN and an END line of one label; of several, the one with a private key, because
    /// openssl writes the parameters of a curve before it.
    pub(crate) fn of(text: &'a str) -> Option<Pem<'a>> {
        let first = Pem::first(text)?;
        if first.is_private() {
            return Some(first);
        }
        let next = Pem::first(first.behind).filter(|next| next.is_private());
        Some(next.map_or(first, |next| Pem { before: first.before, ..next }))
    }

    fn first(text: &'a str) -> Option<Pem<'a>> {
        let (before, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let end = rest.match_indices("-----END ").find_map(|(at, begin)| {
            let behind = rest[at + begin.len()..].strip_prefix(label)?.strip_prefix("-----")?;
            Some((at, behind))
        });
        end.map(|(at, behind)| Pem { before, label, body: &rest[..at], behind })
    }

    /// Whether it says that it is a private key.
    pub(crate) fn is_private(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// The kind of credential that signs with it. `None` for what nobody signs with here, and what cannot be read.
    pub(crate) fn kind(&self) -> Option<CredentialKind> {
        match self.label {
            "EC PRIVATE KEY" => Some(CredentialKind::Ecdsa),
            "RSA PRIVATE KEY" => Some(CredentialKind::Rsa),
            "PRIVATE KEY" => Der::of(self.body)?.algorithm(),
            _ => None,
        }
    }

    /// Whether its body is one whole value in DER, as long as it says. True of what is not DER, such as a key of ssh's
    /// own form.
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self.label, "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY")
            || Der::of(self.body).is_some_and(|der| der.is_whole())
    }
}

/// The first bytes of what base64 stands for, and how many there are in all.
struct Der {
    head: Zeroizing<[u8; HEAD]>,
    length: usize,
}

impl Der {
    /// `None` when it is not base64 with its padding. White space does not count, as for the readers of PEM.
    fn of(base64: &str) -> Option<Der> {
        let mut head = Zeroizing::new([0; HEAD]);
        let (mut length, mut bits, mut held, mut characters, mut padding) = (0, Zeroizing::new(0u32), 0, 0usize, 0);
        for byte in base64.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            characters += 1;
            if byte == b'=' {
                padding += 1;
                continue;
            }
            if padding > 0 {
                return None;
            }
            *bits = (*bits << 6 | u32::from(sextet(byte)?)) & 0xfff;
            held += 6;
            if held >= 8 {
                held -= 8;
                if let Some(place) = head.get_mut(length) {
                    // The mask leaves eight bits.
                    *place = (*bits >> held & 0xff) as u8;
                }
                length += 1;
            }
        }
        (characters > 0 && characters.is_multiple_of(4) && padding <= 2).then_some(Der { head, length })
    }

    /// Whether the value in it is a SEQUENCE and as long as its length says.
    fn is_whole(&self) -> bool {
        self.sequence_at(0).is_some_and(|(begin, length)| begin.checked_add(length) == Some(self.length))
    }

    /// Which algorithm a key in PKCS #8 is for: `SEQUENCE { INTEGER, SEQUENCE { OBJECT IDENTIFIER, ...`
    fn algorithm(&self) -> Option<CredentialKind> {
        let (at, _) = self.sequence_at(0)?;
        let version = self.head.get(at..at.checked_add(3)?)?;
        if version[..2] != [0x02, 0x01] {
            return None;
        }
        let (at, _) = self.sequence_at(at + 3)?;
        let known = |&(name, _): &(&[u8], _)| {
            let begins = self.head.get(at..at + 2).is_some_and(|tag| tag == [0x06, name.len() as u8]);
            begins && self.head.get(at + 2..at + 2 + name.len()) == Some(name)
        };
        ALGORITHMS.iter().find(|algorithm| known(algorithm)).map(|(_, kind)| *kind)
    }

    /// Where the contents of a SEQUENCE begin, and how long it says that they are.
    fn sequence_at(&self, at: usize) -> Option<(usize, usize)> {
        if *self.head.get(at)? != 0x30 {
            return None;
        }
        let first = usize::from(*self.head.get(at + 1)?);
        if first < 0x80 {
            return Some((at + 2, first));
        }
        // A key is shorter than 16 MiB.
        let bytes = first - 0x80;
        let length = self.head.get(at + 2..at + 2 + bytes).filter(|_| (1..=3).contains(&bytes))?;
        Some((at + 2 + bytes, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))))
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Keys that are whole and worth nothing: every byte that is a secret in real ones is zero.
#[cfg(test)]
pub(crate) mod examples {
    use data_encoding::BASE64;

    /// The label, how the DER begins, and how many zeros follow.
    pub(crate) type Example = (&'static str, &'static [u8], usize);

    pub(crate) const ED25519: Example =
        ("PRIVATE KEY", &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20], 32);
    pub(crate) const RSA: Example = (
        "PRIVATE KEY",
        &[0x30, 0x82, 4, 0xbd, 2, 1, 0, 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0],
        1_195,
    );
    pub(crate) const RSA_OWN: Example = ("RSA PRIVATE KEY", &[0x30, 0x82, 4, 0xa3, 2, 1, 0], 1_184);
    pub(crate) const EC: Example =
        ("PRIVATE KEY", &[0x30, 0x81, 0x87, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], 121);
    pub(crate) const EC_OWN: Example = ("EC PRIVATE KEY", &[0x30, 0x77, 2, 1, 1, 4, 0x20], 114);

    /// The key in the canonical form.
    pub(crate) fn pem((label, head, zeros): Example) -> String {
        let mut der = head.to_vec();
        der.resize(head.len() + zeros, 0);
        let body = BASE64.encode(&der);
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::examples::{EC, EC_OWN, ED25519, Example, RSA, RSA_OWN, pem};
    use super::*;

    const ALL: [(Example, CredentialKind); 5] = [
        (ED25519, CredentialKind::Ed25519),
        (RSA, CredentialKind::Rsa),
        (RSA_OWN, CredentialKind::Rsa),
        (EC, CredentialKind::Ecdsa),
        (EC_OWN, CredentialKind::Ecdsa),
    ];

    #[test]
    fn every_kind_is_told_and_whole() {
        for (example, kind) in ALL {
            let text = pem(example);
            let key = Pem::of(&text).unwrap();
            assert!(key.is_whole() && key.is_private(), "{}", example.0);
            assert_eq!(key.kind(), Some(kind), "{}", example.0);
        }
    }

    #[test]
    fn what_lost_a_line_or_a_character_is_not_whole() {
        for (example, _) in ALL {
            let text = pem(example);
            let lines: Vec<&str> = text.lines().collect();
            let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().join("\n");
            let spoilt = [
                without(1),
                without(lines.len() - 2),
                text.replacen("AAAA", "", 1),
                text.replacen("AAAA", "AAA", 1),
                text.replacen("AAAA", "AAAAAAAA", 1),
                text.replacen("AAAA", "AAA=", 1),
                text.replacen("\nM", "\nA", 1),
            ];
            for (number, text) in spoilt.iter().enumerate() {
                assert!(!Pem::of(text).unwrap().is_whole(), "{} {number}", example.0);
            }
        }
    }

    #[test]
    fn line_ends_and_blanks_do_not_count() {
        for (example, kind) in ALL {
            for line_end in ["\r\n", "\n\n", "\n  ", "\r"] {
                let text = pem(example).replace('\n', line_end);
                let key = Pem::of(&text).unwrap();
                assert!(key.is_whole() && key.kind() == Some(kind), "{} {line_end:?}", example.0);
            }
        }
    }

    #[test]
    fn the_parameters_of_a_curve_may_stand_before_the_key() {
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        let text = format!("{parameters}{}", pem(EC_OWN));
        let key = Pem::of(&text).unwrap();
        assert_eq!((key.before, key.label, key.kind()), ("", "EC PRIVATE KEY", Some(CredentialKind::Ecdsa)));
        assert_eq!(Pem::of(parameters).unwrap().label, "EC PARAMETERS");
    }

    #[test]
    fn lengths_from_a_text_cannot_wrap() {
        for body in ["MIT/////////", "MIj/////////////", "MA==", "MIA=", "MIH/", "", "MIIE"] {
            let text = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
            let key = Pem::of(&text).unwrap();
            assert!(key.kind().is_none(), "{body}");
            assert!(!key.is_whole(), "{body}");
        }
    }
}
