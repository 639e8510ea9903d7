//! Encrypted vaults of crypto-exchange API credentials.
//!
//! A vault is one file that is safe to commit: everything in it is hidden and authenticated. This
//! crate makes, opens, edits and saves vaults. It has no terminal and no network, and reads no
//! environment variable by itself. SPEC.md in the repository describes every byte of the file.
//!
//! ```no_run
//! use strongroom::{MachineKey, Secret, Unlock, Vault};
//!
//! # fn main() -> strongroom::Result<()> {
//! # let key_text = Secret::copy_of("");
//! let unlock = Unlock::machine_key(MachineKey::from_text(&key_text)?);
//! let vault = Vault::open("vault.strongroom", &unlock)?;
//! let main = vault.subaccount("binance", "main")?;
//! let api_key = main.api_key()?.expose_secret();
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod aead;
#[cfg(test)]
mod attacks;
pub mod check;
mod container;
#[cfg(test)]
mod crash_model;
mod error;
mod file;
pub mod formats;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod kdf;
mod keys;
mod keytext;
mod memory;
mod passphrase;
mod pin;
pub mod policy;
pub mod private_file;
mod private_key;
mod random;
pub mod record;
pub mod registry;
pub mod rotation;
mod secret;
pub mod store;
mod vault;
#[cfg(test)]
mod vectors;
mod wire;
pub mod wording;

pub use container::{SlotId, SlotInfo, SlotKind};
pub use error::{Error, ExportError, FormatError, ImportError, PinError, PolicyError, Result, TextError, UnlockError};
pub use file::Durability;
pub use kdf::{KdfCost, kdf_runs};
pub use keytext::{KeyFile, MachineKey, RecoveryCode, generate_passphrase};
pub use memory::{WipingAllocator, without_traces};
pub use pin::{Expectation, LastSeen, PinStore};
pub use policy::Policy;
pub use record::{Contents, CredentialKind, Environment, Record, Reference, Selection};
pub use secret::Secret;
pub use store::{CachedStore, ExchangeSecrets, SecretStore};
pub use vault::{
    Info, LockedVault, NewSlot, NewVault, OpenOptions, PreparedVault, Saved, SlotDetails, Unlock, Vault, dearmor,
    write_new,
};
