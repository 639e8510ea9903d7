//! The two closed lists of a record: where it is valid, and how it signs.

use std::fmt;

/// Where a credential is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Environment {
    /// Real money.
    #[default]
    Live,
    /// The exchange's test network.
    Testnet,
    /// Demo trading with keys of its own.
    Demo,
}

impl Environment {
    /// All of them, in the order they sort.
    pub const ALL: [Environment; 3] = [Environment::Live, Environment::Testnet, Environment::Demo];

    /// `live`, `testnet` or `demo`.
    pub fn name(self) -> &'static str {
        match self {
            Environment::Live => "live",
            Environment::Testnet => "testnet",
            Environment::Demo => "demo",
        }
    }

    /// The environment of this name, if it is one.
    pub fn from_name(name: &str) -> Option<Environment> {
        Environment::ALL.into_iter().find(|environment| environment.name() == name)
    }

    /// The environment whose name this nearly is, or is but for its case. To be shown and never to be acted upon.
    pub fn nearest(name: &str) -> Option<Environment> {
        let nearest = crate::registry::nearest_of(name, Environment::ALL.map(Environment::name).into_iter())?;
        Environment::from_name(nearest)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CredentialKind {
    /// A shared secret.
    #[default]
    Hmac,
    /// An Ed25519 private key.
    Ed25519,
    /// An RSA private key.
    Rsa,
    /// An ECDSA private key, such as P-256.
    Ecdsa,
    /// A blockchain wallet's private key.
    Wallet,
    /// A bearer token.
    OAuth,
}

impl CredentialKind {
    /// All of them.
    pub const ALL: [CredentialKind; 6] = [
        CredentialKind::Hmac,
        CredentialKind::Ed25519,
        CredentialKind::Rsa,
        CredentialKind::Ecdsa,
        CredentialKind::Wallet,
        CredentialKind::OAuth,
    ];

    /// `hmac`, `ed25519`, `rsa`, `ecdsa`, `wallet` or `oauth`.
    pub fn name(self) -> &'static str {
        match self {
            CredentialKind::Hmac => "hmac",
            CredentialKind::Ed25519 => "ed25519",
            CredentialKind::Rsa => "rsa",
            CredentialKind::Ecdsa => "ecdsa",
            CredentialKind::Wallet => "wallet",
            CredentialKind::OAuth => "oauth",
        }
    }

    /// The kind of this name, if it is one.
    pub fn from_name(name: &str) -> Option<CredentialKind> {
        CredentialKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
