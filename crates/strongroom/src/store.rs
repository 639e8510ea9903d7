//! Any source of exchange credentials, and a cache around it.
//!
//! A bot asks a [`SecretStore`] for one exchange and gets the live credentials of all its subaccounts.
//! A [vault](crate::Vault) is one, a plaintext [`JsonFile`] and [`Variables`] are others, for the way
//! there and for tests; and anyone can implement the trait for what they have.
//!
//! ```
//! use strongroom::store::{CachedStore, SecretStore, StoreError, Variables};
//!
//! # fn main() -> Result<(), StoreError> {
//! // A bot would hand over `std::env::vars()`; this crate never reads the environment by itself.
//! let variables = [("BINANCE_API_KEY", "EXAMPLE-KEY"), ("BINANCE_API_SECRET", "EXAMPLE-SECRET")];
//! let store = CachedStore::new(Variables::new(variables)?);
//!
//! let binance = store.get("binance")?;
//! assert_eq!(binance.subaccount("main")?.api_key()?.expose_secret(), "EXAMPLE-KEY");
//! # Ok(())
//! # }
//! ```
//!
//! A source of your own makes [`Record`]s and hands them to [`ExchangeSecrets::new`]:
//!
//! ```
//! use strongroom::store::{ExchangeSecrets, SecretStore, StoreError};
//! use strongroom::{Record, Reference, Secret};
//!
//! struct Fixed;
//!
//! impl SecretStore for Fixed {
//!     fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
//!         let mut record = Record::new(&Reference::new("kraken", "main"), 0)?;
//!         record.fields.set("api_key", Secret::copy_of("EXAMPLE-KEY"));
//!         ExchangeSecrets::new(exchange, [record])
//!     }
//! }
//!
//! assert!(Fixed.fetch("Kraken").is_ok());
//! assert!(matches!(Fixed.fetch("okx"), Err(StoreError::NoSuchExchange { .. })));
//! ```

mod cached;
mod sources;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::record::{Environment, Record};
use crate::{Error, registry};

pub use cached::CachedStore;
pub use sources::{JsonFile, Variables};

/// A source of exchange credentials.
pub trait SecretStore {
    /// The live credentials of this exchange, as they are at the source now.
    ///
    /// Exchanges are found without regard to case and under the other names the
    /// [`registry`] knows; [`ExchangeSecrets::new`] does that.
    ///
    /// # Errors
    /// [`StoreError::NoSuchExchange`] when the source has none of them, others when it failed.
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError>;
}

/// Why a source gave no credentials. Names and places, never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The source has no live credentials of the exchange.
    #[error("no live credentials of {exchange}")]
    NoSuchExchange {
        /// As it was asked for.
        exchange: String,
    },
    /// The exchange has no such subaccount.
    #[error("no live credentials of {exchange}/{subaccount}")]
    NoSuchSubaccount {
        /// The exchange.
        exchange: String,
        /// As it was asked for.
        subaccount: String,
    },
    /// A file of credentials cannot be used.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Error,
    },
    /// Something in this library failed, such as reading a field.
    #[error(transparent)]
    Library(#[from] Error),
    /// Another kind of source failed. Its error must not carry secrets.
    #[error("the source of credentials failed")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The live credentials of one exchange, by subaccount.
#[derive(Debug)]
pub struct ExchangeSecrets {
    exchange: String,
    subaccounts: BTreeMap<String, Record>,
}

impl ExchangeSecrets {
    /// Those of these records that are live credentials of this exchange.
    ///
    /// Where an exchange is there under two names, the one asked for goes before its aliases.
    ///
    /// # Errors
    /// [`StoreError::NoSuchExchange`] when none is.
    pub fn new(exchange: &str, records: impl IntoIterator<Item = Record>) -> Result<ExchangeSecrets, StoreError> {
        let mut subaccounts: BTreeMap<String, Record> = BTreeMap::new();
        for record in records {
            if !is_live_of(&record, exchange) {
                continue;
            }
            let by_this_name = record.exchange.eq_ignore_ascii_case(exchange);
            if by_this_name || !subaccounts.contains_key(&record.subaccount) {
                subaccounts.insert(record.subaccount.clone(), record);
            }
        }
        if subaccounts.is_empty() {
            return Err(StoreError::NoSuchExchange { exchange: exchange.to_owned() });
        }
        Ok(ExchangeSecrets { exchange: exchange.to_owned(), subaccounts })
    }

    /// Copies of those of these records that are live credentials of this exchange.
    fn copied_from<'a>(
        exchange: &str,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> Result<ExchangeSecrets, StoreError> {
        let wanted = records.into_iter().filter(|record| is_live_of(record, exchange));
        ExchangeSecrets::new(exchange, wanted.map(Record::duplicate))
    }

    /// The exchange, as it was asked for.
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// The credentials of this subaccount; `main` is the account itself.
    ///
    /// # Errors
    /// [`StoreError::NoSuchSubaccount`]
    pub fn subaccount(&self, name: &str) -> Result<&Record, StoreError> {
        self.subaccounts.get(name).ok_or_else(|| StoreError::NoSuchSubaccount {
            exchange: self.exchange.clone(),
            subaccount: name.to_owned(),
        })
    }

    /// All of them, ascending by subaccount.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.subaccounts.values()
    }
}

fn is_live_of(record: &Record, exchange: &str) -> bool {
    record.environment == Environment::Live && cache_key(&record.exchange) == cache_key(exchange)
}

/// One text for all spellings and aliases of an exchange.
fn cache_key(exchange: &str) -> String {
    registry::canonical_id(exchange).to_ascii_lowercase()
}

impl<S: SecretStore + ?Sized> SecretStore for &S {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        (**self).fetch(exchange)
    }
}

impl<S: SecretStore + ?Sized> SecretStore for Box<S> {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        (**self).fetch(exchange)
    }
}

impl<S: SecretStore + ?Sized> SecretStore for Arc<S> {
    fn fetch(&self, exchange: &str) -> Result<ExchangeSecrets, StoreError> {
        (**self).fetch(exchange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reference;

    fn record(reference: &str) -> Record {
        let reference: Reference = reference.parse().unwrap();
        let mut record = Record::new(&reference, 0).unwrap();
        record.note = reference.to_string().into();
        record
    }

    fn subaccounts(exchange: &str, references: &[&str]) -> Vec<String> {
        let secrets = ExchangeSecrets::new(exchange, references.iter().map(|text| record(text))).unwrap();
        secrets.records().map(|record| record.note.to_string()).collect()
    }

    #[test]
    fn all_live_subaccounts_of_the_exchange_are_there() {
        let references = ["okx/main", "okx/hedge", "okx/main@demo", "kraken/main", "OKEX/old"];
        assert_eq!(subaccounts("okx", &references), ["okx/hedge", "okx/main", "OKEX/old"]);
        assert_eq!(subaccounts("Kraken", &references), ["kraken/main"]);
    }

    #[test]
    fn the_name_asked_for_goes_before_its_aliases() {
        for references in [["gate/main", "gateio/main"], ["gateio/main", "gate/main"]] {
            assert_eq!(subaccounts("gate", &references), ["gate/main"]);
            assert_eq!(subaccounts("GateIO", &references), ["gateio/main"]);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let secrets = ExchangeSecrets::new("okx", [record("okx/main")]).unwrap();
        assert_eq!(secrets.subaccount("hedge").unwrap_err().to_string(), "no live credentials of okx/hedge");
        let missing = ExchangeSecrets::new("okx", [record("okx/main@testnet")]).unwrap_err();
        assert_eq!(missing.to_string(), "no live credentials of okx");
    }
}
