//! The named secrets of a record.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// The field names that exchanges use, in the spelling of this project.
pub mod field {
    /// The public part of the credential.
    pub const API_KEY: &str = "api_key";
    /// The secret that signs.
    pub const API_SECRET: &str = "api_secret";
    /// A passphrase beside the key (OKX, KuCoin, Bitget, ...).
    pub const API_PASSPHRASE: &str = "api_passphrase";
    /// A user id.
    pub const UID: &str = "uid";
    /// An account id.
    pub const ACCOUNT_ID: &str = "account_id";
    /// A login name.
    pub const LOGIN: &str = "login";
    /// A login password.
    pub const PASSWORD: &str = "password";
    /// The seed of a second factor.
    pub const TWO_FACTOR: &str = "two_factor";
    /// A private key: PEM or hexadecimal.
    pub const PRIVATE_KEY: &str = "private_key";
    /// A wallet's address.
    pub const WALLET_ADDRESS: &str = "wallet_address";
    /// A bearer token.
    pub const TOKEN: &str = "token";

    /// All of them, in the order in which people expect them.
    pub const KNOWN: [&str; 11] = [
        API_KEY,
        API_SECRET,
        API_PASSPHRASE,
        UID,
        ACCOUNT_ID,
        LOGIN,
        PASSWORD,
        TWO_FACTOR,
        PRIVATE_KEY,
        WALLET_ADDRESS,
        TOKEN,
    ];

    /// Names of accounts, numbers and addresses, which everybody may know: those of [`KNOWN`] and those that the
    /// formats have for single exchanges.
    pub const PUBLIC: [&str; 21] = [
        UID,
        ACCOUNT_ID,
        LOGIN,
        WALLET_ADDRESS,
        "account_index",
        "account_limit",
        "account_name",
        "account_type",
        "agent_address",
        "agent_wallet_public_key",
        "api_key_index",
        "derive_wallet_address",
        "granter_address",
        "granter_subaccount_index",
        "owner_address",
        "signer_address",
        "subaccount",
        "subaccount_id",
        "subaccount_index",
        "user_id",
        "vault_address",
    ];

    /// Whether what is in a field of this name is secret, so that another text there is a rotation. Everything is but
    /// what is [`PUBLIC`]: of a name that is nobody's, the safe guess.
    pub fn is_secret(name: &str) -> bool {
        !PUBLIC.contains(&name)
    }
}

/// Secrets by field name, ascending by name.
#[derive(Debug, Default, PartialEq)]
pub struct Fields(BTreeMap<String, Secret>);

impl Fields {
    /// The value of this field.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Sets a field and returns what was there.
    pub fn set(&mut self, name: &str, value: Secret) -> Option<Secret> {
        self.0.insert(name.to_owned(), value)
    }

    /// Removes a field and returns what was there.
    pub fn remove(&mut self, name: &str) -> Option<Secret> {
        self.0.remove(name)
    }

    /// Removes those that are there with nothing in them, as many configurations have them.
    pub(crate) fn remove_empty(&mut self) {
        self.0.retain(|_, value| !value.is_empty());
    }

    /// Name and value, ascending by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names, ascending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A second copy, said out loud.
    pub fn duplicate(&self) -> Fields {
        Fields(self.0.iter().map(|(name, value)| (name.clone(), value.duplicate())).collect())
    }
}

impl FromIterator<(String, Secret)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(pairs: I) -> Fields {
        Fields(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn indices_addresses_and_names_are_no_secrets_and_everything_else_is() {
        for name in ["account_index", "subaccount_id", "account_type", "vault_address", "granter_address", "login"] {
            assert!(!field::is_secret(name), "{name}");
        }
        for name in ["api_key", "api_passphrase", "mnemonic", "seeds", "gas_station_api_key", "anything"] {
            assert!(field::is_secret(name), "{name}");
        }
    }
}
