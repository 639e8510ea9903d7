//! What a credential is: one subaccount of one exchange, and the other secrets beside it.
//!
//! Knows nothing of bytes, files or terminals, and depends on `crate::secret` and the names in
//! [`crate::registry`] only.

mod contents;
mod fields;
mod kind;
pub mod name;
mod reference;

pub use contents::{Contents, LogAction, LogEntry, Tombstone, Value};
pub use fields::{Fields, field};
pub use kind::{CredentialKind, Environment};
pub use reference::{Reference, ReferenceError, Selection};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use zeroize::Zeroizing;

use crate::secret::Secret;

/// Seconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// What a newer version wrote, kept as it is: (tag, bytes), ascending by tag. Nobody here knows whether it is secret.
pub type Extensions = Vec<(u16, Zeroizing<Vec<u8>>)>;

/// A random identity that survives renames. 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub [u8; 16]);

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// The credentials of one subaccount of one exchange, with what is known about them.
#[derive(PartialEq)]
pub struct Record {
    /// Stays the same when the record is renamed.
    pub id: RecordId,
    /// As it was spelt when it came in; compared without regard to ASCII case.
    pub exchange: String,
    /// Exact. `main` is the account itself.
    pub subaccount: String,
    /// Live, testnet or demo.
    pub environment: Environment,
    /// How requests are signed with it.
    pub kind: CredentialKind,
    /// The secrets, by field name.
    pub fields: Fields,
    /// What the key may do at the exchange: `read`, `trade`, `transfer`, `withdraw`, ...
    pub permissions: BTreeSet<String>,
    /// Addresses or networks the exchange accepts the key from.
    pub ip_allowlist: BTreeSet<String>,
    /// When the record was made.
    pub created: Timestamp,
    /// When its secrets last changed.
    pub rotated: Option<Timestamp>,
    /// When the exchange stops accepting it.
    pub expires: Option<Timestamp>,
    /// How many days its secrets should live.
    pub rotate_after_days: Option<u32>,
    /// When it was last seen working.
    pub verified: Option<Timestamp>,
    /// Free words to find it by.
    pub tags: BTreeSet<String>,
    /// By which environment variable a program knows a field, where that is not the usual one: field to variable.
    pub variables: BTreeMap<String, String>,
    /// Free text. People see it, so it is no [`Secret`]; it may be secret all the same, and is wiped.
    pub note: Zeroizing<String>,
    /// The values before a rotation, while both are valid.
    pub previous: Option<Box<Previous>>,
    /// What a newer version wrote here.
    pub extensions: Extensions,
}

/// What a rotation replaced, kept for the overlap, and what the record said of it.
#[derive(Debug, Default, PartialEq)]
pub struct Previous {
    /// When the new values came.
    pub replaced: Timestamp,
    /// When these may be forgotten.
    pub retire: Option<Timestamp>,
    /// The old values, by field name.
    pub fields: Fields,
    /// When these had come.
    pub rotated: Option<Timestamp>,
    /// When the exchange stops accepting these.
    pub expires: Option<Timestamp>,
    /// When these were last seen working.
    pub verified: Option<Timestamp>,
    /// How requests were signed with these.
    pub kind: CredentialKind,
    /// What the old key may do.
    pub permissions: BTreeSet<String>,
    /// Addresses or networks the exchange accepts the old key from.
    pub ip_allowlist: BTreeSet<String>,
}

impl Previous {
    /// A second copy, said out loud.
    pub fn duplicate(&self) -> Previous {
        Previous {
            replaced: self.replaced,
            retire: self.retire,
            fields: self.fields.duplicate(),
            rotated: self.rotated,
            expires: self.expires,
            verified: self.verified,
            kind: self.kind,
            permissions: self.permissions.clone(),
            ip_allowlist: self.ip_allowlist.clone(),
        }
    }
}

/// Its name and the names of its fields; notes and extensions may be secret too.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} {:?})", self.reference(), self.fields.names().collect::<Vec<_>>())
    }
}

impl Record {
    /// An empty live HMAC record of this name, with a fresh random id.
    ///
    /// # Errors
    /// The operating system's randomness can fail.
    pub fn new(reference: &Reference, created: Timestamp) -> Result<Record, crate::Error> {
        Ok(Record {
            id: RecordId(crate::random::bytes()?),
            exchange: reference.exchange.clone(),
            subaccount: reference.subaccount.clone(),
            environment: reference.environment,
            kind: CredentialKind::Hmac,
            fields: Fields::default(),
            permissions: BTreeSet::new(),
            ip_allowlist: BTreeSet::new(),
            created,
            rotated: None,
            expires: None,
            rotate_after_days: None,
            verified: None,
            tags: BTreeSet::new(),
            variables: BTreeMap::new(),
            note: Zeroizing::default(),
            previous: None,
            extensions: Vec::new(),
        })
    }

    /// `exchange/subaccount[@environment]`
    pub fn reference(&self) -> Reference {
        Reference {
            exchange: self.exchange.clone(),
            subaccount: self.subaccount.clone(),
            environment: self.environment,
        }
    }

    /// The value of a field.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchField`] names the record and the field.
    pub fn field(&self, name: &str) -> Result<&Secret, crate::Error> {
        self.fields.get(name).ok_or_else(|| crate::Error::NoSuchField {
            reference: self.reference().to_string(),
            field: name.to_owned(),
        })
    }

    /// The public part of the credential. See [`Record::field`] for errors.
    pub fn api_key(&self) -> Result<&Secret, crate::Error> {
        self.field(field::API_KEY)
    }

    /// The secret that signs requests. See [`Record::field`] for errors.
    pub fn api_secret(&self) -> Result<&Secret, crate::Error> {
        self.field(field::API_SECRET)
    }

    /// What OKX, KuCoin, Bitget and others call passphrase. See [`Record::field`] for errors.
    pub fn api_passphrase(&self) -> Result<&Secret, crate::Error> {
        self.field(field::API_PASSPHRASE)
    }

    /// A second copy of everything, said out loud.
    pub fn duplicate(&self) -> Record {
        Record {
            id: self.id,
            exchange: self.exchange.clone(),
            subaccount: self.subaccount.clone(),
            environment: self.environment,
            kind: self.kind,
            fields: self.fields.duplicate(),
            permissions: self.permissions.clone(),
            ip_allowlist: self.ip_allowlist.clone(),
            created: self.created,
            rotated: self.rotated,
            expires: self.expires,
            rotate_after_days: self.rotate_after_days,
            verified: self.verified,
            tags: self.tags.clone(),
            variables: self.variables.clone(),
            note: self.note.clone(),
            previous: self.previous.as_ref().map(|previous| Box::new(previous.duplicate())),
            extensions: self.extensions.clone(),
        }
    }
}
